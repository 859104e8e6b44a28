"""The project is archived or deprecated on the index: no release is expected.

Why it matters
    Waiting for a free-threaded wheel is then no plan.

What to do
    Look for a successor; the index's reason is shown where it gives one.

When it is wrong
    Some projects are archived because they are finished. The status is a note and changes no verdict.

Sources
    PEP 792 (project status markers).
"""

from __future__ import annotations

from ftaudit.model.case import Case
from ftaudit.model.evidence import Missing, ProjectStatus
from ftaudit.model.text import short
from ftaudit.model.verdict import Finding, Level
from ftaudit.rules.base import Rule, from_index

_INACTIVE = (ProjectStatus.ARCHIVED, ProjectStatus.DEPRECATED)


def check(case: Case) -> Finding | None:
    """A note with the index's reason."""
    release = case.evidence.release
    if isinstance(release, Missing) or release.status not in _INACTIVE:
        return None
    reason = f": {short(release.status_reason)}" if release.status_reason else ""
    return Finding(
        rule=RULE.name,
        severity=Level.NOTE,
        message=f"the project is {release.status.value}{reason}",
        evidence=from_index(case),
    )


RULE = Rule(name="inactive-project", page=__doc__, check=check)
