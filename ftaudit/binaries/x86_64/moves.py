"""Moves between registers, memory and the stack, without arithmetic."""

from __future__ import annotations

from ftaudit.binaries.flags import Compared, Result, condition
from ftaudit.binaries.machine import Machine, State, Step, signed
from ftaudit.binaries.memory import Value
from ftaudit.binaries.x86_64.instruction import Instruction
from ftaudit.binaries.x86_64.operands import (
    MASK,
    RAX,
    RBP,
    RDX,
    RSP,
    Handler,
    address,
    byte_size,
    moved,
    not_followed,
    nothing,
    pop,
    push,
    read,
    read_register,
    write,
    write_register,
)

CONDITIONS = ("o", "no", "b", "ae", "e", "ne", "be", "a", "s", "ns", "p", "np", "l", "ge", "le", "g")
"""By the low four bits of the opcode."""


def _store(machine: Machine, state: State, instruction: Instruction) -> Step:
    """``mov r/m, reg``."""
    size = byte_size(instruction)
    write(state, instruction, size, read_register(state.registers, instruction.reg, size, instruction.rex))
    return None


def _load(machine: Machine, state: State, instruction: Instruction) -> Step:
    """``mov reg, r/m``."""
    size = byte_size(instruction)
    value = read(state, instruction, size)
    write_register(state.registers, instruction.reg, size, instruction.rex, value)
    return None


def _store_immediate(machine: Machine, state: State, instruction: Instruction) -> Step:
    """``mov r/m, immediate``; the other members of the group belong to transactions."""
    if instruction.reg & 7:
        return not_followed(machine, state, instruction)
    write(state, instruction, byte_size(instruction), instruction.immediate)
    return None


def _load_immediate(machine: Machine, state: State, instruction: Instruction) -> Step:
    """``mov reg, immediate``: the register is in the opcode."""
    size = instruction.size if instruction.opcode >= 0xB8 else 1
    write_register(state.registers, instruction.rm, size, instruction.rex, instruction.immediate)
    return None


def _absolute(machine: Machine, state: State, instruction: Instruction) -> Step:
    """A0 to A3: the accumulator and an absolute address, which may be relative to fs or gs."""
    size = byte_size(instruction)
    if instruction.opcode < 0xA2:
        write_register(state.registers, RAX, size, True, None)
    else:
        state.memory.store(instruction.immediate, size, None)
    return None


def _effective_address(machine: Machine, state: State, instruction: Instruction) -> Step:
    """``lea``: a segment does not count."""
    memory = instruction.memory
    if memory is None:
        return not_followed(machine, state, instruction)
    value = address(state, memory._replace(unknown=False) if memory.unknown else memory)
    write_register(state.registers, instruction.reg, instruction.size, True, value)
    return None


def _extend_zero(machine: Machine, state: State, instruction: Instruction) -> Step:
    value = read(state, instruction, 2 if instruction.opcode & 1 else 1)
    write_register(state.registers, instruction.reg, instruction.size, True, value)
    return None


def _extend_sign(machine: Machine, state: State, instruction: Instruction) -> Step:
    """``movsx``, and ``movsxd`` (63)."""
    width = 2 if instruction.opcode & 1 else 1
    if instruction.opcode == 0x63:
        width = min(instruction.size, 4)
    value = read(state, instruction, width)
    if isinstance(value, int):
        value = signed(value, 8 * width) & MASK[instruction.size]
    write_register(state.registers, instruction.reg, instruction.size, True, value)
    return None


