"""Calls found by reading straight through a function, without following how it gets there.

The last resort for initialisation functions that make thousands of calls before the one that matters (f2py).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from ftaudit.binaries.calls import SET_GIL
from ftaudit.binaries.image import Image
from ftaudit.binaries.machine import END, End, Machine, State
from ftaudit.binaries.memory import Value

MAX_BYTES = 400_000
MAX_INSTRUCTIONS = 150_000
UNKNOWN_SIZE = 200_000
"""Bytes that are read where the format does not give the size of a function."""
BEFORE = 12
"""Instructions before a call among which its argument is looked for."""


class _Argument:
    """Keeps the second argument of the call of `SET_GIL` that the address *after* comes after."""

    def __init__(self, after: int = 0) -> None:
        self._after = after
        self.value: int | None = None

    def called(self, machine: Machine, state: State, name: str, arguments: Sequence[Value]) -> Value | End:
        if name == SET_GIL and state.ip == self._after and isinstance(arguments[1], int):
            self.value = arguments[1] & 0xFFFFFFFF
        return END

    def returned(self, machine: Machine, state: State, value: Value) -> None:
        """Nothing: what is returned does not matter here."""


def set_gil_arguments(image: Image, machine: type[Machine], entry: int) -> frozenset[int]:
    """The arguments of the calls of ``PyUnstable_Module_SetGIL`` in the function at *entry*: 0 and 1, where
    all can be told; empty where there is none, or one of them cannot be."""
    reader = machine(image, _Argument())
    at, end = entry, entry + min(image.function_size(entry) or UNKNOWN_SIZE, MAX_BYTES)
    before: deque[int] = deque(maxlen=BEFORE)
    found: set[int] = set()
    for _ in range(MAX_INSTRUCTIONS):
        length, target = reader.call_at(at)
        if not length or at >= end:
            break
        before.append(at)
        if target == SET_GIL:
            value = _argument(image, machine, before, at + length)
            if value not in (0, 1):
                return frozenset()
            found.add(value)
        at += length
    return frozenset(found)


def _argument(image: Image, machine: type[Machine], before: Sequence[int], after: int) -> int | None:
    """What the call that ends at *after* is given: set by the nearest of the instructions *before* that
    tell."""
    for back in range(1, len(before) + 1):
        watcher = _Argument(after)
        machine(image, watcher).straight(before[-back], back + 2)
        if watcher.value is not None:
            return watcher.value
    return None
