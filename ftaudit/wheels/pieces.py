"""A wheel that lies elsewhere: its bytes are fetched in pieces as they are asked for, and held while needed.

Nothing here touches the network: the caller gives a `Fetch`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from ftaudit.wheels.source import BadWheelError

Fetch = Callable[[int, int], bytes]
"""The bytes from *start* up to, not including, *end*; exactly that many. May raise what it likes."""

TAIL = 32 * 1024
"""Bytes of the first piece: the directory of most wheels, and METADATA, which wheels keep last."""
LARGEST_PIECE = 32 * 1024**2
"""Bytes that one request asks for: as much memory as a piece takes before it is in its temporary file."""
IN_MEMORY = 8 * 1024**2
"""Bytes of a region that are held in memory; a larger one is in a private temporary file."""
STRAYS = 4
"""How many pieces are kept that were read without being asked for ahead: the directory is the first."""


@dataclass(frozen=True, slots=True)
class _Region:
    start: int
    end: int
    file: IO[bytes]


class Pieces:
    """A `ftaudit.wheels.source.Source` over *fetch*. *held* are pieces known already, the tail first.

    Raises `BadWheelError` where a piece has another length than asked for; what *fetch* raises goes through.
    """

    def __init__(self, size: int, fetch: Fetch, held: Sequence[tuple[int, bytes]] = ()) -> None:
        self.size, self._fetch = size, fetch
        start = max(0, size - TAIL)
        self._tail, *others = held or [(start, self._get(start, size))]
        self._strays = deque(others, STRAYS)
        self._regions: list[_Region] = []

    @property
    def held(self) -> tuple[tuple[int, bytes], ...]:
        """What is held in memory, each piece with its place: another `Pieces` may begin with it."""
        return (self._tail, *self._strays)

    def holds(self, start: int, end: int) -> bool:
        """Whether reading from *start* to *end* needs no request."""
        while start < end:
            reached = self._reach(start)
            if reached == start:
                return False
            start = reached
        return True

    def read(self, start: int, end: int) -> bytes:
        found = []
        while start < end:
            piece = self._at(start, end)
            if not piece:
                piece = self._get(start, min([end, *(at for at, _ in self._places() if at > start)]))
                self._strays.append((start, piece))
            found.append(piece)
            start += len(piece)
        return found[0] if len(found) == 1 else b"".join(found)

    @contextmanager
    def holding(self, start: int, end: int) -> Iterator[None]:
        """While the block runs, all between *start* and *end* is held, in memory or a temporary file."""
        while start < end and (reached := self._reach(start)) > start:
            start = reached
        end = min(end, self._tail[0])
        if start >= end:
            yield
            return
        from tempfile import SpooledTemporaryFile  # slow to import, and not needed for a small wheel

        with SpooledTemporaryFile(IN_MEMORY) as file:
            for at in range(start, end, LARGEST_PIECE):
                file.write(self._get(at, min(end, at + LARGEST_PIECE)))
            self._regions.append(_Region(start, end, file))
            try:
                yield
            finally:
                self._regions.pop()

    def close(self) -> None:
        """Lets go of what is held in memory; regions end with their blocks."""
        self._tail = (self.size, b"")
        self._strays.clear()

    def _places(self) -> Iterator[tuple[int, int]]:
        """Start and end of everything that is held."""
        yield from ((at, at + len(content)) for at, content in self.held)
        yield from ((region.start, region.end) for region in self._regions)

    def _reach(self, start: int) -> int:
        """How far what is held goes from *start*; *start* itself where that is not held."""
        return max([start, *(end for at, end in self._places() if at <= start < end)])

    def _at(self, start: int, end: int) -> bytes:
        """What is held from *start* on in one piece, at most up to *end*."""
        for at, content in self.held:
            if at <= start < at + len(content):
                return content[start - at : end - at]
        for region in reversed(self._regions):
            if region.start <= start < region.end:
                region.file.seek(start - region.start)
                return region.file.read(min(end, region.end) - start)
        return b""

    def _get(self, start: int, end: int) -> bytes:
        piece = self._fetch(start, end) if start < end else b""
        if len(piece) != end - start:
            raise BadWheelError("its server sent another number of bytes than asked for")
        return piece
