"""Where the bytes of a wheel come from, and what is said of one that is broken."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Protocol


class BadWheelError(Exception):
    """The archive is broken, contradicts itself or is beyond a limit; the message says how, on one line.

    ``kind`` is the slug for `ftaudit.model.evidence.Missing`: ``bad-wheel`` or ``too-large``.
    """

    def __init__(self, why: str, kind: str = "bad-wheel") -> None:
        super().__init__(why)
        self.why, self.kind = why, kind


class Source(Protocol):
    """The bytes of one archive of ``size`` bytes, read by one thread at a time."""

    size: int

    def read(self, start: int, end: int) -> bytes:
        """The bytes from *start* up to, not including, *end* (both within the archive), exactly that many."""

    def holding(self, start: int, end: int) -> AbstractContextManager[None]:
        """While the block runs, reads between *start* and *end* cost no request."""

    def close(self) -> None: ...


BLOCK = 256 * 1024
"""Bytes that are read at once."""


def blocks(source: Source, start: int, end: int, check: Callable[[], None]) -> Iterator[bytes]:
    """What lies between *start* and *end*, a `BLOCK` at a time; *check* is called before each, may raise."""
    for at in range(start, end, BLOCK):
        check()
        yield source.read(at, min(end, at + BLOCK))


def sha256(source: Source, check: Callable[[], None]) -> str:
    """Of the whole archive, in hexadecimal; reads all of it."""
    digest = hashlib.sha256()
    for block in blocks(source, 0, source.size, check):
        digest.update(block)
    return digest.hexdigest()
