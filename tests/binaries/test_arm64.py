"""A64 instructions as words, each with its assembly, and what is known after it."""

from __future__ import annotations

import pytest

from ftaudit.binaries.arm64.arithmetic import Immediate, added, holds
from ftaudit.binaries.flags import Compared
from ftaudit.binaries.machine import STACK
from ftaudit.binaries.memory import Low32, Value
from tests.builders.arm64_code import BASE, DATA, MASK64, POINTER, after

# -- Data processing. --


@pytest.mark.parametrize(
    ("word", "x1", "expected"),
    [
        (0x91001020, 5, 9),  # add x0, x1, #4
        (0x91401020, 5, 0x4005),  # add x0, x1, #4, lsl #12
        (0xD1001020, 3, MASK64),  # sub x0, x1, #4
        (0x51001020, 3, 0xFFFFFFFF),  # sub w0, w1, #4
        (0x91000020, POINTER, POINTER),  # add x0, x1, #0
        (0x91001020, POINTER, None),  # add x0, x1, #4
        (0x11000020, POINTER, None),  # add w0, w1, #0
        (0x11000020, Low32(7), 7),  # add w0, w1, #0
        (0xAA0103E0, POINTER, POINTER),  # mov x0, x1
        (0x2A0103E0, MASK64, 0xFFFFFFFF),  # mov w0, w1
        (0x2A0103E0, POINTER, None),  # mov w0, w1
        (0xAA2103E0, 0, MASK64),  # mvn x0, x1
        (0x92401C20, 0x1234, 0x34),  # and x0, x1, #0xff
        (0xB27C0020, 1, 0x11),  # orr x0, x1, #0x10
        (0x13001C20, 0x80, 0xFFFFFF80),  # sxtb w0, w1
        (0x93407C20, 0x80000000, 0xFFFFFFFF80000000),  # sxtw x0, w1
        (0x93407C20, Low32(1), 1),  # sxtw x0, w1
        (0xD37DF020, 3, 24),  # lsl x0, x1, #3
        (0xD343FC20, 24, 3),  # lsr x0, x1, #3
        (0x93C12020, 0x1234, 0x3400000000000012),  # ror x0, x1, #8
        (0x8B010C20, 2, 18),  # add x0, x1, x1, lsl #3
        (0xDAC01020, 1, 63),  # clz x0, x1
        (0x5AC00820, 0x01020304, 0x04030201),  # rev w0, w1
        (0x5AC00020, 1, 0x80000000),  # rbit w0, w1
        (0x9B010420, 3, 12),  # madd x0, x1, x1, x1
        (0x9AC10820, 0, 0),  # udiv x0, x1, x1
        (0x9AC10C20, 5, 1),  # sdiv x0, x1, x1
        (0xDAC10020, POINTER, POINTER),  # pacia x0, x1 (x0 was the same)
    ],
)
def test_a_result_is_known_where_its_operands_are(word: int, x1: Value, expected: Value) -> None:
    assert after(word, x0=x1, x1=x1).registers[0] == expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        (0x12800000, 0xFFFFFFFF),  # mov w0, #-1
        (0x92800000, MASK64),  # mov x0, #-1
        (0xD2B00000, 0x80000000),  # mov x0, #0x80000000
        (0xF2A00020, 0x1FFFF),  # movk x0, #1, lsl #16
        (0x72A00020, 0x1FFFF),  # movk w0, #1, lsl #16
        (0x10000060, BASE + 12),  # adr x0, .+12
        (0xB0000000, 0x2000),  # adrp x0, .+0x1000
    ],
)
def test_constants(word: int, expected: int) -> None:
    assert after(word, x0=0xFFFF).registers[0] == expected


def test_moving_half_a_word_into_an_unknown_one_leaves_it_unknown() -> None:
    assert after(0xF2A00020, x0=POINTER).registers[0] is None  # movk x0, #1, lsl #16


def test_31_is_the_stack_pointer_in_sums_and_zero_in_logic() -> None:
    state = after(0x910043FF, 0xAA1F03E0, x0=5, sp=STACK)  # add sp, sp, #16; mov x0, xzr
    assert (state.registers[31], state.registers[0]) == (STACK + 16, 0)


