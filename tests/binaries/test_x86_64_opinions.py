"""Second opinions on x86-64: capstone on what an instruction is and writes, unicorn on what it does.

What the executor claims to know must be right, and what an instruction writes must not stay as it was.
"""

from __future__ import annotations

import platform
import random
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ftaudit.binaries.flags import Compared, condition
from ftaudit.binaries.image import Image
from ftaudit.binaries.machine import Fork
from ftaudit.binaries.memory import Low8, Low32
from ftaudit.binaries.registry import load
from ftaudit.binaries.x86_64.decode import decode
from ftaudit.binaries.x86_64.instruction import Instruction
from tests.builders.x86_64_cases import (
    CODE,
    DATA,
    DATA_SIZE,
    MIDDLE,
    WORD_MASK,
    Case,
    execute,
    machine_for,
    random_case,
    random_code,
)

SWEPT = 400_000
"""Bytes of real code."""
NAMES = ("rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", *(f"r{number}" for number in range(8, 16)))
CONDITIONS = ("e", "ne", "a", "ae", "b", "be", "g", "ge", "l", "le", "s", "ns")


def _own_code() -> bytes:
    """Code of the running interpreter, or of a library of its."""
    library = sysconfig.get_config_var("LDLIBRARY") or ""
    folder = Path(sysconfig.get_config_var("LIBDIR") or "/nowhere")
    path = folder / library if library.endswith(".so") else Path(sys.executable).resolve()
    image: Image = next(iter(load(path.read_bytes())))
    segment = max((found for found in image.segments if found.executable), key=lambda found: found.file_size)
    middle = segment.offset + segment.file_size // 2
    return bytes(image.data[middle : middle + SWEPT])


@pytest.mark.skipif(platform.machine() != "x86_64" or sys.platform != "linux", reason="code of this machine")
def test_lengths_of_real_code() -> None:
    capstone = pytest.importorskip("capstone", reason="capstone gives the second opinion on lengths")
    code = _own_code()
    disassembler = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
    disassembler.skipdata = True
    compared, differing = 0, []
    for address, size, mnemonic, operands in disassembler.disasm_lite(code, 0):
        if mnemonic == ".byte":
            continue
        found = decode(code[address : address + 15], address)
        compared += 1
        if found is None or found.next != address + size:
            differing.append((code[address : address + size].hex(), mnemonic, operands))
    assert compared > 50_000
    assert len(differing) < compared / 20_000, differing[:10]  # data among code


def _writing_cases(chance: random.Random) -> Iterator[bytes]:
    """Every opcode of every map, legacy, VEX and EVEX, with all prefixes."""
    for opcode in range(0x400):
        for _ in range(10):
            yield random_code(chance, opcode)
            if opcode >= 0x100:
                vex = random_code(chance, opcode, vex=True)
                yield vex
                yield (
                    bytes([0x62, vex[1] & 0xF3 | 0x10, vex[2] | 4, chance.choice((8, 0x28, 0x48, 9))])
                    + vex[3:]
                )


def _full(name: str) -> int | None:
    """The number of the general register that *name* is a part of."""
    if name.startswith("r") and name[1:].rstrip("dwb").isdigit():
        return int(name[1:].rstrip("dwb"))
    for number, whole in enumerate(NAMES[:8]):
        letters = whole[1:]
        if name in (whole, "e" + letters, letters, letters + "l", letters[0] + "l", letters[0] + "h"):
            return number
    return None


def test_whatever_is_written_is_computed_or_forgotten() -> None:
    """Against capstone's list of written registers. The values are hidden: none can be computed, so that a
    register that is written and still holds what it held was overlooked."""
    capstone = pytest.importorskip("capstone", reason="capstone gives the second opinion on effects")
    disassembler = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
    disassembler.detail = True
    chance = random.Random(3)  # noqa: S311 - the same cases in every run
    overlooked, followed = set(), 0
    for code in _writing_cases(chance):
        theirs = next(disassembler.disasm(code[:15], CODE, 1), None)
        ours = decode(code[:15], CODE)
        if theirs is None or ours is None or theirs.mnemonic in ("nop", "pause", "cld", "endbr64"):
            continue
        written = [disassembler.reg_name(number) for number in theirs.regs_access()[1]]
        missed = _missed(chance, code[: theirs.size], written)
        if missed is None:
            continue
        followed += 1
        if missed and not _keeps(ours, theirs.mnemonic):
            overlooked.add((theirs.mnemonic, code[: theirs.size].hex(), theirs.op_str, *missed))
    assert followed > 4000
    assert overlooked == set()


