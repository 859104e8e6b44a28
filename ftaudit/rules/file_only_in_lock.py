"""The lock lists the file that would be picked, and the index that was asked does not.

Why it matters
    The file existed when the lock was made. It may have been deleted since, or lie on an index that is
    not configured.

What to do
    Check that it can still be had; lock again if it cannot.

When it is wrong
    When no index was asked (`--offline`) the lock is the only witness.

Sources
    PEP 691; the lock's own list of files.
"""

from __future__ import annotations

from ftaudit.model.case import Case
from ftaudit.model.evidence import Missing
from ftaudit.model.verdict import Basis, Finding, Level
from ftaudit.rules.base import Rule, from_index


def check(case: Case) -> Finding | None:
    """A note where an index answered for this version without the picked file."""
    chosen, release = case.installation, case.evidence.release
    if chosen.basis is not Basis.LOCK or chosen.file is None or isinstance(release, Missing):
        return None
    return Finding(
        rule=RULE.name,
        severity=Level.WARNING,
        message=f"{chosen.file.name} is in the lock and no longer on the index",
        evidence=from_index(case),
    )


RULE = Rule(name="file-only-in-lock", page=__doc__, check=check, needs=("installation",))
