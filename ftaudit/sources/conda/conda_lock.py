"""conda-lock.yml, version 1, under any file name: one record for each package, platform and category.

The format is conda-lock's ``lockfile/v1/models.py``: https://github.com/conda/conda-lock. It keeps the build
string in the URL only, and drops the builds from what a record depends on; so nothing but the record of the
interpreter tells whether an environment is free-threaded.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from ftaudit.model.conda import CondaEnvironment
from ftaudit.model.project import (
    INDEX,
    Choices,
    Edge,
    ListedFile,
    MadeFor,
    Pin,
    PinKey,
    Reading,
    Source,
    SourceKind,
)
from ftaudit.model.text import mask, short
from ftaudit.sources import limits
from ftaudit.sources.base import Document, Format, Kind
from ftaudit.sources.conda.conda_made_for import agreed
from ftaudit.sources.conda.conda_pip import of_index
from ftaudit.sources.conda.conda_records import (
    CONDA,
    CondaAssembly,
    Record,
    archive,
    build_kind,
    conda_marker,
)
from ftaudit.sources.reading.assemble import (
    LONG_NUMBER,
    Assembly,
    checked_location,
    checked_name,
)
from ftaudit.sources.reading.platforms import conda_platform
from ftaudit.sources.reading.sniff import has_line, named
from ftaudit.sources.reading.table import Table, load_yaml

VERSION = 1
_FILE_NAMES = ("conda-lock.yml", "conda-lock.yaml", "*.conda-lock.yml", "*.conda-lock.yaml")
_MAIN, _DEV = "main", "dev"
_SUBDIR = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)?")


def _score(document: Document) -> int:
    if document.name == "pixi.lock":  # its first versions have the same keys
        return 0
    if all(has_line(document.content, key) for key in (b"version:", b"metadata:", b"package:")):
        return 2
    return 1 if named(document, _FILE_NAMES) else 0


def _read(document: Document) -> Reading:
    top = load_yaml(document.path, document.content)
    version = top.maybe_integer("version")
    if version is None:
        raise top.error("version is missing: this is no conda-lock.yml")
    if version != VERSION:
        raise top.error(f"unsupported conda-lock.yml version {version} (ftaudit reads {VERSION})", "version")
    if "package" not in top:
        raise top.error("package is missing: this is no conda-lock.yml")
    return _Reader(document, top).reading()


@dataclass(frozen=True, slots=True)
class _Entry:
    """A record as it stands there: what both managers' have. ``groups`` is empty for what is of main."""

    table: Table
    platform: str
    groups: tuple[str, ...]


class _Reader:
    def __init__(self, document: Document, top: Table) -> None:
        self.assembly = Assembly(document, FORMAT.name)
        self.conda = CondaAssembly(self.assembly)
        self.categories: dict[str, None] = {}
        self.records: dict[str, list[Record]] = {}
        self.of_pip: list[_Entry] = []
        for table in top.tables("package"):
            self.take(table)

    def take(self, table: Table) -> None:
        platform = table.text("platform")
        if not _SUBDIR.fullmatch(platform) or len(platform) > limits.NAME:
            raise table.error(f'no platform of conda: "{short(platform)}"', "platform")
        entry = _Entry(table, platform, self.groups(table))
        records = self.records.setdefault(platform, [])
        manager = table.text("manager")
        if manager == "conda":
            # Older releases also wrote the virtual packages that they solved with.
            if not table.text("name").startswith("__"):
                records.append(_record(entry))
        elif manager == "pip":
            self.of_pip.append(entry)
        else:
            raise table.error(f'must be conda or pip, not "{short(manager)}"', "manager")

    def groups(self, table: Table) -> tuple[str, ...]:
        one = table.maybe_text("category")
        named = table.texts("categories") if one is None else (one,)
        categories = tuple(short(canonicalize_name(name)) for name in named) or (_MAIN,)
        self.categories.update(dict.fromkeys(categories))
        if len(self.categories) > limits.GROUPS:
            raise table.error(f"more than {limits.GROUPS} categories")
        return () if _MAIN in categories else categories

    def reading(self) -> Reading:
        environments = [
            self.conda.environment("", platform, records) for platform, records in self.records.items()
        ]
        for pin in self.conda.pins():
            self.assembly.add(_with_extras(pin))
        of_pip = frozenset(str(canonicalize_name(entry.table.text("name"))) for entry in self.of_pip)
        by_key: dict[PinKey, list[Pin]] = defaultdict(list)
        for entry in self.of_pip:
            pin = self.pip_pin(entry, of_pip)
            by_key[pin.key].append(pin)
        for of_one in by_key.values():
            self.assembly.add(_with_extras(_together(of_one)))
        found = agreed(environments)
        reading = self.assembly.reading(
            made_for=MadeFor(python=found.python) if found else None, environments=_markers(environments)
        )
        return replace(reading, choices=self.choices(), interpreter=found)

    def choices(self) -> Choices:
        """``conda-lock install`` takes main and dev, and other categories by ``--extras``."""
        groups = tuple(sorted(self.categories.keys() - {_MAIN}))
        dev = tuple(name for name in groups if name == _DEV)
        return Choices(groups=groups, extras=_extras(groups), default_groups=dev, dev_groups=dev, main=_MAIN)

    def pip_pin(self, entry: _Entry, of_pip: frozenset[str]) -> Pin:
        table = entry.table
        name = checked_name(table, table.text("name"))
        source, files = _pip_source(table, name)
        origin = self.assembly.origin(
            table.line, marker=conda_marker(conda_platform(entry.platform)), groups=entry.groups
        )
        return Pin(
            name=name,
            version=self.assembly.version(table, name, table.text("version"), table.line),
            source=source,
            origins=(origin,),
            files=files,
            dependencies=tuple(self.pip_edges(table.table("dependencies"), of_pip)),
        )

    def pip_edges(self, table: Table, of_pip: frozenset[str]) -> Iterator[Edge]:
        """What a package of pip's needs may be a package of conda's."""
        for key in table:
            name = checked_name(table, key, key)
            provider = None if name in of_pip else self.conda.provider(name)
            if provider is None:
                yield Edge(name=name, specifier=_specifier(table.maybe_text(key) or ""))
            else:
                yield Edge(name=provider, source=CONDA)


