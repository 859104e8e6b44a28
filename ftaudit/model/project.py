"""What a team has locked or installed: pins, where they come from, and what depends on what."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from packaging.utils import canonicalize_version

from ftaudit.model.conda import CondaRecord


class SourceKind(StrEnum):
    """Where a pin would be fetched from; the values are those of the JSON report."""

    INDEX = "index"
    GIT = "git"
    URL = "url"
    PATH = "path"
    WORKSPACE = "workspace"
    CONDA = "conda"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """``location`` is a URL or a path as the file has it, credentials masked; empty where it names none.

    For ``INDEX`` it is the index's simple URL that the lock names, or empty for "whatever is configured".
    """

    kind: SourceKind
    location: str = ""


INDEX = Source(kind=SourceKind.INDEX)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """One place that holds a pin.

    ``path`` is the file (relative to the input where it was included), ``line`` counts from 1,
    ``marker`` is this place's own PEP 508 marker or None, ``direct`` is None where the format cannot say.
    ``asks`` are the extras of the pin that are asked for at this place and perhaps at no other, where the
    format tells (an entry of its own for them, or a group that has them).
    """

    input: str
    path: str
    line: int | None = None
    groups: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    marker: str | None = None
    direct: bool | None = None
    asks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedFile:
    """A distribution file that a lock lists, or that lies at hand (``path``)."""

    name: str
    url: str | None = None
    sha256: str | None = None
    size: int | None = None
    uploaded: datetime | None = None
    path: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A dependency as a lock or ``Requires-Dist`` records it.

    ``name`` is normalised (PEP 503). ``version`` and ``source`` are given only where the lock needs them to
    tell two pins of one name apart. ``extras`` are those asked of the dependency. ``extra`` is the
    depending package's own extra that brings the edge in, or None. ``group`` names the dependency group of
    a project's own edge. ``specifier`` is the PEP 440 text, where the format has it.
    """

    name: str
    specifier: str = ""
    version: str | None = None
    source: Source | None = None
    marker: str | None = None
    extras: tuple[str, ...] = ()
    extra: str | None = None
    group: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """One package at one version, as one input holds it.

    ``name`` is normalised (PEP 503); ``version`` is the text of the file (empty where a lock leaves the
    version of a local project open). ``extras`` are the package's own extras that are asked for, where the
    format says so on the pin (requirements). ``dependencies`` is None where the format has no edges at all.
    ``hashes`` are the SHA-256 that the input allows, in hexadecimal, where it has hashes without names;
    ``other_hashes`` those of other inputs that hold the pin and allow others.
    ``installed`` tells that the files of ``files`` are what is installed or lies at hand, not a list to
    choose from. ``metadata`` is the core metadata at hand (an installed ``METADATA``), or None.
    ``conda`` are the archives that a conda lock has of a pin whose source is ``CONDA``; ``index_name`` is its
    normalised name on the package index, where the lock itself says so (``purls``).
    """

    name: str
    version: str
    source: Source = INDEX
    origins: tuple[Origin, ...] = ()
    files: tuple[ListedFile, ...] = ()
    hashes: frozenset[str] = frozenset()
    other_hashes: tuple[frozenset[str], ...] = ()
    dependencies: tuple[Edge, ...] | None = None
    extras: tuple[str, ...] = ()
    resolution_markers: tuple[str, ...] = ()
    requires_python: str | None = None
    installed: bool = False
    metadata: str | None = None
    conda: tuple[CondaRecord, ...] = ()
    index_name: str | None = None

    @property
    def key(self) -> PinKey:
        kind = self.source.kind
        version = self.version if kind is SourceKind.CONDA else _normalised(self.version)
        return PinKey(self.name, version, kind, self.source.location, self.version)

    @property
    def local(self) -> bool:
        """The project itself or a workspace member: listed, never judged."""
        return self.source.kind is SourceKind.WORKSPACE


@dataclass(frozen=True, slots=True, order=True)
class PinKey:
    """What makes two pins the same one. Ordered, so that reports are sorted.

    ``version`` is normalised where it is one of PEP 440 (``0.8`` and ``0.8.0`` are one release: pex writes
    the one, all others the other); ``shown`` is the text of the input.
    """

    name: str
    version: str
    kind: SourceKind
    location: str
    shown: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"{self.name} {self.shown or self.version}".rstrip()


