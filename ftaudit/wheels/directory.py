"""The central directory of a wheel: bounded before it is read, and held against itself before it is believed.

`zipfile` parses the entries. What it takes on trust is checked here: how many there are and where they lie
(APPNOTE.TXT 4.3.12-4.3.16), that no two claim the same bytes or the same name, and what names may be.
"""

from __future__ import annotations

import io
import re
import stat
import struct
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ftaudit.model.text import short
from ftaudit.wheels.source import BadWheelError, Source

MAX_DIRECTORY = 8 * 1024**2
MAX_MEMBERS = 100_000
MAX_UNPACKED = 16 * 1024**3
"""Bytes of all members together; the largest wheels on indexes come to 6 GB."""

LOCAL_HEADER = 30
"""Bytes of a member's own header, before its name (APPNOTE.TXT 4.3.7)."""
STORED, DEFLATED = zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED
_DEFLATE_RATIO = 1032
"""Bytes that one byte of a deflate stream can become at most (https://zlib.net/zlib_tech.html)."""
_UTF8 = 0x800
UNREADABLE_FLAGS = 0x1 | 0x20 | 0x40 | 0x2000
"""Encrypted, patched, strongly encrypted, masked (APPNOTE.TXT 4.4.4)."""

_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR64 = struct.Struct("<4sLQL")
_EXTRA = struct.Struct("<HH")
_LONGEST_COMMENT = 0xFFFF
_FULL16, _FULL32 = 0xFFFF, 0xFFFFFFFF
_UNIX = 3
_REFUSED = re.compile(r"\0|\\|\A[A-Za-z]:|\A\Z|(?:\A|/)(?:/|\.{1,2}(?:/|\Z))")
"""Names that lead out of the folder that they are unpacked in, or can be read in two ways."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A file in the archive, as the directory has it. Sizes and places are in bytes.

    ``start`` is where its own header lies, ``end`` where something else begins. ``encoded`` is the name as it
    is written. ``symlink``: installers make a plain file of it, which holds the name of the link's target.
    """

    name: str
    encoded: bytes
    size: int
    compressed: int
    crc: int
    method: int
    flags: int
    start: int
    end: int
    symlink: bool = False

    @property
    def readable(self) -> bool:
        """Whether it is neither encrypted nor compressed in a way that no wheel uses."""
        return not self.flags & UNREADABLE_FLAGS and self.method in (STORED, DEFLATED)


def read_directory(source: Source) -> tuple[Member, ...]:
    """All files in the archive, in the order of the directory. Raises `BadWheelError`."""
    start, end, count = _place(source)
    if end - start > MAX_DIRECTORY or count > MAX_MEMBERS:
        raise BadWheelError("its directory is too large", "too-large")
    # zipfile gets the directory alone: what it would take for its place and for ZIP64 was looked at already
    alone = _END.pack(b"PK\5\6", 0, 0, min(count, _FULL16), min(count, _FULL16), end - start, 0, 0)
    content = source.read(start, end)
    try:
        with zipfile.ZipFile(io.BytesIO(content + alone)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, struct.error, ValueError, EOFError, OSError) as error:
        # NotImplementedError is a later version of the format, UnicodeDecodeError a ValueError
        raise _broken(type(error).__name__) from error
    if len(entries) != count:
        raise _broken("its directory holds another number of members than it says")
    return tuple(_members(entries, start))


def _broken(why: str) -> BadWheelError:
    return BadWheelError(f"not a readable zip archive ({why})")


def _place(source: Source) -> tuple[int, int, int]:
    """Start and end of the directory, and how many entries it says it has."""
    at, end = _end_record(source)
    _, disk, first_disk, here, count, size, start, _ = _END.unpack(end)
    place = at - _LOCATOR64.size
    if place >= _END64.size:
        locator = source.read(place, at)
        if locator.startswith(b"PK\6\7"):
            said, at = (disk, first_disk, here, count, size, start), place - _END64.size
            disk, first_disk, here, count, size, start = _end64(source, locator, at, said)
    if (disk, first_disk, here) != (0, 0, count):
        raise _broken("in several parts")
    if start + size != at:
        raise _broken("its directory is not where it says")
    return start, at, count


