"""Vector registers: whole moves and what joins two words; the rest only forgets what it writes.

``state.vectors`` holds 128 bits under ``register + 32 * lane``. Instructions of old leave the upper lanes of
their target as they are, VEX and EVEX ones clear what they do not write.
"""

from __future__ import annotations

import operator
from collections.abc import Callable

from ftaudit.binaries.machine import Machine, State, Step, Vector
from ftaudit.binaries.memory import Low32, Value
from ftaudit.binaries.x86_64.instruction import EVEX, LEGACY, VEX, Instruction
from ftaudit.binaries.x86_64.operands import (
    MASK,
    WORD_MASK,
    Handler,
    address,
    moved,
    not_followed,
    read,
    write,
)
from ftaudit.binaries.x86_64.vector_effects import forget_effects

REGISTERS = 32
LANES = 4
_UNKNOWN: Vector = (None, None)
_ZERO: Vector = (0, 0)
_SCALAR = {0xF3: 4, 0xF2: 8}
"""Bytes of ``movss`` and ``movsd``, by prefix."""


def _get(state: State, number: int, lane: int = 0) -> Vector:
    return state.vectors.get(number + REGISTERS * lane, _UNKNOWN)


def _set(state: State, instruction: Instruction, number: int, value: Vector, *more: Vector) -> None:
    """Writes a register's lowest lane, the next ones (*more*), and zeros above where the encoding does."""
    state.vectors[number] = value
    if instruction.encoding == LEGACY:
        return
    for lane in range(1, LANES):
        state.vectors[number + REGISTERS * lane] = more[lane - 1] if lane <= len(more) else _ZERO


def _at(state: State, instruction: Instruction, lane: int = 0) -> Vector:
    """The ModRM operand: 16 bytes of memory, or a register."""
    if instruction.memory is None:
        return _get(state, instruction.rm, lane)
    place = address(state, instruction.memory)
    if place is None:
        return _UNKNOWN
    place += 16 * lane
    return state.memory.load(place, 8), state.memory.load(place + 8, 8)


def _first(state: State, instruction: Instruction) -> Vector:
    """The first source: of its own in VEX, else the target."""
    return _get(state, instruction.reg if instruction.source < 0 else instruction.source)


def _is_mmx(instruction: Instruction) -> bool:
    return instruction.prefix == 0 and instruction.encoding == LEGACY


def _load(machine: Machine, state: State, instruction: Instruction) -> Step:
    """``movups``, ``movaps``, ``movdqu`` and the like, all lanes; ``movss``, ``movsd``."""
    if instruction.opcode == 0x110 and instruction.prefix in _SCALAR:
        return _load_scalar(machine, state, instruction)
    if instruction.opcode == 0x16F and _is_mmx(instruction):
        return None
    if not instruction.plain:
        return forget_effects(machine, state, instruction)
    lanes = [_at(state, instruction, lane) for lane in range(instruction.lanes)]
    _set(state, instruction, instruction.reg, *lanes)
    return None


def _store(machine: Machine, state: State, instruction: Instruction) -> Step:
    opcode, memory, prefix = instruction.opcode, instruction.memory, instruction.prefix
    if opcode == 0x111 and prefix in _SCALAR:
        return _store_scalar(machine, state, instruction)
    if opcode in (0x17F, 0x1E7) and _is_mmx(instruction):
        if memory is not None:
            state.memory.store(address(state, memory), 8, None)
        return None
    if opcode == 0x1E7 and prefix != 0x66:
        return forget_effects(machine, state, instruction)  # a conversion
    if not instruction.plain or (opcode == 0x12B and prefix in _SCALAR):
        return not_followed(machine, state, instruction)
    lanes = [_get(state, instruction.reg, lane) for lane in range(instruction.lanes)]
    if memory is None:
        _set(state, instruction, instruction.rm, *lanes)
        return None
    place = address(state, memory)
    for lane, (low, high) in enumerate(lanes):
        state.memory.store(moved(place, 16 * lane), 8, low)
        state.memory.store(moved(place, 16 * lane + 8), 8, high)
    return None


def _load_scalar(machine: Machine, state: State, instruction: Instruction) -> Step:
    """Memory clears the rest of the lane, a register leaves it."""
    if not instruction.plain:
        return forget_effects(machine, state, instruction)
    size = _SCALAR[instruction.prefix]
    if instruction.memory is not None:
        value = state.memory.load(address(state, instruction.memory), size)
        _set(state, instruction, instruction.reg, (value, 0))
        return None
    _set(state, instruction, instruction.reg, _joined(state, instruction, instruction.rm, size))
    return None


