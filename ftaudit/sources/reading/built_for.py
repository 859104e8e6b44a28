"""What wheels were built for, by their tags: the interpreter and the platform, where they all agree."""

from __future__ import annotations

import re
from collections.abc import Iterable

from packaging.tags import Tag

from ftaudit.sources.reading.platforms import known_platform

_ABI = re.compile(r"cp3(\d+)(t?)")


def pythons_of(wheels: Iterable[frozenset[Tag]]) -> set[str]:
    """The feature versions (``3.14t``) of wheels with these tags, as far as each names one alone."""
    return {f"3.{found[1]}{found[2]}" for wheel in wheels if (found := _native(wheel))}


def platform_of(wheels: Iterable[frozenset[Tag]]) -> str | None:
    """The one platform, by our name, that every wheel with a platform tag fits; else None."""
    fitting = [{name for tag in wheel if (name := known_platform(tag.platform))} for wheel in wheels]
    return only(set.intersection(*known)) if (known := [names for names in fitting if names]) else None


def only(values: set[str]) -> str | None:
    """The one of *values*, None for none or several."""
    return next(iter(values)) if len(values) == 1 else None


def _native(wheel: frozenset[Tag]) -> re.Match[str] | None:
    """The one CPython ABI that the tags of *wheel* name; a stable ABI says nothing of the version."""
    found = {tag.abi: match for tag in wheel if (match := _ABI.fullmatch(tag.abi))}
    return next(iter(found.values())) if len(found) == 1 else None
