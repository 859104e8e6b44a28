"""A shared object as memory: what the readers of the three formats have in common.

Addresses are those that the file was linked for. Nothing is built up front: a reader looks at what is asked
for, over ``bytes``, a ``mmap`` or a ``memoryview``, and every count and length that it takes from the file is
bounded.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from mmap import mmap
from typing import NamedTuple

Buffer = bytes | mmap | memoryview

HOOKS = ("PyInit_", "PyInitU_", "PyModExport_", "PyModExportU_")
"""What the names of initialisation functions begin with (PEP 3121, PEP 489, PEP 793)."""
MAX_STRING = 4096
"""Bytes of a name that is read from a file; longer ones are cut or count as unreadable."""
_PIECE = 1 << 20


class BadBinaryError(Exception):
    """The file is not what it says, is cut short or lies about a size; the message says where."""


class Segment(NamedTuple):
    """``size`` bytes at ``address``, of which the first ``file_size`` come from ``offset`` in the file."""

    address: int
    size: int
    offset: int
    file_size: int
    executable: bool


@dataclass(frozen=True, slots=True)
class Import:
    """A word that the dynamic linker fills with the address of *name* in another library."""

    name: str


class Address(int):
    """A word that the dynamic linker relocates: certainly an address inside the image."""

    __slots__ = ()


Word = int | Import | None
"""A pointer-sized word: an `Address`, another number, an `Import`, or None where nothing is known."""


class Image(ABC):
    """One architecture's code and data. Not thread-safe: each thread reads with an image of its own.

    ``arch`` is ``x86_64``, ``arm64`` or another processor's name, ``bits`` 32 or 64. ``hooks`` are the
    initialisation functions (`HOOKS`) that it exports, by name without the format's own underscore;
    ``needed`` the libraries that it names.
    """

    format: str
    arch: str
    bits: int
    big_endian: bool
    hooks: Mapping[str, int]
    needed: tuple[str, ...]

    def __init__(self, data: Buffer) -> None:
        self.data = data
        self.segments: list[Segment] = []
        self._last: Segment | None = None

    @property
    def pointer_size(self) -> int:
        """Bytes."""
        return self.bits // 8

    def segment(self, address: int) -> Segment | None:
        """The segment that holds *address*."""
        last = self._last
        if last is not None and last.address <= address < last.address + last.size:
            return last
        for found in self.segments:
            if found.address <= address < found.address + found.size:
                self._last = found
                return found
        return None

    def read(self, address: int, size: int) -> bytes | None:
        """*size* bytes as they are in the file, zeros beyond it; None where no one segment holds them."""
        found = self.segment(address)
        if found is None or address + size > found.address + found.size:
            return None
        start = address - found.address
        if start >= found.file_size:
            return bytes(size)
        content = bytes(self.data[found.offset + start : found.offset + min(start + size, found.file_size)])
        return content if len(content) == size else content.ljust(size, b"\0")

    def number(self, address: int, size: int) -> int | None:
        """The unsigned number of *size* bytes at *address*, without relocations."""
        found = self.segment(address)
        if found is None:
            return None
        start = address - found.address
        content: Buffer | None
        if start + size <= found.file_size:
            start += found.offset
            content = self.data[start : start + size]
        else:
            content = self.read(address, size)
        return None if content is None else int.from_bytes(content, "big" if self.big_endian else "little")

    def cstring(self, address: int, limit: int = MAX_STRING) -> bytes | None:
        """The bytes up to the NUL at *address*; None where there is none within *limit* bytes."""
        found = self.segment(address)
        if found is None:
            return None
        start = address - found.address
        if start >= found.file_size:
            return b""
        end = min(start + limit, found.file_size)
        content = bytes(self.data[found.offset + start : found.offset + end])
        length = content.find(0)
        return None if length < 0 else content[:length]

    def find(self, needle: bytes, start: int, end: int) -> int:
        """The first offset in the file, from *start* up to *end*, where *needle* lies; -1 where none does."""
        if not isinstance(self.data, memoryview):
            return self.data.find(needle, start, end)
        while start < end:
            # A view has no find of its own; pieces overlap so that nothing on their border is missed.
            at = bytes(self.data[start : min(end, start + _PIECE + len(needle) - 1)]).find(needle)
            if at >= 0:
                return start + at
            start += _PIECE
        return -1

    def executable(self, address: int) -> bool:
        """Whether code may lie at *address*."""
        found = self.segment(address)
        return found is not None and found.executable

    def own_segments(self) -> list[Segment]:
        """The segments without those that hold nothing but the linker's tables, where the format has such."""
        return self.segments

    def stub(self, address: int) -> str | None:
        """The import that the code at *address* only jumps to, where the format itself says so."""
        return None

    def function_size(self, address: int) -> int | None:
        """The size in bytes of the exported function at *address*, where the format has it."""
        return None

    @abstractmethod
    def word(self, address: int) -> Word:
        """The pointer-sized word at *address* after the dynamic linker's work."""

    @abstractmethod
    def export(self, name: str) -> int | None:
        """The address of the exported symbol *name*."""

    @abstractmethod
    def imports(self, name: str) -> bool:
        """Whether *name* is taken from another library."""

    @abstractmethod
    def python_imports(self) -> frozenset[str]:
        """What it takes from elsewhere that is the interpreter's (``Py…``, ``_Py…``)."""

    @abstractmethod
    def pointers_to(self, address: int) -> Iterator[int]:
        """Where initialised data holds a pointer to *address*: the address of each such word."""
