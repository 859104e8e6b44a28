"""One file to what it holds: a wheel one member at a time, a shared object through a memory map."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from ftaudit.binaries.analysis import Sibling, analyse, module_of
from ftaudit.binaries.image import BadBinaryError, Buffer, Image
from ftaudit.binaries.registry import load
from ftaudit.errors import DeadlineExceededError, InputError
from ftaudit.judge.inspected import Read
from ftaudit.model.binary import Contents, Declared, SharedObject, Slice
from ftaudit.model.inspection import FileKind
from ftaudit.model.text import short
from ftaudit.store.results import Results
from ftaudit.wheels.installed import mapped

WHAT_IT_TAKES = "FILE is a whole wheel or shared object (.so, .pyd, .dylib), or a folder that holds some"
NOT_IN_TIME = "not read: the deadline passed"
_ZIP = (b"PK\3\4", b"PK\5\6")
_BLOCK = 1024**2
_ABOVE = 3
"""Folders above a shared object in which a library that it leaves its module to is looked for (jaxlib)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Reads files of this machine; `InputError` is raised for one that is not what it should be.

    ``results`` gives the store of what wheels hold, opened when the first wheel is read. ``check`` is called
    while a file is read, and raises when the run has ended. ``digests`` asks for the SHA-256 of shared
    objects, for which every byte is read; that of a wheel is needed for the store. ``by_name`` tells that a
    shared object is only what its file name asks for.
    """

    results: Callable[[], Results[Contents]]
    check: Callable[[], None]
    now: datetime
    digests: bool = False
    by_name: bool = False

    def file(self, path: Path, shown: str) -> Read:
        """What the wheel or shared object at *path* holds; its first bytes tell which it is."""
        try:
            data = mapped(path)
            if path.suffix == ".whl" or data[:4] in _ZIP:
                return self.wheel(path, shown)
            return self._shared_object(path, shown, data)
        except BadBinaryError as error:
            raise InputError(shown, short(str(error), 200), advice=WHAT_IT_TAKES) from error
        except OSError as error:
            raise InputError(shown, _reason(error), advice=WHAT_IT_TAKES) from error

    def wheel(self, path: Path, shown: str) -> Read:
        """What the wheel at *path* holds, remembered or read."""
        # zipfile takes a while to import, and shared objects do not need it
        from ftaudit.wheels.on_disk import OnDisk
        from ftaudit.wheels.source import BadWheelError, Source, sha256

        def contents(source: Source) -> Contents:
            digest = sha256(source, self.check)
            kept = self.results().load(digest)
            if kept is None:
                from ftaudit.index.wheel_contents import Wheel

                read = Wheel(source, self.check).contents(analyse, sources=True)
                kept = replace(read, sha256=digest, as_of=self.now)
                self.results().save(digest, kept)
            return replace(kept, verified="crc", sha256=digest)

        try:
            source = OnDisk(path)
            try:
                return Read(path=shown, kind=FileKind.WHEEL, size=source.size, contents=contents(source))
            finally:
                source.close()
        except BadWheelError as error:
            raise InputError(shown, error.why, advice=WHAT_IT_TAKES) from error
        except OSError as error:
            raise InputError(shown, _reason(error), advice=WHAT_IT_TAKES) from error

    def module(self, place: Path, path: str, size: int) -> SharedObject:
        """What the shared object at *path* says, below *place*, a folder on the import path.

        One that cannot be read, or not before the deadline, has a problem; nothing is raised.
        """
        try:
            self.check()
            slices = analyse(path, mapped(place / path), _beside(place / path))
        except BadBinaryError as error:
            why, kind = short(str(error), 200), "bad-binary"
        except OSError as error:
            why, kind = _reason(error), "not-readable"
        except DeadlineExceededError:
            why, kind = NOT_IN_TIME, "deadline"
        else:
            return SharedObject(path=path, size=size, slices=slices)
        return SharedObject(path=path, size=size, problem=why, problem_kind=kind)

    def _shared_object(self, path: Path, shown: str, data: Buffer) -> Read:
        package = path.name.startswith("__init__.")
        name = f"{path.absolute().parent.name}/{path.name}" if package else path.name
        slices = analyse(name, data, _beside(path))
        if not self.by_name:
            slices = _by_hook(slices, data, _beside(path))
        found = SharedObject(path=name, size=len(data), slices=slices)
        contents = Contents(modules=(found,), sha256=_sha256(path, self.check) if self.digests else None)
        return Read(path=shown, kind=FileKind.SHARED_OBJECT, size=len(data), contents=contents)


def _by_hook(slices: tuple[Slice, ...], data: Buffer, sibling: Sibling) -> tuple[Slice, ...]:
    """*slices*, or where the file name asks for none of the hooks: what the only module in it declares."""
    names = {module_of(hook) for part in slices for hook in part.hooks}
    name = names.pop() if len(names) == 1 else None
    if name is None or any(part.declared for part in slices):
        return slices
    remark = f"import looks for this hook in a file named {short(name)}"

    def remarked(declared: Declared) -> Declared:
        return replace(declared, why="; ".join(filter(None, (declared.why, remark))))

    return tuple(
        replace(part, declared=tuple(map(remarked, part.declared)))
        for part in analyse(f"{name}.so", data, sibling)
    )


def _beside(path: Path) -> Sibling:
    """Finds a library by its base name beside the file at *path*, or in a folder above it."""

    def find(name: str) -> tuple[Image, ...]:
        if not name or "/" in name or "\\" in name:
            return ()
        places = (folder / name for folder in path.absolute().parents[: _ABOVE + 1])
        found = next((place for place in places if place.is_file()), None)
        return () if found is None else _library(found)

    return find


@lru_cache(maxsize=1)
def _library(path: Path) -> tuple[Image, ...]:
    """The library at *path*, kept since many modules may lean on it; empty where it cannot be read."""
    try:
        return load(mapped(path))
    except (BadBinaryError, OSError):
        return ()


def _sha256(path: Path, check: Callable[[], None]) -> str:
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        while block := file.read(_BLOCK):
            check()
            digest.update(block)
    return digest.hexdigest()


def _reason(error: OSError) -> str:
    return (error.strerror or "cannot be read").lower()
