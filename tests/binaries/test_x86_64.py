"""What x86-64 code comes to: by hand, instruction for instruction. test_x86_64_opinions.py asks others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from ftaudit.binaries.flags import Compared
from ftaudit.binaries.image import Address, Import
from ftaudit.binaries.machine import END, End, Fork, Machine, State, Step
from ftaudit.binaries.memory import STACK, Low8, Low32, Opaque, Value
from ftaudit.binaries.x86_64 import X8664
from tests.builders.flat_image import FlatImage

BASE, DATA = 0x1000, 0x10_0000
RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI = range(8)
M64 = (1 << 64) - 1


@dataclass
class Recorder:
    """Keeps the calls; every function returns *answer*."""

    answer: Value = None
    calls: list[tuple[str, list[Value]]] = field(default_factory=list)
    returns: list[Value] = field(default_factory=list)

    def called(self, machine: Machine, state: State, name: str, arguments: Sequence[Value]) -> Value | End:
        self.calls.append((name, list(arguments)))
        return self.answer

    def returned(self, machine: Machine, state: State, value: Value) -> None:
        self.returns.append(value)


def machine(
    code: str,
    words: Mapping[int, Import | Address] | None = None,
    *,
    data: bytes = b"",
    pe: bool = False,
    answer: Value = None,
) -> X8664:
    image = FlatImage(
        bytes.fromhex(code), BASE, words, data=data, data_base=DATA, object_format="pe" if pe else "elf"
    )
    return X8664(image, Recorder(answer))


def ran(code: str, words: Mapping[int, Import | Address] | None = None, **known: Value) -> Recorder:
    found = machine(code, words, answer=known.get("answer"))
    found.run(BASE)
    assert isinstance(found.observer, Recorder)
    return found.observer


def after(code: str, registers: Mapping[int, Value] | None = None, *, data: bytes = bytes(64)) -> State:
    """The state after straight code."""
    found = machine(code, data=data)
    state = found.start(BASE)
    for number, value in (registers or {}).items():
        state.registers[number] = value
    while state.ip < BASE + len(bytes.fromhex(code)):
        assert found.step(state) is None
    return state


def step(
    code: str, registers: Mapping[int, Value] | None = None, *, flags: object = None
) -> tuple[Step, State, X8664]:
    found = machine(code)
    state = found.start(BASE)
    state.flags = flags
    for number, value in (registers or {}).items():
        state.registers[number] = value
    return found.step(state), state, found


@pytest.mark.parametrize(
    ("code", "before", "register", "value"),
    [
        ("b8 01000000", {}, RAX, 1),  # mov eax, 1
        ("48 b8 0102030405060708", {}, RAX, 0x0807060504030201),  # movabs rax, …
        ("48 c7c0 ffffffff", {}, RAX, M64),  # mov rax, -1
        ("31 c0", {}, RAX, 0),  # xor eax, eax
        ("48 29 c0", {}, RAX, 0),  # sub rax, rax
        ("83 c8 ff", {}, RAX, 0xFFFFFFFF),  # or eax, -1
        ("48 83 e0 00", {}, RAX, 0),  # and rax, 0
        ("48 8d 05 f9ffffff", {}, RAX, BASE),  # lea rax, [rip-7]
        ("64 48 8d 43 08", {RBX: 8}, RAX, 16),  # lea rax, fs:[rbx+8]: the segment does not count
        ("b4 12", {RAX: 0x11223344}, RAX, 0x11221244),  # mov ah, 0x12
        ("40 b4 12", {RSP: 0x11223344}, RSP, 0x11223312),  # mov spl, 0x12
        ("66 b8 3412", {RAX: M64}, RAX, M64 - 0xFFFF + 0x1234),  # mov ax, 0x1234
        ("89 c0", {RAX: M64}, RAX, 0xFFFFFFFF),  # mov eax, eax
        ("b0 01", {}, RAX, Low8(1)),  # mov al, 1
        ("b0 01 0fb6 c8", {}, RCX, 1),  # mov al, 1; movzx ecx, al
        ("b4 01", {RAX: 0x55}, RAX, 0x155),  # mov ah, 1
        ("88 dc", {RAX: 0x55}, RAX, Low8(0x55)),  # mov ah, bl: the low byte stays known
        ("b0 01", {RAX: Low32(0x500)}, RAX, Low32(0x501)),
        ("88 d8", {RAX: 0x55}, RAX, None),  # mov al, bl
        ("89 d8", {RAX: 0x55}, RAX, None),  # mov eax, ebx
        ("48 89 d8", {RBX: Opaque("o")}, RAX, Opaque("o")),  # mov rax, rbx
        ("89 d8", {RBX: Opaque("o")}, RAX, None),  # half a pointer is nothing
        ("48 83 c0 00", {RAX: Opaque("o")}, RAX, Opaque("o")),  # add rax, 0
        ("48 83 c0 08", {RAX: Opaque("o")}, RAX, None),  # add rax, 8
        ("41 90", {RAX: 1, 8: 2}, 8, 1),  # xchg r8d, eax: not a nop
        ("41 92", {RAX: 1, 10: 2}, RAX, 2),  # xchg r10d, eax
        ("f3 90", {RAX: M64}, RAX, M64),  # pause
        ("0fc8", {RAX: 0x11223344}, RAX, 0x44332211),  # bswap eax
        ("c1 e0 04", {RAX: 0x11}, RAX, 0x110),  # shl eax, 4
        ("d3 e0", {RAX: 0x11}, RAX, None),  # shl eax, cl
        ("48 99", {RAX: 1 << 63}, RDX, M64),  # cqo
        ("48 0faf c3", {RAX: 3, RBX: 5}, RAX, 15),  # imul rax, rbx
        ("48 f7 f3", {RAX: 17, RDX: 0, RBX: 5}, RDX, 2),  # div rbx
        ("48 f7 f3", {RAX: 17, RDX: 0}, RDX, None),
        ("0fbc c3", {RAX: 7, RBX: 0}, RAX, None),  # bsf eax, ebx
        ("0fba e8 03", {RAX: 1}, RAX, 9),  # bts eax, 3
        ("0f94 c0", {RAX: 0}, RAX, None),  # sete al
        ("85 c0 0f94 c1", {RAX: 0, RCX: 0}, RCX, 1),  # test eax, eax; sete cl
        ("0f44 c3", {RAX: 4, RBX: 4}, RAX, 4),  # cmove eax, ebx: the same either way
        ("0f44 c3", {RAX: 4, RBX: 5}, RAX, None),
        ("0fa2", {RBX: 4}, RBX, None),  # cpuid
        ("f3 0fc7 f8", {RAX: 4}, RAX, None),  # rdpid rax
        ("c4e2 60f2 c1", {RBX: 6, RCX: 5}, RAX, 1),  # andn eax, ebx, ecx
        ("c4e2 f3f6 c3", {RAX: 1, RCX: 2}, RCX, None),  # mulx rax, rcx, rbx: both results
        ("c4e2 78f3 c9", {RAX: 7, RCX: 8}, RAX, None),  # blsr eax, ecx
        ("660f6f05 00000000 660fd7c0", {RAX: 1}, RAX, None),  # pmovmskb eax, xmm0
        ("660f3a61 c100", {RCX: 1}, RCX, None),  # pcmpestri
    ],
)
def test_registers(code: str, before: Mapping[int, Value], register: int, value: Value) -> None:
    assert after(code, before).registers[register] == value


def test_the_stack() -> None:
    # push 5; push rax; pop rcx; pop rdx
    state = after("6a 05 50 59 5a", {RAX: Opaque("o")})
    assert (state.registers[RCX], state.registers[RDX], state.registers[RSP]) == (Opaque("o"), 5, STACK)


def test_frames_of_old() -> None:
    state = after("c8 1000 00 c9", {RBP: 7})  # enter 16, 0; leave
    assert (state.registers[RBP], state.registers[RSP]) == (7, STACK)
    assert after("c8 1000 00", {RBP: 7}).registers[RSP] == STACK - 24


def test_a_pop_to_memory_takes_the_address_of_after() -> None:
    state = after("6a 05 8f0424", {})  # push 5; pop [rsp]
    assert state.memory.load(STACK, 8) == 5


class TestMemory:
    def test_a_store_that_is_not_known_forgets(self) -> None:
        state = after("89 03", {RBX: DATA}, data=b"\1" * 64)  # mov [rbx], eax
        assert state.memory.load(DATA, 4) is None
        assert state.memory.load(DATA + 4, 4) == 0x01010101

    def test_fs_and_gs_are_nowhere(self) -> None:
        # mov rax, fs:[rbx]; mov gs:[rbx], rcx
        state = after("64 48 8b03 65 48 890b", {RBX: DATA, RCX: 1})
        assert (state.registers[RAX], state.memory.load(DATA, 8)) == (None, 0)

    @pytest.mark.parametrize(
        "code",
        [
            "48 0fc1 03",  # xadd [rbx], rax
            "48 87 03",  # xchg [rbx], rax
            "48 0fb1 0b",  # cmpxchg [rbx], rcx
            "48 0fc7 0b",  # cmpxchg16b [rbx]
            "48 d3 23",  # shl [rbx], cl
            "48 0fa5 0b",  # shld [rbx], rcx, cl
            "48 ab",  # stosq
            "48 a5",  # movsq, from where is not known
            "f3 48 ab",  # rep stosq, how many is not known
            "0f29 03",  # movaps [rbx], xmm0
            "c5fd 7f03",  # vmovdqa [rbx], ymm0
            "c4e37d 39 03 01",  # vextracti128 [rbx], ymm0, 1
            "660ff7 c1",  # maskmovdqu [rdi]
            "dd 1b",  # fstp qword [rbx]
            "48 dd 33",  # fnsave [rbx]
        ],
    )
    def test_what_is_written_and_not_known_is_forgotten(self, code: str) -> None:
        state = after(code, {RBX: DATA, RDI: DATA}, data=b"\1" * 128)
        assert state.memory.load(DATA, 8) is None

    def test_a_repeated_store(self) -> None:
        state = after("f3 48 ab", {RAX: 3, RCX: 4, RDI: DATA}, data=bytes(128))
        assert [state.memory.load(DATA + 8 * number, 8) for number in range(5)] == [3, 3, 3, 3, 0]
        assert (state.registers[RCX], state.registers[RDI]) == (0, DATA + 32)

    def test_a_repeated_store_that_is_too_long_is_forgotten(self) -> None:
        state = after("f3 48 ab", {RAX: 3, RCX: 1 << 40, RDI: DATA}, data=bytes(128))
        assert state.memory.load(DATA, 8) is None
        assert state.registers[RDI] == DATA + (1 << 43)

    def test_a_repeated_move(self) -> None:
        state = after("f3 a4", {RCX: 3, RSI: DATA, RDI: DATA + 8}, data=b"abcd" + bytes(60))
        assert state.memory.load(DATA + 8, 4) == int.from_bytes(b"abc\0", "little")

    def test_32_bytes_of_zeros(self) -> None:
        # vpxor xmm0, xmm0, xmm0 clears all of ymm0; vmovdqu [rbx], ymm0
        state = after("c5f9efc0 c5fe7f03", {RBX: DATA}, data=b"\1" * 64)
        assert [state.memory.load(DATA + 8 * number, 8) for number in range(4)] == [0, 0, 0, 0]

    def test_the_upper_half_is_not_cleared_without_vex(self) -> None:
        # pxor xmm0, xmm0; vmovdqu [rbx], ymm0
        state = after("660fefc0 c5fe7f03", {RBX: DATA}, data=b"\1" * 64)
        assert [state.memory.load(DATA + 8 * number, 8) for number in range(4)] == [0, 0, None, None]

    def test_two_pointers_side_by_side(self) -> None:
        # movq xmm0, rax; movq xmm1, rcx; punpcklqdq xmm0, xmm1; movups [rbx], xmm0
        code = "66480f6ec0 66480f6ec9 660f6cc1 0f1103"
        state = after(code, {RAX: Opaque("a"), RCX: 7, RBX: DATA})
        assert (state.memory.load(DATA, 8), state.memory.load(DATA + 8, 8)) == (Opaque("a"), 7)

    def test_an_inserted_word(self) -> None:
        # movq xmm0, rax; pinsrq xmm0, rcx, 1; pextrq rdx, xmm0, 1
        state = after("66480f6ec0 66480f3a22c101 66480f3a16c201", {RAX: 1, RCX: Opaque("b")})
        assert state.registers[RDX] == Opaque("b")


class TestBranches:
    def test_known(self) -> None:
        outcome, state, _ = step("74 10", flags=Compared(1, 1, 32))  # je
        assert (outcome, state.ip) == (None, BASE + 0x12)

    def test_not_taken(self) -> None:
        outcome, state, _ = step("74 10", flags=Compared(1, 2, 32))
        assert (outcome, state.ip) == (None, BASE + 2)

    def test_unknown(self) -> None:
        outcome, _, _ = step("0f84 10000000")
        assert outcome == Fork(BASE + 6, BASE + 0x16, BASE)

    def test_loops(self) -> None:
        assert step("e2 10", {RCX: 2})[1].ip == BASE + 0x12  # loop
        assert step("e2 10", {RCX: 1})[1].ip == BASE + 2
        assert step("e3 10", {RCX: 0})[1].ip == BASE + 0x12  # jrcxz
        assert isinstance(step("e3 10")[0], Fork)

    @pytest.mark.parametrize("pointer", [Opaque("o"), Import("PyExc_TypeError")])
    def test_a_pointer_is_not_null(self, pointer: Value) -> None:
        # test rax, rax; je
        assert ran("48 85c0 74 01 c3 0f0b", {}).returns == [None]
        state = after("48 85c0", {RAX: pointer})
        found = machine("74 01 90")
        state.ip = BASE
        assert (found.step(state), state.ip) == (None, BASE + 2)

    @pytest.mark.parametrize(
        "code",
        [
            "06",  # not in 64-bit mode
            "c4",  # cut short
            "ff e0",  # jmp rax: a jump table
            "ff 24 c5 00000000",  # jmp [rax*8]
            "fd",  # std
            "0f01 d0 0f30",  # wrmsr, after xgetbv
            "e9 00001000",  # into data
            "66 e9 0000 0000",  # with an address of 16 bits, or not
            "c7f8 00000000",  # xbegin
        ],
    )
    def test_what_cannot_be_followed_ends_the_path_and_is_said(self, code: str) -> None:
        found = machine(code)
        found.run(BASE)
        assert not found.whole

    @pytest.mark.parametrize("code", ["c3", "0f0b", "cc", "f4", "cd29"])
    def test_where_a_program_ends_nothing_is_missing(self, code: str) -> None:
        found = machine(code)
        found.run(BASE)
        assert found.whole


class TestCalls:
    WORDS: Mapping[int, Import | Address] = {DATA: Import("PyModuleDef_Init")}

    def test_through_the_table_of_imports(self) -> None:
        # mov edi, 5; call [rip → DATA]; ret
        found = ran("bf 05000000 ff15 f5ef0f00 c3", self.WORDS, answer=Opaque("module"))
        assert [(name, arguments[0]) for name, arguments in found.calls] == [("PyModuleDef_Init", 5)]
        assert found.returns == [Opaque("module")]

    @pytest.mark.parametrize(
        "stub",
        [
            "ff25 f1ef0f00",  # jmp [rip → DATA]
            "48 ff25 f0ef0f00",  # rex.w jmp
            "f2 ff25 f0ef0f00",  # bnd jmp
            "f30f1efa f2 ff25 ecef0f00",  # endbr64; bnd jmp
        ],
    )
    def test_through_a_stub(self, stub: str) -> None:
        # jmp → stub at BASE + 9
        assert [name for name, _ in ran("e9 04000000 90909090" + stub, self.WORDS).calls] == [
            "PyModuleDef_Init"
        ]

    def test_what_a_call_may_change_is_forgotten(self) -> None:
        found = machine("ff15 faef0f00 c3", self.WORDS)
        state = found.start(BASE)
        state.registers[:4], state.registers[5:] = [1] * 4, [1] * 11
        state.flags, state.vectors = Compared(1, 1, 32), {0: (1, 1), 7: (1, 1)}
        found.step(state)
        assert [number for number, value in enumerate(state.registers) if value == 1] == [
            3,
            5,
            12,
            13,
            14,
            15,
        ]
        assert [state.flags, len(state.vectors)] == [None, 0]

    def test_under_the_other_convention(self) -> None:
        found = machine("ff15 faef0f00 c3", self.WORDS, pe=True)
        state = found.start(BASE)
        state.registers[:4], state.registers[5:] = [0, 11, 12, 3], [1, 6, 7, 18, 19, *range(10, 16)]
        state.vectors = {5: (1, 1), 6: (1, 1), 6 + 32: (1, 1)}
        found.step(state)
        assert isinstance(found.observer, Recorder)
        assert found.observer.calls == [("PyModuleDef_Init", [11, 12, 18, 19])]
        assert [state.registers[number] for number in (RSI, RDI, RCX, 8)] == [6, 7, None, None]
        assert state.vectors == {6: (1, 1)}

    def test_into_the_image_and_back(self) -> None:
        # call f; ret; f: mov eax, 7; ret
        assert ran("e8 01000000 c3 b8 07000000 c3").returns == [7]

    def test_what_is_passed_on_the_stack_lies_above_the_return_address(self) -> None:
        # push 9; call f; pop rcx; ret; f: mov rax, [rsp+8]; ret
        assert ran("6a 09 e8 02000000 59 c3 48 8b442408 c3").returns == [9]

    def test_a_callee_keeps_what_it_must(self) -> None:
        # mov ebx, 5; call f; mov eax, ebx; ret; f: mov ebx, 6; ret
        assert ran("bb 05000000 e8 03000000 89d8 c3 bb 06000000 c3").returns == [5]

    def test_a_call_that_asks_where_it_is(self) -> None:
        assert after("e8 00000000 58").registers[RAX] == BASE + 5  # call $+5; pop rax

    def test_an_exchanged_return_address_is_not_followed(self) -> None:
        # call f; ret; f: lea rax, [rip-7]; mov [rsp], rax; ret
        found = machine("e8 01000000 c3 48 8d05 f9ffffff 48 890424 c3")
        found.run(BASE)
        assert not found.whole

    def test_an_unknown_function(self) -> None:
        found = ran("b8 01000000 ff d1 c3")  # mov eax, 1; call rcx; ret
        assert (found.returns, found.calls) == ([None], [])

    def test_call_sites(self) -> None:
        found = machine("ff15 faef0f00 90 e8 02000000 9090 ff25 ecef0f00", self.WORDS)
        assert found.call_at(BASE) == (6, "PyModuleDef_Init")
        assert found.call_at(BASE + 6) == (1, None)
        assert found.call_at(BASE + 7) == (5, "PyModuleDef_Init")
        assert found.call_at(BASE + 0x100) == (0, None)


def test_a_path_that_is_given_up_on_windows_forgets_the_callees_vectors() -> None:
    found = machine("90", pe=True)
    state = found.start(BASE)
    state.vectors = {6: (1, 2)}
    kept = found.saved(state)
    state.vectors = {6: (3, 4), 7: (5, 6)}
    found.restore(state, kept)
    assert (state.vectors[6], state.vectors[7]) == ((1, 2), (None, None))


def test_the_end_of_a_segment_ends_an_instruction() -> None:
    outcome, _, found = step("48 b8 01 02")
    assert (outcome, found.whole) == (END, False)


def test_forgetting_a_range() -> None:
    found = machine("90", data=b"\1" * 64)
    memory = found.start(BASE).memory
    memory.store(DATA + 4, 8, 5)
    memory.forget(DATA + 8, 16)
    copied = memory.copy()
    assert [copied.load(DATA + at, 4) for at in (0, 4, 8, 20, 24)] == [0x01010101, 5, None, None, 0x01010101]
    copied.store(DATA + 8, 4, 9)
    assert (copied.load(DATA + 8, 4), memory.load(DATA + 8, 4)) == (9, None)
    memory.forget(DATA + 32)
    assert (memory.load(DATA + 24, 8), memory.load(DATA + 56, 8)) == (0x0101010101010101, None)
