"""What lies below a folder: shared objects, by the folder on the import path that they are below, and wheels.

Names decide what is opened. Symbolic links are not followed, entries and depth are bounded.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from ftaudit.wheels.members import importable, is_library

MAX_ENTRIES = 500_000
"""Files and folders below the folder that is asked for; an environment of 500 packages has some 100,000."""
MAX_DEPTH = 40

_ROOTS = frozenset({"site-packages", "dist-packages", "lib-dynload"})
_BUNDLED = (".libs", ".dylibs")
"""How folders end into which the repairers of wheels put libraries (auditwheel, delvewheel, delocate)."""


@dataclass(slots=True)
class Root:
    """A folder on the import path. ``modules`` are paths below it with their sizes, ``libraries`` paths."""

    modules: dict[str, int] = field(default_factory=dict)
    libraries: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Found:
    """``roots`` and ``wheels`` by their path below the folder, sorted (``""`` is the folder itself).

    ``unread`` has what was not looked at: a path below the folder, and why.
    """

    roots: dict[str, Root] = field(default_factory=dict)
    wheels: list[str] = field(default_factory=list)
    unread: list[tuple[str, str]] = field(default_factory=list)


def walk(folder: Path, check: Callable[[], None]) -> Found:
    """What lies below *folder*; *check* is called for each folder and may raise."""
    found = Found()
    waiting, entries = [""], 0
    while waiting:
        check()
        place = waiting.pop()
        try:
            with os.scandir(folder / place) as listed:
                names = sorted(islice(listed, MAX_ENTRIES + 1), key=lambda entry: entry.name)
        except OSError as error:
            found.unread.append((place, (error.strerror or "cannot be read").lower()))
            continue
        entries += len(names)
        if entries > MAX_ENTRIES:
            found.unread.append((place, f"more than {MAX_ENTRIES} files: the rest was not looked at"))
            break
        for entry in names:
            path = f"{place}/{entry.name}" if place else entry.name
            if entry.is_symlink():
                continue
            if not entry.is_dir(follow_symlinks=False):
                _file(found, path, entry)
            elif path.count("/") < MAX_DEPTH:
                waiting.append(path)
            else:
                found.unread.append((path, f"more than {MAX_DEPTH} folders deep"))
    _settle(found)
    return found


def _file(found: Found, path: str, entry: os.DirEntry[str]) -> None:
    if path.endswith(".whl"):
        found.wheels.append(path)
        return
    folders = path.split("/")[:-1]
    bundled = next((n for n, folder in enumerate(folders) if folder.endswith(_BUNDLED)), None)
    place, below = split_root(path, bundled)
    if bundled is None and importable(below):
        size = entry.stat(follow_symlinks=False).st_size
        found.roots.setdefault(place, Root()).modules[below] = size
    elif is_library(entry.name) or importable(entry.name):
        found.roots.setdefault(place, Root()).libraries.append(below)


def _settle(found: Found) -> None:
    """Sorts, and puts libraries that no module lies beside to those of the folder itself."""
    for place in [place for place, root in found.roots.items() if place and not root.modules]:
        alone = found.roots.pop(place).libraries
        found.roots.setdefault("", Root()).libraries.extend(f"{place}/{path}" for path in alone)
    found.roots = dict(sorted(found.roots.items()))
    found.wheels.sort()
    for root in found.roots.values():
        root.libraries.sort()
        root.modules = dict(sorted(root.modules.items()))


def split_root(path: str, at_most: int | None = None) -> tuple[str, str]:
    """The folder on the import path that *path* is below, and the rest of *path*.

    That is the last ``site-packages`` or the like on the way, or the last folder that can be no package, for
    the dot in its name (``build/lib.linux-x86_64-cpython-314t``). *at_most* so many folders of *path* count.
    """
    *folders, name = path.split("/")
    ends = [n for n, folder in enumerate(folders[:at_most], 1) if folder in _ROOTS or "." in folder]
    at = max(ends, default=0)
    return "/".join(folders[:at]), "/".join([*folders[at:], name])
