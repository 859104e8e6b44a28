"""What was found in requirements files, put together: pins with their origins, edges from ``# via`` notes."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from ftaudit.model.project import DeclaredIndex, Edge, Origin, Pin, PinKey, Problem
from ftaudit.model.text import short
from ftaudit.sources.base import Document
from ftaudit.sources.requirements.requirements_entry import Entry
from ftaudit.sources.requirements.requirements_lines import Line

REQUIRER = re.compile(r"[A-Za-z0-9][\w.-]*")
"""A package's name at the start of a ``# via`` entry."""
NOWHERE = "no-index://"
"""What stands for ``--no-index`` alone: the address of no index and of no folder."""


@dataclass(frozen=True, slots=True)
class File:
    """``place`` in the tree, ``shown`` as a user finds it, and the places of the files that led to it."""

    place: str
    shown: str
    chain: tuple[str, ...]
    constraint: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """A requirement, where it stands, and the SHA-256 of the files that it allows (none: any)."""

    entry: Entry
    file: File
    line: Line
    hashes: frozenset[str] = frozenset()


@dataclass
class State:
    """What has been read so far; ``seen`` are the files, ``annotated`` the places of those with ``# via``."""

    found: list[Found] = field(default_factory=list)
    constraints: dict[str, list[Found]] = field(default_factory=lambda: defaultdict(list))
    problems: list[Problem] = field(default_factory=list)
    index_urls: list[DeclaredIndex] = field(default_factory=list)
    find_links: list[str] = field(default_factory=list)
    no_index: bool = False
    seen: set[tuple[str, bool]] = field(default_factory=set)
    annotated: set[str] = field(default_factory=set)
    entries: int = 0
    total: int = 0
    unpinned: int = 0

    def problem(self, document: Document, rule: str, message: str, file: File, line: Line) -> None:
        """Notes something that leaves the reading of *document* incomplete; an included file is named."""
        own = file.place == document.place
        self.problems.append(
            Problem(
                input=document.path,
                rule=rule,
                message=message if own else f"{file.shown}: line {line.number}: {message}",
                line=line.number if own else None,
            )
        )


def pins(state: State, document: Document) -> tuple[Pin, ...]:
    """Every requirement that fixes a version or has a source of its own, once; the rest becomes problems."""
    edges = _edges(state)
    merged: dict[PinKey, Pin] = {}
    for found in state.found:
        for pin in _pins_of(found, state, document, edges):
            known = merged.get(pin.key)
            merged[pin.key] = _merged(known, pin) if known else pin
    return tuple(merged.values())


def _pins_of(found: Found, state: State, document: Document, edges: dict[str, set[str]]) -> Iterator[Pin]:
    entry, file = found.entry, found.file
    fixed = [(found, entry.marker)] if entry.version is not None else _constrained(found, state)
    if all(marker != entry.marker for _, marker in fixed):
        state.unpinned += 1
        what = f"{entry.name}{entry.specifier}" or "a requirement that an environment variable completes"
        held = " (a constraint pins it on some targets only)" if fixed else ""
        message = f"{short(what)} fixes no version{held}"
        state.problem(document, "unpinned-requirement", message, file, found.line)
    names = edges.get(entry.name, set()) if file.place in state.annotated else None
    for holder, marker in fixed:
        origin = Origin(
            input=document.path,
            path=holder.file.shown,
            line=holder.line.number,
            marker=marker,
            direct=is_direct(found.line),
        )
        yield Pin(
            name=entry.name,
            version=holder.entry.version or "",
            source=holder.entry.source,
            origins=(origin,),
            extras=entry.extras,
            hashes=found.hashes,
            dependencies=None if names is None else tuple(Edge(name=name) for name in sorted(names)),
        )


def _constrained(found: Found, state: State) -> list[tuple[Found, str | None]]:
    """The constraints that pin *found*, each with the marker under which it does."""
    return [
        (constraint, _both(found.entry.marker, constraint.entry.marker))
        for constraint in state.constraints.get(found.entry.name, ())
        if constraint.entry.version is not None and _admits(found.entry.specifier, constraint.entry)
    ]


def _edges(state: State) -> dict[str, set[str]]:
    """What each package requires, as far as the ``# via`` notes tell."""
    edges: dict[str, set[str]] = defaultdict(set)
    for found in state.found:
        for note in found.line.via:
            if name := REQUIRER.match(note):
                edges[canonicalize_name(name[0])].add(found.entry.name)
    return edges


def indexes(state: State) -> tuple[DeclaredIndex, ...]:
    """Where pip would look: with ``--no-index`` only behind ``--find-links``."""
    # With neither there is nowhere to look, and that must not fall through to what the user has configured.
    places = dict.fromkeys(state.find_links or ([NOWHERE] if state.no_index else []))
    links = [
        DeclaredIndex(url=url, find_links=True, replaces_default=state.no_index, tool="pip") for url in places
    ]
    urls = [] if state.no_index else dict.fromkeys(state.index_urls)
    return (*urls, *links)


def is_direct(line: Line) -> bool | None:
    """Whether the note says that the project asks for it: by ``-r FILE`` or ``name (pyproject.toml)``."""
    return any(note.startswith("-r") or "(" in note for note in line.via) if line.via else None


def _both(one: str | None, other: str | None) -> str | None:
    return f"({one}) and ({other})" if one and other and one != other else one or other


def _admits(specifier: str, constraint: Entry) -> bool:
    """Whether *constraint* may fix what *specifier* leaves open: its version satisfies it."""
    if not specifier or not constraint.version:
        return True
    try:
        return SpecifierSet(specifier).contains(constraint.version, prereleases=True)
    except InvalidSpecifier:
        return False


def _merged(one: Pin, other: Pin) -> Pin:
    both = (one.dependencies, other.dependencies)
    edges = {edge.name: edge for part in both for edge in part or ()}
    return Pin(
        name=one.name,
        version=one.version,
        source=one.source,
        origins=(*one.origins, *other.origins),
        extras=tuple(sorted({*one.extras, *other.extras})),
        hashes=one.hashes | other.hashes,
        dependencies=None if both == (None, None) else tuple(edges[name] for name in sorted(edges)),
    )
