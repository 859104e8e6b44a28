"""Data processing with register operands."""

from __future__ import annotations

from ftaudit.binaries.arm64.arithmetic import (
    AND_WITH_FLAGS,
    EXCLUSIVE_OR,
    Immediate,
    add_or_subtract,
    added,
    holds,
    logical,
    tested,
)
from ftaudit.binaries.arm64.operands import (
    MASK32,
    MASK64,
    Row,
    extended,
    forget_result,
    nothing,
    read,
    read_or_stack,
    write,
)
from ftaudit.binaries.flags import Compared
from ftaudit.binaries.machine import Machine, State, signed
from ftaudit.binaries.memory import Value


def _shifted(state: State, word: int) -> Value:
    """The second operand: Rm, shifted as bits 23-22 tell by bits 15-10."""
    wide, amount = word >> 31, word >> 10 & 63
    value = read(state, word >> 16 & 31, wide)
    if amount == 0:
        return value
    bits = 64 if wide else 32
    if not isinstance(value, int) or amount >= bits:
        return None
    return _shift(value, word >> 22 & 3, amount, bits)


def _shift(value: int, kind: int, amount: int, bits: int) -> int:
    """*kind* is 0 to 3: ``lsl``, ``lsr``, ``asr``, ``ror``. May be longer than *bits*."""
    if kind == 0:
        return value << amount & (1 << bits) - 1
    if kind == 1:
        return value >> amount
    if kind == 2:
        return signed(value, bits) >> amount & (1 << bits) - 1
    return (value | value << bits) >> amount & (1 << bits) - 1


def logical_shifted(machine: Machine, state: State, word: int) -> None:
    """``and``, ``bic``, ``orr``, ``orn``, ``eor``, ``eon``, ``ands``, ``bics``: ``mov``, ``mvn``, ``tst``."""
    operation, wide, complement = word >> 29 & 3, word >> 31, word >> 21 & 1
    left, right = read(state, word >> 5 & 31, wide), _shifted(state, word)
    if complement:
        right = ~right & (MASK64 if wide else MASK32) if isinstance(right, int) else None
    elif operation != EXCLUSIVE_OR and word >> 5 & 31 == word >> 16 & 31 and word >> 10 & 63 == 0:
        right = MASK64 if operation != 1 else 0  # with itself: what it was, also if that is not a number
    value = logical(operation, left, right)
    if operation == AND_WITH_FLAGS:
        tested(state, value, wide)
    write(state, word & 31, value, wide)


def add_shifted(machine: Machine, state: State, word: int) -> None:
    """``add``, ``adds``, ``sub``, ``subs``, and so ``cmp``, ``cmn``, ``neg``."""
    left = read(state, word >> 5 & 31, word >> 31)
    add_or_subtract(state, word, left, _shifted(state, word), to_stack=False)


def add_extended(machine: Machine, state: State, word: int) -> None:
    """The same with a part of the second operand; the first may be the stack pointer."""
    wide = word >> 31
    left = read_or_stack(state, word >> 5 & 31, wide)
    right = extended(read(state, word >> 16 & 31, wide), word >> 13 & 7, word >> 10 & 7)
    if not wide and isinstance(right, int):
        right &= MASK32
    add_or_subtract(state, word, left, right, to_stack=not word >> 29 & 1)


def compare_on_condition(machine: Machine, state: State, word: int) -> None:
    """``ccmp``, ``ccmn``."""
    holding = holds(state.flags, word >> 12 & 15)
    if holding is None:
        state.flags = None
        return
    if not holding:
        state.flags = Immediate(word & 15)
        return
    wide, operand = word >> 31, word >> 16 & 31
    left = read(state, word >> 5 & 31, wide)
    right: Value = operand if word >> 11 & 1 else read(state, operand, wide)
    bits = 64 if wide else 32
    state.flags = Compared(left, right, bits) if word >> 30 & 1 else added(left, right, bits)


def select(machine: Machine, state: State, word: int) -> None:
    """``csel``, ``csinc``, ``csinv``, ``csneg``, and so ``cset``, ``csetm``, ``cinc``, …"""
    wide, operation = word >> 31, word >> 29 & 2 | word >> 10 & 1
    first, second = read(state, word >> 5 & 31, wide), read(state, word >> 16 & 31, wide)
    if operation and isinstance(second, int):
        second = (second, second + 1, ~second, -second)[operation] & (MASK64 if wide else MASK32)
    elif operation:
        second = None
    holding = holds(state.flags, word >> 12 & 15)
    if holding is None and first != second:
        write(state, word & 31, None)
        return
    value = second if holding is False else first
    write(state, word & 31, value, wide)


