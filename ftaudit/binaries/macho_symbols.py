"""The symbol table of a Mach-O file (``LC_SYMTAB``) and its indirect symbols (``LC_DYSYMTAB``).

The layouts are those of ``EXTERNAL_HEADERS/mach-o/nlist.h`` and ``loader.h`` in
https://github.com/apple-oss-distributions/xnu .
"""

from __future__ import annotations

from struct import Struct
from typing import NamedTuple

from ftaudit.binaries.image import BadBinaryError
from ftaudit.binaries.view import MAX_NAMES, MAX_SYMBOL_NAME, View

MAX_SYMBOLS = 1 << 22
"""Symbols; the largest libraries have some hundred thousand."""

_SYMBOL = Struct("<IBBHQ")
_NAME_TYPE_VALUE = Struct("<IB3xQ")
_U32 = Struct("<I")
_STEP = 1 << 15
_TYPE_AT = 4
_UNDEFINED_EXTERNAL, _DEFINED_EXTERNAL = 0x01, 0x0F
"""``N_UNDF | N_EXT`` and ``N_SECT | N_EXT``, without ``N_PEXT`` and debugging entries."""
SECTION_TYPE, LAZY_POINTERS = 0xFF, 7
"""Of a section's ``flags`` the bits of its type, and ``S_LAZY_SYMBOL_POINTERS``."""
_TYPE, _STUBS, _POINTERS = 0x0E, 8, (6, LAZY_POINTERS)
_NO_SYMBOL = 0xC0000000
"""``INDIRECT_SYMBOL_LOCAL`` and ``…_ABS``."""


class Section(NamedTuple):
    """A section whose words or stubs stand for the indirect symbols from *first* on."""

    address: int
    size: int
    kind: int
    first: int
    stub_size: int


class Symbols:
    """The symbols of a file and the sections that stand for some of them."""

    def __init__(self, entries: View, names: View, indirect: View | None, sections: list[Section]) -> None:
        if entries.size > MAX_SYMBOLS * _SYMBOL.size:
            raise BadBinaryError(f"symbol table: more than {MAX_SYMBOLS} symbols")
        self._entries = entries
        self._names = names
        self._indirect = indirect
        self._sections = [found for found in sections if found.kind & SECTION_TYPE in (_STUBS, *_POINTERS)]

    def undefined(self) -> list[bytes]:
        """The names of all symbols that come from other libraries."""
        return self._names.strings([name for name, _, _ in self._of_type(_UNDEFINED_EXTERNAL)])

    def exported(self) -> dict[bytes, int]:
        """All symbols that others can use, and their addresses."""
        found = self._of_type(_DEFINED_EXTERNAL)
        names = self._names.strings([name for name, _, _ in found])
        return {name: address for name, (_, _, address) in zip(names, found, strict=True)}

    def _of_type(self, wanted: int) -> list[tuple[int, int, int]]:
        """Where its name stands, the type and the value, for each symbol of a type, which is one byte.

        Linkers write the symbols of one type in a row: its ends are found at once. Beyond `MAX_NAMES`, which
        `View.strings` refuses, it stops.
        """
        size, found = _SYMBOL.size, list[tuple[int, int, int]]()
        for first in range(0, self._entries.size, _STEP * size):
            content = self._entries.take(first, min(_STEP * size, self._entries.size - first))
            types = content[_TYPE_AT::size]
            begin, end = types.find(wanted), types.rfind(wanted) + 1
            if begin >= 0 and len(found) <= MAX_NAMES:
                row = _NAME_TYPE_VALUE.iter_unpack(content[begin * size : end * size])
                found += [symbol for symbol in row if symbol[1] == wanted]
        return found

    def stub(self, address: int) -> bytes | None:
        """The name of the import that the stub at *address* jumps to."""
        return self._indirect_at(address, (_STUBS,))

    def pointer(self, address: int) -> bytes | None:
        """The name of the import whose address dyld writes to *address*."""
        return self._indirect_at(address, _POINTERS)

    def _indirect_at(self, address: int, kinds: tuple[int, ...]) -> bytes | None:
        for found in self._sections:
            kind = found.kind & SECTION_TYPE
            size = found.stub_size if kind == _STUBS else 8
            if kind in kinds and size and found.address <= address < found.address + found.size:
                index, rest = divmod(address - found.address, size)
                return None if rest else self._indirect_name(found.first + index)
        return None

    def _indirect_name(self, index: int) -> bytes | None:
        if self._indirect is None:
            return None
        number: int = self._indirect.unpack(_U32, index * 4)[0]
        if number & _NO_SYMBOL:
            return None
        name, kind, _, _, _ = self._entries.unpack(_SYMBOL, number * _SYMBOL.size)
        return None if kind & _TYPE else self._names.string(name, MAX_SYMBOL_NAME)
