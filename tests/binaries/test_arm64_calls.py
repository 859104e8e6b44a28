"""Where A64 code goes: branches, calls, stubs, and the ends of paths."""

from __future__ import annotations

import random

import pytest

from ftaudit.binaries import flags as flag_values
from ftaudit.binaries.image import Import
from ftaudit.binaries.machine import END, End, Fork, Step
from ftaudit.binaries.memory import Low32, Value
from tests.builders.arm64_code import BASE, BR_X16, DATA, POINTER, RET, Calls, machine_of, one


@pytest.mark.parametrize(
    ("word", "x0", "expected"),
    [
        (0xB4000080, 0, BASE + 16),  # cbz x0, .+16
        (0xB4000080, 1, BASE + 4),
        (0xB4000080, POINTER, BASE + 4),
        (0xB4000080, Import("f"), BASE + 4),
        (0xB4000080, Low32(1), BASE + 4),
        (0xB4000080, Low32(0), Fork(BASE + 4, BASE + 16, BASE)),
        (0xB4000080, None, Fork(BASE + 4, BASE + 16, BASE)),
        (0x34000080, 1 << 32, BASE + 16),  # cbz w0, .+16
        (0x34000080, POINTER, Fork(BASE + 4, BASE + 16, BASE)),
        (0xB5000080, 1, BASE + 16),  # cbnz x0, .+16
        (0x36080080, 2, BASE + 4),  # tbz w0, #1, .+16
        (0x36080080, 1, BASE + 16),
        (0x36080080, Low32(2), BASE + 4),
        (0xB7000080, Low32(2), Fork(BASE + 4, BASE + 16, BASE)),  # tbnz x0, #32, .+16
        (0xB7F80080, 1 << 63, BASE + 16),  # tbnz x0, #63, .+16
    ],
)
def test_branches_on_a_register(word: int, x0: Value, expected: Step | int) -> None:
    assert one(word, x0=x0) == expected


@pytest.mark.parametrize(("x0", "taken"), [(3, True), (4, False), (POINTER, None)])
def test_branches_on_flags(x0: Value, taken: bool | None) -> None:
    machine = machine_of(0xF1000C1F, 0x54000080)  # cmp x0, #3; b.eq .+16
    state = machine.start(BASE)
    state.registers[0] = x0
    assert machine.step(state) is None
    outcome = machine.step(state)
    assert outcome == (Fork(BASE + 8, BASE + 20, BASE + 4) if taken is None else None)
    assert taken is None or state.ip == (BASE + 20 if taken else BASE + 8)


def test_a_call_within_the_image_keeps_what_a_callee_must() -> None:
    watcher = Calls()
    # mov x19, #1; fmov d8, x19; bl f; fmov x1, d8; add x0, x0, x19; ret
    code = (0xD2800033, 0x9E670268, 0x94000004, 0x9E660101, 0x8B130000, RET)
    # f: mov x19, #7; movi d8, #0; mov x0, x19; ret
    callee = (0xD28000F3, 0x2F00E408, 0xAA1303E0, RET)
    machine = machine_of(*code, *callee, watcher=watcher)
    machine.run(BASE)
    assert watcher.returns == [8]
    assert machine.whole


def test_a_call_tells_the_callee_where_to_return_to() -> None:
    machine = machine_of(0x94000002, RET, RET)  # bl .+8
    state = machine.start(BASE)
    machine.step(state)
    assert (state.ip, state.registers[30]) == (BASE + 8, BASE + 4)


def test_a_call_out_of_the_image_forgets_what_it_may_change() -> None:
    machine = machine_of(0xD63F0200, watcher=Calls(POINTER))  # blr x16
    state = machine.start(BASE)
    state.registers[:31] = range(31)
    state.registers[16], state.flags = Import("f"), flag_values.Tested(1, 64)
    state.vectors = {0: (1, 1), 8: (1, 1), 16: (1, 1)}
    assert machine.step(state) is None
    assert state.registers[:19] == [POINTER, *[None] * 18]
    assert state.registers[19:31] == [*range(19, 30), None]
    assert state.vectors == {8: (1, None)}
    assert state.flags is None


