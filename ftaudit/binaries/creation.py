"""What a ``Py_mod_create`` function returns: a module, another object, either, or what cannot be told.

The interpreter looks at the type of that object, and enables the GIL for one that is no module, whatever the
``Py_mod_gil`` slot says (``Python/import.c``, ``_PyImport_CheckGILForModule``).
"""

from __future__ import annotations

from collections.abc import Sequence

from ftaudit.binaries.calls import is_another_object, is_module, library
from ftaudit.binaries.image import Image
from ftaudit.binaries.machine import End, Machine, State
from ftaudit.binaries.memory import Value

MAX_STEPS = 3000

MODULE_ONLY = frozenset({"Cython", "pybind11"})
"""Generators whose ``Py_mod_create`` function is always the same, and returns a module object: Cython's
``Utility/ModuleSetupCode.c``, section ``ModuleCreationPEP489``; ``cached_create_module`` in pybind11's
``pybind11.h``."""
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
    """What the function at the address *function* (0: not known) returns, in code that *generator* made.

    ``module`` or ``other``: an object that is one, or is none, on all paths; ``either``: both are seen;
    ``perhaps-module``: a module on some paths, an object of which nothing is known on others; ``unknown``.
    """
    if generator in MODULE_ONLY:
        return "module"
    if machine is None or not image.executable(function):
        return UNKNOWN
    watcher = _Returned()
    machine(image, watcher, max_steps=MAX_STEPS).run(function)
    values = watcher.values - {0}
    modules, others = any(map(is_module, values)), any(map(is_another_object, values))
    if modules and others:
        return "either"
    if modules:
        return "module" if all(map(is_module, values)) else "perhaps-module"
    return "other" if values and all(map(is_another_object, values)) else UNKNOWN
