"""Members of wheels, from honest and from lying archives."""

from __future__ import annotations

import hashlib
import io
import random
import struct
import weakref
import zipfile
from pathlib import Path

import pytest

from ftaudit.model.evidence import Missing
from ftaudit.wheels import archive as archives
from ftaudit.wheels import directory, inflate
from ftaudit.wheels.archive import Archive
from ftaudit.wheels.on_disk import OnDisk
from ftaudit.wheels.pieces import Pieces
from ftaudit.wheels.source import BadWheelError, sha256
from tests.builders.zips import DEFLATED, STORED, Part, deflate, member, zipped

NOISE = hashlib.shake_128(b"noise").digest(100_000)


def in_memory(content: bytes) -> Pieces:
    return Pieces(len(content), lambda start, end: content[start:end], [(0, content)])


def read(content: bytes) -> dict[str, bytes | Missing]:
    """Every member of the archive by name."""
    with Archive(in_memory(content)) as archive:
        found = archive.read_members(archive.members)
        return {one.name: got if isinstance(got, Missing) else bytes(got) for one, got in found}


def only(content: bytes) -> bytes | Missing:
    (found,) = read(content).values()
    return found


def refused(content: bytes) -> str:
    with pytest.raises(BadWheelError) as caught:
        read(content)
    assert "\n" not in caught.value.why
    return caught.value.why


# -- honest archives --


def test_members_are_read_as_zipfile_reads_them() -> None:
    buffer = io.BytesIO()
    contents = {"a/b.so": NOISE, "empty": b"", "zeros": bytes(3_000_000), "é.txt": b"x", "d/": b""}
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
        archive.writestr("stored", NOISE, zipfile.ZIP_STORED)
    found = read(buffer.getvalue())
    assert found == {**{n: c for n, c in contents.items() if n != "d/"}, "stored": NOISE}


class _Stream(io.RawIOBase):
    """Cannot seek: zipfile then writes sizes after the data."""

    def __init__(self) -> None:
        self.content = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self.content += data
        return len(data)


@pytest.mark.parametrize("large", [False, True])
def test_sizes_after_the_data_and_zip64(large: bool) -> None:
    stream = _Stream()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("a.so", "b.so"):
            with archive.open(name, "w", force_zip64=large) as file:
                file.write(NOISE)
    assert read(bytes(stream.content)) == {"a.so": NOISE, "b.so": NOISE}


def test_zip64_of_the_whole() -> None:
    extra = struct.pack("<2H2Q", 1, 16, 3, len(deflate(b"abc")))
    large = {"size": 0xFFFFFFFF, "compressed": 0xFFFFFFFF, "extra": extra}
    assert only(zipped(member("x", b"abc", **large), zip64=True, comment=b"c")) == b"abc"
    assert only(zipped(member("x", b"abc"), zip64=True)) == b"abc"


def test_comments_and_gaps_are_legal() -> None:
    assert only(zipped(member("x", b"abc", after=b"\0" * 99), comment=b"c" * 65_535)) == b"abc"
    assert read(zipped()) == {}


def test_on_disk(tmp_path: Path) -> None:
    (tmp_path / "w").write_bytes(zipped(member("x", NOISE), member("y", b"y")))
    with Archive(OnDisk(tmp_path / "w")) as archive:
        assert [bytes(archive.read(one)) for one in archive.members] == [NOISE, b"y"]
    source = OnDisk(tmp_path / "w")
    assert sha256(source, lambda: None) == hashlib.sha256((tmp_path / "w").read_bytes()).hexdigest()
    source.close()
    with pytest.raises(BadWheelError, match="not a regular file"):
        OnDisk(Path("/dev/null"))
    with pytest.raises(IsADirectoryError):
        OnDisk(tmp_path)


def test_a_broken_file_is_closed(tmp_path: Path) -> None:
    (tmp_path / "w").write_bytes(b"PK")
    source = OnDisk(tmp_path / "w")
    with pytest.raises(BadWheelError):
        Archive(source)
    with pytest.raises(ValueError, match="closed file"):
        source.read(0, 1)


