"""The versions of a project page and their files, by PEP 440, without building what is not looked at."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

from ftaudit.model.evidence import FileList, IndexFile, Missing, ProjectPage, Release
from ftaudit.model.wheel_name import SDIST_SUFFIXES

_INSTALLER = re.compile(r"(?P<version>[^-]+?)(?:\.(?:win|linux|macosx).*?)?(?:-py\d.*)?\.(?:egg|exe|msi|rpm)")


def name_and_version(file_name: str) -> tuple[str, str] | None:
    """The project (normalised) and the version of a wheel or an sdist, or None for any other name."""
    try:
        if file_name.endswith(".whl"):
            name, version, _, _ = parse_wheel_filename(file_name)
        else:
            name, version = parse_sdist_filename(file_name)
    except (InvalidWheelFilename, InvalidSdistFilename):
        return None
    return name, str(version)


def release(page: ProjectPage, version: str) -> Release | Missing:
    """The files of exactly *version* (a local label is part of it).

    Missing: ``invalid-version``; ``version-not-listed`` or ``local-version-not-listed`` where every index was
    read, else the first that was not. A file without an upload time, where ``--uploaded-before`` asks for it,
    is left out and named in ``unread``.
    """
    wanted = _version(version)
    if wanted is None:
        return Missing(what="release", why="the version does not parse (PEP 440)", kind="invalid-version")
    built = [page.files[number] for number in _numbers(page).get(wanted, ())]
    files = tuple(file for file in built if _visible(file, page))
    unread = page.unread
    undated = sum(file.uploaded is None for file in built) if page.uploaded_before else 0
    if undated:
        why = f"{undated} files of {version} without an upload time, left out by --uploaded-before"
        unread = (*unread, Missing(what=page.name, why=why, kind="upload-time-missing"))
    if not files:
        return unread[0] if unread else _not_listed(page, wanted, version)
    return Release(
        name=page.name,
        version=version,
        files=files,
        as_of=page.as_of,
        indexes=page.indexes,
        status=page.status,
        status_reason=page.status_reason,
        unread=unread,
    )


def _not_listed(page: ProjectPage, version: Version, text: str) -> Missing:
    where = " and ".join(page.indexes)
    before = f" uploaded before {page.uploaded_before:%Y-%m-%d}" if page.uploaded_before else ""
    if version.local:
        return Missing(
            what="release",
            why=f"{where} does not list the local version label of {text}{before}",
            kind="local-version-not-listed",
        )
    return Missing(what="release", why=f"{where} does not list {text}{before}", kind="version-not-listed")


def candidates(page: ProjectPage) -> Mapping[Version, Callable[[], tuple[IndexFile, ...]]]:
    """Every version of *page*, each with a way to its files, which are built when it is called.

    Where ``--uploaded-before`` hides all files of a version, the way leads to none.
    """
    return {version: partial(_files, page, numbers) for version, numbers in _numbers(page).items()}


def _numbers(page: ProjectPage) -> Mapping[Version, Sequence[int]]:
    """The places of each version's files on the page."""
    if isinstance(page.files, FileList):
        by_text = page.files.groups if page.files.groups is not None else group(page.name, page.files.names)
    else:
        by_text = group(page.name, [file.name for file in page.files])
    by_version: dict[Version, list[int]] = {}
    for text, numbers in by_text.items():
        version = _version(text)
        if version is not None:
            by_version.setdefault(version, []).extend(numbers)
    return {version: sorted(numbers) for version, numbers in by_version.items()}


def _files(page: ProjectPage, numbers: Sequence[int]) -> tuple[IndexFile, ...]:
    return tuple(file for number in numbers if _visible(file := page.files[number], page))


def _visible(file: IndexFile, page: ProjectPage) -> bool:
    limit = page.uploaded_before
    return limit is None or (file.uploaded is not None and file.uploaded < limit)


def group(project: str, names: Sequence[str]) -> dict[str, list[int]]:
    """The places of the files of each version of *project*, by the text of the version in their *names*."""
    by_text: dict[str, list[int]] = {}
    prefix = _Prefix(project)
    for number, name in enumerate(names):
        text = prefix.version_of(name)
        if text is not None:
            by_text.setdefault(text, []).append(number)
    return by_text


def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None


class _Prefix:
    """Takes a project's name off its file names. The spellings that a page uses are learnt as they come."""

    def __init__(self, project: str) -> None:
        self._name = canonicalize_name(project)
        self._spellings: set[str] = set()

    def version_of(self, file_name: str) -> str | None:
        """The version text in *file_name*, or None where it is of another project or of no known kind."""
        if file_name.endswith(".whl"):
            parts = file_name.split("-", 2)
            return parts[1].replace("_", "-") if len(parts) == 3 and self._own(parts[0]) else None
        stem = next((file_name[: -len(end)] for end in SDIST_SUFFIXES if file_name.endswith(end)), None)
        rest = self._without(file_name if stem is None else stem)
        if rest is None or stem is not None:
            return rest
        match = _INSTALLER.fullmatch(rest)
        return match["version"] if match else None

    def _without(self, text: str) -> str | None:
        """What follows the project's name and a hyphen; the name itself may have hyphens."""
        at = text.find("-")
        while at > 0:
            if self._own(text[:at]):
                return text[at + 1 :]
            at = text.find("-", at + 1)
        return None

    def _own(self, spelling: str) -> bool:
        if spelling in self._spellings:
            return True
        if canonicalize_name(spelling) != self._name:
            return False
        self._spellings.add(spelling)
        return True
