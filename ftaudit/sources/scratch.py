"""A private folder for what has to lie on disk to be read: modules out of an image or a zipapp.

Nothing is ever unpacked beside the input. The folder is made when it is first needed, has a budget, and is
gone when the run is over.
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from ftaudit.errors import InputError
from ftaudit.sources import limits

if TYPE_CHECKING:
    from tempfile import TemporaryDirectory


class Scratch:
    """To be used in a ``with`` statement; what was put into it is there until its end."""

    def __init__(self, budget: int = limits.SCRATCH) -> None:
        self._budget = budget
        self._folder: TemporaryDirectory[str] | None = None
        self._made = 0

    def __enter__(self) -> Scratch:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def folder(self) -> Path:
        """A new, empty folder (resolved: no part of it is a link)."""
        if self._folder is None:
            from tempfile import TemporaryDirectory  # most runs need no folder, and it imports much

            self._folder = TemporaryDirectory(prefix="ftaudit-", ignore_cleanup_errors=True)
        self._made += 1
        made = Path(self._folder.name).resolve() / str(self._made)
        made.mkdir()
        return made

    def spend(self, path: str, size: int) -> None:
        """Takes *size* bytes from the budget; raises `InputError` about the input *path* when it is spent."""
        self._budget -= size
        if self._budget < 0:
            raise InputError(path, f"more than {limits.SCRATCH // 1024**3} GB would have to be unpacked")
