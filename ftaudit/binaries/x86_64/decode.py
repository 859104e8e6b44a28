"""Bytes → `Instruction`, in 64-bit mode.

Intel's Software Developer's Manual, volume 2, chapter 2 and appendix A: https://www.intel.com/sdm.

An instruction's length follows from a letter for each opcode::

    .  nothing follows            1 2 3 4  so many bytes (4: 2 with the prefix 66)
    m  ModRM                      d  a distance of 4 bytes
    b  ModRM, 1 byte              q  4, 2 with the prefix 66, or 8 with REX.W
    v  ModRM, 4 bytes or 2        8  an absolute address
    g  ModRM; an immediate if its reg is 0 or 1 (test)
    !  not in 64-bit mode         p  prefixes and escapes: read before
"""

from __future__ import annotations

from ftaudit.binaries.x86_64.instruction import EVEX, LEGACY, NONE, VEX, Instruction, MemoryOperand

LONGEST = 15
"""Bytes of the longest instruction."""

_PRIMARY = (
    "mmmm14!!mmmm14!p"
    "mmmm14!!mmmm14!!"
    "mmmm14p!mmmm14p!"
    "mmmm14p!mmmm14p!"
    "pppppppppppppppp"
    "................"
    "!!pmpppp4v1b...."
    "1111111111111111"
    "bv!bmmmmmmmmmmmm"
    "..........!....."
    "8888....14......"
    "11111111qqqqqqqq"
    "bb2.ppbv3.2..1!."
    "mmmm!!!.mmmmmmmm"
    "11111111dd!1...."
    "p.pp..gg......mm"
)
_SECONDARY = (
    "mmmm!.....!.!m.b"
    "mmmmmmmmmmmmmmmm"
    "mmmm!!!!mmmmmmmm"
    "......!.p!p!!!!!"
    "mmmmmmmmmmmmmmmm"
    "mmmmmmmmmmmmmmmm"
    "mmmmmmmmmmmmmmmm"
    "bbbbmmm.mmmmmmmm"
    "dddddddddddddddd"
    "mmmmmmmmmmmmmmmm"
    "...mbm!!...mbmmm"
    "mmmmmmmmmmbmmmmm"
    "mmbmbbbm........"
    "mmmmmmmmmmmmmmmm"
    "mmmmmmmmmmmmmmmm"
    "mmmmmmmmmmmmmmmm"
)
_LETTERS = _PRIMARY + _SECONDARY + "m" * 256 + "b" * 256
_VEX_WITH_IMMEDIATE = frozenset({0x170, 0x171, 0x172, 0x173, 0x1C2, 0x1C4, 0x1C5, 0x1C6})
_VZERO = 0x177

_LEGACY_PREFIXES = frozenset({0x66, 0x67, 0xF0, 0xF2, 0xF3, 0x26, 0x2E, 0x36, 0x3E, 0x64, 0x65})
_SEGMENTS = (0x64, 0x65)
_WIDTHS = {".": 0, "m": 0, "1": 1, "b": 1, "2": 2, "3": 3, "d": 4}
_RELATIVE = -2
"""In place of a base, until the end of the instruction is known."""
_COMPACT_PREFIX = (0, 0x66, 0xF3, 0xF2)
_MASK64, _MASK32 = (1 << 64) - 1, (1 << 32) - 1


class _Prefixes:
    """The prefixes of old, by what they change."""

    __slots__ = ("address32", "length", "lock", "operand16", "repeat", "segment")

    def __init__(self) -> None:
        self.length = self.repeat = 0
        self.operand16 = self.segment = self.address32 = self.lock = False


class _Compact:
    """What VEX and EVEX say beside the opcode. ``high``: the fifth bits of reg and rm (EVEX only)."""

    __slots__ = ("encoding", "high_reg", "high_rm", "lanes", "plain", "source")

    def __init__(self, encoding: int, source: int, lanes: int) -> None:
        self.encoding, self.source, self.lanes = encoding, source, lanes
        self.high_reg = self.high_rm = 0
        self.plain = True


