"""Memory as followed code sees it: what was written, what the file holds, what is not known."""

from __future__ import annotations

import random

import pytest

from ftaudit.binaries.image import Address, Import
from ftaudit.binaries.memory import HEAP, STACK, Heap, Low32, Memory, Opaque, Value
from tests.builders.flat_image import FlatImage

DATA = 0x10_0000
ONES = b"\x01\x02\x03\x04\x05\x06\x07\x08" * 2


def memory(data: bytes = ONES, words: dict[int, Import | Address] | None = None) -> Memory:
    return Memory(FlatImage(b"", words=words, data=data), Heap())


def test_the_file_is_what_was_not_written() -> None:
    found = memory(words={DATA + 8: Import("PyDict_New")})
    assert found.load(DATA, 4) == 0x04030201
    assert found.load(DATA + 8, 8) == Import("PyDict_New")


@pytest.mark.parametrize("address", [None, Opaque("module"), Import("x"), Low32(1)])
def test_an_address_that_is_not_known_gives_nothing(address: Value) -> None:
    found = memory()
    found.store(address, 8, 7)
    assert found.load(address, 8) is None
    assert found.load(DATA, 8) == 0x0807060504030201


def test_nothing_is_known_of_the_stack_and_of_fresh_memory_but_zeroed_memory_is_zero() -> None:
    heap = Heap()
    found = Memory(FlatImage(b""), heap)
    plain, zeroed = heap.allocate(), heap.allocate(zeroed=True)
    assert found.load(STACK - 8, 8) is None
    assert found.load(plain, 8) is None
    assert found.load(zeroed + 24, 8) == 0
    assert plain >= HEAP


def test_a_word_keeps_what_it_is() -> None:
    found = memory()
    for value in (5, Opaque("module"), Import("x"), Low32(9), None):
        found.store(DATA, 8, value)
        assert found.load(DATA, 8) == value


def test_half_a_word_is_a_number_or_nothing() -> None:
    found = memory()
    found.store(DATA, 4, Opaque("module"))
    assert found.load(DATA, 4) is None
    found.store(DATA, 4, Low32(0x1_0000_0002))
    assert found.load(DATA, 4) == 2


def test_a_known_low_half_stays_known() -> None:
    found = memory()
    found.store(STACK, 4, 87)
    assert found.load(STACK, 8) == Low32(87)
    found.store(STACK + 4, 4, 1)
    assert found.load(STACK, 8) == 1 << 32 | 87


def test_a_write_into_a_word_makes_the_rest_of_it_bytes() -> None:
    found = memory()
    found.store(DATA, 8, 0x1122334455667788)
    found.store(DATA + 2, 1, 0)
    assert found.load(DATA, 8) == 0x1122334455007788
    found.store(DATA, 8, Opaque("module"))
    found.store(DATA + 1, 1, 5)
    assert found.load(DATA, 8) is None
    assert found.load(DATA + 1, 1) == 5


@pytest.mark.parametrize("word", [Import("x"), Address(DATA)])
def test_a_part_of_a_word_that_the_linker_fills_is_not_known(word: Import | Address) -> None:
    found = memory(words={DATA: word})
    assert [found.load(DATA + at, size) for at, size in ((0, 4), (4, 4), (7, 1), (2, 2))] == [None] * 4
    assert found.load(DATA + 8, 4) == 0x04030201
    found.store(DATA, 1, 9)
    assert found.load(DATA, 8) is None


def test_a_copy_is_apart() -> None:
    found = memory()
    other = found.copy()
    found.store(DATA, 8, 1)
    assert other.load(DATA, 8) == 0x0807060504030201


def test_it_agrees_with_bytes() -> None:
    """Any sequence of stores and loads of known numbers gives what an array of bytes gives."""
    chance = random.Random(3)  # noqa: S311 a seeded test
    for _ in range(200):
        found, plain = memory(bytes(64)), bytearray(64)
        for _ in range(40):
            size = chance.choice((1, 2, 4, 8))
            at = chance.randrange(64 - size)
            if chance.random() < 0.5:
                value = chance.randrange(1 << 8 * size)
                found.store(DATA + at, size, value)
                plain[at : at + size] = value.to_bytes(size, "little")
            assert found.load(DATA + at, size) == int.from_bytes(plain[at : at + size], "little")
