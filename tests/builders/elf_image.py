"""ELF files in memory: ``elf(hooks={"PyInit_x": 0x1000}, pointers={0x2000: 0x2040})`` gives the bytes.

Code lies from `TEXT` on, data from `DATA` on, a page each; what the dynamic linker reads is at `TABLES`.
Addresses are offsets in the file. Tables are made as linkers make them, so other readers can be asked too.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

TEXT, DATA, TABLES, PAGE = 0x1000, 0x2000, 0x3000, 0x1000

MACHINES = {
    "x86_64": (62, 64, 8, 1),
    "arm64": (183, 64, 1027, 257),
    "riscv64": (243, 64, 3, 2),
    "ppc64": (21, 64, 22, 38),
    "s390x": (22, 64, 12, 22),
    "i386": (3, 32, 8, 1),
    "arm": (40, 32, 23, 2),
}
"""``e_machine``, bits, the types of a relative relocation and of one with a symbol."""


def elf(
    *,
    arch: str = "x86_64",
    big_endian: bool = False,
    hooks: Mapping[str, int] | None = None,
    imports: Sequence[str] = (),
    needed: Sequence[str] = (),
    pointers: Mapping[int, int | str] | None = None,
    content: Mapping[int, bytes] | None = None,
    relocations: str = "rela",
    hashes: Sequence[str] = ("gnu",),
    extra: Mapping[int, int] | None = None,
) -> bytes:
    """A shared object that exports *hooks* (names and addresses) and takes *imports* from others.

    *pointers* are words that are relocated, to an address or to an import of that name; *relocations* is
    ``rela``, ``rel`` or ``relr``. *content* are bytes at addresses. *extra* are more entries of the dynamic
    section: tag and value.
    """
    machine, bits, relative, absolute = MACHINES[arch]
    pointers, hooks = pointers or {}, hooks or {}
    order = ">" if big_endian else "<"
    word = "Q" if bits == 64 else "I"
    taken = [*dict.fromkeys([*imports, *(name for name in pointers.values() if isinstance(name, str))])]
    buckets = max(len(hooks) // 2, 1)
    exported = sorted(hooks, key=lambda name: gnu_hash(name) % buckets)
    names = [*taken, *exported]
    strings = b"\0" + b"".join(name.encode() + b"\0" for name in [*names, *needed])
    starts = {name: strings.index(b"\0" + name.encode() + b"\0") + 1 for name in [*names, *needed]}

    file = bytearray(TABLES)
    for address, value in (content or {}).items():
        file[address : address + len(value)] = value
    tags: list[tuple[int, int]] = [(1, starts[name]) for name in needed]

    def table(tag: int, data: bytes) -> None:
        file.extend(bytes(-len(file) % 8))
        tags.append((tag, len(file)))
        file.extend(data)

    if "gnu" in hashes:
        table(0x6FFFFEF5, _gnu_table(exported, len(taken) + 1, buckets, order, bits))
    if "sysv" in hashes:
        table(4, _sysv_table(names, order + ("Q" if arch == "s390x" else "I")))
    table(6, _symbols(taken, exported, starts, hooks, order, bits))
    table(5, strings)
    tags.append((10, len(strings)))
    tags.append((11, 24 if bits == 64 else 16))
    entries, packed = b"", b""
    for address, target in pointers.items():
        if relocations != "rela" and isinstance(target, int):
            struct.pack_into(order + word, file, address, target)
        if relocations == "relr" and isinstance(target, int):
            packed += struct.pack(order + word, address)
            continue
        kind, symbol = (relative, 0) if isinstance(target, int) else (absolute, 1 + names.index(target))
        info = symbol << 32 | kind if bits == 64 else symbol << 8 | kind
        entries += struct.pack(order + 2 * word, address, info)
        if relocations == "rela":
            entries += struct.pack(order + word, target if isinstance(target, int) else 0)
    rela = relocations == "rela"
    if entries:
        table(7 if rela else 17, entries)
        size = bits // 8 * (3 if rela else 2)
        tags.extend([(8 if rela else 18, len(entries)), (9 if rela else 19, size)])
    if packed:
        table(36, packed)
        tags.extend([(35, len(packed)), (37, bits // 8)])
    tags.extend((extra or {}).items())
    file.extend(bytes(-len(file) % 8))
    start = len(file)
    file.extend(b"".join(struct.pack(order + 2 * word, *tag) for tag in [*tags, (0, 0)]))
    file[: len(_headers(0, 0, 0, machine, order, bits))] = _headers(
        start, len(file) - start, len(file), machine, order, bits
    )
    return bytes(file)


def _headers(dynamic: int, dynamic_size: int, end: int, machine: int, order: str, bits: int) -> bytes:
    segments = [
        (1, 4, 0, TEXT),
        (1, 5, TEXT, PAGE),
        (1, 6, DATA, PAGE),
        (1, 4, TABLES, max(end - TABLES, 0)),
        (2, 4, dynamic, dynamic_size),
    ]
    ident = b"\x7fELF" + bytes([bits // 32, 1 + (order == ">"), 1]) + bytes(9)
    header = struct.pack(
        order + ("HHIQQQIHHHHHH" if bits == 64 else "HHIIIIIHHHHHH"),
        *(
            3,
            machine,
            1,
            0,
            64,
            0,
            0,
            64 if bits == 64 else 52,
            56 if bits == 64 else 32,
            len(segments),
            0,
            0,
            0,
        ),
    )
    head = (ident + header).ljust(64, b"\0")
    for kind, flags, start, size in segments:
        if bits == 64:
            head += struct.pack(order + "IIQQQQQQ", kind, flags, start, start, start, size, size, 8)
        else:
            head += struct.pack(order + "IIIIIIII", kind, start, start, start, size, size, flags, 8)
    return head


def _symbols(
    taken: Sequence[str],
    exported: Sequence[str],
    starts: Mapping[str, int],
    hooks: Mapping[str, int],
    order: str,
    bits: int,
) -> bytes:
    """The symbol table: a null symbol, imports, exports of 32 bytes of code each."""
    found = [(0, 0, 0, 0, 0), *((starts[name], 0x12, 0, 0, 0) for name in taken)]
    found += [(starts[name], 0x12, 1, hooks[name], 32) for name in exported]
    if bits == 64:
        return b"".join(struct.pack(order + "IBBHQQ", n, i, 0, s, v, z) for n, i, s, v, z in found)
    return b"".join(struct.pack(order + "IIIBBH", n, v, z, i, 0, s) for n, i, s, v, z in found)


def gnu_hash(name: str) -> int:
    total = 5381
    for byte in name.encode():
        total = (total * 33 + byte) & 0xFFFFFFFF
    return total


def _gnu_table(exported: Sequence[str], first: int, buckets: int, order: str, bits: int) -> bytes:
    hashes = [gnu_hash(name) for name in exported]
    places = [value % buckets for value in hashes]
    begins = [first + places.index(bucket) if bucket in places else 0 for bucket in range(buckets)]
    last = [index + 1 == len(places) or places[index + 1] != place for index, place in enumerate(places)]
    chain = [value & ~1 | end for value, end in zip(hashes, last, strict=True)]
    head = struct.pack(order + "4I", buckets, first if exported else 1, 1, 0)
    bloom = b"\xff" * (bits // 8)
    return head + bloom + struct.pack(f"{order}{buckets + len(chain)}I", *begins, *chain)


def _sysv_table(names: Sequence[str], entry: str) -> bytes:
    """One bucket, with a chain through all symbols."""
    chain = [0, *range(2, len(names) + 1), 0] if names else [0]
    return struct.pack(f"{entry[0]}{3 + len(chain)}{entry[1]}", 1, len(chain), 1 if names else 0, *chain)
