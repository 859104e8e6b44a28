"""A wheel that lies on this machine, read in place."""

from __future__ import annotations

import os
import stat
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from ftaudit.wheels.source import BadWheelError

MAX_WHEEL = 8 * 1024**3
"""Bytes; the largest wheels on indexes have about 3 GB."""


class OnDisk:
    """A `ftaudit.wheels.source.Source`. Raises OSError where the file cannot be opened or read."""

    def __init__(self, path: Path) -> None:
        # a pipe must not block the run: it is refused below
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        self._file = os.fdopen(handle, "rb", buffering=0)
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_WHEEL:
            self.close()
            raise BadWheelError(f"not a regular file of at most {MAX_WHEEL // 1024**3} GB")
        self.size = status.st_size

    def read(self, start: int, end: int) -> bytes:
        self._file.seek(start)
        pieces = []
        while start < end and (piece := self._file.read(end - start)):
            pieces.append(piece)
            start += len(piece)
        if start != end:
            raise BadWheelError("it became shorter while it was read")
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def holding(self, start: int, end: int) -> AbstractContextManager[None]:
        del start, end  # all of it is at hand
        return nullcontext()

    def close(self) -> None:
        self._file.close()
