"""Opcodes of a Mach-O image: programs that rebase and bind words, of images that do not chain their fixups.

The opcodes: ``EXTERNAL_HEADERS/mach-o/loader.h`` in https://github.com/apple-oss-distributions/xnu .
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ftaudit.binaries.image import BadBinaryError, Segment
from ftaudit.binaries.macho_fixups import WEAK_LOOKUP, Bind, Fixup
from ftaudit.binaries.view import MAX_SYMBOL_NAME, View, once, uleb

MAX_BINDS = 1 << 19
"""Words that are bound; 46 MB of mypy have some thousand."""
MAX_STREAM = 1 << 21
"""Bytes of opcodes; 46 MB of mypy have some ten thousand."""

_WORD = 8
_MASK = (1 << 64) - 1


class Streams(NamedTuple):
    """The opcodes of ``LC_DYLD_INFO``, by kind."""

    rebase: View
    bind: View
    weak: View
    lazy: View


class OpcodeFixups:
    """``LC_DYLD_INFO``: programs of opcodes, run when the first word is asked for."""

    def __init__(self, streams: Streams, segments: Sequence[Segment]) -> None:
        if max(stream.size for stream in streams) > MAX_STREAM:
            raise BadBinaryError(f"fixups: more than {MAX_STREAM} bytes of opcodes")
        self._streams = streams
        self._segments = segments

    def at(self, address: int, stored: int) -> Fixup:
        """What becomes of the word at *address*, in which the file has *stored*."""
        bound = self._bound.get(address)
        if bound is not None:
            return bound
        return stored if self._is_rebased(address) else None

    def names(self) -> Iterator[bytes]:
        """All names that are bound."""
        return (found.name for found in self._bound.values())

    @once
    def _bound(self) -> dict[int, Bind]:
        found: dict[int, Bind] = {}
        streams = self._streams
        left = min(MAX_BINDS, 3 * sum(found.file_size // _WORD for found in self._segments))
        for stream, library in ((streams.bind, None), (streams.lazy, None), (streams.weak, WEAK_LOOKUP)):
            for address, bind in _run_binds(
                stream.take(0, stream.size), self._segments, lazy=stream is streams.lazy
            ):
                left -= 1
                if left < 0:
                    raise BadBinaryError("fixups: bind more words than there are, or than any file has")
                found[address] = bind if library is None else bind._replace(library=library)
        return found

    def _is_rebased(self, address: int) -> bool:
        marks, odd = self._rebased
        for found, marked in zip(self._segments, marks, strict=True):
            if found.address <= address < found.address + found.file_size:
                word, rest = divmod(address - found.address, _WORD)
                return address in odd or (not rest and bool(marked[word]))
        return False

    @once
    def _rebased(self) -> tuple[list[bytearray], set[int]]:
        """A mark for each word of each segment that is rebased, and the addresses that are not aligned."""
        stream = self._streams.rebase
        return _run_rebases(stream.take(0, stream.size), self._segments)


def _run_rebases(stream: bytes, segments: Sequence[Segment]) -> tuple[list[bytearray], set[int]]:
    """The marks of `OpcodeFixups`. Frequent operations come first: large files have a hundred thousand."""
    marks = [bytearray(found.file_size // _WORD) for found in segments]
    odd: set[int] = set()
    left = sum(map(len, marks)) + len(marks)
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
            _check_rebase(segments, segment, offset + (count - 1) * stride, left)
            _mark(marks[segment], odd, segments[segment].address, offset, count, stride)
        offset = offset + count * stride & _MASK
    return marks, odd


def _stride(stream: bytes, at: int) -> tuple[int, int]:
    """Bytes from one word to the next, and where the number ends that tells what to skip between them."""
    skip, at = uleb(stream, at)
    return skip + _WORD & _MASK, at


def _check_rebase(segments: Sequence[Segment], segment: int, last: int, left: int) -> None:
    """Refuse to rebase words outside the file, or more of them than there are."""
    if left < 0 or segment >= len(segments) or not 0 <= last <= segments[segment].file_size - _WORD:
        raise BadBinaryError("fixups: rebases what is not in the file")


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


def _run_binds(stream: bytes, segments: Sequence[Segment], *, lazy: bool) -> Iterator[tuple[int, Bind]]:
    """The address of each word that is bound, and to what. Entries of a *lazy* stream end as streams do."""
    at = segment = offset = library = addend = 0
    name = b""
    while at < len(stream):
        operation, immediate = stream[at] & 0xF0, stream[at] & 15
        at += 1
        count, skip = 0, 0
        if operation == 0x90:  # DO_BIND
            count = 1
        elif operation == 0x70:  # SET_SEGMENT_AND_OFFSET_ULEB
            segment = immediate
            offset, at = uleb(stream, at)
        elif operation == 0x40:  # SET_SYMBOL_TRAILING_FLAGS_IMM
            name, at = _name(stream, at)
        elif operation == 0x10:  # SET_DYLIB_ORDINAL_IMM
            library = immediate
        elif operation == 0x20:  # SET_DYLIB_ORDINAL_ULEB
            library, at = uleb(stream, at)
        elif operation == 0x30:  # SET_DYLIB_SPECIAL_IMM
            library = immediate - 16 if immediate else 0
        elif operation == 0x60:  # SET_ADDEND_SLEB: whether it is zero is all that matters
            addend, at = uleb(stream, at)
        elif operation == 0x80:  # ADD_ADDR_ULEB
            skip, at = uleb(stream, at)
            offset = offset + skip & _MASK
        elif operation == 0xA0:  # DO_BIND_ADD_ADDR_ULEB
            count = 1
            skip, at = uleb(stream, at)
        elif operation == 0xB0:  # DO_BIND_ADD_ADDR_IMM_SCALED
            count, skip = 1, immediate * _WORD
        elif operation == 0xC0:  # DO_BIND_ULEB_TIMES_SKIPPING_ULEB
            count, at = uleb(stream, at)
            skip, at = uleb(stream, at)
        elif operation == 0x00 and not lazy:  # DONE
            return
        elif operation not in (0x00, 0x50):  # DONE, SET_TYPE_IMM
            raise BadBinaryError(f"fixups: bind opcode {operation:#x} is not known")
        if count and segment >= len(segments):
            raise BadBinaryError("fixups: binds what is not in the file")
        for _ in range(count):  # the caller counts
            yield segments[segment].address + offset & _MASK, Bind(name, library, addend)
            offset = offset + skip + _WORD & _MASK


def _name(stream: bytes, at: int) -> tuple[bytes, int]:
    end = stream.find(0, at, at + MAX_SYMBOL_NAME)
    if end < 0:
        raise BadBinaryError(f"fixups: the name at {at:#x} does not end")
    return stream[at:end], end + 1
