"""The rows of the curated tables. Each has the ``source`` of its facts and the day they were checked."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class InterpreterRow:
    """A free-threaded build of CPython.

    ``python`` is its name (``3.14t``), ``support`` one of ``experimental``, ``supported``, ``pre-release``.
    The suffixes of extension modules stand in the order in which import tries them, with ``{multiarch}``
    for the platform's.
    """

    python: str
    support: str
    default: bool
    posix_suffixes: tuple[str, ...]
    windows_suffixes: tuple[str, ...]
    source: str
    as_of: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformRow:
    """A platform that can be asked for.

    ``family`` and ``arch`` are the parts of its wheel tags, ``baseline`` and ``oldest`` versions of its C
    library or of macOS (empty where it has no such thing); the last four names are PEP 508 variables.
    """

    name: str
    family: str
    arch: str
    multiarch: str
    baseline: tuple[int, ...]
    oldest: tuple[int, ...]
    os_name: str
    sys_platform: str
    platform_system: str
    platform_machine: str
    source: str
    as_of: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassifierRow:
    """A trove classifier, and the level of support (1 to 4) that it states."""

    level: int
    name: str
    source: str
    as_of: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratorRow:
    """What an author does so that modules made with a generator say that they do not need the GIL.

    ``name`` is the generator's, empty for modules written by hand; ``advice`` the line to add, ``note`` from
    which version on it works and what happens without it.
    """

    name: str
    advice: str
    note: str
    source: str
    as_of: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StableAbiRow:
    """What a version of CPython added to the stable ABI: ``symbols``, apart by white space."""

    version: str
    symbols: str
    source: str
    as_of: str
