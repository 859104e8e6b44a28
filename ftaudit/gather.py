"""The evidence for every pin: the index is asked once for each name, and as little as the verdict needs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from ftaudit.concurrency import Scope, run_all
from ftaudit.gather_wheels import WheelReader, enables
from ftaudit.index.versions import candidates
from ftaudit.index.versions import release as release_of
from ftaudit.judge.install import FROM_DISK, FROM_LOCK, choose
from ftaudit.judge.remedy import by_tags, latest, upgrades
from ftaudit.model.binary import Contents
from ftaudit.model.evidence import CoreMetadata, Evidence, IndexFile, Missing, ProjectPage, Release, Upgrade
from ftaudit.model.project import Pin, PinKey, Source, SourceKind
from ftaudit.model.target import Target
from ftaudit.model.verdict import Install, Installation
from ftaudit.model.wheel_name import is_sdist

_NEEDS_NONE = (Install.WHEEL, Install.PURE)


class Index(Protocol):
    """What gathering needs of `ftaudit.index.client.IndexClient`; a test's is a dictionary."""

    def page(self, name: str, source: Source, inputs: Sequence[str]) -> ProjectPage | Missing: ...

    def metadata(self, file: IndexFile) -> CoreMetadata | Missing: ...

    def contents(self, file: IndexFile) -> Contents | Missing: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """The evidence for a pin, with what it comes to on each target. ``metadata`` is by target, as are the
    ``contents`` of the picked wheel.
    """

    evidence: Evidence
    installations: Mapping[Target, Installation]
    metadata: Mapping[Target, CoreMetadata | Missing]
    contents: Mapping[Target, Contents | Missing] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A pin to be judged on ``targets``. ``doubts`` says why a pin that does not fit there proves nothing."""

    pin: Pin
    targets: tuple[Target, ...]
    doubts: Mapping[Target, str] = field(default_factory=dict)


def gather(
    wanted: Iterable[Wanted],
    index: Index,
    *,
    jobs: int,
    scope: Scope,
    uploaded_before: datetime | None = None,
    binaries: bool = True,
    progress: Callable[[int], None] | None = None,
) -> dict[PinKey, Gathered]:
    """The evidence for all pins, asked for on at most *jobs* threads. *progress* counts names.

    *uploaded_before* is what the index was opened with: files that only a lock knows are held to it too.
    Without *binaries* no wheel is looked into.
    """
    options = _Options(uploaded_before, binaries)
    groups: dict[_Question, list[Wanted]] = defaultdict(list)
    for want in wanted:
        groups[_question(want.pin)].append(want)
    found = run_all(
        lambda question: _gather_name(index, question, groups[question], options),
        sorted(groups),
        jobs=jobs,
        scope=scope,
        progress=progress,
    )
    return {key: gathered for group in found for key, gathered in group}


def names(wanted: Iterable[Wanted]) -> int:
    """How many pages `gather` will ask for: the length of its progress bar."""
    return len({_question(want.pin) for want in wanted})


@dataclass(frozen=True, slots=True)
class _Options:
    uploaded_before: datetime | None
    binaries: bool


_Question = tuple[str, SourceKind, str, tuple[str, ...]]
"""What a page is asked by: the name, the source, and the inputs (each may declare indexes of its own)."""


def _question(pin: Pin) -> _Question:
    inputs = tuple(sorted({origin.input for origin in pin.origins}))
    return (pin.name, pin.source.kind, pin.source.location, inputs)


def _gather_name(
    index: Index, question: _Question, group: Sequence[Wanted], options: _Options
) -> list[tuple[PinKey, Gathered]]:
    name, kind, location, inputs = question
    page: ProjectPage | Missing = Missing(what="release", why="no index was asked", kind="not-asked")
    if kind is SourceKind.INDEX:
        page = index.page(name, Source(kind=kind, location=location), inputs)
    return [(want.pin.key, _gather_pin(index, want, page, options)) for want in group]


def _gather_pin(index: Index, want: Wanted, page: ProjectPage | Missing, options: _Options) -> Gathered:
    pin = _dated(want.pin, options.uploaded_before)
    found = page if isinstance(page, Missing) else release_of(page, pin.version)
    release = replace(found, what="release") if isinstance(found, Missing) else found
    reader = _Reader(index, pin)
    installations = {
        target: _settle(pin, release, target, reader, want.doubts.get(target, "")) for target in want.targets
    }
    metadata = {target: reader.of(chosen) for target, chosen in installations.items()}
    wheels = WheelReader(index, binaries=options.binaries)
    contents = {target: wheels.of(chosen) for target, chosen in installations.items()}
    return Gathered(
        evidence=Evidence(
            release=release,
            metadata=reader.read,
            upgrades=_upgrades(pin, page, installations, contents, wheels),
        ),
        installations=installations,
        metadata=metadata,
        contents=contents,
    )


def _dated(pin: Pin, uploaded_before: datetime | None) -> Pin:
    """*pin* without the files that its lock lists and ``--uploaded-before`` hides, or cannot date."""
    if uploaded_before is None:
        return pin
    kept = (f for f in pin.files if f.path or (f.uploaded is not None and f.uploaded < uploaded_before))
    return replace(pin, files=tuple(kept))


def _settle(
    pin: Pin, release: Release | Missing, target: Target, reader: _Reader, doubt: str
) -> Installation:
    """What would be installed once the ``Requires-Python`` in the picked file's metadata counts as well.

    Each pass reads the metadata of one more file, so it ends.
    """
    while True:
        chosen = choose(pin, release, target, reader.read, doubt=doubt)
        if chosen.file is None or chosen.file.name in reader.read:
            return chosen
        reader.of(chosen)


class _Reader:
    """The core metadata of a pin's files, by name; read once where the index says that two are equal."""

    def __init__(self, index: Index, pin: Pin) -> None:
        self._index, self._pin = index, pin
        self._by_digest: dict[str, CoreMetadata | Missing] = {}
        self.read: dict[str, CoreMetadata | Missing] = {}

    def of(self, chosen: Installation) -> CoreMetadata | Missing:
        """The metadata of the picked file. Where none is picked, or it is a source archive that offers none,
        that of a file of the release that can be read without building anything."""
        if self._pin.metadata is not None:
            found = self._at_hand(self._pin.metadata)
        else:
            found = self._of_file(_readable(chosen))
        if chosen.file is not None:
            self.read.setdefault(chosen.file.name, found)
        return found

    def _at_hand(self, text: str) -> CoreMetadata | Missing:
        from ftaudit.index.metadata import parse_metadata  # imports email, which most runs do not need

        return parse_metadata(
            text.encode("utf-8", "replace"),
            name=self._pin.name,
            version=self._pin.version or None,
            source=FROM_DISK,
            as_of=None,
        )

    def _of_file(self, file: IndexFile | None) -> CoreMetadata | Missing:
        if file is None:
            why = "no file of the release offers its metadata"
            return Missing(what="metadata", why=why, kind="no-metadata")
        key = file.core_metadata_sha256 or file.name
        if key not in self._by_digest:
            answer = self._index.metadata(file)
            self._by_digest[key] = replace(answer, what="metadata") if isinstance(answer, Missing) else answer
        return self._by_digest[key]


