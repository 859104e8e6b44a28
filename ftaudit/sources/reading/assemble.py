"""What the lock readers share: checked names, versions, markers and files, and the `Reading` of the pins.

Nothing of one format is known here. A name that no package can have stops the reading (it would end up in a
path, a URL or a terminal); a version or a marker that does not parse is a problem, and the pin stays.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from hashlib import sha256
from typing import TypeVar
from urllib.parse import unquote

from packaging.utils import InvalidName, canonicalize_name
from packaging.version import Version

from ftaudit.errors import InputError
from ftaudit.model.markers import MarkerError, parse
from ftaudit.model.project import (
    DeclaredIndex,
    Edge,
    ListedFile,
    MadeFor,
    Origin,
    Pin,
    PinKey,
    Problem,
    Reading,
    Severity,
    Source,
    SourceKind,
)
from ftaudit.model.text import printable, short, without_credentials
from ftaudit.sources import limits
from ftaudit.sources.base import Document
from ftaudit.sources.reading.applies import Applies
from ftaudit.sources.reading.table import Table

T = TypeVar("T")

LONG_NUMBER = re.compile(rf"(?<!\d)\d{{{limits.NUMBER}}}")
"""More digits than any version has; Python refuses to read those of more than 4,300."""
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")


def checked_name(table: Table, text: str, key: str = "name") -> str:
    """*text*, found at *key* of *table*, as a normalised package name; raises `InputError`."""
    try:
        if len(text) <= limits.NAME and text.isascii():
            return canonicalize_name(text, validate=True)
    except InvalidName:
        pass
    raise table.error(f'invalid package name "{short(text)}"{too_long(text)}', key)


def too_long(name: str) -> str:
    """What to add to an error about *name* where it is longer than a name may be."""
    return f": longer than {limits.NAME} characters" if len(name) > limits.NAME else ""


def checked_location(table: Table, key: str) -> str:
    """The URL or path at *key* of *table*, without credentials; raises `InputError` for what is no URL."""
    text = table.text(key)
    try:
        # Most URLs have nothing to take out, and there are thousands of them in a lock.
        text = without_credentials(text) if "@" in text else text
    except ValueError:
        raise table.error("not a URL", key) from None
    return text if text.isprintable() else printable(text)


def file_name(table: Table, text: str, key: str) -> str:
    """The last part of a URL or path; raises `InputError` when that is no file's name."""
    if "://" in text:
        name = unquote(re.split(r"[?#]", text, maxsplit=1)[0].rpartition("/")[2])
    else:
        name = re.split(r"[/\\]", text)[-1]
    return checked_file_name(table, name, key)


def checked_file_name(table: Table, name: str, key: str) -> str:
    """*name*, which must be a file's name and no path."""
    if (
        name in ("", ".", "..")
        or "/" in name
        or "\\" in name
        or not name.isprintable()
        or len(name) > limits.NAME
    ):
        raise table.error(f'must be a file name, not "{short(name)}"{too_long(name)}', key)
    return name


def listed_file(table: Table, *, name: str | None, digest: str | None, time_key: str) -> ListedFile:
    """The distribution file that *table* lists with ``url`` or ``path``, its ``size`` and its upload time.

    ``path`` of the result stays None: what a lock names is never opened.
    """
    url = checked_location(table, "url") if "url" in table else None
    key = "url" if url else "path"
    own = checked_file_name(table, name, "name") if name else file_name(table, table.text(key), key)
    return ListedFile(
        name=own,
        url=url,
        sha256=digest,
        size=table.maybe_integer("size"),
        uploaded=table.maybe_time(time_key),
    )


def sha256_of(text: str | None) -> str | None:
    """The digest of ``sha256:…``, or None for another algorithm, or for what is none."""
    algorithm, _, digest = (text or "").partition(":")
    return digest.lower() if algorithm == "sha256" and _SHA256.fullmatch(digest) else None


