"""One member of a wheel that lies elsewhere, read in a few pieces. Nothing here touches the network.

The caller gives a `Fetch`; `zipfile` reads the archive through it, so that its checks (central directory,
sizes, CRC) are the ones that count.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

Fetch = Callable[[int, int], bytes]
"""The bytes from *start* up to, not including, *end*; exactly that many. May raise what it likes."""

TAIL = 32 * 1024
"""Bytes of the first piece: the directory of most wheels, and METADATA, which wheels keep last."""
MAX_DIRECTORY = 8 * 1024 * 1024
MAX_METADATA = 4 * 1024 * 1024


class BadWheelError(Exception):
    """The archive is broken, lies about a size or holds no metadata of its own; the message says which."""


def read_metadata(name: str, size: int, fetch: Fetch) -> bytes:
    """The core metadata of the wheel called *name* of *size* bytes.

    Raises `BadWheelError`; what *fetch* raises goes through.
    """
    try:
        with zipfile.ZipFile(_Pieces(size, fetch)) as archive:
            info = _metadata_member(name, archive)
            return _read(archive, info)
    except (
        zipfile.BadZipFile,
        zlib.error,
        NotImplementedError,
        RuntimeError,
        ValueError,
        EOFError,
        OSError,
    ) as error:
        # zipfile's RuntimeError is "encrypted", its NotImplementedError an unknown compression
        raise BadWheelError(f"not a readable zip archive ({type(error).__name__})") from error


def _metadata_member(name: str, archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    """``{name}-{version}.dist-info/METADATA``, of which a wheel has exactly one."""
    found = [info for info in archive.infolist() if info.filename.endswith(".dist-info/METADATA")]
    own = [info for info in found if _belongs(name, info.filename)]
    if len(own) != 1:
        raise BadWheelError(f"holds {len(own)} METADATA files of its own")
    if own[0].file_size > MAX_METADATA or own[0].compress_size > MAX_METADATA:
        raise BadWheelError("its METADATA is too large")
    return own[0]


def _belongs(wheel: str, member: str) -> bool:
    try:
        name, version, _, _ = parse_wheel_filename(wheel)
        folder, rest = member.split("/")
        other, _, other_version = folder.removesuffix(".dist-info").rpartition("-")
        return rest == "METADATA" and canonicalize_name(other) == name and Version(other_version) == version
    except (InvalidWheelFilename, InvalidVersion, ValueError):
        return False


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    with archive.open(info) as member:
        content = member.read(info.file_size + 1)  # one more than declared: reaching the end checks the CRC
    if len(content) != info.file_size:
        raise BadWheelError("its METADATA has another size than declared")
    return content


class _Pieces(io.RawIOBase):
    """A read-only file whose bytes are fetched when they are read, in pieces of at least `TAIL` bytes."""

    def __init__(self, size: int, fetch: Fetch) -> None:
        super().__init__()
        self._size, self._fetch, self._position = size, fetch, 0
        self._start, self._piece, self._total = 0, b"", 0
        self._load(max(0, size - TAIL), size)
        self._tail = self._start, self._piece

    def _load(self, start: int, end: int) -> None:
        self._total += end - start
        if self._total > MAX_DIRECTORY + MAX_METADATA:
            raise BadWheelError("its directory is too large")
        self._start, self._piece = start, self._fetch(start, end)
        if len(self._piece) != end - start:
            raise BadWheelError("its server sent another number of bytes than asked for")

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise OSError("before the start of the file")  # as a real file: zipfile counts on it
        self._position = base + offset
        return self._position

    def read(self, size: int | None = -1) -> bytes:
        start = min(self._position, self._size)
        end = self._size if size is None or size < 0 else min(self._size, start + size)
        for at, piece in (self._tail, (self._start, self._piece)):
            if at <= start and end <= at + len(piece):
                break
        else:
            if end - start > MAX_DIRECTORY:
                raise BadWheelError("its directory is too large")
            self._load(start, min(self._size, max(end, start + TAIL)))
            at, piece = self._start, self._piece
        self._position = end
        return piece[start - at : end - at]
