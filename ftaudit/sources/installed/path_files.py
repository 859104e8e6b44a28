"""``*.pth`` files in a ``site-packages``: which other folders the interpreter imports from.

What an installed distribution brings along is its own affair (an editable install, pywin32), and so is what
leads to a place in the folder itself. https://docs.python.org/3/library/site.html
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterator

from ftaudit.errors import InputError
from ftaudit.sources import limits
from ftaudit.sources.tree import Tree

_CODE = re.compile(r"import[ \t]")


def leading_out(tree: Tree, site: str, known: frozenset[str]) -> tuple[str, ...]:
    """The names of the path files in the folder *site* that lead out of it to a folder that is none of
    *known*, and that no ``RECORD`` there lists. Raises `InputError` for one that cannot be read."""
    entries = tree.entries(site)
    files = (name for name in entries if name.endswith(".pth"))
    found = [name for name in files if set(_outside(tree, posixpath.join(site, name))) - known]
    return tuple(name for name in found if not _recorded(tree, site, entries, name))


def _outside(tree: Tree, place: str) -> Iterator[str]:
    """The paths of a path file that lead out of its folder; lines of code and comments name none."""
    for line in tree.read(place, limit=limits.SMALL_FILE).decode("utf-8", "replace").splitlines():
        path = line.strip().replace("\\", "/")
        if path and not path.startswith("#") and not _CODE.match(line):
            inside = not path.startswith("/") and ":" not in path
            if not inside or posixpath.normpath(path).startswith(".."):
                yield path


def _recorded(tree: Tree, site: str, entries: Collection[str], name: str) -> bool:
    """Whether a distribution says that it brought *name* along."""
    for entry in entries:
        if entry.endswith(".dist-info"):
            try:
                record = tree.read(posixpath.join(site, entry, "RECORD"))
            except InputError:  # said of the distribution itself, where its files are read
                continue
            if f"\n{name},".encode() in b"\n" + record:
                return True
    return False
