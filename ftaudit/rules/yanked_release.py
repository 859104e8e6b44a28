"""The file that would be installed was yanked.

Why it matters
    Its authors took it back. An exact pin still installs it; anything else no longer does.

What to do
    Move to a release that was not yanked; the reason is shown where the index gives one.

When it is wrong
    Yanking says nothing of free threading: it is a warning and changes no verdict.

Sources
    PEP 592 (yanked releases install only when pinned with `==` or `===`).
"""

from __future__ import annotations

from ftaudit.model.case import Case
from ftaudit.model.text import short
from ftaudit.model.verdict import Finding, Level
from ftaudit.rules.base import Rule, from_index


def check(case: Case) -> Finding | None:
    """A warning with the reason."""
    file = case.installation.file
    if file is None or not file.yanked:
        return None
    reason = f": {short(file.yanked_reason)}" if file.yanked_reason else ""
    return Finding(
        rule=RULE.name,
        severity=Level.WARNING,
        message=f"{file.name} was yanked{reason}",
        evidence=from_index(case),
    )


RULE = Rule(name="yanked-release", page=__doc__, check=check, needs=("installation",))
