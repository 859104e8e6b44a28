"""Importing a module of the picked wheel makes the interpreter enable the GIL, for the whole process.

Why it matters
    A wheel with a free-threaded tag promises only that it loads. Whether the GIL stays off is declared by
    each module; one that declares nothing, or says that it needs the GIL, turns it on for every thread
    until the process ends.

What to do
    Upgrade where the remedy names a release; otherwise ask the project to review its code and declare
    `Py_mod_gil`.

When it is wrong
    Where the modules were not read, the rule says so and the status is `unknown`: a tag alone is never
    `ready`.

Sources
    PEP 703; CPython's `Python/import.c`, `_PyImport_CheckGILForModule`.
"""

from __future__ import annotations

from ftaudit.model.case import Case
from ftaudit.model.verdict import Finding, Gil, Level
from ftaudit.rules.base import Rule, from_index


def check(case: Case) -> Finding | None:
    """An error where the modules were read and at least one enables the GIL."""
    if case.gil is not Gil.ON or case.installation.file is None:
        return None
    return Finding(
        rule=RULE.name,
        severity=Level.ERROR,
        message=f"importing modules of {case.installation.file.name} enables the GIL",
        evidence=from_index(case),
    )


RULE = Rule(name="gil-enabled-by-module", page=__doc__, check=check, needs=("gil",))
