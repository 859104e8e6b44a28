"""Loads and stores of registers; `atomics` and `structures` have the others of this class."""

from __future__ import annotations

from ftaudit.binaries.arm64 import atomics, structures
from ftaudit.binaries.arm64.operands import (
    MASK32,
    MASK64,
    Row,
    extended,
    forget_vector,
    offset19,
    read,
    unsupported,
    vector,
    write,
)
from ftaudit.binaries.machine import Machine, State, Step, add, signed
from ftaudit.binaries.memory import WORD, Value


def _load_vector(state: State, number: int, address: Value, size: int) -> None:
    low = state.memory.load(address, min(size, WORD))
    high = state.memory.load(add(address, WORD), WORD) if size == 16 else 0
    state.vectors[number] = (low, high)


def _store_vector(state: State, number: int, address: Value, size: int) -> None:
    low, high = vector(state, number)
    state.memory.store(address, min(size, WORD), low)
    if size == 16:
        state.memory.store(add(address, WORD), WORD, high)


def _size(word: int) -> int:
    """Bytes that the instruction moves, by size (31-30), V (26) and opc (23-22)."""
    return 16 if word >> 26 & 1 and word >> 23 & 1 else 1 << (word >> 30)


def _access(state: State, word: int, address: Value) -> None:
    """The load or store of one register at *address*."""
    size, operation, number = word >> 30, word >> 22 & 3, word & 31
    if word >> 26 & 1:
        (_load_vector if operation & 1 else _store_vector)(state, number, address, _size(word))
    elif operation == 0:
        state.memory.store(address, 1 << size, read(state, number, 1))
    elif size < 3 or operation == 1:  # otherwise a prefetch
        value = state.memory.load(address, 1 << size)
        if operation > 1 and isinstance(value, int):
            value = signed(value, 8 << size) & (MASK64 if operation == 2 else MASK32)
        write(state, number, value)


def unsigned_offset(machine: Machine, state: State, word: int) -> None:
    """``ldr x0, [x1, #8]`` and its like."""
    offset = (word >> 10 & 0xFFF) * _size(word)
    _access(state, word, add(state.registers[word >> 5 & 31], offset))


def signed_offset(machine: Machine, state: State, word: int) -> None:
    """``ldur``, ``ldtr``, ``ldapur``, and ``ldr`` that writes the address back before or after."""
    base, mode = word >> 5 & 31, word >> 10 & 3
    start = state.registers[base]
    moved = add(start, signed(word >> 12 & 0x1FF, 9))
    if mode & 1:
        state.registers[base] = moved
        _access(state, word, start if mode == 1 else moved)
    else:
        _access(state, word, moved)


def register_offset(machine: Machine, state: State, word: int) -> None:
    """``ldr x0, [x1, x2, lsl #3]`` and its like."""
    shift = _size(word).bit_length() - 1 if word >> 12 & 1 else 0
    offset = extended(read(state, word >> 16 & 31, 1), word >> 13 & 7, shift)
    _access(state, word, add(state.registers[word >> 5 & 31], offset))


def authenticated(machine: Machine, state: State, word: int) -> None:
    """``ldraa``, ``ldrab``."""
    base = word >> 5 & 31
    address = add(state.registers[base], signed((word >> 22 & 1) << 9 | word >> 12 & 0x1FF, 10) * WORD)
    if word >> 11 & 1:
        state.registers[base] = address
    write(state, word & 31, state.memory.load(address, WORD))


def literal(machine: Machine, state: State, word: int) -> None:
    """``ldr x0, label``, ``ldrsw``, ``prfm``."""
    size, address, number = word >> 30, offset19(state, word), word & 31
    if word >> 26 & 1:
        if size == 3:
            forget_vector(state, number)
        else:
            _load_vector(state, number, address, 4 << size)
    elif size < 3:
        value = state.memory.load(address, 8 if size == 1 else 4)
        if size == 2 and isinstance(value, int):
            value = signed(value, 32)
        write(state, number, value)


def pair(machine: Machine, state: State, word: int) -> Step:
    """``ldp``, ``stp``, ``ldpsw``, ``ldnp``, ``stnp``; an offset, or the address written back."""
    kind, is_vector, mode, load = word >> 30, word >> 26 & 1, word >> 23 & 3, word >> 22 & 1
    if kind == 3 or (kind == 1 and not is_vector and (not load or mode == 0)):
        return unsupported(machine, state, word)
    size = 4 << kind if is_vector else 8 if kind == 2 else 4
    base = word >> 5 & 31
    start = state.registers[base]
    moved = add(start, signed(word >> 15 & 0x7F, 7) * size)
    address = start if mode == 1 else moved
    if mode & 1:
        state.registers[base] = moved
    for number, at in ((word & 31, address), (word >> 10 & 31, add(address, size))):
        if is_vector:
            (_load_vector if load else _store_vector)(state, number, at, size)
        elif load:
            value = state.memory.load(at, size)
            write(state, number, signed(value, 32) if kind == 1 and isinstance(value, int) else value)
        else:
            state.memory.store(at, size, read(state, number, 1))
    return None


ROWS: tuple[Row, ...] = (
    (0x3B000000, 0x39000000, unsigned_offset),
    (0x3A000000, 0x28000000, pair),
    (0x3B200000, 0x38000000, signed_offset),
    (0x3B200C00, 0x38200800, register_offset),
    (0x3B000000, 0x18000000, literal),
    (0xFF200400, 0xF8200400, authenticated),
    (0x3F200C00, 0x19000000, signed_offset),
    *atomics.ROWS,
    *structures.ROWS,
    (0x00000000, 0x00000000, unsupported),  # tags, copies of any size, 64 and 128 bits at once, …
)
