"""Registers and memory as an instruction's operands: partial registers, effective addresses, the stack.

Writing a part of a register that is not known keeps what can be kept (`Low32`, `Low8`) and forgets the rest.
"""

from __future__ import annotations

from collections.abc import Callable

from ftaudit.binaries.machine import END, Machine, State, Step
from ftaudit.binaries.memory import Low8, Low32, Value
from ftaudit.binaries.x86_64.instruction import Instruction, MemoryOperand

RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI = range(8)
MASK = {1: 0xFF, 2: 0xFFFF, 4: 0xFFFF_FFFF, 8: (1 << 64) - 1}
"""All ones, by bytes."""
WORD_MASK = MASK[8]

Handler = Callable[[Machine, State, Instruction], Step]
"""What an instruction does; ``state.ip`` is already that of the next one."""


def address(state: State, memory: MemoryOperand) -> int | None:
    """The address that an operand names, or None where a part of it is not known."""
    if memory.unknown:
        return None
    total = memory.displacement
    if memory.base >= 0:
        base = state.registers[memory.base]
        if not isinstance(base, int):
            return None
        total += base
    if memory.scaled >= 0:
        index = state.registers[memory.scaled]
        if not isinstance(index, int):
            return None
        total += index << memory.shift
    return total & memory.mask


def read_register(registers: list[Value], number: int, size: int, rex: bool) -> Value:
    """The low *size* bytes of a register; ah to bh are the byte registers 4 to 7 without *rex*."""
    if size == 1 and not rex and 4 <= number < 8:
        value = registers[number - 4]
        if isinstance(value, Low32):
            value = value.value
        return value >> 8 & 0xFF if isinstance(value, int) else None
    value = registers[number]
    if size == 8:
        return value
    if isinstance(value, int):
        return value & MASK[size]
    if isinstance(value, Low32) or (size == 1 and isinstance(value, Low8)):
        return value.value & MASK[size]
    return None


def write_register(registers: list[Value], number: int, size: int, rex: bool, value: Value) -> None:
    """Writes the low *size* bytes of a register; 4 bytes clear the upper half, fewer leave the rest."""
    if size == 8:
        registers[number] = value & WORD_MASK if isinstance(value, int) else value
    elif size == 4:
        registers[number] = value & 0xFFFF_FFFF if isinstance(value, int) else None
    elif size == 1 and not rex and 4 <= number < 8:
        registers[number - 4] = _merge(registers[number - 4], value, 0xFF00, 8)
    else:
        registers[number] = _merge(registers[number], value, MASK[size], 0)


def _merge(old: Value, value: Value, mask: int, shift: int) -> Value:
    """*old* with the bits of *mask* replaced by *value*."""
    if isinstance(value, int):
        bits = value << shift & mask
        if isinstance(old, int):
            return old & ~mask | bits
        if isinstance(old, Low32):
            return Low32(old.value & ~mask | bits)
        if not shift:
            return Low8(bits & 0xFF)
    if shift and isinstance(old, int | Low32 | Low8):
        return Low8((old if isinstance(old, int) else old.value) & 0xFF)
    return None


def read(state: State, instruction: Instruction, size: int) -> Value:
    """The ModRM operand: a register or memory."""
    memory = instruction.memory
    if memory is None:
        return read_register(state.registers, instruction.rm, size, instruction.rex)
    return state.memory.load(address(state, memory), size)


def write(state: State, instruction: Instruction, size: int, value: Value) -> None:
    """Writes the ModRM operand."""
    memory = instruction.memory
    if memory is None:
        write_register(state.registers, instruction.rm, size, instruction.rex, value)
    else:
        state.memory.store(address(state, memory), size, value)


def push(state: State, size: int, value: Value) -> None:
    """Stores *value* below the stack pointer, which it moves."""
    stack = moved(state.registers[RSP], -size)
    state.registers[RSP] = stack
    state.memory.store(stack, size, value)


def pop(state: State, size: int) -> Value:
    """The value at the stack pointer, which it moves."""
    stack = state.registers[RSP]
    state.registers[RSP] = moved(stack, size)
    return state.memory.load(stack, size)


def moved(value: Value, distance: int) -> Value:
    """*value* plus *distance*, or None where it is no number."""
    return value + distance & WORD_MASK if isinstance(value, int) else None


def byte_size(instruction: Instruction) -> int:
    """The operand size of instructions whose lowest bit of the opcode tells bytes (0) from words (1)."""
    return instruction.size if instruction.opcode & 1 else 1


def nothing(machine: Machine, state: State, instruction: Instruction) -> Step:
    """No effect on what is followed: prefetches, fences, hints."""
    return None


def not_followed(machine: Machine, state: State, instruction: Instruction) -> Step:
    """What it does is not modelled: the path ends here, and the run is not whole."""
    machine.whole = False
    return END


def trap(machine: Machine, state: State, instruction: Instruction) -> Step:
    """Ends the program: ud2, int3, hlt."""
    return END
