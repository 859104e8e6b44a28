"""The index has quarantined the project: its files are not offered until it has been looked at.

Why it matters
    Quarantine is how an index stops a project that may be malicious. Nothing of it can be installed.

What to do
    Find out why, and remove the pin or replace the package.

When it is wrong
    The status is the index's own, read from its page at the date shown.

Sources
    PEP 792 (project status markers).
"""

from __future__ import annotations

from ftaudit.model.case import Case
from ftaudit.model.verdict import Finding, Level
from ftaudit.rules.base import Rule, from_index, is_quarantined


def check(case: Case) -> Finding | None:
    """An error where the index says so."""
    if not is_quarantined(case):
        return None
    return Finding(
        rule=RULE.name,
        severity=Level.ERROR,
        message="the index has quarantined this project",
        evidence=from_index(case),
    )


RULE = Rule(name="quarantined-project", page=__doc__, check=check, needs=("installation",))
