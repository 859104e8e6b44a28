"""pdm.lock, 4.0 to 4.5, with what the pyproject.toml beside it says of the project's own requirements.

A package has an entry of its own for every set of its extras that is asked for; here they are one pin:
https://pdm-project.org/en/latest/usage/lockfile/ and ``src/pdm/models/repositories/lock.py`` of its source.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from packaging.utils import canonicalize_name
from packaging.version import Version

from ftaudit.model.project import (
    INDEX,
    Choices,
    Edge,
    ListedFile,
    MadeFor,
    Origin,
    Pin,
    Reading,
    Severity,
    Source,
    SourceKind,
)
from ftaudit.model.text import short
from ftaudit.sources.base import Document, Format, Kind
from ftaudit.sources.reading.applies import single_python
from ftaudit.sources.reading.assemble import Assembly, checked_location, checked_name, listed_file, sha256_of
from ftaudit.sources.reading.declared import (
    label,
    own_name,
    pdm_dev_requirements,
    pdm_indexes,
    project_of,
    requirement,
    requirements_of,
    specifier,
)
from ftaudit.sources.reading.decode import entry_lines
from ftaudit.sources.reading.platforms import platform_name
from ftaudit.sources.reading.reach import reached_by
from ftaudit.sources.reading.sniff import has_line, named
from ftaudit.sources.reading.table import Table, load_toml

NEWEST = (4, 5)
_DEFAULT = "default"
_FILE_NAMES = ("pdm.lock",)


def _score(document: Document) -> int:
    if has_line(document.content, b"lock_version"):
        return 2
    return 1 if named(document, _FILE_NAMES) else 0


def _read(document: Document) -> Reading:
    top, text = load_toml(document.path, document.content)
    if "metadata" not in top:
        raise top.error("[metadata] is missing: this is no pdm.lock")
    return _Reader(document, top, text).reading(document)


class _Reader:
    def __init__(self, document: Document, top: Table, text: str) -> None:
        self.assembly = Assembly(document, FORMAT.name)
        self.metadata = top.table("metadata")
        self.entries = top.tables("package")
        self.lines = entry_lines(text, "package", len(self.entries))
        self.checked_version()
        # Up to 4.3 the files of all packages stand in one table, by "name version".
        self.files_of = self.metadata.table("files")

    def checked_version(self) -> tuple[int, int]:
        text = self.metadata.text("lock_version")
        try:
            version = Version(text)
        except ValueError:  # InvalidVersion, or a number of too many digits
            raise self.metadata.error("not a version", "lock_version") from None
        if version.major != NEWEST[0]:
            message = f"unsupported pdm.lock version {short(text)} (ftaudit reads 4.0 to 4.5)"
            raise self.metadata.error(message, "lock_version")
        found = (version.major, version.minor)
        if found > NEWEST:
            message = f"pdm.lock version {short(text)} is newer than 4.5: what is new in it is not read"
            self.assembly.problem("newer-format-version", message, severity=Severity.WARNING)
        return found

    def reading(self, document: Document) -> Reading:
        project = project_of(document)
        roots = None if project is None else tuple(filter(self.is_locked, _requirements(project)))
        direct = None if roots is None else {edge.name for edge in roots}
        extras = frozenset(edge.extra for edge in roots or () if edge.extra)
        seen: set[tuple[str, str, tuple[str, ...]]] = set()
        for entry, line in zip(self.entries, self.lines, strict=True):
            pin = self.pin(entry, line)
            origin = self.assembly.origin(
                line,
                marker=self.assembly.marker(entry, entry.maybe_text("marker"), "marker", line),
                direct=None if direct is None else pin.name in direct,
                asks=pin.extras,
            )
            origins = tuple(_origins(origin, tuple(map(short, entry.texts("groups"))), extras))
            of_extras = (pin.name, pin.version, pin.extras)
            self.assembly.add(replace(pin, origins=origins), merge=of_extras not in seen)
            seen.add(of_extras)
        targets = self.metadata.tables("targets")
        requires_python = specifier(targets[0], "requires_python") if len(targets) == 1 else None
        reading = self.assembly.reading(
            roots=roots,
            made_for=self.made_for(targets, requires_python),
            indexes=pdm_indexes(project),
            requires_python=requires_python,
            own_name=None if project is None else own_name(project),
        )
        if not any("groups" in entry for entry in self.entries):
            if roots is None:
                return reading
            reading = replace(reading, pins=_reached(document, reading.pins, roots))
        return replace(reading, choices=self.choices(reading.pins, roots))

    def is_locked(self, edge: Edge) -> bool:
        """Whether the lock has the group of *edge*: some may have been left out of it."""
        locked = set(map(label, self.metadata.texts("groups")))
        return not locked or (edge.group or edge.extra or _DEFAULT) in locked

    def choices(self, pins: tuple[Pin, ...], roots: tuple[Edge, ...] | None) -> Choices:
        """What is locked. Every development group is installed unasked, an extra is not.

        Which groups are extras, and which are for development only, is in the pyproject.toml beside the lock:
        without it ``--no-dev`` leaves none out.
        https://pdm-project.org/en/latest/usage/dependency/#select-a-subset-of-dependency-groups-to-install
        """
        origins = [origin for pin in pins for origin in pin.origins]
        labels = {*self.metadata.texts("groups")} or {g for o in origins for g in (*o.groups, *o.extras)}
        declared = {edge.extra for edge in roots or () if edge.extra}
        locked = sorted({label(name) for name in labels} - {_DEFAULT})
        groups = tuple(name for name in locked if name not in declared)
        developing = {edge.group for edge in roots or ()}
        return Choices(
            groups=groups,
            extras=tuple(name for name in locked if name in declared),
            default_groups=groups,
            dev_groups=tuple(name for name in groups if name in developing),
            main=_DEFAULT,
        )

    def pin(self, entry: Table, line: int | None) -> Pin:
        name = checked_name(entry, entry.text("name"))
        version = entry.maybe_text("version")
        extras = tuple(sorted(map(canonicalize_name, entry.texts("extras"))))
        return Pin(
            name=name,
            version="" if version is None else self.assembly.version(entry, name, version, line),
            source=_source(entry),
            files=tuple(self.files(entry)),
            dependencies=tuple(self.edges(entry, name, extras)),
            extras=extras,
            requires_python=specifier(entry, "requires_python"),
        )

    def files(self, entry: Table) -> Iterator[ListedFile]:
        key = f"{entry.text('name')} {entry.maybe_text('version') or ''}"
        for table in entry.tables("files") if "files" in entry else self.files_of.tables(key):
            digest = sha256_of(table.maybe_text("hash"))
            yield listed_file(table, name=table.maybe_text("file"), digest=digest, time_key="upload_time")

    def edges(self, entry: Table, name: str, extras: tuple[str, ...]) -> Iterator[Edge]:
        """The entry's dependencies; those of an entry for extras are brought in by each of them."""
        for index, text in enumerate(entry.texts("dependencies")):
            self.assembly.count(entry, text, "dependencies")
            edge = requirement(entry, text, f"dependencies[{index}]")
            if edge.name != name:
                yield from [replace(edge, extra=extra) for extra in extras] or [edge]

    def made_for(self, targets: tuple[Table, ...], requires_python: str | None) -> MadeFor | None:
        """A lock is for the one interpreter and platform that it was made on unless it says otherwise."""
        if len(targets) == 1:
            python = single_python(requires_python)
            platform = targets[0].maybe_text("platform")
            if platform is None:
                return python
            return MadeFor(python=python.python if python else None, platform=platform_name(platform))
        if targets:
            return None
        flag = self.metadata.maybe_flag("cross_platform")
        crosses = "cross_platform" in self.metadata.texts("strategy") if flag is None else flag
        says = "strategy" in self.metadata or flag is not None
        return MadeFor() if says and not crosses else None


