"""Sums, logical operations, flags and conditions: what instructions of several classes share."""

from __future__ import annotations

from typing import NamedTuple

from ftaudit.binaries.arm64.operands import MASK64, write, write_or_stack
from ftaudit.binaries.flags import Compared, Flags, Tested, condition
from ftaudit.binaries.machine import State
from ftaudit.binaries.memory import Value

_CODES = (
    "e", "ne", "ae", "b", "s", "ns", "overflow", "no overflow",
    "a", "be", "ge", "l", "g", "le", "always", "always",
)  # fmt: skip
"""The conditions 0 to 15 by the names of `ftaudit.binaries.flags`."""
AND, OR, EXCLUSIVE_OR, AND_WITH_FLAGS = range(4)


class Immediate(NamedTuple):
    """The flags themselves, as ``ccmp`` sets them: N, Z, C, V in bits 3 to 0."""

    nzcv: int


def holds(flags: object, code: int) -> bool | None:
    """Whether condition *code* (0 to 15) holds; None where that is not known."""
    if code >= 14:
        return True
    if isinstance(flags, Immediate):
        return _holds_of_immediate(flags.nzcv, code)
    return condition(flags, _CODES[code])


def _holds_of_immediate(nzcv: int, code: int) -> bool:
    negative, zero, carry, overflow = (nzcv >> bit & 1 for bit in (3, 2, 1, 0))
    result = (
        zero, carry, negative, overflow,
        carry and not zero, negative == overflow, negative == overflow and not zero,
    )[code >> 1]  # fmt: skip
    return bool(result) != bool(code & 1)


def add_or_subtract(state: State, word: int, left: Value, right: Value, *, to_stack: bool) -> None:
    """The common part of ``add``, ``adds``, ``sub`` and ``subs``: bit 31 is the width, 30 tells of a
    subtraction, 29 of flags. Rd is the stack pointer where it is 31 and *to_stack*."""
    wide, subtract = word >> 31, word >> 30 & 1
    value: Value = None
    if isinstance(left, int) and isinstance(right, int):
        value = left - right if subtract else left + right
    elif right == 0:
        value = left
    elif left == 0 and not subtract:
        value = right
    if word >> 29 & 1:
        bits = 64 if wide else 32
        state.flags = Compared(left, right, bits) if subtract else added(left, right, bits)
    (write_or_stack if to_stack else write)(state, word & 31, value, wide)


def added(left: Value, right: Value, bits: int) -> Flags:
    """Flags of ``left + right``: those of ``left - (-right)``, save where the negation says something else
    of carry (0) or overflow (the smallest number)."""
    if not isinstance(right, int) or right == 1 << (bits - 1):
        return None
    if right == 0:
        return Tested(left, bits, below=True)
    return Compared(left, -right & (1 << bits) - 1, bits)


def logical(operation: int, left: Value, right: Value) -> Value:
    """``and``, ``orr``, ``eor`` of 64 bits; an address survives those that leave it as it is."""
    if isinstance(left, int) and isinstance(right, int):
        if operation == OR:
            return left | right
        return left ^ right if operation == EXCLUSIVE_OR else left & right
    if operation in (AND, AND_WITH_FLAGS):
        if left == 0 or right == 0:
            return 0
        return left if right == MASK64 else right if left == MASK64 else None
    return left if right == 0 else right if left == 0 else None


def tested(state: State, value: Value, wide: int) -> None:
    """Sets the flags of a logical operation."""
    state.flags = Tested(value, 64 if wide else 32, below=True)
