"""A folder of wheels and source archives: what it holds, and an index of its own to choose from."""

from __future__ import annotations

import hashlib
import posixpath
from dataclasses import replace

from ftaudit.errors import InputError
from ftaudit.model.project import DeclaredIndex, Edge, Pin, PinKey, Problem, Reading
from ftaudit.model.text import short
from ftaudit.model.wheel_name import is_sdist
from ftaudit.sources.base import Document, Format
from ftaudit.sources.installed.wheel_at_hand import read_sdist, read_wheel

_NAME = "wheelhouse"


def read(document: Document) -> Reading:
    """Every distinct name and version in the folder *document*, each with its files.

    A file that cannot be read is the problem ``unreadable-input``; the others are read all the same.
    """
    pins: dict[PinKey, Pin] = {}
    problems = []
    for entry in document.tree.entries(document.place):
        if not entry.endswith(".whl") and not is_sdist(entry):
            continue
        read_file = read_wheel if entry.endswith(".whl") else read_sdist
        place, shown = posixpath.join(document.place, entry), posixpath.join(document.path, entry)
        try:
            pin = replace(read_file(document, place, shown), installed=False)
        except InputError as error:
            message = f"{short(entry)}: {error.reason}"
            problems.append(Problem(input=document.path, rule="unreadable-input", message=message))
            continue
        if entry.endswith(".whl") and pin.dependencies is None:
            message = f"{short(entry)}: a Requires-Dist line does not parse"
            problems.append(Problem(input=document.path, rule="unreadable-input", message=message))
        pins[pin.key] = _with(pins[pin.key], pin) if pin.key in pins else pin
    listing = "\n".join(f"{file.sha256} {file.name}" for pin in pins.values() for file in pin.files)
    folder = document.tree.real_path(document.place) or document.place
    return Reading(
        input=document.path,
        format=_NAME,
        sha256=hashlib.sha256(listing.encode()).hexdigest(),
        pins=tuple(pins.values()),
        indexes=(DeclaredIndex(url=folder, replaces_default=True, find_links=True, tool=_NAME),),
        problems=tuple(problems),
    )


def _with(one: Pin, other: Pin) -> Pin:
    """Both builds of one release; where their dependencies differ, those of each."""
    edges: dict[Edge, None] = dict.fromkeys((*(one.dependencies or ()), *(other.dependencies or ())))
    unknown = one.dependencies is None and other.dependencies is None
    return replace(
        one,
        origins=(*one.origins, *other.origins),
        files=(*one.files, *other.files),
        dependencies=None if unknown else tuple(edges),
        metadata=one.metadata or other.metadata,
    )


def _score(document: Document) -> int:
    """A folder with wheels in it, which is not that of a project."""
    entries = document.tree.entries(document.place) if document.folder else ()
    project = "pyproject.toml" in entries or ".git" in entries
    return 2 * (not project and any(entry.endswith(".whl") for entry in entries))


FORMAT = Format(
    name=_NAME,
    about="a folder of wheels: nothing else is asked unless --index-url is given",
    file_names=(),
    score=_score,
    read=read,
)
