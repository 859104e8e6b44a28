"""What an installer would pick for a pin on a target. Where installers differ, pip's rule is the answer.

The order of preference is that of pip's ``CandidateEvaluator._sort_key``
(``_internal/index/package_finder.py``): not yanked before yanked, wheels by the rank of their best tag, equal
ranks by the highest build tag, source archives last.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from packaging.utils import BuildTag

from ftaudit.judge import conda
from ftaudit.model.evidence import CoreMetadata, IndexFile, Missing, ProjectStatus, Release
from ftaudit.model.project import ListedFile, Pin, SourceKind
from ftaudit.model.requires_python import allows
from ftaudit.model.target import Target
from ftaudit.model.verdict import Basis, Install, Installation
from ftaudit.model.wheel_name import is_sdist, wheel_name

FROM_LOCK = "the lock"
FROM_DISK = "this machine"

_NOT_JUDGED = {
    SourceKind.GIT: Missing(what="release", why="a git source is not judged by an index", kind="vcs-source"),
    SourceKind.URL: Missing(what="release", why="a url source is not judged by an index", kind="url-source"),
    SourceKind.PATH: Missing(
        what="release", why="a path source is not judged by an index", kind="path-source"
    ),
    SourceKind.CONDA: conda.NO_RELEASE,
    SourceKind.UNKNOWN: Missing(
        what="release", why="the input does not say where this comes from", kind="unknown-source"
    ),
}


def choose(
    pin: Pin,
    release: Release | Missing,
    target: Target,
    metadata: Mapping[str, CoreMetadata | Missing] | None = None,
    *,
    doubt: str = "",
) -> Installation:
    """What would be installed of *pin* on *target*.

    *metadata* is by file name; its ``Requires-Python`` counts beside that of the index, as for pip. *doubt*
    is why a pin that does not fit proves nothing (a root of an input that was made for another target): it
    is then unknown, not none. A conda pin is judged by what its lock has of it, whatever the
    index says; what conda installed is at hand.
    """
    if pin.conda or (pin.source.kind is SourceKind.CONDA and not pin.installed):
        return conda.choose(pin, target)
    files = _known_files(pin, release)
    at_hand = _at_hand(pin, target)
    if pin.source.kind is not SourceKind.INDEX and not _compiled(at_hand):
        # Whether a pure wheel of it is all that there is, only an index could tell.
        return _unknown(_NOT_JUDGED[pin.source.kind], files)
    if isinstance(release, Release) and release.status is ProjectStatus.QUARANTINED:
        return Installation(install=Install.NONE, basis=Basis.INDEX, files=files)
    fitting, excluded = _fitting(files, target, metadata or {})
    contradiction = _contradicted(pin, release)
    if contradiction is not None:
        return _unknown(contradiction, files)
    picked = at_hand or max(fitting, key=lambda file: _preference(file, target), default=None)
    if picked is None:
        return _none(release, files, excluded, doubt)
    if picked is not at_hand and (lacking := _requirement_unknown(picked, metadata or {})):
        return _unknown(lacking, files)
    return _installed_as(picked, release, files, excluded, target)


def _installed_as(
    picked: IndexFile,
    release: Release | Missing,
    files: tuple[IndexFile, ...],
    excluded: tuple[IndexFile, ...],
    target: Target,
) -> Installation:
    tags = wheel_name(picked.name)
    compiled = next(
        (file for file in files if (name := wheel_name(file.name)) and name.compiled_for(target)), None
    )
    basis = {FROM_LOCK: Basis.LOCK, FROM_DISK: Basis.LOCAL}.get(picked.index, Basis.TAG)
    if tags is None:
        unread = _not_proven(release)
        if unread is not None:
            return _unknown(unread, files)
        install, basis = Install.SOURCE, Basis.INDEX
    elif not tags.any_platform:
        install = Install.WHEEL
    elif compiled is not None:
        install = Install.FALLBACK
    else:
        unread = _not_proven(release)
        if unread is not None:
            return _unknown(unread, files)
        install = Install.PURE
    return Installation(
        install=install,
        basis=basis,
        file=picked,
        files=files,
        excluded=excluded,
        compiled=compiled if install is not Install.WHEEL else None,
    )


def _none(
    release: Release | Missing,
    files: tuple[IndexFile, ...],
    excluded: tuple[IndexFile, ...],
    doubt: str,
) -> Installation:
    """``none`` needs proof: every index answered and lists this version."""
    unread = _not_proven(release)
    if unread is not None:
        return _unknown(unread, files)
    if doubt:
        return _unknown(
            Missing(what="release", why=f"nothing fits, and {doubt}", kind="made-for-another-target"), files
        )
    return Installation(install=Install.NONE, basis=Basis.INDEX, files=files, excluded=excluded)


def _not_proven(release: Release | Missing) -> Missing | None:
    """Why the files that are known may not be all, or None where an index listed them all."""
    if isinstance(release, Missing):
        return release
    if not release.unread:
        return None
    unread = release.unread[0]
    return replace(unread, what="release", why=f"{unread.what}: {unread.why}")


def _unknown(why: Missing, files: tuple[IndexFile, ...]) -> Installation:
    return Installation(install=Install.UNKNOWN, files=files, why=why)


def _known_files(pin: Pin, release: Release | Missing) -> tuple[IndexFile, ...]:
    """The index's files, and those that the lock lists and the index does not: a listed file exists."""
    listed = release.files if isinstance(release, Release) else ()
    names = {file.name for file in listed}
    return listed + tuple(
        _listed(file, pin) for file in pin.files if file.name not in names and not file.path
    )


