"""pixi.lock, versions 1 to 7: environments, each solved for several platforms out of conda and the index.

The format is what rattler writes and reads: ``crates/rattler_lock`` of https://github.com/conda/rattler.
Versions 1 to 3 are one environment, written as conda-lock does. What no environment uses is not pinned.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from packaging.utils import canonicalize_name

from ftaudit.model.conda import CondaEnvironment
from ftaudit.model.project import (
    Choices,
    DeclaredIndex,
    Edge,
    FoundInterpreter,
    MadeFor,
    Pin,
    Reading,
    SourceKind,
)
from ftaudit.model.text import short
from ftaudit.sources import limits
from ftaudit.sources.base import Document, Format, Kind
from ftaudit.sources.conda.conda_records import CONDA as CONDA_PIN
from ftaudit.sources.conda.conda_records import CondaAssembly, Record, conda_marker, origins
from ftaudit.sources.conda.pixi_packages import CONDA, KINDS, PYPI, Listed, Package, read_package
from ftaudit.sources.reading.assemble import Assembly
from ftaudit.sources.reading.sniff import has_line, named
from ftaudit.sources.reading.table import Table, load_yaml

VERSIONS = range(1, 8)
_FILE_NAMES = ("pixi.lock",)
_DEFAULT = "default"
_FIRST_WITH_ENVIRONMENTS = 4
_FIRST_WITHOUT_KIND = 6
_VERSION_LINE = re.compile(rb"(?:\A|\n)version:[ \t]*['\"]?\d")
_MANAGERS = {"conda": CONDA, "pip": PYPI, "pypi": PYPI}


def _score(document: Document) -> int:
    content, own_name = document.content.removeprefix(b"\xef\xbb\xbf"), named(document, _FILE_NAMES)
    if has_line(content, b"environments:") and _VERSION_LINE.search(content):
        return 2
    if own_name and has_line(content, b"package:"):  # as conda-lock writes it, but for the file's name
        return 2
    return 1 if own_name else 0


def _read(document: Document) -> Reading:
    top = load_yaml(document.path, document.content)
    version = top.maybe_integer("version")
    if version is None:
        raise top.error("version is missing: this is no pixi.lock")
    if version not in VERSIONS:
        known = f"{VERSIONS[0]} to {VERSIONS[-1]}"
        raise top.error(f"unsupported pixi.lock version {version} (ftaudit reads {known})", "version")
    reader = _Reader(document, top)
    if version < _FIRST_WITH_ENVIRONMENTS:
        solved = reader.old()
    else:
        solved = reader.environments(kinds=version < _FIRST_WITHOUT_KIND)
    return reader.reading(list(solved))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Solved:
    """What one environment holds on one of conda's platforms; ``extras`` are asked of those of the index."""

    name: str
    subdir: str
    packages: dict[Package, None]
    extras: dict[Package, tuple[str, ...]]


class _Reader:
    def __init__(self, document: Document, top: Table) -> None:
        self.assembly = Assembly(document, FORMAT.name)
        self.conda = CondaAssembly(self.assembly)
        self.top = top
        self.names: tuple[str, ...] = ()
        self.indexes: dict[DeclaredIndex, None] = {}

    # -- the two ways in which a lock is written --

    def old(self) -> Iterator[_Solved]:
        """Versions 1 to 3: one record for each platform."""
        if "package" not in self.top:
            raise self.top.error("package is missing: this is no pixi.lock")
        held: dict[str, dict[Package, None]] = {}
        for entry in self.top.tables("package"):
            manager = entry.text("manager")
            if manager not in _MANAGERS:
                raise entry.error(f"not a manager that pixi knows: {short(manager)}", "manager")
            package = read_package(self.assembly, entry, _MANAGERS[manager], "url")
            held.setdefault(entry.text("platform"), {})[package] = None
        for subdir, packages in held.items():
            yield _Solved(name="", subdir=subdir, packages=packages, extras={})

    def environments(self, *, kinds: bool) -> Iterator[_Solved]:
        """Version 4 and newer: environments that refer to packages, which say their kind in *kinds*."""
        if "environments" not in self.top:
            raise self.top.error("environments is missing: this is no pixi.lock")
        within = self.top.table("environments")
        self.names = tuple(within)
        if len(self.names) > limits.LABELS:
            raise within.error(f"more than {limits.LABELS} environments")
        packages = _Packages(self.assembly, self.top.tables("packages"), kinds=kinds)
        subdirs = {
            platform.text("name"): platform.maybe_text("subdir") or platform.text("name")
            for platform in self.top.tables("platforms")
        }
        for name in within:
            environment = within.table(name)
            self.indexes.update(dict.fromkeys(_indexes(environment)))
            platforms = environment.table("packages")
            for platform in platforms:
                subdir = subdirs.get(platform, platform)
                yield packages.solved(name, subdir, platforms.tables(platform))

    # -- what both come to --

    def reading(self, solved: list[_Solved]) -> Reading:
        held: dict[Listed, dict[CondaEnvironment, None]] = {}
        extras: dict[Listed, set[str]] = {}
        made: list[CondaEnvironment] = []
        for each in solved:
            records = [package for package in each.packages if isinstance(package, Record)]
            environment = self.conda.environment(each.name, each.subdir, records)
            made.append(environment)
            for package in each.packages:
                if isinstance(package, Listed):
                    held.setdefault(package, {})[environment] = None
                    extras.setdefault(package, set()).update(each.extras.get(package, ()))
        for pin in self.conda.pins():
            self.assembly.add(pin)
        listed = frozenset(package.pin.name for package in held)
        for package, environments in held.items():
            pin = replace(
                package.pin,
                origins=tuple(origins(self.assembly, package.line, environments)),
                extras=tuple(sorted(extras[package])),
                dependencies=tuple(self.edges(package.pin, listed)),
            )
            self.assembly.add(pin, merge=True)
        return self.finished(made)

    def edges(self, pin: Pin, listed: frozenset[str]) -> Iterator[Edge]:
        """The edges of *pin*: a conda package may be what it needs, wherever it would be fetched from. Which
        extras of the project itself were locked the lock does not say."""
        for edge in pin.dependencies or ():
            if edge.source == CONDA_PIN:
                yield self.conda.edge(edge.name)
                continue
            provider = None if edge.name in listed else self.conda.provider(edge.name)
            if provider is not None:
                yield replace(edge, name=provider, source=CONDA_PIN)
            elif not (pin.source.kind is SourceKind.WORKSPACE and edge.extra and edge.name not in listed):
                yield replace(edge, source=None)

    def finished(self, made: list[CondaEnvironment]) -> Reading:
        pythons = sorted({environment.python for environment in made if environment.python}, key=_order)
        one = pythons[0] if len(pythons) == 1 else None
        markers = {conda_marker(environment.platform) for environment in made}
        reading = self.assembly.reading(
            made_for=MadeFor(python=one) if one else None,
            indexes=tuple(self.indexes),
            requires_python=_between(pythons),
            environments=() if None in markers else tuple(sorted(filter(None, markers))),
        )
        groups = tuple(map(short, self.names))
        return replace(
            reading,
            interpreter=FoundInterpreter(python=one, free_threaded=one.endswith("t")) if one else None,
            choices=Choices(
                groups=groups,
                default_groups=(_DEFAULT,) if _DEFAULT in groups else (),
                main=_DEFAULT,
                exclusive=True,
            )
            if groups
            else None,
        )