@pytest.mark.parametrize(
    "stub",
    [
        (0xF00007F0, 0xF9400211, 0x91000210, 0xD61F0220),  # adrp x16; ldr x17, [x16]; add x16; br x17
        (0xD503245F, 0xF00007F0, 0xF9400211, 0x91000210, 0xD61F0220),  # bti c; the same
        (0xF00007F0, 0xF9400211, 0x91000210, 0xD503219F, 0xD61F0220),  # with autia1716
        (0xF00007F0, 0xF9400210, BR_X16),  # adrp x16; ldr x16, [x16]; br x16
        (0xF00007F1, 0x91000231, 0xF9400230, 0xD71F0A11),  # adrp x17; add x17; ldr x16, [x17]; braa x16, x17
    ],
)
def test_stubs(stub: tuple[int, ...]) -> None:
    machine = machine_of(*stub, at0=Import("PyModuleDef_Init"))
    assert machine.stub(BASE) == "PyModuleDef_Init"


def test_code_that_does_more_is_no_stub() -> None:
    # mov x0, #1; adrp x16, data; ldr x16, [x16]; br x16
    machine = machine_of(0xD2800020, 0xF00007F0, 0xF9400210, BR_X16, at0=Import("f"))
    assert machine.stub(BASE) is None
    assert machine.stub(BASE + 4) == "f"


def test_calls_are_found_without_following_the_code() -> None:
    # bl .+16; adrp x8, data; ldr x8, [x8]; blr x8; adrp x16, data; ldr x16, [x16]; br x16
    code = (0x94000004, 0xF00007E8, 0xF9400108, 0xD63F0100, 0xF00007F0, 0xF9400210, BR_X16)
    machine = machine_of(*code, at0=Import("f"))
    found = [machine.call_at(BASE + 4 * number) for number in range(5)]
    assert found == [(4, "f"), (4, None), (4, None), (4, "f"), (4, None)]
    assert machine.call_at(BASE + 0x800) == (0, None)


def test_a_call_after_a_branch_is_not_taken_for_another() -> None:
    # adrp x8, data; ldr x8, [x8]; ret; blr x8
    machine = machine_of(0xF00007E8, 0xF9400108, RET, 0xD63F0100, at0=Import("f"))
    assert machine.call_at(BASE + 12) == (4, None)


def test_a_jump_to_an_unknown_place_leaves_the_run_incomplete() -> None:
    machine = machine_of(BR_X16)
    machine.run(BASE)
    assert not machine.whole


@pytest.mark.parametrize("word", [0xD4200020, 0x00000000, 0xD4400000])  # brk #1; udf #0; hlt #0
def test_a_trap_ends_a_path(word: int) -> None:
    machine = machine_of(word)
    assert machine.step(machine.start(BASE)) is END
    assert machine.whole


@pytest.mark.parametrize(
    "word",
    [
        0x04E0E3E0,  # cntd x0 (SVE)
        0xC00800FF,  # zero {za} (SME)
        0x19010440,  # cpyfp [x0]!, [x1]!, x2! (MOPS)
        0x74000000,  # cbgt w0, w0, . (CMPBR)
    ],
)
def test_what_may_write_anything_leaves_the_run_incomplete(word: int) -> None:
    machine = machine_of(word)
    assert machine.step(machine.start(BASE)) is END
    assert not machine.whole


def test_no_word_is_a_surprise() -> None:
    chance = random.Random(1)  # noqa: S311 a seeded test
    machine = machine_of(*(chance.getrandbits(32) for _ in range(20_000)))
    state = machine.start(BASE)
    for number in range(20_000):
        state.ip = BASE + 4 * number
        state.registers[:31] = [DATA + 0x100] * 31
        assert isinstance(machine.step(state), End | Fork | None)