class Assembly:
    """Puts the pins of one document together and keeps what is wrong with them."""

    def __init__(self, document: Document, format_name: str) -> None:
        self.path = document.path
        self._content = document.content
        self._format = format_name
        self._pins: dict[PinKey, Pin] = {}
        self._of_one_name: Counter[str] = Counter()
        self._edges = 0
        self._parsed: set[str] = set()
        self._characters = 0
        self._problems: list[Problem] = []

    def problem(
        self, rule: str, message: str, line: int | None = None, severity: Severity = Severity.INCOMPLETE
    ) -> None:
        found = Problem(input=self.path, rule=rule, message=message, line=line, severity=severity)
        self._problems.append(found)

    def version(self, table: Table, name: str, text: str, line: int | None) -> str:
        """The version *text* of the pin *name*; one that does not parse is a problem and kept, cut short."""
        try:
            Version(text)
        except ValueError:  # InvalidVersion, or a number of too many digits
            place = table.at("version")
            self.problem("invalid-version", f'{place}: {name}: version "{short(text)}" does not parse', line)
            return short(text)
        return text.strip()

    def marker(self, table: Table, text: str | None, key: str, line: int | None = None) -> str | None:
        """The marker *text*, or None (it applies everywhere) with a problem where it does not parse."""
        if not text:
            return None
        self.count(table, text, key)
        try:
            if not text.isprintable() or LONG_NUMBER.search(text):
                raise MarkerError("invalid marker: a control character or an endless number")
            parse(text)
        except MarkerError as error:
            why = f"{table.at(key)}: {error}; taken as applying everywhere"
            self.problem("invalid-marker", why, line)
            return None
        return text

    def count(self, table: Table, text: str, key: str) -> None:
        """Counts *text*, a marker or a requirement that is to be parsed; raises `InputError` for too much."""
        if text not in self._parsed:
            self._parsed.add(text)
            self._characters += len(text)
            if self._characters > limits.PARSED:
                raise table.error(f"more than {limits.PARSED} characters of markers and requirements", key)

    def origin(self, line: int | None, *, marker: str | None = None, **given: object) -> Origin:
        return Origin(input=self.path, path=self.path, line=line, marker=marker, **given)  # type: ignore[arg-type]

    def add(self, pin: Pin, *, merge: bool = False) -> None:
        """Adds *pin*; to one with the same key it adds its origins, files and edges.

        Unless that is how the format writes them (*merge*), a second entry of the same name, version and
        source is the problem ``duplicate-package``.
        """
        self._edges += len(pin.dependencies or ())
        if self._edges > limits.EDGES:
            raise InputError(self.path, f"more than {limits.EDGES} dependencies")
        known = self._pins.get(pin.key)
        if known is None:
            self._pins[pin.key] = pin
            self._of_one_name[pin.name] += 1
            if self._of_one_name[pin.name] > limits.PINS_OF_ONE_NAME:
                raise InputError(self.path, f"{pin.name} is pinned more than {limits.PINS_OF_ONE_NAME} times")
            if len(self._pins) > limits.PINS:
                raise InputError(self.path, f"more than {limits.PINS} pins")
            return
        if not merge:
            line = pin.origins[0].line if pin.origins else None
            message = f"{pin.key} stands there twice with the same source; counted once"
            self.problem("duplicate-package", message, line, Severity.WARNING)
        edges = None
        if known.dependencies is not None or pin.dependencies is not None:
            edges = _union(known.dependencies or (), pin.dependencies or ())
        # Markers of forks are alternatives, and no marker at all means everywhere.
        both = known.resolution_markers and pin.resolution_markers
        self._pins[pin.key] = replace(
            known,
            origins=_union(known.origins, pin.origins),
            files=_union(known.files, pin.files),
            dependencies=edges,
            extras=_union(known.extras, pin.extras),
            hashes=known.hashes | pin.hashes,
            resolution_markers=_union(known.resolution_markers, pin.resolution_markers) if both else (),
        )

    def known(self, pin: Pin) -> Pin | None:
        """The pin with the key of *pin* that was added already."""
        return self._pins.get(pin.key)

    @property
    def pins(self) -> tuple[Pin, ...]:
        return tuple(self._pins.values())

    def reading(
        self,
        *,
        roots: tuple[Edge, ...] | None = None,
        made_for: MadeFor | None = None,
        indexes: tuple[DeclaredIndex, ...] = (),
        requires_python: str | None = None,
        environments: tuple[str, ...] = (),
        own_name: str | None = None,
        closed: bool = True,
    ) -> Reading:
        """The reading of the pins that were added; of a *closed* one, what is wrong with the edges between
        them as well.

        *own_name* is the project itself, which a lock may leave out and a pin may need all the same.
        """
        if closed:
            self._check_edges(roots or (), Applies(requires_python, environments), own_name)
        return Reading(
            input=self.path,
            format=self._format,
            sha256=sha256(self._content).hexdigest(),
            pins=self.pins,
            roots=roots,
            closed=closed,
            made_for=made_for,
            indexes=indexes,
            problems=tuple(self._problems),
            requires_python=requires_python,
            environments=environments,
        )

    def _check_edges(self, roots: tuple[Edge, ...], applies: Applies, own_name: str | None) -> None:
        """Reports every edge, and every requirement of the project, to what is not pinned, if it could apply
        where the lock is meant for."""
        for pin, message in open_ends(self.pins, roots, applies, own_name):
            line = pin.origins[0].line if pin and pin.origins else None
            self.problem("dependency-not-pinned", message, line)


