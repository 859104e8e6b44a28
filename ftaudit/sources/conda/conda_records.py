"""What the readers of conda's locks share: archives, how they were built, and the pins that they make.

A conda record is an archive (``linux-64/numpy-2.4.6-py314hd4f4903_0.conda``) with what it depends on. Its
build string does not tell that it was built for a free-threaded interpreter; only the interpreter's own does
(``python-3.14.5-hf9ea5aa_0_cp314t``, ``python_abi-3.14-8_cp314t``), so a record is judged by the environments
that hold it. https://github.com/prefix-dev/rattler-build/issues/2404
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from packaging.utils import InvalidName, canonicalize_name

from ftaudit.model.conda import CondaBuild, CondaEnvironment, CondaRecord
from ftaudit.model.project import Edge, Origin, Pin, Source, SourceKind
from ftaudit.model.text import printable, short, without_credentials
from ftaudit.sources import limits
from ftaudit.sources.reading.assemble import Assembly, too_long
from ftaudit.sources.reading.platforms import conda_platform, platform_marker
from ftaudit.sources.reading.table import Table

CONDA = Source(kind=SourceKind.CONDA)
NOARCH = "noarch"

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_VERSION = re.compile(r"[A-Za-z0-9._+!~]+")
_BUILD = re.compile(r"[A-Za-z0-9._+!~]*")
_SUBDIR = re.compile(r"noarch|(?:linux|osx|win|freebsd|zos|emscripten|wasi)-[a-z0-9]+")
_TOKEN = re.compile(r"(?<=/t/)[^/]+(?=/)")
_INTERPRETERS = ("python", "python_abi")
_EXTENSIONS = (".conda", ".tar.bz2")
_SPEC_NAME = re.compile(r"(?:[^\s\[\];=<>!~]*::)?([A-Za-z0-9_][A-Za-z0-9._-]*)")
_PURL = re.compile(r"pkg:/*pypi/([^/@?#]+)(?:[@?#].*)?", re.IGNORECASE | re.DOTALL)
_FEATURE_VERSION = re.compile(r"(\d{1,3}\.\d{1,3})(?!\d)")
_ABI = re.compile(r"(?:.*_)?cp(\d)(\d{1,3})(t?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """What the address of an archive says. ``subdir`` is empty where its folder is none of conda's;
    ``url`` is without credentials, query and checksum, and may be a path."""

    name: str
    version: str
    build: str
    subdir: str
    url: str


@dataclass(frozen=True, slots=True)
class Sign:
    """What a record says of the interpreter: a feature version, whether it is free-threaded (None: nothing),
    and the record, to be shown."""

    version: str | None
    free_threaded: bool | None
    shown: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Record:
    """A package of a lock, by identity: many environments may hold one.

    ``depends`` are its MatchSpecs, which conda-lock writes without the build; ``index_name`` is what the
    function of that name gives; ``groups`` are those of the lock's own that it belongs to, beside its
    environments; ``line`` is where it stands. ``signs`` are those that it gives of the interpreter.
    """

    archive: Archive
    kind: CondaBuild
    depends: tuple[str, ...] = ()
    index_name: str | None = None
    groups: tuple[str, ...] = ()
    line: int | None = None
    signs: tuple[Sign, ...] = field(init=False)

    def __post_init__(self) -> None:
        # Found once: a record may be in hundreds of environments.
        object.__setattr__(self, "signs", tuple(_signs(self.archive, self.depends)))


def checked_conda_name(table: Table, text: str, key: str = "name") -> str:
    """*text*, found at *key* of *table*, as conda spells the name; raises `InputError` for what is none."""
    if len(text) <= limits.NAME and _NAME.fullmatch(text):
        return text
    raise table.error(f'invalid conda package name "{short(text)}"{too_long(text)}', key)


def checked_conda_version(table: Table, text: str, key: str = "version") -> str:
    """*text*, found at *key* of *table*: a version as conda knows them (``2024a``); raises `InputError`."""
    if len(text) <= limits.NAME and _VERSION.fullmatch(text):
        return text
    raise table.error(f'invalid conda version "{short(text)}"{too_long(text)}', key)


def conda_url(table: Table, text: str, key: str) -> str:
    """The URL or path *text*, found at *key* of *table*, without user, token (``/t/TOKEN/``), query and
    checksum; raises `InputError` for what is no URL."""
    text = re.split(r"[?#]", text, maxsplit=1)[0]
    try:
        text = without_credentials(text) if "@" in text and "://" in text else text
    except ValueError:
        raise table.error("not a URL", key) from None
    if "/t/" in text:
        text = _TOKEN.sub("****", text)
    return text if text.isprintable() else printable(text)


def archive(table: Table, text: str, key: str) -> Archive:
    """The archive at the URL or path *text*, found at *key* of *table*; raises `InputError`."""
    url = conda_url(table, text, key)
    # Of the text itself: the URL is fit to be shown, and its escapes would look like folders.
    folder, _, file = re.split(r"[?#]", text, maxsplit=1)[0].replace("\\", "/").rpartition("/")
    # conda's own explicit files write an epoch's "!" as it is, pixi's URLs as %21.
    file = unquote(file)
    stem = next((file.removesuffix(end) for end in _EXTENSIONS if file.endswith(end)), "")
    name, version, build = (["", *stem.rsplit("-", 2)])[-3:] if stem.count("-") >= 2 else ("", "", "")
    if not name or len(file) > limits.NAME or not _BUILD.fullmatch(build):
        why = f'must be a conda archive (NAME-VERSION-BUILD.conda), not "{short(file)}"{too_long(file)}'
        raise table.error(why, key)
    subdir = folder.rpartition("/")[2]
    return Archive(
        name=checked_conda_name(table, name, key),
        version=checked_conda_version(table, version, key),
        build=build,
        subdir=subdir if _SUBDIR.fullmatch(subdir) else "",
        url=url,
    )


def build_kind(subdir: str, depends: Iterable[str]) -> CondaBuild:
    """How a record of conda's platform *subdir* with the MatchSpecs *depends* was built.

    An abi3 record may call itself ``noarch: python`` and is compiled all the same:
    https://github.com/conda/ceps/blob/main/cep-0020.md
    """
    if any(spec_name(spec) == "_python_abi3_support" for spec in depends):
        return CondaBuild.ABI3
    return CondaBuild.NOARCH if subdir == NOARCH else CondaBuild.COMPILED


def spec_name(spec: str) -> str | None:
    """The name that the MatchSpec *spec* asks for, or None where it names none (``*[license=MIT]``)."""
    match = _SPEC_NAME.match(spec.strip())
    return match[1].rstrip(".") if match and len(match[1]) <= limits.NAME else None


def index_name(purls: Iterable[str]) -> str | None:
    """The one package of the index that *purls* name (``pkg:pypi/msgpack@1.1?source=…``), normalised;
    None for no such purl, for several names, and for one that no package can have."""
    names = set()
    for purl in purls:
        if match := _PURL.fullmatch(purl):
            try:
                names.add(canonicalize_name(unquote(match[1]), validate=True))
            except InvalidName:
                return None
    return names.pop() if len(names) == 1 else None


class InterpreterUnclearError(ValueError):
    """What an environment holds says both that its interpreter is free-threaded and that it is not, or names
    two feature versions; the message says which records."""


def interpreter(records: Collection[Record]) -> str | None:
    """The feature version of the interpreter in *records* (one environment on one platform), with the ``t``
    of a free-threaded build (``3.14t``), or None where none is in it.

    Raises `InterpreterUnclearError` where the records contradict each other.
    """
    abis: dict[bool, str] = {}
    versions: dict[str, str] = {}
    held = False
    for record in records:
        # python_abi only says which one may be there, and what runs on no platform of its own is none.
        held = held or (record.archive.name == "python" and record.kind is not CondaBuild.NOARCH)
        for sign in record.signs:
            if sign.version is not None:
                versions.setdefault(sign.version, sign.shown)
            if sign.free_threaded is not None:
                abis.setdefault(sign.free_threaded, sign.shown)
    for shown in (abis.values(), versions.values()):
        if len(shown) > 1:
            raise InterpreterUnclearError(" and ".join(list(shown)[:2]))
    if not held or not versions:
        return None
    return next(iter(versions)) + ("t" if True in abis else "")


def _signs(archive: Archive, depends: Iterable[str]) -> Iterator[Sign]:
    """conda-forge's ``python-gil`` and ``python-freethreading`` say it by being there."""
    shown = f"{archive.name} {archive.version} {archive.build}".rstrip()
    if archive.name in _INTERPRETERS:
        version = _FEATURE_VERSION.match(archive.version)
        yield Sign(version[1] if version else None, None, shown)
        yield from _abi_signs(archive.build, shown)
    elif archive.name in ("python-gil", "python-freethreading"):
        yield Sign(None, archive.name == "python-freethreading", shown)
    for spec in dict.fromkeys(depends):
        words = spec.split()
        if len(words) == 3 and words[0] == "python_abi":
            yield from _abi_signs(words[2], f"{shown} (it needs {short(spec)})")