class _Packages:
    """The packages of a lock by where they lie, for the environments that refer to them."""

    def __init__(self, assembly: Assembly, entries: Iterable[Table], *, kinds: bool) -> None:
        self._by_place: dict[tuple[str, str], list[tuple[Table, Package]]] = {}
        for entry in entries:
            kind, key = _kind_of(entry) if kinds else (_named_kind(entry),) * 2
            found = self._by_place.setdefault((kind, entry.text(key)), [])
            found.append((entry, read_package(assembly, entry, kind, key)))
            if len(found) > limits.PINS_OF_ONE_NAME:
                raise entry.error(f"more than {limits.PINS_OF_ONE_NAME} packages lie there", key)

    def solved(self, name: str, subdir: str, selectors: Iterable[Table]) -> _Solved:
        solved = _Solved(name=name, subdir=subdir, packages={}, extras={})
        for selector in selectors:
            kind = _named_kind(selector)
            for package in self._selected(selector, kind):
                solved.packages[package] = None
                if kind == PYPI and "extras" in selector:
                    asked = {short(canonicalize_name(extra)) for extra in selector.texts("extras")}
                    solved.extras[package] = tuple(sorted(asked))
        return solved

    def _selected(self, selector: Table, kind: str) -> Iterator[Package]:
        """The packages that *selector* means. Where several lie at one place its other keys tell which: they
        are built from source, in variants or out of one repository."""
        found = self._by_place.get((kind, selector.text(kind)), [])
        if len(found) > 1:
            asked = {key: value for key, value in selector.values.items() if key != "extras"}
            found = [
                (entry, package)
                for entry, package in found
                if all(entry.values.get(key) == value for key, value in asked.items())
            ]
        if not found:
            raise selector.error("refers to a package that the lock does not hold", kind)
        yield from (package for _, package in found)


def _named_kind(entry: Table) -> str:
    """The kind of a package, or of a reference to one, that is a key of it."""
    kind = next((kind for kind in KINDS if kind in entry), None)
    if kind is None:
        raise entry.error(f"must have one of the keys {', '.join(KINDS)}")
    return kind


def _kind_of(entry: Table) -> tuple[str, str]:
    """The kind that *entry* states, and the key that tells where it lies."""
    kind = entry.text("kind")
    if kind not in (CONDA, PYPI):
        raise entry.error(f"not a kind that pixi knows: {short(kind)}", "kind")
    return kind, "path" if "path" in entry and "url" not in entry else "url"


def _indexes(environment: Table) -> Iterator[DeclaredIndex]:
    """All that are asked, the public one among them only where it is named. A folder of files is not: what
    is locked of it is a path."""
    for url in environment.texts("indexes"):
        yield DeclaredIndex(url=url, replaces_default=True, tool="pixi")
    for place in environment.tables("find-links"):
        if "url" in place:
            yield DeclaredIndex(url=place.text("url"), find_links=True, tool="pixi")


def _order(python: str) -> tuple[int, ...]:
    return tuple(int(part) for part in python.removesuffix("t").split("."))


def _between(pythons: list[str]) -> str | None:
    """The specifier of the feature versions *pythons*, ascending, that the environments are solved for."""
    if not pythons:
        return None
    (major, minor), last = _order(pythons[0]), _order(pythons[-1])
    return f">={major}.{minor},<{last[0]}.{last[1] + 1}"


FORMAT = Format(
    name="pixi.lock",
    about="the lockfile of pixi, versions 1 to 7",
    file_names=_FILE_NAMES,
    score=_score,
    read=_read,
    kind=Kind.LOCK,
)