def test_a_large_member_is_spooled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inflate, "SPOOLED", 1000)
    assert read(zipped(member("x", NOISE), member("y", NOISE, method=STORED), member("z", b"z"))) == {
        "x": NOISE,
        "y": NOISE,
        "z": b"z",
    }


def test_one_member_is_in_memory_at_a_time() -> None:
    last: list[weakref.ref[object]] = []
    with Archive(in_memory(zipped(*(member(name, NOISE) for name in "abc")))) as archive:
        for _, content in archive.read_members(archive.members):
            assert [one() for one in last] in ([], [None])
            last = [weakref.ref(content)]
            del content
    assert last[0]() is None


def test_case_tells_members_apart() -> None:
    assert read(zipped(member("A.so", b"A"), member("a.so", b"a"))) == {"A.so": b"A", "a.so": b"a"}


def test_a_symbolic_link_is_noted() -> None:
    content = zipped(member("x", b"/etc/passwd", attributes=0o120777 << 16), member("y", b"y"))
    with Archive(in_memory(content)) as archive:
        assert [one.symlink for one in archive.members] == [True, False]


def test_what_takes_too_long_is_ended() -> None:
    class EndedError(Exception):
        pass

    def check() -> None:
        raise EndedError

    with Archive(in_memory(zipped(member("x", NOISE))), check) as archive, pytest.raises(EndedError):
        archive.read(archive.members[0])


# -- archives that are refused as a whole --

BAD_NAMES = [
    "../x",
    "a/../x",
    "/x",
    "C:x",
    "c:/x",
    "a\\b",
    "a\0b",
    "",
    ".",
    "./x",
    "a//x",
    "a/..",
    "../",
    "/",
]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_names_that_lead_elsewhere(name: str) -> None:
    assert refused(zipped(member(name), member("y"))).startswith("holds a member with a name that is refused")


@pytest.mark.parametrize("name", ["a..b/x", "a.so", "...", "ab:c", "Ca/b", "a b"])
def test_names_that_do_not(name: str) -> None:
    assert only(zipped(member(name, b"x"))) == b"x"


def test_a_refused_name_is_shown_on_one_line() -> None:
    assert refused(zipped(member("../x\n\x1b[2J"))).endswith("../x\\x0a\\x1b[2J")


def test_a_second_name_in_an_extra_field() -> None:
    def named(name: bytes) -> bytes:
        content = b"\1\0\0\0\0" + name
        return struct.pack("<2H", 0x7075, len(content)) + content

    assert "name that is refused" in refused(zipped(member("x", extra=named(b"y"))))
    assert only(zipped(member("x", b"abc", extra=named(b"x")))) == b"abc"


TWICE = member("x", b"abc")
LIES: dict[str, bytes] = {
    "twice": zipped(TWICE, TWICE),
    "the same data": zipped(member("x", b"abc"), member("y", b"abc", offset=0, inside=False)),
    "data within data": zipped(
        member("x", method=STORED, content=zipped(member("y", b"abc"))),
        member("y", b"abc", offset=31, inside=False),
    ),
    "beyond the end": zipped(member("x", offset=10_000)),
    "into the directory": zipped(member("x", b"abc", method=STORED, size=400, compressed=400)),
    "a deflate that cannot be": zipped(member("x", b"abc", size=1_000_000)),
    "stored and of two sizes": zipped(member("x", b"abc", method=STORED, size=2)),
    "another disk": zipped(member("x", disk=1)),
    "several disks": zipped(member("x"), disk=1),
    "begun on another disk": zipped(member("x"), first_disk=1),
    "part of the entries": zipped(member("x"), here=0),
    "fewer entries": zipped(member("x"), member("y"), here=1, count=1),
    "more entries": zipped(member("x"), here=2, count=2),
    "a prefix": b"#!" + zipped(member("x")),
    "something after": zipped(member("x"), after=b"\0"),
    "another end in the comment": zipped(member("x"), comment=zipped(member("y"))[-22:] + b"\0"),
    "zip64 elsewhere": zipped(member("x"), zip64=True, start=0),
    "zip64 on disks": zipped(member("x"), zip64=True, disk=1),
    "a name that is no text": zipped(member(b"\xff\xff", flags=0x800)),
    "not a zip": NOISE,
    "a folder with content": zipped(member("x/", b"abc")),
    "nothing": b"",
    "only an end": zipped()[:-1],
}