def test_a_comparison_writes_no_register() -> None:
    state = after(0xEB01001F, x0=1, x1=2, sp=STACK)  # cmp x0, x1
    assert state.registers[31] == STACK
    assert holds(state.flags, 3) is True


@pytest.mark.parametrize(
    ("word", "x1", "x2"),
    [
        (0x9AC24C20, 1, 2),  # crc32x w0, w1, x2
        (0x9A020020, 1, 2),  # adc x0, x1, x2
        (0x91C00020, 1, 2),  # smax x0, x1, #0
        (0xDAC01C20, 1, 2),  # cnt x0, x1
        (0x1E780020, 1, 2),  # fcvtzs w0, d1
        (0xD53BD040, 1, 2),  # mrs x0, tpidr_el0
        (0x9AC22020, 1, None),  # lsl x0, x1, x2
    ],
)
def test_what_is_not_modelled_loses_its_result(word: int, x1: Value, x2: Value) -> None:
    assert after(word, x0=7, x1=x1, x2=x2).registers[0] is None


# -- Flags. --


@pytest.mark.parametrize(
    ("condition", "expected"),
    [(0, False), (1, True), (2, False), (3, True), (8, False), (9, True), (6, None)],
)
def test_a_logical_operation_clears_the_carry(condition: int, expected: bool | None) -> None:
    state = after(0xF240003F, x1=1)  # tst x1, #1
    assert holds(state.flags, condition) is expected


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("right", [0, 1, 5])
def test_flags_of_a_sum_are_the_processors(bits: int, right: int) -> None:
    for left in (0, 1, (1 << bits - 1) - 1, 1 << bits - 1, (1 << bits) - 1):
        total = left + right & (1 << bits) - 1
        carry, negative = left + right >> bits, total >> bits - 1
        overflow = negative > left >> bits - 1
        nzcv = Immediate(negative << 3 | (total == 0) << 2 | carry << 1 | overflow)
        for code in (*range(6), *range(8, 14)):
            assert holds(added(left, right, bits), code) == holds(nzcv, code)


def test_the_smallest_number_cannot_be_negated_so_nothing_is_known_of_its_sum() -> None:
    assert added(1, 1 << 63, 64) is None
    assert added(1, (1 << 63) - 1, 64) is not None


@pytest.mark.parametrize(
    ("flags", "expected"), [(None, None), (Compared(1, 1, 64), 1), (Compared(1, 2, 64), 0)]
)
def test_a_selection_is_known_if_its_condition_is(flags: object, expected: int | None) -> None:
    assert after(0x9A9F17E0, flags=flags, x0=9).registers[0] == expected  # cset x0, eq


def test_a_selection_between_equals_needs_no_condition() -> None:
    assert after(0x9A820020, flags=None, x0=9, x1=4, x2=4).registers[0] == 4  # csel x0, x1, x2, eq


@pytest.mark.parametrize(
    ("flags", "expected"),
    [(Compared(1, 1, 64), Compared(7, 3, 64)), (Compared(1, 2, 64), Immediate(4)), (None, None)],
)
def test_a_comparison_on_condition(flags: object, expected: object) -> None:
    assert after(0xFA430804, flags=flags, x0=7).flags == expected  # ccmp x0, #3, #4, eq


@pytest.mark.parametrize(
    "word",
    [
        0x1E612000,  # fcmp d0, d1
        0x1E610400,  # fccmp d0, d1, #0, eq
        0xBA020020,  # adcs x0, x1, x2
        0xD51B4200,  # msr nzcv, x0
        0xD500401F,  # cfinv
        0x3A00080D,  # setf8 w0
    ],
)
def test_flags_that_are_not_modelled_are_lost(word: int) -> None:
    assert after(word, flags=Compared(1, 1, 64), x1=1, x2=2).flags is None


def test_a_move_keeps_the_flags() -> None:
    assert after(0xAA0103E0, flags=Compared(1, 1, 64)).flags == Compared(1, 1, 64)  # mov x0, x1


