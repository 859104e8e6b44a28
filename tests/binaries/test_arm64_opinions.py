"""What ours makes of A64 instructions, held against capstone and unicorn over random ones of every group."""

from __future__ import annotations

import random

import pytest

from ftaudit.binaries.arm64 import Arm64, atomics, branches, immediate, loads, register, vector
from ftaudit.binaries.arm64.operands import Row, nothing, unsupported
from ftaudit.binaries.arm64.processor import decode
from ftaudit.binaries.flags import Compared
from ftaudit.binaries.machine import END
from ftaudit.binaries.memory import Opaque
from tests.builders.arm64_opinions import CODE, Capstone, Case, Figures, Nobody, Unicorn, words
from tests.builders.flat_image import FlatImage

SEED = 20261122
GROUPS = {
    "immediate": (immediate.ROWS, 0.1),
    "register": (register.ROWS, 0.1),
    "loads": (loads.ROWS, 0.8),
    "vector": (vector.ROWS, 0.3),
}
"""The rows of each class, and the share of registers that hold addresses of memory that is there."""

MOVES = (
    register.logical_shifted,
    register.add_shifted,
    register.add_extended,
    register.select,
    vector.bitwise,
)


def unpredictable(word: int) -> bool:
    """Whether a load writes its address register twice, or a store fails at a processor's whim: what comes
    of it is the processor's choice."""
    handler = decode(word)
    if handler is atomics.exclusive:
        return not word >> 22 & 1
    return handler in (loads.signed_offset, loads.pair, loads.authenticated) and (
        word >> 5 & 31 in (word & 31, word >> 10 & 31)
    )


@pytest.mark.parametrize("group", GROUPS)
def test_what_is_known_is_what_a_processor_has(group: str) -> None:
    rows, pointers = GROUPS[group]
    chance, figures, processor = random.Random(SEED), Figures(), Unicorn(SEED)  # noqa: S311 a seeded test
    for word in words(rows, chance, 60):
        if not unpredictable(word):
            unknown = chance.choice((0.0, 0.0, 0.3))
            processor.compare(word, Case(chance, unknown=unknown, pointers=pointers), figures)
    assert figures.wrong == []
    assert figures.compared > 150
    assert figures.known > 10 * figures.compared


@pytest.mark.parametrize(
    "row", [row for row in branches.ROWS if row[2] in (branches.branch_on_condition, branches.branch_on_zero)]
)
def test_branches_go_where_a_processor_goes(row: Row) -> None:
    chance, figures, processor = random.Random(SEED), Figures(), Unicorn(SEED)  # noqa: S311 a seeded test
    for word in words((row, row), chance, 200):
        near = word & ~0xFFFFE0 | 8 << 5
        processor.compare(near, Case(chance, unknown=0.3, pointers=0.2), figures)
    assert figures.wrong == []
    assert figures.compared > 90


@pytest.mark.parametrize("group", [*GROUPS, "branches"])
def test_nothing_stays_that_an_instruction_writes(group: str) -> None:
    rows = branches.ROWS if group == "branches" else GROUPS[group][0]
    chance, disassembler, seen = random.Random(SEED), Capstone(), 0  # noqa: S311 a seeded test
    for word in words(rows, chance, 250):
        written = disassembler.written(word)
        if not written or may_keep(word):
            continue
        before = [Opaque(str(number)) for number in range(32)]
        flags = Compared(None, None, 64)
        machine = Arm64(FlatImage(word.to_bytes(4, "little"), CODE), Nobody())
        state = machine.start(CODE)
        state.registers, state.flags = list(before), flags
        state.vectors = {number: (Opaque(f"low {number}"), Opaque(f"high {number}")) for number in range(32)}
        vectors = dict(state.vectors)
        if machine.step(state) is END:
            continue
        seen += 1
        stale = {("x", number) for number in range(32) if state.registers[number] is before[number]}
        stale |= {("v", number) for number in range(32) if state.vectors.get(number) is vectors[number]}
        stale |= {("flags", 0)} if state.flags is flags else set()
        assert not written & stale, disassembler.text(word)
    assert seen > 50


def may_keep(word: int) -> bool:
    """Whether an instruction may leave what it writes as it was: pointers are not signed here, and the
    result may be an operand."""
    handler, result = decode(word), word & 31
    if handler in (immediate.add_immediate, *MOVES):
        return result == word >> 5 & 31 or (result == word >> 16 & 31 and handler in MOVES)
    return handler in (nothing, unsupported)
