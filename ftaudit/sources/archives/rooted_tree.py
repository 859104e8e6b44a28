"""A folder that is a root file system: links in it are followed as if it were the whole world."""

from __future__ import annotations

import os
import posixpath
from dataclasses import dataclass
from pathlib import Path

from ftaudit.errors import RefusedError
from ftaudit.model.text import short
from ftaudit.sources import limits
from ftaudit.sources.reading.links import resolved
from ftaudit.sources.tree import DiskTree


@dataclass(frozen=True, slots=True)
class RootedTree:
    """The file system whose root is the folder ``root`` (an absolute, resolved path).

    A place may begin with ``/``: that is the root. No link leads out of it, as in a container.
    """

    root: Path

    def read(
        self, place: str, *, asked_by: str = "", line: int | None = None, limit: int = limits.FILE
    ) -> bytes:
        inside = self.inside(place)
        if inside is None:
            where = f"line {line}" if line else ""
            raise RefusedError(asked_by or place, f"{short(place)}: links without an end", place=where)
        try:
            return DiskTree(self.root).read(inside, asked_by=asked_by, line=line, limit=limit)
        except RefusedError as error:
            raise RefusedError(asked_by or place, error.reason, place=error.place) from error

    def entries(self, place: str) -> tuple[str, ...]:
        inside = self.inside(place)
        return () if inside is None else DiskTree(self.root).entries(inside)

    def is_file(self, place: str) -> bool:
        inside = self.inside(place)
        return inside is not None and Path(self.root, inside).is_file()

    def is_folder(self, place: str) -> bool:
        inside = self.inside(place)
        return inside is not None and Path(self.root, inside).is_dir()

    def real_path(self, place: str) -> str | None:
        inside = self.inside(place)
        return None if inside is None else posixpath.normpath(f"{self.root.as_posix()}/{inside}")

    def inside(self, place: str) -> str | None:
        """Where *place* leads, relative to the root and without a link in it; None for links without end."""
        real = resolved(place.replace(os.sep, "/").split("/"), self._target)
        return None if real is None else "/".join(real)

    def _target(self, parts: tuple[str, ...]) -> str | None:
        try:
            return self.root.joinpath(*parts).readlink().as_posix()
        except (OSError, ValueError):  # mostly: it is no link
            return None