def _readable(chosen: Installation) -> IndexFile | None:
    """The file whose metadata is read: the picked one; without one, or for a source archive that does not
    offer its own, the likeliest of the release."""
    picked = chosen.file
    if picked is not None and (picked.core_metadata or picked.name.endswith(".whl")):
        return picked if picked.index != FROM_LOCK else None
    candidates = (
        file
        for file in sorted(chosen.files, key=lambda file: (not file.core_metadata, is_sdist(file.name)))
        if file.index != FROM_LOCK and (file.core_metadata or file.name.endswith(".whl"))
    )
    return next(candidates, None)


def _upgrades(
    pin: Pin,
    page: ProjectPage | Missing,
    installations: Mapping[Target, Installation],
    contents: Mapping[Target, Contents | Missing],
    wheels: WheelReader,
) -> Mapping[str, Upgrade]:
    """What the page offers beside the pin. Where nothing needs a way out only the newest version is told."""
    if isinstance(page, Missing) or any(c.install is Install.UNKNOWN for c in installations.values()):
        return {}
    versions, targets = candidates(page), tuple(installations)
    if all(
        chosen.install in _NEEDS_NONE and not enables(contents[target], target)
        for target, chosen in installations.items()
    ):
        newest = latest(pin.version, versions)
        return {str(target): Upgrade(latest=newest) for target in targets}
    return upgrades(pin.version, versions, targets, wheels.search if wheels.binaries else lambda: by_tags)
