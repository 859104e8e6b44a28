"""Shifts, rotations, single bits, and the bit manipulation of BMI and its like."""

from __future__ import annotations

from ftaudit.binaries.flags import Result, Tested
from ftaudit.binaries.machine import Machine, State, Step, signed
from ftaudit.binaries.memory import Value
from ftaudit.binaries.x86_64.instruction import Instruction
from ftaudit.binaries.x86_64.operands import (
    RCX,
    Handler,
    address,
    byte_size,
    not_followed,
    read,
    read_register,
    write,
    write_register,
)

_ROTATE_CARRY = (2, 3)


def _shift(machine: Machine, state: State, instruction: Instruction) -> Step:
    """C0, C1, D0 to D3: by an immediate, by 1, by cl."""
    size, kind = byte_size(instruction), instruction.reg & 7
    value = read(state, instruction, size)
    count: Value = 1
    if instruction.opcode < 0xD0:
        count = instruction.immediate
    elif instruction.opcode >= 0xD2:
        count = read_register(state.registers, RCX, 1, True)
    count = count & (63 if size == 8 else 31) if isinstance(count, int) else None
    if count == 0:
        write(state, instruction, size, value)
        return None
    result = None
    if isinstance(value, int) and count is not None and kind not in _ROTATE_CARRY:
        result = _shifted(kind, value, count, 8 * size)
    write(state, instruction, size, result)
    state.flags = None if result is None or kind < 4 else Result(result, 8 * size)
    return None


def _shifted(kind: int, value: int, count: int, bits: int) -> int:
    mask = (1 << bits) - 1
    if kind < 2:
        count %= bits
        if kind == 1:
            count = bits - count
        return (value << count | value >> (bits - count)) & mask
    if kind == 5:
        return value >> count
    if kind == 7:
        return signed(value, bits) >> count & mask
    return value << count & mask


def _double_shift(machine: Machine, state: State, instruction: Instruction) -> Step:
    """``shld`` and ``shrd``."""
    write(state, instruction, instruction.size, None)
    state.flags = None
    return None


def _bit(machine: Machine, state: State, instruction: Instruction) -> Step:
    """``bt``, ``bts``, ``btr``, ``btc``: by a register (A3, AB, B3, BB) or an immediate (BA)."""
    size, bits = instruction.size, 8 * instruction.size
    by_immediate = instruction.opcode == 0x1BA
    kind = instruction.reg & 3 if by_immediate else instruction.opcode >> 3 & 3
    if by_immediate and instruction.reg & 7 < 4:
        return not_followed(machine, state, instruction)
    state.flags = None
    if kind == 0:
        return None
    offset = instruction.immediate & (bits - 1) if by_immediate else None
    if not by_immediate:
        given = read_register(state.registers, instruction.reg, size, True)
        if instruction.memory is not None and (not isinstance(given, int) or given >= bits):
            # The bit is one of another word, before or after the one that is named.
            return not_followed(machine, state, instruction)
        offset = given & (bits - 1) if isinstance(given, int) else None
    value = read(state, instruction, size)
    result = None
    if isinstance(value, int) and offset is not None:
        bit = 1 << offset
        result = value | bit if kind == 1 else value & ~bit if kind == 2 else value ^ bit
    write(state, instruction, size, result)
    return None


def _find_bit(machine: Machine, state: State, instruction: Instruction) -> Step:
    """``bsf``, ``bsr``, ``tzcnt``, ``lzcnt``: which of a pair it is depends on the processor."""
    write_register(state.registers, instruction.reg, instruction.size, True, None)
    state.flags = None
    return None


def _count_bits(machine: Machine, state: State, instruction: Instruction) -> Step:
    """``popcnt``."""
    if instruction.prefix != 0xF3:
        return not_followed(machine, state, instruction)
    size = instruction.size
    value = read(state, instruction, size)
    result = value.bit_count() if isinstance(value, int) else None
    write_register(state.registers, instruction.reg, size, True, result)
    state.flags = None
    return None


def _swapped(value: Value, size: int) -> Value:
    return int.from_bytes(value.to_bytes(size, "little"), "big") if isinstance(value, int) else None


def _swap_bytes(machine: Machine, state: State, instruction: Instruction) -> Step:
    """``bswap``: undefined for 16 bits."""
    number = instruction.rm
    size = instruction.size
    value = read_register(state.registers, number, size, True)
    write_register(state.registers, number, size, True, _swapped(value, size) if size > 2 else None)
    return None


