"""The relocations of an ELF file, found by address without reading all of them (REL, RELA and RELR).

Few relocations get an index of them all, which costs less than searching them a few times. The first look-ups
in large tables search for the bytes of the address; when there are many, an index is made that tells for each
block of 256 bytes at which entries of a table relocations of the block begin.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator
from itertools import takewhile
from typing import NamedTuple

from ftaudit.binaries.elf_symbols import Layout
from ftaudit.binaries.image import BadBinaryError
from ftaudit.binaries.view import View, once, significant

SMALL = 1 << 14
"""Relocations that are all in one index, of 2 MB at most; 98 of 100 modules have no more."""
FEW = 8
"""Searches that cost less than the index."""
MAX_ENTRIES = 1 << 22
"""Relocations of a table; 169 MB of polars have 132,000."""
MAX_RUNS = 1 << 18
"""Beginnings in an index (about 200 bytes each); the largest seen has 31,000."""
MAX_KEPT = 1 << 12
"""Blocks that are remembered."""
MAX_HITS = 1 << 12
"""Places of a table that may look like one block's relocations."""
MAX_POINTERS = 1 << 16
"""Relocations that may point to one address."""

_BLOCK_BITS = 8
_STEP = 1 << 15


class Relocation(NamedTuple):
    """``R_…`` type, index of the symbol, and the addend, or None where the word itself is the addend."""

    kind: int
    symbol: int
    addend: int | None


