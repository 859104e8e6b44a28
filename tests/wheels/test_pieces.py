"""Which ranges of an archive are fetched, and that each is fetched once."""

from __future__ import annotations

import hashlib

import pytest

from ftaudit.wheels import pieces
from ftaudit.wheels.archive import Archive
from ftaudit.wheels.pieces import TAIL, Pieces
from ftaudit.wheels.plan import GAP, MAX_RUNS, SLACK, better_whole, plan
from ftaudit.wheels.source import BadWheelError
from tests.builders.zips import STORED, Part, member, zipped


def noise(size: int, seed: int = 0) -> bytes:
    return hashlib.shake_128(str(seed).encode()).digest(size)


class Fetched:
    """A file and the ranges that were asked for."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.log: list[tuple[int, int]] = []

    def __call__(self, start: int, end: int) -> bytes:
        self.log.append((start, end))
        return self.content[start:end]

    @property
    def bytes(self) -> int:
        return sum(end - start for start, end in self.log)

    def open(self) -> Pieces:
        return Pieces(len(self.content), self)


def stored(name: str, size: int, **lies: object) -> Part:
    return member(name, noise(size, len(name)), method=STORED, **lies)


def taken(content: bytes, *names: str) -> tuple[Fetched, list[int]]:
    """The requests that reading *names* takes, and the sizes of what came."""
    fetched = Fetched(content)
    with Archive(fetched.open()) as archive:
        wanted = [one for one in archive.members if one.name in names]
        return fetched, [len(got) for _, got in archive.read_members(wanted) if not hasattr(got, "why")]


def test_one_member_of_many_is_one_request_more() -> None:
    parts = [stored("a", 200_000), stored("wanted", 300_000), stored("b", 200_000)]
    fetched, sizes = taken(zipped(*parts), "wanted")
    assert sizes == [300_000]
    assert len(fetched.log) == 2
    assert fetched.bytes <= 300_000 + TAIL + 1000


def test_a_directory_larger_than_the_tail_is_fetched_to_its_start() -> None:
    parts = [stored("wanted", 300_000), *(stored(f"{number:0300}", 10) for number in range(400))]
    fetched, sizes = taken(zipped(*parts), "wanted")
    assert sizes == [300_000]
    assert len(fetched.log) == 3
    directory = 400 * (46 + 300)
    assert fetched.bytes <= 300_000 + directory + 2000


@pytest.mark.parametrize("length", [0, SLACK - 1, SLACK, SLACK + 1, 60_000])
def test_a_header_longer_than_expected_is_one_request_more_at_most(length: int) -> None:
    extra = b"\xca\xfe" + length.to_bytes(2, "little") + bytes(length)
    parts = [stored("wanted", 300_000, local_extra=extra), stored("a", 200_000)]
    fetched, sizes = taken(zipped(*parts), "wanted")
    assert sizes == [300_000]
    assert len(fetched.log) == (3 if length + 4 > SLACK else 2)
    assert fetched.bytes <= 300_000 + 2 * length + TAIL + 2000


def test_neighbours_are_one_request() -> None:
    parts = [stored("a", 200_000), stored("aa", 50_000), stored("aaa", 200_000), stored("b", 900_000)]
    fetched, sizes = taken(zipped(*parts), "a", "aaa")
    assert sizes == [200_000, 200_000]
    assert len(fetched.log) == 2


def test_far_ones_are_not() -> None:
    parts = [stored("a", 200_000), stored("aa", GAP + 1000), stored("aaa", 200_000), stored("b", 900_000)]
    fetched, sizes = taken(zipped(*parts), "a", "aaa")
    assert sizes == [200_000, 200_000]
    assert len(fetched.log) == 3


def test_the_number_of_ranges_is_bounded() -> None:
    parts = [stored("x" * (number + 1), 1000 if number % 2 else GAP + 2000 * number) for number in range(60)]
    parts.append(stored("end", 200_000))
    names = [one.central.name.decode() for one in parts[1:60:2]]
    fetched, sizes = taken(zipped(*parts), *names)
    assert sizes == [1000] * 30
    assert len(fetched.log) == 1 + MAX_RUNS


def test_without_members_nothing_is_asked_for() -> None:
    assert plan([]) == []
    assert not better_whole([], 100)


def test_whole_or_in_parts() -> None:
    with Archive(
        Fetched(zipped(stored("a", 300_000), stored("aa", 500_000), stored("b", 300_000))).open()
    ) as archive:
        one, two, three = archive.members
        size = 1_100_000
        assert better_whole([one, two], size)
        assert not better_whole([one, three], size)
        assert not better_whole([two], size)  # more than its tenth would be wasted
        assert better_whole([two], 540_000)


@pytest.mark.parametrize("large", [False, True])
def test_what_is_held_costs_nothing_more(large: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "LARGEST_PIECE", 100_000 if large else 10**9)
    monkeypatch.setattr(pieces, "IN_MEMORY", 50_000 if large else 10**9)
    fetched = Fetched(noise(400_000))
    source = fetched.open()
    with source.holding(0, 400_000):
        assert len(fetched.log) == (5 if large else 2)
        assert source.holds(0, 400_000)
        assert source.read(0, 400_000) == fetched.content
        assert source.read(99_999, 370_000) == fetched.content[99_999:370_000]
        with source.holding(10, 300_000):
            assert source.read(10, 20) == fetched.content[10:20]
    assert (fetched.bytes, len(fetched.log)) == (400_000, 5 if large else 2)
    assert not source.holds(0, 400_000)
    assert source.holds(400_000 - TAIL, 400_000)


def test_a_region_within_another_ends_first() -> None:
    fetched = Fetched(noise(400_000))
    source = fetched.open()
    with source.holding(0, 1000):
        with source.holding(500, 2000):
            assert fetched.log[1:] == [(0, 1000), (1000, 2000)]
            assert source.read(0, 2000) == fetched.content[:2000]
        assert source.read(0, 1000) == fetched.content[:1000]
    assert len(fetched.log) == 3


def test_every_range_is_what_lies_there() -> None:
    fetched = Fetched(noise(100_000))
    source = fetched.open()
    for start, end in (
        (0, 10),
        (5, 15),
        (5, 80_000),
        (70_000, 70_000),
        (99_999, 100_000),
        (0, 100_000),
        (1, 9),
    ):
        assert source.read(start, end) == fetched.content[start:end]


def test_another_begins_with_what_one_held() -> None:
    fetched = Fetched(zipped(*(stored(f"{number:0300}", 10) for number in range(400))))
    with Archive(first := fetched.open()):
        held = first.held
    asked = len(fetched.log)
    with Archive(Pieces(len(fetched.content), fetched, held)) as archive:
        assert len(archive.members) == 400
    assert len(fetched.log) == asked == 2


@pytest.mark.parametrize("given", [b"", b"x" * 39, b"x" * 41])
def test_a_piece_of_another_length(given: bytes) -> None:
    with pytest.raises(BadWheelError, match="another number of bytes"):
        Pieces(40, lambda start, end: given)
