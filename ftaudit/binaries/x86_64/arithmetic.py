"""Addition, comparison, logic, multiplication and division."""

from __future__ import annotations

from collections.abc import Callable

from ftaudit.binaries.flags import Compared, Result, Tested, condition, is_address
from ftaudit.binaries.machine import Machine, State, Step, signed
from ftaudit.binaries.memory import Value
from ftaudit.binaries.x86_64.instruction import Instruction
from ftaudit.binaries.x86_64.operands import (
    MASK,
    RAX,
    RDX,
    Handler,
    byte_size,
    not_followed,
    read,
    read_register,
    write,
    write_register,
)

_ADD, _OR, _ADC, _SBB, _AND, _SUB, _XOR, _CMP = range(8)


def _combine(state: State, kind: int, left: Value, right: Value, size: int) -> Value:
    """The result of *kind*; sets the flags."""
    bits = 8 * size
    if kind >= _SUB and kind != _XOR:
        state.flags = Compared(left, right, bits)
        if isinstance(left, int) and isinstance(right, int):
            return left - right & MASK[size]
        return left if right == 0 and is_address(left) else None
    if kind in (_ADC, _SBB):
        return _with_carry(state, kind, left, right, size)
    value = _simple(kind, left, right, MASK[size])
    if value is None:
        state.flags = None
    else:
        state.flags = Result(value, bits) if kind == _ADD else Tested(value, bits)
    return value


def _simple(kind: int, left: Value, right: Value, mask: int) -> Value:
    if isinstance(left, int) and isinstance(right, int):
        if kind == _ADD:
            return left + right & mask
        return left & right if kind == _AND else left | right if kind == _OR else left ^ right
    if kind == _AND and (left == 0 or right == 0):
        return 0
    if kind == _OR and (left == mask or right == mask):
        return mask
    if kind == _AND:
        return left if right == mask and is_address(left) else None
    return left if right == 0 and is_address(left) else None


def _with_carry(state: State, kind: int, left: Value, right: Value, size: int) -> Value:
    carry = condition(state.flags, "b")
    state.flags = None
    if carry is None or not isinstance(left, int) or not isinstance(right, int):
        return None
    if kind == _ADC:
        value = left + right + carry & MASK[size]
    else:
        value = left - right - carry & MASK[size]
        if not carry:
            state.flags = Compared(left, right, 8 * size)
            return value
    state.flags = Result(value, 8 * size)
    return value


def _with_itself(state: State, kind: int, value: Value, size: int) -> Value:
    """The result where both operands are the same register: known even if the register is not."""
    bits = 8 * size
    if kind in (_SUB, _CMP, _XOR):
        state.flags = Compared(0, 0, bits)
        return 0
    if kind in (_AND, _OR):
        state.flags = Tested(value, bits)
        return value
    if kind == _SBB:
        carry = condition(state.flags, "b")
        state.flags = None if carry is None else Compared(0, int(carry), bits)
        return None if carry is None else -int(carry) & MASK[size]
    return _combine(state, kind, value, value, size)


def _to_operand(machine: Machine, state: State, instruction: Instruction) -> Step:
    """``op r/m, reg``."""
    kind, size = instruction.opcode >> 3, byte_size(instruction)
    left = read(state, instruction, size)
    if instruction.memory is None and instruction.rm == instruction.reg:
        value = _with_itself(state, kind, left, size)
    else:
        right = read_register(state.registers, instruction.reg, size, instruction.rex)
        value = _combine(state, kind, left, right, size)
    if kind != _CMP:
        write(state, instruction, size, value)
    return None


def _to_register(machine: Machine, state: State, instruction: Instruction) -> Step:
    """``op reg, r/m``."""
    kind, size = instruction.opcode >> 3, byte_size(instruction)
    left = read_register(state.registers, instruction.reg, size, instruction.rex)
    if instruction.memory is None and instruction.rm == instruction.reg:
        value = _with_itself(state, kind, left, size)
    else:
        value = _combine(state, kind, left, read(state, instruction, size), size)
    if kind != _CMP:
        write_register(state.registers, instruction.reg, size, instruction.rex, value)
    return None


def _to_accumulator(machine: Machine, state: State, instruction: Instruction) -> Step:
    """``op rax, immediate``."""
    kind, size = instruction.opcode >> 3, byte_size(instruction)
    left = read_register(state.registers, RAX, size, True)
    value = _combine(state, kind, left, instruction.immediate & MASK[size], size)
    if kind != _CMP:
        write_register(state.registers, RAX, size, True, value)
    return None


def _immediate(machine: Machine, state: State, instruction: Instruction) -> Step:
    """``op r/m, immediate``."""
    kind, size = instruction.reg & 7, byte_size(instruction)
    left = read(state, instruction, size)
    value = _combine(state, kind, left, instruction.immediate & MASK[size], size)
    if kind != _CMP:
        write(state, instruction, size, value)
    return None


def _set_tested(state: State, left: Value, right: Value, size: int) -> None:
    value = _simple(_AND, left, right, MASK[size])
    state.flags = None if value is None else Tested(value, 8 * size)


