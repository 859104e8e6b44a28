"""Other programs' opinions on A64 instructions: capstone on what they write, unicorn on what they do."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from ftaudit.binaries.arm64 import Arm64
from ftaudit.binaries.arm64.arithmetic import Immediate, holds
from ftaudit.binaries.arm64.operands import Row
from ftaudit.binaries.machine import END, End, Fork, Machine, State
from ftaudit.binaries.memory import Low32, Opaque, Value
from tests.builders.flat_image import FlatImage

capstone: Any = pytest.importorskip("capstone", reason="capstone has no wheel for this interpreter")
unicorn: Any = pytest.importorskip("unicorn", reason="unicorn has no wheel for this interpreter")
names: Any = pytest.importorskip("unicorn.arm64_const")

CODE = 0x40_0000
DATA = 0x10_0000
DATA_SIZE = 0x4_0000
MASK64 = (1 << 64) - 1
GENERAL = [*(getattr(names, f"UC_ARM64_REG_X{number}") for number in range(31)), names.UC_ARM64_REG_SP]
VECTORS = [getattr(names, f"UC_ARM64_REG_Q{number}") for number in range(32)]
EDGES = (0, 1, 2, 31, 32, 63, 0xFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 1 << 63, (1 << 63) - 1, MASK64)


class Nobody:
    """Watches nothing."""

    def called(self, machine: Machine, state: State, name: str, arguments: object) -> Value | End:
        return None

    def returned(self, machine: Machine, state: State, value: Value) -> None: ...


def words(rows: tuple[Row, ...], chance: random.Random, count: int) -> Iterator[int]:
    """*count* instruction words for each row but the last, which takes what is left."""
    for mask, value, _ in rows[:-1]:
        for _ in range(count):
            yield chance.getrandbits(32) & ~mask | value


@dataclass(slots=True)
class Figures:
    """What a comparison came to. ``known`` counts values that ours knew."""

    compared: int = 0
    refused: int = 0
    known: int = 0
    wrong: list[str] = field(default_factory=list)


class Capstone:
    """What each instruction is, and which registers it writes."""

    def __init__(self) -> None:
        self.engine = capstone.Cs(capstone.CS_ARCH_ARM64, capstone.CS_MODE_LITTLE_ENDIAN)
        self.engine.detail = True

    def read(self, word: int) -> Any:
        return next(self.engine.disasm(word.to_bytes(4, "little"), CODE), None)

    def text(self, word: int) -> str:
        found = self.read(word)
        return f"{word:08x} {found.mnemonic} {found.op_str}" if found else f"{word:08x}"

    def written(self, word: int) -> set[tuple[str, int]]:
        """``x`` and ``v`` with their numbers (sp is 31), ``flags``.

        Left out is what capstone 5 has wrong: the operands of comparisons and what is stored.
        """
        found = self.read(word)
        if found and found.mnemonic in ("cmp", "cmn", "tst"):
            return {("flags", 0)}
        if found and found.mnemonic.startswith("st"):
            return {("x", word >> 5 & 31)} if found.writeback else set()
        result = set()
        for register in found.regs_access()[1] if found else ():
            name = found.reg_name(register)
            if name in ("sp", "wsp"):
                result.add(("x", 31))
            elif name == "nzcv":
                result.add(("flags", 0))
            elif name in ("lr", "fp"):
                result.add(("x", 30 if name == "lr" else 29))
            elif name[0] in "xw" and name[1:].isdigit():
                result.add(("x", int(name[1:])))
            elif name[0] in "bhsdqv" and name[1:].isdigit():
                result.add(("v", int(name[1:])))
        return result


class Case:
    """A machine and a processor in the same state; *unknown* is the share of registers that ours is not told,
    or only that they are some address."""

    def __init__(self, chance: random.Random, *, unknown: float, pointers: float) -> None:
        self.general = [self._number(chance, pointers) for _ in range(31)]
        self.general.append(DATA + DATA_SIZE // 2 + 16 * chance.randrange(64))
        self.vectors = [chance.getrandbits(128) for _ in range(32)]
        self.nzcv = chance.getrandbits(4)
        self.told: list[Value] = [
            value
            if chance.random() >= unknown
            else Opaque(str(number))
            if value and chance.random() < 0.5
            else None
            for number, value in enumerate(self.general)
        ]
        self.told_vectors: dict[int, tuple[Value, Value]] = {
            number: (value & MASK64, value >> 64)
            for number, value in enumerate(self.vectors)
            if chance.random() >= unknown
        }
        self.flags = Immediate(self.nzcv) if chance.random() >= unknown else None

    @staticmethod
    def _number(chance: random.Random, pointers: float) -> int:
        if chance.random() < pointers:
            return DATA + DATA_SIZE // 2 + chance.randrange(-512, 512) * chance.choice((1, 8, 16))
        if pointers > 0.5:
            return chance.randrange(256)
        return (
            chance.choice(EDGES) if chance.random() < 0.3 else chance.getrandbits(chance.choice((8, 32, 64)))
        )

    def right(self, value: Value, actual: int) -> bool:
        """Whether what is known by *value* is so."""
        if isinstance(value, Opaque):
            return self.general[int(value.what)] == actual
        if isinstance(value, Low32):
            return value.value == actual & 0xFFFFFFFF
        return value is None or value == actual


class Unicorn:
    """One instruction at a time, in a processor and in ours."""

    def __init__(self, seed: int) -> None:
        self.data = random.Random(seed).randbytes(DATA_SIZE)  # noqa: S311 a seeded test
        self.engine = unicorn.Uc(unicorn.UC_ARCH_ARM64, unicorn.UC_MODE_ARM)
        self.engine.ctl_set_cpu_model(names.UC_CPU_ARM64_MAX)
        self.engine.mem_map(DATA, DATA_SIZE)
        self.engine.mem_map(CODE - 0x10_0000, 0x20_0000)
        self.engine.mem_write(DATA, self.data)
        self.engine.reg_write(names.UC_ARM64_REG_CPACR_EL1, 3 << 20)
        self.capstone = Capstone()
        self.word = 0

    def compare(self, word: int, case: Case, figures: Figures) -> None:
        """Executes *word* in both, and holds what ours knows afterwards against what is."""
        engine, self.word = self.engine, word
        if self.capstone.read(word) is None:
            figures.refused += 1
            return
        machine = Arm64(FlatImage(word.to_bytes(4, "little"), CODE, data=self.data, data_base=DATA), Nobody())
        state = machine.start(CODE)
        state.registers, state.vectors, state.flags = case.told.copy(), case.told_vectors.copy(), case.flags
        engine.mem_write(CODE, word.to_bytes(4, "little"))
        engine.ctl_remove_cache(CODE, CODE + 4)
        for register, value in zip(GENERAL, case.general, strict=True):
            engine.reg_write(register, value)
        for register, value in zip(VECTORS, case.vectors, strict=True):
            engine.reg_write(register, value)
        engine.reg_write(names.UC_ARM64_REG_NZCV, case.nzcv << 28)
        try:
            engine.emu_start(CODE, CODE + 0x1000, count=1)
        except unicorn.UcError:
            figures.refused += 1
            engine.mem_write(DATA, self.data)
            return
        outcome = machine.step(state)
        if outcome is END:
            figures.refused += 1
        else:
            figures.compared += 1
            wrong = [*self._registers(case, state, figures), *self._rest(case, state, outcome, figures)]
            if wrong:
                figures.wrong.append(f"{self.capstone.text(word)}: {'; '.join(wrong)}")
        engine.mem_write(DATA, self.data)

    def _registers(self, case: Case, state: State, figures: Figures) -> Iterator[str]:
        for number, value in enumerate(state.registers):
            actual = self.engine.reg_read(GENERAL[number])
            figures.known += value is not None
            if not case.right(value, actual):
                yield f"x{number} is {actual:x}, not {value}"
        for number, halves in state.vectors.items():
            whole = self.engine.reg_read(VECTORS[number])
            for half, value in enumerate(halves):
                if not case.right(value, whole >> 64 * half & MASK64):
                    yield f"v{number} is {whole:x}, not {halves}"

    def _rest(self, case: Case, state: State, outcome: Fork | None, figures: Figures) -> Iterator[str]:
        nzcv = self.engine.reg_read(names.UC_ARM64_REG_NZCV) >> 28
        for code in range(14):
            ours, theirs = holds(state.flags, code), holds(Immediate(nzcv), code)
            if ours is not None and ours != theirs:
                yield f"condition {code} is {theirs}"
        at = self.engine.reg_read(names.UC_ARM64_REG_PC)
        if at not in ((state.ip,) if outcome is None else (outcome.fall_through, outcome.taken)):
            yield f"goes on at {at:x}, not {state.ip:x}"
        if not all(isinstance(case.told[self.word >> shift & 31], int) for shift in (5, 16)):
            return  # a store to an address that is not known is lost
        content = bytes(self.engine.mem_read(DATA, DATA_SIZE))
        for address in self._touched(content, state):
            value = state.memory.load(address, 1)
            figures.known += value is not None
            if not case.right(value, content[address - DATA]):
                yield f"{address:x} holds {content[address - DATA]:x}, not {value}"

    def _touched(self, content: bytes, state: State) -> set[int]:
        touched = {
            DATA + at
            for start in range(0, DATA_SIZE, 256)
            if content[start : start + 256] != self.data[start : start + 256]
            for at in range(start, start + 256)
            if content[at] != self.data[at]
        }
        for address, (size, _) in state.memory._cells.items():
            touched |= set(range(address, address + size))
        return {at for at in touched if DATA <= at < DATA + DATA_SIZE}
