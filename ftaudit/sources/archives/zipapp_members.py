"""From a zip file to the distributions in it: unpacked into the scratch space as far as they are read."""

from __future__ import annotations

import posixpath
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import IO

from ftaudit.errors import InputError, NothingToAuditError
from ftaudit.model.text import short
from ftaudit.sources import limits
from ftaudit.sources.archives import pex_info
from ftaudit.sources.archives.big_file import open_regular, size_of
from ftaudit.sources.archives.found_sites import document_of, environments, find_sites
from ftaudit.sources.archives.rooted_tree import RootedTree
from ftaudit.sources.archives.unpack import Unpacked, needed, needed_name
from ftaudit.sources.archives.wheel_sets import wheel_sets
from ftaudit.sources.base import Document, Held
from ftaudit.sources.reading.table import Table, load_json
from ftaudit.sources.scratch import Scratch

_DEPS = ".deps"
_BOOTSTRAP = (".bootstrap", "_bootstrap", "__pex__")
_CHUNK = 1 << 20
_END, _END_SIZE, _LONGEST_COMMENT = b"PK\5\6", 22, 65_535
_END64, _END64_SIZE, _LOCATOR_SIZE = b"PK\6\6", 56, 20
_BROKEN_ZIP = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,  # a compression or a version that zipfile does not know
    RuntimeError,  # encrypted
    ValueError,
)

Names = dict[str, "Names | None"]
"""A folder of the zip: its entries, None for files."""


def held(document: Document, scratch: Scratch) -> Held:
    """The environments and the wheels in the zip file *document*."""
    with open_regular(document) as file, _opened(file, document.path) as archive:
        app = _App(document, archive, scratch)
        info = app.pex_info()
        problems = list(pex_info.problems(info, app.deps, document.path)) if info else []
        documents = [*app.environments(), *app.distributions(info), *app.wheels()]
    if not documents:
        raise NothingToAuditError(
            f"{document.path}: no distribution in the zip file",
            advice="looked for *.dist-info folders in it, and for wheels in .deps",
        )
    return Held(documents=tuple(documents), problems=tuple(problems))


def held_by_folder(document: Document) -> Held:
    """The wheels of the PEX file that is the folder *document* (``--layout packed``), read in place."""
    tree, place = document.tree, posixpath.join(document.place, _DEPS)
    path = f"{document.path}/{pex_info.NAME}"
    info, _ = load_json(path, tree.read(posixpath.join(document.place, pex_info.NAME)))
    names = tree.entries(place)
    if any(tree.is_folder(posixpath.join(place, name)) for name in names):
        raise InputError(
            document.path,
            "a PEX file of the loose layout, which is not read",
            advice="build it with --layout zipapp or --layout packed",
        )
    if not any(name.endswith(".whl") for name in names):
        raise NothingToAuditError(f"{document.path}: no distribution in the PEX file")
    on_disk = tree.real_path(place)
    wheels = Document(path=f"{document.path}/{_DEPS}", place=place, tree=tree, folder=True, on_disk=on_disk)
    return Held(documents=(wheels,), problems=tuple(pex_info.problems(info, names, document.path)))


@contextmanager
def _opened(file: IO[bytes], path: str) -> Iterator[zipfile.ZipFile]:
    _refuse_large_directory(file, path)
    try:
        archive = zipfile.ZipFile(file)
    except (*_BROKEN_ZIP, OSError) as error:
        raise InputError(path, "not a zip archive, or a broken one") from error
    with archive:
        yield archive


def _refuse_large_directory(file: IO[bytes], path: str) -> None:
    """zipfile reads the whole central directory at once: its size stands in the end record before that."""
    size = size_of(file)
    file.seek(max(size - _END_SIZE - _LONGEST_COMMENT - _LOCATOR_SIZE - _END64_SIZE, 0))
    tail = file.read()
    at = len(tail) - _END_SIZE if tail[-_END_SIZE:].startswith(_END) else tail.rfind(_END)
    sizes = [int.from_bytes(tail[at + 12 : at + 16], "little")] if at >= 0 else []
    at64 = tail.rfind(_END64, 0, max(at, 0))
    if at64 >= 0:
        sizes.append(int.from_bytes(tail[at64 + 40 : at64 + 48], "little"))
    if any(claimed > limits.ZIPAPP_DIRECTORY for claimed in sizes if claimed != 0xFFFFFFFF):
        most = f"{limits.ZIPAPP_DIRECTORY // limits.MB} MB"
        raise InputError(path, f"more members than an application has: a directory larger than {most}")


