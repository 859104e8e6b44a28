"""The layers of a container image as streams of tar: inflated, held against their digests, within limits."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Protocol

from ftaudit.errors import InputError
from ftaudit.model.text import short
from ftaudit.sources import limits
from ftaudit.sources.archives.image_store import Checked, Store, digest_of
from ftaudit.sources.archives.tar_stream import TarStream

GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_CHUNK = 1 << 20


class Inflating(Protocol):
    """A decompressor's file."""

    def read(self, size: int, /) -> bytes: ...


class Layer:
    """What one compressed file inflates to, read from front to back; raises `InputError` over the limits."""

    def __init__(self, inflated: Inflating, checked: Checked, path: str, place: str) -> None:
        self._inflated, self._checked = inflated, checked
        self._path, self._place = path, place
        self._given = 0

    def read(self, size: int) -> bytes:
        """*size* bytes; fewer only at the end."""
        parts = []
        try:
            while size > 0 and (data := self._inflated.read(min(size, _CHUNK))):
                parts.append(data)
                size -= len(data)
                self._count(len(data))
        except (OSError, EOFError, zlib.error) as error:
            why = "compressed data that are broken or cut short"
            raise InputError(self._path, why, place=self._place) from error
        return b"".join(parts)

    def skip(self, size: int) -> int:
        """Goes *size* bytes on; how many there were."""
        skipped = 0
        while skipped < size and (data := self.read(min(_CHUNK, size - skipped))):
            skipped += len(data)
        return skipped

    def copy(self, write: Callable[[bytes], None]) -> None:
        """Hands all that is left to *write*, in pieces."""
        while data := self.read(_CHUNK):
            write(data)

    def _count(self, size: int) -> None:
        self._given += size
        why = ""
        if self._given > limits.LAYER:
            why = f"inflates to more than {limits.LAYER // limits.GB} GB"
        elif self._given > max(limits.INFLATED_FREELY, limits.INFLATION * self._checked.taken):
            why = f"inflates to more than {limits.INFLATION} times its size"
        if why:
            raise InputError(self._path, f"{why}, as no real layer does", place=self._place)


@contextmanager
def layer(store: Store, name: str) -> Iterator[TarStream]:
    """The members of the layer *name*; at the end of the block all of it must have its digest."""
    checked = Checked(store.open(name)[0], digest_of(name, store.path))
    place = short(name.removeprefix("blobs/"), 40)
    stream = inflate(store.open(name)[0].read(len(ZSTD)), checked, store.path, place)
    yield TarStream(stream, store.path, place)
    stream.skip(limits.LAYER)  # what follows the end of the archive must be whole, too
    checked.finish()


def inflate(start: bytes, checked: Checked, path: str, place: str) -> Layer:
    """*checked*, which begins with the bytes *start*, inflated; raises `InputError` where it cannot be."""
    inflated: Inflating = checked
    if start.startswith(GZIP):
        from gzip import GzipFile  # several members one after the other are one stream (eStargz)

        inflated = GzipFile(fileobj=checked, mode="rb")  # type: ignore[call-overload]
    elif start.startswith(ZSTD):
        inflated = _zstd(checked, path, place)
    return Layer(inflated, checked, path, place)


def _zstd(checked: Checked, path: str, place: str) -> Inflating:
    try:
        zstd = import_module("compression.zstd")
    except ImportError as error:
        raise InputError(
            path,
            "a layer is compressed with zstd, which needs Python 3.14",
            place=place,
            advice="run ftaudit with Python 3.14, or save the image with gzip layers",
        ) from error
    return _Zstd(zstd.ZstdFile(checked), zstd.ZstdError)


class _Zstd:
    """A zstd file, whose own error is said as an OSError, as gzip does."""

    def __init__(self, file: Inflating, broken: type[Exception]) -> None:
        self._file, self._broken = file, broken

    def read(self, size: int) -> bytes:
        try:
            return self._file.read(size)
        except self._broken as error:
            raise OSError("broken zstd") from error
