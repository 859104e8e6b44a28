"""Vector and floating-point instructions: moves are followed, results of computing are not known."""

from __future__ import annotations

from ftaudit.binaries.arm64.arithmetic import AND, EXCLUSIVE_OR, OR, logical
from ftaudit.binaries.arm64.elements import element, replicated, with_element
from ftaudit.binaries.arm64.operands import MASK64, Row, forget_vector, read, vector, write
from ftaudit.binaries.machine import Machine, State, Vector, signed
from ftaudit.binaries.memory import Value


def _set(state: State, word: int, value: Vector) -> None:
    """Writes Rd; an instruction on 64 bits (bit 30) clears the rest."""
    state.vectors[word & 31] = value if word >> 30 & 1 else (value[0], 0)


def expanded(cmode: int, negated: int, byte: int) -> int:
    """64 bits of the immediate of ``movi`` and ``fmov`` (AdvSIMDExpandImm)."""
    if cmode < 8:
        return (byte << 8 * (cmode >> 1)) * 0x0000_0001_0000_0001
    if cmode < 12:
        return (byte << 8 * (cmode >> 1 & 1)) * 0x0001_0001_0001_0001
    if cmode < 14:
        ones = 16 if cmode & 1 else 8
        return (byte << ones | (1 << ones) - 1) * 0x0000_0001_0000_0001
    if cmode == 14:
        if negated:
            return sum(0xFF << 8 * bit for bit in range(8) if byte >> bit & 1)
        return byte * 0x0101_0101_0101_0101
    sign, exponent, rest = byte >> 7, byte >> 6 & 1, byte & 63
    if negated:
        return sign << 63 | ((0x3FC0 if exponent else 0x4000) | rest) << 48
    return (sign << 31 | ((0x7C0 if exponent else 0x800) | rest) << 19) * 0x0000_0001_0000_0001


def immediate(machine: Machine, state: State, word: int) -> None:
    """``movi``, ``mvni``, ``fmov``, ``orr``, ``bic`` of an immediate."""
    cmode, negated = word >> 12 & 15, word >> 29 & 1
    value = expanded(cmode, negated, word >> 11 & 0xE0 | word >> 5 & 31)
    if word >> 11 & 1:  # floating-point numbers of 16 bits
        forget_vector(state, word & 31)
        return
    if cmode < 12 and cmode & 1:
        low, high = vector(state, word & 31)
        operation, value = (AND, ~value & MASK64) if negated else (OR, value)
        _set(state, word, (logical(operation, low, value), logical(operation, high, value)))
        return
    if negated and cmode < 14:
        value = ~value & MASK64
    _set(state, word, (value, value))


def bitwise(machine: Machine, state: State, word: int) -> None:
    """``and``, ``bic``, ``orr``, ``orn``, ``eor``, and so ``mov``; ``bsl``, ``bit``, ``bif`` are lost."""
    kind, first, second = word >> 22 & 3, word >> 5 & 31, word >> 16 & 31
    if word >> 29 & 1:
        if kind:
            forget_vector(state, word & 31)
            return
        operation = EXCLUSIVE_OR
    else:
        operation = OR if kind & 2 else AND
        if first == second and not kind & 1:
            _set(state, word, vector(state, first))
            return
    halves: list[Value] = []
    for left, right in zip(vector(state, first), vector(state, second), strict=True):
        if kind & 1:
            right = ~right & MASK64 if isinstance(right, int) else None
        halves.append(logical(operation, left, right))
    _set(state, word, (halves[0], halves[1]))


