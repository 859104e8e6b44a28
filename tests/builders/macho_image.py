"""Mach-O files in memory: ``macho(hooks={"PyInit_x": 0x1000}, pointers={0x2000: 0x2040})`` gives the bytes.

Code lies from `TEXT` on, data from `DATA` on, a page each; what dyld reads follows at `TABLES`. Addresses are
offsets in the file, and above *base* in memory.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

TEXT, DATA, TABLES, PAGE = 0x1000, 0x2000, 0x3000, 0x1000
STUBS, STUB = TEXT + 0x800, 12
"""Where stubs lie, and the bytes of one."""
PROCESSORS = {"x86_64": 0x01000007, "arm64": 0x0100000C}
LIBRARY = "/usr/lib/libSystem.B.dylib"
FLAT, WEAK = -2, -3


def macho(
    *,
    arch: str = "arm64",
    hooks: Mapping[str, int] | None = None,
    imports: Sequence[str] = (),
    stubs: Sequence[str] = (),
    needed: Sequence[str] = (LIBRARY,),
    pointers: Mapping[int, int | str] | None = None,
    content: Mapping[int, bytes] | None = None,
    base: int = 0,
    fixups: int | str = "opcodes",
    trie: bool = True,
    reexported: Sequence[str] = (),
    library: int = FLAT,
) -> bytes:
    """A bundle that exports *hooks* (names and addresses) and takes *imports* from others.

    *pointers* are words that dyld writes: an address, or the address of an import of that name from *library*
    (a number, `FLAT`, `WEAK`). *fixups* is ``opcodes``, ``lazy``, ``weak`` (the same, with binds in another
    stream), the format of chained pointers (1, 2, 6, 9, 12), or ``none``. *stubs* are imports that code from
    `STUBS` on jumps to. *reexported* names are in another library. Without *trie* only symbols tell exports.
    """
    hooks, pointers = hooks or {}, pointers or {}
    bound = [name for name in pointers.values() if isinstance(name, str)]
    taken = [*dict.fromkeys([*imports, *stubs, *bound])]
    file = bytearray(TABLES)
    for address, value in (content or {}).items():
        file[address : address + len(value)] = value

    def place(data: bytes) -> tuple[int, int]:
        file.extend(bytes(-len(file) % 8))
        file.extend(data)
        return len(file) - len(data), len(data)

    commands = []
    streams = [(0, 0)] * 5
    if trie:
        streams[4] = place(_trie(hooks, reexported))
    if isinstance(fixups, int):
        start = place(_chained(file, pointers, bound, base, fixups, library))
        commands.append(struct.pack("<4I", 0x80000034, 16, *start))
        commands.append(struct.pack("<4I", 0x80000033, 16, *streams[4]))
    elif fixups != "none":
        for address, target in pointers.items():
            if isinstance(target, int):
                struct.pack_into("<Q", file, address, base + target)
        streams[0] = place(_rebases([a for a, target in pointers.items() if isinstance(target, int)]))
        binds = {address: name for address, name in pointers.items() if isinstance(name, str)}
        streams[{"opcodes": 1, "weak": 2, "lazy": 3}[fixups]] = place(_binds(binds, library))
        flat = [number for stream in streams for number in stream]
        commands.append(struct.pack("<12I", 0x80000022, 48, *flat))
    strings = b"\0" + b"".join(b"_" + name.encode() + b"\0" for name in [*taken, *hooks])
    where = {name: strings.index(b"\0_" + name.encode() + b"\0") + 1 for name in [*taken, *hooks]}
    symbols = [(where[name], 0x01, 0, 0, 0) for name in taken]
    symbols += [(where[name], 0x0F, 1, 0, base + address) for name, address in hooks.items()]
    table, _ = place(b"".join(struct.pack("<IBBHQ", *symbol) for symbol in symbols))
    commands.append(struct.pack("<6I", 2, 24, table, len(symbols), *place(strings)))
    indirect, _ = place(struct.pack(f"<{len(stubs)}I", *(taken.index(name) for name in stubs)))
    commands.append(struct.pack("<20I", 0xB, 80, *[0] * 12, indirect, len(stubs), *[0] * 4))
    for name in needed:
        content_ = name.encode().ljust(-(-(len(name) + 1) // 8) * 8, b"\0")
        commands.append(struct.pack("<6I", 0xC, 24 + len(content_), 24, 2, 0, 0) + content_)
    end = len(file)
    section = (b"__stubs", b"__TEXT", base + STUBS, STUB * len(stubs), STUBS, 2, 0, 0, 0x80000408, 0, STUB, 0)
    commands.insert(0, _segment(b"__TEXT", base, 0, DATA, 5, section if stubs else None))
    commands.insert(1, _segment(b"__DATA", base + DATA, DATA, PAGE, 3))
    commands.insert(2, _segment(b"__LINKEDIT", base + TABLES, TABLES, end - TABLES, 1))
    body = b"".join(commands)
    head = struct.pack("<8I", 0xFEEDFACF, PROCESSORS[arch], 0, 8, len(commands), len(body), 0x85, 0) + body
    file[: len(head)] = head
    return bytes(file)


def fat(*images: bytes, wide: bool = False) -> bytes:
    """A universal file of *images*."""
    head = struct.pack(">2I", 0xCAFEBABF if wide else 0xCAFEBABE, len(images))
    content = b""
    for image in images:
        processor = struct.unpack_from("<I", image, 4)[0]
        start = PAGE + len(content)
        entry = (processor, 0, start, len(image), 12)
        head += struct.pack(">IIQQII", *entry, 0) if wide else struct.pack(">5I", *entry)
        content += image + bytes(-len(image) % PAGE)
    return head.ljust(PAGE, b"\0") + content


def uleb(number: int) -> bytes:
    found = b""
    while number > 127:
        found += bytes([number & 127 | 128])
        number >>= 7
    return found + bytes([number])


def _segment(
    name: bytes,
    address: int,
    offset: int,
    size: int,
    protection: int,
    section: tuple[object, ...] | None = None,
) -> bytes:
    sections = struct.pack("<16s16sQQ8I", *section) if section else b""
    command = struct.pack(
        "<II16s4Q4I",
        *(0x19, 72 + len(sections), name, address, size, offset, size, 7, protection, len(sections) // 80, 0),
    )
    return command + sections


def _trie(hooks: Mapping[str, int], reexported: Sequence[str]) -> bytes:
    """A root with a child for each name: children are found by the first letters, so by whole names here."""
    leaves = []
    for name in [*hooks, *reexported]:
        found = uleb(0) + uleb(hooks[name]) if name in hooks else uleb(8) + uleb(1) + b"\0"
        leaves.append((name, uleb(len(found)) + found + b"\0"))
    size = 2 + sum(len(name) + 2 + 3 for name, _ in leaves)
    root, rest = bytes([0, len(leaves)]), b""
    for name, leaf in leaves:
        offset = size + len(rest)
        padded = bytes([offset & 127 | 128, offset >> 7 & 127 | 128, offset >> 14])
        root += b"_" + name.encode() + b"\0" + padded
        rest += leaf
    return root + rest


def _rebases(addresses: Sequence[int]) -> bytes:
    found = b"\x11"
    for address in addresses:
        found += b"\x21" + uleb(address - DATA) + b"\x51"
    return found + b"\0"


def _binds(names: Mapping[int, str], library: int) -> bytes:
    number = bytes([0x30 | library & 15]) if library < 0 else bytes([0x10 | library])
    found = b"\x51" + number
    for address, name in names.items():
        found += b"\x40_" + name.encode() + b"\0" + b"\x71" + uleb(address - DATA) + b"\x90"
    return found + b"\0"


def _chained(
    file: bytearray,
    pointers: Mapping[int, int | str],
    bound: Sequence[str],
    base: int,
    form: int,
    library: int,
) -> bytes:
    """Write the chain through *pointers*, which have to be in one page; gives the payload of the command."""
    names = [*dict.fromkeys(bound)]
    stride = 4 if form in (2, 6) else 8
    places = sorted(pointers)
    for place, after in zip(places, [*places[1:], None], strict=False):
        target = pointers[place]
        step = (after - place) // stride if after is not None else 0
        if isinstance(target, str):
            word = names.index(target) | 1 << (63 if stride == 4 else 62)
        else:
            word = target + (base if form in (1, 2) else 0)
        struct.pack_into("<Q", file, place, word | step << 51)
    first = places[0] - DATA if places else 0xFFFF
    starts = struct.pack("<4I", 3, 0, 16, 0) + struct.pack("<IHHQIHH", 24, PAGE, form, DATA, 0, 1, first)
    starts += bytes(-len(starts) % 8)
    strings = b"\0" + b"".join(b"_" + name.encode() + b"\0" for name in names)
    entries = b"".join(
        struct.pack("<I", (library & 0xFF) | strings.index(b"\0_" + name.encode() + b"\0") + 1 << 9)
        for name in names
    )
    imports = 32 + len(starts)
    head = struct.pack("<7I", 0, 32, imports, imports + len(entries), len(names), 1, 0).ljust(32, b"\0")
    return head + starts + entries + strings
