"""Which of several wheels an interpreter would take together: a PEX file may hold those of many platforms."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from packaging.tags import Tag
from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import InvalidVersion

from ftaudit.sources.reading.platforms import known_platform

_ABI = re.compile(r"cp3\d+t?")


@dataclass(frozen=True, slots=True, kw_only=True)
class WheelSet:
    """Names of wheels, at most one of a release. ``label`` and ``platform`` say whom they are for,
    where there is more than one set."""

    wheels: tuple[str, ...]
    label: str = ""
    platform: str | None = None


@dataclass(frozen=True, slots=True)
class _Wheel:
    name: str
    project: str
    version: str
    tags: frozenset[Tag]

    def made_for(self) -> set[tuple[str, str]]:
        """The interpreters and platforms of its tags that name both."""
        found = ((tag.abi, known_platform(tag.platform)) for tag in self.tags)
        return {(abi, platform) for abi, platform in found if platform and _ABI.fullmatch(abi)}

    def fits(self, abi: str, platform: str) -> bool:
        """Whether it could be taken; what is no wheel by its name could always be."""
        return not self.tags or any(
            tag.platform == "any" or (known_platform(tag.platform) == platform and _of(tag.abi, abi))
            for tag in self.tags
        )


def _of(tag: str, abi: str) -> bool:
    return tag == abi or _ABI.fullmatch(tag) is None


def wheel_sets(names: Sequence[str]) -> tuple[WheelSet, ...]:
    """*names* as one set, or, where a project has several, a set for each interpreter and platform that those
    are for. Of equal ones the first in *names* is taken."""
    wheels = [_wheel(name) for name in names]
    counts = Counter(wheel.project for wheel in wheels)
    several = [wheel for wheel in wheels if counts[wheel.project] > 1]
    keys = sorted({key for wheel in several for key in wheel.made_for()})
    if not keys:
        return (WheelSet(wheels=_first(wheels)),) if wheels else ()
    # What none of them would take is for somebody, too: it is listed with each.
    homeless = {wheel.name for wheel in wheels if not any(wheel.fits(*key) for key in keys)}
    return tuple(
        WheelSet(
            wheels=_first([w for w in wheels if w.fits(abi, platform) or w.name in homeless]),
            label=f"{abi} {platform}",
            platform=platform,
        )
        for abi, platform in keys
    )


def _first(wheels: Sequence[_Wheel]) -> tuple[str, ...]:
    # Two versions of a project are for interpreters that only their metadata tells apart.
    by_release: dict[tuple[str, str], str] = {}
    for wheel in wheels:
        by_release.setdefault((wheel.project, wheel.version), wheel.name)
    return tuple(by_release.values())


def _wheel(name: str) -> _Wheel:
    try:
        project, version, _, tags = parse_wheel_filename(name)
    except (InvalidWheelFilename, InvalidVersion):
        return _Wheel(name, name, "", frozenset())  # listed all the same, by what is in it
    return _Wheel(name, project, str(version), tags)
