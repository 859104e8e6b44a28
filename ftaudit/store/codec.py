"""Frozen values to bytes and back, by the types of their fields: a new field needs nothing here.

msgpack, each dataclass a map of its fields. Reading is strict: whatever has not exactly the fields and the
types of today is no value, and so is anything that was written before a field was added.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Hashable
from datetime import datetime
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")
_Reader = Callable[[Any], Any]


class UnkeptTypeError(Exception):
    """A field has a type that nothing here reads: a mistake in the program."""


class _WrongShapeError(ValueError):
    """The bytes are of another shape than the type."""


def encode(value: object) -> bytes:
    """The bytes of *value*, a dataclass of plain values, enumerations, times, tuples and such dataclasses."""
    import msgpack  # type: ignore[import-untyped, unused-ignore]

    packed: bytes = msgpack.packb(_plain(value), unicode_errors="surrogatepass")
    return packed


def decode(content: bytes, kind: type[T]) -> T | None:
    """The value of type *kind* that `encode` made *content* of; None where it is of another shape."""
    import msgpack

    try:
        found: T = _reader(cast(Hashable, kind))(msgpack.unpackb(content, unicode_errors="surrogatepass"))
    except (ValueError, TypeError):  # all of msgpack's own are ValueErrors; a key may be no text
        return None
    return found


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    return value.isoformat() if isinstance(value, datetime) else value


@cache
def _reader(kind: Any) -> _Reader:
    """The function that makes a value of type *kind* of what `_plain` made of one."""
    if get_origin(kind) is tuple:
        return _tuple_reader(kind)
    if isinstance(kind, UnionType):
        return _optional_reader(kind)
    if dataclasses.is_dataclass(kind):
        return _dataclass_reader(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return lambda value: kind(value)
    if kind is datetime:
        return datetime.fromisoformat
    if kind in (str, int, float, bool, bytes, NoneType):
        return lambda value: value if type(value) is kind else _wrong()
    raise UnkeptTypeError(f"no values of {kind} can be kept")


def _wrong() -> Any:
    raise _WrongShapeError


def _tuple_reader(kind: Any) -> _Reader:
    item, *more = get_args(kind)
    if more != [...]:
        raise UnkeptTypeError(f"no values of {kind} can be kept")
    read = _reader(item)
    return lambda value: tuple(map(read, value)) if type(value) is list else _wrong()


def _optional_reader(kind: Any) -> _Reader:
    choices = [choice for choice in get_args(kind) if choice is not NoneType]
    if len(choices) != 1:
        raise UnkeptTypeError(f"no values of {kind} can be kept")
    read = _reader(choices[0])
    return lambda value: None if value is None else read(value)


def _dataclass_reader(kind: Any) -> _Reader:
    hints = get_type_hints(kind)
    readers = {field.name: _reader(hints[field.name]) for field in dataclasses.fields(kind)}

    def read(value: Any) -> Any:
        if type(value) is not dict or value.keys() != readers.keys():
            return _wrong()
        return kind(**{name: read_field(value[name]) for name, read_field in readers.items()})

    return read
