"""What a ``Py_mod_create`` function returns: a module, another object, or what cannot be told.

The interpreter looks at the type of that object, and enables the GIL for one that is no module, whatever the
``Py_mod_gil`` slot says (``Python/import.c``, ``_PyImport_CheckGILForModule``).
"""

from __future__ import annotations

from collections.abc import Sequence

from ftaudit.binaries.calls import MODULE, library
from ftaudit.binaries.image import Image
from ftaudit.binaries.machine import End, Machine, State
from ftaudit.binaries.memory import Opaque, Value

MAX_STEPS = 3000

MODULE_ONLY = frozenset({"Cython"})
"""Generators whose ``Py_mod_create`` function is always the same, and returns a new module object:
Cython's ``Utility/ModuleSetupCode.c``, section ``ModuleCreationPEP489``."""
UNKNOWN = "unknown"


class _Returned:
    """Keeps what the paths returned."""

    def __init__(self) -> None:
        self.values: set[Value] = set()

    def called(self, machine: Machine, state: State, name: str, arguments: Sequence[Value]) -> Value | End:
        return library(machine, state, name, arguments)

    def returned(self, machine: Machine, state: State, value: Value) -> None:
        self.values.add(value)


def returns(image: Image, machine: type[Machine] | None, function: int, generator: str = "") -> str:
    """``module``, ``other`` or ``unknown`` for the function at the address *function* (0: not known) in code
    that *generator* made."""
    if generator in MODULE_ONLY:
        return "module"
    if machine is None or not image.executable(function):
        return UNKNOWN
    watcher = _Returned()
    machine(image, watcher, max_steps=MAX_STEPS).run(function)
    values = watcher.values - {0}
    if values == {MODULE}:
        return "module"
    if values and all(isinstance(value, Opaque) and value != MODULE for value in values):
        return "other"
    return UNKNOWN
