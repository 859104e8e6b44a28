"""Files that may be larger than memory: opened where the tree says that they lie, and read in parts."""

from __future__ import annotations

import os
import stat
from typing import IO

from ftaudit.errors import InputError
from ftaudit.sources.base import Document

_BLOCK = 1 << 20


def open_regular(document: Document) -> IO[bytes]:
    """The regular file *document*, to be closed; raises `InputError` where it is none or cannot be opened."""
    real = document.tree.real_path(document.place)
    if real is None:
        raise InputError(document.path, "lies outside the project and is not read")
    try:
        # O_NONBLOCK: opening a FIFO without it waits for a writer for ever.
        handle = os.open(real, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except OSError as error:
        raise InputError(document.path, (error.strerror or "cannot be opened").lower()) from error
    file = os.fdopen(handle, "rb")
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        file.close()
        raise InputError(document.path, "not a regular file")
    return file


def starts(document: Document, size: int) -> bytes:
    """The first *size* bytes of *document*; empty where it is no file that can be read."""
    if document.folder:
        return b""
    try:
        with open_regular(document) as file:
            return file.read(size)
    except (InputError, OSError):
        return b""  # said by whoever reads it in the end


class Part:
    """The *size* bytes of *file* from *offset* on. Several parts of one file can be read in turns."""

    def __init__(self, file: IO[bytes], offset: int, size: int) -> None:
        self._file, self._offset, self._left = file, offset, size

    def read(self, size: int = -1) -> bytes:
        """At most *size* bytes (all that are left, where it is negative); fewer only at the end."""
        self._file.seek(self._offset)
        data = self._file.read(min(size, self._left) if size >= 0 else self._left)
        self._took(len(data))
        return data

    def skip(self, size: int) -> int:
        """Goes *size* bytes on; how many there were."""
        end = self._file.seek(0, os.SEEK_END)
        there = max(min(size, self._left, end - self._offset), 0)
        self._took(there)
        return there

    def _took(self, size: int) -> None:
        self._offset += size
        self._left -= size


def size_of(file: IO[bytes]) -> int:
    """The size of *file* in bytes."""
    return file.seek(0, os.SEEK_END)
