"""The machine: decoding, and the calling convention (AAPCS64; its registers are Apple's and Windows')."""

from __future__ import annotations

from collections.abc import Sequence

from ftaudit.binaries.arm64 import branches, immediate, loads, register, vector
from ftaudit.binaries.arm64.operands import (
    LINK,
    STACK_POINTER,
    UNKNOWN,
    Handler,
    Row,
    nothing,
    stop,
    unsupported,
)
from ftaudit.binaries.image import Image, Import
from ftaudit.binaries.machine import END, MAX_STEPS, STACK, Machine, Observer, State, Step
from ftaudit.binaries.memory import Value

_SAVED_VECTORS = range(8, 16)
"""Of these a callee preserves the low half."""
_SCALABLE: tuple[Row, ...] = (
    (0x80000000, 0x80000000, unsupported),  # SME
    (0x1E000000, 0x04000000, unsupported),  # SVE
    (0x00000000, 0x00000000, stop),
)
_CLASSES: tuple[tuple[Row, ...], ...] = tuple(
    loads.ROWS if bits & 0b0101 == 0b0100
    else register.ROWS if bits & 0b0111 == 0b0101
    else vector.ROWS if bits & 0b0111 == 0b0111
    else immediate.ROWS if bits >> 1 == 0b100
    else branches.ROWS if bits >> 1 == 0b101
    else _SCALABLE
    for bits in range(16)
)  # fmt: skip
"""The encoding's classes, by bits 28-25 of the word."""
_LINKED = 0x0060_0000
"""The bits by which ``blr`` and ``ret`` differ from ``br``."""
_LOADED_WITHIN = 8
"""Instructions between the load of an import's address and the call."""
_STUB_LENGTH = 6
_STUB_REGISTERS = (16, 17)
_STUB_HANDLERS = (immediate.address, immediate.add_immediate, loads.unsigned_offset, nothing)
"""What the code between a call and an import is made of: ``adrp x16; ldr x17, [x16]; add; br x17`` and its
kin with ``bti``, authentication, Apple's and Windows' stubs."""


def decode(word: int) -> Handler:
    """The handler of the instruction *word*."""
    for mask, value, handler in _CLASSES[word >> 25 & 15]:
        if word & mask == value:
            return handler
    raise AssertionError("every class has a last row for all words")


class Arm64(Machine):
    """Follows A64 code, little-endian."""

    registers = 32

    def __init__(self, image: Image, observer: Observer, *, max_steps: int = MAX_STEPS) -> None:
        super().__init__(image, observer, max_steps=max_steps)
        self._decoded: dict[int, tuple[Handler, int]] = {}

    def step(self, state: State) -> Step:
        """See `Machine`; what a word means is looked up once for each address."""
        at = state.ip
        decoded = self._decoded.get(at)
        if decoded is None:
            word = self.image.number(at, 4)
            if word is None:
                return END
            decoded = self._decoded[at] = (decode(word), word)
        state.ip = at + 4
        return decoded[0](self, state, decoded[1])

    def prepare(self, state: State) -> None:
        state.registers[STACK_POINTER] = STACK

    def arguments(self, state: State) -> Sequence[Value]:
        return state.registers[:8]

    def result(self, state: State) -> Value:
        return state.registers[0]

    def set_result(self, state: State, value: Value) -> None:
        state.registers[0] = value

    def stack(self, state: State) -> Value:
        return state.registers[STACK_POINTER]

    def set_stack(self, state: State, value: Value) -> None:
        state.registers[STACK_POINTER] = value

    def saved(self, state: State) -> Sequence[Value]:
        lows = [state.vectors.get(number, UNKNOWN)[0] for number in _SAVED_VECTORS]
        return [*state.registers[19:LINK], *lows]

    def restore(self, state: State, saved: Sequence[Value]) -> None:
        state.registers[19:LINK] = saved[: LINK - 19]
        for number, low in zip(_SAVED_VECTORS, saved[LINK - 19 :], strict=True):
            if low is not None or number in state.vectors:
                state.vectors[number] = (low, state.vectors.get(number, UNKNOWN)[1])

    def clobber(self, state: State) -> None:
        state.registers[:19] = [None] * 19
        state.registers[LINK] = None
        state.flags = None
        state.vectors = {
            number: (low, None) for number, (low, _) in state.vectors.items() if number in _SAVED_VECTORS
        }

    def read_stub(self, address: int) -> str | None:
        """See `Machine`: code that loads x16 and x17 with nothing but the address of an import, and jumps."""
        state = self.start(address)
        for _ in range(_STUB_LENGTH):
            word = self.image.number(state.ip, 4)
            if word is None:
                return None
            handler = decode(word)
            if handler is branches.branch_to_register:
                return _named(state, word) if word & _LINKED == 0 else None
            if handler not in _STUB_HANDLERS or (handler is not nothing and word & 31 not in _STUB_REGISTERS):
                return None
            state.ip += 4
            handler(self, state, word)
        return None

    def call_at(self, address: int) -> tuple[int, str | None]:
        """See `Machine`; a call through a register counts where an import was loaded into it just before."""
        word = self.image.number(address, 4)
        if word is None:
            return 0, None
        handler = decode(word)
        if handler is branches.branch:
            return 4, self.stub(branches.target_of(word, address))
        if handler is branches.branch_to_register:
            return 4, self._loaded_before(address, word)
        return 4, None

    def _loaded_before(self, address: int, word: int) -> str | None:
        """The import that the branch *word* goes to, if its register was loaded just before (Windows)."""
        state = self.start(address - 4 * _LOADED_WITHIN)
        while state.ip < address:
            earlier = self.image.number(state.ip, 4)
            at = state.ip + 4
            handler = stop if earlier is None else decode(earlier)
            if earlier is None or earlier >> 26 & 7 == 5 or handler is unsupported:
                state = self.start(at)  # a branch: nothing holds after it
            else:
                state.ip = at
                handler(self, state, earlier)
        return _named(state, word)


def _named(state: State, word: int) -> str | None:
    """The import whose address is in the register of the branch *word*."""
    target = state.registers[word >> 5 & 31]
    return target.name if isinstance(target, Import) else None
