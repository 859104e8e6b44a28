"""What an installer leaves in a ``site-packages``: ``*.dist-info`` and its older kin, read and never run.

https://packaging.python.org/en/latest/specifications/recording-installed-packages/
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from packaging.requirements import InvalidRequirement
from packaging.tags import Tag, parse_tag
from packaging.utils import InvalidName, canonicalize_name
from packaging.version import Version

from ftaudit.errors import InputError
from ftaudit.model.markers import MarkerError
from ftaudit.model.project import INDEX, Edge, ListedFile, Origin, Pin, Problem, Severity, Source, SourceKind
from ftaudit.model.text import mask, short
from ftaudit.sources import limits
from ftaudit.sources.installed.path_files import leading_out
from ftaudit.sources.installed.unowned import unowned
from ftaudit.sources.reading import decode, requires_dist
from ftaudit.sources.reading.assemble import LONG_NUMBER
from ftaudit.sources.tree import Tree

_NAMED = 3
"""Shared objects that a message names; the others are counted."""
_FOLDER = re.compile(r"([A-Za-z0-9][\w.]*)-([^-]+)\.dist-info")
_EGG_INFO = re.compile(r"([A-Za-z0-9][\w.-]*?)(?:-([^-]+?))?(?:-py\d[\w.]*)?\.egg-info")


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The header of a core metadata file: ``text`` is without the description.

    ``edges`` are those of ``Requires-Dist``, None where one of its lines does not parse.
    """

    name: str
    version: str
    text: str
    edges: tuple[Edge, ...] | None
    requires_python: str | None


@dataclass(slots=True, kw_only=True)
class Site:
    """What one ``site-packages`` holds; ``tags`` are those of its platform wheels, a set for each."""

    pins: list[Pin] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    tags: list[frozenset[Tag]] = field(default_factory=list)


def head(path: str, content: bytes) -> Head:
    """The header of the core metadata in *content*; raises `InputError` without a valid name and version."""
    # Slow to import, and most runs read no metadata of what is installed.
    from email.parser import HeaderParser
    from email.policy import compat32

    from packaging.metadata import parse_email

    if len(content) > limits.METADATA:
        raise InputError(path, f"larger than {limits.METADATA // 1024**2} MB, the limit for metadata")
    text = re.split(r"\r?\n\r?\n", content.decode("utf-8", "replace"), maxsplit=1)[0]
    if HeaderParser(policy=compat32).parsestr(text, headersonly=True).defects or LONG_NUMBER.search(text):
        raise InputError(path, "a line of the metadata is not a field, or a number has no end")
    raw, _ = parse_email(text)
    if not raw.get("name") or not raw.get("version"):
        raise InputError(path, "no name or no version in the metadata")
    try:
        name = canonicalize_name(raw["name"], validate=True)
        Version(raw["version"])
    except ValueError as error:
        raise InputError(path, "an invalid name or version in the metadata") from error
    try:
        edges = tuple(edge for line in raw.get("requires_dist", ()) for edge in requires_dist.edges(line))
    except (InvalidRequirement, MarkerError):
        edges = None
    return Head(
        name=name,
        version=raw["version"],
        text=text,
        edges=edges,
        requires_python=raw.get("requires_python"),
    )


def read_site(tree: Tree, place: str, *, input_path: str, shown: str) -> Site:
    """Everything installed in the folder *place* of *tree*, which a user knows as *shown*.

    Nothing is dropped: what cannot be read is listed without evidence where it has a name, and is a problem
    ``broken-installation`` in any case.
    """
    site = Site()
    for entry in tree.entries(place):
        where = f"{place}/{entry}" if place else entry
        path = f"{shown}/{entry}"
        if entry.endswith(".dist-info"):
            _dist_info(site, tree, where, path, input_path)
        elif entry.endswith((".egg-info", ".egg-link")):
            _egg(site, tree, where, path, input_path)
        elif entry.endswith(".egg"):
            _broken(site, input_path, f"{short(path)}: an egg, which is not read")
    _path_files(site, tree, place, shown, input_path)
    _unowned(site, tree, place, shown, input_path)
    return site


def _unowned(site: Site, tree: Tree, place: str, shown: str, input_path: str) -> None:
    """Says which shared objects belong to none of the pins."""
    try:
        paths = unowned(tree, place)
    except InputError as error:
        _broken(site, input_path, f"{shown}: {error.reason}")
        return
    if paths:
        more = f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else ""
        names = ", ".join(short(f"{shown}/{path}", 200) for path in paths[:_NAMED])
        message = f"listed by no installed distribution, and not read: {names}{more}"
        site.problems.append(Problem(input=input_path, rule="unowned-module", message=message))


def _path_files(site: Site, tree: Tree, place: str, shown: str, input_path: str) -> None:
    """Says which folders are imported from that are none of those that are read; a develop link is a pin."""
    known = frozenset(pin.source.location for pin in site.pins if pin.source.kind is SourceKind.PATH)
    try:
        names = leading_out(tree, place, known)
    except InputError as error:
        _broken(site, input_path, f"{shown}: {error.reason}")
        return
    for name in names:
        message = f"{short(name)} has it import from another folder, which is not read"
        site.problems.append(Problem(input=input_path, rule="other-import-path", message=message))


