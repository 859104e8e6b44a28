"""What is left: the x87 unit, questions to the processor, saved states. Little of it is followed exactly;
all that it may write is forgotten.
"""

from __future__ import annotations

from ftaudit.binaries.machine import Machine, State, Step
from ftaudit.binaries.x86_64.instruction import Instruction
from ftaudit.binaries.x86_64.operands import (
    RAX,
    RBX,
    RCX,
    RDX,
    Handler,
    address,
    not_followed,
    nothing,
    write_register,
)

_R11 = 11
_X87_STORES = {
    (0xD9, 2): 4, (0xD9, 3): 4, (0xD9, 6): 28, (0xD9, 7): 2,
    (0xDB, 1): 4, (0xDB, 2): 4, (0xDB, 3): 4, (0xDB, 7): 10,
    (0xDD, 1): 8, (0xDD, 2): 8, (0xDD, 3): 8, (0xDD, 6): 108, (0xDD, 7): 2,
    (0xDF, 1): 2, (0xDF, 2): 2, (0xDF, 3): 2, (0xDF, 6): 10, (0xDF, 7): 8,
}  # fmt: skip
"""Bytes that are written, by opcode and ModRM's reg."""


def _x87(machine: Machine, state: State, instruction: Instruction) -> Step:
    memory, opcode = instruction.memory, instruction.opcode
    if memory is not None:
        size = _X87_STORES.get((opcode, instruction.reg & 7))
        if size is not None:
            state.memory.forget(address(state, memory), size)
        return None
    if opcode == 0xDF and instruction.reg & 7 == 4:
        write_register(state.registers, RAX, 2, True, None)
    elif opcode in (0xDB, 0xDF):
        state.flags = None
    return None


def _forgets(*numbers: int) -> Handler:
    """An instruction that fills these registers with what is not known."""

    def handler(machine: Machine, state: State, instruction: Instruction) -> Step:
        for number in numbers:
            state.registers[number] = None
        return None

    return handler


_TIME_STAMP = _forgets(RAX, RDX)
_TIME_STAMP_AND_CPU = _forgets(RAX, RCX, RDX)


def _group_7(machine: Machine, state: State, instruction: Instruction) -> Step:
    """0F 01: ``xgetbv``, ``clac``, ``stac``, ``rdtscp``; the others are the kernel's."""
    if instruction.memory is None:
        place = instruction.reg & 7, instruction.rm & 7
        if place == (2, 0):
            return _TIME_STAMP(machine, state, instruction)
        if place == (7, 1):
            return _TIME_STAMP_AND_CPU(machine, state, instruction)
    return not_followed(machine, state, instruction)


def _group_15(machine: Machine, state: State, instruction: Instruction) -> Step:
    """0F AE: fences, ``stmxcsr``, ``ldmxcsr``, ``clflush``, the bases of fs and gs."""
    kind, memory, prefix = instruction.reg & 7, instruction.memory, instruction.prefix
    if memory is not None and (kind in (2, 7) or (kind == 6 and prefix == 0x66)):
        return None
    if memory is not None and kind == 3 and prefix == 0:
        state.memory.store(address(state, memory), 4, None)
        return None
    if memory is None and prefix == 0xF3 and kind < 4:
        if kind < 2:
            state.registers[instruction.rm] = None
        return None
    if memory is None and prefix == 0 and kind >= 5:
        return None
    return not_followed(machine, state, instruction)


def _hint(machine: Machine, state: State, instruction: Instruction) -> Step:
    """0F 1E: a hint (``endbr64``), or ``rdssp``, which may leave its register as it is."""
    if instruction.prefix == 0xF3 and instruction.memory is None and instruction.reg & 7 == 1:
        state.registers[instruction.rm] = None
    return None


def _segment_limits(machine: Machine, state: State, instruction: Instruction) -> Step:
    """``lar``, ``lsl``."""
    state.registers[instruction.reg] = None
    state.flags = None
    return None


HANDLERS: dict[int, Handler] = {
    **dict.fromkeys(range(0xD8, 0xE0), _x87),
    0x9B: nothing,
    0xFC: nothing,
    0x101: _group_7,
    0x102: _segment_limits,
    0x103: _segment_limits,
    0x105: _forgets(RAX, RCX, _R11),
    0x10D: nothing,
    **dict.fromkeys((0x118, 0x119, 0x11C, 0x11D, 0x11F), nothing),
    0x11E: _hint,
    0x131: _TIME_STAMP,
    0x1A2: _forgets(RAX, RBX, RCX, RDX),
    0x1AE: _group_15,
}

VEX_HANDLERS: dict[tuple[int, int], Handler] = {(0x1AE, 0): _group_15}
"""``vldmxcsr`` and ``vstmxcsr``, by opcode and prefix."""
