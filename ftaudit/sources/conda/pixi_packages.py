"""The packages of a pixi.lock: conda archives, conda packages built from source, and those of the index.

From version 6 on a package is named by where it lies (``conda: URL``, ``pypi: URL``), from 7 on what is
built from source by an identifier (``conda_source: name[hash] @ path``); 4 and 5 have a ``kind:`` and a
``url`` or ``path`` beside it, 1 to 3 a ``manager:``. All of it is read as rattler does:
https://github.com/conda/rattler/tree/main/crates/rattler_lock
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ftaudit.model.project import INDEX, Edge, ListedFile, Pin, Source, SourceKind
from ftaudit.model.text import mask, printable, without_credentials
from ftaudit.sources.conda.conda_records import CONDA as CONDA_PIN
from ftaudit.sources.conda.conda_records import (
    NOARCH,
    Record,
    archive,
    build_kind,
    checked_conda_name,
    checked_conda_version,
    index_name,
    needed,
)
from ftaudit.sources.reading.assemble import Assembly, checked_location, checked_name, file_name, sha256_of
from ftaudit.sources.reading.declared import specifier
from ftaudit.sources.reading.requires_dist import listed_edges
from ftaudit.sources.reading.table import Table

CONDA, PYPI = "conda", "pypi"
KINDS = (CONDA, "conda_source", PYPI)
"""The keys that say from version 6 on of what kind a package is, and where it lies."""
_DYNAMIC = "<dynamic>"
_IDENTIFIER = re.compile(r"([^\s\[\]]+)\[[0-9a-f]*\] @ (.+)")
_ARCHIVES = (".conda", ".tar.bz2")
_DISTRIBUTIONS = (".whl", ".tar.gz", ".zip")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Listed:
    """A package that is no conda archive, without its origins. ``line`` is where it stands."""

    pin: Pin
    line: int | None


Package = Record | Listed


def read_package(assembly: Assembly, entry: Table, kind: str, key: str) -> Package:
    """The package of *kind* that *entry* describes; *key* holds where it lies. Raises `InputError`."""
    if kind == PYPI:
        return _of_index(assembly, entry, key)
    location = entry.text(key)
    if kind == CONDA and re.split("[?#]", location, maxsplit=1)[0].endswith(_ARCHIVES):
        return _archived(entry, key)
    return _built(entry, key)


def _archived(entry: Table, key: str) -> Record:
    found = archive(entry, entry.text(key), key)
    name = entry.maybe_text("name")
    version = entry.maybe_text("version")
    depends = tuple(_depends(entry))
    return Record(
        archive=replace(
            found,
            name=checked_conda_name(entry, name) if name else found.name,
            version=checked_conda_version(entry, version) if version else found.version,
        ),
        kind=build_kind(_subdir(entry, found.subdir), depends),
        depends=depends,
        index_name=index_name(entry.texts("purls")),
        line=entry.line,
    )


def _subdir(entry: Table, of_url: str) -> str:
    """The platform of an archive. Up to version 3 an entry names that of its environment, and says ``noarch``
    beside it; from 4 on it names its own, where that is not the one of its URL."""
    stated = entry.maybe_text("subdir")
    if not of_url or stated is None or "noarch" in entry:
        return of_url or stated or ""
    return stated if of_url == NOARCH else of_url


def _depends(entry: Table) -> Iterator[str]:
    """The MatchSpecs: a list, or up to version 3 a mapping of names."""
    yield from entry.texts("depends")
    if isinstance(entry.values.get("dependencies"), list):
        yield from entry.texts("dependencies")
        return
    dependencies = entry.table("dependencies")
    for name in dependencies:
        yield f"{name} {dependencies.text(name)}"


def _built(entry: Table, key: str) -> Listed:
    """A conda package that is built from source: no index and no channel can judge it."""
    name, location = entry.maybe_text("name"), entry.text(key)
    if match := _IDENTIFIER.fullmatch(location):
        name, location = name or match[1], match[2]
    if name is None:
        raise entry.error("name is missing")
    try:
        location = printable(mask(without_credentials(location)))
    except ValueError:
        raise entry.error("not a URL", key) from None
    version = entry.maybe_text("version")
    return Listed(
        pin=Pin(
            name=checked_conda_name(entry, name),
            version=checked_conda_version(entry, version) if version else "",
            source=_source(location, editable=False),
            dependencies=tuple(Edge(name=needs, source=CONDA_PIN) for needs in needed(_depends(entry))),
        ),
        line=entry.line,
    )


def _of_index(assembly: Assembly, entry: Table, key: str) -> Listed:
    line = entry.line
    name = checked_name(entry, entry.text("name"))
    location = checked_location(entry, key)
    direct = location.startswith("direct+")
    location = location.removeprefix("direct+")
    source = _source(location, editable=entry.maybe_flag("editable") or False)
    if source.kind is SourceKind.URL and not direct:
        source = INDEX
        if "index" in entry:
            source = Source(kind=SourceKind.INDEX, location=checked_location(entry, "index"))
    text = entry.maybe_text("version") or ""
    if text == _DYNAMIC or not text:
        if source.kind is SourceKind.INDEX:
            raise entry.error("version is missing")
        text = ""
    return Listed(
        pin=Pin(
            name=name,
            version=assembly.version(entry, name, text, line) if text else "",
            source=source,
            files=tuple(_files(entry, key, location, source)),
            dependencies=_requirements(assembly, entry),
            requires_python=specifier(entry, "requires_python"),
        ),
        line=line,
    )


def _source(location: str, *, editable: bool) -> Source:
    """Where what lies at *location* would be fetched from. The project itself lies beside its lock."""
    if location.startswith("git+"):
        return Source(kind=SourceKind.GIT, location=location)
    if "://" in location and not location.startswith("file:"):
        return Source(kind=SourceKind.URL, location=location)
    inside = not location.startswith(("/", "file:", "..", "./..")) and ":" not in location
    own = location in (".", "./") or (editable and inside)
    return Source(kind=SourceKind.WORKSPACE if own else SourceKind.PATH, location=location)


def _files(entry: Table, key: str, location: str, source: Source) -> Iterator[ListedFile]:
    if source.kind not in (SourceKind.INDEX, SourceKind.URL, SourceKind.PATH):
        return
    if not re.split("[?#]", location, maxsplit=1)[0].endswith(_DISTRIBUTIONS):
        return
    digest = entry.maybe_text("sha256") or entry.table("hash").maybe_text("sha256")
    yield ListedFile(
        name=file_name(entry, location, key),
        url=None if source.kind is SourceKind.PATH else location,
        sha256=sha256_of(f"sha256:{digest}") if digest else None,
    )


def _requirements(assembly: Assembly, entry: Table) -> tuple[Edge, ...]:
    """What a package of the index needs: ``requires_dist``, which version 3 and older also call
    ``dependencies``, or write as a mapping of names."""
    for key in ("requires_dist", "dependencies"):
        if isinstance(entry.values.get(key), list):
            return listed_edges(assembly, entry, key, entry.line)
    if "requires_dist" in entry:
        raise entry.error("must be an array", "requires_dist")
    dependencies = entry.table("dependencies")
    return tuple(Edge(name=checked_name(dependencies, name, name)) for name in dependencies)