def _joined(state: State, instruction: Instruction, number: int, size: int) -> Vector:
    """The low *size* bytes of register *number*, above them the first source's."""
    low, old = _get(state, number)[0], _first(state, instruction)
    if size == 8:
        return low, old[1]
    upper = old[0]
    if isinstance(low, int) and isinstance(upper, int):
        return upper & ~MASK[4] | low & MASK[4], old[1]
    return (Low32(low & MASK[4]) if isinstance(low, int) else None), old[1]


def _store_scalar(machine: Machine, state: State, instruction: Instruction) -> Step:
    if not instruction.plain:
        return not_followed(machine, state, instruction)
    size = _SCALAR[instruction.prefix]
    if instruction.memory is not None:
        low = _get(state, instruction.reg)[0]
        state.memory.store(address(state, instruction.memory), size, low)
        return None
    target = instruction.rm
    source = instruction._replace(reg=target)
    _set(state, instruction, target, _joined(state, source, instruction.reg, size))
    return None


def _from_general(machine: Machine, state: State, instruction: Instruction) -> Step:
    """``movd``, ``movq`` from a general register or memory."""
    if instruction.rm > 15:
        return not_followed(machine, state, instruction)
    if instruction.prefix == 0x66:
        value = read(state, instruction, 8 if instruction.wide else 4)
        _set(state, instruction, instruction.reg, (value, 0))
    return None


def _to_general(machine: Machine, state: State, instruction: Instruction) -> Step:
    """``movd``, ``movq`` to a general register or memory; with F3 between vector registers."""
    size = 8 if instruction.wide else 4
    if instruction.prefix == 0xF3:
        _set(state, instruction, instruction.reg, (_low_word(state, instruction), 0))
    elif instruction.rm > 15:
        return not_followed(machine, state, instruction)
    elif instruction.prefix == 0x66:
        write(state, instruction, size, _part(_get(state, instruction.reg)[0], size))
    else:
        write(state, instruction, size, None)
    return None


def _part(value: Value, size: int) -> Value:
    if size == 8:
        return value
    if isinstance(value, int | Low32):
        return (value if isinstance(value, int) else value.value) & MASK[size]
    return None


def _low_word(state: State, instruction: Instruction) -> Value:
    """The ModRM operand's low 8 bytes."""
    if instruction.memory is None:
        return _get(state, instruction.rm)[0]
    return state.memory.load(address(state, instruction.memory), 8)


def _store_low(machine: Machine, state: State, instruction: Instruction) -> Step:
    """``movq`` (D6)."""
    if instruction.prefix != 0x66:
        return forget_effects(machine, state, instruction)
    low = _get(state, instruction.reg)[0]
    if instruction.memory is None:
        _set(state, instruction, instruction.rm, (low, 0))
    else:
        state.memory.store(address(state, instruction.memory), 8, low)
    return None


def _load_half(machine: Machine, state: State, instruction: Instruction) -> Step:
    """``movlps``, ``movhlps`` (12), ``movhps``, ``movlhps`` (16); ``movddup`` with F2."""
    is_high = instruction.opcode == 0x116
    if instruction.encoding == EVEX or instruction.prefix == 0xF3:
        return forget_effects(machine, state, instruction)
    if instruction.prefix == 0xF2:
        if is_high or instruction.lanes > 1:
            return forget_effects(machine, state, instruction)
        low = _low_word(state, instruction)
        _set(state, instruction, instruction.reg, (low, low))
        return None
    old = _first(state, instruction)
    if instruction.memory is None:
        other = _get(state, instruction.rm)
        value = other[0] if is_high else other[1]
    else:
        value = _low_word(state, instruction)
    _set(state, instruction, instruction.reg, (old[0], value) if is_high else (value, old[1]))
    return None


def _store_half(machine: Machine, state: State, instruction: Instruction) -> Step:
    """``movlps`` (13), ``movhps`` (17)."""
    if instruction.memory is None:
        return not_followed(machine, state, instruction)
    value = _get(state, instruction.reg)[1 if instruction.opcode == 0x117 else 0]
    state.memory.store(address(state, instruction.memory), 8, value)
    return None


def _unpack(machine: Machine, state: State, instruction: Instruction) -> Step:
    """``punpcklqdq``, ``unpcklpd``: the low words of both; ``punpckhqdq``, ``unpckhpd``: the high ones."""
    if instruction.prefix != 0x66 or instruction.lanes > 1 or instruction.encoding == EVEX:
        return forget_effects(machine, state, instruction)
    half = int(instruction.opcode in (0x115, 0x16D))
    value = _first(state, instruction)[half], _at(state, instruction)[half]
    _set(state, instruction, instruction.reg, value)
    return None