def _keeps(ours: Instruction, mnemonic: str) -> bool:
    """Instructions that may leave their target as it is, or that capstone has wrong."""
    if ours.opcode in (0xAA, 0xAB) and mnemonic.startswith("stos"):
        return True  # rcx, without repetition
    if ours.opcode in (0x98, 0x99, 0xA8, 0xA9):
        return True  # the accumulator is a source
    if mnemonic.startswith("vpermil2"):
        return True  # its fourth operand is a source
    if ours.opcode in (0xC0, 0xC1) and not ours.immediate & (0x3F if ours.wide else 0x1F):
        return True  # shifted by nothing
    if ours.memory is None and ours.reg == ours.rm:
        return True  # moved to itself
    return mnemonic == "vzeroupper"


def _missed(chance: random.Random, code: bytes, written: list[str]) -> list[str] | None:
    """The names in *written* that hold what they held; None where the instruction is not followed."""
    case = random_case(chance, code)
    marks = [Low8(number) for number in range(16)]
    machine = machine_for(case)
    state = machine.start(CODE)
    state.registers = list(marks)
    state.registers[4] = MIDDLE
    state.vectors = {number: (Low8(number), Low8(number)) for number in range(128)}
    state.flags = before = Compared(None, None, 64)
    if machine.step(state) is not None:
        return None
    missed = []
    for name in written:
        number = _full(name)
        general = number is not None and number != 4 and state.registers[number] is marks[number]
        if general or (name in ("rflags", "eflags") and state.flags is before):
            missed.append(name)
        elif name[1:3] == "mm" and name[3:].isdigit() and name[0] in "xyz":
            kept = state.vectors.get(int(name[3:]))
            if kept == (Low8(int(name[3:])), Low8(int(name[3:]))):
                missed.append(name)
    return missed


class Emulator:
    """unicorn with the pages that a `Case` speaks of."""

    def __init__(self, unicorn: Any, constants: Any) -> None:
        self.unicorn, self.constants = unicorn, constants
        self.engine = unicorn.Uc(unicorn.UC_ARCH_X86, unicorn.UC_MODE_64)
        self.engine.mem_map(CODE, 0x1000)
        self.engine.mem_map(DATA, DATA_SIZE)
        self.engine.hook_add(unicorn.UC_HOOK_CODE, self._executed)
        self.general = [getattr(constants, f"UC_X86_REG_{name.upper()}") for name in NAMES]
        self.vectors = [getattr(constants, f"UC_X86_REG_XMM{number}") for number in range(16)]
        self.executed: list[int] = []

    def _executed(self, engine: Any, address: int, size: int, data: object) -> None:
        if address != CODE:
            self.executed.append(address)
            engine.emu_stop()

    def run(self, case: Case, size: int, flags: int) -> tuple[list[int], list[int], int, bytes] | None:
        """General registers, vectors, flags and memory afterwards; None where it faults."""
        engine, self.executed = self.engine, []
        engine.ctl_remove_cache(CODE, CODE + 0x1000)
        engine.mem_write(CODE, case.code[:size].ljust(0x1000, b"\x90"))
        engine.mem_write(DATA, case.data)
        for register, value in zip(self.general, case.registers, strict=True):
            engine.reg_write(register, value)
        for register, value in zip(self.vectors, case.vectors, strict=True):
            engine.reg_write(register, value)
        engine.reg_write(self.constants.UC_X86_REG_EFLAGS, flags)
        try:
            engine.emu_start(CODE, WORD_MASK, count=5000)
        except self.unicorn.UcError:
            return None
        if not self.executed:
            return None
        return (
            [engine.reg_read(register) for register in self.general],
            [engine.reg_read(register) for register in self.vectors],
            engine.reg_read(self.constants.UC_X86_REG_EFLAGS),
            bytes(engine.mem_read(DATA, DATA_SIZE)),
        )