def copy(machine: Machine, state: State, word: int) -> None:
    """``dup``, ``ins``, ``smov``, ``umov``: between elements and general registers."""
    scale = word >> 16 & 31
    bits = 8 * (scale & -scale)
    index, operation, number, source = (
        scale * 4 // bits if bits else 0,
        word >> 11 & 15,
        word & 31,
        word >> 5 & 31,
    )
    if bits not in (8, 16, 32, 64) or (not word >> 29 & 1 and operation not in (0, 1, 3, 5, 7)):
        forget_vector(state, number)
        write(state, number, None)
    elif word >> 29 & 1:
        value = element(vector(state, source), operation * 8 // bits, bits)
        state.vectors[number] = with_element(vector(state, number), index, bits, value)
    elif operation < 2:
        value = read(state, source, 1) if operation else element(vector(state, source), index, bits)
        state.vectors[number] = replicated(value, bits, whole=word >> 30 & 1)
    elif operation == 3:
        value = read(state, source, 1)
        state.vectors[number] = with_element(vector(state, number), index, bits, value)
    else:
        value = element(vector(state, source), index, bits)
        if operation == 5 and isinstance(value, int):
            value = signed(value, bits)
        write(state, number, value, word >> 30 & 1)


def copy_scalar(machine: Machine, state: State, word: int) -> None:
    """``mov d0, v1.d[1]``."""
    scale = word >> 16 & 31
    bits = 8 * (scale & -scale)
    value = None
    if bits in (8, 16, 32, 64):
        value = element(vector(state, word >> 5 & 31), scale * 4 // bits, bits)
    state.vectors[word & 31] = (value, 0)


def permute(machine: Machine, state: State, word: int) -> None:
    """``zip1``, ``uzp1``, ``trn1`` of two words, which are the same then; ``zip2`` and so on."""
    half = word >> 14 & 1
    state.vectors[word & 31] = (
        vector(state, word >> 5 & 31)[half],
        vector(state, word >> 16 & 31)[half],
    )


def extract_middle(machine: Machine, state: State, word: int) -> None:
    """``ext v0.16b, v1.16b, v2.16b, #8``."""
    state.vectors[word & 31] = (vector(state, word >> 5 & 31)[1], vector(state, word >> 16 & 31)[0])


def move(machine: Machine, state: State, word: int) -> None:
    """``fmov`` between registers of 32 or 64 bits."""
    bits = 64 if word >> 22 & 1 else 32
    state.vectors[word & 31] = (element(vector(state, word >> 5 & 31), 0, bits), 0)


_TO_GENERAL = {
    0x1EE60000: (16, 0),
    0x9EE60000: (16, 0),
    0x1E260000: (32, 0),
    0x9E660000: (64, 0),
    0x9EAE0000: (64, 1),
}
_FROM_GENERAL = {0x1EE70000: 16, 0x9EE70000: 16, 0x1E270000: 32, 0x9E670000: 64}


def convert(machine: Machine, state: State, word: int) -> None:
    """``fmov`` from and to general registers; conversions between numbers are lost."""
    kind, number, source = word & 0xFFFFFC00, word & 31, word >> 5 & 31
    if kind in _TO_GENERAL:
        bits, index = _TO_GENERAL[kind]
        write(state, number, element(vector(state, source), index, bits))
    elif kind in _FROM_GENERAL:
        state.vectors[number] = with_element((0, 0), 0, _FROM_GENERAL[kind], read(state, source, 1))
    elif kind == 0x9EAF0000:
        state.vectors[number] = (vector(state, number)[0], read(state, source, 1))
    else:
        forget_vector(state, number)
        if word >> 16 & 0x1E != 2:  # not from an integer
            write(state, number, None)
            state.flags = None  # fjcvtzs


def compare(machine: Machine, state: State, word: int) -> None:
    """``fcmp``, ``fccmp``."""
    state.flags = None


def forget_vector_result(machine: Machine, state: State, word: int) -> None:
    """What is not modelled writes one vector register."""
    forget_vector(state, word & 31)


ROWS: tuple[Row, ...] = (
    (0x9FF80400, 0x0F000400, immediate),
    (0x9F20FC00, 0x0E201C00, bitwise),
    (0x9FE08400, 0x0E000400, copy),
    (0xFFE0FC00, 0x5E000400, copy_scalar),
    (0xFFE08C00, 0x4EC00800, permute),
    (0xFFE0FC00, 0x6E004000, extract_middle),
    (0xFFBFFC00, 0x1E204000, move),
    (0x5F20FC00, 0x1E200000, convert),
    (0x5F200000, 0x1E000000, convert),
    (0xFF203C00, 0x1E202000, compare),
    (0xFF200C00, 0x1E200400, compare),
    (0x00000000, 0x00000000, forget_vector_result),
)
