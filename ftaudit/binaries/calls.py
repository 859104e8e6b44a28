"""What followed code sees of the interpreter and the C library, and what a run of it is watched for.

Import can only finish if these calls succeed, so they are taken to succeed: what is asked is what a module
declares when it is imported, not whether it can be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ftaudit.binaries.definition import Answer, WrittenView, read_definition, read_exported
from ftaudit.binaries.image import HOOKS, Image, Import
from ftaudit.binaries.machine import End, Machine, State
from ftaudit.binaries.memory import HEAP, MASK, WORD, Memory, Opaque, Value
from ftaudit.model.binary import Declaration

_MODULE = "module"
MODULE_MAKERS = frozenset(
    {
        "PyModule_Create2", "PyModule_Create2TraceRefs", "PyModule_FromDefAndSpec2", "PyModule_New",
        "PyModule_NewObject", "PyModule_FromSlotsAndSpec", "PyImport_AddModule", "PyImport_AddModuleRef",
    }
)  # fmt: skip
SINGLE_PHASE = frozenset({"PyModule_Create2", "PyModule_Create2TraceRefs"})
SET_GIL = "PyUnstable_Module_SetGIL"
MULTI_PHASE = "PyModuleDef_Init"
FROM_DEFINITION = "PyModule_FromDefAndSpec2"
TELLING = frozenset({SET_GIL, MULTI_PHASE, FROM_DEFINITION})

_MALLOC = frozenset(
    {"malloc", "_Znwm", "_Znam", "??2@YAPEAX_K@Z", "PyMem_Malloc", "PyObject_Malloc", "PyMem_RawMalloc"}
)
_CALLOC = frozenset({"calloc", "PyMem_Calloc", "PyObject_Calloc", "PyMem_RawCalloc", "_calloc_base"})
_RETURNS = dict.fromkeys(
    (
        "PyErr_Occurred", "PyGILState_Ensure", "PyType_Ready", "PyModule_AddObject", "PyModule_AddObjectRef",
        "PyModule_AddIntConstant", "PyModule_AddStringConstant", "PyModule_AddFunctions", "PyModule_Add",
        "PyModule_AddType", "PyState_AddModule", "PyDict_SetItemString", "PyErr_WarnEx",
        # These always return NULL: https://docs.python.org/3/c-api/exceptions.html
        "PyErr_Format", "PyErr_FormatV", "PyErr_NoMemory", "PyErr_SetFromErrno", "PyErr_SetImportError",
    ),
    0,
) | {"__cxa_guard_acquire": 1}  # fmt: skip
_PLAIN_OBJECTS = frozenset(
    {
        "PyErr_NewException", "PyErr_NewExceptionWithDoc", "PyUnicode_FromString", "PyDict_New", "PyList_New",
        "PyUnicode_InternFromString", "PyModule_GetDict", "PyLong_FromLong", "PyTuple_New", "PyCapsule_New",
        "PyType_FromSpec", "PyType_FromModuleAndSpec",
    }
)  # fmt: skip
"""What makes objects of a known type, which is not a module's."""
_POINTERS = frozenset(
    {
        "PyImport_ImportModule", "PyObject_GetAttrString", "PyThreadState_Get", "PyEval_SaveThread",
        "PyInterpreterState_Get",
    }
)  # fmt: skip
"""What returns something that is not NULL, and may be anything."""
_MAX_COPY = 1024
_MAX_TEXT = 4000
_PYTHON = ("Py", "_Py")
_POINTED = 4
_WRITTEN = 48
"""Bytes behind each of the first pointers that a function gets of which nothing is known. It may write there,
or anywhere: objects of C++'s library are not larger."""
_ONLY_READ = frozenset(
    {
        "free", "_ZdlPv", "_ZdlPvm", "_ZdaPv", "??3@YAXPEAX@Z", "??3@YAXPEAX_K@Z", "__tls_get_addr", "getenv",
        "_tlv_bootstrap", "_tlv_atexit", "__error", "__errno_location", "memcmp", "bcmp", "memchr", "strcmp",
        "strncmp", "strchr", "strrchr", "strstr", "__cxa_atexit", "__cxa_thread_atexit_impl",
        "__cxa_guard_release", "write", "puts", "atexit",
    }
)  # fmt: skip
_STEPS_AFTER_SET_GIL = 3000


