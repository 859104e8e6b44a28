"""Whether other releases would do: their wheels are read, within a budget, before they are named."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from ftaudit.concurrency import Deadline, Scope
from ftaudit.gather import Wanted, gather
from ftaudit.gather_wheels import MAX_CANDIDATES, WheelReader
from ftaudit.judge.remedy import Answer
from ftaudit.knowledge.targets import target
from ftaudit.model.binary import Contents, Declaration
from ftaudit.model.evidence import Missing, Upgrade
from ftaudit.model.verdict import Install, Installation
from tests.builders.modules import contents, declared, file
from tests.builders.values import FakeIndex, metadata, page, pin
from tests.builders.values import file as listed

T314 = target("3.14t", "linux-x86_64")
SUFFIX = ".cpython-314t-x86_64-linux-gnu.so"
OFF, ON = (contents(file("x" + SUFFIX, what)) for what in (Declaration.NOT_USED, Declaration.USED))
OPEN = contents(file("x" + SUFFIX, declared(Declaration.UNKNOWN, reason="not-followed")))
OFFLINE = Missing(what="modules", why="offline", kind="offline")


def wheel(version: str) -> str:
    return f"x-{version}-cp314-cp314t-manylinux_2_17_x86_64.whl"


def upgrade(pinned: Contents | Missing, *newer: Contents | Missing, binaries: bool = True) -> Upgrade:
    """What is offered beside x 1.0, which holds *pinned*: releases 1.1, 1.2, … that hold *newer*."""
    held = {wheel(f"1.{number}"): found for number, found in enumerate((pinned, *newer))}
    index = FakeIndex(pages={"x": page(*held)}, wheels=held, metadatas={"x": metadata()})
    wanted = Wanted(pin=pin(), targets=(T314,))
    found = gather([wanted], index, jobs=1, scope=Scope(Deadline(None)), binaries=binaries)
    return next(iter(found.values())).evidence.upgrades[str(T314)]


@pytest.mark.parametrize(
    ("newer", "version", "read", "some_unread"),
    [
        ([OFF], "1.1", True, False),
        ([ON, OFF], "1.2", True, False),
        ([ON, contents()], "1.2", True, False),
        ([ON], None, False, False),
        ([OFFLINE], "1.1", False, False),
        ([OPEN], "1.1", False, False),
        ([OPEN, OFF], "1.2", True, True),
        ([], None, False, False),
    ],
)
def test_the_lowest_release_that_was_read_and_is_ready(
    newer: Sequence[Contents | Missing], version: str | None, read: bool, some_unread: bool
) -> None:
    found = upgrade(ON, *newer)
    assert (found.newer, found.read, found.some_unread) == (version, read, some_unread)


def test_a_pin_that_keeps_the_gil_off_is_told_the_newest_version_only() -> None:
    found = upgrade(OFF, ON, OFF)
    assert (found.newer, found.latest) == (None, "1.2")


def test_the_budget_ends_the_search() -> None:
    found = upgrade(ON, *[ON] * MAX_CANDIDATES, OFF)
    assert (found.newer, found.read) == (f"1.{MAX_CANDIDATES + 1}", False)


def test_each_search_has_a_budget_of_its_own() -> None:
    names = [wheel(f"1.{number}") for number in range(2 * MAX_CANDIDATES + 1)]
    reader = WheelReader(FakeIndex(wheels=dict.fromkeys(names, ON)), binaries=True)

    def search() -> int:
        ready = reader.search()
        return [ready([listed(name)], T314) for name in names].count(Answer.NO)

    assert [search() for _ in range(3)] == [MAX_CANDIDATES, 2 * MAX_CANDIDATES, 2 * MAX_CANDIDATES + 1]


def test_without_binaries_tags_decide() -> None:
    found = upgrade(ON, ON, binaries=False)
    assert (found.newer, found.read) == (None, False)  # nothing is known to be wrong with the pin


def test_each_wheel_is_read_once() -> None:
    asked: list[str] = []

    class Counting(FakeIndex):
        def contents(self, file):  # type: ignore[no-untyped-def]
            asked.append(file.name)
            return ON

    reader = WheelReader(Counting(), binaries=True)
    files = [listed(wheel("1.1"))]
    assert [reader.search()(files, T314) for _ in range(3)] == [Answer.NO] * 3
    assert asked == [wheel("1.1")]


@pytest.mark.parametrize(
    ("install", "kind"),
    [(Install.SOURCE, "no-wheel"), (Install.NONE, "no-wheel"), (Install.UNKNOWN, "no-wheel")],
)
def test_only_a_picked_wheel_is_looked_into(install: Install, kind: str) -> None:
    reader = WheelReader(FakeIndex(wheels={wheel("1.0"): OFF}), binaries=True)
    found = reader.of(Installation(install=install, file=listed(wheel("1.0"))))
    assert isinstance(found, Missing)
    assert found.kind == kind


def test_what_only_a_lock_knows_is_not_fetched() -> None:
    reader = WheelReader(FakeIndex(wheels={wheel("1.0"): OFF}), binaries=True)
    locked = listed(wheel("1.0"), index="the lock")
    found = reader.of(Installation(install=Install.WHEEL, file=locked))
    assert isinstance(found, Missing)
    assert found.kind == "file-only-in-lock"
    assert reader.of(Installation(install=Install.WHEEL, file=listed(wheel("1.0")))) == OFF
