"""The root file system of a container or a machine, as a folder: the environments in it, read in place."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator, Sequence
from pathlib import Path

from ftaudit.errors import InputError, NothingToAuditError
from ftaudit.model.project import Problem
from ftaudit.model.text import short
from ftaudit.sources import limits
from ftaudit.sources.archives.found_sites import LOOKED_FOR, document_of, environments, find_sites, is_root
from ftaudit.sources.archives.mirror import mirrored
from ftaudit.sources.archives.rooted_tree import RootedTree
from ftaudit.sources.base import Document, Format, Held, Holder
from ftaudit.sources.scratch import Scratch

_PROJECT = ("pyproject.toml", ".git")
_KERNEL = ("proc", "sys", "dev")


def open_root(document: Document, scratch: Scratch, formats: Sequence[Format]) -> Held:
    """The environments below the folder *document*; raises `NothingToAuditError` where there are none."""
    root = document.tree.real_path(document.place)
    if root is None:
        raise InputError(document.path, "lies outside the project and is not read")
    tree = RootedTree(Path(root))
    walk = _Walk(Path(root), document.path)
    found = environments(find_sites("", walk.listing))
    if not found:
        raise NothingToAuditError(
            f"{document.path}: no Python environment in this root file system", advice=f"ftaudit {LOOKED_FOR}"
        )
    return Held(
        documents=tuple(
            document_of(
                environment,
                mirrored(document, tree, environment.sites, scratch),
                shown=document.path.rstrip("/"),
                also_folder=tree.is_folder,
            )
            for environment in found
        ),
        problems=walk.problems(),
    )


class _Walk:
    """Lists the folders below *root*, the input *path*, within limits; links are not followed."""

    def __init__(self, root: Path, path: str) -> None:
        self._root, self._path = root, path
        self._seen = 0
        self._unread: list[str] = []

    def listing(self, handle: str, place: str) -> dict[str, str | None]:
        """The names in the folder *place*; those of folders that are to be gone into with their places."""
        if place.count("/") >= limits.TREE_DEPTH:
            raise InputError(self._path, f"folders more than {limits.TREE_DEPTH} deep")
        return dict(self._entries(handle))

    def _entries(self, place: str) -> Iterator[tuple[str, str | None]]:
        try:
            with os.scandir(self._root / place) as found:
                for entry in found:
                    self._seen += 1
                    if self._seen > limits.TREE_ENTRIES:
                        raise InputError(self._path, f"more than {limits.TREE_ENTRIES} files")
                    below = posixpath.join(place, entry.name)
                    folder = entry.is_dir(follow_symlinks=False) and below not in _KERNEL
                    yield entry.name, below if folder else None
        except OSError:  # of root alone, on a machine that runs; what there may be is a gap
            self._unread.append(place)

    def problems(self) -> tuple[Problem, ...]:
        """What must be said of folders that could not be read."""
        if not self._unread:
            return ()
        message = f"{len(self._unread)} folders cannot be read, among them {short(min(self._unread))}"
        return (Problem(input=self._path, rule="unreadable-input", message=message),)


def _score(document: Document) -> int:
    """A folder with ``usr`` and what lies beside it in a root, which is not a project."""
    if not document.folder:
        return 0
    entries = document.tree.entries(document.place)
    return 2 * (is_root(entries) and not any(name in entries for name in _PROJECT))


HOLDER = Holder(
    name="root file system",
    about="the root file system of a container or a machine, as a folder: all environments in it",
    file_names=(),
    score=_score,
    open=open_root,
)
