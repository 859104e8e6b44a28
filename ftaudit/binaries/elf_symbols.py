"""The dynamic symbols of an ELF file, and its hash tables: looked up as the dynamic linker does.

https://gabi.xinuos.com/elf/ (symbol table, hash table); the GNU hash table as in glibc's ``elf/dl-lookup.c``.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from functools import lru_cache
from struct import Struct
from typing import NamedTuple, Protocol

from ftaudit.binaries.image import BadBinaryError
from ftaudit.binaries.view import HOOK_PREFIXES, MAX_HOOK, MAX_NAMES, View, is_hook

MAX_CHAIN = 4096
"""Symbols with one hash bucket; linkers aim at two or fewer."""
MAX_SYMBOLS = 1 << 22
"""Dynamic symbols; the largest libraries have some hundred thousand."""
MAX_MENTIONS = 1 << 14
"""Places in the names at which ``PyInit_`` stands, most of them inside longer names."""

_STEMS = sorted({prefix.rstrip(b"_").removesuffix(b"U") for prefix in HOOK_PREFIXES})
"""What the names of all initialisation functions begin with (`HOOKS`)."""
_STEP = 1 << 15
"""Symbols that are looked through at a time."""


class Layout(NamedTuple):
    """How one class (32 or 64 bits) and byte order writes what ELF tables hold."""

    bits: int
    big_endian: bool
    header: Struct
    segment: Struct
    section: Struct
    dynamic: Struct
    symbol: Struct
    origin: Struct
    """Of a symbol only the place of its name, and its section."""
    word: Struct
    rel: Struct
    rela: Struct


@lru_cache
def layout(bits: int, big_endian: bool) -> Layout:
    """The `Layout` of a class and byte order."""
    order = ">" if big_endian else "<"
    formats = (
        ("HHIQQQIHHHHHH", "IIQQQQQQ", "IIQQQQIIQQ", "QQ", "IBBHQQ", "I2xH16x", "Q", "QQ", "QQq")
        if bits == 64
        else ("HHIIIIIHHHHHH", "IIIIIIII", "IIIIIIIIII", "II", "IIIBBH", "I10xH", "I", "II", "IIi")
    )
    return Layout(bits, big_endian, *(Struct(order + fields) for fields in formats))


class Symbol(NamedTuple):
    """An entry of the symbol table; ``name`` is where its name stands among the names."""

    name: int
    info: int
    section: int
    value: int
    size: int

    @property
    def kind(self) -> int:
        """``STT_…``."""
        return self.info & 15

    @property
    def is_local(self) -> bool:
        """``STB_LOCAL``: no other library can take its place, and index 0 stands for the image's own base."""
        return self.info >> 4 == 0

    @property
    def is_defined(self) -> bool:
        return self.section != 0


class HashTable(Protocol):
    """What finds a symbol by its name."""

    def candidates(self, name: bytes) -> Iterator[int]:
        """The symbols whose names have the same hash, or may have."""

    def count(self) -> int | None:
        """The number of all symbols, or None where the table does not tell."""


class SysvHash:
    """``DT_HASH``: its chain has one entry for each symbol."""

    def __init__(self, table: View, big_endian: bool, *, wide: bool) -> None:
        """*wide*: entries of 8 bytes, as on 64-bit s390."""
        self._entry = Struct((">" if big_endian else "<") + ("Q" if wide else "I"))
        self._table = table
        self._buckets, self._symbols = self._at(0), self._at(1)
        table.part(0, (2 + self._buckets + self._symbols) * self._entry.size, "hash table")
        if not self._buckets or self._symbols > MAX_SYMBOLS:
            raise BadBinaryError("hash table: no buckets, or more symbols than any file has")

    def _at(self, index: int) -> int:
        number: int = self._table.unpack(self._entry, index * self._entry.size)[0]
        return number

    def count(self) -> int:
        return self._symbols

    def candidates(self, name: bytes) -> Iterator[int]:
        found = self._at(2 + _sysv_hash(name) % self._buckets)
        for _ in range(MAX_CHAIN):
            if not found:
                return
            if found >= self._symbols:
                raise BadBinaryError("hash table: names a symbol beyond its end")
            yield found
            found = self._at(2 + self._buckets + found)
        raise BadBinaryError(f"hash table: more than {MAX_CHAIN} symbols in a bucket")


