"""Facts with where they came from. A fact that could not be had is `Missing`, never an empty value."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import overload


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """``what`` could not be had, and ``why``, as the end of a sentence. ``kind`` is a slug for policies."""

    what: str
    why: str
    kind: str = "missing"


class ProjectStatus(StrEnum):
    """PEP 792 project status markers."""

    ACTIVE = "active"
    ARCHIVED = "archived"
    QUARANTINED = "quarantined"
    DEPRECATED = "deprecated"


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexFile:
    """One distribution file of a project page (PEP 691/700) or of a folder.

    ``url`` is absolute and may not hold credentials; ``index`` is the index as it may be shown.
    ``core_metadata`` tells that ``url + ".metadata"`` is served (PEP 658/714). ``size`` is in bytes.
    ``path`` is set where the file lies on this machine.
    """

    name: str
    url: str
    index: str
    sha256: str | None = None
    size: int | None = None
    requires_python: str | None = None
    yanked: bool = False
    yanked_reason: str = ""
    uploaded: datetime | None = None
    core_metadata: bool = False
    core_metadata_sha256: str | None = None
    path: str | None = None


class FileList(Sequence[IndexFile]):
    """Files that are built when they are looked at: a page may list thousands, a verdict needs a few.

    ``names`` are all file names, in order, and cost nothing. ``groups``, where it is known, has the places of
    each version's files, by the version's text as the file names spell it.
    """

    __slots__ = ("_build", "groups", "names")

    def __init__(
        self,
        names: Sequence[str],
        build: Callable[[int], IndexFile],
        groups: Mapping[str, Sequence[int]] | None = None,
    ) -> None:
        self.names, self._build, self.groups = names, build, groups

    def grouped(self, groups: Mapping[str, Sequence[int]]) -> FileList:
        """The same files with *groups* known."""
        return FileList(self.names, self._build, groups)

    def __len__(self) -> int:
        return len(self.names)

    @overload
    def __getitem__(self, at: int) -> IndexFile: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[IndexFile, ...]: ...
    def __getitem__(self, at: int | slice) -> IndexFile | tuple[IndexFile, ...]:
        numbers = range(len(self.names))
        if isinstance(at, slice):
            return tuple(self._build(number) for number in numbers[at])
        return self._build(numbers[at])

    def __iter__(self) -> Iterator[IndexFile]:
        return (self._build(number) for number in range(len(self.names)))


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectPage:
    """What one index (or several merged, pip's way) says of a project.

    ``files`` are as listed, in page order (a tuple, or a `FileList`), also those that ``uploaded_before``
    hides. ``as_of`` is when the oldest page used was fetched or revalidated, UTC. ``indexes`` are those that
    listed the name, as they may be shown. ``unread`` names indexes that should have been asked and gave no
    answer: with any, an absent file proves nothing.
    """

    name: str
    files: Sequence[IndexFile]
    as_of: datetime
    indexes: tuple[str, ...]
    status: ProjectStatus = ProjectStatus.ACTIVE
    status_reason: str = ""
    unread: tuple[Missing, ...] = ()
    uploaded_before: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreMetadata:
    """What ftaudit uses of a core metadata file. ``free_threading`` is the classifier's level, 1 to 4."""

    name: str
    version: str
    requires_dist: tuple[str, ...] = ()
    requires_python: str | None = None
    provides_extra: tuple[str, ...] = ()
    free_threading: int | None = None
    source: str = ""
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One version of a project on the indexes that were asked.

    ``files`` are those of exactly this version that an installer could see (after ``--uploaded-before``).
    """

    name: str
    version: str
    files: tuple[IndexFile, ...]
    as_of: datetime
    indexes: tuple[str, ...] = ()
    status: ProjectStatus = ProjectStatus.ACTIVE
    status_reason: str = ""
    unread: tuple[Missing, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgrade:
    """What the page says of the versions beside the pinned one, for one target.

    ``newer`` is the lowest newer version that would be ready, ``older`` the highest older one, ``latest``
    the newest version at all. ``newer_for_all`` is the lowest newer one for every target asked for. ``read``
    tells that the modules of ``newer`` were read, not only its tags, ``read_for_all`` the same of
    ``newer_for_all``; ``some_unread`` that newer versions which fit were passed over because their modules
    could not all be read.
    """

    newer: str | None = None
    newer_for_all: str | None = None
    older: str | None = None
    latest: str | None = None
    read: bool = False
    read_for_all: bool = False
    some_unread: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that was gathered for one pin. ``metadata`` is by file name: builds of one release may differ."""

    release: Release | Missing
    metadata: Mapping[str, CoreMetadata | Missing] = field(default_factory=dict)
    upgrades: Mapping[str, Upgrade] = field(default_factory=dict)
