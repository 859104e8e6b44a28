"""What is installed here was built for another interpreter or platform, and would not load on the target.

Why it matters
    You run this version today. Moving means that an installer has to find another build of the very same
    version, or that nothing of it is there.

What to do
    Where the same version has a wheel that fits, nothing. Otherwise take the upgrade that the remedy names.

When it is wrong
    The tags in the installed `WHEEL` file are taken at their word. What was installed by other means has
    none, and is not spoken of.

Sources
    PEP 425 and PEP 427 (tags), PEP 703 (a free-threaded build loads neither `cp314` nor `abi3`).
"""

from __future__ import annotations

from ftaudit.model.case import Case
from ftaudit.model.verdict import Finding, Install, Level
from ftaudit.model.wheel_name import WheelName, wheel_name
from ftaudit.rules.base import Rule, from_index

_HAS_NONE = frozenset({"made-for-another-target", "version-not-listed", "name-not-listed"})
"""Kinds of Missing that are an index's answer: there is nothing that fits."""


def check(case: Case) -> Finding | None:
    """A note where the same version has another wheel, else a warning: joined with what the index said."""
    at_hand = [name for file in case.pin.files if file.path and (name := wheel_name(file.name))]
    compiled = [name for name in at_hand if not name.any_platform]
    if not case.pin.installed or not compiled or any(n.rank(case.target) is not None for n in at_hand):
        return None
    installs = case.installation.install in (Install.WHEEL, Install.PURE, Install.FALLBACK)
    return Finding(
        rule=RULE.name,
        severity=Level.NOTE if installs else Level.WARNING,
        message=f"{case.pin.key} is here built for {_tags(compiled[0])}, which {case.target.python} on "
        f"{case.target.platform} does not load; {_same_version(case)}",
        evidence=from_index(case),
    )


def _tags(name: WheelName) -> str:
    tag = min(name.tags, key=str)
    return f"{tag.interpreter}-{tag.abi} on {tag.platform}"


def _same_version(case: Case) -> str:
    chosen, python = case.installation, case.target.python
    if chosen.install is Install.SOURCE:
        return f"the same version has no wheel for {python}, only its source archive"
    if chosen.install is Install.NONE or (chosen.why and chosen.why.kind in _HAS_NONE):
        return f"the same version has no wheel for {python}"
    if chosen.file is not None:
        return f"the same version has {chosen.file.name}"
    return f"whether the same version has one for {python} is not known"


RULE = Rule(name="installed-for-another-interpreter", page=__doc__, check=check)