class GnuHash:
    """``DT_GNU_HASH``: only symbols that others can use are in it, behind all others."""

    def __init__(self, table: View, big_endian: bool, bits: int) -> None:
        order = ">" if big_endian else "<"
        self._table = table
        self._swapped = big_endian != (array("H", [1]).tobytes() == b"\0\1")
        self._number = Struct(order + "I")
        self._buckets, self._first, bloom, _ = table.unpack(Struct(order + "4I"), 0)
        self._bucket_offset = 16 + bloom * bits // 8
        self._chain_offset = self._bucket_offset + 4 * self._buckets
        table.part(0, self._chain_offset, "GNU hash table")
        if not 0 < self._buckets <= MAX_SYMBOLS:
            raise BadBinaryError("GNU hash table: no buckets, or more than any file has")

    def count(self) -> int | None:
        """None for an empty table: it says nothing of the symbols that a file only takes from others."""
        last = max(self._numbers(self._bucket_offset, self._buckets))
        if not last:
            return None
        return last + len(self._chain(last))

    def candidates(self, name: bytes) -> Iterator[int]:
        wanted = _gnu_hash(name)
        offset = self._bucket_offset + 4 * (wanted % self._buckets)
        first: int = self._table.unpack(self._number, offset)[0]
        if not first:
            return
        for index, found in enumerate(self._chain(first)):
            if found | 1 == wanted | 1:
                yield first + index

    def _chain(self, first: int) -> array[int]:
        """The hashes of the symbols of a bucket, from its *first* on: the last one is odd."""
        if first < self._first:
            raise BadBinaryError("GNU hash table: a bucket begins before the first symbol that it holds")
        offset = self._chain_offset + 4 * (first - self._first)
        for size in (16, MAX_CHAIN):
            chain = self._numbers(offset, min(size, max(self._table.size - offset, 0) // 4))
            for index, found in enumerate(chain):
                if found & 1:
                    return chain[: index + 1]
        raise BadBinaryError("GNU hash table: a chain does not end")

    def _numbers(self, offset: int, count: int) -> array[int]:
        numbers = array("I", self._table.take(offset, 4 * count))
        if self._swapped:
            numbers.byteswap()
        return numbers


class SymbolTable:
    """The dynamic symbols: *entries* begins with them, *names* holds their names.

    *count* is the number of symbols, or more where nothing tells; no symbol of the file is beyond it.
    """

    def __init__(
        self, entries: View, names: View, layout: Layout, count: int, hashed: HashTable | None
    ) -> None:
        self._layout = layout
        self.entries = entries.part(0, count * layout.symbol.size, "symbol table")
        self.names = names
        self._hashed = hashed

    def symbol(self, index: int) -> Symbol:
        fields = self.entries.unpack(self._layout.symbol, index * self._layout.symbol.size)
        if self._layout.bits == 64:
            name, info, _, section, value, size = fields
        else:
            name, value, size, info, _, section = fields
        return Symbol(name, info, section, value, size)

    def name(self, symbol: Symbol) -> str:
        return self.names.text(symbol.name)

    def lookup(self, name: bytes) -> Symbol | None:
        """The symbol that ``dlsym`` would find: defined here and not local."""
        for index in self._hashed.candidates(name) if self._hashed else ():
            found = self.symbol(index)
            if found.is_defined and not found.is_local and self._is_named(found, name):
                return found
        return None

    def _is_named(self, symbol: Symbol, name: bytes) -> bool:
        return self.names.find(name + b"\0", symbol.name, symbol.name + len(name) + 1) == symbol.name

    def hooks(self) -> Iterator[tuple[bytes, Symbol]]:
        """The initialisation functions that are exported: name and symbol.

        Linkers let a name be the end of another one (``PyInit_x`` in ``Wrapped_PyInit_x``), so every place
        at which a prefix stands is looked up as a name.
        """
        mentions = 0
        seen = set()
        for stem in _STEMS:
            place = self.names.find(stem)
            while place >= 0:
                mentions += 1
                if mentions > MAX_MENTIONS:
                    raise BadBinaryError("more names of initialisation functions than any file has")
                name = self.names.take(place, min(MAX_HOOK + 1, self.names.size - place)).partition(b"\0")[0]
                if is_hook(name) and name not in seen:
                    seen.add(name)
                    found = self.lookup(name)
                    if found:
                        yield name, found
                place = self.names.find(stem, place + 1)

    def undefined(self) -> list[bytes]:
        """The names of all symbols that come from other libraries."""
        size, places = self._layout.symbol.size, list[int]()
        for first in range(0, self.entries.size, _STEP * size):
            content = self.entries.take(first, min(_STEP * size, self.entries.size - first))
            places += [
                name for name, section in self._layout.origin.iter_unpack(content) if not section and name
            ]
            if len(places) > MAX_NAMES:
                break  # so that `strings` refuses them
        return self.names.strings(places)


def _sysv_hash(name: bytes) -> int:
    total = 0
    for byte in name:
        total = (total << 4) + byte
        high = total & 0xF0000000
        total = (total ^ high >> 24) & ~high & 0xFFFFFFFF
    return total


def _gnu_hash(name: bytes) -> int:
    total = 5381
    for byte in name:
        total = total * 33 + byte & 0xFFFFFFFF
    return total
