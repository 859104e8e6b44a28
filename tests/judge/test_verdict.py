"""A case to its verdict."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ftaudit.judge.install import choose
from ftaudit.judge.stack import summarise
from ftaudit.judge.verdict import judge, status_of
from ftaudit.knowledge.targets import target
from ftaudit.model.case import Case
from ftaudit.model.evidence import CoreMetadata, Evidence, Missing, Release
from ftaudit.model.verdict import Gil, Install, Status, Verdict
from tests.builders.values import metadata, pin, release

T314 = target("3.14t", "linux-x86_64")
NOT_READ = Missing(what="modules", why="modules not read", kind="modules-not-read")
FT314 = "x-1.0-cp314-cp314t-manylinux_2_17_x86_64.whl"


def case(
    of: Release | Missing, *, gil: Gil | Missing = Gil.NONE, read: CoreMetadata | Missing | None = None
) -> Case:
    one = pin()
    return Case(
        pin=one,
        target=T314,
        evidence=Evidence(release=of),
        installation=choose(one, of, T314),
        gil=gil,
        metadata=metadata() if read is None else read,
    )


@pytest.mark.parametrize("install", Install)
@pytest.mark.parametrize("gil", Gil)
def test_ready_is_only_what_installs_and_keeps_the_gil_off(install: Install, gil: Gil) -> None:
    good = install in (Install.PURE, Install.WHEEL) and gil in (Gil.OFF, Gil.NONE)
    assert (status_of(install, gil) is Status.READY) == good


@pytest.mark.parametrize(
    ("install", "gil", "status"),
    [
        (Install.NONE, Gil.UNKNOWN, Status.BLOCKED),
        (Install.UNKNOWN, Gil.OFF, Status.UNKNOWN),
        (Install.SOURCE, Gil.UNKNOWN, Status.NEEDS_BUILD),
        (Install.FALLBACK, Gil.NONE, Status.DEGRADED),
        (Install.FALLBACK, Gil.ON, Status.ENABLES_GIL),
        (Install.WHEEL, Gil.ON, Status.ENABLES_GIL),
        (Install.WHEEL, Gil.UNKNOWN, Status.UNKNOWN),
    ],
)
def test_the_other_statuses(install: Install, gil: Gil, status: Status) -> None:
    assert status_of(install, gil) is status


def test_a_tag_alone_is_never_ready() -> None:
    verdict = judge(case(release(FT314), gil=NOT_READ))
    assert verdict.status is Status.UNKNOWN
    assert verdict.install is Install.WHEEL
    assert [(u.missing, u.why) for u in verdict.undecided] == [("modules", "modules not read")]


def test_what_is_missing_is_said_once() -> None:
    offline = Missing(what="release", why="offline", kind="offline")
    verdict = judge(case(offline))
    assert verdict.status is Status.UNKNOWN
    assert [(u.missing, u.why) for u in verdict.undecided] == [("release", "offline")]


def test_the_classifier_stands_beside_the_verdict() -> None:
    assert judge(case(release("x-1.0-py3-none-any.whl"), read=metadata(free_threading=3))).declared == 3
    assert judge(case(release("x-1.0-py3-none-any.whl"))).declared is None


class TestStack:
    """The worst applicable status, and never ready for a set with a hole."""

    def _summary(self, *statuses: Status | None, complete: bool = True) -> Status:
        verdicts = [
            Verdict(python="3.14t", platform="linux-x86_64", applies=s is not None, status=s)
            for s in statuses
        ]
        return summarise(
            T314,
            verdicts,
            complete=complete,
            oldest_evidence=datetime(2026, 1, 1, tzinfo=UTC),
            knowledge_as_of="2026-01-01",
        ).verdict

    def test_the_worst_wins(self) -> None:
        assert self._summary(Status.READY, Status.BLOCKED, Status.UNKNOWN) is Status.BLOCKED
        assert self._summary(Status.READY, Status.DEGRADED) is Status.DEGRADED

    def test_all_ready_and_complete_is_ready(self) -> None:
        assert self._summary(Status.READY, None) is Status.READY

    def test_a_hole_is_unknown_unless_worse_was_found(self) -> None:
        assert self._summary(Status.READY, complete=False) is Status.UNKNOWN
        assert self._summary(Status.NEEDS_BUILD, complete=False) is Status.UNKNOWN
        assert self._summary(Status.BLOCKED, complete=False) is Status.BLOCKED

    def test_nothing_judged_is_not_ready(self) -> None:
        assert self._summary() is Status.UNKNOWN
        assert self._summary(None) is Status.UNKNOWN
