"""Values to bytes and back; whatever else comes is no value."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import msgpack  # type: ignore[import-untyped, unused-ignore]
import pytest

from ftaudit.model.binary import (
    Confidence,
    Contents,
    Declaration,
    Declared,
    How,
    LimitedApi,
    Phase,
    SharedObject,
    Slice,
)
from ftaudit.store.codec import decode, encode

FULL = Contents(
    modules=(
        SharedObject(
            path="x/_y.so",
            size=2**40,
            slices=(
                Slice(
                    format="elf",
                    arch="x86_64",
                    hooks=("PyInit__y", "PyInit_\udc80"),
                    declared=(
                        Declared(
                            hook="PyInit__y",
                            declaration=Declaration.NOT_USED,
                            confidence=Confidence.HIGH,
                            how=How.EXECUTION,
                            phase=Phase.MULTI,
                            slots=(1, 4, -1, 2**64 - 1),
                        ),
                    ),
                    limited_api=LimitedApi(since=None, since_t="3.15", beyond=("a", "b")),
                ),
            ),
            optional=True,
        ),
        SharedObject(path="é", size=0, problem="cut short", problem_kind="bad-binary"),
    ),
    libraries=("x.libs/y.so.1",),
    members=7,
    verified="sha256",
    sha256="0" * 64,
    source="w",
    as_of=datetime(2026, 11, 22, 1, 2, 3, 4, tzinfo=UTC),
)


@pytest.mark.parametrize("value", [FULL, Contents(modules=())])
def test_there_and_back(value: Contents) -> None:
    assert decode(encode(value), Contents) == value


def changed(*path: str | int, to: Any = None, gone: bool = False) -> bytes:
    """`FULL` in bytes, with another value at *path*."""
    tree = msgpack.unpackb(encode(FULL), unicode_errors="surrogatepass")
    at = tree
    for step in path[:-1]:
        at = at[step]
    if gone:
        del at[path[-1]]
    else:
        at[path[-1]] = to
    packed: bytes = msgpack.packb(tree, unicode_errors="surrogatepass")
    return packed


@pytest.mark.parametrize(
    ("path", "to"),
    [
        (["members"], "7"),
        (["members"], True),
        (["members"], 7.0),
        (["members"], None),
        (["modules"], None),
        (["modules"], {}),
        (["modules", 0], None),
        (["modules", 0], []),
        (["modules", 0, "optional"], 1),
        (["modules", 0, "slices", 0, "declared", 0, "declaration"], "NOT_USED"),
        (["modules", 0, "slices", 0, "declared", 0, "declaration"], None),
        (["modules", 0, "slices", 0, "declared", 0, "slots"], [1, "4"]),
        (["libraries"], "ab"),
        (["sha256"], b"0"),
        (["as_of"], "yesterday"),
        (["as_of"], 5),
        (["another"], 5),
    ],
)
def test_another_shape_is_no_value(path: list[str | int], to: Any) -> None:
    assert decode(changed(*path, to=to), Contents) is None


@pytest.mark.parametrize("path", [["members"], ["as_of"], ["modules", 0, "size"]])
def test_a_field_that_is_missing(path: list[str | int]) -> None:
    assert decode(changed(*path, gone=True), Contents) is None


def test_another_value_of_the_right_type_is_one() -> None:
    assert decode(changed("members", to=8), Contents) == replace(FULL, members=8)
    assert decode(changed("sha256", to=None), Contents) == replace(FULL, sha256=None)


@pytest.mark.parametrize("content", [b"", b"\xc1", b"\xc0", b"\x90", b"\x80", b"{}", b"\x81\x80\x80"])
def test_garbage(content: bytes) -> None:
    assert decode(content, Contents) is None


def test_damaged_bytes_are_a_value_or_none() -> None:
    rng = random.Random(5)  # noqa: S311
    whole = encode(FULL)
    for _ in range(3000):
        damaged = bytearray(whole)
        for _ in range(rng.choice((1, 3))):
            damaged[rng.randrange(len(whole))] = rng.randrange(256)
        cut = len(whole) if rng.random() < 0.7 else rng.randrange(len(whole))
        assert isinstance(decode(bytes(damaged[:cut]), Contents), Contents | None)


@dataclass(frozen=True)
class Odd:
    value: dict[str, int]


@dataclass(frozen=True)
class Pair:
    value: tuple[int, str]


@dataclass(frozen=True)
class Either:
    value: int | str


@pytest.mark.parametrize("kind", [Odd, Pair, Either])
def test_a_field_of_a_type_that_cannot_be_kept_is_a_mistake_of_ours(kind: type[Any]) -> None:
    """Found by the first test that keeps one: it must not count as a value of another shape."""
    from ftaudit.store import codec

    with pytest.raises(codec.UnkeptTypeError):
        decode(b"\x81\xa5value\x01", kind)
