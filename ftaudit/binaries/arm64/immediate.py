"""Data processing with an immediate operand."""

from __future__ import annotations

from ftaudit.binaries.arm64.arithmetic import AND_WITH_FLAGS, add_or_subtract, logical, tested
from ftaudit.binaries.arm64.operands import (
    MASK32,
    MASK64,
    Row,
    forget_result,
    low32,
    nothing,
    read,
    read_or_stack,
    write,
    write_or_stack,
)
from ftaudit.binaries.machine import Machine, State, signed
from ftaudit.binaries.memory import Value


def address(machine: Machine, state: State, word: int) -> None:
    """``adr``, ``adrp``."""
    at, offset = state.ip - 4, signed((word >> 5 & 0x7FFFF) << 2 | word >> 29 & 3, 21)
    if word >> 31:
        at, offset = at & ~0xFFF, offset << 12
    write(state, word & 31, at + offset)


def add_immediate(machine: Machine, state: State, word: int) -> None:
    """``add``, ``adds``, ``sub``, ``subs``, and so ``cmp``, ``cmn``, ``mov`` from and to sp."""
    immediate = (word >> 10 & 0xFFF) << (12 if word >> 22 & 1 else 0)
    left = read_or_stack(state, word >> 5 & 31, word >> 31)
    add_or_subtract(state, word, left, immediate, to_stack=not word >> 29 & 1)


def move_wide(machine: Machine, state: State, word: int) -> None:
    """``movn``, ``movz``, ``movk``."""
    shift, operation, wide = (word >> 21 & 3) * 16, word >> 29 & 3, word >> 31
    value = (word >> 5 & 0xFFFF) << shift
    if operation == 3:
        old = read(state, word & 31, wide)
        kept = old & ~(0xFFFF << shift) if isinstance(old, int) else None
        write(state, word & 31, None if kept is None else kept | value, wide)
    else:
        write(state, word & 31, value if operation else ~value, wide)


def bit_mask(word: int) -> int | None:
    """The immediate of a logical instruction (DecodeBitMasks): a rotated run of ones, repeated."""
    fixed, rotate, ones = word >> 22 & 1, word >> 16 & 63, word >> 10 & 63
    length = (fixed << 6 | ~ones & 63).bit_length() - 1
    size = 1 << max(length, 0)
    ones, rotate = ones & size - 1, rotate & size - 1
    if length < 1 or ones == size - 1:
        return None
    element = (1 << ones + 1) - 1
    element = (element >> rotate | element << size - rotate) & (1 << size) - 1
    return element * (MASK64 // ((1 << size) - 1))


def logical_immediate(machine: Machine, state: State, word: int) -> None:
    """``and``, ``orr``, ``eor``, ``ands``, and so ``tst``, ``mov`` of a bit mask."""
    operation, wide = word >> 29 & 3, word >> 31
    mask = bit_mask(word)
    if mask is None or (not wide and word >> 22 & 1):
        forget_result(machine, state, word)
        return
    value = logical(operation, read(state, word >> 5 & 31, wide), mask if wide else mask & MASK32)
    if operation == AND_WITH_FLAGS:
        tested(state, value, wide)
        write(state, word & 31, value, wide)
    else:
        write_or_stack(state, word & 31, value, wide)


def bit_field(machine: Machine, state: State, word: int) -> None:
    """``sbfm``, ``bfm``, ``ubfm``: shifts by an immediate, extensions, bit field moves."""
    wide, operation, rotate, last = word >> 31, word >> 29 & 3, word >> 16 & 63, word >> 10 & 63
    width = 64 if wide else 32
    if operation == 3 or rotate >= width or last >= width:
        forget_result(machine, state, word)
        return
    source = read(state, word >> 5 & 31, wide)
    if last < 32:
        source = low32(source)
    if last >= rotate:
        start, length, position = rotate, last - rotate + 1, 0
    else:
        start, length, position = 0, last + 1, width - rotate
    old = read(state, word & 31, wide) if operation == 1 else 0
    value: Value = None
    if isinstance(source, int) and isinstance(old, int):
        ones = (1 << length) - 1
        bits = source >> start & ones
        if operation == 0:
            bits = signed(bits, length)
        value = old & ~(ones << position) | bits << position
    write(state, word & 31, value, wide)


def extract(machine: Machine, state: State, word: int) -> None:
    """``extr``, and so ``ror`` by an immediate."""
    wide, lowest = word >> 31, word >> 10 & 63
    high, low = read(state, word >> 5 & 31, wide), read(state, word >> 16 & 31, wide)
    value: Value = None
    if isinstance(high, int) and isinstance(low, int):
        value = (high << (64 if wide else 32) | low) >> lowest
    write(state, word & 31, value, wide)


ROWS: tuple[Row, ...] = (
    (0x1F000000, 0x10000000, address),
    (0x1F800000, 0x11000000, add_immediate),
    (0x1F800000, 0x12000000, logical_immediate),
    (0x1F800000, 0x12800000, move_wide),
    (0x1F800000, 0x13000000, bit_field),
    (0x7FA00000, 0x13800000, extract),
    (0xFF800000, 0xF3800000, nothing),  # autiasppc, autibsppc
    (0x00000000, 0x00000000, forget_result),
)
