"""Names and pointers cut out of a file."""

from __future__ import annotations

import pytest

from ftaudit.binaries.image import BadBinaryError, Buffer
from ftaudit.binaries.view import MAX_NAMES, View, python_names, significant

NAMES = b"\0one\0two\0" + b"x" * 200 + b"\0last\0"


def view(content: bytes, kind: type[bytes] | type[memoryview] = bytes) -> View:
    """All of *content* but a byte on each side."""
    data: Buffer = kind(b"(" + content + b")")
    return View(data, 1, len(content), "names")


@pytest.mark.parametrize("kind", [bytes, memoryview])
def test_names(kind: type[bytes] | type[memoryview]) -> None:
    """Whole ones, the end of one, a long one, an empty one; in any order, and twice."""
    found = view(NAMES, kind).strings([1, 6, 9, len(NAMES) - 5, 0, 1])
    assert found == [b"one", b"wo", b"x" * 200, b"last", b"", b"one"]


def test_no_names() -> None:
    assert view(b"").strings([]) == []


@pytest.mark.parametrize("offset", [-1, 4, 9, 10])
def test_a_name_that_does_not_end_in_the_view(offset: int) -> None:
    with pytest.raises(BadBinaryError, match="does not end"):
        view(b"one\0rest").strings([0, offset])


@pytest.mark.parametrize("size", [128, 2 << 20])
def test_a_name_is_held_against_its_limit(size: int) -> None:
    names = view(b"x" * size + b"\0")
    assert names.strings([0], size + 1) == [b"x" * size]
    with pytest.raises(BadBinaryError, match="does not end"):
        names.strings([0], size)


def test_more_names_than_any_file_has() -> None:
    assert view(b"\0").strings([0] * MAX_NAMES) == [b""] * MAX_NAMES
    with pytest.raises(BadBinaryError, match="more names"):
        view(b"\0").strings([0] * (MAX_NAMES + 1))
    with pytest.raises(BadBinaryError, match="more names"):
        view(b"x" * 60_000 + b"\0").strings(range(1000))


@pytest.mark.parametrize("prefix", [b"", b"_"])
def test_the_interpreters_names(prefix: bytes) -> None:
    names = [b"PyA", b"_PyB", b"Pz", b"P", b"Py", b"__PyC", b"_py", b"PyA", b"Py\xff"]
    found = python_names([prefix + name for name in names], prefix)
    assert found == {"PyA", "_PyB", "Py", "Py\\xff"}
    assert python_names([b"free"], prefix) == frozenset()


@pytest.mark.parametrize(
    ("word", "searched"),
    [
        (b"\1\2\3\0\0\0\0\0", b"\1\2\3"),
        (b"\0\2\0\3\0\0\0\0", b"\0\2\0\3"),
        (b"\1\2\0\0\0\0\0\0", b"\1\2\0\0\0\0\0\0"),  # two bytes are anywhere
        (bytes(8), bytes(8)),
        (b"\0\0\0\0\0\1\2\3", b"\0\0\0\0\0\1\2\3"),
    ],
)
def test_what_is_searched_for_a_word(word: bytes, searched: bytes) -> None:
    assert significant(word) == searched
