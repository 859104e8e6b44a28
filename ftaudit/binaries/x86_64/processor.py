"""The x86-64 processor, under both calling conventions.

System V's (ELF, Mach-O): https://gitlab.com/x86-psABIs/x86-64-ABI. Microsoft's (PE):
https://learn.microsoft.com/en-us/cpp/build/x64-calling-convention.
"""

from __future__ import annotations

from collections.abc import Sequence

from ftaudit.binaries.image import Image, Import
from ftaudit.binaries.machine import END, MAX_STEPS, Machine, Observer, State, Step
from ftaudit.binaries.memory import STACK, Value
from ftaudit.binaries.x86_64 import arithmetic, bits, control, moves, strings, system, vector
from ftaudit.binaries.x86_64.decode import LONGEST, decode
from ftaudit.binaries.x86_64.instruction import LEGACY, VEX, Instruction, MemoryOperand
from ftaudit.binaries.x86_64.operands import RAX, RBP, RBX, RCX, RDI, RDX, RSI, RSP, Handler, not_followed
from ftaudit.binaries.x86_64.vector_effects import forget_effects

_HANDLERS: dict[int, Handler] = {
    **arithmetic.HANDLERS, **bits.HANDLERS, **control.HANDLERS, **moves.HANDLERS, **strings.HANDLERS,
    **system.HANDLERS, **vector.HANDLERS,
}  # fmt: skip
_VEX_GENERAL: dict[tuple[int, int], Handler] = {**bits.VEX_HANDLERS, **system.VEX_HANDLERS}


_WINDOW = 512
"""Bytes of code that are taken from the image at a time."""


class _Convention:
    """``kept_vectors``: 128 bits of each; nothing is kept of what lies above."""

    def __init__(
        self, *, arguments: tuple[int, ...], kept: tuple[int, ...], lost: tuple[int, ...], kept_vectors: range
    ) -> None:
        self.arguments, self.kept, self.lost, self.kept_vectors = arguments, kept, lost, kept_vectors


_R8, _R9, _R10, _R11 = range(8, 12)
_SYSTEM_V = _Convention(
    arguments=(RDI, RSI, RDX, RCX, _R8, _R9),
    kept=(RBX, RBP, 12, 13, 14, 15),
    lost=(RAX, RCX, RDX, RSI, RDI, _R8, _R9, _R10, _R11),
    kept_vectors=range(0),
)
_MICROSOFT = _Convention(
    arguments=(RCX, RDX, _R8, _R9),
    kept=(RBX, RBP, RSI, RDI, 12, 13, 14, 15),
    lost=(RAX, RCX, RDX, _R8, _R9, _R10, _R11),
    kept_vectors=range(6, 16),
)


def handler_of(instruction: Instruction) -> Handler:
    """What the instruction does."""
    if instruction.encoding == LEGACY:
        if control.is_cut(instruction):
            return not_followed
        return _HANDLERS.get(instruction.opcode, forget_effects)
    if instruction.encoding == VEX and instruction.lanes == 1:
        general = _VEX_GENERAL.get((instruction.opcode, instruction.prefix))
        if general is not None:
            return general
    return vector.HANDLERS.get(instruction.opcode, forget_effects)


class X8664(Machine):
    """Follows x86-64 code of *image*; Microsoft's calling convention in a PE file."""

    registers = 16

    def __init__(self, image: Image, observer: Observer, *, max_steps: int = MAX_STEPS) -> None:
        super().__init__(image, observer, max_steps=max_steps)
        self._convention = _MICROSOFT if image.format == "pe" else _SYSTEM_V
        self._decoded: dict[int, tuple[Handler, Instruction]] = {}
        self._window, self._window_at = b"", 0

    def step(self, state: State) -> Step:
        found = self._decoded.get(state.ip)
        if found is None:
            instruction = self.instruction(state.ip)
            if instruction is None:
                self.whole = False
                return END
            found = self._decoded[state.ip] = handler_of(instruction), instruction
        handler, instruction = found
        state.ip = instruction.next
        return handler(self, state, instruction)

    def instruction(self, address: int) -> Instruction | None:
        """The instruction at *address*; None where there is none, or nothing executable."""
        start = address - self._window_at
        if not 0 <= start <= len(self._window) - LONGEST:
            self._look_at(address)
            start = 0
        return decode(self._window[start : start + LONGEST], address)

    def _look_at(self, address: int) -> None:
        """Takes the next bytes of code from the image, none where it is not executable."""
        segment = self.image.segment(address)
        self._window, self._window_at = b"", address
        if segment is not None and segment.executable:
            length = min(_WINDOW, segment.address + segment.size - address)
            self._window = self.image.read(address, length) or b""

    def prepare(self, state: State) -> None:
        state.registers[RSP] = STACK

    def arguments(self, state: State) -> Sequence[Value]:
        registers = state.registers
        return [registers[number] for number in self._convention.arguments]

    def result(self, state: State) -> Value:
        return state.registers[RAX]

    def set_result(self, state: State, value: Value) -> None:
        state.registers[RAX] = value

    def stack(self, state: State) -> Value:
        return state.registers[RSP]

    def set_stack(self, state: State, value: Value) -> None:
        state.registers[RSP] = value

    def saved(self, state: State) -> Sequence[Value]:
        kept = [state.registers[number] for number in self._convention.kept]
        for number in self._convention.kept_vectors:
            kept += state.vectors.get(number, (None, None))
        return kept

    def restore(self, state: State, saved: Sequence[Value]) -> None:
        convention = self._convention
        values = iter(saved)
        for number, value in zip(convention.kept, values, strict=False):
            state.registers[number] = value
        for number in convention.kept_vectors:
            state.vectors[number] = next(values), next(values)

    def clobber(self, state: State) -> None:
        convention, registers = self._convention, state.registers
        for number in convention.lost:
            registers[number] = None
        state.flags = None
        if state.vectors:
            kept = convention.kept_vectors
            state.vectors = {number: value for number, value in state.vectors.items() if number in kept}

    def read_stub(self, address: int) -> str | None:
        """``jmp [rip + distance]`` over an imported word, after ``endbr64``, ``bnd`` or a REX prefix."""
        jump = self.instruction(address)
        if jump is not None and jump.opcode == 0x11E and jump.prefix == 0xF3:
            jump = self.instruction(jump.next)
        if jump is None or jump.opcode != 0xFF or jump.reg & 7 != 4:
            return None
        return self._imported(jump.memory)

    def call_at(self, address: int) -> tuple[int, str | None]:
        found = self.instruction(address)
        if found is None:
            return 0, None
        name = None
        if found.opcode in (0xE8, 0xE9):
            name = self.stub(found.next + found.immediate)
        elif found.opcode == 0xFF and found.reg & 7 in (2, 4):
            name = self._imported(found.memory)
        return found.next - address, name

    def _imported(self, memory: MemoryOperand | None) -> str | None:
        """What the dynamic linker puts into the word that an absolute operand names."""
        if memory is None or memory.base >= 0 or memory.scaled >= 0 or memory.unknown:
            return None
        word = self.image.word(memory.displacement & memory.mask)
        return word.name if isinstance(word, Import) else None