_NO_PREFIXES = _Prefixes()
_LEGACY = _Compact(LEGACY, NONE, 1)
_Opcode = tuple[int, int, int, int, _Compact]
"""The opcode, where it ends, REX (0 without), the prefix that selects, and the rest."""


def decode(code: bytes, address: int) -> Instruction | None:
    """The instruction that *code* (up to 15 bytes) begins with; None where there is none in 64-bit mode."""
    try:
        return _decode(code, address)
    except IndexError:
        return None


def _decode(code: bytes, address: int) -> Instruction | None:
    prefixes = _read_prefixes(code) if code[0] in _LEGACY_PREFIXES else _NO_PREFIXES
    found = _read_opcode(code, prefixes)
    if found is None:
        return None
    opcode, end, rex, prefix, compact = found
    letter = _LETTERS[opcode] if compact is _LEGACY else _compact_letter(opcode, compact.encoding)
    size = 8 if rex & 8 else 2 if prefixes.operand16 else 4
    memory = None
    if letter in "mbvg":
        reg, rm, end, memory = _read_operands(code, found, prefixes)
    elif letter in "!p":
        return None
    else:
        reg, rm = 0, opcode & 7 | (rex & 1) << 3  # a register in the opcode
    immediate = 0
    width = _WIDTHS.get(letter, -1)
    if width:
        if width < 0:
            width = _immediate_width(letter, size, reg, opcode, prefixes.address32)
        immediate = int.from_bytes(code[end : end + width], "little", signed=width != 8)
        end += width
    if end > len(code):
        return None
    following = address + end & _MASK64
    if memory is not None and memory.base == _RELATIVE:
        memory = memory._replace(base=NONE, displacement=memory.displacement + following)
    return Instruction(
        opcode, size, address, following, reg, rm, memory, immediate, prefix, rex != 0, rex & 8 != 0,
        prefixes.address32, compact.encoding, compact.source, compact.lanes, compact.plain,
    )  # fmt: skip


def _read_prefixes(code: bytes) -> _Prefixes:
    found = _Prefixes()
    while (byte := code[found.length]) in _LEGACY_PREFIXES:
        if byte == 0x66:
            found.operand16 = True
        elif byte in (0xF2, 0xF3):
            found.repeat = byte
        elif byte in _SEGMENTS:
            found.segment = True
        elif byte == 0x67:
            found.address32 = True
        elif byte == 0xF0:
            found.lock = True
        found.length += 1
    return found


def _read_opcode(code: bytes, prefixes: _Prefixes) -> _Opcode | None:
    at = prefixes.length
    byte = code[at]
    rex = 0
    if byte & 0xF0 == 0x40:
        rex = byte
        at += 1
        byte = code[at]
        if byte in _LEGACY_PREFIXES or byte & 0xF0 == 0x40:
            return None  # a REX prefix that is not the last one: no compiler writes it
    prefix = prefixes.repeat or (0x66 if prefixes.operand16 else 0)
    if byte in (0xC4, 0xC5, 0x62):
        if rex or prefix or prefixes.lock:
            return None
        return _read_evex(code, at) if byte == 0x62 else _read_vex(code, at)
    if byte != 0x0F:
        return byte, at + 1, rex, prefix, _LEGACY
    byte = code[at + 1]
    if byte == 0x38:
        return 0x200 | code[at + 2], at + 3, rex, prefix, _LEGACY
    if byte == 0x3A:
        return 0x300 | code[at + 2], at + 3, rex, prefix, _LEGACY
    return 0x100 | byte, at + 2, rex, prefix, _LEGACY


def _read_vex(code: bytes, at: int) -> _Opcode | None:
    first = code[at + 1]
    rex = 0x40 | (0 if first & 0x80 else 4)
    number, second, end = 1, first, at + 2
    if code[at] == 0xC4:
        number, second, end = first & 31, code[at + 2], at + 3
        rex = 0x40 | ~first >> 5 & 7 | second >> 4 & 8
    if number not in (1, 2, 3):
        return None
    compact = _Compact(VEX, ~(second >> 3) & 15, 2 if second & 4 else 1)
    return number << 8 | code[end], end + 1, rex, _COMPACT_PREFIX[second & 3], compact


