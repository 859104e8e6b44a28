"""There is a stable-ABI build (`abi3`) for this platform, which a free-threaded interpreter does not load.

Why it matters
    `abi3` looks like "any Python from here on", and is not: a free-threaded build has another object
    layout and takes only version-specific wheels (`cp314t`) and, from 3.15 on, `abi3t`. This is why the
    release does not fit although it seems to. A file named `.abi3.so` in a wheel that does fit is even
    tried by 3.14t where nothing better lies beside it, and fails or crashes: its status is `unknown`.

What to do
    Upgrade to a release with a `cp31Xt` or `abi3.abi3t` wheel; maintainers build one of these beside the
    `abi3` wheel.

When it is wrong
    Never on a free-threaded target: no `abi3` build loads there.

Sources
    PEP 703 (ABI), PEP 803 (`abi3t`); 46 of 46 `abi3` wheels forced into 3.14t failed on import (facts of
    the project).
"""

from __future__ import annotations

from ftaudit.model.case import Case
from ftaudit.model.verdict import Finding, Install, Level
from ftaudit.model.wheel_name import wheel_name
from ftaudit.rules.base import Rule, from_index, from_wheel, listed, modules


def check(case: Case) -> Finding | None:
    """A note where nothing compiled fits and an ``abi3`` wheel lies beside, or where an ``abi3`` file of a
    wheel that fits would be tried."""
    tried = [module.path for module in modules(case) if module.reason == RULE.name]
    if tried:
        return Finding(
            rule=RULE.name,
            severity=Level.NOTE,
            message=f"{case.target.python} tries what is for GIL builds, and cannot load it: {listed(tried)}",
            evidence=from_wheel(case),
        )
    return _wheel_beside(case)


def _wheel_beside(case: Case) -> Finding | None:
    chosen = case.installation
    if chosen.install not in (Install.NONE, Install.SOURCE, Install.FALLBACK):
        return None
    for file in chosen.files:
        name = wheel_name(file.name)
        if name and name.compiled_for(case.target) and any(tag.abi == "abi3" for tag in name.tags):
            return Finding(
                rule=RULE.name,
                severity=Level.NOTE,
                message=f"{file.name} is for GIL builds and does not load on {case.target.python}",
                evidence=from_index(case),
            )
    return None


RULE = Rule(name="abi3-on-free-threaded", page=__doc__, check=check, needs=("installation",))
