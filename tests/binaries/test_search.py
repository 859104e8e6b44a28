"""The definition found by its name alone."""

from __future__ import annotations

import struct

import pytest

from ftaudit.binaries.analysis import module_of, own_hooks
from ftaudit.binaries.definition import Layout
from ftaudit.binaries.image import Address, Import
from ftaudit.binaries.search import by_name
from ftaudit.model.binary import Declaration
from tests.builders.flat_image import FlatImage

DATA, CODE = 0x10_0000, 0x1000
HEADERS = {
    True: struct.pack("<QHBBIQQ", 0, 0, 0, 0, 0xFFFFFFFF, 0, 0),
    False: struct.pack("<QQ", 3 << 30, 0),
}
"""``PyObject_HEAD_INIT(NULL)`` of free-threaded and of GIL builds of 3.14 (``Include/object.h``)."""


def image(
    *definitions: tuple[bytes, int | None],
    free_threaded: bool = True,
    function: int = CODE,
    size: int = 0,
    before: bytes = b"\0",
) -> FlatImage:
    """Definitions with these names, each with a ``Py_mod_gil`` slot of this value, or a list of zeros."""
    layout = Layout.of(8, free_threaded=free_threaded)
    data, words = bytearray(0x1000), dict[int, Import | Address]()
    for number, (name, gil) in enumerate(definitions):
        at, slots, text = (number * 0x200 + offset for offset in (0, 0x100, 0x180))
        data[at + layout.size : at + layout.size + 8] = struct.pack("<q", size)
        header = (16 if free_threaded else 0) + 16
        data[at : at + header] = HEADERS[free_threaded]
        words[DATA + at + layout.name] = Address(DATA + text)
        words[DATA + at + layout.slots] = Address(DATA + slots)
        words[DATA + at + layout.traverse] = Address(function)
        if gil is not None:
            data[slots : slots + 32] = struct.pack("<iiQiiQ", 2, 0, CODE, 4, 0, gil)
        data[text - 1 : text + len(name) + 1] = before + name + b"\0"
    return FlatImage(b"\xc3" * 16, CODE, words, data=bytes(data), data_base=DATA)


def found(of: FlatImage, name: str = "mod", *, exported: bool = False) -> set[tuple[Declaration, str]]:
    return {(answer.declaration, answer.layout) for answer in by_name(of, name, exported=exported)}


@pytest.mark.parametrize(("free_threaded", "layout"), [(True, "free-threaded"), (False, "gil")])
@pytest.mark.parametrize(("value", "declaration"), [(1, Declaration.NOT_USED), (0, Declaration.USED)])
def test_the_definition_of_the_name(
    value: int, declaration: Declaration, free_threaded: bool, layout: str
) -> None:
    assert found(image((b"mod", value), free_threaded=free_threaded)) == {(declaration, layout)}


def test_a_dotted_name_ends_in_the_modules_own() -> None:
    assert found(image((b"pkg.mod", 1))) == {(Declaration.NOT_USED, "free-threaded")}


def test_another_modules_definition_does_not_count() -> None:
    assert found(image((b"other", 1))) == set()
    assert found(image((b"module", 1))) == set()
    assert found(image((b"mod", 0), (b"other", 1))) == {(Declaration.USED, "free-threaded")}


def test_two_of_the_name_are_both_told() -> None:
    both = {(Declaration.USED, "free-threaded"), (Declaration.NOT_USED, "free-threaded")}
    assert found(image((b"mod", 0), (b"mod", 1))) == both


@pytest.mark.parametrize(
    "of",
    [
        image((b"mod", 1), function=DATA + 8),  # m_traverse is no code
        image((b"mod", 1), size=1 << 40),
        image((b"mod", None)),  # still to be filled in
        image((b"mod", 2)),
    ],
)
def test_what_is_no_whole_definition_says_nothing(of: FlatImage) -> None:
    assert found(of) == set()


def test_bytes_that_only_look_like_a_slot_do_not_count() -> None:
    of = image((b"mod", 1))
    of.words.clear()
    assert found(of) == set()


@pytest.mark.parametrize("value", [0, 1])
def test_an_exported_array(value: int) -> None:
    """Slots in any order: the name's is not the first."""
    rows = ((109, 0), (100, 0), (85, CODE), (87, value), (0, 0))
    data = b"".join(struct.pack("<HHIQ", i, 0, 0, v) for i, v in rows) + b"mod\0"
    words: dict[int, Import | Address] = {DATA + 24: Address(DATA + 80)}
    of = FlatImage(b"\xc3", CODE, words, data=b"\0" * 0 + data, data_base=DATA)
    declared = Declaration.NOT_USED if value else Declaration.USED
    assert found(of, exported=True) == {(declared, "")}
    assert found(of) == set()


@pytest.mark.parametrize(
    ("hooks", "path", "own"),
    [
        (("PyInit_x",), "pkg/x.cpython-314t-x86_64-linux-gnu.so", ["PyInit_x"]),
        (("PyInit_x", "PyInit_y"), "y.so", ["PyInit_y"]),
        (("PyInit_x", "PyModExport_x"), "x.so", ["PyModExport_x", "PyInit_x"]),
        (("PyInit_pkg", "PyInit_other"), "pkg/__init__.so", ["PyInit_pkg"]),
        (("PyInitU_caf_dma",), "café.so", ["PyInitU_caf_dma"]),
        (("PyInit_y",), "x.so", []),
        ((), "x.so", []),
    ],
)
def test_the_hook_of_the_files_own_name(hooks: tuple[str, ...], path: str, own: list[str]) -> None:
    assert list(own_hooks(hooks, path)) == own


@pytest.mark.parametrize(
    ("hook", "module"), [("PyInit_x", "x"), ("PyModExport_x", "x"), ("PyInitU_caf_dma", None)]
)
def test_the_name_of_a_hooks_module(hook: str, module: str | None) -> None:
    assert module_of(hook) == module
