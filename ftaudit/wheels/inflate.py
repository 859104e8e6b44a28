"""One member's bytes: inflated within its declared size, checked against it and its CRC."""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing
from mmap import ACCESS_READ, mmap

from ftaudit.wheels.directory import STORED, Member
from ftaudit.wheels.source import BadWheelError

Buffer = bytes | mmap

SPOOLED = 64 * 1024**2
"""Bytes above which a member is inflated into a private temporary file."""
_STEP = 1024**2
_OTHER_END = "its compressed bytes do not end where the archive says"


def inflate(member: Member, blocks: Iterable[bytes]) -> Buffer:
    """What the compressed *blocks* of *member* come to, and nothing else.

    Raises `BadWheelError` as soon as it is more than the directory says, and at the end where it is less or
    has another checksum; OSError where the temporary file cannot be written.
    """
    if member.size <= SPOOLED:
        area = mmap(-1, member.size) if member.size else None  # bytes would be joined: twice the memory
        for chunk in _checked(member, blocks):
            if area is not None:
                area.write(chunk)
        return area or b""
    with closing(tempfile.TemporaryFile()) as file:
        for chunk in _checked(member, blocks):
            file.write(chunk)
        file.flush()
        return mmap(file.fileno(), member.size, access=ACCESS_READ)  # outlives the file object


def _checked(member: Member, blocks: Iterable[bytes]) -> Iterator[bytes]:
    left, crc = member.size, 0
    for chunk in blocks if member.method == STORED else _inflated(blocks):
        left -= len(chunk)
        if left < 0:
            raise BadWheelError("it is larger than the archive says")
        crc = zlib.crc32(chunk, crc)
        yield chunk
    if left:
        raise BadWheelError("it is smaller than the archive says")
    if crc != member.crc:
        raise BadWheelError("its checksum is wrong")


def _inflated(blocks: Iterable[bytes]) -> Iterator[bytes]:
    engine = zlib.decompressobj(-zlib.MAX_WBITS)
    for block in blocks:
        more = True
        while more:
            try:
                chunk = engine.decompress(block, _STEP)
            except zlib.error as error:
                raise BadWheelError("its compressed bytes are damaged") from error
            if engine.unused_data:
                raise BadWheelError(_OTHER_END)
            yield chunk
            block = engine.unconsumed_tail
            more = bool(block) or len(chunk) == _STEP  # zlib may hold back what did not fit
    if not engine.eof:
        raise BadWheelError(_OTHER_END)
