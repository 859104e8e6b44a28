"""Branches, calls, returns, traps and system instructions."""

from __future__ import annotations

from ftaudit.binaries.arm64.arithmetic import holds
from ftaudit.binaries.arm64.operands import (
    LINK,
    MASK64,
    Row,
    forget_memory,
    nothing,
    offset19,
    read,
    stop,
    unsupported,
    write,
)
from ftaudit.binaries.flags import is_address
from ftaudit.binaries.image import Import
from ftaudit.binaries.machine import END, Fork, Machine, State, Step, signed
from ftaudit.binaries.memory import Low32, Value

CACHE_BLOCK = 64
"""Bytes that ``dc zva`` clears, on every processor that the platforms of today run on."""


def _branch(state: State, taken: bool | None, target: int) -> Step:
    if taken is None:
        return Fork(state.ip, target, state.ip - 4)
    if taken:
        state.ip = target
    return None


def _is_zero(value: Value) -> bool | None:
    if isinstance(value, int):
        return value == 0
    known_part = isinstance(value, Low32) and value.value != 0
    return False if known_part or is_address(value) else None


def target_of(word: int, address: int) -> int:
    """Where ``b`` or ``bl`` *word* at *address* goes."""
    return address + 4 * signed(word & 0x3FFFFFF, 26) & MASK64


def branch(machine: Machine, state: State, word: int) -> Step:
    """``b``, ``bl``."""
    target = target_of(word, state.ip - 4)
    if not word >> 31:
        return machine.transfer(state, target, None)
    state.registers[LINK] = state.ip
    return machine.transfer(state, target, state.ip)


def branch_on_condition(machine: Machine, state: State, word: int) -> Step:
    """``b.eq`` and so on."""
    return _branch(state, holds(state.flags, word & 15), offset19(state, word))


def branch_on_zero(machine: Machine, state: State, word: int) -> Step:
    """``cbz``, ``cbnz``."""
    zero = _is_zero(read(state, word & 31, word >> 31))
    return _branch(state, None if zero is None else zero != bool(word >> 24 & 1), offset19(state, word))


def branch_on_bit(machine: Machine, state: State, word: int) -> Step:
    """``tbz``, ``tbnz``."""
    value = read(state, word & 31, 1)
    bit = word >> 31 << 5 | word >> 19 & 31
    target = state.ip - 4 + 4 * signed(word >> 5 & 0x3FFF, 14) & MASK64
    if isinstance(value, Low32) and bit < 32:
        value = value.value
    taken = value >> bit & 1 == word >> 24 & 1 if isinstance(value, int) else None
    return _branch(state, taken, target)


def branch_to_register(machine: Machine, state: State, word: int) -> Step:
    """``br``, ``blr``, ``ret`` and those that authenticate the address first (``braa``, ``retab``, …)."""
    operation = word >> 21 & 7
    if operation == 2:
        return machine.do_return(state)
    if operation > 2:  # returns from exceptions
        return END
    target = read(state, word >> 5 & 31, 1)
    return_to = state.ip if operation else None
    if return_to is not None:
        state.registers[LINK] = return_to
    if isinstance(target, Import):
        return machine.call_out(state, target.name, return_to)
    if isinstance(target, int) and machine.image.executable(target):
        return machine.transfer(state, target, return_to)
    if return_to is not None:
        return machine.call_unknown(state, return_to)
    machine.whole = False
    return END


def return_with_address(machine: Machine, state: State, word: int) -> Step:
    """``retaasppc``, ``retabsppc``: the label is only part of the signature."""
    return machine.do_return(state)


def system_call(machine: Machine, state: State, word: int) -> Step:
    """``svc``."""
    return machine.call_unknown(state, state.ip)


def check_feature(machine: Machine, state: State, word: int) -> None:
    """``chkfeat x16``, the one hint that changes a register."""
    state.registers[16] = None


def forget_flags(machine: Machine, state: State, word: int) -> None:
    """``cfinv``, ``axflag``, ``xaflag``, writes of system registers (the flags are one)."""
    state.flags = None


def read_system(machine: Machine, state: State, word: int) -> None:
    """``mrs``, ``sysl``; a read of a random number sets the flags."""
    write(state, word & 31, None)
    if word & 0xFFFFFFC0 == 0xD53B2400:
        state.flags = None


def read_system_pair(machine: Machine, state: State, word: int) -> None:
    """``mrrs`` and what else there is of 128 bits."""
    write(state, word & 31, None)
    write(state, word & 31 | 1, None)
    state.flags = None


def zero_block(machine: Machine, state: State, word: int) -> None:
    """``dc zva``."""
    address = read(state, word & 31, 1)
    if isinstance(address, int):
        forget_memory(state, address & -CACHE_BLOCK, CACHE_BLOCK)


ROWS: tuple[Row, ...] = (
    (0x7C000000, 0x14000000, branch),
    (0xFF000000, 0x54000000, branch_on_condition),
    (0x7E000000, 0x34000000, branch_on_zero),
    (0x7E000000, 0x36000000, branch_on_bit),
    (0xFE000000, 0xD6000000, branch_to_register),
    (0xFF000000, 0x55000000, return_with_address),
    (0xFFE0001F, 0xD4000001, system_call),
    (0xFF000000, 0xD4000000, stop),
    (0xFFFFFFFF, 0xD503251F, check_feature),
    (0xFFFFF000, 0xD5032000, nothing),
    (0xFFFFF000, 0xD5033000, nothing),
    (0xFFE00000, 0xD5200000, read_system),
    (0xFF600000, 0xD5600000, read_system_pair),
    (0xFFFFFFE0, 0xD50B7420, zero_block),
    (0xFFC00000, 0xD5000000, forget_flags),
    (0xFF400000, 0xD5400000, forget_flags),
    (0x00000000, 0x00000000, unsupported),
)