class RelocationTable:
    """One table of REL (*addends* false) or RELA entries."""

    def __init__(self, view: View, layout: Layout, *, addends: bool) -> None:
        self.addends = addends
        self._entry = layout.rela if addends else layout.rel
        self._word = layout.word
        self._bits = layout.bits
        self._kind_bits = 32 if layout.bits == 64 else 8
        self._big_endian = layout.big_endian
        self.count = view.size // self._entry.size
        if self.count > MAX_ENTRIES:
            raise BadBinaryError(f"{view.what}: more than {MAX_ENTRIES} relocations")
        self._view = view
        self._searches = 0
        self._blocks: dict[int, dict[int, int]] = {}

    def entry(self, index: int) -> Relocation:
        """The relocation with that number."""
        fields = self._view.unpack(self._entry, index * self._entry.size)
        info, addend = fields[1], fields[2] if self.addends else None
        return Relocation(info & (1 << self._kind_bits) - 1, info >> self._kind_bits, addend)

    def addresses(self) -> array[int]:
        """Where each entry's word is."""
        return self._addresses(self._view.take(0, self.count * self._entry.size))

    def with_addend(self, addend: int) -> Iterator[int]:
        """The addresses of all entries with *addend*, and perhaps of others: to be looked up."""
        if not self.addends or not 0 <= addend < 1 << self._bits:
            return
        found = self._find(significant(self._word.pack(addend)), 2 * self._word.size, MAX_POINTERS)
        if found is None:
            raise BadBinaryError(f"{self._view.what}: more than {MAX_POINTERS} places name {addend:#x}")
        yield from map(self._address_at, found)

    def near(self, address: int) -> dict[int, int]:
        """By their addresses the numbers of all entries of the block of *address*; the last of several."""
        block = address >> _BLOCK_BITS
        found = self._blocks.get(block)
        if found is None:
            if len(self._blocks) >= MAX_KEPT:
                self._blocks.clear()
            found = self._blocks[block] = {self._address_at(index): index for index in self._of_block(block)}
        return found

    def _of_block(self, block: int) -> Iterator[int]:
        """The entries of *block*, in the table's order."""
        if self._searches < FEW and block:
            self._searches += 1
            found = self._search(block)
            if found is not None:
                yield from found
                return
        for first in self._runs.get(block, ()):
            yield from takewhile(
                lambda index: self._address_at(index) >> _BLOCK_BITS == block,
                range(first, min(first + MAX_HITS, self.count)),
            )

    def _address_at(self, index: int) -> int:
        address: int = self._view.unpack(self._word, index * self._entry.size)[0]
        return address

    def _search(self, block: int) -> list[int] | None:
        """The entries of *block*; None where too many places look like it."""
        word = self._word.pack(block << _BLOCK_BITS & (1 << self._bits) - 1)
        if self._big_endian:
            return self._find(word[:-1], 0, MAX_HITS)
        return self._find(word[1:], 1, MAX_HITS)

    def _find(self, wanted: bytes, at: int, limit: int) -> list[int] | None:
        """The entries that have *wanted* at offset *at*; None where more than *limit* places have it."""
        found: list[int] = []
        place = self._view.find(wanted)
        for _ in range(limit):
            if place < 0:
                return found
            index, offset = divmod(place - at, self._entry.size)
            if not offset and 0 <= index < self.count:
                found.append(index)
            place = self._view.find(wanted, place + 1)
        return None

    @once
    def _runs(self) -> dict[int, list[int]]:
        """For each block the entries that begin a run of it."""
        runs: dict[int, list[int]] = {}
        size = self._entry.size
        last, count = None, 0
        for first in range(0, self.count, _STEP):
            content = self._view.take(first * size, min(_STEP, self.count - first) * size)
            for index, address in enumerate(self._addresses(content), first):
                block = address >> _BLOCK_BITS
                if block != last:
                    last = block
                    count += 1
                    runs.setdefault(block, []).append(index)
            if count > MAX_RUNS:
                raise BadBinaryError(f"{self._view.what}: more than {MAX_RUNS} relocations without order")
        return runs

    def _addresses(self, content: bytes) -> array[int]:
        words = array("Q" if self._word.size == 8 else "I", content)
        if self._big_endian != (array("H", [1]).tobytes() == b"\0\1"):
            words.byteswap()
        return words[:: self._entry.size // self._word.size]


class PackedRelocations:
    """RELR: addresses of relative relocations, as an address and bit maps of the words behind it.

    https://gabi.xinuos.com/elf/06-reloc.html (relative relocation table).
    """

    def __init__(self, view: View, layout: Layout) -> None:
        self._view = view
        self._layout = layout
        if view.size // layout.word.size > MAX_RUNS:
            raise BadBinaryError(f"{view.what}: more than {MAX_RUNS} entries")

    def __contains__(self, address: int) -> bool:
        starts, maps = self._maps
        size = self._layout.word.size
        index = bisect_right(starts, address) - 1
        while index >= 0 and address - starts[index] < 8 * size * size:
            word, rest = divmod(address - starts[index], size)
            if not rest and maps[index] >> word & 1:
                return True
            index -= 1
        return False

    @once
    def _maps(self) -> tuple[list[int], list[int]]:
        """Where each map begins, ascending, and the map: bit 0 is the word at its beginning."""
        size = self._layout.word.size
        content = self._view.take(0, self._view.size // size * size)
        maps: dict[int, int] = {}
        base = 0
        for (entry,) in self._layout.word.iter_unpack(content):
            if entry & 1:
                maps[base] = maps.get(base, 0) | entry >> 1
                base += (size * 8 - 1) * size
            else:
                maps[entry] = maps.get(entry, 0) | 1
                base = entry + size
        starts = sorted(maps)
        return starts, [maps[start] for start in starts]


class Relocations:
    """All relocations of a file."""

    def __init__(self, tables: list[RelocationTable], packed: PackedRelocations | None) -> None:
        self.tables = tables
        self.packed = packed
        self._is_small = sum(table.count for table in tables) <= SMALL

    def at(self, address: int) -> Relocation | None:
        """The relocation of the word at *address* (the last of several: they are applied in order)."""
        if not self._is_small:
            for table in reversed(self.tables):
                found = table.near(address).get(address)
                if found is not None:
                    return table.entry(found)
            return None
        index = self._all.get(address)
        if index is None:
            return None
        for table in self.tables:
            if index < table.count:
                break
            index -= table.count
        return table.entry(index)

    @once
    def _all(self) -> dict[int, int]:
        """The entries of all tables by their addresses; numbers go on from table to table."""
        found: dict[int, int] = {}
        first = 0
        for table in self.tables:
            found.update(zip(table.addresses(), range(first, first + table.count), strict=True))
            first += table.count
        return found