def _abi_signs(build: str, shown: str) -> Iterator[Sign]:
    if match := _ABI.fullmatch(build):
        yield Sign(f"{match[1]}.{match[2]}", bool(match[3]), shown)


class CondaAssembly:
    """Puts the conda pins of one lock together: one for each name and version, with every archive of it."""

    def __init__(self, assembly: Assembly) -> None:
        self._assembly = assembly
        self._held: dict[tuple[str, str], dict[Record, dict[CondaEnvironment, None]]] = {}
        self._spelt: dict[str, str] = {}
        self._mapped: dict[str, str] = {}
        self._normalised: dict[str, str] = {}

    def environment(self, name: str, subdir: str, records: Collection[Record]) -> CondaEnvironment:
        """Notes that the environment *name* (empty for the only one) holds *records* on conda's platform
        *subdir*. Contradictory records are the problem ``conda-interpreter-unclear``."""
        platform = conda_platform(subdir)
        try:
            python = interpreter(records)
        except InterpreterUnclearError as error:
            python = None
            where = f"{short(name)} on {platform}" if name else platform
            self._assembly.problem("conda-interpreter-unclear", f"{where}: {error} contradict each other")
        made = CondaEnvironment(name=short(name), platform=platform, python=python)
        for record in records:
            key = (record.archive.name, record.archive.version)
            self._held.setdefault(key, {}).setdefault(record, {})[made] = None
            self._spelt.setdefault(key[0].lower(), key[0])
            if record.index_name:
                self._mapped.setdefault(record.index_name, key[0])
            else:
                self._normalised.setdefault(canonicalize_name(key[0]), key[0])
        return made

    def provider(self, name: str) -> str | None:
        """The conda package that meets a requirement of the index's package *name* (normalised): the one that
        the lock maps to it, else the one of that name that it maps to none; None for none."""
        return self._mapped.get(name) or self._normalised.get(name)

    def edge(self, name: str) -> Edge:
        """The edge to the conda package *name*, as it is spelt where it is pinned. It may also be one that is
        built from source, and is no conda pin."""
        known = self._spelt.get(name.lower())
        return Edge(name=known, source=CONDA) if known else Edge(name=name)

    def pins(self) -> Iterator[Pin]:
        """The pins, in the order in which they were noted."""
        for (name, version), held in self._held.items():
            mapped = {record.index_name for record in held if record.index_name}
            yield Pin(
                name=name,
                version=version,
                source=CONDA,
                origins=tuple(
                    origin
                    for record, within in held.items()
                    for origin in origins(self._assembly, record.line, within, record.groups)
                ),
                dependencies=tuple(
                    map(self.edge, needed(spec for record in held for spec in record.depends))
                ),
                conda=_archives(held),
                index_name=mapped.pop() if len(mapped) == 1 else None,
            )