def _number(value: int, bits: int, *, with_sign: bool) -> int:
    """The low *bits* of *value*, with their sign if it counts."""
    value &= (1 << bits) - 1
    return signed(value, bits) if with_sign else value


def multiply(machine: Machine, state: State, word: int) -> None:
    """``madd``, ``msub``, the long ones and the high halves."""
    wide, kind, subtract = word >> 31, word >> 21 & 7, word >> 15 & 1
    if kind not in (0, 1, 2, 5, 6):
        forget_result(machine, state, word)
        return
    left, right = read(state, word >> 5 & 31, wide), read(state, word >> 16 & 31, wide)
    start = 0 if kind in (2, 6) else read(state, word >> 10 & 31, wide)
    value: Value = None
    if isinstance(left, int) and isinstance(right, int) and isinstance(start, int):
        bits, with_sign = 32 if kind in (1, 5) else 64, kind in (1, 2)
        value = _number(left, bits, with_sign=with_sign) * _number(right, bits, with_sign=with_sign)
        if kind in (2, 6):
            value >>= 64
        else:
            value = start - value if subtract else start + value
    write(state, word & 31, value, wide)


def _divide(left: int, right: int, bits: int, *, with_sign: bool) -> int:
    if with_sign:
        left, right = signed(left, bits), signed(right, bits)
    if right == 0:
        return 0
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


def of_two(machine: Machine, state: State, word: int) -> None:
    """``udiv``, ``sdiv``, ``lslv``, ``lsrv``, ``asrv``, ``rorv``; ``crc32``, ``smax``, … are lost."""
    wide, operation = word >> 31, word >> 10 & 63
    left, right = read(state, word >> 5 & 31, wide), read(state, word >> 16 & 31, wide)
    if word >> 29 & 1 or operation not in (2, 3, 8, 9, 10, 11):
        forget_result(machine, state, word)
        return
    value: Value = None
    if isinstance(left, int) and isinstance(right, int):
        bits = 64 if wide else 32
        if operation < 8:
            value = _divide(left, right, bits, with_sign=operation == 3)
        else:
            value = _shift(left, operation & 3, right % bits, bits)
    write(state, word & 31, value, wide)


def _reverse(value: int, size: int, bits: int) -> int:
    """The bytes of each group of *size* in reverse."""
    content = value.to_bytes(bits // 8, "little")
    return int.from_bytes(
        b"".join(content[at : at + size][::-1] for at in range(0, len(content), size)), "little"
    )


def of_one(machine: Machine, state: State, word: int) -> None:
    """``rbit``, ``rev16``, ``rev32``, ``rev``, ``clz``, ``cls``; ``ctz``, ``cnt``, ``abs`` are lost."""
    wide, operation, source = word >> 31, word >> 10 & 63, read(state, word >> 5 & 31, word >> 31)
    bits = 64 if wide else 32
    value: Value = None
    if isinstance(source, int):
        if operation == 0:
            value = int(f"{source:0{bits}b}"[::-1], 2)
        elif operation <= 3:
            value = _reverse(source, 1 << operation, bits)
        elif operation == 4:
            value = bits - source.bit_length()
        elif operation == 5:
            value = bits - 1 - ((source ^ source >> 1) & (1 << bits - 1) - 1).bit_length()
    write(state, word & 31, value, wide)


ROWS: tuple[Row, ...] = (
    (0x1F000000, 0x0A000000, logical_shifted),
    (0x1F200000, 0x0B000000, add_shifted),
    (0x1F200000, 0x0B200000, add_extended),
    (0x1F000000, 0x1B000000, multiply),
    (0x3FE00800, 0x1A800000, select),
    (0x3FE00410, 0x3A400000, compare_on_condition),
    (0x5FE00000, 0x1AC00000, of_two),
    (0xFFFF0000, 0xDAC10000, nothing),  # pacia, autia, xpaci, …
    (0x7FFF0000, 0x5AC00000, of_one),
    (0x00000000, 0x00000000, forget_result),
)
