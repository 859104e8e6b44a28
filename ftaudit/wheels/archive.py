"""The members of a wheel: listed, and read one at a time, wherever the wheel lies. Nothing is unpacked."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Self

from ftaudit.model.evidence import Missing
from ftaudit.model.text import short
from ftaudit.wheels.directory import LOCAL_HEADER, UNREADABLE_FLAGS, Member, extra_fields, read_directory
from ftaudit.wheels.inflate import Buffer, inflate
from ftaudit.wheels.plan import plan, span
from ftaudit.wheels.source import BadWheelError, Source, blocks

MAX_MEMBER = 1024**3
"""Bytes of a member that is read."""
MAX_INFLATED = 6 * 1024**3
"""Bytes that are inflated of one archive, all together."""

_LOCAL = struct.Struct("<4s5H3L2H")
_DESCRIPTOR_FLAG = 0x8
"""Sizes and CRC follow the member, and are 0 in its own header (APPNOTE.TXT 4.4.4)."""
_ZIP64_FIELD = 0x0001
_FULL32 = 0xFFFFFFFF


class Archive:
    """The wheel in *source*, for one thread. *source* is closed at the end of a ``with`` block, and where it
    is no archive.

    *check* is called between blocks and may raise: it ends what takes too long. `BadWheelError` is raised for
    an archive that is broken as a whole; what *source* raises goes through.
    """

    def __init__(self, source: Source, check: Callable[[], None] = lambda: None) -> None:
        self._source, self._check = source, check
        self._left = MAX_INFLATED
        try:
            self.members = read_directory(source)
        except BaseException:
            source.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._source.close()

    def read_members(self, wanted: Sequence[Member]) -> Iterator[tuple[Member, Buffer | Missing]]:
        """Each of *wanted* with its bytes, or why they cannot be had (``bad-wheel``, ``too-large``).

        They come in the order of the archive, in as few requests as is sensible (`ftaudit.wheels.plan`). Only
        one is in memory at a time, where the caller lets go of each before it asks for the next.
        """
        refused = {member: why for member in wanted if (why := _refused(member))}
        yield from ((member, _missing(member, why)) for member, why in refused.items())
        for run in plan([member for member in wanted if member not in refused]):
            with self._source.holding(run.start, run.end):
                for member in run.members:
                    try:
                        content: Buffer | Missing = self._read(member)
                    except BadWheelError as error:
                        content = _missing(member, error)
                    yield member, content
                    del content  # one inflated member at a time

    def read(self, member: Member) -> Buffer:
        """The bytes of *member*. Raises `BadWheelError` where they cannot be had."""
        if why := _refused(member):
            raise why
        start, end = span(member)
        with self._source.holding(start, end):
            return self._read(member)

    def _read(self, member: Member) -> Buffer:
        self._left -= member.size
        if self._left < 0:
            raise BadWheelError(f"more than {MAX_INFLATED // 1024**3} GB of its wheel were read", "too-large")
        start = self._data(member)
        end = start + member.compressed
        with self._source.holding(start, end):  # where its header was longer than the plan had it
            return inflate(member, blocks(self._source, start, end, self._check))

    def _data(self, member: Member) -> int:
        """Where the data of *member* begin, after its own header, which must not deny the directory's."""
        header = self._source.read(member.start, member.start + LOCAL_HEADER)
        signature, _, flags, method, _, _, crc, compressed, size, name, extra = _LOCAL.unpack(header)
        place = member.start + LOCAL_HEADER
        start: int = place + name + extra
        if signature != b"PK\3\4" or name != len(member.encoded) or start + member.compressed > member.end:
            raise BadWheelError("its header is not where the directory says")
        rest = self._source.read(place, start)
        if _FULL32 in (size, compressed):
            size, compressed = _zip64(rest[name:], size, compressed)
        said = (crc, compressed, size)
        later = 0 if flags & _DESCRIPTOR_FLAG else None
        if (
            rest[:name] != member.encoded
            or method != member.method
            or (flags ^ member.flags) & UNREADABLE_FLAGS
            or any(
                own not in (known, later)
                for own, known in zip(said, (member.crc, member.compressed, member.size), strict=True)
            )
        ):
            raise BadWheelError("its own header and the directory contradict each other")
        return start


def _refused(member: Member) -> BadWheelError | None:
    """Why *member* is not even asked for."""
    if not member.readable:
        return BadWheelError("it is encrypted, or compressed in a way that wheels are not")
    if member.size > MAX_MEMBER:
        return BadWheelError(f"it is larger than {MAX_MEMBER // 1024**2} MB", "too-large")
    return None


def _missing(member: Member, error: BadWheelError) -> Missing:
    return Missing(what=short(member.name), why=error.why, kind=error.kind)


def _zip64(extra: bytes, size: int, compressed: int) -> tuple[int, int]:
    """Both sizes, from the ZIP64 field where the header has no room for them (APPNOTE.TXT 4.5.3)."""
    content = next((data for number, data in extra_fields(extra) if number == _ZIP64_FIELD), b"")
    numbers = iter(number for (number,) in struct.iter_unpack("<Q", content[: len(content) // 8 * 8]))
    return (
        next(numbers, 0) if size == _FULL32 else size,
        next(numbers, 0) if compressed == _FULL32 else compressed,
    )
