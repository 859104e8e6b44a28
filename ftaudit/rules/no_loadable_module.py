"""The wheel holds extension modules, and none that the target's interpreter would load.

Why it matters
    The wheel installs, and importing it fails or quietly does without its compiled part: a free-threaded
    wheel whose files carry the names of a GIL build, `.abi3t.so` before 3.15, a `.pyd` in a wheel for Linux.
    Nothing can be said of the GIL, so the status is `unknown`, never `ready`.

What to do
    Import it once on that interpreter. If it fails, the wheel was built wrongly: tell the project which
    file names it has, and upgrade or build it yourself meanwhile.

When it is wrong
    Files may be loaded by their path, in which case no name counts.

Sources
    CPython's `Python/dynload_shlib.c` and `dynload_win.c` (`_PyImport_DynLoadFiletab`); PEP 3149, PEP 803.
"""

from __future__ import annotations

from ftaudit.model.case import Case
from ftaudit.model.verdict import Finding, Imported, Level
from ftaudit.rules.base import Rule, from_wheel, listed


def check(case: Case) -> Finding | None:
    """A warning that names the files."""
    found = case.imported
    if not isinstance(found, Imported) or found.why is None or found.why.kind != RULE.name:
        return None
    return Finding(
        rule=RULE.name,
        severity=Level.WARNING,
        message=f"{case.target.python} would load none of its modules: {listed(found.not_loadable)}",
        evidence=from_wheel(case),
    )


RULE = Rule(name="no-loadable-module", page=__doc__, check=check)
