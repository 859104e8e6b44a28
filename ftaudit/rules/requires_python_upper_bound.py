"""pip is kept away by an upper bound of `Requires-Python` that uv ignores.

Why it matters
    The two installers pick different files. The verdict follows pip; with uv the release may install
    where the report says that it does not, untested by its authors on that version.

What to do
    Prefer a release without the bound, or one that admits the version.

When it is wrong
    It is a note on a difference between tools, not a defect by itself.

Sources
    uv's resolver documentation on `requires-python`; pip's `_check_link_requires_python`.
"""

from __future__ import annotations

from ftaudit.model.case import Case
from ftaudit.model.requires_python import allows_without_upper_bound
from ftaudit.model.verdict import Finding, Level
from ftaudit.rules.base import Rule, from_index


def check(case: Case) -> Finding | None:
    """A note where a file that fits by its tags is shut out by an upper bound only."""
    interpreter = case.target.interpreter
    for file in case.installation.excluded:
        if file.requires_python and allows_without_upper_bound(file.requires_python, interpreter):
            return Finding(
                rule=RULE.name,
                severity=Level.NOTE,
                message=f"{file.name} requires Python {file.requires_python}: uv ignores such a bound",
                evidence=from_index(case),
            )
    return None


RULE = Rule(name="requires-python-upper-bound", page=__doc__, check=check, needs=("installation",))
