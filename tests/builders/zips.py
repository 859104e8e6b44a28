"""Zip archives written byte by byte, so that each may lie: ``zipped(member("x.so", b"…", crc=0))``."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field, replace
from typing import Any

DEFLATED, STORED = 8, 0


@dataclass(frozen=True, kw_only=True)
class Header:
    """What is said of a member, in its own header or in the directory."""

    name: bytes
    size: int
    compressed: int
    crc: int
    method: int = DEFLATED
    flags: int = 0
    extra: bytes = b""


@dataclass(frozen=True, kw_only=True)
class Part:
    """A member: its *data* as they lie in the archive, and what its header and the directory say of them."""

    data: bytes
    local: Header
    central: Header
    after: bytes = b""
    attributes: int = 0
    offset: int | None = None
    disk: int = 0
    inside: bool = field(default=True)


def member(name: str | bytes, content: bytes = b"", **lies: Any) -> Part:
    """A member; each lie is of both headers, or of one where it begins with ``local_`` or ``central_``."""
    method = lies.get("method", DEFLATED)
    data = lies.pop("data", content if method == STORED else deflate(content))
    more = {key: lies.pop(key) for key in ("after", "attributes", "offset", "disk", "inside") if key in lies}
    header = Header(
        name=name if isinstance(name, bytes) else name.encode(),
        size=len(content),
        compressed=len(data),
        crc=zlib.crc32(content),
        flags=0 if isinstance(name, bytes) or name.isascii() else 0x800,
    )
    own = {side: {k.removeprefix(side): v for k, v in lies.items() if k.startswith(side)} for side in SIDES}
    both = {k: v for k, v in lies.items() if not k.startswith(SIDES)}
    local, central = (replace(header, **both, **own[side]) for side in SIDES)
    return Part(data=data, local=local, central=central, **more)


SIDES = ("local_", "central_")


def deflate(content: bytes) -> bytes:
    engine = zlib.compressobj(9, zlib.DEFLATED, -15)
    return engine.compress(content) + engine.flush()


def zipped(
    *parts: Part,
    before: bytes = b"",
    comment: bytes = b"",
    after: bytes = b"",
    zip64: bool = False,
    **lies: int,
) -> bytes:
    """The archive. *lies* are fields of the end record: ``disk``, ``first_disk``, ``here``, ``count``,
    ``size``, ``start``; with *zip64* they are those of the large one, and the small one refers to it."""
    archive = bytearray(before)
    directory = bytearray()
    for part in parts:
        start = len(archive) if part.offset is None else part.offset
        if part.inside:
            archive += _local(part.local) + part.data + part.after
        directory += _central(part, start)
    count, start = len(parts), len(archive)
    end = {"disk": 0, "first_disk": 0, "here": count, "count": count, "size": len(directory), "start": start}
    end |= lies
    archive += directory
    if zip64:
        place = len(archive)
        archive += struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, *end.values())
        archive += struct.pack("<4sLQL", b"PK\6\7", 0, place, 1)
        end |= {"here": 0xFFFF, "count": 0xFFFF, "size": 0xFFFFFFFF, "start": 0xFFFFFFFF}
    archive += struct.pack("<4s4H2LH", b"PK\5\6", *end.values(), len(comment))
    return bytes(archive + comment + after)


def _local(said: Header) -> bytes:
    fields = (20, said.flags, said.method, 0, 0x21, said.crc, said.compressed, said.size)
    return (
        struct.pack("<4s5H3L2H", b"PK\3\4", *fields, len(said.name), len(said.extra)) + said.name + said.extra
    )


def _central(part: Part, start: int) -> bytes:
    said = part.central
    fields = (20 | 3 << 8, 20, said.flags, said.method, 0, 0x21, said.crc, said.compressed, said.size)
    lengths = (len(said.name), len(said.extra), 0)
    places = (part.disk, 0, part.attributes, start)
    head = struct.pack("<4s6H3L3H2H2L", b"PK\1\2", *fields, *lengths, *places)
    return head + said.name + said.extra
