"""The elements of vector registers."""

from __future__ import annotations

from ftaudit.binaries.arm64.operands import MASK64, low32
from ftaudit.binaries.machine import Vector
from ftaudit.binaries.memory import Value


def element(vector: Vector, index: int, bits: int) -> Value:
    """Element *index* of those of *bits* bits."""
    half, shift = divmod(index * bits, 64)
    value = vector[half]
    if bits == 64:
        return value
    if shift + bits <= 32:
        value = low32(value)
    return value >> shift & (1 << bits) - 1 if isinstance(value, int) else None


def with_element(vector: Vector, index: int, bits: int, value: Value) -> Vector:
    """*vector* with another element *index*."""
    half, shift = divmod(index * bits, 64)
    if bits < 64:
        old, mask = vector[half], (1 << bits) - 1
        if isinstance(old, int) and isinstance(value, int):
            value = old & ~(mask << shift) | (value & mask) << shift
        else:
            value = None
    return (value, vector[1]) if half == 0 else (vector[0], value)


def replicated(value: Value, bits: int, *, whole: int) -> Vector:
    """*value* in all elements, of 128 bits if *whole*, else of 64."""
    if bits < 64:
        mask = (1 << bits) - 1
        value = (value & mask) * (MASK64 // mask) if isinstance(value, int) else None
    return value, value if whole else 0
