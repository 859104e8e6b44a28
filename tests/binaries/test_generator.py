"""The guess at what wrote a module."""

from __future__ import annotations

import pytest

from ftaudit.binaries.generator import MARKS, MAX_SEARCHED, WINDOW, Mark, guess
from ftaudit.binaries.image import Segment
from ftaudit.knowledge.tables import GENERATORS
from tests.builders.flat_image import FlatImage

BY = {mark.generator: mark for mark in MARKS}
ALL_IMPORTS = sorted(frozenset[str]().union(*(mark.imports for mark in MARKS)))


def image(
    data: bytes = b"", code: bytes = b"\xc3", needed: tuple[str, ...] = (), hook: str = ""
) -> FlatImage:
    made = FlatImage(code, data=data)
    made.needed = needed
    if hook:
        made.hooks = {hook: 0x1000}
    return made


def named(mark: Mark) -> str:
    return guess(image(b"\0text " + b"".join(mark.texts[:1]) + b"\0"), sorted(mark.imports))


@pytest.mark.parametrize("mark", MARKS, ids=lambda mark: mark.generator)
def test_a_module_with_the_marks_of_a_generator_is_its(mark: Mark) -> None:
    assert named(mark) == mark.generator


@pytest.mark.parametrize("mark", [m for m in MARKS if m.imports], ids=lambda mark: mark.generator)
def test_every_import_of_a_mark_is_needed(mark: Mark) -> None:
    for missing in mark.imports:
        assert guess(image(mark.texts[0] if mark.texts else b""), sorted(mark.imports - {missing})) == ""


@pytest.mark.parametrize("mark", [m for m in MARKS if m.texts], ids=lambda mark: mark.generator)
def test_one_of_the_texts_of_a_mark_is_needed(mark: Mark) -> None:
    assert guess(image(b"another text"), sorted(mark.imports)) == ""
    for text in mark.texts:
        assert guess(image(text), sorted(mark.imports)) == mark.generator


@pytest.mark.parametrize(
    ("needed", "generator"),
    [
        (("libc.so.6", "libnanobind-abi3.so"), "nanobind"),
        (("libboost_python314-a1b2.so.1.90",), "Boost.Python"),
        (("boost_python314-vc143-mt-x64-1_90.dll",), "Boost.Python"),
        (("libpython3.14t.so",), ""),
    ],
)
def test_a_library_may_tell(needed: tuple[str, ...], generator: str) -> None:
    assert guess(image(needed=needed), ["PyList_New"]) == generator


@pytest.mark.parametrize(
    ("hook", "generator"), [("PyInit_6ec57f84__mypyc", "mypyc"), ("PyInit_mypyc", ""), ("PyInit_x", "")]
)
def test_the_name_of_the_hook_may_tell(hook: str, generator: str) -> None:
    assert guess(image(b"cython_runtime", hook=hook), ["PyList_New"]) == generator


def test_a_module_without_marks_is_by_hand() -> None:
    assert guess(image(b"some text"), ["PyList_New", "PyModuleDef_Init"]) == ""


def test_rust_that_holds_a_cffi_module_is_what_the_hook_is() -> None:
    """cryptography is written with PyO3 and makes cffi's module itself."""
    texts = b"".join(BY["cffi"].texts)
    assert guess(image(texts), sorted(BY["PyO3"].imports | BY["cffi"].imports)) == "PyO3"


CYTHON = sorted(BY["Cython"].imports)
TEXT = BY["Cython"].texts[0]
FILLER = b"x" * WINDOW


@pytest.mark.parametrize(
    ("data", "code", "found"),
    [
        (TEXT + FILLER * 3, b"", True),
        (FILLER * 3 + TEXT, b"", True),
        (FILLER + TEXT + FILLER * 2, b"", False),
        (FILLER[1:] + TEXT, b"", True),
        (FILLER[9:] + TEXT + FILLER[9:], b"", True),
        (b"", FILLER + TEXT, True),
        (b"", TEXT + FILLER, False),
    ],
    ids=["start", "end", "middle", "short", "across", "behind-code", "before-code"],
)
def test_both_ends_of_data_and_the_end_of_code_are_searched(data: bytes, code: bytes, found: bool) -> None:
    assert guess(image(data, code), CYTHON) == ("Cython" if found else "")


@pytest.mark.parametrize("kind", [bytes, memoryview])
def test_any_buffer_is_searched(kind: type[bytes] | type[memoryview]) -> None:
    made = image(b"\0" + TEXT)
    made.data = kind(made.data)
    assert guess(made, CYTHON) == "Cython"


def test_what_is_searched_is_bounded() -> None:
    made = image(FILLER)
    read: list[int] = []

    class Counting(bytes):
        def find(self, text, start, end):  # type: ignore[no-untyped-def, override]
            read.append(end - start)
            return super().find(text, start, end)

    made.data = Counting(made.data)
    made.segments = [Segment(number << 32, WINDOW, 1, WINDOW, False) for number in range(1_000)]
    assert guess(made, CYTHON) == ""
    searches = sum(len(mark.texts) for mark in MARKS if mark.imports <= set(CYTHON))
    assert WINDOW < sum(read) <= MAX_SEARCHED * searches


def test_every_generator_has_its_advice() -> None:
    assert {row.name for row in GENERATORS} == {mark.generator for mark in MARKS} | {""}


def test_an_advice_is_one_line() -> None:
    for row in GENERATORS:
        assert row.advice == row.advice.strip()
        assert row.advice
        assert len(row.advice) <= 70
        assert len(row.note) <= 90
        assert "\n" not in row.advice + row.note
