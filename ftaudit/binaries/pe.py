"""PE32 and PE32+ files (Windows ``.pyd`` and ``.dll``): x86, x86-64 and Arm.

https://learn.microsoft.com/windows/win32/debug/pe-format . Arm64EC code lies in files that call themselves
x86-64; they are told by the hybrid metadata of the load configuration, and get a processor name of their own
(``arm64ec``). Arm64X files call themselves Arm64 and are read as such.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import repeat
from struct import Struct, unpack
from typing import NamedTuple

from ftaudit.binaries.image import Address, BadBinaryError, Buffer, Image, Import, Segment, Word
from ftaudit.binaries.view import (
    MAX_LIBRARIES,
    MAX_NAME_BYTES,
    MAX_NAMES,
    View,
    check_segments,
    is_hook,
    once,
    pointers_in_place,
    python_names,
)

MAX_EXPORTS = 1 << 16
"""Names in the export table: what they stand for is numbered with 16 bits."""
MAX_BLOCKS = 1 << 18
"""Pages with base relocations: a gigabyte of them."""

ARCHITECTURES = {
    0x8664: "x86_64",
    0xAA64: "arm64",
    0xA641: "arm64ec",
    0xA64E: "arm64",  # Arm64X
    0x14C: "i386",
    0x1C0: "arm",
    0x1C4: "arm",
}
"""By the ``Machine`` of the file header."""

_MAGICS = {0x10B: 32, 0x20B: 64}
_EXPORTS, _IMPORTS, _RELOCATIONS, _LOAD_CONFIG, _DELAY_IMPORTS = 0, 1, 5, 10, 13
_SECTION_EXECUTE = 0x20000000
_POINTER_RELOCATION = {32: 3, 64: 10}
"""``IMAGE_REL_BASED_HIGHLOW`` and ``…_DIR64``."""
_CHPE_METADATA = 0xC8
"""Where the 64-bit load configuration has the address of the hybrid metadata of Arm64EC."""
_PYTHON_LIBRARY = re.compile(rb"(lib)?python\d[\w.-]*\.dll", re.IGNORECASE)

_STEP = 1 << 11
"""Bytes of a list of imports that are read at a time."""
_U16, _U32, _U64, _PAIR = Struct("<H"), Struct("<I"), Struct("<Q"), Struct("<II")
_FILE_HEADER = Struct("<4sHHIIIHH")
_SECTION = Struct("<8sIIIIIIHHI")
_EXPORT_DIRECTORY = Struct("<20xIIIII")
_IMPORT_DESCRIPTOR = Struct("<IIIII")
_DELAY_DESCRIPTOR = Struct("<IIIIIIII")


class Library(NamedTuple):
    """A library that is imported: its name, where its names are listed, where their addresses will be."""

    name: bytes
    names: int
    addresses: int


class Pe(Image):
    """A dynamic-link library or program. Addresses are those of its preferred base."""

    format = "pe"
    big_endian = False

    def __init__(self, data: Buffer) -> None:
        super().__init__(data)
        self._file = View(data, 0, len(data), "PE file")
        header = self._file.unpack(_U32, 0x3C)[0]
        magic, machine, sections, _, _, _, optional_size, _ = self._file.unpack(_FILE_HEADER, header)
        if magic != b"PE\0\0":
            raise BadBinaryError("PE file: a DOS program, or cut short")
        optional = header + _FILE_HEADER.size
        self._directories = self._read_optional(optional)
        self._read_sections(optional + optional_size, sections)
        self.arch = ARCHITECTURES.get(machine, f"machine-{machine:#x}")
        if self.arch == "x86_64" and self._is_hybrid():
            self.arch = "arm64ec"
        self._libraries = tuple(self._read_libraries())
        self.needed = tuple(
            dict.fromkeys(found.name.decode("utf-8", "backslashreplace") for found in self._libraries)
        )
        self.hooks = dict(self._read_hooks())

    def _read_optional(self, optional: int) -> list[tuple[int, int]]:
        """Set `bits` and the base, and give the data directories: address below the base, and size."""
        magic = self._file.unpack(_U16, optional)[0]
        if magic not in _MAGICS:
            raise BadBinaryError(f"PE file: an optional header of an unknown kind ({magic:#x})")
        self.bits = _MAGICS[magic]
        wide = self.bits == 64
        self.base = self._file.unpack(_U64 if wide else _U32, optional + (24 if wide else 28))[0]
        self._alignment = max(self._file.unpack(_U32, optional + 32)[0], 1)
        table = optional + (112 if wide else 96)
        count = min(self._file.unpack(_U32, table - 4)[0], 16)
        found = [self._file.unpack(_PAIR, table + index * _PAIR.size) for index in range(count)]
        return [(address, size) for address, size in found] + [(0, 0)] * (16 - count)

    def _read_sections(self, table: int, count: int) -> None:
        """Fill `segments` as the loader maps them: whole pages, of which the file may have fewer bytes."""
        for index in range(count):
            _, size, address, raw_size, raw, _, _, _, _, flags = self._file.unpack(
                _SECTION, table + index * _SECTION.size
            )
            size = -(-(size or raw_size) // self._alignment) * self._alignment
            file_size = min(raw_size, size) if raw else 0
            executable = bool(flags & _SECTION_EXECUTE)
            self.segments.append(Segment(self.base + address, size, raw, file_size, executable))
        check_segments(self.segments, self.bits, len(self.data))

    def _is_hybrid(self) -> bool:
        """Whether the load configuration has metadata of Arm64EC."""
        address, _ = self._directories[_LOAD_CONFIG]
        size = self.number(self.base + address, 4) if address else None
        if self.bits == 32 or not size or size < _CHPE_METADATA + 8:
            return False
        return bool(self.number(self.base + address + _CHPE_METADATA, 8))

    def _at(self, address: int, what: str) -> View:
        """The bytes of the file from *address* (below the base) to the end of its section."""
        found = self.segment(self.base + address)
        start = 0 if found is None else self.base + address - found.address
        if found is None or start > found.file_size:
            raise BadBinaryError(f"{what}: not in the file")
        return View(self.data, found.offset + start, found.file_size - start, what)

    # -- what it exports --

    @once
    def _exports(self) -> dict[bytes, int | None]:
        """Every exported name; None for one that is forwarded to another library."""
        directory, size = self._directories[_EXPORTS]
        if not directory:
            return {}
        view = self._at(directory, "export table")
        functions, total, addresses, names, ordinals = view.unpack(_EXPORT_DIRECTORY, 0)
        if total > MAX_EXPORTS or functions > MAX_EXPORTS:
            raise BadBinaryError(f"export table: more than {MAX_EXPORTS} names")
        if not total:
            return {}
        starts = self._at(names, "export names").take(0, 4 * total)
        numbers = self._at(ordinals, "export ordinals").take(0, 2 * total)
        targets = self._at(addresses, "export addresses").take(0, 4 * functions)
        found: dict[bytes, int | None] = {}
        exported = self._names([start for (start,) in _U32.iter_unpack(starts)])
        for name, (number,) in zip(exported, _U16.iter_unpack(numbers), strict=True):
            if number >= functions:
                raise BadBinaryError("export table: names a function beyond its end")
            target = _U32.unpack_from(targets, 4 * number)[0]
            elsewhere = not target or directory <= target < directory + size
            found[name] = None if elsewhere else self.base + target
        return found

    def _name(self, address: int) -> bytes:
        return self._at(address, "names").string(0)

    def _names(self, addresses: list[int]) -> list[bytes]:
        """The names at *addresses* (below the base), which nearly always are in one section."""
        if not addresses:
            return []
        first, last = min(addresses), max(addresses)
        view = self._at(first, "names")
        if last - first < view.size:
            return view.strings([address - first for address in addresses])
        names: list[bytes] = []
        left = MAX_NAME_BYTES
        for address in addresses:
            names.append(self._name(address))
            left -= len(names[-1])
            if left < 0:
                raise BadBinaryError("names: more than any file has")
        return names

    def _read_hooks(self) -> Iterator[tuple[str, int]]:
        for name, address in self._exports.items():
            if not is_hook(name):
                continue
            if address is None:
                raise BadBinaryError(f"{name.decode('ascii', 'replace')} is forwarded to another library")
            yield name.decode("utf-8", "backslashreplace"), address

    def export(self, name: str) -> int | None:
        return self._exports.get(name.encode("utf-8", "surrogateescape"))

    # -- what it takes from others --

    def _read_libraries(self) -> Iterator[Library]:
        """The libraries that are loaded with it, and those that are loaded when they are first called."""
        for directory, descriptor in ((_IMPORTS, _IMPORT_DESCRIPTOR), (_DELAY_IMPORTS, _DELAY_DESCRIPTOR)):
            address = self._directories[directory][0]
            if not address:
                continue
            view = self._at(address, "import table")
            for index in range(MAX_LIBRARIES + 1):
                fields = view.unpack(descriptor, index * descriptor.size)
                if directory == _IMPORTS:
                    names, _, _, name, addresses = fields
                else:
                    attributes, name, _, addresses, names, *_ = fields
                    if name and not attributes & 1:  # the format of Visual C++ 6: addresses above the base
                        name, addresses, names = (max(a - self.base, 0) for a in (name, addresses, names))
                if not name:
                    break
                if index == MAX_LIBRARIES:
                    raise BadBinaryError(f"import table: more than {MAX_LIBRARIES} libraries")
                yield Library(self._name(name), names or addresses, addresses)

    @once
    def _listed(self) -> list[tuple[Library, list[int]]]:
        """What is taken from each library, in the order of the words that the loader fills: numbers, and
        where names stand."""
        found = [(library, self._entries(library)) for library in self._libraries]
        if sum(len(entries) for _, entries in found) > MAX_NAMES:
            raise BadBinaryError(f"import table: more than {MAX_NAMES} names")
        return found

    def _entries(self, library: Library) -> list[int]:
        """The entries of the list of names up to the zero that ends it."""
        size = self.pointer_size
        table = self._at(library.names, "imported names")
        found: list[int] = []
        for first in range(0, MAX_NAMES * size, _STEP):
            count = min(_STEP, table.size - first) // size
            words = unpack(f"<{count}{'Q' if size == 8 else 'I'}", table.take(first, count * size))
            if 0 in words:
                found += words[: words.index(0)]
                break
            if count * size < _STEP:
                raise BadBinaryError("imported names: cut short")
            found += words
        return found

    def _taken(self, library: Library, entries: Sequence[int]) -> list[bytes]:
        """The names of *entries*; one that is imported by number is ``python3.dll#7``."""
        by_number = 1 << self.bits - 1
        names = self._names([(entry & 0x7FFFFFFF) + 2 for entry in entries if not entry & by_number])
        if len(names) == len(entries):
            return names
        named = iter(names)
        return [
            b"%s#%d" % (library.name, entry & 0xFFFF) if entry & by_number else next(named)
            for entry in entries
        ]

    @once
    def _filled(self) -> dict[int, tuple[Library, int]]:
        """By the address of the word that the loader fills: the library, and the entry of its list."""
        size = self.pointer_size
        found: dict[int, tuple[Library, int]] = {}
        for library, entries in self._listed:
            start = self.base + library.addresses
            places = range(start, start + len(entries) * size, size)
            found.update(zip(places, zip(repeat(library), entries, strict=False), strict=True))
        return found

    @once
    def _imported_names(self) -> frozenset[bytes]:
        return frozenset(name for listed in self._listed for name in self._taken(*listed))

    def imports(self, name: str) -> bool:
        return name.encode("utf-8", "surrogateescape") in self._imported_names

    def python_imports(self) -> frozenset[str]:
        """Those from ``python*.dll`` alone; one that is imported by number is ``python3.dll#7``."""
        found: set[str] = set()
        for library, entries in self._listed:
            if _PYTHON_LIBRARY.fullmatch(library.name):
                names = self._taken(library, entries)
                found |= python_names(names)
                found.update(name.decode("ascii", "replace") for name in names if b"#" in name)
        return frozenset(found)

    # -- words --

    @once
    def _relocated_pages(self) -> dict[int, list[View]] | None:
        """The base relocations of each page (address below the base); None where the file has none."""
        directory, size = self._directories[_RELOCATIONS]
        if not directory or not size:
            return None
        view = self._at(directory, "base relocations").part(0, size, "base relocations")
        pages: dict[int, list[View]] = {}
        offset = 0
        for _ in range(MAX_BLOCKS):
            if offset + _PAIR.size > size:
                return pages
            page, length = view.unpack(_PAIR, offset)
            if length < _PAIR.size:
                return pages
            block = view.part(offset + _PAIR.size, length - _PAIR.size, "base relocations")
            pages.setdefault(page, []).append(block)
            offset += length
        raise BadBinaryError(f"base relocations: more than {MAX_BLOCKS} pages")

    def _is_relocated(self, address: int) -> bool | None:
        """Whether the loader relocates the word at *address*; None where the file does not say."""
        pages = self._relocated_pages
        if pages is None:
            return None
        page, offset = divmod(address - self.base, 0x1000)
        entry = _U16.pack(_POINTER_RELOCATION[self.bits] << 12 | offset)
        for block in pages.get(page * 0x1000, ()):
            place = block.find(entry)
            while place >= 0:
                if place % 2 == 0:
                    return True
                place = block.find(entry, place + 1)
        return False

    def word(self, address: int) -> Word:
        """The word at *address*: an import, else an `Address` where a base relocation says so.

        Files without base relocations, which load at one address only, tell addresses by their value.
        """
        found = self._filled.get(address)
        if found is not None:
            library, entry = found
            return Import(self._taken(library, (entry,))[0].decode("utf-8", "backslashreplace"))
        number = self.number(address, self.pointer_size)
        if not number or number < self.base:
            return number
        relocated = self._is_relocated(address)
        if relocated is None:
            relocated = self.segment(number) is not None
        return Address(number) if relocated else number

    def pointers_to(self, address: int) -> Iterator[int]:
        return pointers_in_place(self, address, self.segments)


def read(data: Buffer) -> tuple[Image, ...]:
    """The one image of a PE file."""
    return (Pe(data),)
