"""The string instructions: movs, stos, lods, cmps, scas, with and without repetition.

The direction is taken to be upwards, as both calling conventions demand; ``std`` ends a path.
"""

from __future__ import annotations

from ftaudit.binaries.machine import Machine, State, Step
from ftaudit.binaries.x86_64.instruction import Instruction
from ftaudit.binaries.x86_64.operands import (
    RAX,
    RCX,
    RDI,
    RSI,
    Handler,
    byte_size,
    moved,
    not_followed,
    read_register,
    write_register,
)

MAX_REPEAT = 512
"""Repetitions that are followed one by one; what more of them write is not known."""
_REPEAT = (0xF2, 0xF3)


def _move(machine: Machine, state: State, instruction: Instruction) -> Step:
    """``movs`` and ``stos``."""
    if instruction.address32:
        return not_followed(machine, state, instruction)
    registers, size = state.registers, byte_size(instruction)
    repeated = instruction.prefix in _REPEAT
    copies = instruction.opcode < 0xA6
    count = registers[RCX] if repeated else 1
    target, source = registers[RDI], registers[RSI] if copies else None
    if repeated:
        registers[RCX] = 0
    if not isinstance(count, int):
        state.memory.forget(target)
        registers[RDI] = None
        registers[RSI] = None if copies else registers[RSI]
        return None
    if not isinstance(target, int) or count > MAX_REPEAT:
        state.memory.forget(target, count * size)
    else:
        for offset in range(0, count * size, size):
            if copies:
                value = state.memory.load(moved(source, offset), size)
            else:
                value = read_register(registers, RAX, size, True)
            state.memory.store(moved(target, offset), size, value)
    registers[RDI] = moved(target, count * size)
    if copies:
        registers[RSI] = moved(source, count * size)
    return None


def _load(machine: Machine, state: State, instruction: Instruction) -> Step:
    """``lods``."""
    if instruction.address32:
        return not_followed(machine, state, instruction)
    registers, size = state.registers, byte_size(instruction)
    if instruction.prefix in _REPEAT:
        registers[RAX] = registers[RSI] = None
        registers[RCX] = 0
        return None
    write_register(registers, RAX, size, True, None)
    registers[RSI] = moved(registers[RSI], size)
    return None


def _compare(machine: Machine, state: State, instruction: Instruction) -> Step:
    """``cmps`` and ``scas``: where a repeated one stops is not known."""
    if instruction.address32:
        return not_followed(machine, state, instruction)
    registers, size = state.registers, byte_size(instruction)
    both = instruction.opcode < 0xA8
    state.flags = None
    if instruction.prefix in _REPEAT:
        registers[RCX] = registers[RDI] = None
        registers[RSI] = None if both else registers[RSI]
        return None
    registers[RDI] = moved(registers[RDI], size)
    if both:
        registers[RSI] = moved(registers[RSI], size)
    return None


HANDLERS: dict[int, Handler] = {
    **dict.fromkeys((0xA4, 0xA5, 0xAA, 0xAB), _move),
    **dict.fromkeys((0xAC, 0xAD), _load),
    **dict.fromkeys((0xA6, 0xA7, 0xAE, 0xAF), _compare),
}
