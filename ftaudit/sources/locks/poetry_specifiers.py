"""poetry's version constraints as PEP 440 specifiers.

https://python-poetry.org/docs/dependency-specification/#version-constraints
"""

from __future__ import annotations

import re

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from ftaudit.sources import limits

_SHORTHAND = re.compile(r"([~^])\s*(\d+(?:\.\d+){0,9})\s*")
_BARE = re.compile(r"\d[\w.!+*-]*")


def to_pep440(constraint: str) -> str | None:
    """The specifier that says what *constraint* says, or None where there is none (``||``) or no limit."""
    if len(constraint) > limits.SPECIFIER or constraint.strip() == "*":
        return None
    parts = [part.strip() for part in constraint.split(",")]
    text = ",".join(_part(part) for part in parts if part and part != "*")
    try:
        return str(SpecifierSet(text)) or None
    except InvalidSpecifier:
        return None


def _part(part: str) -> str:
    if match := _SHORTHAND.fullmatch(part):
        return f">={match[2]},<{_next(match[1], [int(number[:18]) for number in match[2].split('.')])}"
    return f"=={part}" if _BARE.fullmatch(part) else part


def _next(operator: str, numbers: list[int]) -> str:
    """The first version that ``^`` (keeps the first number that is not 0) or ``~`` no longer allows."""
    if operator == "~":
        kept = min(len(numbers), 2)
    else:
        kept = next((place for place, number in enumerate(numbers, 1) if number), len(numbers))
    return ".".join(map(str, [*numbers[: kept - 1], numbers[kept - 1] + 1]))
