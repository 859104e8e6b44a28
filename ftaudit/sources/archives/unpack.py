"""What of an installed package has to lie on disk so that its modules can be read, and how it gets there."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ftaudit.errors import InputError
from ftaudit.model.text import short
from ftaudit.sources.scratch import Scratch

_SHARED = re.compile(r".+\.(?:so(?:\.[0-9]+)*|pyd|dylib|dll)", re.IGNORECASE)
Write = Callable[[bytes], None]
_BY_NAME = (".egg-info", ".egg")
"""Entries of site-packages of which only the name is read."""


def needed(below: Sequence[str]) -> bool:
    """Whether the file at *below* a folder of packages is read: what its installer wrote, shared objects, and
    the source in which modules are imported (`ftaudit.wheels.optional`)."""
    top, name = below[0], below[-1]
    if top.endswith(".dist-info"):
        return len(below) == 2
    if len(below) == 1 and top.endswith((".egg-link", ".pth")):
        return True
    return name.endswith(".py") or _SHARED.fullmatch(name) is not None


def needed_name(below: Sequence[str]) -> bool:
    """Whether of the entry at *below* a folder of packages the name counts, even without content."""
    return len(below) == 1 and below[0].endswith((".dist-info", *_BY_NAME))


class Unpacked:
    """The folder *root* of the scratch space, into which parts of the input *path* are written."""

    def __init__(self, scratch: Scratch, path: str) -> None:
        self.root = scratch.folder()
        self._scratch, self._path = scratch, path

    def folder(self, parts: Sequence[str]) -> None:
        """Makes the folder at *parts*."""
        try:
            self._place(parts).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._error(parts, error) from error

    def write(self, places: Sequence[Sequence[str]], fill: Callable[[Write], None]) -> None:
        """Writes what *fill* writes to new files at all of *places*; no file that is there is written to."""
        first, *others = places
        size = 0
        with self._new(first) as file:

            def write(data: bytes) -> None:
                nonlocal size
                self._scratch.spend(self._path, len(data))
                size += file.write(data)

            fill(write)
        for other in others:
            self._scratch.spend(self._path, size)
            with self._new(other) as copy, self._place(first).open("rb") as original:
                shutil.copyfileobj(original, copy)

    @contextmanager
    def _new(self, parts: Sequence[str]) -> Iterator[BinaryIO]:
        path = self._place(parts)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:
                yield file
        except OSError as error:
            raise self._error(parts, error) from error

    def _place(self, parts: Sequence[str]) -> Path:
        """Where *parts* of a path lie; raises `InputError` for what is no name of a file here."""
        for part in parts:
            if part in ("", ".", "..") or Path(part).name != part or "\0" in part:
                raise InputError(self._path, "not a file's name", place=short("/".join(parts)))
        return self.root.joinpath(*parts)

    def _error(self, parts: Sequence[str], error: OSError) -> InputError:
        why = (error.strerror or "cannot be written").lower()
        return InputError(self._path, f"cannot be unpacked: {why}", place=short("/".join(parts)))
