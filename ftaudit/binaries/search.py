"""The definition found without following any code: the module's own name, and what points to it.

It needs no instruction set and shares nothing with the execution but the layouts: the second opinion on every
module, and the only one on processors whose code is not followed.
"""

from __future__ import annotations

from collections.abc import Iterator

from ftaudit.binaries.definition import (
    KNOWN_IDS,
    NAME,
    Answer,
    FileView,
    Layout,
    judged,
    plausible_size,
    read_slots,
)
from ftaudit.binaries.image import HOOKS, Image, Import
from ftaudit.model.binary import Declaration

MAX_NAMES = 400
"""Places of a name in the file that are looked at; short names lie about in longer ones."""
MAX_CODE = 4 * 1024 * 1024
"""Bytes of an executable segment that is searched too."""
MAX_POINTERS = 64
"""Pointers to one place that are looked at."""
MAX_BEFORE = 16
"""Slots before the one with the name; CPython knows fewer kinds than that."""
SLOT = 16
_HOOKS = tuple(hook.encode() for hook in HOOKS)
_LONGEST_HOOK = max(map(len, HOOKS))
NAME_SLOT = 100


def by_name(image: Image, module: str, *, exported: bool) -> frozenset[Answer]:
    """What the definitions called *module* say: of ``PySlot`` arrays where *exported* (PEP 793), else of
    ``PyModuleDef``. Only answers that were read to the end."""
    view = FileView(image)
    read = _exported_at if exported else _defined_at
    return frozenset(
        answer
        for name in _names(image, module.encode())
        for pointer in _some(image.pointers_to(name), MAX_POINTERS)
        for answer in read(view, pointer)
        if answer.declaration is not Declaration.UNKNOWN
    )


def _names(image: Image, name: bytes) -> Iterator[int]:
    """The addresses of strings that are *name* or a dotted name that ends in it."""
    left = MAX_NAMES
    for segment in image.own_segments():
        # Linkers that keep constants apart from code leave none in a large executable segment.
        if segment.executable and segment.file_size > MAX_CODE:
            continue
        start, end = segment.offset, segment.offset + segment.file_size
        at = start - 1
        while left and (at := image.find(name + b"\0", at + 1, end)) >= 0:
            left -= 1
            if bytes(image.data[max(start, at - _LONGEST_HOOK) : at]).endswith(_HOOKS):
                continue  # the hook's own name in the table of symbols: nothing points there
            yield segment.address + at - start
            dotted = _dotted(image, start, at)
            if dotted is not None:
                yield segment.address + dotted - start


def _dotted(image: Image, start: int, at: int) -> int | None:
    """Where the dotted name begins of which the last part lies at *at*; None where there is none."""
    if at <= start or image.data[at - 1] != ord("."):
        return None
    before = bytes(image.data[max(start, at - 256) : at])
    first = before.rfind(b"\0") + 1
    return at - len(before) + first if NAME.fullmatch(before[first:]) else None


def _some(addresses: Iterator[int], most: int) -> Iterator[int]:
    return (address for address, _ in zip(addresses, range(most), strict=False))


def _defined_at(view: FileView, pointer: int) -> Iterator[Answer]:
    """The definition whose ``m_name`` is the word at *pointer*, if all of it is sane.

    From the name on both builds' layouts are the same. Two words before ``m_base`` stands a static
    reference count in a GIL build, and the shared count, which is 0, in a free-threaded one.
    """
    image, word = view.image, view.image.pointer_size
    base = image.read(pointer - 3 * word, 3 * word)
    if base is None or any(base):
        return
    layout = Layout.of(word, free_threaded=not image.number(pointer - 5 * word, word))
    at = pointer - layout.name
    if not plausible_size(image.number(at + layout.size, word), image):
        return
    data = (layout.name + word, layout.methods, layout.slots)
    code = range(layout.traverse, layout.end, word)
    if any(view.pointer(at + offset) is None for offset in data):
        return
    slots = view.pointer(at + layout.slots)
    if isinstance(slots, int) and slots and all(_function(view, at + offset) for offset in code):
        found = read_slots(view, slots, modern=False)
        if found.complete and found.entries:
            yield judged(found, "free-threaded" if layout.free_threaded else "gil")


def _function(view: FileView, address: int) -> bool:
    """Whether a pointer to a function may stand there: NULL, an import, or code."""
    found = view.pointer(address)
    if isinstance(found, Import) or found == 0:
        return True
    # A function of this ABI is a descriptor in the data: https://refspecs.linuxfoundation.org/ELF/ppc64/
    return found is not None and (view.image.arch == "ppc64" or view.image.executable(found))


def _exported_at(view: FileView, pointer: int) -> Iterator[Answer]:
    """The slot array in which the word at *pointer* is the value of the name's slot."""
    image, first = view.image, pointer - 8
    if image.number(first, 2) != NAME_SLOT:
        return
    for _ in range(MAX_BEFORE):
        if image.number(first - SLOT, 2) not in KNOWN_IDS or image.number(first - SLOT + 4, 4) != 0:
            break
        first -= SLOT
    found = read_slots(view, first, modern=True)
    if found.complete:
        yield judged(found, "")
