"""The release has a stable-ABI wheel for this platform, which a free-threaded interpreter does not load.

Why it matters
    `abi3` looks like "any Python from here on", and is not: a free-threaded build has another object
    layout and takes only version-specific wheels (`cp314t`) and, from 3.15 on, `abi3t`. This is why the
    release does not fit although it seems to.

What to do
    Upgrade to a release with a `cp31Xt` or `abi3.abi3t` wheel; maintainers build one of these beside the
    `abi3` wheel.

When it is wrong
    Never on a free-threaded target: no `abi3` wheel loads there.

Sources
    PEP 703 (ABI), PEP 803 (`abi3t`); 46 of 46 `abi3` wheels forced into 3.14t failed on import (facts of
    the project).
"""

from __future__ import annotations

from ftaudit.model.case import Case
from ftaudit.model.verdict import Finding, Install, Level
from ftaudit.model.wheel_name import wheel_name
from ftaudit.rules.base import Rule, from_index


def check(case: Case) -> Finding | None:
    """A note where nothing compiled fits and an ``abi3`` wheel lies beside."""
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
