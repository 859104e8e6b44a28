"""A tar archive read from front to back, within limits: headers first, content only where it is asked for.

`tarfile` reads long names and extended headers into memory at whatever size they claim, and keeps every
member it has seen: it cannot be held to limits. Read are the ustar, GNU and pax headers that container tools
write (https://www.gnu.org/software/tar/manual/html_node/Standard.html, POSIX.1-2017 "pax").
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum
from typing import NamedTuple, Protocol

from ftaudit.errors import InputError
from ftaudit.model.text import short
from ftaudit.sources import limits

BLOCK = 512
MAGIC = b"ustar"
MAGIC_AT = 257

_COPIED = 1 << 20
_PAX, _PAX_GLOBAL, _LONG_NAME, _LONG_TARGET = b"x", b"g", b"L", b"K"
_NAMES = ("path", "linkpath", "size")


class Kind(Enum):
    """What a member is; ``OTHER`` is a device, a FIFO, or a file stored with holes."""

    FILE = "file"
    FOLDER = "folder"
    HARD_LINK = "hard link"
    LINK = "symbolic link"
    OTHER = "other"


_KINDS = {
    b"0": Kind.FILE, b"\0": Kind.FILE, b"7": Kind.FILE, b"1": Kind.HARD_LINK, b"2": Kind.LINK,
    b"5": Kind.FOLDER, b"3": Kind.OTHER, b"4": Kind.OTHER, b"6": Kind.OTHER, b"S": Kind.OTHER,
}  # fmt: skip


class Entry(NamedTuple):
    """A member: its path and its target as they are written, ``size`` in bytes, ``offset`` of its content."""

    name: str
    kind: Kind
    size: int
    target: str
    offset: int


class Readable(Protocol):
    """What bytes are read from: fewer than asked for only at the end. ``skip`` gives how many it skipped."""

    def read(self, size: int, /) -> bytes: ...

    def skip(self, size: int, /) -> int: ...


class TarStream:
    """The members of the archive *file*, a part of the input *path* that is *place* there.

    To be iterated once. `copy` is of the member that came last. Raises `InputError` for what is
    no tar archive, is cut short, or is over a limit.
    """

    def __init__(self, file: Readable, path: str, place: str = "") -> None:
        self._file, self._path, self._place = file, path, place
        self._at = 0
        self._end = 0

    def __iter__(self) -> Iterator[Entry]:
        records: dict[str, str] = {}
        holes = False
        while (header := self._header()) is not None:
            flag, size = header[156:157], self._number(header[124:136], "size")
            if flag in (_PAX, _PAX_GLOBAL):
                found = self._records(self._record(size))
                holes = holes or any(key.startswith("GNU.sparse.") for key in found)
                named = {key: value for key, value in found.items() if key in _NAMES}
                if flag == _PAX_GLOBAL and named:
                    raise self._error("a global header that names members")
                records |= named
                continue
            if flag in (_LONG_NAME, _LONG_TARGET):
                key = "path" if flag == _LONG_NAME else "linkpath"
                records[key] = self._text(self._record(size).partition(b"\0")[0])
                continue
            yield self._entry(header, flag, size, records, holes)
            records, holes = {}, False
            self._skip(self._end + -self._end % BLOCK - self._at)
        if records:
            raise self._error("cut short: a member's header is missing")

    def copy(self, write: Callable[[bytes], None]) -> None:
        """Hands the content of the member that came last to *write*, in pieces."""
        while self._at < self._end:
            write(self._exactly(min(_COPIED, self._end - self._at)))

    def _entry(self, header: bytes, flag: bytes, size: int, records: dict[str, str], holes: bool) -> Entry:
        kind = _KINDS.get(flag)
        if kind is None:
            raise self._error(f"a member of the type {short(flag.decode('latin-1'))}, which is not known")
        name = records.get("path") or self._name(header)
        target = records.get("linkpath") or self._text(header[157:257].partition(b"\0")[0])
        if flag == b"S":
            self._skip_map(header)
        if "size" in records:
            size = self._decimal(records["size"])
        if kind in (Kind.LINK, Kind.HARD_LINK, Kind.FOLDER) or flag in (b"3", b"4", b"6"):
            size = 0  # these have no content, whatever they claim
        if kind is Kind.FILE and name.endswith("/"):  # as before ustar
            kind = Kind.FOLDER
        self._end = self._at + size
        return Entry(name, Kind.OTHER if holes else kind, size, target, self._at)

    def _skip_map(self, header: bytes) -> None:
        """GNU's map of the holes goes on in blocks of its own, which the size does not count."""
        more, start = header[482], self._at
        while more:
            more = self._exactly(BLOCK)[504]
            if self._at - start > limits.TAR_RECORD:
                raise self._error(f"a header larger than {limits.TAR_RECORD // limits.MB} MB")

    def _header(self) -> bytes | None:
        """The next header, or None at the block of zeros that ends the archive."""
        header = self._exactly(BLOCK)
        if not any(header):
            return None
        claimed = self._number(header[148:156], "checksum")
        if claimed != sum(header) - sum(header[148:156]) + 8 * 0x20:
            raise self._error("not a tar archive, or a broken one: a header's checksum is wrong")
        return header

    def _name(self, header: bytes) -> str:
        name, prefix = header[:100].partition(b"\0")[0], b""
        if header[MAGIC_AT : MAGIC_AT + 6] == b"ustar\0":  # GNU's older magic has times where the prefix is
            prefix = header[345:500].partition(b"\0")[0]
        return self._text(prefix + b"/" + name if prefix else name)

    def _record(self, size: int) -> bytes:
        if size > limits.TAR_RECORD:
            raise self._error(f"a header larger than {limits.TAR_RECORD // limits.MB} MB")
        content = self._exactly(size)
        self._pad()
        return content

    def _records(self, content: bytes) -> dict[str, str]:
        """The ``length key=value`` records that name a member; the values of all others are left empty."""
        found = {}
        while content:
            digits, _, _ = content.partition(b" ")
            length = self._decimal(digits[:30].decode("latin-1"))
            record = content[len(digits) + 1 : length]
            key, equals, value = record.removesuffix(b"\n").partition(b"=")
            if not equals or not record.endswith(b"\n") or length > len(content):
                raise self._error("a pax header that is not one")
            content = content[length:]
            known = key.decode("utf-8", "replace")
            found[known] = self._text(value) if known in _NAMES else ""
        return found

    def _text(self, value: bytes) -> str:
        if len(value) > limits.MEMBER_PATH:
            raise self._error(f"a path of more than {limits.MEMBER_PATH} bytes")
        if b"\0" in value:
            raise self._error("a NUL in a path")
        return value.decode("utf-8", "backslashreplace")

    def _number(self, value: bytes, what: str) -> int:
        """An octal number, or a binary one where the first bit is set (GNU, for large files)."""
        if value[0] == 0x80:
            return int.from_bytes(value[1:], "big")
        digits = value.partition(b"\0")[0].strip(b" ")
        if digits.strip(b"01234567"):
            raise self._error(f"not a tar archive, or a broken one: a {what} that is no number")
        return int(digits or b"0", 8)

    def _decimal(self, digits: str) -> int:
        if not (digits.isascii() and digits.isdecimal() and len(digits) <= 20):
            raise self._error("a pax header with a size that is no number")
        return int(digits)

    def _pad(self) -> None:
        self._skip(-self._at % BLOCK)

    def _skip(self, size: int) -> None:
        if size and self._file.skip(size) != size:
            raise self._error("cut short")
        self._at += size

    def _exactly(self, size: int) -> bytes:
        data = self._file.read(size)
        if len(data) != size:
            raise self._error("cut short")
        self._at += size
        return data

    def _error(self, message: str) -> InputError:
        return InputError(self._path, message, place=self._place)
