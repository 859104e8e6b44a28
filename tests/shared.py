"""Where the shared corpus lies: read in place, never copied. Tests that need it are skipped without it."""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "FTAUDIT_SHARED"
ROOT = Path(__file__).resolve().parent.parent
"""The checkout."""


def find_shared(value: str | None, root: Path) -> Path | None:
    """The folder that the variable's *value* names, else the one beside *root*; None: neither."""
    folder = Path(value) if value else root.parent / "shared"
    return folder.resolve() if folder.is_dir() else None


SHARED = find_shared(os.environ.get(VARIABLE), ROOT)
"""For lists of cases at collection time; a test itself takes the fixture ``shared``."""
