"""Some modules of the wheel have no file that the target's interpreter would load, while others have.

Why it matters
    The package imports, and part of it is missing or replaced by slower code; which part, its file names
    tell. What those modules would do to the GIL does not count, since they are not imported.

What to do
    Look whether you use what is named. If so, tell the project: the wheel was put together from builds for
    different interpreters.

When it is wrong
    The file may be meant for another interpreter or platform, or be loaded by its path.

Sources
    CPython's `Python/dynload_shlib.c` and `dynload_win.c` (`_PyImport_DynLoadFiletab`); PEP 3149.
"""

from __future__ import annotations

from ftaudit.model.case import Case
from ftaudit.model.verdict import Finding, Imported, Level
from ftaudit.rules.base import Rule, from_wheel, listed


def check(case: Case) -> Finding | None:
    """A warning that names the files."""
    found = case.imported
    if not isinstance(found, Imported) or not found.modules or not found.not_loadable:
        return None
    return Finding(
        rule=RULE.name,
        severity=Level.WARNING,
        message=f"{case.target.python} would not load {listed(found.not_loadable)}",
        evidence=from_wheel(case),
    )


RULE = Rule(name="module-not-loadable", page=__doc__, check=check)