@pytest.mark.parametrize("content", LIES.values(), ids=LIES.keys())
def test_an_archive_that_contradicts_itself(content: bytes) -> None:
    assert refused(content)


def test_two_end_records_that_contradict_each_other() -> None:
    honest = zipped(member("x"), zip64=True)
    assert read(honest) == {"x": b""}
    for at, value in ((10, b"\7\0"), (12, b"\7\0\0\0"), (16, b"\7\0\0\0")):
        place = len(honest) - 22 + at
        assert "contradict" in refused(honest[:place] + value + honest[place + len(value) :])


def test_more_than_a_wheel_has(monkeypatch: pytest.MonkeyPatch) -> None:
    content = zipped(member("x", bytes(2000)), member("y", bytes(2000)))
    for name, limit in (("MAX_MEMBERS", 1), ("MAX_DIRECTORY", 90), ("MAX_UNPACKED", 3999)):
        with monkeypatch.context() as patched:
            patched.setattr(directory, name, limit)
            with pytest.raises(BadWheelError, match="too large") as caught:
                read(content)
            assert caught.value.kind == "too-large"
            patched.setattr(directory, name, limit * 2)
            assert len(read(content)) == 2


def test_a_directory_that_claims_gigabytes_is_not_read() -> None:
    log: list[tuple[int, int]] = []
    content = zipped(member("x"), zip64=True, size=2**40, start=-(2**40) % 2**64)

    def fetch(start: int, end: int) -> bytes:
        log.append((start, end))
        return content[start:end]

    with pytest.raises(BadWheelError):
        Archive(Pieces(len(content), fetch))
    assert log == [(0, len(content))]


# -- members that cannot be read, beside one that can --

BAD_MEMBERS: dict[str, Part] = {
    "crc": member("x", b"abc", crc=1),
    "larger": member("x", b"abc", size=2),
    "smaller": member("x", b"abc", size=4),
    "cut short": member("x", NOISE, data=deflate(NOISE)[:-9], compressed=len(deflate(NOISE)) - 9),
    "something after its end": member("x", b"abc", data=deflate(b"abc") + b"1234"),
    "damaged": member("x", b"abc", data=b"\xff" * 10),
    "no data": member("x", b"", data=b""),
    "another name": member("x", b"abc", local_name=b"y"),
    "a longer name": member("x", b"abc", local_name=b"xy"),
    "another method": member("x", b"abc", local_method=STORED),
    "another size": member("x", b"abc", local_size=2),
    "another compressed size": member("x", b"abc", local_compressed=2),
    "another crc": member("x", b"abc", local_crc=2),
    "another size, said to follow": member("x", b"abc", local_size=2, flags=8),
    "encrypted": member("x", b"abc", flags=1),
    "encrypted, says its header": member("x", b"abc", local_flags=1),
    "lzma": member("x", b"abc", method=14),
}


@pytest.mark.parametrize("part", BAD_MEMBERS.values(), ids=BAD_MEMBERS.keys())
def test_a_member_that_cannot_be_read_leaves_the_others(part: Part) -> None:
    found = read(zipped(part, member("good", NOISE)))
    assert found["good"] == NOISE
    bad = found["x"]
    assert isinstance(bad, Missing)
    assert bad.kind == "bad-wheel"
    assert isinstance(bad.why, str)
    assert bad.why.startswith("it")


def test_sizes_may_follow_the_data() -> None:
    later = {"flags": 8, "local_size": 0, "local_compressed": 0, "local_crc": 0, "after": b"\0" * 16}
    assert only(zipped(member("x", b"abc", **later))) == b"abc"


@pytest.mark.parametrize(("at", "written"), [(0, b"PK\7\10"), (28, b"\1\0")])
def test_a_header_that_is_none_or_reaches_over_the_next_member(at: int, written: bytes) -> None:
    """Its signature, and the length of its extra field."""
    content = bytearray(zipped(member("x", b"abc"), member("y", b"abc")))
    content[at : at + len(written)] = written
    found = read(bytes(content))
    assert isinstance(found["x"], Missing)
    assert found["x"].why == "its header is not where the directory says"
    assert found["y"] == b"abc"


