"""Bounded reading: a part of a file, out of which nothing can be read but bytes that are there.

All that the readers take from a file goes through a `View`, so a file that is cut short or lies about a size
ends in a `BadBinaryError` that says where, and never in another exception.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from struct import Struct
from typing import Any, Generic, TypeVar

from ftaudit.binaries.image import HOOKS, MAX_STRING, Address, BadBinaryError, Buffer, Image, Segment

MAX_HOOK = 512
"""Bytes of an initialisation function's name: it holds a file's name, and file systems end at 255."""
MAX_HOOKS = 4096
"""Initialisation functions of one file; an interpreter's own library has about a hundred."""
MAX_SYMBOL_NAME = 1 << 16
"""Bytes of a symbol's name: those of nested C++ templates pass `MAX_STRING`."""
MAX_NAMES = 1 << 17
"""Names that one table of a file gives; the largest libraries have some ten thousand."""
MAX_NAME_BYTES = 1 << 25
"""Bytes of all these names together."""
MAX_SEGMENTS = 256
"""Parts that a file maps: ELF and Mach-O files have about ten, PE may have 96."""
MAX_LIBRARIES = 1024
"""Libraries that a file names; the largest programs know some two hundred."""
MAX_PLACES = 1 << 16
"""Places that may hold a pointer to one address."""
T = TypeVar("T")
HOOK_PREFIXES = tuple(prefix.encode() for prefix in HOOKS)

_CHUNK = 1 << 18
_SMALL = 1 << 20
"""Bytes of a table of names that are copied to have its names cut out."""
_SHORT = 128
"""Bytes in which most names end."""


class View:
    """*size* bytes of *data* from *start* on, called *what* in messages.

    Offsets count from *start*. Whatever is asked for and does not lie in the view raises `BadBinaryError`.
    """

    __slots__ = ("data", "end", "size", "start", "what")

    def __init__(self, data: Buffer, start: int, size: int, what: str) -> None:
        if start < 0 or size < 0 or start + size > len(data):
            raise BadBinaryError(f"{what}: {size} bytes at {start:#x} end beyond the file")
        self.data = data
        self.start = start
        self.size = size
        self.end = start + size
        self.what = what

    def part(self, offset: int, size: int, what: str) -> View:
        """A view of a part of this one."""
        if offset < 0 or size < 0 or offset + size > self.size:
            raise BadBinaryError(f"{what}: {size} bytes at {offset:#x} end beyond the {self.what}")
        return View(self.data, self.start + offset, size, what)

    def take(self, offset: int, size: int) -> bytes:
        """Exactly *size* bytes."""
        if offset < 0 or size < 0 or offset + size > self.size:
            raise BadBinaryError(f"{self.what}: cut short at {offset:#x}")
        start = self.start + offset
        return bytes(self.data[start : start + size])

    def unpack(self, layout: Struct, offset: int) -> tuple[Any, ...]:
        """The fields of *layout*."""
        if offset < 0 or offset + layout.size > self.size:
            raise BadBinaryError(f"{self.what}: cut short at {offset:#x}")
        return layout.unpack_from(self.data, self.start + offset)

    def string(self, offset: int, limit: int = MAX_STRING) -> bytes:
        """The bytes up to the next NUL, which has to come within *limit* bytes."""
        data, start = self.data, self.start
        if isinstance(data, memoryview):  # it cannot be searched
            data, start = self.take(0, self.size), 0
        place, stop = start + offset, -1
        if 0 <= offset < self.size:
            stop = data.find(b"\0", place, min(place + limit, start + self.size))
        if stop < 0:
            raise BadBinaryError(f"{self.what}: the name at {offset:#x} does not end")
        return data[place:stop]

    def strings(self, offsets: Sequence[int], limit: int = MAX_SYMBOL_NAME) -> list[bytes]:
        """The bytes up to the next NUL from each of *offsets*, no more of them than any file has."""
        if len(offsets) > MAX_NAMES:
            raise BadBinaryError(f"{self.what}: more names than any file has")
        # Modules take hundreds of short names: cutting a piece in two is the least that can be done for each.
        content = self.take(0, self.size) if self.size <= _SMALL and min(offsets, default=0) >= 0 else b""
        names, left = list[bytes](), MAX_NAME_BYTES
        for offset in offsets:
            name, end, _ = content[offset : offset + _SHORT].partition(b"\0")
            if not end:
                name = self.string(offset, limit)
                left -= len(name)
                if left < 0:
                    raise BadBinaryError(f"{self.what}: more names than any file has")
            names.append(name)
        return names

    def text(self, offset: int, limit: int = MAX_STRING) -> str:
        """`string` as text; names that are not UTF-8 keep a mark for each such byte."""
        return self.string(offset, limit).decode("utf-8", "backslashreplace")

    def find(self, wanted: bytes, start: int = 0, end: int | None = None) -> int:
        """Where *wanted* lies first from *start* on, whole before *end*; -1 where it does not.

        Other buffers than bytes are searched piece by piece: a memoryview cannot be searched, and a memory
        map only byte by byte before Python 3.12.
        """
        first = self.start + start
        last = self.end if end is None else min(self.start + end, self.end)
        if isinstance(self.data, bytes):
            found = self.data.find(wanted, first, last)
            return found - self.start if found >= 0 else -1
        while first + len(wanted) <= last:
            piece = bytes(self.data[first : min(first + _CHUNK, last)])
            found = piece.find(wanted)
            if found >= 0:
                return first + found - self.start
            first += max(len(piece) - len(wanted) + 1, 1)
        return -1