class _App:
    """The zip file *archive*, which is the input *document*."""

    def __init__(self, document: Document, archive: zipfile.ZipFile, scratch: Scratch) -> None:
        self._document, self._archive, self._scratch = document, archive, scratch
        self._infos: dict[tuple[str, ...], zipfile.ZipInfo] = {}
        self.root: Names = {}
        infos = archive.infolist()
        if len(infos) > limits.ARCHIVE_MEMBERS:
            raise InputError(document.path, f"more than {limits.ARCHIVE_MEMBERS} members")
        for info in infos:
            self._add(info)

    def _add(self, info: zipfile.ZipInfo) -> None:
        parts = tuple(part for part in info.filename.split("/") if part not in ("", "."))
        name = short(info.filename, 100)
        if ".." in parts or info.filename.startswith("/"):
            raise InputError(self._document.path, "a member's name leads out of the archive", place=name)
        if len(info.filename) > limits.MEMBER_PATH or len(parts) > limits.TREE_DEPTH:
            most = f"{limits.MEMBER_PATH} characters or {limits.TREE_DEPTH} folders"
            why = f"a member's path is too long: more than {most}"
            raise InputError(self._document.path, why, place=name)
        folder = self.root
        for part in parts if info.is_dir() else parts[:-1]:
            child = folder.setdefault(part, {})
            if child is None:
                raise InputError(self._document.path, "both a file and a folder", place=name)
            folder = child
        if not info.is_dir() and parts:
            if folder.setdefault(parts[-1], None) is not None:
                raise InputError(self._document.path, "both a file and a folder", place=name)
            self._infos[parts] = info  # of two of one name zipimport, too, takes the last

    def pex_info(self) -> Table | None:
        """What a PEX file says of itself, None for another application."""
        info = self._infos.get((pex_info.NAME,))
        if info is None:
            return None
        path = f"{self._document.path}!/{pex_info.NAME}"
        if info.file_size > limits.FILE:
            raise InputError(path, f"larger than {limits.FILE // limits.MB} MB, the limit for such a file")
        content: list[bytes] = []
        self._fill(info, content.append)
        return load_json(path, b"".join(content))[0]

    @property
    def deps(self) -> Names:
        """What a PEX file carries: wheels, installed ones as folders."""
        return self.root.get(_DEPS) or {}

    def environments(self) -> Iterator[Document]:
        """The folders of packages that are not of a PEX file."""
        sites = [site for site in find_sites(self.root, _listing) if not site.startswith(f"{_DEPS}/")]
        found = environments(sites)
        if not found:
            return
        unpacked = Unpacked(self._scratch, self._document.path)
        for environment in found:
            for site in environment.sites:
                parts = tuple(filter(None, site.split("/")))
                unpacked.folder(parts)
                self._copy(parts, parts, unpacked, set())
            yield document_of(
                environment,
                RootedTree(unpacked.root),
                shown=f"{self._document.path}!",
                also_folder=lambda place: False,
            )

    def distributions(self, info: Table | None) -> Iterator[Document]:
        """The wheels of a PEX file that it holds installed: those together that an interpreter would take."""
        for one in wheel_sets(sorted(name for name, folder in self.deps.items() if folder is not None)):
            unpacked = Unpacked(self._scratch, self._document.path)
            site = (*pex_info.library(info), "site-packages")
            unpacked.folder(site)
            written: set[tuple[str, ...]] = set()
            for wheel in one.wheels:
                self._copy((_DEPS, wheel), site, unpacked, written)
            shown = f"{self._document.path}!/{_DEPS}"
            yield Document(
                path=f"{shown} ({one.label})" if one.label else shown,
                place="/".join(site),
                tree=RootedTree(unpacked.root),
                folder=True,
                platform=one.platform,
            )

    def wheels(self) -> Iterator[Document]:
        """The wheels of a PEX file that it holds as they were made."""
        names = [name for name, folder in self.deps.items() if folder is None and name.endswith(".whl")]
        if not names:
            return
        unpacked = Unpacked(self._scratch, self._document.path)
        for name in sorted(names):
            self._write((_DEPS, name), (_DEPS, name), unpacked)
        yield Document(
            path=f"{self._document.path}!/{_DEPS}", place=_DEPS, tree=RootedTree(unpacked.root), folder=True
        )

    def _copy(
        self, place: Sequence[str], to: Sequence[str], unpacked: Unpacked, written: set[tuple[str, ...]]
    ) -> None:
        """Unpacks what is read of the folder of packages *place* into *to*, but nothing in *written*: of two
        distributions with the same file, the first on the path is imported."""
        waiting: list[tuple[str, ...]] = [()]
        while waiting:
            below = waiting.pop()
            for name, child in (self._folder((*place, *below)) or {}).items():
                here = (*below, name)
                if child is not None:
                    waiting.append(here)
                    if needed_name(here):
                        unpacked.folder((*to, *here))
                elif needed(here) and here not in written:
                    written.add(here)
                    self._write((*place, *here), (*to, *here), unpacked)
                elif needed_name(here):
                    unpacked.folder((*to, *here))

    def _folder(self, parts: Sequence[str]) -> Names | None:
        folder: Names | None = self.root
        for part in parts:
            folder = folder.get(part) if folder else None
        return folder

    def _write(self, parts: tuple[str, ...], to: Sequence[str], unpacked: Unpacked) -> None:
        unpacked.write([to], lambda write: self._fill(self._infos[parts], write))

    def _fill(self, info: zipfile.ZipInfo, write: Callable[[bytes], object]) -> None:
        """Hands the content of the member *info* to *write*: no more than its header says, and of its CRC."""
        left = info.file_size
        try:
            with self._archive.open(info) as member:
                while data := member.read(_CHUNK):
                    left -= len(data)
                    write(data)
            if left:  # zipfile looks at the CRC alone
                raise zipfile.BadZipFile
        except _BROKEN_ZIP as error:
            place = short(info.filename, 100)
            raise InputError(
                self._document.path, "a broken member of the zip archive", place=place
            ) from error


def _listing(folder: Names, place: str) -> Mapping[str, Names | None]:
    return {name: None if not place and name in _BOOTSTRAP else child for name, child in folder.items()}
