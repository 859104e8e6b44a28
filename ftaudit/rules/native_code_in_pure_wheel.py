"""A wheel that calls itself pure (`any`) holds extension modules.

Why it matters
    Installers take an `any` wheel on every platform, where its modules then fit only one. What they do to
    the GIL counts like that of any other module: the wheel is judged by them, not by its name.

What to do
    Look whether the named modules are for your platform; elsewhere the package does without them, or fails.
    Tell the project: its build should make platform wheels.

When it is wrong
    The files may be data, for example of a tool that ships modules for other machines.

Sources
    PEP 425, PEP 427 (`Root-Is-Purelib`, platform tags).
"""

from __future__ import annotations

from ftaudit.model.case import Case
from ftaudit.model.verdict import Finding, Imported, Level
from ftaudit.model.wheel_name import wheel_name
from ftaudit.rules.base import Rule, from_wheel, listed


def check(case: Case) -> Finding | None:
    """A warning that names the modules."""
    found, file = case.imported, case.installation.file
    name = wheel_name(file.name) if file is not None else None
    if not isinstance(found, Imported) or file is None or name is None or not name.any_platform:
        return None
    paths = [*(module.path for module in found.modules), *found.not_loadable]
    if not paths:
        return None
    return Finding(
        rule=RULE.name,
        severity=Level.WARNING,
        message=f"{file.name} is for any platform, and holds extension modules: {listed(paths)}",
        evidence=from_wheel(case),
    )


RULE = Rule(name="native-code-in-pure-wheel", page=__doc__, check=check)