def _origins(origin: Origin, groups: tuple[str, ...], extras: frozenset[str]) -> Iterator[Origin]:
    """One origin for the groups and one for the extras, which the lock calls groups too."""
    of_extras = tuple(group for group in groups if label(group) in extras)
    others = tuple(group for group in groups if group not in of_extras)
    if others or not of_extras:
        yield replace(origin, groups=others)
    if of_extras:
        yield replace(origin, extras=of_extras)


def _reached(document: Document, pins: tuple[Pin, ...], roots: tuple[Edge, ...]) -> tuple[Pin, ...]:
    """*pins* of a lock without groups (up to 4.3), with those that lead to them."""
    extras = frozenset(edge.extra for edge in roots if edge.extra)
    found = []
    for pin, way in zip(pins, reached_by(document.path, pins, roots), strict=True):
        groups = (*((_DEFAULT,) if way.main else ()), *way.groups, *way.extras)
        origins = tuple(one for origin in pin.origins for one in _origins(origin, groups, extras))
        found.append(replace(pin, origins=origins))
    return tuple(found)


def _source(entry: Table) -> Source:
    if "git" in entry:
        commit = entry.maybe_text("revision") or entry.maybe_text("ref")
        location = checked_location(entry, "git") + (f"#{short(commit)}" if commit else "")
        return Source(kind=SourceKind.GIT, location=location)
    for key, kind in (("path", SourceKind.PATH), ("url", SourceKind.URL)):
        if key in entry:
            return Source(kind=kind, location=checked_location(entry, key))
    return INDEX


def _requirements(project: Table) -> Iterator[Edge]:
    yield from requirements_of(project)
    yield from pdm_dev_requirements(project)


FORMAT = Format(
    name="pdm.lock",
    about="the lockfile of pdm, versions 4.0 to 4.5",
    file_names=_FILE_NAMES,
    score=_score,
    read=_read,
    kind=Kind.LOCK,
)
