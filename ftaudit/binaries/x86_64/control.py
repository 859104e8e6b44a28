"""Jumps, calls and returns.

With the prefix 66 some processors cut the target to 16 bits and others do not: no compiler writes that, and
it is not followed.
"""

from __future__ import annotations

from ftaudit.binaries.flags import condition
from ftaudit.binaries.image import Import
from ftaudit.binaries.machine import END, Fork, Machine, State, Step
from ftaudit.binaries.memory import Value
from ftaudit.binaries.x86_64.arithmetic import step_by
from ftaudit.binaries.x86_64.instruction import Instruction
from ftaudit.binaries.x86_64.moves import CONDITIONS, push_operand
from ftaudit.binaries.x86_64.operands import (
    RCX,
    RSP,
    WORD_MASK,
    Handler,
    address,
    moved,
    not_followed,
    push,
    trap,
)


def is_cut(instruction: Instruction) -> bool:
    """Whether the instruction goes somewhere, with an address of 16 bits."""
    opcode = instruction.opcode
    if instruction.size != 2 or opcode not in HANDLERS:
        return False
    return instruction.reg & 7 in (2, 4) if opcode == 0xFF else HANDLERS[opcode] is not trap


def _target(instruction: Instruction) -> int:
    return instruction.next + instruction.immediate & WORD_MASK


def _branch(machine: Machine, state: State, instruction: Instruction) -> Step:
    """``jcc``."""
    holds = condition(state.flags, CONDITIONS[instruction.opcode & 15])
    return _decide(state, instruction, holds)


def _decide(state: State, instruction: Instruction, holds: bool | None) -> Step:
    if holds is None:
        return Fork(instruction.next, _target(instruction), instruction.at)
    if holds:
        state.ip = _target(instruction)
    return None


def _loop(machine: Machine, state: State, instruction: Instruction) -> Step:
    """``loopne``, ``loope``, ``loop``, ``jrcxz``."""
    if instruction.address32:
        return not_followed(machine, state, instruction)
    kind = instruction.opcode & 3
    if kind == 3:
        count = state.registers[RCX]
        return _decide(state, instruction, count == 0 if isinstance(count, int) else None)
    count = state.registers[RCX] = moved(state.registers[RCX], -1)
    if kind < 2 and count != 0:
        equal = condition(state.flags, "e")
        if equal is None or count is None:
            return _decide(state, instruction, None)
        return _decide(state, instruction, equal == (kind == 1))
    return _decide(state, instruction, count != 0 if isinstance(count, int) else None)


def _jump(machine: Machine, state: State, instruction: Instruction) -> Step:
    return _jump_to(machine, state, _target(instruction))


def _jump_to(machine: Machine, state: State, target: int) -> Step:
    outcome = machine.transfer(state, target, None)
    if outcome is END and not machine.image.executable(target):
        machine.whole = False
    return outcome


def _call(machine: Machine, state: State, instruction: Instruction) -> Step:
    """A call of the next instruction only asks where it is."""
    if instruction.immediate == 0:
        push(state, 8, instruction.next)
        return None
    return _call_to(machine, state, _target(instruction), instruction.next)


def _call_to(machine: Machine, state: State, target: int, return_to: int) -> Step:
    """The return address is on the callee's stack: what was passed there lies above it."""
    depth = len(state.frames)
    outcome = machine.transfer(state, target, return_to)
    if len(state.frames) > depth:
        push(state, 8, return_to)
    elif outcome is END and not machine.image.executable(target):
        machine.whole = False
    return outcome


def _return(machine: Machine, state: State, instruction: Instruction) -> Step:
    """C2, C3. To an address that the callee itself put there (retpolines) it is a jump: not followed."""
    return_to = state.memory.load(state.registers[RSP], 8)
    expected = state.frames[-1].return_to if state.frames else None
    if isinstance(return_to, int) and return_to != expected:
        return not_followed(machine, state, instruction)
    outcome = machine.do_return(state)
    if outcome is None and instruction.immediate:
        state.registers[RSP] = moved(state.registers[RSP], instruction.immediate & 0xFFFF)
    return outcome


def _indirect(machine: Machine, state: State, instruction: Instruction) -> Step:
    """FF: ``inc``, ``dec``, ``call``, ``jmp``, ``push``."""
    kind = instruction.reg & 7
    if kind < 2:
        step_by(state, instruction, 1 if kind == 0 else -1)
        return None
    if kind == 6:
        return push_operand(machine, state, instruction)
    memory = instruction.memory
    target: Value
    if memory is None:
        target = state.registers[instruction.rm]
    else:
        target = state.memory.load(address(state, memory), 8)
    if kind == 4:
        if isinstance(target, Import):
            return machine.call_out(state, target.name, None)
        if isinstance(target, int):
            return _jump_to(machine, state, target)
    elif kind == 2:
        if isinstance(target, Import):
            return machine.call_out(state, target.name, instruction.next)
        if isinstance(target, int) and machine.image.executable(target):
            return _call_to(machine, state, target, instruction.next)
        return machine.call_unknown(state, instruction.next)
    return not_followed(machine, state, instruction)


HANDLERS: dict[int, Handler] = {
    **dict.fromkeys(range(0x70, 0x80), _branch),
    **dict.fromkeys(range(0x180, 0x190), _branch),
    **dict.fromkeys(range(0xE0, 0xE4), _loop),
    0xE8: _call,
    0xE9: _jump,
    0xEB: _jump,
    0xC2: _return,
    0xC3: _return,
    0xFF: _indirect,
    0xCC: trap,
    0xCD: trap,
    0xF4: trap,
    0x10B: trap,
    0x1B9: trap,
    0x1FF: trap,
}
