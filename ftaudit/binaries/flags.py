"""What the last arithmetic instruction left in a processor's flags, kept as its operands, and what follows.

Both processors speak the same conditions: x86-64's names, which arm64 maps its own to (``hs`` is ``ae``,
``lo`` is ``b``, ``hi`` is ``a``, ``ls`` is ``be``, ``mi`` is ``s``, ``pl`` is ``ns``).
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import NamedTuple

from ftaudit.binaries.image import Import
from ftaudit.binaries.memory import Opaque, Value


class Compared(NamedTuple):
    """Flags of ``left - right`` in *bits* bits: ``cmp``, ``sub``; all conditions can be known."""

    left: Value
    right: Value
    bits: int


class Tested(NamedTuple):
    """Flags of a logical operation that came to *value*: no overflow, and a fixed carry.

    ``below`` is what the condition ``b`` reads: False on x86-64, which clears the carry; True on arm64, which
    clears it too, but where a clear carry means a borrow.
    """

    value: Value
    bits: int
    below: bool = False


class Result(NamedTuple):
    """Flags of an operation of which only zero and sign are known: ``add``, ``inc``, a shift."""

    value: Value
    bits: int


Flags = Compared | Tested | Result | None
"""None: nothing is known."""

_UNSIGNED: dict[str, Callable[[int, int], bool]] = {
    "e": operator.eq, "ne": operator.ne,
    "a": operator.gt, "ae": operator.ge, "b": operator.lt, "be": operator.le,
}  # fmt: skip
_SIGNED: dict[str, Callable[[int, int], bool]] = {
    "g": operator.gt, "ge": operator.ge, "l": operator.lt, "le": operator.le,
}  # fmt: skip
_OF_ADDRESS = {"e": False, "ne": True, "a": True, "ae": True, "b": False, "be": False}
"""An address that is not known, but not NULL, compared with 0."""


def condition(flags: object, code: str) -> bool | None:
    """Whether *code* holds: ``e``, ``ne``, ``a``, ``ae``, ``b``, ``be``, ``g``, ``ge``, ``l``, ``le``, ``s``
    or ``ns``. None where that is not known, and for other codes (overflow, parity)."""
    if isinstance(flags, Compared):
        return _of_difference(flags.left, flags.right, flags.bits, code)
    if isinstance(flags, Tested):
        return _of_logic(flags, code)
    if isinstance(flags, Result) and code in ("e", "ne", "s", "ns"):
        return _of_difference(flags.value, 0, flags.bits, code)
    return None


def is_address(value: Value) -> bool:
    """Whether *value* is a pointer that is not NULL, without being a number."""
    return isinstance(value, Import | Opaque)


def _of_difference(left: Value, right: Value, bits: int, code: str) -> bool | None:
    if not isinstance(left, int) or not isinstance(right, int):
        return _OF_ADDRESS.get(code) if right == 0 and bits == 64 and is_address(left) else None
    mask, sign = (1 << bits) - 1, 1 << (bits - 1)
    left, right = left & mask, right & mask
    if code in _UNSIGNED:
        return _UNSIGNED[code](left, right)
    if code in _SIGNED:
        return _SIGNED[code](left ^ sign, right ^ sign)  # the order of signed numbers, shifted to start at 0
    if code in ("s", "ns"):
        return ((left - right) & sign != 0) == (code == "s")
    return None


def _of_logic(flags: Tested, code: str) -> bool | None:
    if code in ("b", "ae"):
        return flags.below == (code == "b")
    if flags.below and code in ("a", "be"):
        return code == "be"
    return _of_difference(flags.value, 0, flags.bits, code)
