"""What an installed distribution holds that CPython could import, by its ``RECORD``, read in place.

https://packaging.python.org/en/latest/specifications/recording-installed-packages/#the-record-file
"""

from __future__ import annotations

import csv
import mmap
import os
import stat
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from posixpath import basename

from ftaudit.binaries.image import BadBinaryError, Buffer, Image
from ftaudit.binaries.registry import load
from ftaudit.model.binary import Contents, SharedObject, Slice
from ftaudit.model.text import short
from ftaudit.wheels.members import importable, is_library
from ftaudit.wheels.optional import told
from ftaudit.wheels.source import BadWheelError

MAX_RECORD = 64 * 1024**2
MAX_MODULES = 10_000
Analyse = Callable[[str, Buffer, Callable[[str], tuple[Image, ...]]], tuple[Slice, ...]]
"""`ftaudit.binaries.analysis.analyse`."""


def installed(dist_info: Path, analyse: Analyse, check: Callable[[], None]) -> Contents:
    """What the distribution of the folder *dist_info* holds; *check* is called for each file, may raise.

    Raises `BadWheelError` where the ``RECORD`` is not there or not one, OSError where it cannot be read.
    """
    names = _recorded(dist_info)
    root = dist_info.parent

    @lru_cache(maxsize=1)  # many modules lean on the same library
    def library(path: Path) -> tuple[Image, ...]:
        return load(mapped(path)) if path.is_file() else ()

    modules = []
    for name in names:
        path = importable(name)
        if path is not None:
            check()
            modules.append(_module(root, path, analyse, library))
    sources = _Sources(root, [name for name in names if name.endswith(".py")], check)
    return Contents(
        modules=told(sorted(modules, key=lambda module: module.path), sources.sizes, sources.read),
        libraries=tuple(name for name in names if is_library(name)),
        members=len(names),
    )


class _Sources:
    """The Python source files *names* below *root*; of one that is not there nothing is known."""

    def __init__(self, root: Path, names: Sequence[str], check: Callable[[], None]) -> None:
        self._root, self._names, self._check = root, names, check

    def sizes(self) -> dict[str, int]:
        try:
            return {name: (self._root / name).stat().st_size for name in self._names}
        except OSError:
            return {}

    def read(self, names: Sequence[str]) -> dict[str, bytes]:
        self._check()
        try:
            return {name: bytes(mapped(self._root / name)[:]) for name in names}
        except OSError:
            return {}


def _recorded(dist_info: Path) -> list[str]:
    """The paths of its files below site-packages, sorted; those elsewhere are no modules."""
    content = _read(dist_info / "RECORD")
    try:
        rows = list(csv.reader(content.decode("utf-8").splitlines()))
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadWheelError("its RECORD is not the list of files that it should be") from error
    names = {row[0].replace("\\", "/") for row in rows if row}
    below = sorted(name for name in names if not name.startswith("/") and ".." not in name.split("/"))
    if sum(importable(name) is not None for name in below) > MAX_MODULES:
        raise BadWheelError(f"installed more than {MAX_MODULES} shared objects", "too-large")
    return below


def _read(record: Path) -> bytes:
    try:
        with record.open("rb") as file:
            content = file.read(MAX_RECORD + 1)
    except FileNotFoundError as error:
        raise BadWheelError("no RECORD says which files it installed", "no-record") from error
    if len(content) > MAX_RECORD:
        raise BadWheelError(f"its RECORD is larger than {MAX_RECORD // 1024**2} MB", "too-large")
    return content


def _module(
    root: Path, path: str, analyse: Analyse, library: Callable[[Path], tuple[Image, ...]]
) -> SharedObject:
    try:
        data = mapped(root / path)
    except OSError as error:
        why = (error.strerror or "cannot be read").lower()
        return SharedObject(path=path, size=0, problem=why, problem_kind="not-readable")

    try:
        slices = analyse(path, data, lambda name: library((root / path).parent / basename(name)))
    except BadBinaryError as error:
        problem = short(str(error), 200)
        return SharedObject(path=path, size=len(data), problem=problem, problem_kind="bad-binary")
    return SharedObject(path=path, size=len(data), slices=slices)


def mapped(path: Path) -> Buffer:
    """The regular file at *path*, mapped for reading. Raises OSError."""
    # a pipe must not block the run
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(0, "not a regular file")
        return mmap.mmap(handle, 0, access=mmap.ACCESS_READ) if status.st_size else b""
    finally:
        os.close(handle)
