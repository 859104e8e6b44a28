"""What extension modules say of the GIL, as read from their bytes: the same on any target."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Declaration(StrEnum):
    """What a module says of the GIL (PEP 703, PEP 793); the values are those of the JSON report.

    ``ABSENT`` is a multi-phase module without the slot, ``SINGLE_PHASE_SILENT`` a single-phase one that does
    not call ``PyUnstable_Module_SetGIL``: the interpreter takes both for "needs the GIL". ``DELEGATED``
    modules are made by another distribution's code, which decides (`Declared.provider`).
    """

    NOT_USED = "not-used"
    USED = "used"
    ABSENT = "absent"
    SINGLE_PHASE_NOT_USED = "single-phase-not-used"
    SINGLE_PHASE_USED = "single-phase-used"
    SINGLE_PHASE_SILENT = "single-phase-silent"
    DELEGATED = "delegated"
    NOT_A_MODULE = "not-a-module"
    UNKNOWN = "unknown"


class Confidence(StrEnum):
    """How sure a declaration is.

    ``HIGH``: the definition was read as the interpreter would, and nothing speaks against it. ``MEDIUM``:
    one method alone, or a path through the code that was not followed to its end. ``NONE``: unknown.
    """

    HIGH = "high"
    MEDIUM = "medium"
    NONE = "none"


class How(StrEnum):
    """How a declaration was found; ``docs/binaries.md`` explains each."""

    EXECUTION = "execution"
    EXECUTION_AND_SEARCH = "execution+search"
    SEARCH = "search"
    CALL_SITE = "call-site"
    IMPORTS = "imports"
    NOT_FOUND = "not-found"


class Phase(StrEnum):
    """Which way of being initialised the hook uses (PEP 489, PEP 793)."""

    SINGLE = "single"
    MULTI = "multi"
    EXPORT = "export"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What one hook (``PyInit_x``, ``PyModExport_x``) comes to.

    ``reason`` is a slug where the declaration is unknown (``decided-at-run-time``, ``analysers-disagree``,
    ``not-followed``, ``unreadable-definition``, …), ``why`` the sentence to it or a remark on a known one.
    ``layout`` is the build whose headers the definition was compiled with (``gil``, ``free-threaded``, or
    empty). ``slots`` are the ids found, ``steps`` the instructions followed. ``custom_create`` tells what a
    ``Py_mod_create`` function returns, where a module that it makes could keep the GIL off: ``module``,
    ``perhaps-module``, ``either``, ``other`` or ``unknown``.
    ``provider`` is the module that decides in place of a delegated one.
    """

    hook: str
    declaration: Declaration
    confidence: Confidence
    how: How
    phase: Phase = Phase.NONE
    reason: str = ""
    why: str = ""
    layout: str = ""
    slots: tuple[int, ...] = ()
    steps: int = 0
    custom_create: str = ""
    provider: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitedApi:
    """What a module takes from the interpreter, held against the stable ABI.

    ``since`` is the first version whose stable ABI has all the symbols (``3.9``), or None where some are in
    none: ``beyond`` names the first of those, ``beyond_count`` counts them. ``since_t`` is the same for the
    ABI of free-threaded builds (``abi3t``, PEP 803: 3.15 at the earliest); ``beyond_t`` names what is in the
    stable ABI but of no use there.
    """

    since: str | None
    since_t: str | None
    beyond: tuple[str, ...] = ()
    beyond_count: int = 0
    beyond_t: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """One architecture's code in a file (a fat Mach-O file has several).

    ``format`` is ``elf``, ``pe`` or ``mach-o``; ``arch`` as in platform tags (``x86_64``, ``aarch64``,
    ``arm64``, ``i686``, ``amd64``…). ``hooks`` are all initialisation functions that it exports, ``declared``
    what those of the file's own name come to, that of ``PyModExport_*`` first. No hook: a library.
    """

    format: str
    arch: str
    hooks: tuple[str, ...] = ()
    declared: tuple[Declared, ...] = ()
    generator: str = ""
    limited_api: LimitedApi | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedObject:
    """A file that CPython could import by its name. ``path`` is where it is installed, below site-packages.

    ``problem`` says why it could not be read (one line, empty where it could), ``problem_kind`` its slug.
    ``size`` is in bytes. ``optional`` tells that a package's own code guards the import (try/except); that is
    looked for only where the module does not plainly keep the GIL off, and the code is at hand.
    """

    path: str
    size: int
    slices: tuple[Slice, ...] = ()
    problem: str = ""
    problem_kind: str = ""
    optional: bool = False

    @property
    def name(self) -> str:
        """The dotted name that it is imported by."""
        *folders, file = self.path.split("/")
        stem = file.partition(".")[0]
        return ".".join(folders if stem == "__init__" else [*folders, stem])


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a wheel (or an installed distribution) holds that CPython could import as an extension module.

    ``libraries`` are the other shared objects (bundled, not importable by their place), ``members`` counts
    all files. ``verified`` is ``sha256`` where the whole file was read and is the one that the index or the
    lock names, ``crc`` where parts were read and each member agreed with its checksum, ``none`` for files on
    disk. ``source`` is where it was read, as it may be shown; ``as_of`` when, UTC.
    """

    modules: tuple[SharedObject, ...]
    libraries: tuple[str, ...] = ()
    members: int = 0
    verified: str = "none"
    sha256: str | None = None
    source: str = ""
    as_of: datetime | None = None