def _and_not(left: int, right: int) -> int:
    return ~left & right


_LOGIC: dict[int, Callable[[int, int], int]] = {
    0x154: operator.and_, 0x1DB: operator.and_,
    0x155: _and_not, 0x1DF: _and_not,
    0x156: operator.or_, 0x1EB: operator.or_,
    0x157: operator.xor, 0x1EF: operator.xor,
}  # fmt: skip


def _logic(machine: Machine, state: State, instruction: Instruction) -> Step:
    """``pand``, ``pandn``, ``por``, ``pxor``: of a register with itself known anyway."""
    mmx = instruction.opcode >= 0x1D0 and _is_mmx(instruction)
    if mmx or not instruction.plain or instruction.prefix not in (0, 0x66):
        return None if mmx else forget_effects(machine, state, instruction)
    combine = _LOGIC[instruction.opcode]
    first = instruction.reg if instruction.source < 0 else instruction.source
    itself = instruction.memory is None and instruction.rm == first
    lanes = []
    for lane in range(instruction.lanes):
        if itself and combine in (operator.xor, _and_not):
            lanes.append(_ZERO)
            continue
        left, right = _get(state, first, lane), _at(state, instruction, lane)
        lanes.append((_word(combine, left[0], right[0]), _word(combine, left[1], right[1])))
    _set(state, instruction, instruction.reg, *lanes)
    return None


def _word(combine: Callable[[int, int], int], left: Value, right: Value) -> Value:
    return combine(left, right) if isinstance(left, int) and isinstance(right, int) else None


def _equal(machine: Machine, state: State, instruction: Instruction) -> Step:
    """``pcmpeq``: a register equals itself."""
    first = instruction.reg if instruction.source < 0 else instruction.source
    itself = instruction.memory is None and instruction.rm == first
    if instruction.prefix != 0x66 or instruction.encoding == EVEX or not itself:
        return forget_effects(machine, state, instruction)
    ones: Vector = (WORD_MASK, WORD_MASK)
    _set(state, instruction, instruction.reg, *(ones,) * instruction.lanes)
    return None


def _insert(machine: Machine, state: State, instruction: Instruction) -> Step:
    """``pinsrq``; ``pinsrd`` forgets."""
    if not instruction.wide or instruction.encoding == EVEX:
        return forget_effects(machine, state, instruction)
    value, old = read(state, instruction, 8), _first(state, instruction)
    high = instruction.immediate & 1
    _set(state, instruction, instruction.reg, (old[0], value) if high else (value, old[1]))
    return None


def _extract(machine: Machine, state: State, instruction: Instruction) -> Step:
    """``pextrq``, ``pextrd``."""
    if instruction.encoding == EVEX:
        return forget_effects(machine, state, instruction)
    words = _get(state, instruction.reg)
    if instruction.wide:
        write(state, instruction, 8, words[instruction.immediate & 1])
        return None
    word = words[instruction.immediate >> 1 & 1]
    upper = instruction.immediate & 1
    value = word >> 32 if upper and isinstance(word, int) else None if upper else _part(word, 4)
    write(state, instruction, 4, value)
    return None


def _zero_upper(machine: Machine, state: State, instruction: Instruction) -> Step:
    """``vzeroupper``, ``vzeroall``; without VEX ``emms``, which touches no vector register."""
    if instruction.encoding == VEX:
        for number in range(16):
            for lane in range(0 if instruction.lanes > 1 else 1, LANES):
                state.vectors[number + REGISTERS * lane] = _ZERO
    return None


HANDLERS: dict[int, Handler] = {
    **dict.fromkeys((0x110, 0x128, 0x16F), _load),
    **dict.fromkeys((0x111, 0x129, 0x12B, 0x17F, 0x1E7), _store),
    **dict.fromkeys((0x112, 0x116), _load_half),
    **dict.fromkeys((0x113, 0x117), _store_half),
    **dict.fromkeys((0x114, 0x115, 0x16C, 0x16D), _unpack),
    **dict.fromkeys(_LOGIC, _logic),
    **dict.fromkeys((0x174, 0x175, 0x176), _equal),
    0x16E: _from_general,
    0x17E: _to_general,
    0x1D6: _store_low,
    0x177: _zero_upper,
    0x1F0: _load,
    0x22A: _load,
    0x316: _extract,
    0x322: _insert,
}
"""Also for VEX and EVEX."""
