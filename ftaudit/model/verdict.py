"""What is concluded: findings, what stays undecided, the verdict of a pin on a target."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ftaudit.model.evidence import IndexFile, Missing


class Install(StrEnum):
    """What an installer would pick for a pin on a target."""

    PURE = "pure"
    WHEEL = "wheel"
    FALLBACK = "fallback"
    SOURCE = "source"
    NONE = "none"
    UNKNOWN = "unknown"


class Gil(StrEnum):
    """What importing the modules of the picked wheel does on the target's interpreter."""

    OFF = "off"
    ON = "on"
    NONE = "none"
    UNKNOWN = "unknown"


class Status(StrEnum):
    """A pin's verdict on a target, best first."""

    READY = "ready"
    DEGRADED = "degraded"
    NEEDS_BUILD = "needs-build"
    UNKNOWN = "unknown"
    ENABLES_GIL = "enables-gil"
    BLOCKED = "blocked"

    @property
    def rank(self) -> int:
        """0 is the best."""
        return list(Status).index(self)


class Basis(StrEnum):
    """What an answer rests on: the file's bytes, its tags, the listing of an index, the lock, or nothing."""

    READ = "read"
    TAG = "tag"
    INDEX = "index"
    LOCK = "lock"
    LOCAL = "local"
    NONE = "none"


class Level(StrEnum):
    """A finding's severity."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRef:
    """Where a fact came from: ``kind`` (index-page, metadata, lock, …) and its address, masked."""

    kind: str
    source: str
    sha256: str | None = None
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a rule says about a pin on a target."""

    rule: str
    severity: Level
    message: str
    evidence: tuple[EvidenceRef, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecided:
    """A rule that could not be run, what it lacked, and why that could not be had."""

    rule: str
    missing: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """An extension module of the picked wheel, with what it declares of the GIL.

    ``path`` is below site-packages. ``declaration``, ``confidence`` and ``how`` are those of `model.binary`;
    ``hook`` is the function that the target would call. ``reason`` is a slug where ``gil`` is unknown,
    ``why`` the sentence to it, or a remark. ``generator`` made the code, as far as can be guessed.
    ``optional`` tells that the package's own code guards the import.
    """

    name: str
    path: str
    gil: Gil
    declaration: str
    confidence: str
    format: str
    arch: str
    hook: str = ""
    how: str = ""
    reason: str = ""
    why: str = ""
    generator: str = ""
    optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What importing a wheel's extension modules does on a target.

    ``gil`` is the union over ``modules``, those that the target would load; ``why`` is set where it is
    unknown. ``not_loadable`` are paths of modules of which no file would be loaded, ``shadowed`` those of
    files that a better one stands before.
    """

    gil: Gil
    modules: tuple[Module, ...] = ()
    why: Missing | None = None
    not_loadable: tuple[str, ...] = ()
    shadowed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StableAbi:
    """What the tag claims (``abi3``, ``abi3t``), whether the binary bears it out, from which version.

    ``claimed_from`` is the version in the tag. ``true_to_tag`` is None where not all was read; True means
    that no name which the modules take from the interpreter speaks against it. ``from_version`` is None where
    some are in no version's stable ABI: ``beyond`` names the first of them.
    """

    claimed: str
    true_to_tag: bool | None = None
    from_version: str | None = None
    claimed_from: str = ""
    beyond: tuple[str, ...] = ()


class RemedyKind(StrEnum):
    """What kind of way out there is; ``OLDER`` is shown and never planned."""

    NONE = "none"
    UPGRADE = "upgrade"
    BUILD = "build"
    WAIT = "wait"
    REPLACE = "replace"
    REMOVE_EXTRA = "remove-extra"
    OLDER = "older"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """The way out on one target. ``basis`` is ``fits`` or ``read``, or None where no candidate was sought;
    ``basis_all_targets`` is that of ``version_all_targets``."""

    kind: RemedyKind
    version: str | None = None
    version_all_targets: str | None = None
    latest: str | None = None
    basis: str | None = None
    basis_all_targets: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """What the install rules concluded, before anything was said about the GIL.

    ``files`` are all that are known of the release, from the index, the lock and this machine. ``why`` is set
    for ``UNKNOWN``: what was missing. ``excluded`` are files whose tags fit and whose ``Requires-Python``
    shuts the interpreter out. ``compiled`` is a wheel that the release compiles for the same platform and
    another interpreter.
    """

    install: Install
    basis: Basis = Basis.NONE
    file: IndexFile | None = None
    files: tuple[IndexFile, ...] = ()
    why: Missing | None = None
    excluded: tuple[IndexFile, ...] = ()
    compiled: IndexFile | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One pin on one target. ``status`` is None where the pin does not apply or is not judged.

    ``verified`` is how the bytes that were read of ``file`` were checked, as in `model.binary.Contents`; None
    where none were read.
    """

    python: str
    platform: str
    applies: bool
    status: Status | None = None
    install: Install | None = None
    gil: Gil | None = None
    install_basis: Basis = Basis.NONE
    gil_basis: Basis = Basis.NONE
    file: IndexFile | None = None
    verified: str | None = None
    declared: int | None = None
    stable_abi: StableAbi | None = None
    modules: tuple[Module, ...] = ()
    findings: tuple[Finding, ...] = ()
    undecided: tuple[Undecided, ...] = ()
    remedy: Remedy = Remedy(kind=RemedyKind.NONE)
