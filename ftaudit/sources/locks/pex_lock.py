"""PEX locks: JSON of one or several resolves, as ``pex3 lock`` writes it and Pants with a header of comments.

``pex/resolve/lockfile/json_codec.py`` of its source is the format: https://github.com/pex-tool/pex. A strict
lock has a resolve for every interpreter it was made on, a universal one a single resolve, or one a marker.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import TypeVar

from packaging.specifiers import SpecifierSet

from ftaudit.model.project import INDEX, Edge, ListedFile, MadeFor, Pin, PinKey, Reading, Source, SourceKind
from ftaudit.model.text import short
from ftaudit.model.wheel_name import SDIST_SUFFIXES
from ftaudit.sources import limits
from ftaudit.sources.base import Document, Format, Kind
from ftaudit.sources.reading.applies import Applies, single_python
from ftaudit.sources.reading.assemble import (
    Assembly,
    checked_location,
    checked_name,
    listed_file,
    open_ends,
    sha256_of,
)
from ftaudit.sources.reading.declared import specifier
from ftaudit.sources.reading.decode import member_lines
from ftaudit.sources.reading.platforms import platform_marker, platform_name
from ftaudit.sources.reading.requires_dist import listed_edges
from ftaudit.sources.reading.sniff import named
from ftaudit.sources.reading.table import Table, load_json

T = TypeVar("T")

_FILE_NAMES = ("*.lock.json", "*.pex.lock", "pex.lock", "python-default.lock")
_BOM = b"\xef\xbb\xbf"
_HEADER = re.compile(rb"(?:[ \t\r]*+(?://[^\n]*+)?+\n)*+")
"""The comments that Pants puts in front: its own metadata, and how to lock again."""
_ARCHIVES = (".whl", *SDIST_SUFFIXES)
_SYSTEMS = {"linux": "linux", "mac": "darwin", "windows": "win32"}
_VCS = re.compile(r"(git|hg|svn|bzr)\+")
_IMPLEMENTATION = re.compile(r"[A-Za-z]++(?:\[[^\]]*+\]|[+-]t)?+")
"""What an interpreter constraint may have in front of its versions, such as ``CPython[free-threaded]``."""
_INTERPRETER = re.compile(r"cp3(\d{1,3})")
_FREE_THREADED = re.compile(r"cp3\d{1,3}t")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Resolve:
    """One of ``locked_resolves``; ``minor`` is that of CPython 3, ``free_threaded`` that of its ABI tag.

    ``condition`` is the marker that holds on its platform, ``marker`` the one that the lock itself gives.
    """

    entries: tuple[Table, ...]
    platform: str | None
    minor: int | None
    free_threaded: bool
    marker: str | None

    @property
    def condition(self) -> str | None:
        # No marker tells glibc from musl: where both were locked, the pins of both are judged.
        return None if self.platform is None else platform_marker(self.platform.replace("musl", ""))

    @property
    def version(self) -> str | None:
        """The marker that holds on its interpreter."""
        return None if self.minor is None else f"python_version == '3.{self.minor}'"

    @property
    def made_for(self) -> MadeFor | None:
        """What it was made on, None for a resolve that is meant for several platforms."""
        if self.platform is None:
            return None
        python = None if self.minor is None else f"3.{self.minor}{'t' if self.free_threaded else ''}"
        return MadeFor(python=python, platform=self.platform)


def _score(document: Document) -> int:
    content = document.content.removeprefix(_BOM).lstrip()
    if content.startswith((b"{", b"//")) and b'"locked_resolves"' in content:
        return 2
    return 1 if named(document, _FILE_NAMES) else 0


def _read(document: Document) -> Reading:
    content = document.content.removeprefix(_BOM)
    header = _HEADER.match(content)
    length = header.end() if header else 0
    # Its empty lines stay, so that those of the lock keep their numbers.
    top, text = load_json(document.path, b"\n" * content.count(b"\n", 0, length) + content[length:])
    if "locked_resolves" not in top:
        raise top.error("locked_resolves is missing: this is no PEX lock")
    return _Reader(document, _given(top), text).reading()


class _Reader:
    def __init__(self, document: Document, top: Table, text: str) -> None:
        self.assembly = Assembly(document, FORMAT.name)
        self.top = top
        self.resolves = tuple(
            self.resolve(_given(table))
            for table in self.counted("locked_resolves", top.tables("locked_resolves"))
        )
        count = sum(len(resolve.entries) for resolve in self.resolves)
        self.lines = iter(member_lines(text, "project_name", count))
        self.roots = self.requirements(top, "requirements")
        self.direct = frozenset(edge.name for edge in self.roots)
        self.by_url = {edge.name for edge in self.roots if edge.source is not None}

    def resolve(self, table: Table) -> _Resolve:
        tag = table.texts("platform_tag")
        if len(tag) not in (0, 3):
            raise table.error("must have an interpreter, an ABI and a platform", "platform_tag")
        interpreter = _INTERPRETER.fullmatch(tag[0]) if tag else None
        return _Resolve(
            entries=tuple(map(_given, table.tables("locked_requirements"))),
            platform=platform_name(tag[2]) if tag else None,
            minor=int(interpreter[1]) if interpreter else None,
            free_threaded=bool(tag and _FREE_THREADED.fullmatch(tag[1])),
            marker=self.assembly.marker(table, table.maybe_text("marker"), "marker"),
        )

    def reading(self) -> Reading:
        for resolve in self.resolves:
            seen: dict[PinKey, Pin] = {}
            marker = _both(self.place(resolve), resolve.marker)
            for entry in resolve.entries:
                line = next(self.lines)
                pin = self.pin(entry, line)
                origin = self.assembly.origin(line, marker=marker, direct=pin.name in self.direct)
                self.assembly.add(replace(pin, origins=(origin,)), merge=pin.key not in seen)
                seen[pin.key] = pin
            self.tell_open_ends(resolve, tuple(seen.values()))
        pythons = tuple(self.pythons())
        requires_python = pythons[0] if len(pythons) == 1 else None
        made_for = self.resolves[0].made_for if len(self.resolves) == 1 else None
        return self.assembly.reading(
            roots=self.asked(),
            made_for=made_for or single_python(requires_python),
            requires_python=requires_python,
            environments=self.environments(pythons),
            closed=self.top.maybe_flag("transitive") is not False,
        )

    def asked(self) -> tuple[Edge, ...]:
        """The roots; one on a URL is met by what is locked under the name."""
        return tuple(replace(edge, source=None, extra=None) for edge in self.roots)

    def tell_open_ends(self, resolve: _Resolve, pins: tuple[Pin, ...]) -> None:
        """Of several resolves each is closed for itself: what another one has is not installed with it."""
        if len(self.resolves) == 1 or self.top.maybe_flag("transitive") is False:
            return
        marker = _both(_both(resolve.condition, resolve.version), resolve.marker)
        where = short(str(resolve.made_for.platform)) if resolve.made_for else "one of its resolves"
        for _, message in open_ends(pins, self.asked(), Applies(None, (marker,) if marker else ())):
            self.assembly.problem("dependency-not-pinned", f"{message} for {where}")

    def place(self, resolve: _Resolve) -> str | None:
        """The marker that tells *resolve* from the others: its platform and, of several interpreters there,
        its share of all versions, so that there is one resolve for each."""
        if len(self.resolves) == 1 or resolve.condition is None:
            return None
        minors = {other.minor for other in self.resolves if other.condition == resolve.condition}
        share = []
        if resolve.minor is not None and None not in minors:
            ordered = sorted(minor for minor in minors if minor is not None)
            place = ordered.index(resolve.minor)
            share += [f"python_version >= '3.{resolve.minor}'"] if place else []
            share += [f"python_version < '3.{minor}'" for minor in ordered[place + 1 : place + 2]]
        return " and ".join([resolve.condition, *share])

    def environments(self, pythons: tuple[str, ...]) -> tuple[str, ...]:
        """What it is made for, as markers of which one holds: its resolves, its systems, and *pythons* where
        they are alternatives. Nothing where it may be for anything. The interpreter of a single resolve is
        left to what the reading is made for: 3.14 and 3.14t are the same to a marker."""
        several = len(self.resolves) > 1
        resolves = [
            _both(_both(resolve.condition, resolve.version if several else None), resolve.marker)
            for resolve in self.resolves
        ]
        parts = (resolves if all(resolves) else (), self.systems(), _as_markers(pythons))
        found = [
            marker
            for resolve, system, python in product(*(part or (None,) for part in parts))
            if (marker := _both(_both(resolve, system), python))
        ]
        if len(found) > limits.RESOLVES:
            raise self.top.error(f"made for more than {limits.RESOLVES} environments")
        return tuple(dict.fromkeys(found))

    def systems(self) -> tuple[str, ...]:
        """The markers of ``target_systems``, which narrow a universal lock."""
        systems = self.top.texts("target_systems")
        for index, system in enumerate(systems):
            if system not in _SYSTEMS:
                raise self.top.error(
                    f'no system that pex knows: "{short(system)}"', f"target_systems[{index}]"
                )
        return tuple(f"sys_platform == '{_SYSTEMS[system]}'" for system in dict.fromkeys(systems))

    def pythons(self) -> Iterator[str]:
        """The alternatives of ``requires_python``, of which one holds."""
        for index, text in enumerate(self.counted("requires_python", self.top.texts("requires_python"))):
            key = f"requires_python[{index}]"
            versions = text.removeprefix(match[0]) if (match := _IMPLEMENTATION.match(text)) else text
            if found := specifier(Table(self.top.path, "", {key: versions}), key):
                yield found

    def counted(self, key: str, values: tuple[T, ...]) -> tuple[T, ...]:
        """*values*, found at *key*; raises `InputError` for too many."""
        if len(values) > limits.RESOLVES:
            raise self.top.error(f"more than {limits.RESOLVES} of them", key)
        return values

    def pin(self, entry: Table, line: int | None) -> Pin:
        name = checked_name(entry, entry.text("project_name"), "project_name")
        artifacts = entry.tables("artifacts")
        if not artifacts:
            raise entry.error("there is none", "artifacts")
        source = _own_source(artifacts) or self.source(artifacts[0], name)
        return Pin(
            name=name,
            version=self.assembly.version(entry, name, entry.text("version"), line),
            source=source,
            files=tuple(_files(artifacts)),
            # One on a URL is met by what is locked under the name.
            dependencies=tuple(
                replace(edge, source=None) for edge in self.requirements(entry, "requires_dists", line)
            ),
            requires_python=specifier(entry, "requires_python"),
        )

    def requirements(self, table: Table, key: str, line: int | None = None) -> tuple[Edge, ...]:
        """The edges at *key*, which pex always writes: without it nothing says that there are none."""
        if key not in table:
            raise table.error(f"{key} is missing")
        return listed_edges(self.assembly, table, key, line)

    def source(self, artifact: Table, name: str) -> Source:
        """An archive is one of an index, unless it is asked for by its URL."""
        if name not in self.by_url:
            return INDEX
        location = checked_location(artifact, "url")
        return Source(kind=SourceKind.PATH if _local(location) else SourceKind.URL, location=location)


def _own_source(artifacts: tuple[Table, ...]) -> Source | None:
    """The repository or the folder that a package is built from, None for archives."""
    for artifact in artifacts:
        location = checked_location(artifact, "url")
        if vcs := _VCS.match(location):
            return Source(kind=SourceKind.GIT if vcs[1] == "git" else SourceKind.URL, location=location)
        if _local(location) and not location.partition("#")[0].endswith(_ARCHIVES):
            return Source(kind=SourceKind.PATH, location=location)
    return None


def _as_markers(specifiers: tuple[str, ...]) -> tuple[str, ...]:
    """Several alternatives as markers; nothing where they hold ``===``, which compares no versions."""
    if len(specifiers) < 2 or any("===" in text for text in specifiers):
        return ()
    sets = (sorted(SpecifierSet(text), key=str) for text in specifiers)
    return tuple(
        " and ".join(f"python_full_version {one.operator} '{one.version}'" for one in found) for found in sets
    )


def _local(location: str) -> bool:
    return location.startswith("file:")


def _files(artifacts: tuple[Table, ...]) -> Iterator[ListedFile]:
    for artifact in artifacts:
        if _own_source((artifact,)) is None:
            digest = sha256_of(f"{artifact.maybe_text('algorithm')}:{artifact.maybe_text('hash')}")
            yield listed_file(artifact, name=None, digest=digest, time_key="upload_time")


def _given(table: Table) -> Table:
    """*table* without the keys that are null: pex writes all that it knows."""
    return replace(table, values={key: value for key, value in table.values.items() if value is not None})


def _both(one: str | None, other: str | None) -> str | None:
    return f"({one}) and ({other})" if one and other else one or other


FORMAT = Format(
    name="PEX lock",
    about="the lockfile of pex, of every style, with or without the header that Pants puts in front",
    file_names=(*_FILE_NAMES, "*.lock"),  # Pants names them for its resolves
    score=_score,
    read=_read,
    kind=Kind.LOCK,
)
