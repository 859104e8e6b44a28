"""Registers and operands of A64 instructions, and what to do with those that are not modelled.

Encodings are those of the Arm Architecture Reference Manual (DDI 0487), chapter C4. Fields that most
instructions share: Rd or Rt in bits 4-0, Rn in 9-5, Ra or Rt2 in 14-10, Rm or Rs in 20-16.
"""

from __future__ import annotations

from collections.abc import Callable

from ftaudit.binaries.machine import END, Machine, State, Step, Vector, add, signed
from ftaudit.binaries.memory import WORD, Low32, Value

MASK64 = (1 << 64) - 1
MASK32 = (1 << 32) - 1
STACK_POINTER = 31
"""Where the list of registers keeps sp. As an operand 31 is sp or zero, which depends on the instruction."""
LINK = 30
UNKNOWN: Vector = (None, None)

Handler = Callable[[Machine, State, int], Step]
"""Does what the instruction word comes to; ``state.ip`` is the address after it."""
Row = tuple[int, int, Handler]
"""Mask, value, handler: the first row whose mask of the word is its value has the handler."""


def low32(value: Value) -> int | None:
    """The low half of *value*."""
    if isinstance(value, int):
        return value & MASK32
    return value.value & MASK32 if isinstance(value, Low32) else None


def read(state: State, number: int, wide: int) -> Value:
    """General register *number*, where 31 is zero; its low half if not *wide*."""
    if number == 31:
        return 0
    value = state.registers[number]
    return value if wide else low32(value)


def read_or_stack(state: State, number: int, wide: int) -> Value:
    """General register *number*, where 31 is the stack pointer."""
    value = state.registers[number]
    return value if wide else low32(value)


def write(state: State, number: int, value: Value, wide: int = 1) -> None:
    """Sets general register *number*, if it is not 31; a narrow write clears the upper half."""
    if number != 31:
        write_or_stack(state, number, value, wide)


def write_or_stack(state: State, number: int, value: Value, wide: int = 1) -> None:
    """Sets general register *number*, where 31 is the stack pointer."""
    if not wide:
        value = low32(value)
    elif isinstance(value, int):
        value &= MASK64
    state.registers[number] = value


def vector(state: State, number: int) -> Vector:
    """The 128 bits of vector register *number*."""
    return state.vectors.get(number, UNKNOWN)


def forget_vector(state: State, number: int) -> None:
    """Nothing is known any more of vector register *number*."""
    state.vectors.pop(number & 31, None)


def forget_memory(state: State, address: Value, size: int) -> None:
    """Nothing is known any more of *size* bytes at *address*."""
    whole = size - size % WORD
    for offset in range(0, whole, WORD):
        state.memory.store(add(address, offset), WORD, None)
    for offset in range(whole, size):
        state.memory.store(add(address, offset), 1, None)


def extended(value: Value, option: int, shift: int) -> Value:
    """The operand of an extended register: *option* tells how many bits of it count, and their sign."""
    size = 8 << (option & 3)
    if size == 64 and shift == 0:
        return value
    if size <= 32:
        value = low32(value)
    if not isinstance(value, int):
        return None
    value &= (1 << size) - 1
    if option & 4:
        value = signed(value, size)
    return value << shift & MASK64


def offset19(state: State, word: int) -> int:
    """The address that bits 23-5 count in instructions from this one."""
    return state.ip - 4 + 4 * signed(word >> 5 & 0x7FFFF, 19) & MASK64


def nothing(machine: Machine, state: State, word: int) -> None:
    """A hint, a barrier or a prefetch. Pointers carry no signature here: signing and authenticating one
    are hints, too."""


def stop(machine: Machine, state: State, word: int) -> Step:
    """An instruction that traps."""
    return END


def unsupported(machine: Machine, state: State, word: int) -> Step:
    """An instruction of which it is not even known what it may write."""
    machine.whole = False
    return END


def forget_result(machine: Machine, state: State, word: int) -> None:
    """Data processing that is not modelled: Rd is lost, be it general or the stack pointer, and the flags."""
    state.registers[word & 31] = None
    state.flags = None