class once(Generic[T]):  # noqa: N801 - a decorator
    """A property that is computed when it is first asked for, as ``functools.cached_property``.

    A `BadBinaryError` is remembered too, so that a broken table costs its bound once and not at each word.
    """

    def __init__(self, compute: Callable[[Any], T]) -> None:
        self._compute = compute
        self.__doc__ = compute.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: Any, owner: type) -> T:
        refused = instance.__dict__.setdefault("_refused", {})
        if self._name in refused:
            raise BadBinaryError(refused[self._name])
        try:
            value = self._compute(instance)
        except BadBinaryError as error:
            refused[self._name] = str(error)
            raise
        instance.__dict__[self._name] = value
        return value


def check_segments(segments: list[Segment], bits: int, size: int) -> None:
    """Refuse segments that no loader would map: beyond the file of *size* bytes, beyond the address space.

    Parts of a file are mapped once; the sum of them is held against the file so that a search through all
    segments stays in proportion to it.
    """
    if len(segments) > MAX_SEGMENTS:
        raise BadBinaryError(f"more than {MAX_SEGMENTS} segments")
    for found in segments:
        if found.offset < 0 or found.offset + found.file_size > size:
            raise BadBinaryError(f"the segment at {found.address:#x} ends beyond the file")
        if found.address + found.size > 1 << bits:
            raise BadBinaryError(f"the segment at {found.address:#x} ends beyond the address space")
    if sum(found.file_size for found in segments) > 4 * size:
        raise BadBinaryError("the segments overlap in the file")


def is_hook(name: bytes) -> bool:
    """Whether *name*, without the format's own underscore, is that of an initialisation function."""
    return name.startswith(HOOK_PREFIXES) and len(name) <= MAX_HOOK


def python_names(names: Iterable[bytes], prefix: bytes = b"") -> frozenset[str]:
    """Those of *names* that are the interpreter's, without the *prefix* that all names of C have."""
    first, end, private, private_end = (prefix + part for part in (b"Py", b"Pz", b"_Py", b"_Pz"))
    # Comparing costs half of what `startswith` does.
    found = [name for name in names if first <= name < end or private <= name < private_end]
    if not found:
        return frozenset()
    # No name holds a NUL: all lose their prefix and are decoded at once.
    text = b"\0".join(found).removeprefix(prefix).replace(b"\0" + prefix, b"\0")
    return frozenset(text.decode("utf-8", "backslashreplace").split("\0"))


def uleb(content: bytes, at: int) -> tuple[int, int]:
    """The unsigned LEB128 number at *at*, and where it ends."""
    number = shift = 0
    while at < len(content) and shift < 64:
        byte = content[at]
        at += 1
        number |= (byte & 127) << shift
        if byte < 128:
            return number, at
        shift += 7
    raise BadBinaryError(f"a number at {at:#x} does not end")


def significant(word: bytes) -> bytes:
    """What to search for in place of *word*: all but the zeros at its end, if more than two bytes are left.

    That is several times as fast where there are many zeros. What is found may be another word.
    """
    short = word.rstrip(b"\0")
    return short if len(short) > 2 else word


def pointers_in_place(
    image: Image, address: int, segments: Iterable[Segment], stored: bytes | None = None
) -> Iterator[int]:
    """Where those of *segments* without code hold a pointer to *address*, stored as *stored* or more.

    These bytes are the address itself unless told. Every place is looked up with `Image.word`.
    """
    size = image.pointer_size
    if not 0 <= address < 1 << image.bits:
        return
    if stored is None:
        stored = address.to_bytes(size, "big" if image.big_endian else "little")
    wanted = significant(stored)
    left = MAX_PLACES
    for found in segments:
        if found.executable:
            continue
        content = View(image.data, found.offset, found.file_size, "segment")
        place = content.find(wanted)
        while place >= 0:
            left -= 1
            if left < 0:
                raise BadBinaryError(f"more than {MAX_PLACES} places may point to {address:#x}")
            where = found.address + place
            if where % size == 0:
                word = image.word(where)
                if isinstance(word, Address) and word == address:
                    yield where
            place = content.find(wanted, place + 1)
