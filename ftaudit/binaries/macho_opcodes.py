"""Opcodes of a Mach-O image: programs that rebase and bind words, of images that do not chain their fixups.

The opcodes: ``EXTERNAL_HEADERS/mach-o/loader.h`` in https://github.com/apple-oss-distributions/xnu .
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ftaudit.binaries.image import BadBinaryError, Segment
from ftaudit.binaries.macho_fixups import WEAK_LOOKUP, Bind, Fixup
from ftaudit.binaries.macho_symbols import Section
from ftaudit.binaries.view import MAX_SYMBOL_NAME, View, once, uleb

MAX_BINDS = 1 << 19
"""Words that are bound; 46 MB of mypy have some thousand."""
MAX_STREAM = 1 << 21
"""Bytes of opcodes; 46 MB of mypy have some ten thousand."""

_WORD = 8
_MASK = (1 << 64) - 1
_Bound = dict[int, tuple[bytes, int, int]]
"""By the address of a word the fields of its `Bind`."""


class Streams(NamedTuple):
    """The opcodes of ``LC_DYLD_INFO``, by kind."""

    rebase: View
    bind: View
    weak: View
    lazy: View


class OpcodeFixups:
    """``LC_DYLD_INFO``: programs of opcodes, run when the first word is asked for that they may be about.

    *lazy* are the sections of pointers that are bound when they are first called through: what the lazy
    opcodes are about. Most opcodes are lazy ones, and hardly ever is such a pointer asked for. Where there
    are no such sections they may be about anything.
    """

    def __init__(self, streams: Streams, segments: Sequence[Segment], lazy: Sequence[Section]) -> None:
        if max(stream.size for stream in streams) > MAX_STREAM:
            raise BadBinaryError(f"fixups: more than {MAX_STREAM} bytes of opcodes")
        self._streams = streams
        self._segments = segments
        self._first_lazy = min((found.address for found in lazy), default=0)
        self._end_lazy = max((found.address + found.size for found in lazy), default=1 << 64)
        self._left = min(MAX_BINDS, 3 * sum(found.file_size // _WORD for found in segments))

    def at(self, address: int, stored: int) -> Fixup:
        """What becomes of the word at *address*, in which the file has *stored*."""
        bound = self._bound.get(address)
        if self._first_lazy <= address < self._end_lazy:
            bound = self._lazily_bound.get(address, bound)
        if bound is not None:
            return Bind(*bound)
        return stored if self._is_rebased(address) else None

    def names(self) -> list[bytes]:
        """All names that are bound."""
        return [name for bound in (self._bound, self._lazily_bound) for name, _, _ in bound.values()]

    @once
    def _bound(self) -> _Bound:
        found = _run_binds(self._streams.bind, self._segments, self._left)
        weak = _run_binds(self._streams.weak, self._segments, self._left)
        found.update((address, (name, WEAK_LOOKUP, addend)) for address, (name, _, addend) in weak.items())
        return found

    @once
    def _lazily_bound(self) -> _Bound:
        return _run_binds(self._streams.lazy, self._segments, self._left, lazy=True)

    def rebased(self) -> list[Segment]:
        """The segments in which words are rebased."""
        marks, odd = self._rebased
        return [*self._segments] if odd else [found for found, _ in marks]

    def _is_rebased(self, address: int) -> bool:
        marks, odd = self._rebased
        for found, marked in marks:
            word, rest = divmod(address - found.address, _WORD)
            if not rest and 0 <= word < len(marked):
                return bool(marked[word]) or address in odd
        return address in odd

    @once
    def _rebased(self) -> tuple[list[tuple[Segment, bytearray]], set[int]]:
        """Each segment in which words are rebased with a mark for each of its words, and the addresses of
        those that are not aligned."""
        stream = self._streams.rebase
        marks, odd = _run_rebases(stream.take(0, stream.size), self._segments)
        pairs = zip(self._segments, marks, strict=True)
        return [(found, marked) for found, marked in pairs if 1 in marked], odd


def _run_rebases(stream: bytes, segments: Sequence[Segment]) -> tuple[list[bytearray], set[int]]:
    """A mark for each word of each segment, and the addresses of words that are not aligned.

    Frequent operations come first: large files have a hundred thousand.
    """
    marks = [bytearray(found.file_size // _WORD) for found in segments]
    odd: set[int] = set()
    left = sum(map(len, marks)) + len(marks)
    ends = [found.file_size - _WORD for found in segments]
    at = segment = offset = 0
    while at < len(stream):
        operation, immediate = stream[at] & 0xF0, stream[at] & 15
        at += 1
        stride = _WORD
        if operation == 0x50:  # DO_REBASE_IMM_TIMES
            count = immediate
        elif operation == 0x40:  # ADD_ADDR_IMM_SCALED
            offset += immediate * _WORD
            continue
        elif operation == 0x70:  # DO_REBASE_ADD_ADDR_ULEB
            count = 1
            stride, at = _stride(stream, at)
        elif operation == 0x30:  # ADD_ADDR_ULEB
            more, at = uleb(stream, at)
            offset = offset + more & _MASK
            continue
        elif operation == 0x60:  # DO_REBASE_ULEB_TIMES
            count, at = uleb(stream, at)
        elif operation == 0x80:  # DO_REBASE_ULEB_TIMES_SKIPPING_ULEB
            count, at = uleb(stream, at)
            stride, at = _stride(stream, at)
        elif operation == 0x20:  # SET_SEGMENT_AND_OFFSET_ULEB
            segment = immediate
            offset, at = uleb(stream, at)
            continue
        elif operation == 0x10:  # SET_TYPE_IMM
            continue
        elif operation == 0x00:  # DONE
            break
        else:
            raise BadBinaryError(f"fixups: rebase opcode {operation:#x} is not known")
        left -= count
        if count:
            last = offset + (count - 1) * stride
            if left < 0 or segment >= len(ends) or not 0 <= last <= ends[segment]:
                raise BadBinaryError("fixups: rebases what is not in the file, or more words than there are")
            _mark(marks[segment], odd, segments[segment].address, offset, count, stride)
        offset = offset + count * stride & _MASK
    return marks, odd


def _stride(stream: bytes, at: int) -> tuple[int, int]:
    """Bytes from one word to the next, and where the number ends that tells what to skip between them."""
    skip, at = uleb(stream, at)
    return skip + _WORD & _MASK, at


def _mark(marks: bytearray, odd: set[int], address: int, offset: int, count: int, stride: int) -> None:
    """Mark *count* words from *offset* on in the segment at *address*."""
    word, rest = divmod(offset, _WORD)
    if count == 1 and not rest:
        marks[word] = 1
    elif not rest and not stride % _WORD and stride:
        step = stride // _WORD
        marks[word : word + (count - 1) * step + 1 : step] = b"\1" * count
    else:
        start = address + offset
        odd.update(start + index * stride for index in range(count))


def _run_binds(opcodes: View, segments: Sequence[Segment], left: int, *, lazy: bool = False) -> _Bound:
    """What *opcodes* bind, *left* words at most. Entries of a *lazy* stream end as streams do.

    Frequent operations come first.
    """
    found: _Bound = {}
    stream = opcodes.take(0, opcodes.size)
    at = segment = offset = library = addend = 0
    name = b""
    while at < len(stream):
        operation, immediate = stream[at] & 0xF0, stream[at] & 15
        at += 1
        count, skip = 1, 0
        if operation == 0x70:  # SET_SEGMENT_AND_OFFSET_ULEB
            segment = immediate
            offset, at = uleb(stream, at)
            continue
        if operation == 0x40:  # SET_SYMBOL_TRAILING_FLAGS_IMM
            name, at = _name(stream, at)
            continue
        if operation == 0x10:  # SET_DYLIB_ORDINAL_IMM
            library = immediate
            continue
        if operation == 0x50 or (lazy and not operation):  # SET_TYPE_IMM, DONE
            continue
        if operation == 0xA0:  # DO_BIND_ADD_ADDR_ULEB
            skip, at = uleb(stream, at)
        elif operation == 0xB0:  # DO_BIND_ADD_ADDR_IMM_SCALED
            skip = immediate * _WORD
        elif operation == 0xC0:  # DO_BIND_ULEB_TIMES_SKIPPING_ULEB
            count, at = uleb(stream, at)
            skip, at = uleb(stream, at)
        elif operation == 0x00:  # DONE
            break
        elif operation != 0x90:  # DO_BIND
            at, library, addend, offset = _set(stream, at, library, addend, offset)
            continue
        left -= count
        if left < 0:
            raise BadBinaryError("fixups: bind more words than there are, or than any file has")
        if segment >= len(segments):
            raise BadBinaryError("fixups: binds what is not in the file")
        start = segments[segment].address
        for _ in range(count):
            found[start + offset & _MASK] = name, library, addend
            offset = offset + skip + _WORD & _MASK
    return found


def _set(stream: bytes, at: int, library: int, addend: int, offset: int) -> tuple[int, int, int, int]:
    """A rare operation before *at*, of those that bind nothing: where the next one is, and its effect."""
    operation, immediate = stream[at - 1] & 0xF0, stream[at - 1] & 15
    if operation == 0x20:  # SET_DYLIB_ORDINAL_ULEB
        library, at = uleb(stream, at)
    elif operation == 0x30:  # SET_DYLIB_SPECIAL_IMM
        library = immediate - 16 if immediate else 0
    elif operation == 0x60:  # SET_ADDEND_SLEB: whether it is zero is all that matters
        addend, at = uleb(stream, at)
    elif operation == 0x80:  # ADD_ADDR_ULEB
        skip, at = uleb(stream, at)
        offset = offset + skip & _MASK
    else:
        raise BadBinaryError(f"fixups: bind opcode {operation:#x} is not known")
    return at, library, addend, offset


def _name(stream: bytes, at: int) -> tuple[bytes, int]:
    end = stream.find(0, at, at + MAX_SYMBOL_NAME)
    if end < 0:
        raise BadBinaryError(f"fixups: the name at {at:#x} does not end")
    return stream[at:end], end + 1
