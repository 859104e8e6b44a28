"""A project folder: which of the files in it is the one to audit.

The order is that of the registry, and of each format's file names within it: locks before requirements. Only
the folder itself and ``requirements/`` below it are looked at, and nothing in it is started.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from ftaudit.errors import NothingToAuditError
from ftaudit.model.text import short
from ftaudit.sources.base import Document, Format

_BELOW = "requirements"
_ENVIRONMENTS = (".venv", "venv", "env")
_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Choice:
    """``name`` is the chosen file, relative to the folder; ``others`` what else could have been audited."""

    name: str
    others: tuple[str, ...]

    @property
    def note(self) -> str:
        """One line that says what was chosen and what else was seen, or nothing where that was all."""
        if not self.others:
            return ""
        more = len(self.others) - _SHOWN
        names = ", ".join(short(name) for name in self.others[:_SHOWN])
        return f"chose {self.name}; also here: {names}" + (f" and {more} more" if more > 0 else "")


def choose(document: Document, formats: Sequence[Format]) -> Choice:
    """What to audit in the folder *document*; raises `NothingToAuditError` where nothing is there."""
    found = list(dict.fromkeys(_candidates(document, formats)))
    environments = tuple(
        name for name in _ENVIRONMENTS if document.tree.is_file(_join(document, name, "pyvenv.cfg"))
    )
    if found:
        return Choice(found[0], (*found[1:], *environments))
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
