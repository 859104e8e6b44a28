"""Loads and stores of vector structures: ``ld1`` … ``st4``."""

from __future__ import annotations

from ftaudit.binaries.arm64.elements import element, replicated, with_element
from ftaudit.binaries.arm64.operands import Row, forget_memory, forget_vector, read, vector
from ftaudit.binaries.machine import Machine, State, add
from ftaudit.binaries.memory import WORD, Value

_REGISTERS = {0b0111: 1, 0b1010: 2, 0b0110: 3, 0b0010: 4}
"""How many registers ``ld1`` and ``st1`` move, by their opcode."""
_INTERLEAVED = {0b1000: 2, 0b0100: 3, 0b0000: 4}
"""The same for ``ld2`` to ``ld4``."""


def _write_back(state: State, word: int, size: int) -> None:
    """Post-indexed: the address grows by Rm, or by *size* where that is 31."""
    base, by = word >> 5 & 31, word >> 16 & 31
    if word >> 23 & 1:
        state.registers[base] = add(state.registers[base], size if by == 31 else read(state, by, 1))


def multiple(machine: Machine, state: State, word: int) -> None:
    """Whole registers; those that are interleaved are lost."""
    opcode, load, width = word >> 12 & 15, word >> 22 & 1, 16 if word >> 30 & 1 else 8
    address = state.registers[word >> 5 & 31]
    count = _REGISTERS.get(opcode, 0) or _INTERLEAVED.get(opcode, 4)
    if opcode not in _REGISTERS:
        if load:
            for number in range(count):
                forget_vector(state, word + number)
        else:
            forget_memory(state, address, count * width)
    else:
        _move_registers(state, [(word + number) & 31 for number in range(count)], address, width, load)
    _write_back(state, word, count * width)


def _move_registers(state: State, numbers: list[int], address: Value, width: int, load: int) -> None:
    for position, number in enumerate(numbers):
        at = add(address, position * width)
        if load:
            high = state.memory.load(add(at, WORD), WORD) if width == 16 else 0
            state.vectors[number] = (state.memory.load(at, WORD), high)
            continue
        for half in range(width // WORD):
            state.memory.store(add(at, half * WORD), WORD, vector(state, number)[half])


def _lane(word: int) -> tuple[int, int]:
    """The size in bits of the element that is moved, and its index."""
    scale = word >> 14 & 3
    if scale == 2 and word >> 10 & 1:
        return 64, word >> 30 & 1
    return 8 << scale, ((word >> 30 & 1) << 3 | word >> 10 & 7) >> scale


def single(machine: Machine, state: State, word: int) -> None:
    """One element of each register, or one in all elements (``ld1r``)."""
    count, load = (word >> 13 & 1) << 1 | word >> 21 & 1, word >> 22 & 1
    count, replicate = count + 1, word >> 14 & 3 == 3
    bits, index = (8 << (word >> 10 & 3), 0) if replicate else _lane(word)
    address = state.registers[word >> 5 & 31]
    for position in range(count):
        number, at = (word + position) & 31, add(address, position * bits // 8)
        if not load:
            state.memory.store(at, bits // 8, element(vector(state, number), index, bits))
        elif replicate:
            value = state.memory.load(at, bits // 8)
            state.vectors[number] = replicated(value, bits, whole=word >> 30 & 1)
        else:
            value = state.memory.load(at, bits // 8)
            state.vectors[number] = with_element(vector(state, number), index, bits, value)
    _write_back(state, word, count * bits // 8)


ROWS: tuple[Row, ...] = (
    (0xBFBF0000, 0x0C000000, multiple),
    (0xBFA00000, 0x0C800000, multiple),
    (0xBF9F0000, 0x0D000000, single),
    (0xBF800000, 0x0D800000, single),
)