def _end_record(source: Source) -> tuple[int, bytes]:
    """The record that ends the archive, and where it lies: nothing but its own comment follows."""
    for length in (_END.size, _END.size + _LONGEST_COMMENT):
        first = max(0, source.size - length)
        tail = source.read(first, source.size)
        found = tail.rfind(b"PK\5\6")
        record = tail[found : found + _END.size]
        if found >= 0 and len(record) == _END.size:
            if found + _END.size + _END.unpack(record)[-1] != len(tail):
                raise _broken("something follows its end")
            return first + found, record
    raise _broken("it has no end record")


def _end64(source: Source, locator: bytes, at: int, said: tuple[int, ...]) -> tuple[int, ...]:
    """The fields of the record for large archives at *at*, which *said*, the small one's, must not deny."""
    _, disk, place, disks = _LOCATOR64.unpack(locator)
    signature, size, _, _, *fields = _END64.unpack(source.read(at, at + _END64.size))
    if (signature, size, disk, place, disks) != (b"PK\6\6", _END64.size - 12, 0, at, 1):
        raise _broken("its ZIP64 record is not where it says")
    limits = (_FULL16,) * 4 + (_FULL32,) * 2
    if any(small not in (large, limit) for small, large, limit in zip(said, fields, limits, strict=True)):
        raise _broken("its two end records contradict each other")
    return tuple(fields)


def _members(entries: Sequence[zipfile.ZipInfo], directory: int) -> Iterator[Member]:
    """The files among *entries*, each checked by itself and against the others."""
    names = [entry.orig_filename for entry in entries]
    if len(set(names)) != len(names):
        name, _ = Counter(names).most_common(1)[0]
        raise BadWheelError(f"holds {short(name)} twice")
    if sum(entry.file_size for entry in entries) > MAX_UNPACKED:
        raise BadWheelError("its members are too large together", "too-large")
    places = sorted({entry.header_offset for entry in entries})
    ends = dict(pairwise([*places, directory]))
    for entry in entries:
        member = _member(entry, ends[entry.header_offset])
        if len(places) != len(entries) or _least_end(member) > member.end:
            raise BadWheelError(f"its member {short(member.name)} overlaps another")
        if not member.name.endswith("/"):
            yield member


def _least_end(member: Member) -> int:
    return member.start + LOCAL_HEADER + len(member.encoded) + member.compressed


def _member(entry: zipfile.ZipInfo, end: int) -> Member:
    name = entry.orig_filename
    if _REFUSED.search(name) or entry.filename != name or _renamed(entry):
        raise BadWheelError(f"holds a member with a name that is refused: {short(name)}")
    if entry.volume:
        raise _broken("in several parts")
    if _impossible(entry):
        raise BadWheelError(f"the size of its member {short(name)} cannot be")
    mode = entry.external_attr >> 16 if entry.create_system == _UNIX else 0
    return Member(
        name=name,
        encoded=name.encode("utf-8" if entry.flag_bits & _UTF8 else "cp437"),
        size=entry.file_size,
        compressed=entry.compress_size,
        crc=entry.CRC,
        method=entry.compress_type,
        flags=entry.flag_bits,
        start=entry.header_offset,
        end=end,
        symlink=stat.S_ISLNK(mode),
    )


def _renamed(entry: zipfile.ZipInfo) -> bool:
    """Whether it has a second name, which only some readers heed (0x7075, APPNOTE.TXT 4.6.9)."""
    own = entry.orig_filename.encode()
    return any(number == 0x7075 and data[5:] != own for number, data in extra_fields(entry.extra))


def _impossible(entry: zipfile.ZipInfo) -> bool:
    if entry.flag_bits & UNREADABLE_FLAGS:
        return False  # not read
    if entry.orig_filename.endswith("/"):
        return entry.file_size > 0  # installers make a folder, and the content is lost
    if entry.compress_type == STORED:
        return entry.compress_size != entry.file_size
    return entry.compress_type == DEFLATED and entry.file_size > entry.compress_size * _DEFLATE_RATIO


def extra_fields(extra: bytes) -> Iterator[tuple[int, bytes]]:
    """Number and content of each extra field (APPNOTE.TXT 4.5), as far as they are whole."""
    while len(extra) >= _EXTRA.size:
        number, length = _EXTRA.unpack_from(extra)
        content, extra = extra[_EXTRA.size : _EXTRA.size + length], extra[_EXTRA.size + length :]
        if len(content) == length:
            yield number, content