def _extend_accumulator(machine: Machine, state: State, instruction: Instruction) -> Step:
    """``cbw``, ``cwde``, ``cdqe``."""
    size = instruction.size
    value = read_register(state.registers, RAX, size // 2, True)
    if isinstance(value, int):
        value = signed(value, 4 * size)
    write_register(state.registers, RAX, size, True, value)
    return None


def _fill_sign(machine: Machine, state: State, instruction: Instruction) -> Step:
    """``cwd``, ``cdq``, ``cqo``."""
    size = instruction.size
    value = read_register(state.registers, RAX, size, True)
    filled = -(value >> (8 * size - 1)) & MASK[size] if isinstance(value, int) else None
    write_register(state.registers, RDX, size, True, filled)
    return None


def _conditional(machine: Machine, state: State, instruction: Instruction) -> Step:
    """``cmov``: known also where both values are the same."""
    size = instruction.size
    holds = condition(state.flags, CONDITIONS[instruction.opcode & 15])
    taken = read(state, instruction, size)
    kept = read_register(state.registers, instruction.reg, size, True)
    same = isinstance(kept, int) and kept == taken
    value = taken if holds else kept if holds is False or same else None
    write_register(state.registers, instruction.reg, size, True, value)
    return None


def _set_condition(machine: Machine, state: State, instruction: Instruction) -> Step:
    holds = condition(state.flags, CONDITIONS[instruction.opcode & 15])
    write(state, instruction, 1, None if holds is None else int(holds))
    return None


def _exchange(machine: Machine, state: State, instruction: Instruction) -> Step:
    """``xchg r/m, reg``."""
    size = byte_size(instruction)
    left = read(state, instruction, size)
    right = read_register(state.registers, instruction.reg, size, instruction.rex)
    write(state, instruction, size, right)
    write_register(state.registers, instruction.reg, size, instruction.rex, left)
    return None


def _exchange_accumulator(machine: Machine, state: State, instruction: Instruction) -> Step:
    """90 to 97: ``nop`` is the exchange of rax with itself."""
    number, size = instruction.rm, instruction.size
    if number == RAX:
        return None
    left = read_register(state.registers, RAX, size, True)
    right = read_register(state.registers, number, size, True)
    write_register(state.registers, RAX, size, True, right)
    write_register(state.registers, number, size, True, left)
    return None


def _exchange_add(machine: Machine, state: State, instruction: Instruction) -> Step:
    """``xadd``."""
    size = byte_size(instruction)
    old = read(state, instruction, size)
    added = read_register(state.registers, instruction.reg, size, instruction.rex)
    total = old + added & MASK[size] if isinstance(old, int) and isinstance(added, int) else None
    # The address is that of before: reg may be a part of it.
    memory = instruction.memory
    if memory is not None:
        state.memory.store(address(state, memory), size, total)
    write_register(state.registers, instruction.reg, size, instruction.rex, old)
    if memory is None:
        write(state, instruction, size, total)
    state.flags = None if total is None else Result(total, 8 * size)
    return None


def _compare_exchange(machine: Machine, state: State, instruction: Instruction) -> Step:
    """``cmpxchg``: where it is not known which way it goes, both places are lost."""
    size = byte_size(instruction)
    old = read(state, instruction, size)
    expected = read_register(state.registers, RAX, size, True)
    state.flags = Compared(expected, old, 8 * size)
    if not isinstance(old, int) or not isinstance(expected, int):
        write(state, instruction, size, None)
        state.registers[RAX] = None
    elif old == expected:
        write(
            state, instruction, size, read_register(state.registers, instruction.reg, size, instruction.rex)
        )
    else:
        write(state, instruction, size, old if instruction.memory is not None or size != 4 else None)
        write_register(state.registers, RAX, size, True, old)
    return None


def _compare_exchange_wide(machine: Machine, state: State, instruction: Instruction) -> Step:
    """0F C7: ``cmpxchg8b``, ``cmpxchg16b``; ``rdrand`` and ``rdseed``; the rest saves processor states."""
    kind = instruction.reg & 7
    if instruction.memory is not None and kind == 1:
        state.memory.forget(address(state, instruction.memory), 16 if instruction.wide else 8)
        state.registers[RAX] = state.registers[RDX] = None
    elif instruction.memory is None and kind in (6, 7):
        write_register(state.registers, instruction.rm, instruction.size, True, None)
    else:
        return not_followed(machine, state, instruction)
    state.flags = None
    return None


def _stack_size(instruction: Instruction) -> int:
    return 2 if instruction.size == 2 else 8


def _push(machine: Machine, state: State, instruction: Instruction) -> Step:
    size = _stack_size(instruction)
    push(state, size, read_register(state.registers, instruction.rm, size, True))
    return None


def _pop(machine: Machine, state: State, instruction: Instruction) -> Step:
    size = _stack_size(instruction)
    value = pop(state, size)
    write_register(state.registers, instruction.rm, size, True, value)
    return None


def _push_immediate(machine: Machine, state: State, instruction: Instruction) -> Step:
    push(state, _stack_size(instruction), instruction.immediate)
    return None


def push_operand(machine: Machine, state: State, instruction: Instruction) -> Step:
    """``push r/m``."""
    size = _stack_size(instruction)
    push(state, size, read(state, instruction, size))
    return None


def _pop_operand(machine: Machine, state: State, instruction: Instruction) -> Step:
    """``pop r/m``: an address relative to rsp is that of after."""
    if instruction.reg & 7:
        return not_followed(machine, state, instruction)
    size = _stack_size(instruction)
    value = pop(state, size)
    write(state, instruction, size, value)
    return None


def _push_unknown(machine: Machine, state: State, instruction: Instruction) -> Step:
    """The flags, fs or gs."""
    push(state, _stack_size(instruction), None)
    return None


def _pop_flags(machine: Machine, state: State, instruction: Instruction) -> Step:
    """The flags, fs or gs."""
    pop(state, _stack_size(instruction))
    state.flags = None
    return None


def _enter(machine: Machine, state: State, instruction: Instruction) -> Step:
    """``enter`` without nesting, which nothing uses."""
    size, level = instruction.immediate & 0xFFFF, instruction.immediate >> 16 & 0x1F
    if level or instruction.size == 2:
        return not_followed(machine, state, instruction)
    push(state, 8, state.registers[RBP])
    state.registers[RBP] = state.registers[RSP]
    state.registers[RSP] = moved(state.registers[RSP], -size)
    return None


def _leave(machine: Machine, state: State, instruction: Instruction) -> Step:
    if instruction.size == 2:
        return not_followed(machine, state, instruction)
    state.registers[RSP] = state.registers[RBP]
    state.registers[RBP] = pop(state, 8)
    return None


def _write_unknown(machine: Machine, state: State, instruction: Instruction) -> Step:
    """``mov r/m, segment``: 2 bytes in memory, all of a register."""
    if instruction.memory is None:
        state.registers[instruction.rm] = None
    else:
        write(state, instruction, 2, None)
    return None


def _store_flags(machine: Machine, state: State, instruction: Instruction) -> Step:
    """``lahf``."""
    write_register(state.registers, 4, 1, False, None)
    return None


def _lose_flags(machine: Machine, state: State, instruction: Instruction) -> Step:
    """``sahf``, ``stc``, ``clc``, ``cmc``."""
    state.flags = None
    return None


def _translate(machine: Machine, state: State, instruction: Instruction) -> Step:
    """``xlat``."""
    write_register(state.registers, RAX, 1, True, None)
    return None


def _store_word(machine: Machine, state: State, instruction: Instruction) -> Step:
    """``movnti``."""
    if instruction.memory is None or instruction.prefix:
        return not_followed(machine, state, instruction)
    size: int = instruction.size
    value: Value = read_register(state.registers, instruction.reg, size, True)
    state.memory.store(address(state, instruction.memory), size, value)
    return None


HANDLERS: dict[int, Handler] = {
    **dict.fromkeys(range(0x50, 0x58), _push),
    **dict.fromkeys(range(0x58, 0x60), _pop),
    0x63: _extend_sign,
    0x68: _push_immediate,
    0x6A: _push_immediate,
    0x86: _exchange,
    0x87: _exchange,
    0x88: _store,
    0x89: _store,
    0x8A: _load,
    0x8B: _load,
    0x8C: _write_unknown,
    0x8D: _effective_address,
    0x8E: nothing,
    0x8F: _pop_operand,
    **dict.fromkeys(range(0x90, 0x98), _exchange_accumulator),
    0x98: _extend_accumulator,
    0x99: _fill_sign,
    0x9C: _push_unknown,
    0x9D: _pop_flags,
    0x9E: _lose_flags,
    0x9F: _store_flags,
    **dict.fromkeys(range(0xA0, 0xA4), _absolute),
    **dict.fromkeys(range(0xB0, 0xC0), _load_immediate),
    0xC6: _store_immediate,
    0xC7: _store_immediate,
    0xC8: _enter,
    0xC9: _leave,
    0xD7: _translate,
    **dict.fromkeys((0xF5, 0xF8, 0xF9), _lose_flags),
    **dict.fromkeys(range(0x140, 0x150), _conditional),
    **dict.fromkeys(range(0x190, 0x1A0), _set_condition),
    0x1A0: _push_unknown,
    0x1A8: _push_unknown,
    0x1A1: _pop_flags,
    0x1A9: _pop_flags,
    **dict.fromkeys((0x1B0, 0x1B1), _compare_exchange),
    0x1B6: _extend_zero,
    0x1B7: _extend_zero,
    0x1BE: _extend_sign,
    0x1BF: _extend_sign,
    **dict.fromkeys((0x1C0, 0x1C1), _exchange_add),
    0x1C3: _store_word,
    0x1C7: _compare_exchange_wide,
}
