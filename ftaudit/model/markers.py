"""PEP 508 markers held against a target, where part of the answer may not be known.

Three kinds of variable have no value on a target: what extras and groups a user will choose
(``extra``, ``extras``, ``dependency_groups``; uv also encodes conflicts as made-up extras such as
``extra-10-nvidia-nat-adk``), and the build of the operating system (``platform_release``,
``platform_version``). A marker has no negation, so it is monotone in its atoms: taking every unknown
atom as true answers "could this hold?", and a pin is only left out when it could not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from packaging.markers import InvalidMarker, Marker, UndefinedEnvironmentName

MAX_LENGTH = 65_536
MAX_DEPTH = 50

_STRING = r"""(?:"[^"]*"|'[^']*')"""
_OPERATOR = r"(?:===|==|!=|<=|>=|~=|<|>|not in|in)"
_OPEN_VARIABLES = r"(?:extras|dependency_groups|platform_release|platform_version)"
_EXTRA = rf"extra {_OPERATOR} {_STRING}|{_STRING} {_OPERATOR} extra\b"
_OPEN = rf"{_OPEN_VARIABLES} {_OPERATOR} {_STRING}|{_STRING} {_OPERATOR} {_OPEN_VARIABLES}"
_UNKNOWN_ATOM = re.compile(_OPEN)
_UNKNOWN_ATOM_OR_EXTRA = re.compile(f"{_OPEN}|{_EXTRA}")
_SETS = r"(?:extras|dependency_groups)\b"
_OF_SETS = rf"{_SETS} {_OPERATOR} {_STRING}|{_STRING} {_OPERATOR} {_SETS}"
_OF_ANY = rf"\b[a-z_]+ {_OPERATOR} {_STRING}|{_STRING} {_OPERATOR} [a-z_]+\b"
_ATOM = re.compile(f"({_OF_SETS})|{_OF_ANY}")
_ATOM_OR_EXTRA = re.compile(f"({_OF_SETS}|{_EXTRA})|{_OF_ANY}")
_ALWAYS = 'python_version >= "0"'


class MarkerError(ValueError):
    """A marker that does not parse, or is longer or deeper than any real one."""


@lru_cache(maxsize=4096)
def parse(text: str) -> Marker:
    """The marker of *text*; raises `MarkerError` with one line that does not repeat *text*."""
    if len(text) > MAX_LENGTH:
        raise MarkerError(f"marker longer than {MAX_LENGTH} characters")
    if text.count("(") > MAX_DEPTH and _depth(text) > MAX_DEPTH:
        raise MarkerError(f"marker nested more than {MAX_DEPTH} levels deep")
    try:
        return Marker(text)
    except InvalidMarker as error:
        raise MarkerError("invalid marker") from error


def _depth(text: str) -> int:
    depth = deepest = 0
    for character in text:
        depth += (character == "(") - (character == ")")
        deepest = max(deepest, depth)
    return deepest


@lru_cache(maxsize=4096)
def _open(text: str, extra_is_open: bool) -> Marker:
    unknown = _UNKNOWN_ATOM_OR_EXTRA if extra_is_open else _UNKNOWN_ATOM
    parsed = parse(text)
    opened, count = unknown.subn(_ALWAYS, str(parsed))
    return Marker(opened) if count else parsed  # parsing is what takes the time


def could_hold(
    marker: str | None, environment: Mapping[str, str], extras: frozenset[str] | None = None
) -> bool:
    """Whether *marker* could be true in *environment* (the PEP 508 variables of a target).

    With *extras* None every extra may be chosen or not; otherwise ``extra`` is one of them or none. A marker
    that cannot be parsed or compared could hold: readers `parse` markers and say what is wrong with them.
    """
    if not marker:
        return True
    try:
        parsed = _open(marker, extras is None)
        return any(parsed.evaluate({**environment, "extra": extra}) for extra in ("", *sorted(extras or ())))
    except (ValueError, UndefinedEnvironmentName):
        return True


@lru_cache(maxsize=4096)
def _of_choices(text: str, extra_is_open: bool) -> Marker | None:
    """*text* with all that is not chosen taken as true, or None where nothing else is in it."""
    atoms = _ATOM if extra_is_open else _ATOM_OR_EXTRA
    kept: list[str] = []

    def replaced(atom: re.Match[str]) -> str:
        if atom[1]:
            kept.append(atom[1])
        return atom[1] or _ALWAYS

    chosen = atoms.sub(replaced, str(parse(text)))
    return Marker(chosen) if kept else None


def could_be_chosen(
    marker: str | None, extras: frozenset[str], groups: frozenset[str], *, extra_is_open: bool = False
) -> bool | None:
    """Whether *marker* could hold somewhere when *extras* and *groups* (normalised names) are chosen.

    ``extras``, ``dependency_groups`` and, unless it is open, ``extra`` decide; all else counts as true. None
    where it says nothing of them, or cannot be read.
    https://packaging.python.org/en/latest/specifications/pylock-toml/#packages-marker
    """
    if not marker:
        return None
    try:
        parsed = _of_choices(marker, extra_is_open)
        return (
            None
            if parsed is None
            else any(
                parsed.evaluate(
                    {"extras": extras, "dependency_groups": groups, "extra": extra}, context="lock_file"
                )
                for extra in ("", *sorted(extras))
            )
        )
    except (ValueError, UndefinedEnvironmentName):
        return None
