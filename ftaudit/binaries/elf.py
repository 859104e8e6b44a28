"""ELF shared objects (Linux, musl, BSD): 32 and 64 bits, both byte orders, by their dynamic segment alone.

Section headers are not needed by the dynamic linker, may be missing and are read for one thing only: the
number of symbols where no hash table tells it. https://gabi.xinuos.com/elf/ ; relocation types from the
processors' supplements, as in glibc's ``elf.h``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ftaudit.binaries.elf_relocations import PackedRelocations, Relocations, RelocationTable
from ftaudit.binaries.elf_symbols import (
    MAX_SYMBOLS,
    GnuHash,
    HashTable,
    Layout,
    Symbol,
    SymbolTable,
    SysvHash,
    layout,
)
from ftaudit.binaries.image import Address, BadBinaryError, Buffer, Image, Import, Segment, Word
from ftaudit.binaries.view import (
    MAX_LIBRARIES,
    MAX_SEGMENTS,
    View,
    check_segments,
    once,
    pointers_in_place,
    python_names,
)

MAGIC = b"\x7fELF"
MAX_DYNAMIC = 4096
"""Entries of the dynamic section: a few dozen, and one for each library needed."""
IFUNC = "<ifunc>"
"""What is imported where code of the image itself chooses the address while it is loaded."""

_PT_LOAD, _PT_DYNAMIC, _PF_X, _SHT_DYNSYM = 1, 2, 1, 11
_STT_TLS, _STT_GNU_IFUNC, _SHN_ABS = 6, 10, 0xFFF1
_DT_NULL, _DT_NEEDED, _DT_PLTRELSZ, _DT_HASH, _DT_STRTAB, _DT_SYMTAB = 0, 1, 2, 4, 5, 6
_DT_RELA, _DT_RELASZ, _DT_STRSZ, _DT_SYMENT, _DT_REL, _DT_RELSZ = 7, 8, 10, 11, 17, 18
_DT_PLTREL, _DT_JMPREL, _DT_RELRSZ, _DT_RELR = 20, 23, 35, 36
_DT_VERSYM, _DT_VERNEED, _DT_VERDEF, _DT_GNU_HASH = 0x6FFFFFF0, 0x6FFFFFFE, 0x6FFFFFFC, 0x6FFFFEF5
_TABLES = (_DT_STRTAB, _DT_HASH, _DT_GNU_HASH, _DT_RELA, _DT_REL, _DT_JMPREL, _DT_RELR)
_OTHER_TABLES = (_DT_VERSYM, _DT_VERNEED, _DT_VERDEF)
_NOT_READ = {0x40000026: "CREL", 0x6000000F: "Android", 0x60000011: "Android", 0x6FFFE000: "Android"}
"""Tables of relocations that are packed in ways no free-threaded platform uses."""


class Processor(NamedTuple):
    """A processor's name and the types of the relocations of pointers.

    ``relative``: the image's base and the addend. ``absolute``: a symbol and the addend. ``slots``: a symbol,
    without the addend unless ``slot_addends``. ``indirect``: what a function returns.
    """

    arch: str
    relative: int
    absolute: int
    slots: tuple[int, ...]
    indirect: int
    slot_addends: bool = False


_UNKNOWN = -1
PROCESSORS = {
    (62, 64): Processor("x86_64", 8, 1, (6, 7), 37),
    (62, 32): Processor("x32", 8, 10, (6, 7), 37),
    (183, 64): Processor("arm64", 1027, 257, (1025, 1026), 1032, slot_addends=True),
    (3, 32): Processor("i386", 8, 1, (6, 7), 42),
    (40, 32): Processor("arm", 23, 2, (21, 22), 160),
    (243, 64): Processor("riscv64", 3, 2, (5,), 58),
    (243, 32): Processor("riscv32", 3, 1, (5,), 58),
    (20, 32): Processor("ppc", 22, 1, (20, 21), 248),
    (21, 64): Processor("ppc64", 22, 38, (20, 21), 248),
    (22, 64): Processor("s390x", 12, 22, (10, 11), 61),
    (258, 64): Processor("loongarch64", 3, 2, (5,), 12),
}
"""By ``e_machine`` and bits."""


class Elf(Image):
    """A shared object or position-independent program with a dynamic section."""

    format = "elf"

    def __init__(self, data: Buffer) -> None:
        super().__init__(data)
        self._file = View(data, 0, len(data), "ELF file")
        self._layout = self._identify()
        self.bits, self.big_endian = self._layout.bits, self._layout.big_endian
        header = self._file.unpack(self._layout.header, 16)
        machine, program, self._sections = header[1], header[4], header[5]
        self._section_size, self._section_count = header[10], header[11]
        name = f"machine-{machine:#x}"
        self._processor = PROCESSORS.get((machine, self.bits)) or Processor(
            name, _UNKNOWN, _UNKNOWN, (), _UNKNOWN
        )
        self.arch = self._processor.arch
        dynamic = self._read_segments(program, header[8], header[9])
        self._tags, libraries = self._read_dynamic(dynamic)
        self.symbols = self._read_symbols()
        self.needed = tuple(self.symbols.names.text(library) for library in libraries)
        self._relocations = self._read_relocations()
        self._sizes: dict[int, int] = {}
        self.hooks = dict(self._read_hooks())

    def _identify(self) -> Layout:
        ident = self._file.take(0, 16)
        if ident[:4] != MAGIC or ident[4] not in (1, 2) or ident[5] not in (1, 2):
            raise BadBinaryError("ELF file: neither 32 nor 64 bits, or in no byte order")
        return layout(32 * ident[4], ident[5] == 2)

    def _read_segments(self, program: int, entry_size: int, count: int) -> View:
        """Fill `segments`, and give the dynamic section."""
        if entry_size != self._layout.segment.size or count > 4 * MAX_SEGMENTS:
            raise BadBinaryError(f"ELF file: {count} program headers of {entry_size} bytes")
        dynamic = None
        for fields in self._layout.segment.iter_unpack(self._file.take(program, count * entry_size)):
            if self.bits == 64:
                kind, flags, offset, address, _, file_size, size, _ = fields
            else:
                kind, offset, address, _, file_size, size, flags, _ = fields
            if kind == _PT_LOAD:
                executable = bool(flags & _PF_X)
                self.segments.append(Segment(address, size, offset, min(file_size, size), executable))
            elif kind == _PT_DYNAMIC:
                dynamic = self._file.part(offset, file_size, "dynamic section")
        check_segments(self.segments, self.bits, len(self.data))
        if dynamic is None:
            raise BadBinaryError("ELF file: no dynamic section, so nothing can load it")
        return dynamic

    def _read_dynamic(self, dynamic: View) -> tuple[dict[int, int], list[int]]:
        """The tags (the last of several counts, as for the dynamic linker), and where needed names stand."""
        tags: dict[int, int] = {}
        libraries: list[int] = []
        size = self._layout.dynamic.size
        count = min(dynamic.size // size, MAX_DYNAMIC + 1)
        for tag, value in self._layout.dynamic.iter_unpack(dynamic.take(0, count * size)):
            if tag == _DT_NULL:
                break
            if tag == _DT_NEEDED:
                libraries.append(value)
            tags[tag] = value
        if count > MAX_DYNAMIC or len(libraries) > MAX_LIBRARIES:
            raise BadBinaryError("dynamic section: more entries than any file has")
        for tag, what in _NOT_READ.items():
            if tag in tags:
                raise BadBinaryError(f"dynamic section: {what} relocations are not read")
        return tags, libraries

    def _table(self, tag: int, size: int | None, what: str) -> View:
        """The table that *tag* points to; without *size* all that its segment has from there on."""
        address = self._tags.get(tag)
        found = None if address is None else self.segment(address)
        if address is None or found is None or address - found.address > found.file_size:
            raise BadBinaryError(f"{what}: not in the file")
        start = address - found.address
        rest = View(self.data, found.offset + start, found.file_size - start, what)
        return rest if size is None else rest.part(0, size, what)

    def _read_symbols(self) -> SymbolTable:
        names = self._table(_DT_STRTAB, self._tags.get(_DT_STRSZ, 0), "symbol names")
        entries = self._table(_DT_SYMTAB, None, "symbol table")
        if self._tags.get(_DT_SYMENT, self._layout.symbol.size) != self._layout.symbol.size:
            raise BadBinaryError("symbol table: entries of another size")
        hashed = self._hash_table()
        count = None
        if _DT_HASH in self._tags:
            count = self._sysv_hash().count()
        elif hashed:
            count = hashed.count()
        if count is None:
            count = self._count_symbols(entries)
        if count > MAX_SYMBOLS:
            raise BadBinaryError(f"symbol table: more than {MAX_SYMBOLS} symbols")
        return SymbolTable(entries, names, self._layout, count, hashed)

    def _sysv_hash(self) -> SysvHash:
        wide = self.arch == "s390x"
        return SysvHash(self._table(_DT_HASH, None, "hash table"), self.big_endian, wide=wide)

    def _hash_table(self) -> HashTable | None:
        """The table that a dynamic linker uses, the GNU one before the other."""
        if _DT_GNU_HASH in self._tags:
            table = self._table(_DT_GNU_HASH, None, "GNU hash table")
            return GnuHash(table, self.big_endian, self.bits)
        return self._sysv_hash() if _DT_HASH in self._tags else None

    def _count_symbols(self, entries: View) -> int:
        """The number of symbols by the section headers, or as many as have room before what follows."""
        layout = self._layout
        start = self._tags[_DT_SYMTAB]
        if self._sections and self._section_size == layout.section.size:
            for index in range(self._section_count):
                offset = self._sections + index * layout.section.size
                section = self._file.unpack(layout.section, offset)
                if section[1] == _SHT_DYNSYM and section[3] == start:
                    return int(section[5]) // layout.symbol.size
        starts = (self._tags[tag] for tag in (*_TABLES, *_OTHER_TABLES) if tag in self._tags)
        room = min((other - start for other in starts if other > start), default=entries.size)
        return min(room, entries.size) // layout.symbol.size

    def _read_relocations(self) -> Relocations:
        tags, tables = self._tags, []
        for tag, size, addends in (
            (_DT_RELA, _DT_RELASZ, True),
            (_DT_REL, _DT_RELSZ, False),
            (_DT_JMPREL, _DT_PLTRELSZ, tags.get(_DT_PLTREL, _DT_RELA) == _DT_RELA),
        ):
            if tags.get(tag) and tags.get(size):
                view = self._table(tag, tags[size], "relocations")
                tables.append(RelocationTable(view, self._layout, addends=addends))
        packed = None
        if tags.get(_DT_RELR) and tags.get(_DT_RELRSZ):
            view = self._table(_DT_RELR, tags[_DT_RELRSZ], "packed relocations")
            packed = PackedRelocations(view, self._layout)
        return Relocations(tables, packed)

    def _read_hooks(self) -> Iterator[tuple[str, int]]:
        for name, symbol in self.symbols.hooks():
            if symbol.kind == _STT_GNU_IFUNC:
                raise BadBinaryError(f"{name.decode('ascii', 'replace')} is chosen while the file is loaded")
            if symbol.kind != _STT_TLS and symbol.value:
                self._sizes[symbol.value] = symbol.size
                yield name.decode("utf-8", "backslashreplace"), symbol.value

    def function_size(self, address: int) -> int | None:
        return self._sizes.get(address) or None

    def export(self, name: str) -> int | None:
        found = self.symbols.lookup(name.encode("utf-8", "surrogateescape"))
        if found is None or found.kind in (_STT_TLS, _STT_GNU_IFUNC):
            return None
        self._sizes.setdefault(found.value, found.size)
        return found.value or None

    @once
    def _imported(self) -> frozenset[bytes]:
        return frozenset(self.symbols.undefined())

    def imports(self, name: str) -> bool:
        return name.encode("utf-8", "surrogateescape") in self._imported

    def python_imports(self) -> frozenset[str]:
        return python_names(self.symbols.undefined())

    def word(self, address: int) -> Word:
        """The word at *address*; None also for relocations that are no pointers, or of unknown types."""
        found = self._relocations.at(address)
        if found is None:
            number = self.number(address, self.pointer_size)
            if number is not None and self._relocations.packed and address in self._relocations.packed:
                return Address(number)
            return number
        addend = self.number(address, self.pointer_size) if found.addend is None else found.addend
        if addend is None:
            return None
        processor = self._processor
        if found.kind == processor.relative:
            return self._address(addend)
        if found.kind == processor.indirect:
            return Import(IFUNC)
        if found.kind == processor.absolute:
            return self._symbol_word(self.symbols.symbol(found.symbol), addend)
        if found.kind in processor.slots:
            plus = addend if processor.slot_addends else 0
            return self._symbol_word(self.symbols.symbol(found.symbol), plus)
        return None

    def _symbol_word(self, symbol: Symbol, addend: int) -> Word:
        """The value of *symbol* and *addend*, for a symbol of another library its name."""
        if symbol.kind == _STT_TLS:
            return None
        if symbol.section == _SHN_ABS:
            return symbol.value + addend & (1 << self.bits) - 1
        if not symbol.is_defined and not symbol.is_local:
            return None if addend else Import(self.symbols.name(symbol))
        if symbol.kind == _STT_GNU_IFUNC:
            return Import(self.symbols.name(symbol) or IFUNC)
        return self._address(symbol.value + addend)

    def _address(self, value: int) -> Address:
        return Address(value & (1 << self.bits) - 1)

    def pointers_to(self, address: int) -> Iterator[int]:
        """The relocated words with *address* as their addend, then those that hold it themselves.

        Pointers by way of an exported symbol are not among them.
        """
        seen = set()
        tables = self._relocations.tables
        for table in tables:
            for place in table.with_addend(address):
                word = self.word(place)
                if place not in seen and isinstance(word, Address) and word == address:
                    seen.add(place)
                    yield place
        if self._relocations.packed or not all(table.addends for table in tables):
            in_place = pointers_in_place(self, address, self.segments)
            yield from (place for place in in_place if place not in seen)


def read(data: Buffer) -> tuple[Image, ...]:
    """The one image of an ELF file."""
    return (Elf(data),)
