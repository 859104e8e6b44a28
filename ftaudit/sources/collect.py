"""From what the user names to readings: finds the tree, opens within the limits, picks the format, reads."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ftaudit.errors import FtauditError, InputError, RefusedError
from ftaudit.model.project import Problem, Reading, Severity
from ftaudit.model.text import mask
from ftaudit.sources import project
from ftaudit.sources.base import Document, Opens
from ftaudit.sources.registry import choose, formats
from ftaudit.sources.tree import DiskTree

_PROJECT_MARKS = (".git", "pyproject.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """What was read, in the order named, and why the rest was not."""

    readings: tuple[Reading, ...]
    errors: tuple[FtauditError, ...]


def collect(paths: Sequence[str], *, cwd: Path, root: Path | None = None) -> Collected:
    """Reads every input of *paths* (relative to *cwd*), each once.

    *root* is the folder outside of which nothing is opened: by default the nearest one above the input that
    holds ``.git`` or ``pyproject.toml``, else the input's own. A broken input does not lose the others.
    """
    readings: list[Reading] = []
    errors: list[FtauditError] = []
    seen: set[str] = set()
    for path in paths:
        try:
            document, note = _chosen(_located(path, cwd, root))
            if str(document.on_disk) not in seen:
                seen.add(str(document.on_disk))
                readings.append(_noted(_read(document), note))
        except FtauditError as error:
            errors.append(error)
        except (RecursionError, MemoryError, OverflowError) as error:
            # Hostile content drove a reader over the interpreter's limits: the input's fault, not a bug.
            errors.append(_too_much(path, error))
    return Collected(readings=tuple(readings), errors=tuple(errors))


def _too_much(path: str, error: Exception) -> InputError:
    why = "nested too deep" if isinstance(error, RecursionError) else "too large to be read"
    return InputError(path, why)


def _located(path: str, cwd: Path, root: Path | None) -> Document:
    """Where *path* lies in which tree. The last part of a file's path may be a link: the tree sees to it."""
    named = cwd / path
    shown = Path(path).as_posix()
    if not os.path.lexists(named):
        raise InputError(mask(path), "no such file or directory")  # a URL, perhaps, with a password
    folder = named.is_dir()
    real = Path(os.path.realpath(named if folder else named.parent))
    base = Path(os.path.realpath(root)) if root else _project_root(real)
    real = real if folder else real / named.name
    if not real.is_relative_to(base):
        raise InputError(shown, "lies outside the folder that --root names")
    place = real.relative_to(base).as_posix()
    return Document(path=shown, place=place, tree=DiskTree(base), folder=folder, on_disk=str(real))


def _project_root(folder: Path) -> Path:
    for above in (folder, *folder.parents):
        if any((above / mark).exists() for mark in _PROJECT_MARKS):
            return above
    return folder


def _chosen(document: Document) -> tuple[Document, str]:
    """The document to read, and what is to be said of the choice: in a project folder it is a file of it."""
    if not document.folder or choose(document, Opens.FOLDER):
        return document, ""
    choice = project.choose(document, tuple(formats(Opens.CONTENT)))
    return Document(
        path=posixpath.normpath(posixpath.join(document.path, choice.name)),
        place=posixpath.normpath(posixpath.join(document.place, choice.name)),
        tree=document.tree,
        on_disk=str(Path(str(document.on_disk), choice.name)),
    ), choice.note


def _read(document: Document) -> Reading:
    chosen = choose(document, Opens.FOLDER if document.folder else Opens.PLACE)
    return chosen.read(document) if chosen else _read_file(document)


def _read_file(document: Document) -> Reading:
    try:
        document = replace(document, content=document.tree.read(document.place))
    except RefusedError as error:  # as an include it would leave a gap; as the input there is nothing else
        raise InputError(document.path, error.reason, advice=error.advice) from error
    chosen = choose(document)
    if chosen is None:
        raise InputError(
            document.path,
            "not a lockfile or environment that ftaudit knows",
            advice="it reads: " + ", ".join(known.name for known in formats()),
        )
    return chosen.read(document)


def _noted(reading: Reading, note: str) -> Reading:
    if not note:
        return reading
    seen = Problem(input=reading.input, rule="other-inputs-seen", message=note, severity=Severity.NOTE)
    return replace(reading, problems=(*reading.problems, seen))
