"""The way out of a verdict: which other version would do, and what to do where none would."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from packaging.version import Version

from ftaudit.model.evidence import IndexFile, Upgrade
from ftaudit.model.requires_python import allows
from ftaudit.model.target import Target
from ftaudit.model.verdict import Install, Installation, Remedy, RemedyKind, Status
from ftaudit.model.wheel_name import is_sdist, wheel_name

Candidates = Mapping[Version, Callable[[], Iterable[IndexFile]]]
"""The versions of a project's page, each with a way to its files (built only when looked at)."""


class Answer(Enum):
    """Whether a release would be ready: its modules were read, only its tags fit, or it would not."""

    READ = "read"
    FITS = "fits"
    NO = "no"


Ready = Callable[[Sequence[IndexFile], Target], Answer]
Search = Callable[[], Ready]
"""Gives the function for one search; what a search may read is bounded."""


def by_tags(files: Sequence[IndexFile], target: Target) -> Answer:
    """The answer where no module is read."""
    return Answer.FITS if fits(files, target) else Answer.NO


def fits(files: Iterable[IndexFile], target: Target) -> bool:
    """Whether a release with *files* would be ``wheel`` or ``pure`` on *target*, as far as names tell.

    The caller has left out what an installer would not see. A yanked file is never advised.
    """
    wheels = [
        (name, file) for file in files if not file.yanked and (name := wheel_name(file.name)) is not None
    ]
    fitting = [
        name
        for name, file in wheels
        if name.rank(target) is not None and allows(file.requires_python, target.interpreter)
    ]
    if not fitting:
        return False
    if any(not name.any_platform for name in fitting):
        return True
    return not any(name.compiled_for(target) for name, _ in wheels)


def upgrades(
    pinned: str, candidates: Candidates, targets: Sequence[Target], search: Search = lambda: by_tags
) -> dict[str, Upgrade]:
    """For each target (by its text) what the page offers beside *pinned* (a PEP 440 version).

    Pre-releases count only where *pinned* is one. Files are looked at from the lowest newer version on, and
    no further than needed. A version whose modules were read goes before one that only fits. There is a
    *search* for each target, and one for a version that serves all.
    """
    own, usable = Version(pinned), _usable(pinned, candidates)
    newer = {t: _first(candidates, [v for v in usable if v > own], [t], search()) for t in targets}
    for_all = _Found()
    if all(found.version for found in newer.values()):
        start = max(Version(found.version) for found in newer.values() if found.version)
        for_all = _first(candidates, [v for v in usable if v >= start], targets, search())
    newest = latest(pinned, candidates)
    return {
        str(target): Upgrade(
            newer=found.version,
            newer_for_all=for_all.version,
            older=None if found.version else _older(candidates, own, usable, target),
            latest=newest,
            read=found.answer is Answer.READ,
            read_for_all=for_all.answer is Answer.READ,
            some_unread=found.some_unread,
        )
        for target, found in newer.items()
    }


def _older(candidates: Candidates, own: Version, usable: list[Version], target: Target) -> str | None:
    """The highest older version that fits. A pure one is no way back from a release that compiles something:
    such versions hold a name, or lack what the pinned one is used for."""
    compiles = any(map(_platform_wheel, candidates[own]())) if own in candidates else False
    for version in (v for v in reversed(usable) if v < own):
        files = tuple(candidates[version]())
        if fits(files, target) and (not compiles or any(map(_platform_wheel, files))):
            return str(version)
    return None


def _platform_wheel(file: IndexFile) -> bool:
    name = wheel_name(file.name)
    return name is not None and not name.any_platform


def latest(pinned: str, candidates: Candidates) -> str | None:
    """The newest version that offers a file which was not yanked."""
    newest_first = reversed(_usable(pinned, candidates))
    return next((str(v) for v in newest_first if _offers_anything(candidates[v]())), None)


def _usable(pinned: str, candidates: Candidates) -> list[Version]:
    """The versions that may be advised, lowest first: pre-releases and local labels only for their like."""
    own = Version(pinned)
    return sorted(
        v
        for v in candidates
        if (own.is_prerelease or not v.is_prerelease) and (own.local is not None or v.local is None)
    )


@dataclass(frozen=True, slots=True)
class _Found:
    version: str | None = None
    answer: Answer = Answer.NO
    some_unread: bool = False


def _first(
    candidates: Candidates, versions: Iterable[Version], targets: Sequence[Target], ready: Ready
) -> _Found:
    """The lowest of *versions* that was read and is ready on all *targets*; without one the lowest that
    fits."""
    unread: str | None = None
    for version in versions:
        files = tuple(candidates[version]())
        answers = set()
        for target in targets:
            answers.add(ready(files, target))
            if Answer.NO in answers:
                break
        if answers == {Answer.READ}:
            return _Found(str(version), Answer.READ, unread is not None)
        if Answer.NO not in answers:
            if ready is by_tags:
                return _Found(str(version), Answer.FITS)
            unread = unread or str(version)
    return _Found(unread, Answer.FITS if unread else Answer.NO)


def _offers_anything(files: Iterable[IndexFile]) -> bool:
    return any(not file.yanked and (is_sdist(file.name) or wheel_name(file.name)) for file in files)


def remedy(status: Status, installation: Installation, upgrade: Upgrade | None) -> Remedy:
    """The remedy for a pin with this verdict; *upgrade* is None where no page was read."""
    if status is Status.READY or installation.install is Install.UNKNOWN or upgrade is None:
        return Remedy(kind=RemedyKind.NONE, latest=upgrade.latest if upgrade else None)
    if status is Status.UNKNOWN:
        return Remedy(kind=RemedyKind.NONE, latest=upgrade.latest)
    kind, version, note = _kind(installation, upgrade)
    return Remedy(
        kind=kind,
        version=version,
        version_all_targets=upgrade.newer_for_all,
        latest=upgrade.latest,
        basis=_basis(version, read=kind is RemedyKind.UPGRADE and upgrade.read),
        basis_all_targets=_basis(upgrade.newer_for_all, read=upgrade.read_for_all),
        note=note,
    )


def _basis(version: str | None, *, read: bool) -> str | None:
    if version is None:
        return None
    return "read" if read else "fits"


def _kind(installation: Installation, upgrade: Upgrade) -> tuple[RemedyKind, str | None, str]:
    if upgrade.newer:
        note = "a lower version may do: not all could be read" if upgrade.some_unread else ""
        return RemedyKind.UPGRADE, upgrade.newer, note
    if installation.install in (Install.WHEEL, Install.PURE):
        return RemedyKind.WAIT, None, "no newer version that fits keeps the GIL off"
    older = f"{upgrade.older} has a wheel that fits" if upgrade.older else ""
    if any(is_sdist(file.name) for file in installation.files) and installation.install is not Install.NONE:
        note = "no newer version has a wheel that fits; the source archive may build"
        return RemedyKind.BUILD, None, f"{note}; the older {older}" if older else note
    if upgrade.older:
        return RemedyKind.OLDER, upgrade.older, "no newer version fits; an older one does"
    return RemedyKind.WAIT, None, "no version has a file that fits"
