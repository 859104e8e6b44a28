"""Chained fixups of a Mach-O image: each page with pointers has a chain that leads through them.

The layouts: ``include/mach-o/fixup-chains.h`` in https://github.com/apple-oss-distributions/dyld .
"""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct

from ftaudit.binaries.image import BadBinaryError, Segment
from ftaudit.binaries.macho_fixups import Bind, Fixup
from ftaudit.binaries.view import MAX_NAMES, MAX_SYMBOL_NAME, View

MAX_PAGES = 1 << 12
"""Pages whose chains are remembered, with a byte for each four of theirs."""

_U32, _U64 = Struct("<I"), Struct("<Q")
_CHAINS = Struct("<7I")
_CHAIN_STARTS = Struct("<IHHQIH")
_PAGE_SIZES = (0x1000, 0x4000, 0x10000)
_NO_CHAIN, _SEVERAL_CHAINS = 0xFFFF, 0x8000
_PLAIN_FORMATS = {2: False, 6: True}
"""``DYLD_CHAINED_PTR_64`` and ``…_64_OFFSET``: whether targets count from the image's base."""
_ARM64E_FORMATS = {1: (False, 16), 9: (True, 16), 12: (True, 24)}
"""``DYLD_CHAINED_PTR_ARM64E``, ``…_USERLAND``, ``…_USERLAND24``: the same, and the bits of an ordinal."""
_IMPORT_NAMES = {1: (Struct("<I"), 9), 2: (Struct("<I4x"), 9), 3: (Struct("<4xI8x"), 0)}
"""By the format of imports: the number that holds the place of the name, and the bits below that."""
_WORD = 8
_MASK = (1 << 64) - 1


