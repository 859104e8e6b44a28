"""uv.lock, version 1 with any revision, and the locks of scripts.

The format is what uv writes and reads: https://docs.astral.sh/uv/concepts/projects/layout/#the-lockfile and
``crates/uv-resolver/src/lock`` of its source. A higher revision is compatible by its definition, another
version is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from packaging.utils import canonicalize_name

from ftaudit.model.project import Choices, Edge, ListedFile, Origin, Pin, Reading, Source, SourceKind
from ftaudit.model.text import short
from ftaudit.sources.base import Document, Format, Kind
from ftaudit.sources.reading.applies import single_python
from ftaudit.sources.reading.assemble import (
    Assembly,
    checked_location,
    checked_name,
    file_name,
    listed_file,
    pins_by_name,
    resolve,
    sha256_of,
)
from ftaudit.sources.reading.declared import label, project_of, specifier, uv_indexes
from ftaudit.sources.reading.decode import entry_lines
from ftaudit.sources.reading.reach import Reach, reached_by
from ftaudit.sources.reading.sniff import has_line, head_of, named
from ftaudit.sources.reading.table import Table, load_toml

VERSION = 1
_FILE_NAMES = ("uv.lock", "*.py.lock")
_VERSION_LINE = re.compile(rb"(?:\A|\n)version[ \t]*=[ \t]*\d")
_GROUPS = ("dev-dependencies", "dependency-groups")
_LOCAL = frozenset({"editable", "virtual", "directory"})
_KINDS = {
    "registry": SourceKind.INDEX,
    "git": SourceKind.GIT,
    "url": SourceKind.URL,
    "path": SourceKind.PATH,
    **dict.fromkeys(_LOCAL, SourceKind.PATH),
}


def _score(document: Document) -> int:
    head = head_of(document.content)
    if has_line(head, b"requires-python") and _VERSION_LINE.search(head.removeprefix(b"\xef\xbb\xbf")):
        return 2
    return 1 if named(document, _FILE_NAMES) else 0


def _read(document: Document) -> Reading:
    top, text = load_toml(document.path, document.content)
    version = top.maybe_integer("version")
    if version is None:
        raise top.error("version is missing: this is no uv.lock")
    if version != VERSION:
        raise top.error(f"unsupported uv.lock version {version} (ftaudit reads {VERSION})", "version")
    return _Reader(document, top, text).reading(document)


class _Reader:
    def __init__(self, document: Document, top: Table, text: str) -> None:
        self.assembly = Assembly(document, FORMAT.name)
        self.top = top
        self.key = "distribution" if "distribution" in top else "package"
        self.entries = top.tables(self.key)
        self.lines = entry_lines(text, self.key, len(self.entries))
        self.manifest = top.table("manifest")
        self.members = frozenset(canonicalize_name(name) for name in self.manifest.texts("members"))
        self.sources: dict[tuple[SourceKind, str], Source] = {}

    def reading(self, document: Document) -> Reading:
        # Only what is wrong with them matters: every package names those of its own fork.
        self.markers(self.top, "resolution-markers", None)
        pins = [self.pin(entry, line) for entry, line in zip(self.entries, self.lines, strict=True)]
        roots = tuple(self.roots(pins))
        by_name = pins_by_name(pins)
        direct = {id(pin) for edge in roots for pin in resolve(edge, by_name)}
        reached = reached_by(document.path, pins, roots)
        for pin, line, reach in zip(pins, self.lines, reached, strict=True):
            origin = self.assembly.origin(line, direct=id(pin) in direct)
            self.assembly.add(replace(pin, origins=tuple(_origins(origin, reach))))
        requires_python = specifier(self.top, "requires-python")
        reading = self.assembly.reading(
            roots=roots,
            made_for=single_python(requires_python),
            # A script is no part of the project beside it: uv does not ask for its indexes.
            indexes=() if document.name.endswith(".py.lock") else uv_indexes(document),
            requires_python=requires_python,
            environments=self.markers(self.top, "supported-markers", None),
        )
        own = [entry for entry, pin in zip(self.entries, pins, strict=True) if pin.local]
        return replace(reading, choices=self.choices(own, document))

    def choices(self, own: list[Table], document: Document) -> Choices | None:
        """The groups and extras of the members (*own*); the lock of a script has none.

        The defaults are each member's, or where it states none, ``dev``, which ``--no-dev`` stands for:
        https://docs.astral.sh/uv/concepts/projects/dependencies/#default-groups and, for all options,
        https://docs.astral.sh/uv/reference/cli/#uv-export
        """
        places = [*own, *([self.manifest] if "dependency-groups" in self.manifest else ())]
        if not places:
            return None
        groups: list[str] = []
        extras: list[str] = []
        defaults: list[str] = []
        for place in places:
            metadata = place.table("metadata")
            found = [*map(place.table, _GROUPS), metadata.table("requires-dev")]
            of_place = [label(name) for table in found for name in table]
            groups += of_place
            extras += map(label, (*place.table("optional-dependencies"), *metadata.texts("provides-extras")))
            stated = self.stated_defaults(place, document)
            defaults += of_place if stated is None else [name for name in stated if name in of_place]
        dev = ("dev",) if "dev" in groups else ()
        unique = [tuple(dict.fromkeys(names)) for names in (groups, extras, defaults)]
        return Choices(groups=unique[0], extras=unique[1], default_groups=unique[2], dev_groups=dev)

    def stated_defaults(self, place: Table, document: Document) -> list[str] | None:
        """The default groups of a member or of the manifest, None for all of its groups.

        From revision 5 on they are in the lock; those of the project beside it also in its pyproject.toml.
        """
        at_hand = place.place == "manifest" or "." in place.table("source").values.values()
        project = project_of(document) if at_hand and "default-groups" not in place else None
        owner = project.table("tool").table("uv") if project else place
        if owner.values.get("default-groups") == "all":
            return None
        return list(map(label, owner.texts("default-groups"))) if "default-groups" in owner else ["dev"]

    def pin(self, entry: Table, line: int | None) -> Pin:
        name = checked_name(entry, entry.text("name"))
        version = entry.maybe_text("version")
        source = self.source(entry, name)
        return Pin(
            name=name,
            version="" if version is None else self.assembly.version(entry, name, version, line),
            source=source,
            files=tuple(self.files(entry, source)),
            dependencies=tuple(self.edges(entry, line)),
            resolution_markers=self.markers(entry, "resolution-markers", line),
        )

    def source(self, owner: Table, name: str) -> Source:
        """The source of a package, or of an edge to one. A member is the project's own code."""
        if "source" not in owner:
            raise owner.error("source is missing")
        table = owner.table("source")
        kind = next((kind for kind in _KINDS if kind in table), None)
        if kind is None:
            return Source(kind=SourceKind.UNKNOWN)
        location = checked_location(table, kind)
        is_member = kind in _LOCAL and (name in self.members if self.members else location == ".")
        key = (SourceKind.WORKSPACE if is_member else _KINDS[kind], location)
        if key not in self.sources:
            self.sources[key] = Source(kind=key[0], location=location)
        return self.sources[key]

    def files(self, entry: Table, source: Source) -> Iterator[ListedFile]:
        tables = entry.tables("wheels")
        if "sdist" in entry:
            tables = (entry.table("sdist"), *tables)
        for table in tables:
            name = table.maybe_text("filename")
            if name is None and "url" not in table and "path" not in table:
                # The file of a url or path source is the source itself; only its hash is written here.
                if source.kind not in (SourceKind.URL, SourceKind.PATH):
                    continue
                name = file_name(entry.table("source"), source.location, "")
            time_key = "upload-time" if "upload-time" in table else "upload_time"
            digest = sha256_of(table.maybe_text("hash"))
            yield listed_file(table, name=name, digest=digest, time_key=time_key)

    def edges(self, entry: Table, line: int | None) -> Iterator[Edge]:
        for table in entry.tables("dependencies"):
            yield self.edge(table, line)
        for extra, tables in entry.groups("optional-dependencies"):
            for table in tables:
                yield self.edge(table, line, extra=label(extra))
        for key in _GROUPS:
            for group, tables in entry.groups(key):
                for table in tables:
                    yield self.edge(table, line, group=label(group))

    def edge(
        self, table: Table, line: int | None = None, *, extra: str | None = None, group: str | None = None
    ) -> Edge:
        """An edge to a package, or a requirement of the manifest (whose extras have another key)."""
        name = checked_name(table, table.text("name"))
        return Edge(
            name=name,
            specifier=short(table.maybe_text("specifier") or ""),
            version=table.maybe_text("version"),
            source=self.source(table, name) if "source" in table else None,
            marker=self.assembly.marker(table, table.maybe_text("marker"), "marker", line),
            extras=tuple(map(label, table.texts("extra") or table.texts("extras"))),
            extra=extra,
            group=group,
        )

    def roots(self, pins: list[Pin]) -> Iterator[Edge]:
        """What the members and, in the lock of a script, the manifest ask for."""
        for pin in pins:
            if pin.local:
                yield from pin.dependencies or ()
        for table in self.manifest.tables("requirements"):
            yield self.edge(table)
        for group, tables in self.manifest.groups("dependency-groups"):
            for table in tables:
                yield self.edge(table, group=label(group))

    def markers(self, table: Table, key: str, line: int | None) -> tuple[str, ...]:
        """Alternatives, one of which must hold; with one that does not parse, none narrows anything."""
        texts = table.texts(key)
        valid = [self.assembly.marker(table, text, f"{key}[{n}]", line) for n, text in enumerate(texts)]
        return tuple(filter(None, valid)) if all(valid) else ()


def _origins(origin: Origin, reach: Reach) -> Iterator[Origin]:
    """One origin for each way: by the project's own dependencies, by groups, by extras."""
    if reach.main or not (reach.groups or reach.extras):
        yield origin
    if reach.groups:
        yield replace(origin, groups=reach.groups)
    if reach.extras:
        yield replace(origin, extras=reach.extras)


FORMAT = Format(
    name="uv.lock",
    about="the lockfile of uv, version 1 with any revision, and its locks of scripts",
    file_names=_FILE_NAMES,
    score=_score,
    read=_read,
    kind=Kind.LOCK,
)
