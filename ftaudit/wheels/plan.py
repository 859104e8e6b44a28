"""Which ranges of an archive hold the members that are wanted: few ranges, and little that is not wanted."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from ftaudit.wheels.directory import LOCAL_HEADER, Member
from ftaudit.wheels.pieces import TAIL

SLACK = 512
"""Bytes for the extra field of a member's own header, whose length only that header tells."""
GAP = 128 * 1024
"""Bytes that nobody wants and that are still quicker read than a further request is answered."""
MAX_RUNS = 8
"""Ranges of one archive."""
MOSTLY = 0.7
"""The part of an archive from which on it is read whole: then its digest can be verified too."""


class Run(NamedTuple):
    """A range of the archive and the members in it that are wanted."""

    start: int
    end: int
    members: tuple[Member, ...]


def span(member: Member) -> tuple[int, int]:
    """Where *member* lies with its header; not much more, and not less unless that has large extra fields."""
    end = member.start + LOCAL_HEADER + len(member.encoded) + member.compressed + SLACK
    return member.start, min(end, member.end)


def plan(wanted: Sequence[Member]) -> list[Run]:
    """At most `MAX_RUNS` ranges that hold all of *wanted*, in order."""
    ordered = sorted(wanted, key=lambda member: member.start)
    gaps = [after.start - span(before)[1] for before, after in pairwise(ordered)]
    allowed = max(GAP, sorted(gaps, reverse=True)[MAX_RUNS - 1] if len(gaps) >= MAX_RUNS else 0)
    runs: list[list[Member]] = []
    for number, member in enumerate(ordered):
        if number == 0 or gaps[number - 1] > allowed:
            runs.append([])
        runs[-1].append(member)
    return [Run(members[0].start, span(members[-1])[1], tuple(members)) for members in runs]


def better_whole(wanted: Sequence[Member], size: int) -> bool:
    """Whether an archive of *size* bytes is rather read whole than in the ranges of *wanted*.

    For one member that is only where hardly anything else is in it: no more than its own tenth is wasted.
    """
    needed = sum(run.end - run.start for run in plan(wanted))
    if len(wanted) > 1:
        return needed >= MOSTLY * size
    return bool(wanted) and size <= max(needed * 1.1, TAIL)