def _extras(groups: tuple[str, ...]) -> tuple[str, ...]:
    """Those of *groups* that conda-lock has no option for but ``--extras``."""
    return tuple(name for name in groups if name != _DEV)


def _with_extras(pin: Pin) -> Pin:
    return replace(pin, origins=tuple(replace(o, extras=_extras(o.groups)) for o in pin.origins))


def _together(pins: list[Pin]) -> Pin:
    """The records of one pin, for several platforms or categories, as one. Linear in their number."""
    return replace(
        pins[0],
        origins=tuple(dict.fromkeys(origin for pin in pins for origin in pin.origins)),
        files=tuple(dict.fromkeys(file for pin in pins for file in pin.files)),
        dependencies=tuple(dict.fromkeys(edge for pin in pins for edge in pin.dependencies or ())),
    )


def _record(entry: _Entry) -> Record:
    table = entry.table
    found = archive(table, table.text("url"), "url")
    said = (table.text("name"), table.text("version"))
    if (said[0].lower(), said[1]) != (found.name.lower(), found.version):
        raise table.error(f"is the archive of {found.name} {found.version}, which the entry is not", "url")
    needs = table.table("dependencies")
    depends = tuple(f"{name} {needs.maybe_text(name) or ''}".rstrip() for name in needs)
    return Record(
        archive=found,
        kind=build_kind(found.subdir, depends),
        depends=depends,
        groups=entry.groups,
        line=table.line,
    )


def _pip_source(table: Table, name: str) -> tuple[Source, tuple[ListedFile, ...]]:
    """Where pip takes *name* from, and its file where that is an index's."""
    url = checked_location(table, "url")
    if url.startswith("git+"):
        return Source(kind=SourceKind.GIT, location=mask(url)), ()
    if "://" not in url or url.startswith("file:"):
        return Source(kind=SourceKind.PATH, location=mask(url)), ()
    asked = table.table("source").maybe_text("type") == "url" if table.values.get("source") else False
    file = None if asked else of_index(name, url, table.table("hash").maybe_text("sha256"))
    return (INDEX, (file,)) if file else (Source(kind=SourceKind.URL, location=mask(url)), ())


def _specifier(text: str) -> str:
    try:
        return "" if LONG_NUMBER.search(text) else str(SpecifierSet(text))
    except InvalidSpecifier:
        return ""


def _markers(environments: list[CondaEnvironment]) -> tuple[str, ...]:
    markers = (conda_marker(each.platform) for each in environments)
    return tuple(dict.fromkeys(marker for marker in markers if marker))


FORMAT = Format(
    name="conda-lock.yml",
    about="the lockfile of conda-lock, version 1, under any name",
    file_names=_FILE_NAMES,
    score=_score,
    read=_read,
    kind=Kind.LOCK,
)
