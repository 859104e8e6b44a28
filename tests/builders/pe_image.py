"""PE files in memory: ``pe(hooks={"PyInit_x": 0x1000}, pointers={0x2000: 0x2040})`` gives the bytes.

Code lies from `TEXT` on, data from `DATA` on, a page each; what the loader reads is at `TABLES`. Addresses
are below *base*, and the same as offsets in the file.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

TEXT, DATA, TABLES, PAGE = 0x1000, 0x2000, 0x3000, 0x1000
MACHINES = {"x86_64": (0x8664, 64), "arm64": (0xAA64, 64), "i386": (0x14C, 32), "arm": (0x1C4, 32)}
"""``Machine`` and bits."""


def pe(
    *,
    arch: str = "x86_64",
    base: int = 0,
    hooks: Mapping[str, int | str] | None = None,
    imports: Mapping[str, Sequence[str | int]] | None = None,
    delayed: Mapping[str, Sequence[str | int]] | None = None,
    pointers: Mapping[int, int] | None = None,
    content: Mapping[int, bytes] | None = None,
    relocated: bool = True,
    hybrid: bool = False,
) -> bytes:
    """A library that exports *hooks*: names and addresses, or what they are forwarded to (``other.name``).

    *imports* and *delayed* are names or numbers by library; `slot` tells where the loader puts them.
    *pointers* are words that hold an address; with *relocated* the base relocations name them. *hybrid* files
    have the metadata of Arm64EC.
    """
    machine, bits = MACHINES[arch]
    word = "<Q" if bits == 64 else "<I"
    file = bytearray(TABLES)
    for address, value in (content or {}).items():
        file[address : address + len(value)] = value
    for address, target in (pointers or {}).items():
        struct.pack_into(word, file, address, base + target)
    directories = [(0, 0)] * 16

    def place(data: bytes) -> int:
        file.extend(bytes(-len(file) % 8))
        file.extend(data)
        return len(file) - len(data)

    for index, libraries, descriptor in ((1, imports, 20), (13, delayed, 32)):
        entries = b""
        for library, names in (libraries or {}).items():
            by_number = 1 << bits - 1
            listed = [
                by_number | name if isinstance(name, int) else place(b"\0\0" + name.encode() + b"\0")
                for name in names
            ]
            packed = b"".join(struct.pack(word, entry) for entry in [*listed, 0])
            name = place(library.encode() + b"\0")
            lookup, addresses = place(packed), place(packed)
            if index == 1:
                entries += struct.pack("<5I", lookup, 0, 0, name, addresses)
            else:
                entries += struct.pack("<8I", 1, name, 0, addresses, lookup, 0, 0, 0)
        if entries:
            directories[index] = (place(entries + bytes(descriptor)), len(entries) + descriptor)
    if hooks:
        start = place(b"")
        directories[0] = (start, _exports(file, hooks))
    if relocated:
        block = _relocations(pointers or {}, 10 if bits == 64 else 3)
        directories[5] = (place(block), len(block))
    if hybrid:
        config = struct.pack("<I", 0x140).ljust(0xC8, b"\0") + struct.pack("<Q", base + DATA)
        directories[10] = (place(config.ljust(0x140, b"\0")), 0x140)
    head = _headers(machine, bits, base, directories, len(file))
    file[: len(head)] = head
    return bytes(file)


def slot(file: bytes, name: str) -> int:
    """Where the loader puts the address of the import *name*: the list of addresses follows that of names."""
    place = file.index(b"\0\0" + name.encode() + b"\0", TABLES)
    wide = struct.unpack_from("<H", file, 0x40 + 24)[0] == 0x20B
    entry = struct.pack("<Q" if wide else "<I", place)
    return file.index(entry, file.index(entry, place) + 1)


def _exports(file: bytearray, hooks: Mapping[str, int | str]) -> int:
    """Append the export table; gives its size, which forwarded names lie in."""
    start = len(file)
    names = sorted(hooks)
    count = len(names)
    tables = start + 40
    strings = tables + 10 * count
    content = b""
    where = []
    targets = []
    for name in names:
        where.append(strings + len(content))
        content += name.encode() + b"\0"
        target = hooks[name]
        if isinstance(target, str):
            targets.append(strings + len(content))
            content += target.encode() + b"\0"
        else:
            targets.append(target)
    file.extend(struct.pack("<IIHHI", 0, 0, 0, 0, strings))
    file.extend(struct.pack("<IIIIII", 1, count, count, tables, tables + 4 * count, tables + 8 * count))
    file.extend(struct.pack(f"<{count}I{count}I{count}H", *targets, *where, *range(count)))
    file.extend(content)
    return len(file) - start


def _relocations(addresses: Mapping[int, int], kind: int) -> bytes:
    """A block for each page; an empty one where nothing is relocated."""
    blocks = b""
    for page in sorted({address & ~0xFFF for address in addresses}) or [0]:
        entries = [kind << 12 | address - page for address in addresses if address & ~0xFFF == page]
        entries += [0] * (len(entries) % 2)
        blocks += struct.pack(f"<II{len(entries)}H", page, 8 + 2 * len(entries), *entries)
    return blocks


def _headers(machine: int, bits: int, base: int, directories: Sequence[tuple[int, int]], end: int) -> bytes:
    wide = bits == 64
    optional = 240 if wide else 224
    dos = b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", 0x40)
    coff = struct.pack("<4sHHIIIHH", b"PE\0\0", machine, 3, 0, 0, 0, optional, 0x2022)
    head = struct.pack("<HBBIIIII", 0x20B if wide else 0x10B, 14, 0, PAGE, PAGE, 0, 0, TEXT)
    head += struct.pack("<Q", base) if wide else struct.pack("<II", DATA, base)
    head += struct.pack(
        "<IIHHHHHHIIIIHH", PAGE, 0x200, 6, 0, 0, 0, 6, 0, 0, -(-end // PAGE) * PAGE, 0x400, 0, 2, 0x160
    )
    head += struct.pack("<4Q" if wide else "<4I", 0x100000, 0x1000, 0x100000, 0x1000)
    head += struct.pack("<II", 0, 16) + b"".join(struct.pack("<II", *found) for found in directories)
    assert len(head) == optional
    sections = (
        (b".text", TEXT, PAGE, 0x60000020),
        (b".data", DATA, PAGE, 0xC0000040),
        (b".rdata", TABLES, end - TABLES, 0x40000040),
    )
    table = b"".join(
        struct.pack("<8sIIIIIIHHI", name, size, start, size, start, 0, 0, 0, 0, flags)
        for name, start, size, flags in sections
    )
    return dos + coff + head + table
