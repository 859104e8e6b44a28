"""What lies below a folder of projects, by names alone: nothing is opened, no link is followed.

What is no project's own is passed over: hidden folders, environments, packages and caches. It is counted, and
so is what a limit or a missing permission kept from view.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from ftaudit.sources import limits

HIDDEN = "hidden"
ENVIRONMENT = "environment"
PACKAGES = "packages"
LINK = "link"

_CONFIG = "pyvenv.cfg"
_CONDA = "conda-meta"
_PACKAGES = frozenset({"node_modules", "site-packages", "dist-packages", "__pycache__"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """A folder by its ``/``-separated path below the one that was named (that itself: ``""``), and the names
    of the files in it, sorted."""

    path: str
    files: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


@dataclass(slots=True)
class Walked:
    """``folders`` by path, each before those below it and after those that sort before it.

    ``passed_over`` has the paths of the folders that are none of a project, by kind. ``unread`` has what
    should have been looked into and was not: a path, and why.
    """

    folders: dict[str, Folder] = field(default_factory=dict)
    passed_over: Mapping[str, list[str]] = field(
        default_factory=lambda: {kind: [] for kind in (HIDDEN, ENVIRONMENT, PACKAGES, LINK)}
    )
    unread: list[tuple[str, str]] = field(default_factory=list)


def walk(root: str, *, entries: int = limits.WALK_ENTRIES, depth: int = limits.WALK_DEPTH) -> Walked:
    """What lies below the folder *root* (a path of this machine), *entries* files and folders at most."""
    walked = Walked()
    waiting, left = [""], entries
    while waiting:
        path = waiting.pop()
        try:
            with os.scandir(Path(root, path)) as listed:
                found = list(islice(listed, left + 1))
        except OSError as error:
            walked.unread.append((path, (error.strerror or "cannot be read").lower()))
            continue
        left -= len(found)
        if left < 0:
            walked.unread.append((path, f"more than {entries} files and folders: the rest was not looked at"))
            break
        below = _sorted(walked, root, path, found)
        if path.count("/") + bool(path) < depth:
            waiting += reversed(below)
        else:
            walked.unread += [(folder, f"more than {depth} folders deep") for folder in below]
    return walked


def _sorted(walked: Walked, root: str, path: str, found: list[os.DirEntry[str]]) -> list[str]:
    """Puts the files of the folder *path* to the others, and gives the paths of the folders to look into."""
    files, below = [], []
    for entry in found:
        place = f"{path}/{entry.name}" if path else entry.name
        if not _is_folder(entry):
            files.append(entry.name)
        elif (kind := _kind(entry)) is None:
            below.append(place)
        else:
            walked.passed_over[kind].append(place)
    if path and (_CONFIG in files or any(entry.name == _CONDA for entry in found)):
        walked.passed_over[ENVIRONMENT].append(path)
        return []
    walked.folders[path] = Folder(path=path, files=tuple(sorted(files)))
    return sorted(below)


def _kind(entry: os.DirEntry[str]) -> str | None:
    """Why the folder *entry* is passed over, or None where it is not."""
    if entry.is_symlink():
        return LINK
    if entry.name.startswith("."):
        return ENVIRONMENT if os.access(Path(entry.path, _CONFIG), os.F_OK) else HIDDEN
    return PACKAGES if entry.name in _PACKAGES else None


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link around in a circle: whoever reads it as a file is told
        return False