@lru_cache(maxsize=65_536)
def _normalised(version: str) -> str:
    try:
        return canonicalize_version(version)
    except ValueError:  # a number of more digits than Python converts
        return version


class Severity(StrEnum):
    """What a problem does to the exit status: ``ERROR`` makes it 2, ``INCOMPLETE`` 4, the others nothing."""

    ERROR = "error"
    INCOMPLETE = "incomplete"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something about an input (not about a pin's verdict) that a reader must know. ``rule`` is its slug."""

    input: str
    rule: str
    message: str
    line: int | None = None
    severity: Severity = Severity.INCOMPLETE


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeFor:
    """The one interpreter and platform that an input was resolved or installed for, as far as it tells.

    ``python`` is ``3.13`` or ``3.14t``; ``platform`` one of our platform names or the input's own words.
    """

    python: str | None = None
    platform: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundInterpreter:
    """The interpreter that an input was installed for or names, as far as it tells; None: not known.

    ``python`` is ``3.13`` or ``3.14t``, ``version`` the whole version (``3.14.3``), and ``python_gil`` the
    value of ``PYTHON_GIL`` that it would be started with.
    """

    python: str | None = None
    version: str | None = None
    free_threaded: bool | None = None
    python_gil: str | None = None

    @property
    def gil(self) -> bool | None:
        """Whether the GIL is on when it starts, before anything is imported; None: not known.

        https://docs.python.org/3/using/cmdline.html#envvar-PYTHON_GIL
        """
        if self.free_threaded is None:
            return None
        return not self.free_threaded or self.python_gil == "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What can be chosen of a lock, in the words of its own tool.

    The project's own requirements go by ``main`` (poetry: ``main``; pdm and pipenv: ``default``); where that
    is empty they are always installed and cannot be left out (pylock.toml). ``default_groups`` are those that
    the tool installs unasked, ``dev_groups`` those that it leaves out without development dependencies. An
    origin is of ``main`` when it says so, or when it has neither group nor extra. ``exclusive`` tells that
    naming a group takes it in the place of the defaults, not beside them (pixi's environments).
    """

    groups: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    default_groups: tuple[str, ...] = ()
    dev_groups: tuple[str, ...] = ()
    main: str = "main"
    exclusive: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredIndex:
    """An index that the project declares beside its lock. ``url`` may hold credentials: mask before showing.

    ``explicit`` indexes serve only the pins that name them (uv, poetry). ``replaces_default`` is uv's
    ``default = true`` and its kin in the other tools. ``only`` and ``never`` are pdm's patterns (fnmatch) of
    normalised names: one that ``only`` matches is asked of this index and of no other that does not say so
    too, one that only ``never`` matches is never asked here.
    """

    url: str = field(repr=False)
    name: str = ""
    explicit: bool = False
    replaces_default: bool = False
    find_links: bool = False
    tool: str = ""
    only: tuple[str, ...] = ()
    never: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one input says.

    ``roots`` are the project's own requirements (from the lock or the file beside it), None where the
    format does not know them. ``closed`` tells that the format itself gives the closure: every dependency
    of a pin is a pin or does not apply. ``unpinned`` counts requirements that fix no version.
    ``requires_python`` (a PEP 440 specifier) and ``environments`` (PEP 508 markers, of which one must hold)
    say what a lock was resolved for; None and empty: for anything. ``choices`` is None where the format has
    no groups and no extras. ``interpreter`` is that of an environment, None where there is none.
    """

    input: str
    format: str
    sha256: str
    pins: tuple[Pin, ...] = ()
    roots: tuple[Edge, ...] | None = None
    closed: bool = False
    made_for: MadeFor | None = None
    indexes: tuple[DeclaredIndex, ...] = ()
    problems: tuple[Problem, ...] = ()
    unpinned: int = 0
    requires_python: str | None = None
    environments: tuple[str, ...] = ()
    choices: Choices | None = None
    interpreter: FoundInterpreter | None = None