def needed(specs: Iterable[str]) -> Iterator[str]:
    """The names that the MatchSpecs *specs* ask for, each once, without the virtual packages (``__glibc``),
    which are the machine's own."""
    for name in dict.fromkeys(map(spec_name, specs)):
        if name and not name.startswith("__"):
            yield name


def origins(
    assembly: Assembly,
    line: int | None,
    environments: Iterable[CondaEnvironment],
    groups: Iterable[str] = (),
) -> Iterator[Origin]:
    """The origins of what stands at *line* and is held by *environments*: one for each platform, its groups
    being the environments and *groups*."""
    names: dict[str, set[str]] = {}
    for environment in environments:
        names.setdefault(environment.platform, set(groups)).add(environment.name)
    for platform, found in names.items():
        found.discard("")
        yield assembly.origin(line, marker=conda_marker(platform), groups=tuple(sorted(found)))


def conda_marker(platform: str) -> str | None:
    """The marker of what is on *platform* (our name) only; None for what is on every one."""
    return None if platform == NOARCH else platform_marker(platform)


def _archives(held: Mapping[Record, Iterable[CondaEnvironment]]) -> tuple[CondaRecord, ...]:
    """Each archive once, with every environment that holds it: conda-lock has a record for each platform."""
    environments: dict[tuple[str, CondaBuild, str], dict[CondaEnvironment, None]] = {}
    for record, within in held.items():
        key = (record.archive.build, record.kind, record.archive.url)
        environments.setdefault(key, {}).update(dict.fromkeys(within))
    return tuple(
        CondaRecord(
            build=build,
            kind=kind,
            url=url,
            environments=tuple(sorted(found, key=lambda each: (each.name, each.platform, each.python or ""))),
        )
        for (build, kind, url), found in environments.items()
    )
