"""A project folder: which of the files in it is the one to audit.

The order is that of the registry, and of each format's file names within it: locks before requirements. Only
the folder itself and ``requirements/`` below it are looked at, and nothing in it is started.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

from ftaudit.errors import NothingToAuditError
from ftaudit.model.project import Problem, Severity
from ftaudit.model.text import short
from ftaudit.sources.base import Document, Format, Held, Holder
from ftaudit.sources.scratch import Scratch

_BELOW = "requirements"
_ENVIRONMENTS = (".venv", "venv", "env")
_SHOWN = 10


def open_folder(document: Document, scratch: Scratch, formats: Sequence[Format]) -> Held:
    """What to audit in the folder *document*; raises `NothingToAuditError` where nothing is there."""
    found = list(dict.fromkeys(_candidates(document, formats)))
    environments = tuple(
        name for name in _ENVIRONMENTS if document.tree.is_file(_join(document, name, "pyvenv.cfg"))
    )
    if found:
        chosen = _file(document, found[0])
        others = (*found[1:], *environments)
        return Held(documents=(chosen,), problems=_seen(chosen, found[0], others) if others else ())
    named = f"; {environments[0]} is an environment: name it to audit that" if environments else ""
    if document.tree.is_file(_join(document, "pyproject.toml")):
        raise NothingToAuditError(
            f"{document.path}: its pyproject.toml has requirements, but nothing is locked",
            advice=f"lock it (uv lock, poetry lock, pdm lock, pip lock), or name an environment{named}",
        )
    raise NothingToAuditError(
        f"{document.path}: no lockfile and no requirements in this folder",
        advice=f"name a lockfile, an environment, an interpreter, a wheel or a folder of wheels{named}",
    )


def _file(document: Document, name: str) -> Document:
    return replace(
        document,
        path=posixpath.normpath(posixpath.join(document.path, name)),
        place=posixpath.normpath(posixpath.join(document.place, name)),
        folder=False,
        on_disk=None if document.on_disk is None else str(Path(document.on_disk, name)),
    )


def _seen(chosen: Document, name: str, others: Sequence[str]) -> tuple[Problem, ...]:
    more = len(others) - _SHOWN
    names = ", ".join(short(name) for name in others[:_SHOWN])
    message = f"chose {name}; also here: {names}" + (f" and {more} more" if more > 0 else "")
    seen = Problem(input=chosen.path, rule="other-inputs-seen", message=message, severity=Severity.NOTE)
    return (seen,)


def _candidates(document: Document, formats: Sequence[Format]) -> Iterator[str]:
    """The files whose names are those of a format, best first."""
    tree = document.tree
    below = (f"{_BELOW}/{name}" for name in tree.entries(_join(document, _BELOW)))
    names = [*tree.entries(document.place), *below]
    for candidate in formats:
        for pattern in candidate.file_names:
            matching = (name for name in names if fnmatchcase(name, pattern))
            yield from (name for name in matching if tree.is_file(_join(document, name)))


def _join(document: Document, *names: str) -> str:
    return posixpath.join(document.place, *names)


HOLDER = Holder(
    name="project folder",
    about="a project's folder: the best of the locks and requirements in it",
    file_names=(),
    score=lambda document: int(document.folder),
    open=open_folder,
)