def _swap_or_checksum(machine: Machine, state: State, instruction: Instruction) -> Step:
    """0F 38 F0, F1: ``movbe``, or ``crc32`` with the prefix F2."""
    size = instruction.size
    if instruction.prefix == 0xF2:
        state.registers[instruction.reg] = None
    elif instruction.memory is None:
        return not_followed(machine, state, instruction)
    elif instruction.opcode == 0x2F0:
        value = state.memory.load(address(state, instruction.memory), size)
        write_register(state.registers, instruction.reg, size, True, _swapped(value, size))
    else:
        value = read_register(state.registers, instruction.reg, size, True)
        state.memory.store(address(state, instruction.memory), size, _swapped(value, size))
    return None


def _add_with_one_flag(machine: Machine, state: State, instruction: Instruction) -> Step:
    """0F 38 F6: ``adcx``, ``adox``; without a prefix ``wrss``, which user code does not hold."""
    if instruction.prefix not in (0x66, 0xF3):
        return not_followed(machine, state, instruction)
    state.registers[instruction.reg] = None
    state.flags = None
    return None


def _and_not(machine: Machine, state: State, instruction: Instruction) -> Step:
    """``andn``."""
    size = instruction.size
    value = read(state, instruction, size)
    kept = read_register(state.registers, instruction.source, size, True)
    result = ~kept & value if isinstance(value, int) and isinstance(kept, int) else None
    write_register(state.registers, instruction.reg, size, True, result)
    state.flags = None if result is None else Tested(result, 8 * size)
    return None


def _lowest_bit(machine: Machine, state: State, instruction: Instruction) -> Step:
    """``blsr``, ``blsmsk``, ``blsi``: the result is in VEX's own operand."""
    if instruction.reg & 7 not in (1, 2, 3):
        return not_followed(machine, state, instruction)
    state.registers[instruction.source] = None
    state.flags = None
    return None


def _extract_bits(machine: Machine, state: State, instruction: Instruction) -> Step:
    """``bzhi``, ``pext``, ``pdep``, ``bextr``."""
    state.registers[instruction.reg] = None
    state.flags = None
    return None


def _multiply_two(machine: Machine, state: State, instruction: Instruction) -> Step:
    """``mulx``: two results."""
    state.registers[instruction.reg] = None
    state.registers[instruction.source] = None
    return None


def _shift_without_flags(machine: Machine, state: State, instruction: Instruction) -> Step:
    """``shlx``, ``sarx``, ``shrx``."""
    kind = {0x66: 4, 0xF3: 7, 0xF2: 5}[instruction.prefix]
    size = instruction.size
    value = read(state, instruction, size)
    count = read_register(state.registers, instruction.source, 1, True)
    result = None
    if isinstance(value, int) and isinstance(count, int):
        result = _shifted(kind, value, count & (8 * size - 1), 8 * size)
    write_register(state.registers, instruction.reg, size, True, result)
    return None


def _rotate_without_flags(machine: Machine, state: State, instruction: Instruction) -> Step:
    """``rorx``."""
    size = instruction.size
    value = read(state, instruction, size)
    result = (
        _shifted(1, value, instruction.immediate & (8 * size - 1), 8 * size)
        if isinstance(value, int)
        else None
    )
    write_register(state.registers, instruction.reg, size, True, result)
    return None


HANDLERS: dict[int, Handler] = {
    **dict.fromkeys((0xC0, 0xC1, 0xD0, 0xD1, 0xD2, 0xD3), _shift),
    **dict.fromkeys((0x1A4, 0x1A5, 0x1AC, 0x1AD), _double_shift),
    **dict.fromkeys((0x1A3, 0x1AB, 0x1B3, 0x1BB, 0x1BA), _bit),
    0x1B8: _count_bits,
    0x1BC: _find_bit,
    0x1BD: _find_bit,
    **dict.fromkeys(range(0x1C8, 0x1D0), _swap_bytes),
    0x2F0: _swap_or_checksum,
    0x2F1: _swap_or_checksum,
    0x2F6: _add_with_one_flag,
}

VEX_HANDLERS: dict[tuple[int, int], Handler] = {
    (0x2F2, 0): _and_not,
    (0x2F3, 0): _lowest_bit,
    (0x2F5, 0): _extract_bits,
    (0x2F5, 0xF2): _extract_bits,
    (0x2F5, 0xF3): _extract_bits,
    (0x2F6, 0xF2): _multiply_two,
    (0x2F7, 0): _extract_bits,
    (0x2F7, 0x66): _shift_without_flags,
    (0x2F7, 0xF2): _shift_without_flags,
    (0x2F7, 0xF3): _shift_without_flags,
    (0x3F0, 0xF2): _rotate_without_flags,
}
"""VEX instructions on general registers, by opcode and prefix; of one lane."""
