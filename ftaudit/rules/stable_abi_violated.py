"""The wheel claims a stable ABI, and its modules take from the interpreter what that ABI does not have.

Why it matters
    `abi3t` is a promise for every later version. A function that is in no stable ABI, or only in that of a
    later version, can be missing or mean something else there: the import fails, or the process crashes.

What to do
    Use it on the versions that the project tests. Tell the project which names the report lists; where they
    are in the stable ABI of a later version, the tag should say that version.

When it is wrong
    A module may look a name up and do without it (weak symbols). The other way round nothing is proven:
    macros that reach into a structure leave no name behind.

Sources
    PEP 384, PEP 652, PEP 803; CPython's `Misc/stable_abi.toml`.
"""

from __future__ import annotations

from ftaudit.model.case import Case
from ftaudit.model.verdict import Finding, Level, StableAbi
from ftaudit.rules.base import Rule, from_wheel, listed


def check(case: Case) -> Finding | None:
    """An error that names the symbols, or the version from which the tag would be true."""
    abi = case.stable_abi
    if abi is None or abi.true_to_tag is not False:
        return None
    return Finding(
        rule=RULE.name,
        severity=Level.ERROR,
        message=f"its tag claims {abi.claimed} from {abi.claimed_from} on, {_contradiction(abi)}",
        evidence=from_wheel(case),
    )


def _contradiction(abi: StableAbi) -> str:
    if abi.from_version is not None:
        return f"and its modules need that of {abi.from_version}"
    return f"and its modules use what no version of it has: {listed(abi.beyond)}"


RULE = Rule(name="stable-abi-violated", page=__doc__, check=check)
