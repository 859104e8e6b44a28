"""``Requires-Dist`` as edges: what core metadata, and the locks that copy it, say that a package needs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from ftaudit.model.markers import MarkerError
from ftaudit.model.markers import parse as parse_marker
from ftaudit.model.project import Edge, Source, SourceKind
from ftaudit.model.text import mask, printable
from ftaudit.sources import limits
from ftaudit.sources.reading.assemble import LONG_NUMBER, Assembly
from ftaudit.sources.reading.table import Table

_ATOM = re.compile(
    r"""(?:[a-z_.]+|"[^"]*"|'[^']*') (?:===|==|!=|<=|>=|~=|<|>|not in|in) (?:[a-z_.]+|"[^"]*"|'[^']*')"""
)
_WORD = re.compile(rf"{_ATOM.pattern}|\b(?:and|or)\b|[()]")
_EXTRA = re.compile(r"""(?:\bextra == (?:"([^"]*)"|'([^']*)')|(?:"([^"]*)"|'([^']*)') == extra\b)""")


@lru_cache(maxsize=4096)  # packages ask for the same things in the same words, and parsing takes long
def edges(line: str) -> tuple[Edge, ...]:
    """*line* of ``Requires-Dist``: one edge, or one for each extra that alone brings it in.

    Raises `packaging.requirements.InvalidRequirement` or `ftaudit.model.markers.MarkerError`.
    """
    words, _, marker = line.partition(";")
    if "@" in words:
        words, _, marker = line.partition(" ;")
    requirement = Requirement(words.strip())
    condition = str(parse_marker(marker.strip())) if marker.strip() else None
    location = mask(printable(requirement.url)) if requirement.url else None
    source = Source(kind=SourceKind.URL, location=location) if location else None
    return tuple(
        Edge(
            name=canonicalize_name(requirement.name),
            specifier=str(requirement.specifier),
            source=source,
            marker=condition,
            extras=tuple(sorted(canonicalize_name(each) for each in requirement.extras)),
            extra=extra,
        )
        for extra in (_extras(condition) if condition else (None,))
    )


def listed_edges(assembly: Assembly, table: Table, key: str, line: int | None = None) -> tuple[Edge, ...]:
    """The edges of the lines at *key* of *table*. One that does not parse is left out, with the problem
    ``dependencies-not-known``; raises `ftaudit.errors.InputError` for what is no array of strings."""
    found: list[Edge] = []
    for index, text in enumerate(table.texts(key)):
        assembly.count(table, text, key)
        try:
            if len(text) > limits.REQUIREMENT or LONG_NUMBER.search(text) or not text.isprintable():
                raise InvalidRequirement("too long, or not printable")
            found += edges(text)
        except (InvalidRequirement, MarkerError):
            place = table.at(f"{key}[{index}]")
            assembly.problem("dependencies-not-known", f"{place}: a requirement that does not parse", line)
    return tuple(found)


def _extras(marker: str) -> tuple[str | None, ...]:
    """The extras that each alone can make *marker* true, or ``(None,)`` where it may hold without any.

    A marker is monotone in its atoms, so all others are taken as true. Linear in the text.
    """
    if _WORD.sub("", marker).strip():
        raise MarkerError("invalid marker")
    found = _bringing(word[0] for word in _WORD.finditer(marker))
    return (None,) if found is None or "" in found else tuple(sorted(found)) or (None,)


def _bringing(words: Iterator[str]) -> set[str] | None:
    """The extras that each make *words* true, up to a closing parenthesis; None: they are true without."""
    alternatives: list[set[str] | None] = [None]
    for word in words:
        if word == ")":
            break
        if word == "or":
            alternatives.append(None)
        elif word != "and":
            found = _bringing(words) if word == "(" else _of_atom(word)
            so_far = alternatives[-1]
            alternatives[-1] = found if so_far is None else so_far if found is None else so_far & found
    known = [extras for extras in alternatives if extras is not None]
    return set().union(*known) if len(known) == len(alternatives) else None


def _of_atom(atom: str) -> set[str] | None:
    match = _EXTRA.fullmatch(atom)
    return {canonicalize_name(next(filter(None, match.groups()), ""))} if match else None
