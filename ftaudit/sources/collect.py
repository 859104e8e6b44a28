"""From what the user names to readings: finds the tree, opens within the limits, picks the format, reads."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from ftaudit.errors import FtauditError, InputError, RefusedError
from ftaudit.model.project import Problem, Reading
from ftaudit.model.text import mask
from ftaudit.sources.base import Document, Format, Opens
from ftaudit.sources.registry import choose, formats, holder_of, names
from ftaudit.sources.scratch import Scratch
from ftaudit.sources.selection import EVERYTHING, Selection, chosen
from ftaudit.sources.tree import DiskTree, mode_of

_PROJECT_MARKS = (".git", "pyproject.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """What was read, in the order named, and why the rest was not; ``problems`` are of what was not read."""

    readings: tuple[Reading, ...]
    errors: tuple[FtauditError, ...]
    problems: tuple[Problem, ...] = ()


def collect(
    paths: Sequence[str],
    *,
    cwd: Path,
    scratch: Scratch,
    root: Path | None = None,
    selection: Selection = EVERYTHING,
    python_gil: str | None = None,
) -> Collected:
    """Reads every input of *paths* (relative to *cwd*), each once, and of each what *selection* leaves.

    *root* is the folder outside of which nothing is opened: by default the nearest one above the input that
    holds ``.git`` or ``pyproject.toml``, else the input's own. A broken input does not lose the others. What
    is read out of archives lies in *scratch* for as long as that is open. *python_gil* is the value of
    ``PYTHON_GIL`` in the user's environment.
    """
    collector = _Collector(scratch)
    for path in paths:
        with collector.failing(path):
            collector.add(replace(_located(path, cwd, root), python_gil=python_gil))
    return Collected(
        readings=chosen(collector.readings, selection, all_read=not collector.errors),
        errors=tuple(collector.errors),
        problems=tuple(collector.problems),
    )


class _Collector:
    def __init__(self, scratch: Scratch) -> None:
        self.scratch = scratch
        self.readings: list[Reading] = []
        self.errors: list[FtauditError] = []
        self.problems: list[Problem] = []
        self.seen: set[tuple[str, ...]] = set()

    @contextmanager
    def failing(self, path: str) -> Iterator[None]:
        """Keeps what goes wrong with the input *path*."""
        try:
            yield
        except FtauditError as error:
            self.errors.append(error)
        except (RecursionError, MemoryError, OverflowError) as error:
            # Hostile content drove a reader over the interpreter's limits: the input's fault, not a bug.
            self.errors.append(_too_much(path, error))

    def add(self, document: Document) -> None:
        """Reads *document*, or what it holds."""
        form = choose(document, Opens.FOLDER if document.folder else Opens.PLACE)
        holder = None if form else holder_of(document)
        if holder is None:
            self.read(document, form)
            return
        held = holder.open(document, self.scratch, tuple(formats(Opens.CONTENT)))
        self.problems += held.problems
        for inner in held.documents:
            with self.failing(inner.path):
                self.read(inner, choose(inner, Opens.FOLDER if inner.folder else Opens.PLACE))

    def read(self, document: Document, form: Format | None) -> None:
        """Reads *document*, unless it was read before."""
        # Two folders of an image may look the same once their names are fit to be shown.
        identity = (document.on_disk,) if document.on_disk else (document.path, document.place)
        if identity not in self.seen:
            self.seen.add(identity)
            self.readings.append(form.read(document) if form else _read_file(document))


def _too_much(path: str, error: Exception) -> InputError:
    why = "nested too deep" if isinstance(error, RecursionError) else "too large to be read"
    return InputError(path, why)


def _located(path: str, cwd: Path, root: Path | None) -> Document:
    """Where *path* lies in which tree. The last part of a file's path may be a link: the tree sees to it."""
    named = cwd / path
    shown = Path(path).as_posix()
    if not os.path.lexists(named):
        raise InputError(mask(path), "no such file or directory")  # a URL, perhaps, with a password
    folder = stat.S_ISDIR(mode_of(named))
    real = Path(os.path.realpath(named if folder else named.parent))
    base = Path(os.path.realpath(root)) if root else _project_root(real)
    real = real if folder else real / named.name
    if not real.is_relative_to(base):
        raise InputError(shown, "lies outside the folder that --root names")
    place = real.relative_to(base).as_posix()
    return Document(path=shown, place=place, tree=DiskTree(base), folder=folder, on_disk=str(real))


def _project_root(folder: Path) -> Path:
    for above in (folder, *folder.parents):
        if any(mode_of(above / mark) for mark in _PROJECT_MARKS):
            return above
    return folder


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
            advice="it reads: " + ", ".join(names()),
        )
    return chosen.read(document)
