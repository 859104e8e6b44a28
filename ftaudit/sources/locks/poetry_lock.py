"""poetry.lock, 1.0 to 2.1, with what the pyproject.toml beside it says of the project's own requirements.

2.1 has groups and markers on every package, 2.0 only files, 1.x a category and all files in one table:
https://github.com/python-poetry/poetry/blob/main/src/poetry/packages/locker.py
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import Version

from ftaudit.model.project import INDEX, Choices, Edge, ListedFile, Origin, Pin, Reading, Source, SourceKind
from ftaudit.model.text import short
from ftaudit.sources.base import Document, Format, Kind
from ftaudit.sources.locks.poetry_project import poetry_extras, poetry_groups, poetry_requirements
from ftaudit.sources.locks.poetry_specifiers import to_pep440
from ftaudit.sources.reading.applies import single_python
from ftaudit.sources.reading.assemble import Assembly, checked_location, checked_name, listed_file, sha256_of
from ftaudit.sources.reading.declared import label, own_name, poetry_indexes, project_of
from ftaudit.sources.reading.decode import entry_lines
from ftaudit.sources.reading.reach import Reach, reached_by
from ftaudit.sources.reading.sniff import has_line, named
from ftaudit.sources.reading.table import Table, as_tables, load_toml

MAJORS = (1, 2)
_MAIN = "main"
_FILE_NAMES = ("poetry.lock",)
_KINDS = {
    "legacy": SourceKind.INDEX,
    "git": SourceKind.GIT,
    "url": SourceKind.URL,
    "file": SourceKind.PATH,
    "directory": SourceKind.PATH,
}
_EXTRA = re.compile(r"""\bextra\s*==\s*["']([^"']+)["']""")

_END_OF_NAME = re.compile(r"[\[\s(;<>=!~]")


def _score(document: Document) -> int:
    content = document.content
    packages = has_line(content, b"[[package]]") or has_line(content, b"lock-version")
    if packages and has_line(content, b"python-versions") and not has_line(content, b"[[packages]]"):
        return 2
    return 1 if named(document, _FILE_NAMES) else 0


def _read(document: Document) -> Reading:
    top, text = load_toml(document.path, document.content)
    if "metadata" not in top:
        raise top.error("[metadata] is missing: this is no poetry.lock")
    metadata = top.table("metadata")
    version = metadata.maybe_text("lock-version")
    try:
        supported = version is None or Version(version).major in MAJORS
    except ValueError:  # InvalidVersion, or a number of too many digits
        supported = False
    if not supported:
        named_version = short(version or "")
        raise metadata.error(f"unsupported poetry.lock version {named_version} (ftaudit reads 1 and 2)")
    return _Reader(document, top, text).reading(document)


class _Reader:
    def __init__(self, document: Document, top: Table, text: str) -> None:
        self.assembly = Assembly(document, FORMAT.name)
        self.top = top
        self.entries = top.tables("package")
        self.lines = entry_lines(text, "package", len(self.entries))
        self.metadata = top.table("metadata")
        files = self.metadata.table("files")
        self.files_of = {str(canonicalize_name(name)): files.tables(name) for name in files}
        self.names = [checked_name(entry, entry.text("name")) for entry in self.entries]
        self.forked = {name for name, count in Counter(self.names).items() if count > 1}

    def reading(self, document: Document) -> Reading:
        project = project_of(document)
        roots = None if project is None else tuple(poetry_requirements(project))
        rows = list(zip(self.entries, self.names, self.lines, strict=True))
        pins = [self.pin(entry, name, line) for entry, name, line in rows]
        direct = None if roots is None else {edge.name for edge in roots}
        asked = tuple(self.developing()) if roots is None else roots
        ways = reached_by(document.path, pins, [*asked, *self.extras()])
        for (entry, name, line), pin, way in zip(rows, pins, ways, strict=True):
            origin = self.assembly.origin(line, direct=None if direct is None else name in direct)
            self.assembly.add(replace(pin, origins=tuple(self.origins(entry, origin, way))))
        requires_python = to_pep440(self.metadata.maybe_text("python-versions") or "")
        reading = self.assembly.reading(
            roots=roots,
            made_for=single_python(requires_python),
            indexes=poetry_indexes(project),
            own_name=None if project is None else own_name(project),
            requires_python=requires_python,
        )
        return replace(reading, choices=self.choices(project, reading.pins))

    def choices(self, project: Table | None, pins: tuple[Pin, ...]) -> Choices | None:
        """The groups and extras; None where neither the lock nor a pyproject.toml tells the groups of a pin.

        All groups that are not optional are installed unasked, and all but main are for development only:
        https://python-poetry.org/docs/managing-dependencies/#dependency-groups
        """
        if project is None and not all("groups" in e or "category" in e for e in self.entries):
            return None
        declared = {} if project is None else poetry_groups(project)
        locked = [label(group) for pin in pins for origin in pin.origins for group in origin.groups]
        groups = tuple(dict.fromkeys(name for name in (*declared, *locked) if name != _MAIN))
        extras = (*map(label, self.top.table("extras")), *(poetry_extras(project) if project else ()))
        return Choices(
            groups=groups,
            extras=tuple(dict.fromkeys(extras)),
            default_groups=tuple(name for name in groups if not declared.get(name)),
            dev_groups=groups,
            main=_MAIN,
        )

    def pin(self, entry: Table, name: str, line: int | None) -> Pin:
        version = self.assembly.version(entry, name, entry.text("version"), line)
        return Pin(
            name=name,
            version=version,
            source=_source(entry),
            files=tuple(self.files(entry, name, version)),
            dependencies=tuple(self.edges(entry, line)),
            requires_python=to_pep440(entry.maybe_text("python-versions") or ""),
        )

    def files(self, entry: Table, name: str, version: str) -> Iterator[ListedFile]:
        if "files" in entry:
            yield from map(_file, entry.tables("files"))
            return
        for table in self.files_of.get(name, ()):
            listed = _file(table)
            # Before 2.0 the files of all versions of a name stand in one list.
            if name not in self.forked or _version_of(listed.name) == version:
                yield listed

    def edges(self, entry: Table, line: int | None) -> Iterator[Edge]:
        dependencies = entry.table("dependencies")
        for name, value in dependencies.values.items():
            normal = checked_name(dependencies, name, name)
            for table in _constraints(dependencies, name, value):
                marker = self.assembly.marker(table, table.maybe_text("markers"), "markers", line)
                edge = Edge(
                    name=normal,
                    specifier=to_pep440(table.maybe_text("version") or "") or "",
                    marker=marker,
                    extras=tuple(map(label, table.texts("extras"))),
                )
                extras = _bringing(entry, normal, marker) if table.maybe_flag("optional") else ()
                yield from [replace(edge, extra=extra) for extra in extras] or [edge]

    def extras(self) -> Iterator[Edge]:
        """The project's extras, as the lock has them: an extra's name and the packages that it adds."""
        extras = self.top.table("extras")
        for extra in extras:
            for text in extras.texts(extra):
                yield Edge(name=_required_name(text), extra=label(extra))

    def developing(self) -> Iterator[Edge]:
        """What a lock with categories has of another one than main: it may need what is of main, too."""
        for entry, name in zip(self.entries, self.names, strict=True):
            category = entry.maybe_text("category")
            if category and category != _MAIN:
                yield Edge(name=name, group=short(category))

    def origins(self, entry: Table, origin: Origin, way: Reach) -> Iterator[Origin]:
        """One origin, or one for each group where the groups' markers differ."""
        groups = tuple(map(short, entry.texts("groups"))) or self.groups(entry, way)
        # Before 2.1 what development needs as well is not optional; main may need it with an extra only.
        by_extra = way.groups and not (way.main or "groups" in entry or "category" in entry)
        extras = way.extras if entry.maybe_flag("optional") or by_extra else ()
        key = "markers" if "markers" in entry else "marker"
        if not isinstance(entry.values.get(key), dict):
            marker = self.assembly.marker(entry, entry.maybe_text(key), key, origin.line)
            yield replace(origin, groups=groups, extras=extras or _extras_of(marker), marker=marker)
            return
        markers = entry.table(key)
        for group in groups:
            marker = self.assembly.marker(markers, markers.maybe_text(group), group, origin.line)
            of_main = (extras or _extras_of(marker)) if group == _MAIN else ()
            yield replace(origin, groups=(group,), extras=of_main, marker=marker)

    def groups(self, entry: Table, way: Reach) -> tuple[str, ...]:
        """The groups of a lock that names none: those that lead to the package, or its category."""
        category = entry.maybe_text("category")
        of_main = category == _MAIN or way.main or (not category and way.extras)
        found = (*((_MAIN,) if of_main else ()), *way.groups)
        return found or ((short(category),) if category else ())