# -- Memory. --


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        (0xF9400020, 0x8877665544332281),  # ldr x0, [x1]
        (0xB9400020, 0x44332281),  # ldr w0, [x1]
        (0x39400020, 0x81),  # ldrb w0, [x1]
        (0x39800020, 0xFFFFFFFFFFFFFF81),  # ldrsb x0, [x1]
        (0x39C00020, 0xFFFFFF81),  # ldrsb w0, [x1]
        (0xB9800420, 0xFFFFFFFF88776655),  # ldrsw x0, [x1, #4]
        (0xF8627820, 0xFFEEDDCCBBAA9900),  # ldr x0, [x1, x2, lsl #3]
        (0xF862D820, 0xFFEEDDCCBBAA9900),  # ldr x0, [x1, w2, sxtw #3]
        (0xC8DFFC20, 0x8877665544332281),  # ldar x0, [x1]
        (0x885F7C20, 0x44332281),  # ldxr w0, [x1]
        (0xF8BFC020, 0x8877665544332281),  # ldapr x0, [x1]
        (0xF8200420, 0x8877665544332281),  # ldraa x0, [x1]
    ],
)
def test_a_load_extends_as_it_says(word: int, expected: int | None) -> None:
    data = bytes.fromhex("8122334455667788 0099aabbccddeeff".replace(" ", ""))
    assert after(word, data=data, x0=None, x1=DATA, x2=1).registers[0] == expected


@pytest.mark.parametrize(
    ("word", "x0", "x1"),
    [
        (0xF8408420, 1, DATA + 8),  # ldr x0, [x1], #8
        (0xF8408C20, 2, DATA + 8),  # ldr x0, [x1, #8]!
        (0xA8C10820, 1, DATA + 16),  # ldp x0, x2, [x1], #16
        (0xA9C10820, 3, DATA + 16),  # ldp x0, x2, [x1, #16]!
        (0xF8201C20, 2, DATA + 8),  # ldraa x0, [x1, #8]!
    ],
)
def test_a_load_writes_the_address_back(word: int, x0: int, x1: int) -> None:
    data = b"".join(number.to_bytes(8, "little") for number in (1, 2, 3, 4))
    state = after(word, data=data, x1=DATA)
    assert (state.registers[0], state.registers[1]) == (x0, x1)


def test_a_store_of_what_is_not_known_replaces_what_was() -> None:
    state = after(0xF9000020, 0xF9000022, 0xF9400023, x0=1, x1=DATA, x2=None)  # str x0; str x2; ldr x3, [x1]
    assert state.registers[3] is None


def test_a_store_of_half_a_word_leaves_the_other_half() -> None:
    state = after(
        0xF9000020, 0xB9000022, 0xF9400023, x0=MASK64, x1=DATA, x2=5
    )  # str x0; str w2; ldr x3, [x1]
    assert state.registers[3] == 0xFFFFFFFF00000005


def test_pairs_keep_addresses_apart() -> None:
    state = after(
        0xA9BF07E0, 0xA8C10FE2, x0=POINTER, x1=7, sp=STACK
    )  # stp x0, x1, [sp, #-16]!; ldp x2, x3, [sp], #16
    assert state.registers[2:4] == [POINTER, 7]
    assert state.registers[31] == STACK


def test_an_exclusive_store_succeeds() -> None:
    state = after(
        0x885F7C20, 0x88027C23, 0xB9400024, x1=DATA, x2=1, x3=6
    )  # ldxr w0; stxr w2, w3, [x1]; ldr w4
    assert (state.registers[2], state.registers[4]) == (0, 6)


@pytest.mark.parametrize(
    ("word", "old", "new"),
    [
        (0xF8E20020, 6, 9),  # ldaddal x2, x0, [x1]
        (0xF8E21020, 6, 4),  # ldclral x2, x0, [x1]
        (0xF8E23020, 6, 7),  # ldsetal x2, x0, [x1]
        (0xF8E28020, 6, 3),  # swpal x2, x0, [x1]
        (0xF8E24020, 6, None),  # ldsmaxal x2, x0, [x1]
    ],
)
def test_atomic_operations(word: int, old: int, new: int | None) -> None:
    state = after(word, 0xF9400023, data=b"\x06", x1=DATA, x2=3)  # …; ldr x3, [x1]
    assert (state.registers[0], state.registers[3]) == (old, new)


