"""Machines over A64 code that is given as words."""

from __future__ import annotations

from collections.abc import Sequence

from ftaudit.binaries.arm64 import Arm64
from ftaudit.binaries.image import Address, Import
from ftaudit.binaries.machine import END, End, Machine, State, Step
from ftaudit.binaries.memory import Opaque, Value
from tests.builders.flat_image import FlatImage

BASE, DATA = 0x1000, 0x10_0000
MASK64 = (1 << 64) - 1
POINTER = Opaque("pointer")
BR_X16, RET = 0xD61F0200, 0xD65F03C0


class Calls:
    """Notes what is called and returned; a call of ``stop`` ends the path."""

    def __init__(self, result: Value = None) -> None:
        self.result = result
        self.calls: list[tuple[str, Value]] = []
        self.returns: list[Value] = []

    def called(self, machine: Machine, state: State, name: str, arguments: Sequence[Value]) -> Value | End:
        self.calls.append((name, arguments[0]))
        return END if name == "stop" else self.result

    def returned(self, machine: Machine, state: State, value: Value) -> None:
        self.returns.append(value)


def machine_of(
    *words: int, watcher: Calls | None = None, data: bytes = b"", **relocated: Import | Address
) -> Arm64:
    """The machine over *words*; *relocated* are words of the data, by ``at`` and their hexadecimal offset."""
    code = b"".join(word.to_bytes(4, "little") for word in words)
    places = {DATA + int(name.removeprefix("at"), 16): word for name, word in relocated.items()}
    image = FlatImage(code, BASE, places, data=data.ljust(0x400, b"\0"), data_base=DATA, arch="arm64")
    return Arm64(image, watcher or Calls())


def after(*words: int, data: bytes = b"", flags: object = None, **registers: Value) -> State:
    """The state after *words*, started with *registers*: ``x0``, ``sp``."""
    machine = machine_of(*words, data=data)
    state = machine.start(BASE)
    state.flags = flags
    for name, value in registers.items():
        state.registers[31 if name == "sp" else int(name[1:])] = value
    for _ in words:
        assert machine.step(state) is None
    return state


def one(word: int, **registers: Value) -> Step | int:
    """Where one branch at `BASE` goes: an address, a fork, or the end."""
    machine = machine_of(word, *[0xD503201F] * 16)
    state = machine.start(BASE)
    for name, value in registers.items():
        state.registers[int(name[1:])] = value
    outcome = machine.step(state)
    return state.ip if outcome is None else outcome
