"""Reading inside one folder and nowhere else: limits, regular files only, no way out through a link.

`Tree` is what readers see of the world. `DiskTree` is the one for real folders; a test's is a dictionary,
and archives get theirs with the formats that need it.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ftaudit.errors import InputError, RefusedError
from ftaudit.model.text import short
from ftaudit.sources import limits


class Tree(Protocol):
    """A folder and what is below it.

    Places are ``/``-separated and relative to its root.
    """

    def read(
        self, place: str, *, asked_by: str = "", line: int | None = None, limit: int = limits.FILE
    ) -> bytes:
        """The whole content of the regular file at *place*.

        Raises `RefusedError` (naming *asked_by* and *line* where a file asked for it) when the file lies
        outside the tree, does not exist or is not a regular file, `InputError` when it is over *limit*.
        """
        ...

    def entries(self, place: str) -> tuple[str, ...]:
        """The names in the folder at *place*, sorted; empty where there is no such folder."""
        ...

    def is_file(self, place: str) -> bool: ...

    def is_folder(self, place: str) -> bool: ...

    def real_path(self, place: str) -> str | None:
        """The path on this machine of a file in the tree, or None where it has none."""
        ...


@dataclass(frozen=True, slots=True)
class DiskTree:
    """The folder ``root`` (an absolute, resolved path)."""

    root: Path

    def read(
        self, place: str, *, asked_by: str = "", line: int | None = None, limit: int = limits.FILE
    ) -> bytes:
        shown, where = (asked_by or place), (f"line {line}" if line else "")
        path = self._inside(place)
        if path is None:
            raise RefusedError(
                shown,
                f"{short(place)} lies outside the project and is not read",
                place=where,
                advice="--root DIR widens what counts as the project",
            )
        try:
            # O_NONBLOCK: opening a FIFO without it waits for a writer for ever.
            handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        except OSError as error:
            raise RefusedError(shown, f"{short(place)}: {_reason(error)}", place=where) from error
        try:
            status = os.fstat(handle)
            if stat.S_ISDIR(status.st_mode):
                raise RefusedError(shown, f"{short(place)} is a directory", place=where)
            if not stat.S_ISREG(status.st_mode):
                raise RefusedError(shown, f"{short(place)} is not a regular file", place=where)
            with os.fdopen(handle, "rb", closefd=False) as file:
                # not read(limit): that would set aside as much as the limit, however small the file
                content = file.read(status.st_size + 1) if status.st_size <= limit else b""
        except OSError as error:
            raise RefusedError(shown, f"{short(place)}: {_reason(error)}", place=where) from error
        finally:
            os.close(handle)
        if len(content) > status.st_size:
            raise InputError(place, "changed while it was read")
        if status.st_size > limit:
            raise InputError(place, f"larger than {limit // (1024 * 1024)} MB, the limit for such a file")
        return content

    def entries(self, place: str) -> tuple[str, ...]:
        path = self._inside(place)
        if path is None or not stat.S_ISDIR(mode_of(path)):
            return ()
        try:
            with os.scandir(path) as found:
                names = [
                    entry.name for _, entry in zip(range(limits.FOLDER_ENTRIES + 1), found, strict=False)
                ]
        except OSError as error:
            raise InputError(place or ".", _reason(error)) from error
        if len(names) > limits.FOLDER_ENTRIES:
            raise InputError(place or ".", f"more than {limits.FOLDER_ENTRIES} entries in one folder")
        return tuple(sorted(names))

    def is_file(self, place: str) -> bool:
        path = self._inside(place)
        return path is not None and stat.S_ISREG(mode_of(path))

    def is_folder(self, place: str) -> bool:
        path = self._inside(place)
        return path is not None and stat.S_ISDIR(mode_of(path))

    def real_path(self, place: str) -> str | None:
        path = self._inside(place)
        return None if path is None else str(path)

    def _inside(self, place: str) -> Path | None:
        """The resolved path of *place*, or None when it leaves the tree."""
        try:
            path = Path(os.path.realpath(self.root / place))
        except (OSError, ValueError):
            return None
        return path if path.is_relative_to(self.root) else None


def mode_of(path: Path) -> int:
    """What lies at *path*, as `stat` has it; 0 where nothing does, or nothing that may be looked at."""
    try:
        return path.stat().st_mode
    except OSError:
        return 0


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()