def test_a_bomb_is_left_at_its_declared_size() -> None:
    """Fifty megabytes of zeros that say they are one: no more than that comes out."""
    zeros = deflate(bytes(50_000_000))
    found = only(zipped(member("x", b"", data=zeros, size=1_000_000)))
    assert isinstance(found, Missing)
    assert found.why == "it is larger than the archive says"


def test_a_member_over_the_limit_is_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_MEMBER", 50_000)
    content = zipped(member("large", NOISE), member("small", b"abc"))
    found = read(content)
    assert found["small"] == b"abc"
    assert isinstance(found["large"], Missing)
    assert found["large"].kind == "too-large"
    with Archive(in_memory(content)) as archive, pytest.raises(BadWheelError, match="larger than"):
        archive.read(archive.members[0])


def test_all_that_is_inflated_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_INFLATED", 250_000)
    found = read(zipped(*(member(f"{n}", NOISE) for n in range(3))))
    assert [isinstance(one, Missing) for one in found.values()] == [False, False, True]


# -- broken archives --

WHOLE = zipped(
    member("a/x.so", NOISE[:300]),
    member("b.so", bytes(1000)),
    member("s.so", b"stored", method=STORED),
    member("é", b"later", flags=0x808, local_size=0, local_compressed=0, local_crc=0, after=bytes(12)),
    zip64=True,
    comment=b"comment",
)
TRUE = read(WHOLE)


def outcome(content: bytes) -> dict[str, bytes | Missing] | None:
    try:
        return read(content)
    except BadWheelError:
        return None


def test_an_archive_cut_short_anywhere() -> None:
    for length in range(len(WHOLE)):
        assert outcome(WHOLE[:length]) is None, length
    assert outcome(WHOLE) == TRUE


def test_what_is_read_of_a_damaged_archive_is_what_was_written() -> None:
    """Names aside, which no checksum covers: a member is whole, or it is not given."""
    rng = random.Random(3)  # noqa: S311
    contents = set(TRUE.values())
    same = refused_whole = 0
    for _ in range(4000):
        damaged = bytearray(WHOLE)
        for _ in range(rng.choice((1, 1, 1, 2, 8))):
            damaged[rng.randrange(len(damaged))] ^= 1 << rng.randrange(8)
        found = outcome(bytes(damaged))
        if found is None:
            refused_whole += 1
            continue
        assert len(found) == len(TRUE)
        for content in found.values():
            assert isinstance(content, Missing) or content in contents
        same += found == TRUE
    assert refused_whole > 500
    assert 0 < same < 2000


def test_blocks_that_are_moved_and_lost() -> None:
    rng = random.Random(4)  # noqa: S311
    for _ in range(1000):
        at, to, length = (rng.randrange(len(WHOLE)) for _ in range(3))
        piece = WHOLE[at : at + length % 60]
        for content in (WHOLE[:to] + piece + WHOLE[to:], WHOLE[:at] + WHOLE[at + len(piece) :]):
            found = outcome(content)
            assert found is None or all(
                isinstance(one, Missing) or one in TRUE.values() for one in found.values()
            )


def test_an_archive_that_shrinks_while_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "w").write_bytes(zipped(member("x", NOISE), member("y", NOISE)))
    with Archive(OnDisk(tmp_path / "w")) as archive:
        with (tmp_path / "w").open("r+b") as file:
            file.truncate(1000)
        found = [content for _, content in archive.read_members(archive.members)]
    assert all(isinstance(content, Missing) for content in found)
    assert isinstance(found[0], Missing)
    assert found[0].why == "it became shorter while it was read"


@pytest.mark.parametrize("method", [DEFLATED, STORED])
@pytest.mark.parametrize("size", [0, 1, 1024**2 - 1, 1024**2, 1024**2 + 1, 3 * 1024**2])
def test_sizes_around_a_block(method: int, size: int) -> None:
    content = (NOISE * 32)[:size]
    assert only(zipped(member("x", content, method=method))) == content
    assert only(zipped(member("x", bytes(size), method=method))) == bytes(size)
