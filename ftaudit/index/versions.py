"""The versions of a project page and their files, by PEP 440, without building what is not looked at."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from packaging.utils import canonicalize_name, parse_sdist_filename, parse_wheel_filename
from packaging.version import Version

from ftaudit.model.evidence import FileList, IndexFile, Missing, ProjectPage, ProjectStatus, Release
from ftaudit.model.text import short
from ftaudit.model.wheel_name import SDIST_SUFFIXES, wheel_name

_INSTALLER = re.compile(r"(?P<version>[^-]+?)(?:\.(?:win|linux|macosx).*?)?(?:-py\d.*)?\.(?:egg|exe|msi|rpm)")


def name_and_version(file_name: str) -> tuple[str, str] | None:
    """The project (normalised) and the version of a wheel or an sdist, or None for any other name."""
    try:
        if file_name.endswith(".whl"):
            name, version, _, _ = parse_wheel_filename(file_name)
        else:
            name, version = parse_sdist_filename(file_name)
    except ValueError:  # also of a number that is too long
        return None
    return name, str(version)


def release(page: ProjectPage, version: str) -> Release | Missing:
    """The files of exactly *version* (a local label is part of it).

    Missing: ``invalid-version``; ``version-not-listed`` or ``local-version-not-listed`` where every index was
    read, else the first that was not. Left out and named in ``unread`` are a file without an upload time,
    where ``--uploaded-before`` asks for it, and a wheel whose name does not parse: nobody knows what it fits.
    The page of a quarantined project lists no files (PEP 792): any version is then a release without files.
    """
    wanted = _version(version)
    held = page.status is ProjectStatus.QUARANTINED and not page.unread
    if wanted is None and not held:
        return Missing(what="release", why="the version does not parse (PEP 440)", kind="invalid-version")
    built = [page.files[number] for number in _numbers(page).get(wanted, ())] if wanted else []
    visible = [file for file in built if _visible(file, page)]
    files = tuple(file for file in visible if not _misnamed(file.name))
    unread = (*page.unread, *_left_out(page, version, built, visible))
    if not files and wanted and (unread or not held):
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


def _misnamed(file_name: str) -> bool:
    return file_name.lower().endswith(".whl") and wheel_name(file_name) is None


def _left_out(
    page: ProjectPage, version: str, built: Sequence[IndexFile], visible: Sequence[IndexFile]
) -> Iterator[Missing]:
    """What of the *built* files of *version* says nothing, though it is there."""
    undated = sum(file.uploaded is None for file in built) if page.uploaded_before else 0
    if undated:
        why = f"{undated} files of {version} without an upload time, left out by --uploaded-before"
        yield Missing(what=page.name, why=why, kind="upload-time-missing")
    misnamed = [file.name for file in visible if _misnamed(file.name)]
    if misnamed:
        why = f"{len(misnamed)} files of {short(version)} are not named as wheels are: {short(misnamed[0])}"
        yield Missing(what=page.name, why=why, kind="bad-file-name")


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


def candidates(page: ProjectPage) -> Mapping[Version, Callable[[], Iterator[IndexFile]]]:
    """Every version of *page*, each with a way to its files, which are built one by one as they are taken.

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


def _files(page: ProjectPage, numbers: Sequence[int]) -> Iterator[IndexFile]:
    return (file for number in numbers if _visible(file := page.files[number], page))


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
    except ValueError:  # also of a number that is too long
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
            if len(parts) == 3 and self._own(parts[0]):
                return parts[1].replace("_", "-")
        if file_name.lower().endswith(".whl"):  # not named as it should be: it still belongs to a version
            misnamed = self._without(file_name[: -len(".whl")])
            return misnamed.partition("-")[0].replace("_", "-") if misnamed else None
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
