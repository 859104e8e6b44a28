"""Module definitions and their slot arrays: where they lie in memory, and what they say of the GIL.

Layouts: CPython's ``Include/object.h`` and ``Include/moduleobject.h`` (``PyModuleDef``,
``PyModuleDef_Slot``), and from 3.15 on ``Include/slots.h`` (``PySlot``, PEP 820) with the ids of
``Include/slots_generated.h``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple, Protocol

from ftaudit.binaries.image import Address, Image, Import
from ftaudit.binaries.memory import HEAP, WORD, Low32, Memory
from ftaudit.model.binary import Declaration

CREATE = frozenset({1, 84})
GIL = frozenset({4, 87})
"""``Py_mod_gil``: 4 with the headers of 3.13 and 3.14, 87 with those of 3.15, in old definitions too."""
SUBSLOTS, LEGACY_SLOTS = 92, 94
"""Slots that hold another array: of ``PySlot`` and of ``PyModuleDef_Slot``."""
KNOWN_IDS = frozenset({1, 2, 3, 4, 84, 85, 86, 87, SUBSLOTS, LEGACY_SLOTS, *range(100, 107), 109, 110})
"""create, exec, multiple_interpreters, gil in both numberings; name, doc, state_size, methods, traverse,
clear, free, abi and token of PEP 793."""
MAX_SLOTS = 64
MAX_NESTING = 5
"""CPython's own limit (``Python/slots.c``)."""
MAX_STATE_SIZE = 1 << 24
"""Bytes: no module asks for a larger ``m_size``; a larger number means that this is no definition."""
_WORDS, _POINTERS = (int, Import), (Address, Import)
NAME = re.compile(rb"[A-Za-z0-9_][A-Za-z0-9_.\x80-\xff]*")


class View(Protocol):
    """Memory as definitions are read from it: of the file alone, or with what followed code has written."""

    @property
    def image(self) -> Image:
        """What the file holds, and how wide its pointers are."""

    def pointer(self, address: int) -> int | Import | None:
        """The pointer there: an address, 0 for NULL, an import, or None for none of these."""

    def value(self, address: int) -> int | Import | None:
        """The word there, whatever it is."""

    def number(self, address: int, size: int) -> int | None:
        """The number of *size* bytes there."""


@dataclass(frozen=True, slots=True)
class FileView:
    """The file as the dynamic linker leaves it."""

    image: Image

    def pointer(self, address: int) -> int | Import | None:
        found = self.image.word(address)
        return found if isinstance(found, _POINTERS) or found == 0 else None

    def value(self, address: int) -> int | Import | None:
        return self.image.word(address)

    def number(self, address: int, size: int) -> int | None:
        return self.image.number(address, size)


@dataclass(frozen=True, slots=True)
class WrittenView:
    """The image with what one followed path has written over it."""

    image: Image
    memory: Memory

    def pointer(self, address: int) -> int | Import | None:
        found = self.value(address)
        if isinstance(found, int) and found and found < HEAP and self.image.segment(found) is None:
            return None
        return found

    def value(self, address: int) -> int | Import | None:
        found = self.memory.load(address, WORD)
        return found if isinstance(found, _WORDS) else None

    def number(self, address: int, size: int) -> int | None:
        found = self.memory.load(address, size)
        if found is None and size == 4:
            # A slot that was copied as two words has its id in the low half of the first.
            found = self.memory.load(address, WORD)
            found = found & 0xFFFFFFFF if isinstance(found, int) else found
        if isinstance(found, Low32):
            found = found.value
        return found if isinstance(found, int) else None


@dataclass(frozen=True, slots=True)
class Layout:
    """Offsets in a ``PyModuleDef``, in bytes, and its whole size."""

    free_threaded: bool
    name: int
    size: int
    methods: int
    slots: int
    traverse: int
    end: int

    @classmethod
    @cache
    def of(cls, pointer_size: int, *, free_threaded: bool) -> Layout:
        """The layout for a build. The free-threaded header has 32 bytes, 20 on 32-bit."""
        word = pointer_size
        header = (32 if word == 8 else 20) if free_threaded else 2 * word
        name = header + 3 * word  # m_base: m_init, m_index, m_copy
        return cls(
            free_threaded=free_threaded,
            name=name,
            size=name + 2 * word,
            methods=name + 3 * word,
            slots=name + 4 * word,
            traverse=name + 5 * word,
            end=name + 8 * word,
        )


class Slot(NamedTuple):
    """An entry of a slot array; ``value`` is None where it is not known."""

    id: int
    value: int | Import | None