def _conditions(flags: int) -> dict[str, bool]:
    carry, zero, sign, overflow = (bool(flags >> bit & 1) for bit in (0, 6, 7, 11))
    less = sign != overflow
    return {
        "e": zero, "ne": not zero, "b": carry, "ae": not carry, "be": carry or zero, "a": not (carry or zero),
        "s": sign, "ns": not sign, "l": less, "ge": not less, "le": zero or less, "g": not (zero or less),
    }  # fmt: skip


def _agrees(ours: object, theirs: int) -> bool:
    if isinstance(ours, Low8):
        return ours.value == theirs & 0xFF
    if isinstance(ours, Low32):
        return ours.value == theirs & 0xFFFF_FFFF
    return ours is None or ours == theirs


NOT_COMPARED = frozenset(
    {0x9F, 0xCD, 0x101, 0x105, 0x131, 0x1A2}  # lahf with REX is wrong in it; the others ask the processor
    | {*range(0x180, 0x190), 0xE8, 0xE9}  # far away
    | {0x1A4, 0x1AC, 0x3F0}  # their addresses relative to the instruction are wrong in it
    | {0x150, 0x171, 0x172, 0x173, 0x1C5, 0x1D6, 0x1D7}  # it takes memory where the processor has none
)


def _is_compared(case: Case, ours: Instruction) -> bool:
    """unicorn ignores an address's upper bits, and jumps where nothing is."""
    if ours.opcode in NOT_COMPARED or ours.address32:
        return False
    if ours.opcode == 0xFF and ours.reg & 7 in (2, 4):
        return False
    memory = ours.memory
    if memory is not None and memory.unknown:
        return False  # relative to fs or gs: lost
    places = [] if memory is None else [memory.base, memory.scaled]
    places += [6, 7] if ours.opcode in range(0xA4, 0xB0) else []
    used = [number for number in places if number >= 0]
    return all(number not in case.hidden and case.registers[number] < 1 << 47 for number in used)


def test_what_is_known_is_right() -> None:
    unicorn = pytest.importorskip("unicorn", reason="unicorn gives the opinion on what code does")
    emulator = Emulator(unicorn, pytest.importorskip("unicorn.x86_const"))
    chance = random.Random(11)  # noqa: S311 - the same cases in every run
    opcodes = [*range(0x100), *range(0x110, 0x200), *range(0x200, 0x242), *range(0x308, 0x363)]
    compared, seen = 0, set()
    wrong: list[object] = []
    for _ in range(9_000):
        case = random_case(chance, random_code(chance, chance.choice(opcodes)))
        found = decode(case.code, CODE)
        if found is None or not _is_compared(case, found):
            continue
        ours = execute(case)
        if ours is None:
            continue
        theirs = emulator.run(case, found.next - CODE, 2 | chance.choice((0, 0x1, 0x40, 0x80, 0x800, 0x8C1)))
        if theirs is None:
            continue
        compared += 1
        seen.add(found.opcode)
        wrong += [
            (case.code[: found.next - CODE].hex(), *what) for what in _wrong(case, ours, theirs, emulator)
        ]
    assert compared > 1500
    assert len(seen) > 250
    assert not wrong


def _wrong(
    case: Case, ours: Any, theirs: tuple[list[int], list[int], int, bytes], emulator: Emulator
) -> Iterator[tuple[object, ...]]:
    state, outcome = ours
    general, vectors, flags, data = theirs
    for number, value in enumerate(general):
        if not _agrees(state.registers[number], value):
            yield NAMES[number], state.registers[number], value
    for number, value in enumerate(vectors):
        low, high = state.vectors.get(number, (None, None))
        if not _agrees(low, value & WORD_MASK) or not _agrees(high, value >> 64 & WORD_MASK):
            yield f"xmm{number}", (low, high), value
    for code, holds in _conditions(flags).items():
        if condition(state.flags, code) not in (None, holds):
            yield code, state.flags, flags
    expected = (outcome.fall_through, outcome.taken) if isinstance(outcome, Fork) else (state.ip,)
    if emulator.executed[0] not in expected:
        yield "goes to", expected, emulator.executed
    changed = [at for at in range(DATA_SIZE) if data[at] != case.data[at]] if data != case.data else []
    for at in {at & ~7 for at in changed}:
        real = int.from_bytes(data[at : at + 8], "little")
        if not _agrees(state.memory.load(DATA + at, 8), real):
            yield hex(DATA + at), state.memory.load(DATA + at, 8), real
