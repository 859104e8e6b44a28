"""x86-64 code of a few instructions, with calls of imports by name."""

from __future__ import annotations

import struct

from ftaudit.binaries.image import Address, Import
from tests.builders.flat_image import FlatImage

BASE, TABLE = 0x1000, 0x20_0000

RET = b"\xc3"
KEEP = b"\x48\x89\xc3"
"""mov rbx, rax"""
KEPT = b"\x48\x89\xd8"
"""mov rax, rbx"""
FIRST_IS_RESULT = b"\x48\x89\xc7"
"""mov rdi, rax"""
NULL = b"\x31\xc0"
"""xor eax, eax"""


def second(value: int) -> bytes:
    """mov esi, value"""
    return b"\xbe" + struct.pack("<i", value)


def if_zero(*then: bytes | str) -> tuple[bytes | str, ...]:
    """*then* is skipped where rax is not zero: test rax, rax; jne."""
    length = sum(6 if isinstance(part, str) else len(part) for part in then)
    return (b"\x48\x85\xc0\x75" + bytes([length]), *then)


def program(*parts: bytes | str) -> FlatImage:
    """The code of *parts*: bytes as they are, a name as a call through a pointer that the linker fills."""
    names = sorted({part for part in parts if isinstance(part, str)})
    slots = {name: TABLE + 8 * number for number, name in enumerate(names)}
    code = b""
    for part in parts:
        if isinstance(part, str):
            after = BASE + len(code) + 6
            part = b"\xff\x15" + struct.pack("<i", slots[part] - after)
        code += part
    words: dict[int, Import | Address] = {at: Import(name) for name, at in slots.items()}
    return FlatImage(code, BASE, words, data=bytes(8 * len(names) or 8), data_base=TABLE)