def library(machine: Machine, state: State, name: str, arguments: Sequence[Value]) -> Value:
    """What the function *name* of the interpreter or the C library returns, its effect on memory done."""
    if name in MODULE_MAKERS:
        return _new_module(state)
    if name in _RETURNS:
        return _RETURNS[name]
    if name in _PLAIN_OBJECTS or name in _POINTERS:
        return Opaque(name)
    if name in _MALLOC:
        return machine.heap.allocate()
    if name in _CALLOC:
        return machine.heap.allocate(zeroed=True)
    if name in ("memcpy", "memmove", "__memcpy_chk"):
        return _copy(state, arguments[0], arguments[1], arguments[2])
    if name == "memset":
        return _fill(state, arguments[0], arguments[1], arguments[2])
    if name == "strlen":
        text = machine.image.cstring(arguments[0], _MAX_TEXT) if isinstance(arguments[0], int) else None
        return None if text is None else len(text)
    if not name.startswith(_PYTHON) and name not in _ONLY_READ:
        for argument in arguments[:_POINTED]:
            _lose(state, argument)
    return None


def _lose(state: State, place: Value) -> None:
    """What lies at *place* may have been written to."""
    if isinstance(place, int):
        for offset in range(0, _WRITTEN, WORD):
            state.memory.store(place + offset, WORD, None)


def _new_module(state: State) -> Opaque:
    """A module object that this path has not seen before."""
    state.notes["modules"] = made = _count(state) + 1
    return Opaque(_MODULE, made)


def _count(state: State) -> int:
    made = state.notes.get("modules", 0)
    return made if isinstance(made, int) else 0


def is_module(value: Value) -> bool:
    """Whether *value* is certainly a module object."""
    return isinstance(value, Opaque) and value.what == _MODULE


def is_another_object(value: Value) -> bool:
    """Whether *value* is certainly an object, and no module: what other libraries hold are no modules
    (``Py_None``)."""
    return isinstance(value, Import) or (isinstance(value, Opaque) and value.what in _PLAIN_OBJECTS)


def _copy(state: State, to: Value, source: Value, size: Value) -> Value:
    if not isinstance(size, int) or size > _MAX_COPY:
        state.memory.forget(to, size if isinstance(size, int) else None)
        return to
    if not isinstance(to, int):
        return to
    pieces, done = [], 0
    while done < size:
        width = WORD if size - done >= WORD else 4 if size - done >= 4 else 1
        found = state.memory.load(source + done, width) if isinstance(source, int) else None
        pieces.append((done, width, found))
        done += width
    for offset, width, value in pieces:
        state.memory.store(to + offset, width, value)
    return to


def _fill(state: State, to: Value, byte: Value, size: Value) -> Value:
    if not isinstance(size, int) or size > _MAX_COPY:
        state.memory.forget(to, size if isinstance(size, int) else None)
        return to
    if not isinstance(to, int):
        return to
    word = (byte & 255) * 0x0101010101010101 & MASK if isinstance(byte, int) else None
    for offset in range(0, size & ~7, WORD):
        state.memory.store(to + offset, WORD, word)
    for offset in range(size & ~7, size):
        state.memory.store(to + offset, 1, word & 255 if word is not None else None)
    return to