@pytest.mark.parametrize(("compared", "new"), [(6, 9), (5, 6), (None, None), (POINTER, None)])
def test_compare_and_swap(compared: Value, new: int | None) -> None:
    state = after(
        0xC8E2FC20, 0xF9400023, data=b"\x06", x0=9, x1=DATA, x2=compared
    )  # casal x2, x0, [x1]; ldr x3
    assert (state.registers[2], state.registers[3]) == (6, new)


def test_a_store_that_is_not_followed_forgets_what_it_may_write() -> None:
    state = after(
        0xF9000020, 0x4C008020, 0xF9400023, x0=1, x1=DATA
    )  # str x0; st2 {v0.16b, v1.16b}, [x1]; ldr x3
    assert state.registers[3] is None


# -- Vectors. --


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((0x6F00E400,), (0, 0)),  # movi v0.2d, #0
        ((0x4F000420,), (0x0000000100000001, 0x0000000100000001)),  # movi v0.4s, #1
        ((0x2F000420,), (0xFFFFFFFEFFFFFFFE, 0)),  # mvni v0.2s, #1
        ((0x6F03F600,), (0x3FF0000000000000, 0x3FF0000000000000)),  # fmov v0.2d, #1.0
        ((0x4E080C20,), (POINTER, POINTER)),  # dup v0.2d, x1
        ((0x9E670020,), (POINTER, 0)),  # fmov d0, x1
        ((0x9E670020, 0x4E181C40), (POINTER, 5)),  # fmov d0, x1; mov v0.d[1], x2
        ((0x4E080C21, 0x4EA11C20), (POINTER, POINTER)),  # dup v1.2d, x1; mov v0.16b, v1.16b
        ((0x9E670021, 0x9E670042, 0x4EC23820), (POINTER, 5)),  # …; zip1 v0.2d, v1.2d, v2.2d
        ((0x4E080C20, 0x4E208400), None),  # dup v0.2d, x1; add v0.16b, v0.16b, v0.16b
        ((0x4E080C20, 0x1E602800), None),  # dup v0.2d, x1; fadd d0, d0, d0
    ],
)
def test_vectors(words: tuple[int, ...], expected: tuple[Value, Value] | None) -> None:
    assert after(*words, x1=POINTER, x2=5).vectors.get(0) == expected


def test_a_vector_carries_two_pointers_to_memory() -> None:
    # dup v0.2d, x1; str q0, [x2]; ldp x3, x4, [x2]
    state = after(0x4E080C20, 0x3D800040, 0xA9401043, x1=POINTER, x2=DATA)
    assert state.registers[3:5] == [POINTER, POINTER]


def test_an_unknown_vector_replaces_what_memory_held() -> None:
    # stp x1, x1, [x2]; str q9, [x2]; ldp x3, x4, [x2]
    state = after(0xA9000441, 0x3D800049, 0xA9401043, x1=1, x2=DATA)
    assert state.registers[3:5] == [None, None]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        (0x9E660020, 0x1122334455667788),  # fmov x0, d1
        (0x1E260020, 0x55667788),  # fmov w0, s1
        (0x0E0C3C20, 0x11223344),  # mov w0, v1.s[1]
        (0x4E022C20, 0x7788),  # smov x0, v1.h[0]
        (0x4E012C20, 0xFFFFFFFFFFFFFF88),  # smov x0, v1.b[0]
    ],
)
def test_elements_come_back_to_general_registers(word: int, expected: int) -> None:
    assert after(0x9E670021, word, x1=0x1122334455667788).registers[0] == expected  # fmov d1, x1; …


@pytest.mark.parametrize(
    ("word", "grown"),
    [
        (0x4CDF7000, 16),  # ld1 {v0.16b}, [x0], #16
        (0x0CDFA000, 16),  # ld1 {v0.8b, v1.8b}, [x0], #16
        (0x4CDF0000, 64),  # ld4 {v0.16b-v3.16b}, [x0], #64
        (0x0D9F8400, 8),  # st1 {v0.d}[0], [x0], #8
        (0x4DDFC800, 4),  # ld1r {v0.4s}, [x0], #4
    ],
)
def test_structures_write_the_address_back(word: int, grown: int) -> None:
    assert after(word, x0=DATA).registers[0] == DATA + grown
