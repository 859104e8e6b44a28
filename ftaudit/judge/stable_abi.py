"""Whether a wheel that claims a stable ABI is true to its tag (PEP 384, PEP 803): pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from packaging.tags import Tag

from ftaudit.judge.modules import loaded
from ftaudit.model.binary import Contents, LimitedApi
from ftaudit.model.evidence import IndexFile, Missing
from ftaudit.model.target import Target
from ftaudit.model.verdict import StableAbi
from ftaudit.model.wheel_name import wheel_name

FREE_THREADED = "abi3t"
"""PEP 803. ``abi3`` is that of builds with the GIL."""
_VERSION = re.compile(r"cp(\d)(\d+)", re.ASCII)

Version = tuple[int, int]


def stable_abi(file: IndexFile | None, contents: Contents | Missing, target: Target) -> StableAbi | None:
    """What *file* claims of the stable ABI and whether its modules bear that out; None where it claims none.

    A wheel may claim both ABIs (``cp315-abi3.abi3t``): the one that *target* uses is held against the modules
    that *target* would load. Only names are looked at: one that is beyond the ABI proves that the tag is
    wrong, and none proves only that no name speaks against it.
    """
    name = wheel_name(file.name) if file is not None else None
    claimed_by = claims(name.tags) if name is not None else {}
    claimed = FREE_THREADED if target.interpreter.free_threaded and FREE_THREADED in claimed_by else "abi3"
    if claimed not in claimed_by:
        return None
    said, whole = _limited_apis(contents, target)
    return held_against(claimed, claimed_by[claimed], said, whole=whole)


def held_against(
    claimed: str, lowest: Version | None, said: Sequence[LimitedApi], *, whole: bool
) -> StableAbi:
    """What modules that take *said* from the interpreter come to, if they claim the ABI *claimed* of *lowest*
    (None: of some version). *whole* tells that these are all modules."""
    needed = [_needs(api, claimed) for api in said]
    from_version = max((version for version in needed if version is not None), default=lowest)
    beyond_tag = lowest is not None and from_version is not None and from_version > lowest
    contradicted = None in needed or beyond_tag
    claimed_from = _text(lowest) if lowest else ""
    if not contradicted and not whole:
        return StableAbi(claimed=claimed, claimed_from=claimed_from)
    return StableAbi(
        claimed=claimed,
        claimed_from=claimed_from,
        true_to_tag=not contradicted,
        from_version=None if None in needed or from_version is None else _text(from_version),
        beyond=tuple(dict.fromkeys(symbol for api in said for symbol in _beyond(api, claimed))),
    )


def claims(tags: frozenset[Tag]) -> dict[str, Version]:
    """The stable ABIs that *tags* name, each with the lowest version that they name for it."""
    found: dict[str, Version] = {}
    for tag in tags:
        version = _VERSION.fullmatch(tag.interpreter)
        if tag.abi in ("abi3", FREE_THREADED) and version is not None:
            number = int(version[1]), int(version[2])
            found[tag.abi] = min(number, found.get(tag.abi, number))
    return found


def _limited_apis(contents: Contents | Missing, target: Target) -> tuple[list[LimitedApi], bool]:
    """What the modules that *target* would load take from the interpreter, and whether that is all of them:
    there are some, and each was read."""
    files = loaded(contents.modules, target) if isinstance(contents, Contents) else []
    parts = [
        next((part for part in file.slices if (part.format, part.arch) == target.binary), None)
        for file in files
    ]
    found = [part.limited_api for part in parts if part is not None and part.limited_api is not None]
    return found, bool(found) and None not in parts


def _needs(api: LimitedApi, claimed: str) -> Version | None:
    text = api.since_t if claimed == FREE_THREADED else api.since
    if text is None:
        return None
    major, _, minor = text.partition(".")
    return int(major), int(minor)


def _beyond(api: LimitedApi, claimed: str) -> tuple[str, ...]:
    return (*api.beyond, *api.beyond_t) if claimed == FREE_THREADED else api.beyond


def _text(version: Version) -> str:
    return f"{version[0]}.{version[1]}"
