"""Folders of packages in a root file system whose links lead elsewhere on this machine than inside it.

Modules are read by their paths on disk, and there an absolute link begins at this machine's root. So of a
folder with such links, what is read is copied to the scratch space. Every other one is read where it lies.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from ftaudit.errors import InputError
from ftaudit.sources import limits
from ftaudit.sources.archives.big_file import open_regular
from ftaudit.sources.archives.rooted_tree import RootedTree
from ftaudit.sources.archives.unpack import Unpacked, Write, needed, needed_name
from ftaudit.sources.base import Document
from ftaudit.sources.scratch import Scratch
from ftaudit.sources.tree import Tree

_CHUNK = 1 << 20


def mirrored(document: Document, tree: RootedTree, sites: Iterable[str], scratch: Scratch) -> Tree:
    """*tree*, the root file system *document*, in which all of *sites* can be read by their real paths."""
    mirrors = {}
    for site in sites:
        if _astray(tree, site):
            unpacked = Unpacked(scratch, document.path)
            _copy(document, tree, site, unpacked)
            mirrors[site] = str(unpacked.root)
    return _Mirrored(tree=tree, mirrors=mirrors) if mirrors else tree


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mirrored:
    """The *tree*, with other real paths for what lies below a key of *mirrors*: there below its value."""

    tree: RootedTree
    mirrors: dict[str, str]

    def read(
        self, place: str, *, asked_by: str = "", line: int | None = None, limit: int = limits.FILE
    ) -> bytes:
        return self.tree.read(place, asked_by=asked_by, line=line, limit=limit)

    def entries(self, place: str) -> tuple[str, ...]:
        return self.tree.entries(place)

    def is_file(self, place: str) -> bool:
        return self.tree.is_file(place)

    def is_folder(self, place: str) -> bool:
        return self.tree.is_folder(place)

    def real_path(self, place: str) -> str | None:
        for site, folder in self.mirrors.items():
            if place == site or place.startswith(f"{site}/"):
                return f"{folder}/{place}"
        return self.tree.real_path(place)


def _astray(tree: RootedTree, site: str) -> bool:
    """Whether a link below *site* leads elsewhere on this machine than inside the root, or to a folder, in
    which there may be others."""
    waiting = [site]
    while waiting:
        place = waiting.pop()
        try:
            with os.scandir(tree.root / place) as found:
                entries = list(found)
        except OSError as error:
            raise InputError(place, (error.strerror or "cannot be read").lower()) from error
        for entry in entries:
            below = posixpath.join(place, entry.name)
            if entry.is_dir(follow_symlinks=False):
                waiting.append(below)
            elif entry.is_symlink() and (
                os.path.realpath(entry.path) != tree.real_path(below) or tree.is_folder(below)
            ):
                return True
    return False


def _copy(document: Document, tree: RootedTree, site: str, unpacked: Unpacked) -> None:
    """Copies what is read of *site* to *unpacked*, as it would be found inside the root."""
    top = tuple(site.split("/"))
    unpacked.folder(top)
    for below, real in _walk(document, tree, site):
        if needed(below) and tree.is_file(real):
            shown = f"{document.path.rstrip('/')}/{real}"
            source = replace(document, tree=tree, place=real, path=shown, folder=False)

            def fill(write: Write, source: Document = source) -> None:
                with open_regular(source) as file:
                    while data := file.read(_CHUNK):
                        write(data)

            unpacked.write([(*top, *below)], fill)
        elif needed_name(below):
            unpacked.folder((*top, *below))


def _walk(document: Document, tree: RootedTree, site: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """All below *site*: its path below it, and where it really lies inside the root.

    A link to a folder that it lies in itself, or without an end, is left out.
    """
    waiting: list[tuple[tuple[str, ...], str, frozenset[str]]] = [((), site, frozenset())]
    seen = 0
    while waiting:
        below, place, above = waiting.pop()
        for name in tree.entries(place):
            seen += 1
            if seen > limits.TREE_ENTRIES or len(below) > limits.TREE_DEPTH:
                most = f"more than {limits.TREE_ENTRIES} files or {limits.TREE_DEPTH} folders deep"
                why = f"links or folders without an end: {most}"
                raise InputError(document.path, why, place=site)
            real = tree.inside(f"{place}/{name}")
            if real is None or real in above:
                continue
            yield (*below, name), real
            if tree.is_folder(real):
                waiting.append(((*below, name), real, above | {real}))