def _read_evex(code: bytes, at: int) -> _Opcode | None:
    first, second, third = code[at + 1], code[at + 2], code[at + 3]
    number = first & 7
    if number not in (1, 2, 3) or first & 8 or not second & 4:
        return None
    inverted = ~first
    rex = 0x40 | inverted >> 5 & 7 | second >> 4 & 8
    source = (~(second >> 3) & 15) | (~third << 1 & 0x10)
    compact = _Compact(EVEX, source, (1, 2, 4, 4)[third >> 5 & 3])
    compact.high_reg, compact.high_rm = inverted & 0x10, inverted >> 2 & 0x10
    compact.plain = not third & 0x97 and third & 0x60 != 0x60
    return number << 8 | code[at + 4], at + 5, rex, _COMPACT_PREFIX[second & 3], compact


def _compact_letter(opcode: int, encoding: int) -> str:
    if opcode >= 0x300 or opcode in _VEX_WITH_IMMEDIATE:
        return "b"
    return "." if opcode == _VZERO and encoding == VEX else "m"


def _immediate_width(letter: str, size: int, reg: int, opcode: int, address32: bool) -> int:
    if letter == "q":
        return size
    if letter == "8":
        return 4 if address32 else 8
    if letter == "g":
        if reg & 7 > 1:
            return 0
        if opcode == 0xF6:
            return 1
    return 2 if size == 2 else 4


def _read_operands(
    code: bytes, found: _Opcode, prefixes: _Prefixes
) -> tuple[int, int, int, MemoryOperand | None]:
    """ModRM, the SIB byte and the displacement: reg, rm, where they end, and memory."""
    _, end, rex, _, compact = found
    modrm = code[end]
    end += 1
    mode, low = modrm >> 6, modrm & 7
    reg = modrm >> 3 & 7 | (rex & 4) << 1 | compact.high_reg
    if mode == 3:
        return reg, low | (rex & 1) << 3 | compact.high_rm, end, None
    base, scaled, shift = low | (rex & 1) << 3, NONE, 0
    if low == 4:
        sib = code[end]
        end += 1
        base, scaled, shift = sib & 7 | (rex & 1) << 3, sib >> 3 & 7 | (rex & 2) << 2, sib >> 6
        if scaled == 4:
            scaled = NONE
    displacement, unknown = 0, prefixes.segment
    if mode == 0 and base & 7 == 5:
        base, mode = _RELATIVE if low == 5 else NONE, 2
    if mode == 1:
        displacement = code[end] - (code[end] << 1 & 0x100)
        end += 1
        if compact.encoding == EVEX:
            unit = _evex_unit(found)
            displacement, unknown = displacement * unit, unknown or unit == 0
    elif mode == 2:
        displacement = int.from_bytes(code[end : end + 4], "little", signed=True)
        end += 4
    mask = _MASK32 if prefixes.address32 else _MASK64
    return reg, low, end, MemoryOperand(base, scaled, shift, displacement, mask, unknown)


def _evex_unit(found: _Opcode) -> int:
    """What AVX-512 counts a displacement of one byte in, for the instructions that are followed; else 0."""
    opcode, _, rex, prefix, compact = found
    if opcode in (0x110, 0x111) and prefix in (0xF2, 0xF3):
        return 8 if prefix == 0xF2 else 4
    if opcode in _EVEX_FULL:
        return 16 * compact.lanes if compact.plain else 0
    if opcode in (0x16E, 0x17E) and prefix == 0x66:
        return 8 if rex & 8 else 4
    return 8 if opcode in _EVEX_HALF or (opcode == 0x17E and prefix == 0xF3) else 0


_EVEX_FULL = frozenset(
    {0x110, 0x111, 0x128, 0x129, 0x12B, 0x154, 0x155, 0x156, 0x157, 0x16F, 0x17F}
    | {0x1DB, 0x1DF, 0x1E7, 0x1EB, 0x1EF}
)
_EVEX_HALF = frozenset({0x113, 0x117, 0x1D6})
