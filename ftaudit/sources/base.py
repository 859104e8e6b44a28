"""What a reader is, and what it is handed. The core opens, limits and closes files; a reader only reads.

A format is one file in this folder and one line in `ftaudit.sources.registry`. It defines a `Format`:

- ``recognises`` decides from the first bytes and the name whether a file is its own (content first);
- ``read`` turns a whole document into a `Reading`, or raises `ftaudit.errors.InputError` naming the place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from ftaudit.model.project import Reading
from ftaudit.sources.tree import Tree


class Opens(Enum):
    """What a format is handed: the whole ``CONTENT`` of a file; a file's ``PLACE`` alone, which it opens for
    itself (a wheel may be larger than memory, an interpreter is started); or a ``FOLDER``."""

    CONTENT = "content"
    PLACE = "place"
    FOLDER = "folder"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A file or a folder that is to be read.

    ``path`` is how the user names it, ``place`` where it lies in ``tree`` (a ``/``-separated path relative to
    the tree's root). ``content`` is the whole file, within the limits; empty where the format is handed no
    content. ``on_disk`` is the absolute path on this machine, links not followed, or None where it has none.
    """

    path: str
    place: str
    tree: Tree = field(repr=False)
    content: bytes = field(default=b"", repr=False)
    folder: bool = False
    on_disk: str | None = None

    @property
    def name(self) -> str:
        return self.place.rpartition("/")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A lockfile or environment format.

    ``name`` is what reports show (``uv.lock``); ``about`` is one line for the documentation.

    ``score`` gives the likelihood that a document is of this format: 0 no, 1 by its name only, 2 by its
    content. The highest wins; a tie between two formats goes to the one registered first.
    """

    name: str
    about: str
    file_names: tuple[str, ...]
    score: Callable[[Document], int]
    read: Callable[[Document], Reading]
