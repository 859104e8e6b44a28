"""The evidence for every pin: the index is asked once for each name, and as little as the verdict needs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from ftaudit.concurrency import Scope, run_all
from ftaudit.index.versions import candidates
from ftaudit.index.versions import release as release_of
from ftaudit.judge.install import FROM_DISK, FROM_LOCK, choose
from ftaudit.judge.remedy import upgrades
from ftaudit.model.evidence import CoreMetadata, Evidence, IndexFile, Missing, ProjectPage, Upgrade
from ftaudit.model.project import Pin, PinKey, Source, SourceKind
from ftaudit.model.target import Target
from ftaudit.model.verdict import Install, Installation
from ftaudit.model.wheel_name import is_sdist

_NEEDS_NONE = (Install.WHEEL, Install.PURE, Install.UNKNOWN)


class Index(Protocol):
    """What gathering needs of `ftaudit.index.client.IndexClient`; a test's is a dictionary."""

    def page(self, name: str, source: Source, inputs: Sequence[str]) -> ProjectPage | Missing: ...

    def metadata(self, file: IndexFile) -> CoreMetadata | Missing: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """The evidence for a pin, with what it comes to on each target. ``metadata`` is by target."""

    evidence: Evidence
    installations: Mapping[Target, Installation]
    metadata: Mapping[Target, CoreMetadata | Missing]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A pin to be judged on ``targets``. ``forgiving`` are those where an unfitting pin proves nothing."""

    pin: Pin
    targets: tuple[Target, ...]
    forgiving: frozenset[Target] = frozenset()


def gather(
    wanted: Iterable[Wanted],
    index: Index,
    *,
    jobs: int,
    scope: Scope,
    progress: Callable[[int], None] | None = None,
) -> dict[PinKey, Gathered]:
    """The evidence for all pins, asked for on at most *jobs* threads. *progress* counts names."""
    groups: dict[_Question, list[Wanted]] = defaultdict(list)
    for want in wanted:
        groups[_question(want.pin)].append(want)
    found = run_all(
        lambda question: _gather_name(index, question, groups[question]),
        sorted(groups),
        jobs=jobs,
        scope=scope,
        progress=progress,
    )
    return {key: gathered for group in found for key, gathered in group}


def names(wanted: Iterable[Wanted]) -> int:
    """How many pages `gather` will ask for: the length of its progress bar."""
    return len({_question(want.pin) for want in wanted})


_Question = tuple[str, SourceKind, str, tuple[str, ...]]
"""What a page is asked by: the name, the source, and the inputs (each may declare indexes of its own)."""


def _question(pin: Pin) -> _Question:
    inputs = tuple(sorted({origin.input for origin in pin.origins}))
    return (pin.name, pin.source.kind, pin.source.location, inputs)


def _gather_name(index: Index, question: _Question, group: Sequence[Wanted]) -> list[tuple[PinKey, Gathered]]:
    name, kind, location, inputs = question
    page: ProjectPage | Missing = Missing(what="release", why="no index was asked", kind="not-asked")
    if kind is SourceKind.INDEX:
        page = index.page(name, Source(kind=kind, location=location), inputs)
    return [(want.pin.key, _gather_pin(index, want, page)) for want in group]


def _gather_pin(index: Index, want: Wanted, page: ProjectPage | Missing) -> Gathered:
    pin = want.pin
    found = page if isinstance(page, Missing) else release_of(page, pin.version)
    release = replace(found, what="release") if isinstance(found, Missing) else found
    first = {
        target: choose(pin, release, target, forgiving=target in want.forgiving) for target in want.targets
    }
    metadata = _metadata(index, pin, first)
    read = {
        chosen.file.name: metadata[target]
        for target, chosen in first.items()
        if chosen.file is not None and target in metadata
    }
    installations = {
        target: choose(pin, release, target, read, forgiving=target in want.forgiving)
        for target in want.targets
    }
    return Gathered(
        evidence=Evidence(release=release, metadata=read, upgrades=_upgrades(pin, page, installations)),
        installations=installations,
        metadata=metadata,
    )


def _metadata(
    index: Index, pin: Pin, installations: Mapping[Target, Installation]
) -> dict[Target, CoreMetadata | Missing]:
    """The core metadata of the file picked for each target, read once where the index says they are equal.

    Where nothing is picked a file of the release that can be read stands in for it.
    """
    if pin.metadata is not None:
        from ftaudit.index.metadata import parse_metadata  # imports email, which most runs do not need

        own = parse_metadata(
            pin.metadata.encode("utf-8", "replace"),
            name=pin.name,
            version=pin.version or None,
            source=FROM_DISK,
            as_of=None,
        )
        return dict.fromkeys(installations, own)
    read: dict[str, CoreMetadata | Missing] = {}
    found: dict[Target, CoreMetadata | Missing] = {}
    for target, chosen in installations.items():
        file = _readable(chosen)
        if file is None:
            found[target] = Missing(
                what="metadata", why="no file of the release offers its metadata", kind="no-metadata"
            )
            continue
        key = file.core_metadata_sha256 or file.name
        if key not in read:
            answer = index.metadata(file)
            read[key] = replace(answer, what="metadata") if isinstance(answer, Missing) else answer
        found[target] = read[key]
    return found


def _readable(chosen: Installation) -> IndexFile | None:
    """The picked file, or the first of the release whose metadata can be had without building anything."""
    order = ([chosen.file] if chosen.file else []) + sorted(
        chosen.files, key=lambda file: (not file.core_metadata, is_sdist(file.name))
    )
    return next(
        (
            file
            for file in order
            if file.index != FROM_LOCK and (file.core_metadata or file.name.endswith(".whl"))
        ),
        None,
    )


def _upgrades(
    pin: Pin, page: ProjectPage | Missing, installations: Mapping[Target, Installation]
) -> Mapping[str, Upgrade]:
    """Only for pins that are not settled somewhere: looking through a large page costs time."""
    settled = all(chosen.install in _NEEDS_NONE for chosen in installations.values())
    if isinstance(page, Missing) or settled:
        return {}
    return upgrades(pin.version, candidates(page), tuple(installations))
