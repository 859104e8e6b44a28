"""What ``ftaudit inspect`` found: every hook of every extension module, and what importing them does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ftaudit.model.binary import Declared, LimitedApi
from ftaudit.model.report import TargetRow
from ftaudit.model.verdict import Gil, StableAbi


class FileKind(StrEnum):
    """What a file is. A ``FOLDER`` is one on the import path, with the shared objects that lie below it."""

    WHEEL = "wheel"
    SHARED_OBJECT = "shared-object"
    FOLDER = "folder"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleRow:
    """One hook in one architecture's code of one file that CPython could import.

    ``path`` is below site-packages, ``name`` the module's dotted name there. ``loaded`` tells whether the
    target takes this file, this code and this hook; it is None where no target was named, and False there for
    what no free-threaded build takes. What is not loaded does not count, and ``gil`` is then what its own
    declaration says. ``declared`` is None where there is no hook to look at. ``reason`` is a slug where
    ``gil`` is unknown, ``why`` the sentence to it, or a remark. ``advice`` is the line that an author adds,
    ``advice_note`` from which version on it works; both are empty for a module that keeps the GIL off.
    """

    name: str
    path: str
    gil: Gil
    declared: Declared | None = None
    format: str = ""
    arch: str = ""
    reason: str = ""
    why: str = ""
    generator: str = ""
    advice: str = ""
    advice_note: str = ""
    optional: bool = False
    loaded: bool | None = None
    limited_api: LimitedApi | None = None

    @property
    def hook(self) -> str:
        """The function that the interpreter calls; empty where none was looked at."""
        return self.declared.hook if self.declared else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRow:
    """One file (or folder on the import path) and what importing all of its modules does.

    ``size`` is in bytes; for a folder it is that of its modules. ``sha256`` is None where it was not asked
    for or where there is none. ``verified`` is ``crc`` where each member of a wheel agreed with its checksum.
    ``why`` says why ``gil`` is unknown. ``libraries`` are the shared objects that are no modules.
    """

    path: str
    kind: FileKind
    size: int
    gil: Gil
    why: str = ""
    sha256: str | None = None
    verified: str = "none"
    modules: tuple[ModuleRow, ...] = ()
    libraries: tuple[str, ...] = ()
    stable_abi: StableAbi | None = None

    @property
    def counted(self) -> tuple[ModuleRow, ...]:
        """The modules that ``gil`` is about."""
        return tuple(module for module in self.modules if module.loaded is not False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A file or a member that could not be read, and why, on one line."""

    path: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """All that one run found. ``target`` is None where each file's own declaration was asked for."""

    version: str
    created: datetime
    target: TargetRow | None = None
    files: tuple[FileRow, ...] = ()
    problems: tuple[Unread, ...] = ()

    @property
    def gil(self) -> Gil:
        """What importing all of it does: on where anything enables it, else unknown where anything is."""
        found = {file.gil for file in self.files}
        return next((gil for gil in (Gil.ON, Gil.UNKNOWN, Gil.OFF) if gil in found), Gil.NONE)
