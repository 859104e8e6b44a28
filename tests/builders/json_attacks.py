"""JSON documents that lie about their types, and whether a reader bears them."""

from __future__ import annotations

import json
from collections.abc import Iterator

from ftaudit.errors import FtauditError
from ftaudit.sources.base import Format
from tests.builders.documents import document

WRONG: tuple[object, ...] = (None, True, 1, 1.5, "x", [], [1], ["x"], [[]], {}, {"x": 1})
"""A value of every type, empty and not."""

Path = tuple[str | int, ...]


def places(value: object, path: Path = ()) -> Iterator[Path]:
    """Where every value in *value* stands, the whole first."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from places(item, (*path, key))


def replaced(value: object, path: Path, new: object) -> object:
    """*value* with *new* at *path*."""
    if not path:
        return new
    copy = value.copy() if isinstance(value, dict | list) else {}
    copy[path[0]] = replaced(copy[path[0]], path[1:], new)  # type: ignore[index]
    return copy


def with_wrong_types(text: str) -> Iterator[str]:
    """The document *text* with each of its values, one after another, replaced by each of `WRONG`."""
    value = json.loads(text)
    for path in places(value):
        for wrong in WRONG:
            yield json.dumps(replaced(value, path, wrong))


def bears(reader: Format, content: str | bytes) -> bool:
    """Whether *reader* reads *content*, or else refuses it. What it says is text on one line; exceptions that
    are not ours get out."""
    try:
        reading = reader.read(document("x.json", content))
    except FtauditError as error:
        said, read = [error.message], False
    else:
        said, read = [problem.message for problem in reading.problems], True
    assert all(message.isprintable() for message in said)
    return read
