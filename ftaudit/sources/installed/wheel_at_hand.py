"""A wheel that lies on this machine: name, hash, and the metadata out of its zip, within limits.

Nothing is unpacked; the file is read in place, since a wheel may be larger than memory.
"""

from __future__ import annotations

import hashlib
import io
import os
import stat
import zipfile
import zlib
from contextlib import closing
from pathlib import Path
from typing import IO

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

from ftaudit.errors import InputError
from ftaudit.model.project import ListedFile, Origin, Pin
from ftaudit.model.text import short
from ftaudit.sources import limits
from ftaudit.sources.base import Document
from ftaudit.sources.installed.dist_info import head

_BLOCK = 1024 * 1024
_BROKEN_ZIP = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,  # a compression or a version that zipfile does not know
    RuntimeError,  # encrypted
    ValueError,
    OSError,
)


def read_wheel(document: Document, place: str, shown: str) -> Pin:
    """The wheel at *place* of the document's tree, which a user knows as *shown*.

    Raises `InputError` for what is no wheel: its name, its zip, its metadata, or what they say of each other.
    """
    file_name = place.rpartition("/")[2]
    try:
        name, version, _, _ = parse_wheel_filename(file_name)
    except (InvalidWheelFilename, InvalidVersion) as error:
        raise InputError(shown, "not named as a wheel is (PEP 427)") from error
    with closing(_open(document, place, shown)) as file:
        listed = _listed(file, document, place)
        metadata = _metadata(file, file_name, shown, listed.size or 0)
    found = head(shown, metadata)
    if found.name != name or Version(found.version) != version:
        raise InputError(shown, f"its metadata says {found.name} {short(found.version, 40)}")
    return Pin(
        name=name,
        version=found.version,
        origins=(Origin(input=document.path, path=shown),),
        files=(listed,),
        dependencies=found.edges,
        requires_python=found.requires_python,
        installed=True,
        metadata=found.text,
    )


def read_sdist(document: Document, place: str, shown: str) -> Pin:
    """The source archive at *place*, by its name alone; raises `InputError` where that says nothing."""
    try:
        name, version = parse_sdist_filename(place.rpartition("/")[2])
    except (InvalidSdistFilename, InvalidVersion) as error:
        raise InputError(shown, "not named as a source archive is (PEP 625)") from error
    with closing(_open(document, place, shown)) as file:
        listed = _listed(file, document, place)
    origin = Origin(input=document.path, path=shown)
    return Pin(name=name, version=str(version), origins=(origin,), files=(listed,), installed=True)


def _listed(file: IO[bytes], document: Document, place: str) -> ListedFile:
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    sha256 = hashlib.sha256()
    while block := file.read(_BLOCK):
        sha256.update(block)
    path = document.tree.real_path(place) or place
    return ListedFile(name=place.rpartition("/")[2], size=size, sha256=sha256.hexdigest(), path=path)


def _open(document: Document, place: str, shown: str) -> IO[bytes]:
    """The file, opened where the tree says that it lies; a tree that is not on disk gives its bytes."""
    real = document.tree.real_path(place)
    if real is None or not Path(real).exists():
        return io.BytesIO(document.tree.read(place))
    try:
        handle = os.open(real, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except OSError as error:
        raise InputError(shown, (error.strerror or "cannot be opened").lower()) from error
    file = os.fdopen(handle, "rb")
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode) or status.st_size > limits.WHEEL:
        file.close()
        raise InputError(shown, f"not a regular file of at most {limits.WHEEL // 1024**3} GB")
    return file


def _metadata(file: IO[bytes], file_name: str, shown: str, size: int) -> bytes:
    """``METADATA`` out of the one ``.dist-info`` whose name is that of the wheel."""
    stem = "-".join(file_name.split("-")[:2])
    try:
        _refuse_large_directory(file, size, shown)
        with zipfile.ZipFile(file) as archive:
            places = [n for n in archive.namelist() if n.lower() == f"{stem}.dist-info/metadata".lower()]
            if len(places) != 1:
                raise InputError(shown, "no METADATA in it, or several")
            with archive.open(places[0]) as member:
                content = member.read(limits.METADATA + 1)
    except _BROKEN_ZIP as error:
        raise InputError(shown, "not a zip archive, or a broken one") from error
    if len(content) > limits.METADATA:
        raise InputError(shown, f"its METADATA is larger than {limits.METADATA // 1024**2} MB")
    return content


def _refuse_large_directory(file: IO[bytes], size: int, shown: str) -> None:
    """zipfile reads the whole central directory at once: its size stands in the end record before that."""
    tail = min(size, 65_557)  # the end record with the longest comment
    file.seek(size - tail)
    end = file.read(tail)
    at = end.rfind(b"PK\5\6")
    declared = int.from_bytes(end[at + 12 : at + 16], "little") if at >= 0 else 0
    if declared > limits.ZIP_DIRECTORY:
        most = f"{limits.ZIP_DIRECTORY // limits.MB} MB"
        raise InputError(shown, f"more members than a wheel has: a zip directory larger than {most}")
