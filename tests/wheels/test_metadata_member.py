"""METADATA out of a wheel in pieces, from honest and from lying archives."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable

import pytest

from ftaudit.wheels import directory, metadata
from ftaudit.wheels.archive import Archive
from ftaudit.wheels.pieces import TAIL, Pieces
from ftaudit.wheels.source import BadWheelError
from tests.builders.wheels import wheel, zipped

NAME = "my_pkg-1.0-py3-none-any.whl"


def fetched(content: bytes, log: list[tuple[int, int]] | None = None) -> Callable[[int, int], bytes]:
    def fetch(start: int, end: int) -> bytes:
        if log is not None:
            log.append((start, end))
        return content[start:end]

    return fetch


def read_metadata(name: str, size: int, fetch: Callable[[int, int], bytes]) -> bytes:
    with Archive(Pieces(size, fetch)) as archive:
        return metadata.read_metadata(name, archive)


def test_a_small_wheel_takes_one_piece() -> None:
    name, content = wheel(name="my-pkg", version="1.0")
    log: list[tuple[int, int]] = []
    assert b"Name: my-pkg" in read_metadata(name, len(content), fetched(content, log))
    assert log == [(0, len(content))]


def test_a_large_wheel_takes_few_pieces_and_not_all() -> None:
    noise = {f"x/{n}.bin": hashlib.shake_128(bytes(n)).digest(500) for n in range(1000)}
    name, content = wheel(name="my-pkg", version="1.0", files=noise)
    log: list[tuple[int, int]] = []
    assert b"Name: my-pkg" in read_metadata(name, len(content), fetched(content, log))
    assert len(log) <= 3
    assert sum(end - start for start, end in log) < len(content) / 2
    assert log[0] == (len(content) - TAIL, len(content))


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"my_pkg-1.0.dist-info/WHEEL": ""},
        {"other-1.0.dist-info/METADATA": ""},
        {"my_pkg-2.0.dist-info/METADATA": ""},
        {"x/my_pkg-1.0.dist-info/METADATA": ""},
        {"my_pkg-1.0.dist-info/METADATA": "", "my.pkg-1.0.dist-info/METADATA": ""},
    ],
)
def test_a_wheel_without_one_metadata_of_its_own(members: dict[str, str]) -> None:
    content = zipped(members)
    with pytest.raises(BadWheelError, match="METADATA files of its own"):
        read_metadata(NAME, len(content), fetched(content))


@pytest.mark.parametrize("content", [b"", b"x", b"PK\5\6" + b"\0" * 18, b"PK" * 40_000, b"\0" * 100])
def test_what_is_no_archive(content: bytes) -> None:
    with pytest.raises(BadWheelError):
        read_metadata(NAME, len(content), fetched(content))


def test_a_member_over_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    name, content = wheel(name="my-pkg", version="1.0", metadata_text="x" * 2000)
    monkeypatch.setattr(metadata, "MAX_METADATA", 1000)
    with pytest.raises(BadWheelError, match="too large"):
        read_metadata(name, len(content), fetched(content))


@pytest.mark.parametrize("declared", [10, 4000])
def test_a_member_that_lies_about_its_size(declared: int) -> None:
    name, content = wheel(name="my-pkg", version="1.0", metadata_text="x" * 2000)
    honest = struct.pack("<L", 2000)
    assert honest in content
    lying = content.replace(honest, struct.pack("<L", declared))
    with pytest.raises(BadWheelError):
        read_metadata(name, len(lying), fetched(lying))


def test_a_member_with_a_wrong_checksum() -> None:
    content = bytearray(zipped({"my_pkg-1.0.dist-info/METADATA": "Name: my-pkg"}))
    at = content.index(b"PK\1\2") + 16
    content[at] ^= 1
    with pytest.raises(BadWheelError):
        read_metadata(NAME, len(content), fetched(bytes(content)))


def test_a_directory_over_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    content = zipped({f"{n:0200}": "" for n in range(1000)})
    monkeypatch.setattr(directory, "MAX_DIRECTORY", 1000)
    with pytest.raises(BadWheelError, match="directory is too large"):
        read_metadata(NAME, len(content), fetched(content))


def test_a_server_that_sends_another_number_of_bytes() -> None:
    name, content = wheel(name="my-pkg", version="1.0")
    with pytest.raises(BadWheelError, match="another number of bytes"):
        read_metadata(name, len(content) + 1, fetched(content))