def _dist_info(site: Site, tree: Tree, place: str, path: str, input_path: str) -> None:
    named = _FOLDER.fullmatch(place.rpartition("/")[2])
    try:
        found = head(f"{path}/METADATA", tree.read(f"{place}/METADATA", limit=limits.METADATA))
        source = _source(tree, place, path)
        tags = _tags(tree, place, path)
        installer = _small(tree, f"{place}/INSTALLER").strip()
    except InputError as error:
        _broken(site, input_path, f"{path}: {error.reason}")
        if named:
            origin = Origin(input=input_path, path=path)
            site.pins.append(
                Pin(
                    name=canonicalize_name(named[1]),
                    version=named[2],
                    source=Source(kind=SourceKind.UNKNOWN),
                    origins=(origin,),
                    installed=True,
                )
            )
        return
    if named and (canonicalize_name(named[1]), named[2]) != (found.name, found.version):
        _broken(site, input_path, f"{path}: its METADATA says {found.name} {short(found.version)}")
    if found.edges is None:
        _broken(site, input_path, f"{path}: a Requires-Dist line does not parse")
    requested = tree.is_file(f"{place}/REQUESTED")
    # https://peps.python.org/pep-0376/#requested is written by pip and uv, and by few others.
    direct = True if requested else False if installer in ("pip", "uv") else None
    if source is INDEX and installer == "conda":
        source = Source(kind=SourceKind.CONDA)
    if tags and any(tag.platform != "any" for tag in tags):
        site.tags.append(tags)
    real = tree.real_path(place) or place
    site.pins.append(
        Pin(
            name=found.name,
            version=found.version,
            source=source,
            origins=(Origin(input=input_path, path=path, direct=direct),),
            files=tuple(ListedFile(name=name, path=real) for name in _file_names(found, tags)),
            dependencies=found.edges,
            requires_python=found.requires_python,
            installed=True,
            metadata=found.text,
        )
    )


def _small(tree: Tree, place: str) -> str:
    if not tree.is_file(place):
        return ""
    return tree.read(place, limit=limits.SMALL_FILE).decode("utf-8", "replace")


def _tags(tree: Tree, place: str, path: str) -> frozenset[Tag]:
    """The tags of the WHEEL file, none where there is none (installed by other means)."""
    lines = _small(tree, f"{place}/WHEEL").splitlines()
    values = [line.partition(":")[2].strip() for line in lines if line.lower().startswith("tag:")]
    try:
        return frozenset(tag for value in values for tag in parse_tag(value))
    except ValueError as error:
        raise InputError(f"{path}/WHEEL", "a tag that does not parse") from error


def _file_names(found: Head, tags: frozenset[Tag]) -> tuple[str, ...]:
    """The name of the wheel that was installed, from its tags; several where one cannot say just these."""
    parts = [sorted({getattr(tag, part) for tag in tags}) for part in ("interpreter", "abi", "platform")]
    stem = f"{found.name.replace('-', '_')}-{found.version}"
    if len(tags) == len(parts[0]) * len(parts[1]) * len(parts[2]):
        return (f"{stem}-{'-'.join('.'.join(part) for part in parts)}.whl",) if tags else ()
    return tuple(sorted(f"{stem}-{tag}.whl" for tag in tags))


def _source(tree: Tree, place: str, path: str) -> Source:
    """Where ``direct_url.json`` (PEP 610) says that it came from; without that file, an index."""
    text = _small(tree, f"{place}/direct_url.json")
    if not text:
        return INDEX
    where = f"{path}/direct_url.json"
    table = decode.parse_json(where, text)
    url = table.get("url") if isinstance(table, dict) else None
    if not isinstance(table, dict) or not isinstance(url, str):
        raise InputError(where, "it has no url")
    vcs, folder = table.get("vcs_info"), table.get("dir_info")
    if isinstance(vcs, dict):
        git = vcs.get("vcs") == "git"
        location = short(f"{vcs.get('vcs')}+{url}@{vcs.get('commit_id')}", limits.LOCATION)
        return Source(kind=SourceKind.GIT if git else SourceKind.URL, location=mask(location))
    if isinstance(folder, dict) and folder.get("editable") is True and in_project(tree, url):
        return Source(kind=SourceKind.WORKSPACE, location=mask(url))
    return Source(kind=SourceKind.PATH if url.startswith("file:") else SourceKind.URL, location=mask(url))


def in_project(tree: Tree, url: str) -> bool:
    """Whether *url* is a folder of the project itself, not merely of the environment."""
    return tree.is_folder(unquote(re.sub(r"^file:(?://)?", "", url)))


def _egg(site: Site, tree: Tree, place: str, path: str, input_path: str) -> None:
    """An install of before dist-info: setuptools' develop link, or an ``egg-info`` that names no origin."""
    entry = place.rpartition("/")[2]
    origin = Origin(input=input_path, path=path)
    if entry.endswith(".egg-link"):
        target = short(_small(tree, place).partition("\n")[0].strip(), limits.LOCATION)
        name, version = entry.removesuffix(".egg-link"), ""
        source = Source(kind=SourceKind.PATH, location=target)
    else:
        named = _EGG_INFO.fullmatch(entry)
        name, version = (named[1], named[2] or "") if named else ("", "")
        source = Source(kind=SourceKind.UNKNOWN)
    try:
        known = canonicalize_name(name, validate=True)
    except InvalidName:
        _broken(site, input_path, f"{short(path)}: its name says nothing")
        return
    site.pins.append(Pin(name=known, version=version, source=source, origins=(origin,), installed=True))


def _broken(site: Site, input_path: str, message: str) -> None:
    site.problems.append(
        Problem(input=input_path, rule="broken-installation", message=message, severity=Severity.INCOMPLETE)
    )
