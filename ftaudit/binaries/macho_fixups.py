"""What dyld does to a word of a Mach-O image."""

from __future__ import annotations

from typing import NamedTuple

SELF, WEAK_LOOKUP = 0, -3
"""Libraries of a bind: the image itself; the first image that has the name."""


class Bind(NamedTuple):
    """The address of *name*, plus *addend*, from a library by its number (`SELF`, `WEAK_LOOKUP`, 1, 2, …)."""

    name: bytes
    library: int
    addend: int


Fixup = int | Bind | None
"""An address inside the image, a `Bind`, or None for a word that stays as it is."""
