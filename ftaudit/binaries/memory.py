"""The memory that followed code sees: the image, and what was written over it.

A value is a number, or something less: an `Import`, an `Opaque` object, a word of which only the low half or
byte is known (`Low32`, `Low8`), or nothing at all (None).
"""

from __future__ import annotations

from dataclasses import dataclass

from ftaudit.binaries.image import Address, Image, Import

STACK = 0x7F00_0000_0000
HEAP = 0x6000_0000_0000
"""Addresses from here on are nobody's but the followed code's: above any image, below the stack."""
BLOCK = 0x1_0000
"""Bytes between two allocations: what is written past the end of one never reaches the next by accident."""
WORD = 8
MASK = (1 << 64) - 1
_MASKS = {size: (1 << 8 * size) - 1 for size in (1, 2, 4, 8)}


@dataclass(frozen=True, slots=True)
class Opaque:
    """A pointer that is not NULL, to something of which only the name is known: an object that a call made.

    ``number`` tells two that the same call made apart, where that matters.
    """

    what: str
    number: int = 0


@dataclass(frozen=True, slots=True)
class Low32:
    """A 64-bit word whose low half is *value*; nothing is known of the high one."""

    value: int


@dataclass(frozen=True, slots=True)
class Low8:
    """A 64-bit word whose low byte is *value*; nothing is known of the others."""

    value: int


Value = int | Import | Opaque | Low32 | Low8 | None
_PARTS = (Low32, Low8)
_FILLED = (Address, Import)
"""What the dynamic linker makes of words. `isinstance` is slow where it is given a union."""


class Heap:
    """Hands out addresses; remembers which blocks were zeroed when they were allocated."""

    def __init__(self) -> None:
        self._next = HEAP
        self._zeroed: set[int] = set()

    def allocate(self, *, zeroed: bool = False) -> int:
        self._next += BLOCK
        if zeroed:
            self._zeroed.add(self._next // BLOCK)
        return self._next

    def initial(self, address: int) -> int | None:
        """The byte at *address* before anything was written there."""
        return 0 if address // BLOCK in self._zeroed else None


class Memory:
    """Loads and stores of 1, 2, 4 or 8 bytes, little-endian. Cells never overlap."""

    __slots__ = ("_cells", "_forgotten", "_heap", "_image", "_touched")

    def __init__(self, image: Image, heap: Heap) -> None:
        self._image, self._heap = image, heap
        self._cells: dict[int, tuple[int, Value]] = {}
        self._forgotten: tuple[range, ...] = ()
        self._touched: set[int] = set()
        """The numbers of the words in which a cell lies, or once lay: most others are asked for in vain."""

    def copy(self) -> Memory:
        other = Memory(self._image, self._heap)
        other._cells = self._cells.copy()
        other._forgotten = self._forgotten
        other._touched = self._touched.copy()
        return other

    def load(self, address: Value, size: int) -> Value:
        """The value of *size* bytes at *address*."""
        if not isinstance(address, int):
            return None
        cell = self._cells.get(address)
        if cell is not None and cell[0] == size:
            return cell[1]
        if self._overlapping(address, size):
            return self._compose(address, size)
        return self._initial(address, size)

    def store(self, address: Value, size: int, value: Value) -> None:
        """Writes *value*; a store to an address that is not known is lost."""
        if not isinstance(address, int):
            return
        if isinstance(value, int):
            value &= _MASKS[size]
        elif (isinstance(value, Low32) and size <= 4) or (isinstance(value, Low8) and size == 1):
            value = value.value & _MASKS[size]
        elif size != WORD:
            value = None
        cell = self._cells.get(address)
        if cell is None or cell[0] != size:
            self._make_room(address, size)
        self._cells[address] = (size, value)

    def _make_room(self, address: int, size: int) -> None:
        """No cell lies in those bytes any more, and they count as touched."""
        words = {address // WORD, (address + size - 1) // WORD}
        if not words.isdisjoint(self._touched):
            for other in self._overlapping(address, size):
                self._split(other)
            for byte in range(address, address + size):
                self._cells.pop(byte, None)
        self._touched |= words

    def forget(self, address: Value, size: int | None = None) -> None:
        """Something that is not known was written to *size* bytes at *address*, or, without a size, from
        there to some place in the same segment, allocation or stack."""
        if not isinstance(address, int):
            return
        end = self._end(address) if size is None else address + size
        for edge in (address, end):
            for other in self._overlapping(edge, 1):
                self._split(other)
        for at in [at for at in self._cells if address <= at < end]:
            del self._cells[at]
        self._forgotten += (range(address, end),)

    def _end(self, address: int) -> int:
        if address >= STACK - BLOCK:
            return max(STACK, address) + BLOCK
        if address >= HEAP:
            return (address // BLOCK + 1) * BLOCK
        segment = self._image.segment(address)
        return segment.address + segment.size if segment is not None else address + WORD

    def _overlapping(self, address: int, size: int) -> list[int]:
        touched = self._touched
        if address // WORD not in touched and (address + size - 1) // WORD not in touched:
            return []
        cells = self._cells
        return [
            at
            for at in range(address - WORD + 1, address + size)
            if (cell := cells.get(at)) is not None and at + cell[0] > address
        ]

    def _split(self, address: int) -> None:
        """The cell at *address* in single bytes."""
        size, value = self._cells.pop(address)
        for number in range(size):
            self._cells[address + number] = (1, _byte(value, number))

    def _is_forgotten(self, address: int, size: int) -> bool:
        return any(lost.start < address + size and address < lost.stop for lost in self._forgotten)

    def _initial(self, address: int, size: int) -> Value:
        if self._forgotten and self._is_forgotten(address, size):
            return None if size == 1 else self._compose(address, size)
        if address >= HEAP:
            return self._heap.initial(address)  # all bytes of a zeroed block are 0, and so is any word of it
        if size == WORD and self._image.pointer_size == WORD:
            return self._image.word(address)
        return self._part(address, size)

    def _part(self, address: int, size: int) -> int | None:
        """A number of the file; None for a part of a word that the dynamic linker fills."""
        if self._image.pointer_size != WORD:
            return self._image.number(address, size)
        offset = address % WORD
        word = self._image.word(address - offset)
        if isinstance(word, _FILLED):
            return None
        if word is None or offset + size > WORD:
            return self._image.number(address, size)
        return word >> 8 * offset & _MASKS[size]

    def _compose(self, address: int, size: int) -> Value:
        """The bytes of several cells together; `Low32` where only the high half of a word is unknown."""
        known = 0
        for number in range(size):
            byte = self._at(address + number)
            if byte is None:
                return Low32(known & 0xFFFF_FFFF) if number >= 4 and size == WORD else None
            known |= byte << 8 * number
        return known

    def _at(self, address: int) -> int | None:
        for at in range(address - WORD + 1, address + 1):
            cell = self._cells.get(at)
            if cell is not None and at + cell[0] > address:
                return _byte(cell[1], address - at)
        if self._is_forgotten(address, 1):
            return None
        if address >= HEAP:
            return self._heap.initial(address)
        return self._part(address, 1)


def _byte(value: Value, number: int) -> int | None:
    if isinstance(value, _PARTS):
        known = 4 if isinstance(value, Low32) else 1
        return value.value >> 8 * number & 255 if number < known else None
    return value >> 8 * number & 255 if isinstance(value, int) else None