def _at_hand(pin: Pin, target: Target) -> IndexFile | None:
    """The installed or local wheel, where its tags and its ``Requires-Python`` fit."""
    if not pin.installed or not allows(pin.requires_python, target.interpreter):
        return None
    return best([_listed(file, pin) for file in pin.files if file.path], target)


def _compiled(file: IndexFile | None) -> bool:
    name = wheel_name(file.name) if file is not None else None
    return name is not None and not name.any_platform


def _requirement_unknown(picked: IndexFile, metadata: Mapping[str, CoreMetadata | Missing]) -> Missing | None:
    """Why it is not known which interpreters *picked* admits: neither the index nor its metadata tells.

    A file that only the lock lists was admitted by whoever locked it; sources are not installed as they are.
    """
    read = metadata.get(picked.name)
    told = picked.requires_python is not None or picked.index == FROM_LOCK or is_sdist(picked.name)
    if told or not isinstance(read, Missing):
        return None
    return Missing(
        what="release",
        why=f"the Requires-Python of {picked.name} is not known: {read.why}",
        kind=read.kind,
    )


def _listed(file: ListedFile, pin: Pin) -> IndexFile:
    return IndexFile(
        name=file.name,
        url=file.url or "",
        index=FROM_DISK if file.path else FROM_LOCK,
        sha256=file.sha256,
        size=file.size,
        requires_python=pin.requires_python,
        uploaded=file.uploaded,
        path=file.path,
    )


def _fitting(
    files: Iterable[IndexFile], target: Target, metadata: Mapping[str, CoreMetadata | Missing]
) -> tuple[list[IndexFile], tuple[IndexFile, ...]]:
    """The files that would install, and those that only ``Requires-Python`` keeps out."""
    fitting: list[IndexFile] = []
    excluded: list[IndexFile] = []
    for file in files:
        tags = wheel_name(file.name)
        if not is_sdist(file.name) and (tags is None or tags.rank(target) is None):
            continue
        read = metadata.get(file.name)
        asked = [file.requires_python, read.requires_python if isinstance(read, CoreMetadata) else None]
        allowed = all(allows(requires, target.interpreter) for requires in asked)
        (fitting if allowed else excluded).append(file)
    return fitting, tuple(excluded)


def _preference(file: IndexFile, target: Target) -> tuple[bool, int, BuildTag, str]:
    tags = wheel_name(file.name)
    rank = tags.rank(target) if tags else None
    if tags is None or rank is None:
        return (not file.yanked, -len(target.tags) - 1, (), file.name)
    return (not file.yanked, -rank, tags.build, file.name)


def best(files: Iterable[IndexFile], target: Target) -> IndexFile | None:
    """The wheel among *files* that an installer would take on *target*, if one fits."""
    fitting = [
        file
        for file in files
        if (name := wheel_name(file.name))
        and name.rank(target) is not None
        and allows(file.requires_python, target.interpreter)
    ]
    return max(fitting, key=lambda file: _preference(file, target), default=None)


def _contradicted(pin: Pin, release: Release | Missing) -> Missing | None:
    """Hashes that the input has and the index denies: it may serve something else under this name."""
    served = release.files if isinstance(release, Release) else ()
    hashes = {file.name: file.sha256 for file in served if file.sha256}
    listed = [file for file in pin.files if file.sha256]
    lying = next((file.name for file in listed if hashes.get(file.name, file.sha256) != file.sha256), None)
    if lying is not None:
        why = f"the index serves {lying} with another hash than the input has"
    elif hashes and any(
        allowed and allowed.isdisjoint(hashes.values()) for allowed in (pin.hashes, *pin.other_hashes)
    ):
        why = "no file that the index serves has a hash that the input allows"
    else:
        return None
    return Missing(what="release", why=why, kind="hash-mismatch")
