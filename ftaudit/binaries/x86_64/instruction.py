"""What an x86-64 instruction is after decoding."""

from __future__ import annotations

from typing import NamedTuple

NONE = -1
"""In place of a register's number: there is none."""


LEGACY, VEX, EVEX = range(3)
"""How the opcode is written: with the prefixes of old, or in the compact forms of AVX and of AVX-512."""


class MemoryOperand(NamedTuple):
    """The address ``base + (scaled << shift) + displacement``, cut by ``mask`` (64 or, rarely, 32 bits).

    Addresses relative to the instruction are absolute here. ``unknown``: relative to fs or gs, or counted in
    units that this decoder does not know (AVX-512).
    """

    base: int
    scaled: int
    shift: int
    displacement: int
    mask: int
    unknown: bool


class Instruction(NamedTuple):
    """``opcode`` is the byte, plus 0x100 for the map 0F, 0x200 for 0F 38, 0x300 for 0F 3A.

    ``size`` is the operand size in bytes (8, 4 or 2; byte operations are told by their opcode), ``at`` and
    ``next`` are addresses. ``reg`` and ``rm`` are ModRM's registers, the latter without meaning where there
    is ``memory``. ``prefix`` is the one that selects among vector instructions (0, 0x66, 0xF3, 0xF2; the last
    two are also those of repetition), ``rex`` tells that byte registers 4 to 7 are spl to dil and not ah to
    bh, ``source`` is VEX's third operand. ``lanes`` counts units of 128 bits; ``plain`` is False for AVX-512
    with a mask, broadcast or rounding. ``address32`` tells of the prefix 67.
    """

    opcode: int
    size: int
    at: int
    next: int
    reg: int
    rm: int
    memory: MemoryOperand | None
    immediate: int
    prefix: int
    rex: bool
    wide: bool
    address32: bool
    encoding: int = LEGACY
    source: int = NONE
    lanes: int = 1
    plain: bool = True
