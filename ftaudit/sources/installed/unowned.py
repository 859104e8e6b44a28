"""Shared objects in a ``site-packages`` that belong to no installed distribution, and so to no pin.

Looked at is what lies at the top of the folder under a name that no ``RECORD`` has anything below: a module
that was copied there, a package that was built in place. Something strange inside a distribution's own folder
is not found this way. https://packaging.python.org/en/latest/specifications/recording-installed-packages/
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterator

from ftaudit.errors import InputError
from ftaudit.sources import limits
from ftaudit.sources.tree import Tree

_SHARED = re.compile(r".+\.(?:so|pyd)", re.IGNORECASE)
_TOP = re.compile(rb'^"?([^/\\,"\n]+)', re.MULTILINE)


def unowned(tree: Tree, site: str) -> tuple[str, ...]:
    """The paths, below the folder *site* of *tree*, of the shared objects that no distribution there has
    anything to do with. Raises `InputError` where there are too many folders to be looked into."""
    entries = tree.entries(site)
    owned = _owned(tree, site, entries)
    strange = [name for name in entries if name not in owned and not name.endswith((".dist-info", ".egg"))]
    return tuple(_shared(tree, site, strange))


def _owned(tree: Tree, site: str, entries: Collection[str]) -> frozenset[str]:
    """What stands at the top of the paths that the distributions list."""
    found: set[bytes] = set()
    for entry in entries:
        record = posixpath.join(site, entry, "RECORD")
        if entry.endswith(".dist-info") and tree.is_file(record):
            found.update(_TOP.findall(tree.read(record)))
    return frozenset(name.decode("utf-8", "replace") for name in found)


def _shared(tree: Tree, site: str, names: Collection[str]) -> Iterator[str]:
    waiting = sorted(names, reverse=True)
    seen: set[str | None] = set()
    while waiting:
        path = waiting.pop()
        place = posixpath.join(site, path)
        if _SHARED.fullmatch(path) and tree.is_file(place):
            yield path
        elif tree.is_folder(place) and (real := tree.real_path(place) or place) not in seen:
            seen.add(real)  # a link may lead around in a circle
            if len(seen) > limits.UNOWNED_FOLDERS:
                raise InputError(site, f"more than {limits.UNOWNED_FOLDERS} folders of no distribution")
            waiting += sorted((posixpath.join(path, name) for name in tree.entries(place)), reverse=True)