def _extras_of(marker: str | None) -> tuple[str, ...]:
    """The extras that *marker* names."""
    return tuple(dict.fromkeys(map(label, _EXTRA.findall(marker or ""))))


def _source(entry: Table) -> Source:
    """No source is the public index, or whatever takes its place."""
    if "source" not in entry:
        return INDEX
    table = entry.table("source")
    kind = _KINDS.get(table.text("type"), SourceKind.UNKNOWN)
    location = checked_location(table, "url")
    commit = table.maybe_text("resolved_reference") or table.maybe_text("reference")
    return Source(
        kind=kind, location=f"{location}#{short(commit)}" if kind is SourceKind.GIT and commit else location
    )


def _file(table: Table) -> ListedFile:
    digest = sha256_of(table.maybe_text("hash"))
    return listed_file(table, name=table.text("file"), digest=digest, time_key="upload-time")


def _version_of(file: str) -> str | None:
    try:
        version = (parse_wheel_filename if file.endswith(".whl") else parse_sdist_filename)(file)[1]
    except (InvalidWheelFilename, InvalidSdistFilename):
        return None
    return str(version)


def _constraints(owner: Table, name: str, value: object) -> tuple[Table, ...]:
    """The constraints of one dependency: written as a string, as a table or as an array of either."""
    items = value if isinstance(value, list) else [value]
    return as_tables(owner, name, [{"version": item} if isinstance(item, str) else item for item in items])


def _bringing(entry: Table, name: str, marker: str | None) -> tuple[str, ...]:
    """The package's own extras that bring an optional dependency in."""
    extras = entry.table("extras")
    return _extras_of(marker) or tuple(
        dict.fromkeys(label(extra) for extra in extras if name in map(_required_name, extras.texts(extra)))
    )


def _required_name(text: str) -> str:
    """The name in a requirement of an ``extras`` table: ``lockfile (>=0.9)``, ``coverage[toml]``."""
    return canonicalize_name(_END_OF_NAME.split(text.strip(), maxsplit=1)[0])


FORMAT = Format(
    name="poetry.lock",
    about="the lockfile of poetry, versions 1.0, 1.1, 2.0 and 2.1",
    file_names=_FILE_NAMES,
    score=_score,
    read=_read,
    kind=Kind.LOCK,
)
