"""Documents for the readers of locks: text in a folder that is a dictionary, or a file in place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ftaudit.errors import RefusedError
from ftaudit.model.text import short
from ftaudit.sources import limits
from ftaudit.sources.base import Document
from ftaudit.sources.tree import DiskTree


@dataclass
class Folder:
    """A tree that is one folder of texts."""

    files: dict[str, str] = field(default_factory=dict)

    def read(
        self, place: str, *, asked_by: str = "", line: int | None = None, limit: int = limits.FILE
    ) -> bytes:
        if place not in self.files:
            raise RefusedError(short(asked_by or place), f"{short(place)}: no such file")
        return self.files[place].encode()

    def entries(self, place: str) -> tuple[str, ...]:
        return () if place else tuple(sorted(self.files))

    def is_file(self, place: str) -> bool:
        return place in self.files

    def is_folder(self, place: str) -> bool:
        return not place

    def real_path(self, place: str) -> str | None:
        return None


def document(name: str, content: str | bytes, /, **beside: str) -> Document:
    """The file *name*; *beside* it lie others (``pyproject_toml="…"`` is pyproject.toml)."""
    files = {other.replace("_", "."): text for other, text in beside.items()}
    return document_beside(name, content, files)


def document_beside(name: str, content: str | bytes, beside: Mapping[str, str]) -> Document:
    """The file *name*, with other files by their names in its folder."""
    data = content.encode() if isinstance(content, str) else content
    return Document(path=name, place=name, tree=Folder({**beside, name: ""}), content=data)


def document_at(path: Path) -> Document:
    """The file at *path*, its own folder being the tree."""
    folder = DiskTree(path.parent.resolve())
    return Document(path=path.name, place=path.name, tree=folder, content=path.read_bytes())