@dataclass(slots=True)
class HookWatcher:
    """Watches a run from a hook of the module *module* (None where its name cannot be compared).

    ``exported`` tells that it is a ``PyModExport_*``; ``can_tell`` that the file takes something from the
    interpreter that says what the module declares, `TELLING`.

    ``initialised`` are the definitions that were given to ``PyModuleDef_Init``, returned or not, as memory
    was then and their addresses: `given` reads them, which is not needed for most. ``ends`` are, for each
    path that returned the module that it made, the argument of the last ``PyUnstable_Module_SetGIL`` on it:
    0, 1, None for a value that is not known, or ``silent``; ``likely_ends`` the same for paths of which it is
    not known what they returned.
    ``returned_other`` tells of a path that returned neither NULL nor what was looked for, perhaps unknown,
    ``returned_another_object`` of one that certainly returned something else than the module it made.
    """

    image: Image
    module: str | None
    exported: bool
    can_tell: bool = True
    definitions: list[Answer] = field(default_factory=list)
    initialised: list[tuple[Memory, Value]] = field(default_factory=list)
    exports: list[Answer] = field(default_factory=list)
    created: int = 0
    set_gil: list[int | None] = field(default_factory=list)
    ends: set[Value | str] = field(default_factory=set)
    likely_ends: set[Value | str] = field(default_factory=set)
    returned_null: bool = False
    returned_other: bool = False
    returned_another_object: bool = False
    called_anything: bool = False
    imported: set[bytes] = field(default_factory=set)
    delegate: str = ""

    def called(self, machine: Machine, state: State, name: str, arguments: Sequence[Value]) -> Value | End:
        """Keeps what matters of a call, and says what it returns."""
        self.called_anything = True
        if name == MULTI_PHASE:
            self.initialised.append((state.memory.copy(), arguments[0]))
            return arguments[0] if isinstance(arguments[0], int) else Opaque(MULTI_PHASE)
        if name == FROM_DEFINITION:
            return self._from_definition(state, arguments[0])
        if name in SINGLE_PHASE:
            self.created += 1
            state.notes["created"] = 1
            if not self.can_tell:
                machine.stop()  # nothing that follows can change what it declares
            return _new_module(state)
        if name == SET_GIL:
            self._set_gil(machine, state, arguments[0], arguments[1])
            return 0
        if name == "PyImport_ImportModule" and isinstance(arguments[0], int):
            self.imported.add(self.image.cstring(arguments[0]) or b"")
        if not state.frames and any(hook in name for hook in HOOKS):
            self.delegate = name
            return None
        return library(machine, state, name, arguments)

    def _from_definition(self, state: State, definition: Value) -> Opaque:
        """A module of which the definition's slots say at once what ``PyUnstable_Module_SetGIL`` would."""
        made = _new_module(state)
        declared = self._definition(state.memory, definition).declaration
        value = None if declared is Declaration.UNKNOWN else int(declared is Declaration.NOT_USED)
        self.created += 1
        self.set_gil.append(value)
        state.notes["created"] = 1
        state.notes[f"gil of {made}"] = value
        return made

    def _set_gil(self, machine: Machine, state: State, module: Value, value: Value) -> None:
        known = value & 0xFFFFFFFF if isinstance(value, int) else None
        self.set_gil.append(known)
        if isinstance(module, Opaque) or _count(state) != 1:
            state.notes[f"gil of {module}"] = known
        else:  # kept somewhere in between; there is only one that it can be
            state.notes[f"gil of {Opaque(_MODULE, 1)}"] = known
        if known is not None:
            machine.max_steps = min(machine.max_steps, machine.steps + _STEPS_AFTER_SET_GIL)

    def returned(self, machine: Machine, state: State, value: Value) -> None:
        """Keeps what the hook returned on this path."""
        if value == 0:
            self.returned_null = True
        elif self.exported:
            if isinstance(value, int):
                self.exports.append(read_exported(WrittenView(self.image, state.memory), value))
            else:
                self.returned_other = True
        elif value == Opaque(MULTI_PHASE) or self._is_address(value):
            self.definitions.append(self._definition(state.memory, value))
        elif state.notes.get("created"):
            self._returned_after_creation(state, value)
        else:
            self.returned_other = True

    def _is_address(self, value: Value) -> bool:
        return isinstance(value, int) and (value >= HEAP or self.image.segment(value) is not None)

    def _returned_after_creation(self, state: State, value: Value) -> None:
        if is_module(value):
            unclear = "gil of None" in state.notes
            self.ends.add(state.notes.get(f"gil of {value}", None if unclear else "silent"))
        elif value is None and _count(state) == 1:  # lost in between, as in `_set_gil`, or another's NULL
            self.returned_other = True
            self.likely_ends.add(state.notes.get(f"gil of {Opaque(_MODULE, 1)}", "silent"))
        elif value is None:
            self.ends.add(None)  # one of several modules, who knows which
        else:
            self.returned_other = True
            self.returned_another_object |= is_another_object(value)

    def given(self) -> list[Answer]:
        """What the `initialised` definitions say."""
        return [self._definition(memory, address) for memory, address in self.initialised]

    def _definition(self, memory: Memory, address: Value) -> Answer:
        if not isinstance(address, int):
            why = "the address of its definition is not known"
            return Answer(Declaration.UNKNOWN, "unreadable-definition", why)
        return read_definition(WrittenView(self.image, memory), address, self.module)
