"""The package keeps the GIL off by itself, and a dependency of it does not.

Why it matters
    The GIL is one for the whole process. A package that is ready is no help in a stack where importing it
    imports something that enables the GIL; this says which of its dependencies that is.

What to do
    Clear the dependency: its own row has the reason and the remedy.

When it is wrong
    A dependency is imported only when the package's code does so, perhaps never on your path; its row
    counts all the same.

Sources
    The dependency edges of the lock or of the core metadata; CPython's `Python/import.c`.
"""

from __future__ import annotations

from ftaudit.model.case import Case
from ftaudit.model.verdict import Finding, Gil, Level
from ftaudit.rules.base import Rule, from_index, listed


def check(case: Case) -> Finding | None:
    """A note that names the dependencies, where the package itself keeps the GIL off."""
    if not case.drags or case.gil not in (Gil.OFF, Gil.NONE):
        return None
    one = len(case.drags) == 1
    which = "dependency" if one else "dependencies"
    return Finding(
        rule=RULE.name,
        severity=Level.NOTE,
        message=f"free by itself; its {which} {listed(case.drags)} enable{'s' if one else ''} the GIL",
        evidence=from_index(case),
    )


RULE = Rule(name="dependency-enables-gil", page=__doc__, check=check, needs=("gil",))
