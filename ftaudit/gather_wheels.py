"""What the picked wheel of a pin holds, and whether other releases would do: wheels are looked into."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ftaudit.judge.install import FROM_LOCK, best
from ftaudit.judge.modules import imported
from ftaudit.judge.remedy import Answer, Ready, fits
from ftaudit.model.binary import Contents
from ftaudit.model.case import NOT_READ
from ftaudit.model.evidence import IndexFile, Missing
from ftaudit.model.target import Target
from ftaudit.model.verdict import Gil, Install, Installation

MAX_CANDIDATES = 8
"""Wheels of other releases that are read in one search."""

_HOLDS_FILES = (Install.WHEEL, Install.PURE, Install.FALLBACK)
_ONLY_LOCKED = Missing(
    what="modules", why="only the lock lists the file: no index serves it", kind="file-only-in-lock"
)
_NOTHING_PICKED = Missing(what="modules", why="no wheel is picked", kind="no-wheel")


class Wheels(Protocol):
    """What reading needs of `ftaudit.index.client.IndexClient`."""

    def contents(self, file: IndexFile) -> Contents | Missing: ...


def enables(contents: Contents | Missing, target: Target) -> bool:
    """Whether importing *contents* is known to enable the GIL on *target*, whatever else is pinned."""
    return isinstance(contents, Contents) and imported(contents, target, provider).gil is Gil.ON


def provider(name: str) -> Gil | Missing:
    """A delegated module is judged with what is pinned beside it, which is not known here."""
    return Missing(what="modules", why=f"{name} decides", kind="provider-not-pinned")


class WheelReader:
    """Reads each wheel of a pin once. Not thread-safe: one for each pin."""

    def __init__(self, index: Wheels, *, binaries: bool) -> None:
        self.binaries = binaries
        self._index = index
        self._read: dict[str, Contents | Missing] = {}

    def of(self, chosen: Installation) -> Contents | Missing:
        """What the picked wheel holds."""
        file = chosen.file
        if file is None or chosen.install not in _HOLDS_FILES:
            return _NOTHING_PICKED
        if not self.binaries:
            return NOT_READ
        return _ONLY_LOCKED if file.index == FROM_LOCK else self._contents(file)

    def search(self) -> Ready:
        """Tells whether a release would be ready on a target; its wheel is read within a budget."""
        left = MAX_CANDIDATES

        def ready(files: Sequence[IndexFile], target: Target) -> Answer:
            nonlocal left
            file = best(files, target) if fits(files, target) else None
            if file is None:
                return Answer.NO
            if file.name not in self._read:
                if not left:
                    return Answer.FITS
                left -= 1
            return self._ready(file, target)

        return ready

    def _ready(self, file: IndexFile, target: Target) -> Answer:
        contents = self._contents(file)
        if isinstance(contents, Missing):
            return Answer.FITS
        found = imported(contents, target, provider)
        if found.gil in (Gil.OFF, Gil.NONE):
            return Answer.READ
        return Answer.NO if found.gil is Gil.ON else Answer.FITS

    def _contents(self, file: IndexFile) -> Contents | Missing:
        if file.name not in self._read:
            self._read[file.name] = self._index.contents(file)
        return self._read[file.name]
