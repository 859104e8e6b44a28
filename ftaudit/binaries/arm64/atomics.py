"""Exclusive, ordered and atomic accesses to memory.

Nobody else is there to write: an exclusive store succeeds, a failing one would only be tried again.
"""

from __future__ import annotations

from ftaudit.binaries.arm64.operands import Row, forget_memory, read, write
from ftaudit.binaries.flags import is_address
from ftaudit.binaries.machine import Machine, State, add
from ftaudit.binaries.memory import Value


def exclusive(machine: Machine, state: State, word: int) -> None:
    """``ldxr``, ``stxr``, ``ldxp``, ``stxp`` and those with acquire or release."""
    load, is_pair, status = word >> 22 & 1, word >> 21 & 1, word >> 16 & 31
    size = 1 << (word >> 30)
    address = state.registers[word >> 5 & 31]
    places = [(word & 31, address)]
    if is_pair:
        places.append((word >> 10 & 31, add(address, size)))
    for number, at in places:
        if load:
            write(state, number, state.memory.load(at, size))
        else:
            state.memory.store(at, size, read(state, number, 1))
    if not load:
        write(state, status, 0)


def ordered(machine: Machine, state: State, word: int) -> None:
    """``ldar``, ``ldlar``, ``stlr``, ``stllr``; ``ldapr``."""
    size, address, number = 1 << (word >> 30), state.registers[word >> 5 & 31], word & 31
    if word >> 22 & 1 or word >> 29 & 1:
        write(state, number, state.memory.load(address, size))
    else:
        state.memory.store(address, size, read(state, number, 1))


def _same(left: Value, right: Value, mask: int) -> bool | None:
    if isinstance(left, int) and isinstance(right, int):
        return left & mask == right & mask
    if (is_address(left) and right == 0) or (is_address(right) and left == 0):
        return False
    return None


def compare_and_swap(machine: Machine, state: State, word: int) -> None:
    """``cas``."""
    size, address, compared = 1 << (word >> 30), state.registers[word >> 5 & 31], word >> 16 & 31
    wide = size == 8
    old = state.memory.load(address, size)
    same = _same(old, read(state, compared, wide), (1 << 8 * size) - 1)
    if same is not False:
        state.memory.store(address, size, read(state, word & 31, wide) if same else None)
    write(state, compared, old)


def compare_and_swap_pair(machine: Machine, state: State, word: int) -> None:
    """``casp``: what memory holds afterwards is not followed."""
    size = 8 if word >> 30 & 1 else 4
    address, compared = state.registers[word >> 5 & 31], word >> 16 & 31
    for number in range(2):
        write(state, compared | number, state.memory.load(add(address, number * size), size))
    forget_memory(state, address, 2 * size)


def read_modify_write(machine: Machine, state: State, word: int) -> None:
    """``ldadd``, ``ldclr``, ``ldeor``, ``ldset``, ``swp``; the larger or smaller of two is not known."""
    size, address, operation = 1 << (word >> 30), state.registers[word >> 5 & 31], word >> 12 & 15
    old, operand = state.memory.load(address, size), read(state, word >> 16 & 31, 1)
    new: Value = None
    if operation == 8:
        new = operand
    elif operation < 4 and isinstance(old, int) and isinstance(operand, int):
        new = (old + operand, old & ~operand, old ^ operand, old | operand)[operation]
    state.memory.store(address, size, new)
    write(state, word & 31, old)


ROWS: tuple[Row, ...] = (
    (0x3FA00000, 0x08000000, exclusive),
    (0xBFA00000, 0x88200000, exclusive),
    (0x3FA00000, 0x08800000, ordered),
    (0x3FFFFC00, 0x38BFC000, ordered),
    (0x3FA07C00, 0x08A07C00, compare_and_swap),
    (0xBFA07C00, 0x08207C00, compare_and_swap_pair),
    (0x3F208C00, 0x38200000, read_modify_write),
    (0x3F20FC00, 0x38208000, read_modify_write),
)
