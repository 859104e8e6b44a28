"""The formats that can be read: one line each, and no second list anywhere."""

from __future__ import annotations

from ftaudit.sources import (
    environment,
    interpreter,
    pdm_lock,
    pipfile_lock,
    poetry_lock,
    pylock,
    requirements,
    uv_lock,
    wheel,
    wheelhouse,
)
from ftaudit.sources.base import Document, Format, Opens

FORMATS: tuple[Format, ...] = (
    uv_lock.FORMAT,
    pylock.FORMAT,
    poetry_lock.FORMAT,
    pdm_lock.FORMAT,
    pipfile_lock.FORMAT,
    requirements.FORMAT,
    environment.FORMAT,
    wheelhouse.FORMAT,
    wheel.FORMAT,
    interpreter.FORMAT,
)


def choose(document: Document, opens: Opens = Opens.CONTENT) -> Format | None:
    """The format of *document* among those handed *opens*: the highest score, the first registered of equals,
    or None for no format."""
    best, highest = None, 0
    for candidate in FORMATS:
        score = candidate.score(document) if candidate.opens is opens else 0
        if score > highest:
            best, highest = candidate, score
    return best
