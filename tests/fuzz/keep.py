"""Keeps what fuzzing ended with, small: ``python -m tests.fuzz.keep FOLDER``.

Of the inputs in FOLDER, the smallest first, those are put into the corpus that go from a line of the readers
to another as none before them did.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from tests.fuzz.readers import one_input, seeds

CORPUS = Path(__file__).parent / "corpus"
READERS = str(Path(sys.modules["ftaudit"].__file__ or "").parent / "sources")

Step = tuple[str, int, int]
"""A file, and two lines that were run one after the other."""


def steps(data: bytes) -> set[Step]:
    """What reading *data* goes through."""
    found: set[Step] = set()
    last: dict[FrameType, int] = {}

    def trace(frame: FrameType, event: str, _: Any) -> Callable[..., Any] | None:
        if not frame.f_code.co_filename.startswith(READERS):
            return None
        if event == "line":
            found.add((frame.f_code.co_filename, last.get(frame, 0), frame.f_lineno))
            last[frame] = frame.f_lineno
        return trace

    sys.settrace(trace)
    try:
        one_input(data)
    finally:
        sys.settrace(None)
    return found


def main(folder: Path) -> None:
    """Adds to the corpus what *folder* has beyond it."""
    known: set[Step] = set()
    for data in [*seeds().values(), *(path.read_bytes() for path in CORPUS.iterdir())]:
        known |= steps(data)
    for path in sorted(folder.iterdir(), key=lambda each: (each.stat().st_size, each.name)):
        found = steps(path.read_bytes())
        if not found <= known:
            known |= found
            shutil.copy(path, CORPUS / path.name[:12])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