@dataclass(frozen=True, slots=True)
class Slots:
    """A slot array as far as it could be read. ``complete``: up to its end. ``blank``: it is all zeros, which
    an array is that is still to be filled in."""

    entries: tuple[Slot, ...] = ()
    complete: bool = False
    blank: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What a definition says. ``reason`` is a slug where that is unknown, ``why`` the sentence."""

    declaration: Declaration
    reason: str = ""
    why: str = ""
    layout: str = ""
    slots: tuple[int, ...] = ()
    create: int | None = None
    """The address of a ``Py_mod_create`` function; 0 where it is not known."""


def read_definition(view: View, address: int, module: str | None) -> Answer:
    """What the ``PyModuleDef`` at *address* says; *module* is the name that it should have, if known."""
    layout = _layout(view, address, module)
    if layout is None:
        return Answer(Declaration.UNKNOWN, "unreadable-definition", "the definition could not be read")
    built_for = "free-threaded" if layout.free_threaded else "gil"
    slots = view.pointer(address + layout.slots)
    if slots == 0:
        return Answer(Declaration.ABSENT, why="it has no slots", layout=built_for)
    if not isinstance(slots, int):
        return Answer(Declaration.UNKNOWN, "unreadable-slots", "its slots are not known", layout=built_for)
    return judged(read_slots(view, slots, modern=False), built_for)


def read_exported(view: View, address: int) -> Answer:
    """What the ``PySlot`` array at *address*, which a ``PyModExport_*`` hook returned, says."""
    return judged(read_slots(view, address, modern=True), "")


def judged(slots: Slots, layout: str) -> Answer:
    """What *slots* say of the GIL (``Objects/moduleobject.c``: the default is "used")."""
    ids = tuple(slot.id for slot in slots.entries)
    given = [slot.value for slot in slots.entries if slot.id in GIL]
    create = next((_code(slot.value) for slot in slots.entries if slot.id in CREATE), None)
    declaration, reason, why = _declared(given, slots)
    return Answer(declaration, reason, why, layout, ids, create)


def _code(value: int | Import | None) -> int:
    return value if isinstance(value, int) else 0


def _declared(given: list[int | Import | None], slots: Slots) -> tuple[Declaration, str, str]:
    if len(given) > 1:
        return Declaration.UNKNOWN, "duplicate-slot", "two Py_mod_gil slots: the interpreter refuses that"
    if given:
        if given[0] == 1:
            return Declaration.NOT_USED, "", ""
        if given[0] == 0:
            return Declaration.USED, "", ""
        why = "the value of its Py_mod_gil slot is decided at run time"
        return Declaration.UNKNOWN, "decided-at-run-time", why
    if slots.blank:
        return Declaration.UNKNOWN, "blank-slots", "its slots are filled in at run time"
    if not slots.complete:
        return Declaration.UNKNOWN, "unreadable-slots", "its slots could not be read to the end"
    return Declaration.ABSENT, "", ""


def read_slots(view: View, address: int, *, modern: bool, depth: int = 0) -> Slots:
    """The array at *address*: of ``PySlot`` where *modern*, else of ``PyModuleDef_Slot``; nested ones too."""
    pointer_size = view.image.pointer_size
    step = 16 if modern or pointer_size == 8 else 8
    entries: list[Slot] = []
    for number in range(MAX_SLOTS if depth <= MAX_NESTING else 0):
        at = address + number * step
        slot_id = view.number(at, 2 if modern else 4)
        if slot_id == 0:
            blank = not number and not depth and view.image.read(at, 16) in (None, bytes(16))
            return Slots(tuple(entries), complete=not blank, blank=blank)
        if slot_id is None or slot_id not in KNOWN_IDS:
            break
        value_at = at + step // 2
        if slot_id not in (SUBSLOTS, LEGACY_SLOTS):
            entries.append(Slot(slot_id, view.value(value_at)))
            continue
        nested = view.pointer(value_at)
        if nested == 0:
            continue
        inner = Slots()
        if isinstance(nested, int):
            inner = read_slots(view, nested, modern=slot_id == SUBSLOTS, depth=depth + 1)
        entries += inner.entries
        if not inner.complete:
            break
    return Slots(tuple(entries))


def _layout(view: View, address: int, module: str | None) -> Layout | None:
    """The build whose layout makes sense there: the one where ``m_name`` points to a name."""
    best, best_score = None, 0
    most = 2 if module is None else 4
    for free_threaded in (True, False):
        if best_score == most:
            break
        layout = Layout.of(view.image.pointer_size, free_threaded=free_threaded)
        name = _name(view, address + layout.name)
        if name is None:
            continue
        score = 1 + 2 * (module is not None and name.rpartition(".")[2] == module)
        score += plausible_size(view.number(address + layout.size, view.image.pointer_size), view.image)
        if score > best_score:
            best, best_score = layout, score
    return best


def _name(view: View, address: int) -> str | None:
    found = view.pointer(address)
    if not isinstance(found, int) or found == 0:
        return None
    text = view.image.cstring(found)
    return text.decode("utf-8", "replace") if text and NAME.fullmatch(text) else None


def plausible_size(size: int | None, image: Image) -> bool:
    """Whether *size* can be an ``m_size``: -1, or not absurdly large."""
    return size is not None and (size < MAX_STATE_SIZE or size == (1 << image.bits) - 1)
