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
_ALWAYS = 'python_version >= "0"'


class MarkerError(ValueError):
    """A marker that does not parse, or is longer or deeper than any real one."""


@lru_cache(maxsize=4096)
def parse(text: str) -> Marker:
    """The marker of *text*; raises `MarkerError` with one line that does not repeat *text*."""
    if len(text) > MAX_LENGTH:
        raise MarkerError(f"marker longer than {MAX_LENGTH} characters")
    depth = deepest = 0
    for character in text:
        depth += (character == "(") - (character == ")")
        deepest = max(deepest, depth)
    if deepest > MAX_DEPTH:
        raise MarkerError(f"marker nested more than {MAX_DEPTH} levels deep")
    try:
        return Marker(text)
    except InvalidMarker as error:
        raise MarkerError("invalid marker") from error


@lru_cache(maxsize=4096)
def _open(text: str, extra_is_open: bool) -> Marker:
    unknown = _UNKNOWN_ATOM_OR_EXTRA if extra_is_open else _UNKNOWN_ATOM
    return Marker(unknown.sub(_ALWAYS, str(parse(text))))


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
