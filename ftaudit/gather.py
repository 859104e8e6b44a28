"""The evidence for every pin: the index is asked once for each name, and as little as the verdict needs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from ftaudit.concurrency import Scope, run_all
from ftaudit.gather_wheels import WheelReader, enables, provider
from ftaudit.index.versions import candidates
from ftaudit.index.versions import release as release_of
from ftaudit.judge import conda
from ftaudit.judge.install import FROM_DISK, FROM_LOCK, choose
from ftaudit.judge.modules import gil_of, imported, native
from ftaudit.judge.remedy import by_tags, latest, upgrades
from ftaudit.judge.verdict import status_of
from ftaudit.model.binary import Contents
from ftaudit.model.case import OnIndex
from ftaudit.model.evidence import CoreMetadata, Evidence, IndexFile, Missing, ProjectPage, Release, Upgrade
from ftaudit.model.project import Pin, PinKey, Source, SourceKind
from ftaudit.model.target import Target
from ftaudit.model.verdict import Gil, Install, Installation, Status
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
    ``contents`` of the picked wheel, and ``on_index``, which is for conda pins alone.
    """

    evidence: Evidence
    installations: Mapping[Target, Installation]
    metadata: Mapping[Target, CoreMetadata | Missing]
    contents: Mapping[Target, Contents | Missing] = field(default_factory=dict)
    on_index: Mapping[Target, OnIndex | Missing] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A pin to be judged on ``targets``. ``doubts`` says why a pin that does not fit there proves nothing;
    ``copies`` are the pins of what is installed in several places, of which the worst counts."""

    pin: Pin
    targets: tuple[Target, ...]
    doubts: Mapping[Target, str] = field(default_factory=dict)
    copies: tuple[Pin, ...] = ()


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
    if pin.source.kind is SourceKind.CONDA and pin.index_name:
        return (pin.index_name, SourceKind.INDEX, "", inputs)
    return (pin.name, pin.source.kind, pin.source.location, inputs)


def _gather_name(
    index: Index, question: _Question, group: Sequence[Wanted], options: _Options
) -> list[tuple[PinKey, Gathered]]:
    name, kind, location, inputs = question
    page: ProjectPage | Missing = Missing(what="release", why="no index was asked", kind="not-asked")
    if kind is SourceKind.INDEX:
        page = index.page(name, Source(kind=kind, location=location), inputs)
    return [
        (
            want.pin.key,
            _gather_conda(want, page)
            if want.pin.conda
            else _worst([_gather_pin(index, each, page, options) for each in _each(want)]),
        )
        for want in group
    ]


def _gather_conda(want: Wanted, page: ProjectPage | Missing) -> Gathered:
    """What the lock says of a conda pin, and beside it what *page* has of the same release."""
    pin, targets = want.pin, want.targets
    return Gathered(
        evidence=Evidence(release=conda.NO_RELEASE),
        installations={target: choose(pin, conda.NO_RELEASE, target) for target in targets},
        metadata=dict.fromkeys(targets, conda.NOT_READ),
        contents=dict.fromkeys(targets, conda.NOT_READ),
        on_index={target: _on_index(pin, page, target) for target in targets},
    )


def _on_index(pin: Pin, page: ProjectPage | Missing, target: Target) -> OnIndex | Missing:
    if pin.index_name is None:
        return conda.NOT_MAPPED
    release = page if isinstance(page, Missing) else release_of(page, pin.version)
    if isinstance(release, Missing):
        return replace(release, what=conda.NOT_MAPPED.what)
    chosen = choose(Pin(name=pin.index_name, version=pin.version), release, target)
    if chosen.why is not None:
        return replace(chosen.why, what=conda.NOT_MAPPED.what)
    return OnIndex(release=release, installation=chosen)


def _each(want: Wanted) -> Iterator[Wanted]:
    """*want*, or where it is installed in several places, each of these for itself."""
    for pin in want.copies or (want.pin,):
        yield replace(want, pin=pin)


def _worst(copies: Sequence[Gathered]) -> Gathered:
    """What is gathered of one pin out of its *copies*: on each target that of the worst.

    Two environments may hold one release in different builds, and what is said of it is said of both.
    """
    if len(copies) == 1:
        return copies[0]
    worst = {
        target: max(copies, key=lambda copy: _status(copy, target).rank) for target in copies[0].installations
    }
    return Gathered(
        evidence=replace(
            copies[0].evidence,
            upgrades={
                str(target): copy.evidence.upgrades[str(target)]
                for target, copy in worst.items()
                if str(target) in copy.evidence.upgrades
            },
        ),
        installations={target: copy.installations[target] for target, copy in worst.items()},
        metadata={target: copy.metadata[target] for target, copy in worst.items()},
        contents={target: copy.contents[target] for target, copy in worst.items()},
    )


def _status(copy: Gathered, target: Target) -> Status:
    """What *copy* comes to on *target*, as far as it is known without the other pins."""
    contents = copy.contents[target]
    found = contents if isinstance(contents, Missing) else imported(contents, target, provider)
    installation = native(copy.installations[target], found)
    gil = gil_of(installation, found)
    return status_of(installation.install, Gil.UNKNOWN if isinstance(gil, Missing) else gil)


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
        that of a file of the release that can be read without building anything.

        What the input says of it counts where it is installed, else where nobody else has it."""
        at_hand = self._pin.metadata
        if at_hand is not None and self._pin.installed:
            found = self._at_hand(at_hand)
        else:
            found = self._of_file(_readable(chosen))
            if at_hand is not None and isinstance(found, Missing):
                found = self._at_hand(at_hand)
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
