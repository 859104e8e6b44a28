"""Indexes that are folders: the layout of PEP 503 on disk, and flat folders of files (find-links)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from ftaudit.errors import ConfigError
from ftaudit.index.files import read_file
from ftaudit.index.pages import MAX_PAGE, Listing, is_file_name, parse_page
from ftaudit.model.evidence import FileList, IndexFile, Missing

MAX_ENTRIES = 100_000
_SUFFIXES = (".html", ".htm")


def local_path(location: str, base: Path) -> Path | None:
    """The folder or page that *location* (a ``file:`` URL or a path, relative to *base*) names, else None."""
    if location.startswith("file:"):
        parts = urlsplit(location)
        if parts.netloc not in {"", "localhost"}:
            return None
        return Path(_path_of(location))
    if "://" in location:
        return None
    return base / location


def _path_of(url: str) -> str:
    from urllib.request import url2pathname  # slow to import, and rarely needed

    return url2pathname(urlsplit(url).path)


def read_folder(path: Path, name: str | None, shown: str) -> Listing | Missing:
    """What the folder or HTML page at *path* lists.

    With a *name* (normalised), the folder is an index first: ``name/index.html``, or the files of ``name/``.
    Missing (``index-unreachable``) where *path* cannot be read, (``name-not-listed``) where an index of
    folders has none for *name*.
    """
    try:
        if path.is_file() and path.suffix.lower() in _SUFFIXES:
            return _page(path, shown)
        if name is not None and (path / name).is_dir():
            page = next((p for p in (path / name / f"index{s}" for s in _SUFFIXES) if p.is_file()), None)
            return _page(page, shown) if page else _files(path / name, shown)
        if path.is_dir():
            return _files(path, shown)
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
        return Missing(what=shown, why=f"the folder cannot be read: {why}", kind="index-unreachable")
    return Missing(what=shown, why="there is no such folder or HTML page", kind="index-unreachable")


def _page(path: Path, shown: str) -> Listing | Missing:
    content = read_file(path, MAX_PAGE)
    if content is None:
        return Missing(what=shown, why="the page is too large", kind="too-large")
    listing = parse_page(content, "text/html", path.resolve().as_uri(), shown)
    if isinstance(listing, Missing):
        return listing
    files = listing.files
    return replace(listing, files=FileList(files.names, lambda number: _at_hand(files[number])))


def _files(folder: Path, shown: str) -> Listing | Missing:
    names = sorted(name for name in _entries(folder) if is_file_name(name))
    return Listing(
        files=FileList(names, lambda number: _file(folder / names[number], shown)),
    )


def _entries(folder: Path) -> Iterator[str]:
    with os.scandir(folder) as found:
        for number, entry in enumerate(found):
            if number == MAX_ENTRIES:
                raise ConfigError(f"{folder}: more than {MAX_ENTRIES} entries in one folder")
            if entry.is_file():
                yield entry.name


def _file(path: Path, shown: str) -> IndexFile:
    return IndexFile(
        name=path.name,
        url=path.absolute().as_uri(),
        index=shown,
        size=path.stat().st_size if path.exists() else None,
        path=str(path),
    )


def _at_hand(file: IndexFile) -> IndexFile:
    """A file of a page on this machine, with its path where the link leads to this machine too."""
    if not file.url.startswith("file:"):
        return file
    return replace(file, path=_path_of(file.url))
