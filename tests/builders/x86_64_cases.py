"""Random x86-64 instructions and register states, and what the executor makes of one of them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from ftaudit.binaries.machine import END, End, Machine, State, Step
from ftaudit.binaries.memory import Value
from ftaudit.binaries.x86_64 import X8664
from tests.builders.flat_image import FlatImage

CODE, DATA, DATA_SIZE = 0x10_0000, 0x20_0000, 0x1000
MIDDLE = DATA + DATA_SIZE // 2
WORD_MASK = (1 << 64) - 1


class Deaf:
    """An observer that knows nothing of the functions that are called."""

    def called(self, machine: Machine, state: State, name: str, arguments: Sequence[Value]) -> Value | End:
        return None

    def returned(self, machine: Machine, state: State, value: Value) -> None:
        """Nothing to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One instruction in a state; ``hidden`` are the registers (vectors: 16 and up) that are not told."""

    code: bytes
    registers: tuple[int, ...]
    vectors: tuple[int, ...]
    data: bytes
    hidden: frozenset[int]


def random_code(chance: random.Random, opcode: int, *, vex: bool = False) -> bytes:
    """*opcode* (as in `Instruction.opcode`) with random prefixes and operands, near `MIDDLE` or registers."""
    modrm = chance.choice((0xC0, 0xC0, 0x40, 0x00, 0x80)) | chance.randrange(64)
    tail = bytes([modrm]) + _tail(chance, modrm)
    prefix, number = chance.choice((b"", b"", b"\x66", b"\xf2", b"\xf3")), opcode >> 8
    if vex:
        selector = chance.randrange(4)
        first = 0xE0 & chance.randrange(256) | number
        second = chance.choice((0, 0x80)) | chance.randrange(16) << 3 | chance.choice((0, 4)) | selector
        return bytes([0xC4, first, second, opcode & 255]) + tail
    rex = chance.choice((b"", b"", bytes([0x40 | chance.randrange(16)]), b"\x48"))
    escape = (b"", b"\x0f", b"\x0f\x38", b"\x0f\x3a")[number]
    return prefix + rex + escape + bytes([opcode & 255]) + tail


def _tail(chance: random.Random, modrm: int) -> bytes:
    """The SIB byte and displacement, and bytes enough for any immediate."""
    sib = bytes([chance.randrange(256)]) if modrm >> 6 != 3 and modrm & 7 == 4 else b""
    mode = modrm >> 6
    near = chance.randrange(-64, 64)
    displacement = b""
    if mode == 1:
        displacement = near.to_bytes(1, "little", signed=True)
    elif mode == 2:
        displacement = near.to_bytes(4, "little", signed=True)
    elif mode == 0 and modrm & 7 == 5:
        displacement = (MIDDLE - CODE).to_bytes(4, "little")
    elif sib and mode == 0 and sib[0] & 7 == 5:
        displacement = MIDDLE.to_bytes(4, "little")
    return sib + displacement + bytes(chance.choice((0, 1, 3, 8, 31, 63, 0x7F, 0x80, 0xFF)) for _ in range(8))


def random_case(chance: random.Random, code: bytes) -> Case:
    """Registers that are addresses of data, small, or anything; some of them not known."""
    edges = (0, 1, 2, 5, 0x7F, 0x80, 0xFF, 0x8000, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 1 << 63, WORD_MASK)
    registers = [
        chance.choice(
            (
                MIDDLE + 8 * chance.randrange(-64, 64),
                MIDDLE + 8 * chance.randrange(-64, 64),
                chance.choice(edges),
                chance.getrandbits(64),
                chance.randrange(16),
            )
        )
        for _ in range(16)
    ]
    registers[4] = MIDDLE + 8 * chance.randrange(-64, 64)
    if chance.random() < 0.5:
        registers[chance.randrange(16)] = registers[chance.randrange(16)]
        registers[4] = MIDDLE
    hidden = [number for number in range(32) if chance.random() < 0.15 and number != 4]
    return Case(
        code=code[:15],
        registers=tuple(registers),
        vectors=tuple(chance.choice((0, chance.getrandbits(128))) for _ in range(16)),
        data=chance.randbytes(DATA_SIZE),
        hidden=frozenset(hidden if chance.random() < 0.7 else ()),
    )


def machine_for(case: Case, *, object_format: str = "elf") -> X8664:
    """The executor over the case's code and data."""
    image = FlatImage(
        case.code.ljust(256, b"\xcc"), CODE, data=case.data, data_base=DATA, object_format=object_format
    )
    return X8664(image, Deaf())


def execute(case: Case, flags: object = None) -> tuple[State, Step] | None:
    """One step from the case's state; None where the executor does not follow it."""
    machine = machine_for(case)
    state = machine.start(CODE)
    state.flags = flags
    for number, value in enumerate(case.registers):
        state.registers[number] = None if number in case.hidden else value
    for number, vector in enumerate(case.vectors):
        if number + 16 not in case.hidden:
            state.vectors[number] = vector & WORD_MASK, vector >> 64
    outcome = machine.step(state)
    return None if outcome is END else (state, outcome)