def _test(machine: Machine, state: State, instruction: Instruction) -> Step:
    size = byte_size(instruction)
    left = read(state, instruction, size)
    if instruction.memory is None and instruction.rm == instruction.reg:
        state.flags = Tested(left, 8 * size)
    else:
        right = read_register(state.registers, instruction.reg, size, instruction.rex)
        _set_tested(state, left, right, size)
    return None


def _test_accumulator(machine: Machine, state: State, instruction: Instruction) -> Step:
    size = byte_size(instruction)
    left = read_register(state.registers, RAX, size, True)
    _set_tested(state, left, instruction.immediate & MASK[size], size)
    return None


def _unary(machine: Machine, state: State, instruction: Instruction) -> Step:
    """F6 and F7: test, not, neg, mul, imul, div, idiv."""
    size, kind = byte_size(instruction), instruction.reg & 7
    value = read(state, instruction, size)
    if kind < 2:
        _set_tested(state, value, instruction.immediate & MASK[size], size)
    elif kind == 2:
        write(state, instruction, size, ~value & MASK[size] if isinstance(value, int) else None)
    elif kind == 3:
        state.flags = Compared(0, value, 8 * size)
        write(state, instruction, size, -value & MASK[size] if isinstance(value, int) else None)
    elif kind < 6:
        _multiply(state, value, size, kind == 5)
    else:
        _divide(state, value, size, kind == 7)
    return None


def _wide_result(state: State, size: int, low: Value, high: Value) -> None:
    """rdx and rax, or for bytes ah and al."""
    state.flags = None
    if size == 1:
        both = low | high << 8 if isinstance(low, int) and isinstance(high, int) else None
        write_register(state.registers, RAX, 2, True, both)
    else:
        write_register(state.registers, RAX, size, True, low)
        write_register(state.registers, RDX, size, True, high)


def _multiply(state: State, value: Value, size: int, is_signed: bool) -> None:
    other = read_register(state.registers, RAX, size, True)
    low: Value = None
    high: Value = None
    if isinstance(value, int) and isinstance(other, int):
        if is_signed:
            value, other = signed(value, 8 * size), signed(other, 8 * size)
        low, high = value * other & MASK[size], value * other >> 8 * size & MASK[size]
    _wide_result(state, size, low, high)


def _divide(state: State, divisor: Value, size: int, is_signed: bool) -> None:
    """The quotient and the remainder; not known where the processor would trap."""
    bits, registers = 8 * size, state.registers
    low = read_register(registers, RAX, size, True)
    high = read_register(registers, *((4, 1, False) if size == 1 else (RDX, size, True)))
    if not isinstance(low, int) or not isinstance(high, int) or not isinstance(divisor, int) or not divisor:
        _wide_result(state, size, None, None)
        return
    dividend, limits = high << bits | low, (0, MASK[size])
    if is_signed:
        dividend, divisor = signed(dividend, 2 * bits), signed(divisor, bits)
        limits = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1)
    quotient, remainder = divmod(abs(dividend), abs(divisor))
    if (dividend < 0) != (divisor < 0):
        quotient = -quotient
    if dividend < 0:
        remainder = -remainder
    if limits[0] <= quotient <= limits[1]:
        _wide_result(state, size, quotient & MASK[size], remainder & MASK[size])
    else:
        _wide_result(state, size, None, None)


def _multiply_register(machine: Machine, state: State, instruction: Instruction) -> Step:
    """``imul`` with two operands or, with an immediate, three."""
    size = instruction.size
    left = read(state, instruction, size)
    right: Value = instruction.immediate
    if instruction.opcode == 0x1AF:
        right = read_register(state.registers, instruction.reg, size, True)
    value = left * right & MASK[size] if isinstance(left, int) and isinstance(right, int) else None
    write_register(state.registers, instruction.reg, size, True, value)
    state.flags = None
    return None


def step_by(state: State, instruction: Instruction, distance: int) -> None:
    """``inc`` and ``dec``; the carry, which they keep, is not known afterwards."""
    size = byte_size(instruction)
    value = read(state, instruction, size)
    value = value + distance & MASK[size] if isinstance(value, int) else None
    write(state, instruction, size, value)
    state.flags = None if value is None else Result(value, 8 * size)


def _step_byte(machine: Machine, state: State, instruction: Instruction) -> Step:
    kind = instruction.reg & 7
    if kind > 1:
        return not_followed(machine, state, instruction)
    step_by(state, instruction, 1 if kind == 0 else -1)
    return None


_FORMS: tuple[Callable[[Machine, State, Instruction], Step], ...] = (
    _to_operand, _to_operand, _to_register, _to_register, _to_accumulator, _to_accumulator,
)  # fmt: skip

HANDLERS: dict[int, Handler] = {
    **{kind << 3 | form: handler for kind in range(8) for form, handler in enumerate(_FORMS)},
    0x69: _multiply_register,
    0x6B: _multiply_register,
    0x80: _immediate,
    0x81: _immediate,
    0x83: _immediate,
    0x84: _test,
    0x85: _test,
    0xA8: _test_accumulator,
    0xA9: _test_accumulator,
    0xF6: _unary,
    0xF7: _unary,
    0xFE: _step_byte,
    0x1AF: _multiply_register,
}
