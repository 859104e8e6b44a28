"""What the vector instructions that are not modelled may write, all of which is forgotten.

Most write the vector register in ModRM's reg; the sets here are the exceptions (Intel's manual, volume 2;
checked against capstone's notion of it for every opcode). Code that sets a module up does not compute with
vectors: that they leave nothing stale behind is all that counts.
"""

from __future__ import annotations

from ftaudit.binaries.machine import Machine, State, Step
from ftaudit.binaries.x86_64.instruction import EVEX, LEGACY, VEX, Instruction
from ftaudit.binaries.x86_64.operands import RCX, RDI, address, not_followed

_LANES = range(0, 128, 32)
_WIDEST = 64
"""Bytes of the widest store."""

_SECONDARY = frozenset(
    {*range(0x110, 0x118), *range(0x128, 0x130), *range(0x150, 0x178), *range(0x17C, 0x180)}
    | {0x1C2, 0x1C4, 0x1C5, 0x1C6, *range(0x1D0, 0x1FF)}
)
_LEGACY = _SECONDARY | {
    *range(0x200, 0x20C), 0x210, 0x214, 0x215, 0x217, *range(0x21C, 0x21F), *range(0x220, 0x226),
    *range(0x228, 0x22C), *range(0x230, 0x242), *range(0x2C8, 0x2CE), 0x2CF, *range(0x2DB, 0x2E0),
    *range(0x308, 0x310), *range(0x314, 0x318), *range(0x320, 0x323), 0x340, 0x341, 0x342, 0x344,
    *range(0x360, 0x364), 0x3CC, 0x3CE, 0x3CF, 0x3DF,
}  # fmt: skip
_MASK_LOGIC = frozenset(range(0x141, 0x14C))
_MASK_STORE, _MASK_TO_GENERAL = 0x191, 0x193
_VEX_ONLY = _MASK_LOGIC | {0x190, 0x191, 0x192, 0x193, 0x198, 0x199}
_EVEX_ONLY = frozenset({0x178, 0x179, 0x17A, 0x17B})
_NOT_FOLLOWED = frozenset(
    {
        0x249,
        0x24B,
        0x25C,
        0x25E,
        *range(0x2A0, 0x2A4),
        0x2C6,
        0x2C7,
        *range(0x2E0, 0x300),
        *range(0x3E0, 0x400),
    }
)
"""Tiles, scatters, and the general instructions among them."""

_MOVE_MASK, _STRING = frozenset({0x150, 0x1D7}), frozenset(range(0x360, 0x364))
_GENERAL_REG = _MOVE_MASK | {0x12C, 0x12D, 0x1C5, _MASK_TO_GENERAL}
_GENERAL_REG_EVEX = frozenset({0x178, 0x179})
_GENERAL_OPERAND = frozenset(range(0x314, 0x318))
_FLAGS_ONLY = frozenset({0x12E, 0x12F, 0x217})
_FLAGS_ONLY_VEX = _FLAGS_ONLY | {0x20E, 0x20F, 0x198, 0x199}
_SHIFT_GROUPS = frozenset({0x171, 0x172, 0x173})
_GATHER = frozenset(range(0x290, 0x294))
_BLEND_STORES = frozenset({0x22E, 0x22F, 0x28E})
_NARROW = frozenset({*range(0x210, 0x216), *range(0x220, 0x226), *range(0x230, 0x236)})
_TO_OPERAND = frozenset({0x263, 0x28A, 0x28B, 0x319, 0x31B, 0x31D, 0x339, 0x33B})
_MASKED_STORE = 0x1F7


def forget_effects(machine: Machine, state: State, instruction: Instruction) -> Step:
    """Forgets all that a vector instruction may write, or ends the path where that is not clear."""
    if not _is_vector(instruction):
        return not_followed(machine, state, instruction)
    opcode = instruction.opcode
    if opcode in (_FLAGS_ONLY if instruction.encoding == LEGACY else _FLAGS_ONLY_VEX):
        state.flags = None
        return None
    if _stores(instruction) and instruction.memory is not None:
        if instruction.encoding == EVEX:
            return not_followed(machine, state, instruction)
        state.memory.forget(address(state, instruction.memory), _WIDEST)
        return None
    if opcode == _MASKED_STORE:
        state.memory.forget(state.registers[RDI], 16)
        return None
    _forget_registers(state, instruction)
    return None


def _is_vector(instruction: Instruction) -> bool:
    opcode, encoding = instruction.opcode, instruction.encoding
    if encoding == LEGACY:
        return opcode in _LEGACY
    if opcode < 0x200:
        return opcode in _SECONDARY or opcode in (_VEX_ONLY if encoding == VEX else _EVEX_ONLY)
    return opcode not in _NOT_FOLLOWED


def _stores(instruction: Instruction) -> bool:
    """Whether the target is the ModRM operand."""
    opcode, encoding = instruction.opcode, instruction.encoding
    if opcode in _GENERAL_OPERAND:
        return True
    if encoding == LEGACY:
        return False
    if opcode in _TO_OPERAND or opcode == _MASK_STORE:
        return True
    if encoding == EVEX:
        return opcode in _NARROW and instruction.prefix == 0xF3
    return opcode in _BLEND_STORES


def _forget_registers(state: State, instruction: Instruction) -> None:
    opcode, registers = instruction.opcode, state.registers
    if opcode in _GENERAL_REG or (opcode in _GENERAL_REG_EVEX and instruction.prefix in (0xF2, 0xF3)):
        registers[instruction.reg & 15] = None
    if opcode in _GENERAL_OPERAND:
        registers[instruction.rm & 15] = None
    if opcode in _STRING:
        registers[RCX] = state.flags = None
        _forget_vector(state, 0)
    _forget_vector(state, instruction.reg)
    if opcode in _SHIFT_GROUPS or _stores(instruction):
        _forget_vector(state, instruction.rm)
    if opcode in _SHIFT_GROUPS or opcode in _GATHER:
        _forget_vector(state, instruction.source)


def _forget_vector(state: State, number: int) -> None:
    for lane in _LANES:
        state.vectors.pop(number + lane, None)
