"""What a reader is, and what it is handed. The core opens, limits and closes files; a reader only reads.

A format is one file in this folder and one line in `ftaudit.sources.registry`. It defines a `Format`:

- ``score`` decides from the content and the name whether a document is its own (content first);
- ``read`` turns a whole document into a `Reading`, or raises `ftaudit.errors.InputError` naming the place.

What holds several inputs (a folder of projects, a container image) is a `Holder`: it gives the documents that
are in it, and those are read like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum

from ftaudit.model.project import Problem, Reading
from ftaudit.sources.scratch import Scratch
from ftaudit.sources.tree import Tree


class Opens(Enum):
    """What a format is handed: the whole ``CONTENT`` of a file; a file's ``PLACE`` alone, which it opens for
    itself (a wheel may be larger than memory, an interpreter is started); or a ``FOLDER``."""

    CONTENT = "content"
    PLACE = "place"
    FOLDER = "folder"


class Kind(Enum):
    """What a file of a format is to its project: a ``LOCK`` pins everything, a ``LIST`` (requirements, an
    SBOM) what somebody wrote into it, and ``DECLARED`` only says what is asked for: no pins."""

    LOCK = "lock"
    LIST = "list"
    DECLARED = "declared"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A file or a folder that is to be read.

    ``path`` is how the user names it, ``place`` where it lies in ``tree`` (a ``/``-separated path relative to
    the tree's root). ``content`` is the whole file, within the limits; empty where the format is handed no
    content. ``on_disk`` is the absolute path on this machine, links not followed, or None where it has none.
    ``python_gil`` is the value of ``PYTHON_GIL`` where the document is used, None where it is not set.
    ``platform`` is our name of the platform that it is for, where what holds it says so (an image).
    """

    path: str
    place: str
    tree: Tree = field(repr=False)
    content: bytes = field(default=b"", repr=False)
    folder: bool = False
    on_disk: str | None = None
    python_gil: str | None = None
    platform: str | None = None

    @property
    def name(self) -> str:
        return self.place.rpartition("/")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A lockfile or environment format.

    ``name`` is what reports show (``uv.lock``); ``about`` is one line for the documentation.

    ``score`` gives the likelihood that a document is of this format: 0 no, 1 by its name only, 2 by its
    content. The highest wins; a tie between two formats goes to the one registered first. ``kind`` decides
    what counts in a folder: locks, else lists, else what is declared.
    """

    name: str
    about: str
    file_names: tuple[str, ...]
    score: Callable[[Document], int]
    read: Callable[[Document], Reading]
    kind: Kind = Kind.LIST


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What a `Holder` holds: documents to be read, and what must be said of what was found beside them."""

    documents: tuple[Document, ...]
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Something that holds several inputs.

    ``score`` is asked with a document without content (files may be larger than memory) and gives what
    `Format.score` gives. ``open`` finds the documents; what has to lie on disk to be read is put into the
    `Scratch`; the formats are those that are handed content. It raises `ftaudit.errors.InputError` for what
    it cannot make anything of, and `ftaudit.errors.NothingToAuditError` where nothing is in it.
    """

    name: str
    about: str
    file_names: tuple[str, ...]
    score: Callable[[Document], int]
    open: Callable[[Document, Scratch, Sequence[Format]], Held]
