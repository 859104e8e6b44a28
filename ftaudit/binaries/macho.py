"""Mach-O files (macOS): 64-bit little-endian images, alone or several in a universal ("fat") file.

The layouts are those of ``EXTERNAL_HEADERS/mach-o/loader.h`` and ``fat.h`` in
https://github.com/apple-oss-distributions/xnu . Names lose the underscore that C names have in this format.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from struct import Struct

from ftaudit.binaries.image import Address, BadBinaryError, Buffer, Image, Import, Segment, Word
from ftaudit.binaries.macho_chained import ChainedFixups
from ftaudit.binaries.macho_exports import ExportTrie
from ftaudit.binaries.macho_fixups import SELF, WEAK_LOOKUP, Bind, Fixup
from ftaudit.binaries.macho_opcodes import OpcodeFixups, Streams
from ftaudit.binaries.macho_symbols import LAZY_POINTERS, SECTION_TYPE, Section, Symbols
from ftaudit.binaries.view import (
    HOOK_PREFIXES,
    MAX_LIBRARIES,
    View,
    check_segments,
    is_hook,
    once,
    pointers_in_place,
    python_names,
)

MAGIC = 0xFEEDFACF
OTHER_MAGICS = {0xFEEDFACE: "32-bit", 0xCFFAEDFE: "big-endian", 0xCEFAEDFE: "big-endian"}
FAT_MAGICS = {0xCAFEBABE: Struct(">5I"), 0xCAFEBABF: Struct(">IIQQII")}
"""Universal files, and the layout of what they say of an image."""
MAX_IMAGES = 20
"""Images in a universal file. Java classes have the same magic, and then their version, which is above 44."""
MAX_COMMANDS = 4096
"""Load commands: one for each segment and library, and a dozen others."""
MAX_SECTIONS = 4096
ARCHITECTURES = {0x01000007: "x86_64", 0x0100000C: "arm64", 0x01000012: "ppc64"}
"""By ``cputype``."""

_HEADER = Struct("<8I")
_COMMAND = Struct("<II")
_SEGMENT = Struct("<16sQQQQiiII")
_SECTION = Struct("<32xQQIIIIIIII")
_KINDS = {2, 6, 8}
"""``MH_EXECUTE``, ``MH_DYLIB``, ``MH_BUNDLE``: what has code that can be loaded."""
_PROT_EXECUTE = 4
_REQUIRED = 0x80000000
_SMALLEST_POINTER = 4096


class MachO(Image):
    """One image. ``start`` and ``size`` tell where in *data* it is; its own offsets count from there."""

    format = "mach-o"
    bits = 64
    big_endian = False

    def __init__(self, data: Buffer, start: int, size: int) -> None:
        super().__init__(data)
        self._file = View(data, start, size, "Mach-O file")
        self._sections: list[Section] = []
        self._named: list[str] = []
        self._base = 0
        self._tables: Segment | None = None
        self._symtab: tuple[int, ...] = ()
        self._dysymtab: tuple[int, ...] = ()
        self._info: tuple[int, ...] = ()
        self._chained: tuple[int, ...] = ()
        self._trie_place: tuple[int, ...] = ()
        self._read_commands()
        check_segments(self.segments, 64, len(data))
        self.needed = tuple(self._named)
        self._symbols = self._read_symbols()
        self._trie = self._read_trie()
        self._fixups = self._read_fixups()
        self.hooks = dict(self._read_hooks())

    # -- load commands --

    def _read_commands(self) -> None:
        magic, processor, _, kind, count, size, _, _ = self._file.unpack(_HEADER, 0)
        if magic != MAGIC:
            what = OTHER_MAGICS.get(magic)
            raise BadBinaryError(f"{what} Mach-O files are not read" if what else "not a Mach-O file")
        if kind not in _KINDS:
            raise BadBinaryError(f"Mach-O file: neither a bundle nor a library (type {kind})")
        if count > MAX_COMMANDS:
            raise BadBinaryError(f"Mach-O file: more than {MAX_COMMANDS} load commands")
        self.arch = ARCHITECTURES.get(processor, f"machine-{processor:#x}")
        commands = self._file.part(_HEADER.size, size, "load commands")
        at = 0
        for _ in range(count):
            command, length = commands.unpack(_COMMAND, at)
            if length < _COMMAND.size:
                raise BadBinaryError(f"load commands: one of {length} bytes")
            content = commands.part(at, length, "load command")
            read = _READERS.get(command & ~_REQUIRED)
            if read:
                read(self, content)
            at += length

    def _segment_command(self, content: View) -> None:
        name, address, size, offset, file_size, _, protection, count, _ = content.unpack(_SEGMENT, 8)
        start = self._file.start + offset
        if offset + file_size > self._file.size:
            raise BadBinaryError(f"the segment at {address:#x} ends beyond the image")
        executable = bool(protection & _PROT_EXECUTE)
        self.segments.append(Segment(address, size, start, min(file_size, size), executable))
        if name.startswith(b"__TEXT\0"):
            self._base = address
        elif name.startswith(b"__LINKEDIT\0"):
            self._tables = self.segments[-1]
        for index in range(min(count, MAX_SECTIONS)):
            place = 8 + _SEGMENT.size + index * _SECTION.size
            where, length, _, _, _, _, kind, first, stub_size, _ = content.unpack(_SECTION, place)
            self._sections.append(Section(where, length, kind, first, stub_size))

    def _library_command(self, content: View) -> None:
        offset = content.unpack(_COMMAND, 8)[0]
        name = content.take(offset, max(content.size - offset, 0)).partition(b"\0")[0]
        self._named.append(name.decode("utf-8", "backslashreplace"))
        if len(self._named) > MAX_LIBRARIES:
            raise BadBinaryError(f"load commands: more than {MAX_LIBRARIES} libraries")

    def _symtab_command(self, content: View) -> None:
        self._symtab = content.unpack(Struct("<4I"), 8)

    def _dysymtab_command(self, content: View) -> None:
        self._dysymtab = content.unpack(Struct("<18I"), 8)[12:14]

    def _info_command(self, content: View) -> None:
        self._info = content.unpack(Struct("<10I"), 8)
        self._trie_place = self._trie_place or self._info[8:10]

    def _chained_command(self, content: View) -> None:
        self._chained = content.unpack(_COMMAND, 8)

    def _trie_command(self, content: View) -> None:
        self._trie_place = content.unpack(_COMMAND, 8)

    # -- tables --

    def _read_symbols(self) -> Symbols | None:
        if not self._symtab:
            return None
        place, count, names, size = self._symtab
        indirect = None
        if self._dysymtab and self._dysymtab[1]:
            indirect = self._file.part(self._dysymtab[0], 4 * self._dysymtab[1], "indirect symbols")
        entries = self._file.part(place, 16 * count, "symbol table") if count else self._empty()
        strings = self._file.part(names, size, "symbol names") if size else self._empty()
        return Symbols(entries, strings, indirect, self._sections)

    def _empty(self) -> View:
        return self._file.part(0, 0, "symbol table")

    def _read_trie(self) -> ExportTrie | None:
        if not self._trie_place or not self._trie_place[1]:
            return None
        return ExportTrie(self._file.part(self._trie_place[0], self._trie_place[1], "export trie"))

    def _read_fixups(self) -> ChainedFixups | OpcodeFixups | None:
        if self._chained and self._chained[1]:
            view = self._file.part(self._chained[0], self._chained[1], "chained fixups")
            return ChainedFixups(view, self.segments, self._base)
        if self._info:
            pairs = zip(self._info[0:8:2], self._info[1:8:2], strict=True)
            lazy = [found for found in self._sections if found.kind & SECTION_TYPE == LAZY_POINTERS]
            return OpcodeFixups(Streams(*(self._opcodes(*pair) for pair in pairs)), self.segments, lazy)
        return None

    def _opcodes(self, offset: int, size: int) -> View:
        return self._file.part(offset if size else 0, size, "fixups")

    # -- names --

    def _read_hooks(self) -> Iterator[tuple[str, int]]:
        """By the trie, which dyld uses; by the symbols where there is none or it has no hook."""
        found = False
        prefixes = tuple(b"_" + prefix for prefix in HOOK_PREFIXES)
        for name, export in self._trie.under(prefixes) if self._trie else ():
            if not export.is_address:
                what = name[1:].decode("ascii", "replace")
                raise BadBinaryError(f"{what} is in another library, or no function")
            found = True
            yield name[1:].decode("utf-8", "backslashreplace"), self._base + export.offset
        if not found:
            for name, address in self._defined.items():
                if is_hook(name):
                    yield name.decode("utf-8", "backslashreplace"), address

    @once
    def _defined(self) -> dict[bytes, int]:
        """Exported symbols by name, as the symbol table has them."""
        found = self._symbols.exported() if self._symbols else {}
        return {name.removeprefix(b"_"): address for name, address in found.items()}

    def export(self, name: str) -> int | None:
        encoded = name.encode("utf-8", "surrogateescape")
        if self._trie is None:
            return self._defined.get(encoded)
        found = self._trie.lookup(b"_" + encoded)
        return self._base + found.offset if found and found.is_address else None

    @once
    def _imported(self) -> list[bytes]:
        """What the symbols name, and what the fixups do where these can tell it at once or alone."""
        names = self._symbols.undefined() if self._symbols else []
        if self._fixups and (isinstance(self._fixups, ChainedFixups) or not names):
            names += self._fixups.names()
        return names

    @once
    def _imported_names(self) -> frozenset[bytes]:
        return frozenset(self._imported)

    def imports(self, name: str) -> bool:
        return b"_" + name.encode("utf-8", "surrogateescape") in self._imported_names

    def python_imports(self) -> frozenset[str]:
        return python_names(self._imported, b"_")

    # -- words --

    def own_segments(self) -> list[Segment]:
        return [found for found in self.segments if found is not self._tables]

    def stub(self, address: int) -> str | None:
        found = self._symbols.stub(address) if self._symbols else None
        return None if found is None else _text(found)

    def word(self, address: int) -> Word:
        """The word at *address*, as the fixups say; None for a bind with an addend.

        A name that dyld looks for in all images is the image's own one where it has it, as it nearly always
        is. Images from before macOS 10.6 have no fixups that are read: addresses are told by their value.
        """
        number = self.number(address, 8)
        if number is None:
            return None
        fixup = self._fixup(address, number)
        if isinstance(fixup, Bind):
            return self._bound(fixup)
        return number if fixup is None else Address(fixup)

    def _fixup(self, address: int, number: int) -> Fixup:
        if isinstance(self._fixups, ChainedFixups):
            return self._fixups.at(address)
        if self._fixups:
            return self._fixups.at(address, number)
        pointer = self._symbols.pointer(address) if self._symbols else None
        if pointer is not None:
            return Bind(pointer, 1, 0)
        return number if number >= _SMALLEST_POINTER and self.segment(number) else None

    def _bound(self, bind: Bind) -> Word:
        if bind.library in (SELF, WEAK_LOOKUP):
            own = self.export(_text(bind.name))
            if own is not None:
                return Address(own + bind.addend & (1 << 64) - 1)
        return None if bind.addend else Import(_text(bind.name))

    def pointers_to(self, address: int) -> Iterator[int]:
        segments = self._fixups.rebased() if self._fixups else self.segments
        if not isinstance(self._fixups, ChainedFixups):
            yield from pointers_in_place(self, address, segments)
            return
        for stored in self._fixups.stored(address):
            yield from pointers_in_place(self, address, segments, stored)


_READERS: dict[int, Callable[[MachO, View], None]] = {
    0x19: MachO._segment_command,  # LC_SEGMENT_64
    0x02: MachO._symtab_command,
    0x0B: MachO._dysymtab_command,
    0x0C: MachO._library_command,  # LC_LOAD_DYLIB, and weak, lazy, re-exported, upward ones
    0x18: MachO._library_command,
    0x20: MachO._library_command,
    0x1F: MachO._library_command,
    0x23: MachO._library_command,
    0x22: MachO._info_command,  # LC_DYLD_INFO
    0x33: MachO._trie_command,  # LC_DYLD_EXPORTS_TRIE
    0x34: MachO._chained_command,  # LC_DYLD_CHAINED_FIXUPS
}
"""By the command without the bit that says that dyld has to know it."""


def _text(name: bytes) -> str:
    return name.removeprefix(b"_").decode("utf-8", "backslashreplace")


def read(data: Buffer) -> tuple[Image, ...]:
    """The images of a Mach-O file, in its order."""
    file = View(data, 0, len(data), "Mach-O file")
    magic = file.unpack(Struct(">I"), 0)[0]
    layout = FAT_MAGICS.get(magic)
    if layout is None:
        return (MachO(data, 0, len(data)),)
    count = file.unpack(Struct(">I"), 4)[0]
    if not 0 < count <= MAX_IMAGES:
        raise BadBinaryError("not an ELF, PE or Mach-O file")
    images = []
    for index in range(count):
        _, _, start, size, *_ = file.unpack(layout, 8 + index * layout.size)
        part = file.part(start, size, "image")
        images.append(MachO(data, part.start, part.size))
    return tuple(images)
