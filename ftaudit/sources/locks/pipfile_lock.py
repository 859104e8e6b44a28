"""Pipfile.lock (specification 6): default, develop and every other category is a group.

The format has no edges. What is asked for directly stands in the Pipfile beside it:
https://pipenv.pypa.io/en/latest/pipfile.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from ftaudit.model.project import (
    INDEX,
    Choices,
    DeclaredIndex,
    Edge,
    MadeFor,
    Pin,
    Reading,
    Source,
    SourceKind,
)
from ftaudit.model.text import short
from ftaudit.sources.base import Document, Format, Kind
from ftaudit.sources.reading.assemble import Assembly, checked_location, checked_name, sha256_of
from ftaudit.sources.reading.decode import key_lines
from ftaudit.sources.reading.sniff import named
from ftaudit.sources.reading.table import Table, as_tables, beside, load_json

SPECIFICATION = 6
_FILE_NAMES = ("Pipfile.lock",)
_DEFAULT = "default"
_GROUP_OF = {"packages": _DEFAULT, "dev-packages": "develop"}
_NOT_GROUPS = frozenset({"source", "requires", "scripts", "pipenv", "pipfile", "build-system"})

_FEATURE_VERSION = re.compile(r"3\.\d{1,3}(?!\d)")


def _score(document: Document) -> int:
    content = document.content
    if content.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{" and b'"pipfile-spec"' in content:
        return 2
    return 1 if named(document, _FILE_NAMES) else 0


def _read(document: Document) -> Reading:
    top, text = load_json(document.path, document.content)
    if "default" not in top and "_meta" not in top:
        raise top.error("default and _meta are missing: this is no Pipfile.lock")
    return _Reader(document, top, text).reading(document)


class _Reader:
    def __init__(self, document: Document, top: Table, text: str) -> None:
        self.assembly = Assembly(document, FORMAT.name)
        self.top = top
        self.keys = key_lines(text)
        self.sections = [(section, top.table(section)) for section in top if section != "_meta"]
        self.meta = top.table("_meta")
        version = self.meta.maybe_integer("pipfile-spec")
        if version not in (None, SPECIFICATION):
            message = f"unsupported Pipfile.lock specification {version} (ftaudit reads {SPECIFICATION})"
            raise self.meta.error(message, "pipfile-spec")
        sources = self.meta.tables("sources")
        self.indexes = tuple(_declared(sources))
        self.index_urls = {source.maybe_text("name"): checked_location(source, "url") for source in sources}
        # A package may name its index in one category only: it is the same pin in the others.
        self.index_of = {
            (str(canonicalize_name(key)), entry.get("version")): entry["index"]
            for _, section in self.sections
            for key, entry in section.values.items()
            if isinstance(entry, dict) and isinstance(entry.get("version"), str) and "index" in entry
        }

    def reading(self, document: Document) -> Reading:
        pipfile = beside(document, "Pipfile")
        roots = None if pipfile is None else tuple(_requirements(pipfile))
        asked = None if roots is None else {(edge.group, edge.name) for edge in roots}
        for section, table in self.sections:
            self.skip_to(section)
            for key in table:
                entry = table.table(key)
                line = self.skip_to(key)
                name = checked_name(table, key, key)
                origin = self.assembly.origin(
                    line,
                    marker=self.assembly.marker(entry, entry.maybe_text("markers"), "markers", line),
                    groups=(short(section),),
                    direct=None if asked is None else (short(section), name) in asked,
                )
                pin = self.pin(entry, name, line)
                self.assembly.add(replace(pin, origins=(replace(origin, asks=pin.extras),)), merge=True)
        reading = self.assembly.reading(roots=roots, made_for=self.made_for(), indexes=self.indexes)
        return replace(reading, choices=self.choices())

    def choices(self) -> Choices:
        """The categories: only ``default`` is installed unasked, ``--dev`` adds ``develop``.

        https://pipenv.pypa.io/en/latest/pipfile.html#package-categories-in-pipfile-lock
        """
        groups = tuple(short(section) for section, _ in self.sections if section != _DEFAULT)
        return Choices(groups=groups, dev_groups=("develop",), main=_DEFAULT)

    def made_for(self) -> MadeFor | None:
        """The interpreter that the Pipfile requires; pipenv locks for the one that it runs on."""
        requires = self.meta.table("requires")
        text = requires.maybe_text("python_version") or requires.maybe_text("python_full_version") or ""
        match = _FEATURE_VERSION.match(text)
        return MadeFor(python=match[0]) if match else None

    def skip_to(self, key: str) -> int | None:
        """The line of the next *key*; the text has them in the order of the parsed object."""
        return next((line for found, line in self.keys if found == key), None)

    def pin(self, entry: Table, name: str, line: int | None) -> Pin:
        source = self.source(entry, name, line)
        text = entry.maybe_text("version")
        version = ""
        if text is not None:
            version = self.assembly.version(entry, name, text.removeprefix("=="), line)
        elif source.kind is SourceKind.INDEX:
            raise entry.error("version is missing")
        extras = tuple(sorted(map(canonicalize_name, entry.texts("extras"))))
        digests = map(sha256_of, entry.texts("hashes"))
        hashes = frozenset(digest for digest in digests if digest is not None)
        return Pin(name=name, version=version, source=source, extras=extras, hashes=hashes)

    def source(self, entry: Table, name: str, line: int | None) -> Source:
        if "git" in entry:
            commit = entry.maybe_text("ref")
            location = checked_location(entry, "git") + (f"#{short(commit)}" if commit else "")
            return Source(kind=SourceKind.GIT, location=location)
        for key in ("path", "file"):
            if key in entry:
                location = checked_location(entry, key)
                remote = "://" in location and not location.startswith("file:")
                return Source(kind=SourceKind.URL if remote else SourceKind.PATH, location=location)
        index = entry.maybe_text("index") or self.index_of.get((name, entry.maybe_text("version")))
        if index is None:
            return INDEX
        if index not in self.index_urls:
            message = f'{name}: the index "{short(index)}" is none of _meta.sources: not asked for anywhere'
            self.assembly.problem("unknown-index", message, line)
            return Source(kind=SourceKind.UNKNOWN, location=short(index))
        return Source(kind=SourceKind.INDEX, location=self.index_urls[index])


def _declared(sources: tuple[Table, ...]) -> Iterator[DeclaredIndex]:
    """The sources: the first takes the public index's place, others serve the pins that name them.

    https://pipenv.pypa.io/en/latest/indexes.html
    """
    for number, source in enumerate(sources):
        yield DeclaredIndex(
            url=source.text("url"),
            name=source.maybe_text("name") or "",
            explicit=number > 0,
            replaces_default=number == 0,
            tool="pipenv",
        )


def _requirements(pipfile: Table) -> Iterator[Edge]:
    for section in pipfile:
        if section in _NOT_GROUPS or not isinstance(pipfile.values[section], dict):
            continue
        group = _GROUP_OF.get(section, section)
        table = pipfile.table(section)
        for key, value in table.values.items():
            found = {"version": value} if isinstance(value, str) else value
            (constraint,) = as_tables(table, key, [found])
            version = constraint.maybe_text("version") or ""
            yield Edge(
                name=checked_name(table, key, key),
                specifier=_specifier(version),
                extras=tuple(sorted(map(canonicalize_name, constraint.texts("extras")))),
                group=short(group),
            )


def _specifier(text: str) -> str:
    try:
        return str(SpecifierSet("" if text == "*" else text))
    except InvalidSpecifier:
        return ""


FORMAT = Format(
    name="Pipfile.lock",
    about="the lockfile of pipenv, specification 6",
    file_names=_FILE_NAMES,
    score=_score,
    read=_read,
    kind=Kind.LOCK,
)
