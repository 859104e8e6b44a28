"""Conditions from the operands of the last arithmetic instruction."""

from __future__ import annotations

import pytest

from ftaudit.binaries import flags as processor_flags
from ftaudit.binaries.flags import Compared, Flags, Result, condition
from ftaudit.binaries.image import Import
from ftaudit.binaries.memory import Low8, Low32, Opaque

logic = processor_flags.Tested  # under its own name pytest would take it for a class of tests
CODES = ("e", "ne", "a", "ae", "b", "be", "g", "ge", "l", "le", "s", "ns")


def _holding(flags: object) -> set[str]:
    return {code for code in CODES if condition(flags, code)}


def _unknown(flags: object) -> set[str]:
    return {code for code in CODES if condition(flags, code) is None}


@pytest.mark.parametrize(
    ("flags", "holding"),
    [
        (Compared(1, 1, 64), {"e", "ae", "be", "ge", "le", "ns"}),
        (Compared(1, 2, 64), {"ne", "b", "be", "l", "le", "s"}),
        (Compared(-1, 1, 32), {"ne", "a", "ae", "l", "le", "s"}),
        (Compared(0x1_0000_0001, 1, 32), {"e", "ae", "be", "ge", "le", "ns"}),
        (Compared(0x80, 1, 8), {"ne", "a", "ae", "l", "le", "ns"}),
        (logic(0, 32), {"e", "ae", "be", "ge", "le", "ns"}),
        (logic(0x80, 8), {"ne", "a", "ae", "l", "le", "s"}),
        (logic(5, 32, below=True), {"ne", "b", "be", "g", "ge", "ns"}),
    ],
)
def test_known_operands_decide_all(flags: Flags, holding: set[str]) -> None:
    assert _holding(flags) == holding
    assert _unknown(flags) == set()


def test_of_a_sum_only_zero_and_sign_are_known() -> None:
    assert _holding(Result(0, 32)) == {"e", "ns"}
    assert _unknown(Result(0, 32)) == {"a", "ae", "b", "be", "g", "ge", "l", "le"}


@pytest.mark.parametrize("pointer", [Opaque("object"), Import("Py_None")])
def test_a_pointer_to_something_is_not_null(pointer: Opaque | Import) -> None:
    assert condition(Compared(pointer, 0, 64), "e") is False
    assert condition(Compared(pointer, 0, 64), "ne") is True
    assert condition(logic(pointer, 64), "e") is False
    assert condition(Result(pointer, 64), "ne") is True


@pytest.mark.parametrize(
    "flags",
    [
        None,
        Compared(None, 0, 64),
        Compared(0, None, 64),
        Compared(Opaque("object"), Opaque("object"), 64),
        Compared(Opaque("object"), 8, 64),
        Compared(Opaque("object"), 0, 32),
        Compared(Low32(0), 0, 64),
        Compared(Low8(1), 0, 64),
        Result(None, 64),
        "flags",
    ],
)
def test_what_is_not_known_decides_nothing(flags: object) -> None:
    assert _unknown(flags) == set(CODES)


def test_the_carry_of_a_logical_operation_is_known_anyway() -> None:
    assert condition(logic(None, 64), "b") is False
    assert condition(logic(None, 64), "e") is None


def test_overflow_and_parity_are_never_known() -> None:
    assert condition(Compared(1, 1, 64), "o") is None
    assert condition(Compared(1, 1, 64), "p") is None