def open_ends(
    pins: tuple[Pin, ...], roots: tuple[Edge, ...], applies: Applies, own_name: str | None = None
) -> Iterator[tuple[Pin | None, str]]:
    """Each pin with a recorded edge that leads to no pin and could apply, and what to say of it, once; None
    stands for the project, with its *roots*."""
    by_name = pins_by_name(pins)
    # What a member of the project needs is told with the member.
    of_members = {edge.name for pin in pins if pin.local for edge in pin.dependencies or ()}
    for edge in dict.fromkeys(roots):
        known = edge.name == own_name or edge.name in of_members
        if not known and not resolve(edge, by_name) and applies(edge.marker):
            yield None, f"the project needs {_shown(edge)}, which is not pinned"
    asked = _asked_extras(pins, roots)
    told: set[tuple[PinKey, str]] = set()
    for pin in pins:
        for edge in pin.dependencies or ():
            if edge.extra is not None and not pin.local and (pin.name, edge.extra) not in asked:
                continue
            known = edge.name == own_name or (pin.key, _shown(edge)) in told
            if known or resolve(edge, by_name) or not applies(edge.marker):
                continue
            told.add((pin.key, _shown(edge)))
            yield pin, f"{pin.key} needs {_shown(edge)}, which is not pinned"


def _asked_extras(pins: tuple[Pin, ...], roots: tuple[Edge, ...]) -> set[tuple[str, str]]:
    """The extras that are asked for, by name: by the lock itself, by the roots and by the edges that count,
    those of them too."""
    waiting = list(roots)
    brought: defaultdict[tuple[str, str], list[Edge]] = defaultdict(list)
    for pin in pins:
        for edge in pin.dependencies or ():
            (waiting if edge.extra is None or pin.local else brought[pin.name, edge.extra]).append(edge)
    asked = {(pin.name, extra) for pin in pins for extra in pin.extras}
    waiting += [edge for extra in asked for edge in brought[extra]]
    while waiting:
        edge = waiting.pop()
        for extra in {(edge.name, extra) for extra in edge.extras} - asked:
            asked.add(extra)
            waiting += brought[extra]
    return asked


def pins_by_name(pins: Iterable[Pin]) -> dict[str, list[Pin]]:
    """*pins* by their normalised name."""
    found: dict[str, list[Pin]] = {}
    for pin in pins:
        found.setdefault(pin.name, []).append(pin)
    return found


def resolve(edge: Edge, by_name: dict[str, list[Pin]]) -> list[Pin]:
    """The pins that *edge* may lead to: those of its name, narrowed by the version and source it gives."""
    found = by_name.get(edge.name, [])
    if edge.version is None and edge.source is None:
        return found
    return [
        pin
        for pin in found
        if edge.version in (None, pin.version)
        and (edge.source is None or _same_place(edge.source, pin.source))
    ]


def _same_place(one: Source, other: Source) -> bool:
    # A member is recorded as a path in an edge to it: only its own entry tells that it is a member.
    kinds = {SourceKind.PATH, SourceKind.WORKSPACE}
    return one.location == other.location and (one.kind is other.kind or {one.kind, other.kind} <= kinds)


def _shown(edge: Edge) -> str:
    return f"{edge.name} {short(edge.version)}" if edge.version else edge.name


def _union(first: tuple[T, ...], second: tuple[T, ...]) -> tuple[T, ...]:
    return tuple(dict.fromkeys((*first, *second)))
