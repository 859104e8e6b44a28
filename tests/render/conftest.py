"""Golden files: what a format wrote, as it was last accepted.

``FTAUDIT_ACCEPT=1 python -m pytest tests/render`` writes them anew; look at what changed
before you commit it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"
ACCEPT = bool(os.environ.get("FTAUDIT_ACCEPT"))
LONG = 30_000


def abridged(text: str) -> str:
    """*text*, or the first lines and the digest of one that is too long to keep."""
    if len(text) <= LONG:
        return text
    kept = text[: LONG // 10].rpartition("\n")[0]
    digest = hashlib.sha256(text.encode()).hexdigest()
    return f"{kept}\n[and so on: {len(text)} characters, sha256 {digest}]\n"


@pytest.fixture
def golden() -> Callable[[str, str], None]:
    """Compares a text with the golden file of that name, or writes the file where that is asked for."""

    def check(name: str, text: str) -> None:
        path = GOLDEN / name
        if ACCEPT:
            path.parent.mkdir(exist_ok=True)
            path.write_text(abridged(text), encoding="utf-8", newline="")
        assert path.is_file(), f"{path} is missing: FTAUDIT_ACCEPT=1 writes it"
        with path.open(encoding="utf-8", newline="") as file:
            assert abridged(text) == file.read(), f"{path} differs: FTAUDIT_ACCEPT=1 accepts what is new"

    return check