class ChainedFixups:
    """``LC_DYLD_CHAINED_FIXUPS``.

    Chains are followed page by page when a word of the page is asked for, so that a number that only looks
    like a pointer is not taken for one.
    """

    def __init__(self, view: View, segments: Sequence[Segment], base: int) -> None:
        self._view = view
        self._segments = segments
        self._base = base
        _, self._starts, self._imports, self._symbols, self._count, self._import_format, packed = view.unpack(
            _CHAINS, 0
        )
        if packed or self._import_format not in _IMPORT_NAMES or self._count > MAX_NAMES:
            raise BadBinaryError("chained fixups: imports in a form that is not known")
        self._pages: dict[tuple[int, int], bytearray] = {}

    def at(self, address: int) -> Fixup:
        """What becomes of the word at *address*."""
        for index, found in enumerate(self._segments):
            if found.address <= address < found.address + found.file_size:
                return self._in_segment(index, address - found.address)
        return None

    def names(self) -> list[bytes]:
        """All names that are bound."""
        layout, shift = _IMPORT_NAMES[self._import_format]
        content = self._view.take(self._imports, self._count * layout.size)
        return self._view.strings(
            [self._symbols + (name >> shift) for (name,) in layout.iter_unpack(content)]
        )

    def rebased(self) -> list[Segment]:
        """The segments in which words may be rebased."""
        return [found for index, found in enumerate(self._segments) if self._chain_starts(index)]

    def stored(self, address: int) -> list[bytes]:
        """The bytes with which a rebase to *address* can begin: four, the others hold the chain."""
        formats = {found[2] for index in range(len(self._segments)) if (found := self._chain_starts(index))}
        relative = {_PLAIN_FORMATS.get(found, found != 1) for found in formats}
        targets = sorted(address - self._base if offset else address for offset in relative)
        return [_U32.pack(target & 0xFFFFFFFF) for target in targets]

    def _chain_starts(self, index: int) -> tuple[int, int, int, int] | None:
        """Where a segment's starts are, the size of its pages, the format of its pointers, its pages."""
        count = self._view.unpack(_U32, self._starts)[0]
        if index >= count:
            return None
        offset = self._view.unpack(_U32, self._starts + 4 + 4 * index)[0]
        if not offset:
            return None
        place = self._starts + offset
        _, page_size, pointers, _, _, pages = self._view.unpack(_CHAIN_STARTS, place)
        if page_size not in _PAGE_SIZES or pointers not in {*_PLAIN_FORMATS, *_ARM64E_FORMATS}:
            raise BadBinaryError(
                f"chained fixups: pointers of format {pointers} in pages of {page_size} bytes"
            )
        return place + _CHAIN_STARTS.size, page_size, pointers, pages

    def _in_segment(self, index: int, offset: int) -> Fixup:
        starts = self._chain_starts(index)
        if starts is None:
            return None
        place, page_size, pointers, pages = starts
        page, within = divmod(offset, page_size)
        if page >= pages or within % 4:
            return None
        marks = self._pages.get((index, page))
        if marks is None:
            first = int.from_bytes(self._view.take(place + 2 * page, 2), "little")
            marks = self._follow(self._segments[index], page * page_size, page_size, first, pointers)
            if len(self._pages) >= MAX_PAGES:
                self._pages.clear()
            self._pages[index, page] = marks
        if not marks[within // 4]:
            return None
        found = self._segments[index]
        content = View(self._view.data, found.offset, found.file_size, "segment")
        return self._decode(content.unpack(_U64, offset)[0], pointers)

    def _follow(self, found: Segment, start: int, size: int, first: int, pointers: int) -> bytearray:
        """A mark for each four bytes of the page at *start* of a segment: those where a pointer begins."""
        marks = bytearray(size // 4)
        if first == _NO_CHAIN:
            return marks
        content = View(self._view.data, found.offset, found.file_size, "segment")
        page = content.take(start, min(size, content.size - start))
        shift, mask, stride = (51, 0xFFF, 4) if pointers in _PLAIN_FORMATS else (51, 0x7FF, 8)
        at, step = first, 1
        while step:
            if at % 4 or at + _WORD > len(page):
                raise BadBinaryError(f"chained fixups: a chain leaves the page at {start:#x}")
            marks[at // 4] = 1
            step = (_U64.unpack_from(page, at)[0] >> shift & mask) * stride
            at += step
        return marks

    def _decode(self, word: int, pointers: int) -> Fixup:
        if pointers in _PLAIN_FORMATS:
            if word >> 63:
                return self._bound(word & 0xFFFFFF, word >> 24 & 0xFF)
            target = (word & (1 << 36) - 1) + (self._base if _PLAIN_FORMATS[pointers] else 0)
            return (target | (word >> 36 & 0xFF) << 56) & _MASK
        relative, bits = _ARM64E_FORMATS[pointers]
        authenticated = word >> 63
        if word >> 62 & 1:
            addend = 0 if authenticated else (word >> 32 & 0x7FFFF ^ 0x40000) - 0x40000
            return self._bound(word & (1 << bits) - 1, addend)
        if authenticated:
            return (word & 0xFFFFFFFF) + self._base & _MASK
        target = (word & (1 << 43) - 1) + (self._base if relative else 0)
        return (target | (word >> 43 & 0xFF) << 56) & _MASK

    def _bound(self, index: int, addend: int) -> Bind:
        name, library, more = self._import(index)
        return Bind(self._view.string(name, MAX_SYMBOL_NAME), library, addend + more)

    def _import(self, index: int) -> tuple[int, int, int]:
        """Where the name of an import stands, the library's number, the addend."""
        if index >= self._count:
            raise BadBinaryError(f"chained fixups: there is no import {index}")
        offset = self._imports + index * _IMPORT_NAMES[self._import_format][0].size
        if self._import_format == 3:
            fields = self._view.unpack(_U64, offset)[0]
            library, name = fields & 0xFFFF, fields >> 32
            library -= 0x10000 if library > 0xFFF0 else 0
            addend = self._view.unpack(_U64, offset + 8)[0]
        else:
            fields = self._view.unpack(_U32, offset)[0]
            library, name = fields & 0xFF, fields >> 9
            library -= 0x100 if library > 0xF0 else 0
            addend = self._view.unpack(_U32, offset + 4)[0] if self._import_format == 2 else 0
        return self._symbols + name, library, addend
