"""The files of a container image archive: a tar file that is searched once, or a folder (OCI layout)."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import IO, Protocol

from ftaudit.errors import InputError
from ftaudit.model.text import short
from ftaudit.sources import limits
from ftaudit.sources.archives.big_file import Part, open_regular, size_of
from ftaudit.sources.archives.tar_stream import Kind, Readable, TarStream
from ftaudit.sources.base import Document
from ftaudit.sources.reading.table import Table, load_json

_CHUNK = 1 << 20
_ALGORITHMS = {"sha256": 64, "sha512": 128}


class Store(Protocol):
    """Files by name; ``path`` is the archive as the user names it."""

    path: str

    def holds(self, name: str) -> bool: ...

    def open(self, name: str) -> tuple[Part, int]:
        """The file *name* and its size in bytes; raises `InputError` where there is none."""
        ...


class TarStore:
    """The members of the tar archive *file*, which is the input *path*."""

    def __init__(self, file: IO[bytes], path: str) -> None:
        self.path = path
        self._file = file
        self._files: dict[str, tuple[int, int]] = {}
        self._links: dict[str, str] = {}
        for count, entry in enumerate(TarStream(Part(file, 0, size_of(file)), path)):
            if count >= limits.ARCHIVE_MEMBERS:
                raise InputError(path, f"more than {limits.ARCHIVE_MEMBERS} members")
            name = posixpath.normpath(entry.name)
            if entry.kind is Kind.FILE:
                self._files[name] = (entry.offset, entry.size)
            elif entry.kind is Kind.LINK:  # docker save once wrote a layer that two images share as a link
                self._links[name] = posixpath.normpath(posixpath.join(posixpath.dirname(name), entry.target))
            elif entry.kind is Kind.HARD_LINK:
                self._links[name] = posixpath.normpath(entry.target)

    def holds(self, name: str) -> bool:
        return self._found(name) is not None

    def open(self, name: str) -> tuple[Part, int]:
        found = self._found(name)
        if found is None:
            raise InputError(self.path, "is not in the archive", place=short(name, 100))
        return Part(self._file, *found), found[1]

    def _found(self, name: str) -> tuple[int, int] | None:
        name = posixpath.normpath(name)
        return self._files.get(name) or self._files.get(self._links.get(name, ""))


class FolderStore:
    """The files of the folder *document*, each opened when it is asked for and closed with `close`."""

    def __init__(self, document: Document) -> None:
        self.path = document.path
        self._document = document
        self._opened: list[IO[bytes]] = []

    def holds(self, name: str) -> bool:
        return self._document.tree.is_file(self._place(name))

    def open(self, name: str) -> tuple[Part, int]:
        shown = f"{self.path}/{short(name, 100)}"
        if not self.holds(name):
            raise InputError(shown, "no such file")
        file = open_regular(replace(self._document, path=shown, place=self._place(name), folder=False))
        self._opened.append(file)
        return Part(file, 0, size_of(file)), size_of(file)

    def close(self) -> None:
        for file in self._opened:
            file.close()

    def _place(self, name: str) -> str:
        return posixpath.join(self._document.place, name)


@contextmanager
def folder_store(document: Document) -> Iterator[Store]:
    """The store of the OCI layout in the folder *document*."""
    store = FolderStore(document)
    try:
        yield store
    finally:
        store.close()


class Digest:
    """The digest ``algorithm:hexadecimal`` of a file; raises `InputError` for one that is not known."""

    def __init__(self, text: str, path: str) -> None:
        algorithm, _, value = text.partition(":")
        if len(value) != _ALGORITHMS.get(algorithm) or value.strip("0123456789abcdef"):
            raise InputError(path, "not a SHA-256 or SHA-512 digest", place=short(text, 100))
        self.name = f"blobs/{algorithm}/{value}"
        self._text, self._path, self._value = text, path, value
        self._seen = hashlib.new(algorithm)

    def update(self, data: bytes) -> None:
        self._seen.update(data)

    def verify(self) -> None:
        """Raises `InputError` unless all that was seen has this digest."""
        if self._seen.hexdigest() != self._value:
            raise InputError(self._path, "the content does not have this digest", place=self._text[:30] + "…")


def digest_of(name: str, path: str) -> Digest | None:
    """The digest that the file *name* of a store is named by, or None where it is not."""
    _, _, rest = posixpath.normpath(name).partition("blobs/")
    algorithm, slash, value = rest.partition("/")
    return Digest(f"{algorithm}:{value}", path) if slash else None


def read_json(store: Store, name: str) -> Table:
    """The object in the JSON file *name*, of the digest that its name says."""
    return load_json(f"{store.path}!/{short(name, 100)}", read_small(store, name))[0]


def read_small(store: Store, name: str) -> bytes:
    """The content of a small file, of the digest that its name says."""
    part, size = store.open(name)
    if size > limits.IMAGE_DOCUMENT:
        limit = limits.IMAGE_DOCUMENT // limits.MB
        raise InputError(store.path, f"larger than {limit} MB", place=short(name, 100))
    content = part.read(size)
    if digest := digest_of(name, store.path):
        digest.update(content)
        digest.verify()
    return content


class Checked:
    """A part that is read from front to back, and all of which *digest* sees; ``taken`` counts its bytes."""

    def __init__(self, part: Readable, digest: Digest | None) -> None:
        self._part, self._digest = part, digest
        self.taken = 0

    def read(self, size: int = _CHUNK) -> bytes:
        data = self._part.read(size if size >= 0 else _CHUNK)
        self.taken += len(data)
        if self._digest:
            self._digest.update(data)
        return data

    def finish(self) -> None:
        """Reads what is left; raises `InputError` where the whole does not have the digest."""
        if self._digest:
            while self.read():
                pass
            self._digest.verify()
