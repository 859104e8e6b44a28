"""Definitions and slot arrays, in every layout."""

from __future__ import annotations

import struct

import pytest

from ftaudit.binaries.definition import (
    Answer,
    FileView,
    Layout,
    WrittenView,
    read_definition,
    read_exported,
    read_slots,
)
from ftaudit.binaries.image import Address, Import
from ftaudit.binaries.memory import Heap, Memory
from ftaudit.model.binary import Declaration
from tests.builders.flat_image import FlatImage

DATA = 0x10_0000
NAME, SLOTS, MORE = DATA + 0x400, DATA + 0x200, DATA + 0x300
Slot = tuple[int, "int | Import | Address"]


def legacy(*slots: Slot) -> bytes:
    return b"".join(struct.pack("<iiQ", i, 0, v if isinstance(v, int) else 0) for i, v in (*slots, (0, 0)))


def modern(*slots: Slot) -> bytes:
    return b"".join(
        struct.pack("<HHIQ", i, 0, 0, v if isinstance(v, int) else 0) for i, v in (*slots, (0, 0))
    )


def image(
    array: bytes,
    *,
    free_threaded: bool = True,
    more: bytes = b"",
    words: dict[int, Import | Address] | None = None,
    name: bytes = b"pkg.mod",
) -> FlatImage:
    """A definition at `DATA`, its slots at `SLOTS`."""
    layout = Layout.of(8, free_threaded=free_threaded)
    data = bytearray(0x500)
    data[SLOTS - DATA : SLOTS - DATA + len(array)] = array
    data[MORE - DATA : MORE - DATA + len(more)] = more
    data[NAME - DATA : NAME - DATA + len(name) + 1] = name + b"\0"
    fixed: dict[int, Import | Address] = {
        DATA + layout.name: Address(NAME),
        DATA + layout.slots: Address(SLOTS),
    }
    return FlatImage(b"\xc3" * 16, words=fixed | (words or {}), data=bytes(data))


def answer(of: FlatImage) -> Answer:
    return read_definition(FileView(of), DATA, "mod")


@pytest.mark.parametrize("gil", [4, 87])
@pytest.mark.parametrize(("value", "declaration"), [(1, Declaration.NOT_USED), (0, Declaration.USED)])
@pytest.mark.parametrize(("free_threaded", "layout"), [(True, "free-threaded"), (False, "gil")])
def test_the_slot_in_either_numbering_and_either_layout(
    gil: int, value: int, declaration: Declaration, free_threaded: bool, layout: str
) -> None:
    found = answer(image(legacy((2, 0x1000), (gil, value)), free_threaded=free_threaded))
    assert (found.declaration, found.layout, found.slots) == (declaration, layout, (2, gil))


def test_offsets_are_those_of_the_headers() -> None:
    """`Include/object.h` and `Include/moduleobject.h` of 3.14, as measured in real modules."""
    offsets = {
        (bits, ft): (layout.name, layout.size, layout.methods, layout.slots, layout.end)
        for bits, ft in ((64, False), (64, True), (32, False), (32, True))
        if (layout := Layout.of(bits // 8, free_threaded=ft))
    }
    assert offsets == {
        (64, False): (40, 56, 64, 72, 104),
        (64, True): (56, 72, 80, 88, 120),
        (32, False): (20, 28, 32, 36, 52),
        (32, True): (32, 40, 44, 48, 64),
    }


@pytest.mark.parametrize("slots", [[(2, 0x1000)], [(1, 0x1000), (3, 2)], [(85, 0x1000), (86, 1)]])
def test_an_array_without_the_slot(slots: list[Slot]) -> None:
    assert answer(image(legacy(*slots))).declaration is Declaration.ABSENT


def test_no_array_at_all() -> None:
    of = image(b"")
    del of.words[DATA + Layout.of(8, free_threaded=True).slots]
    assert answer(of).declaration is Declaration.ABSENT


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (legacy((4, 2)), "decided-at-run-time"),
        (legacy((4, 1), (87, 1)), "duplicate-slot"),
        (legacy((4, 1), (4, 0)), "duplicate-slot"),
        (legacy(), "blank-slots"),
        (legacy((77, 1)), "unreadable-slots"),
        (legacy(*[(2, 0x1000)] * 20)[:-16] + legacy((55, 1)), "unreadable-slots"),
    ],
)
def test_what_is_unknown_says_why(array: bytes, reason: str) -> None:
    found = answer(image(array))
    assert (found.declaration, found.reason) == (Declaration.UNKNOWN, reason)
    assert found.why


def test_a_slot_without_an_end_is_not_absent() -> None:
    found = answer(image(legacy(*[(2, 0x1000)] * 64)[:-16]))
    assert (found.declaration, found.reason) == (Declaration.UNKNOWN, "unreadable-slots")


def test_a_value_that_is_an_import_is_not_known() -> None:
    found = answer(image(legacy((4, 0)), words={SLOTS + 8: Import("flag")}))
    assert found.reason == "decided-at-run-time"


def test_nested_arrays_of_both_kinds() -> None:
    of = image(modern((100, 0), (92, 0)), more=modern((87, 1)), words={SLOTS + 24: Address(MORE)})
    assert read_exported(FileView(of), SLOTS).declaration is Declaration.NOT_USED
    of = image(modern((94, 0)), more=legacy((4, 1)), words={SLOTS + 8: Address(MORE)})
    assert read_exported(FileView(of), SLOTS).declaration is Declaration.NOT_USED
    of = image(modern((94, 0), (85, 0x1000)), more=legacy((4, 0)), words={SLOTS + 8: Address(MORE)})
    assert read_exported(FileView(of), SLOTS).declaration is Declaration.USED


def test_arrays_that_hold_themselves_end() -> None:
    of = image(modern((92, 0)), words={SLOTS + 8: Address(SLOTS)})
    found = read_slots(FileView(of), SLOTS, modern=True)
    assert not found.complete


def test_a_nested_array_that_is_null_holds_nothing() -> None:
    assert read_exported(FileView(image(modern((92, 0), (87, 1)))), SLOTS).declaration is Declaration.NOT_USED


@pytest.mark.parametrize("name", [b"", b"no name", b"\x07"])
def test_what_has_no_name_is_no_definition(name: bytes) -> None:
    assert answer(image(legacy((4, 1)), name=name)).reason == "unreadable-definition"


def test_what_followed_code_wrote_counts() -> None:
    of = image(legacy((4, 0)))
    memory = Memory(of, Heap())
    memory.store(SLOTS + 8, 8, 1)
    assert read_definition(WrittenView(of, memory), DATA, "mod").declaration is Declaration.NOT_USED
    memory.store(SLOTS + 8, 8, None)
    assert read_definition(WrittenView(of, memory), DATA, "mod").reason == "decided-at-run-time"


def test_an_id_in_a_word_of_which_the_rest_is_unknown() -> None:
    of = image(legacy((2, 0x1000), (4, 1)))
    memory = Memory(of, Heap())
    memory.store(SLOTS, 4, 4)
    memory.store(SLOTS + 4, 4, None)
    memory.store(SLOTS + 8, 8, 1)
    memory.store(SLOTS + 16, 4, 0)
    assert read_slots(WrittenView(of, memory), SLOTS, modern=False).complete


def test_the_create_function_is_named() -> None:
    assert answer(image(legacy((1, 0x1000), (4, 1)))).create == 0x1000
    assert answer(image(legacy((4, 1)))).create is None
