"""The verdict of the whole stack on one target."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from ftaudit.model.report import Summary
from ftaudit.model.target import Target
from ftaudit.model.verdict import Status, Verdict


def summarise(
    target: Target,
    verdicts: Iterable[Verdict],
    *,
    complete: bool,
    oldest_evidence: datetime | None,
    knowledge_as_of: str,
) -> Summary:
    """The worst status that applies. A set that is not complete holds at least one thing that is unknown;
    so does one of which nothing at all was judged."""
    counts = dict.fromkeys(Status, 0)
    for verdict in verdicts:
        if verdict.status is not None:
            counts[verdict.status] += 1
    seen = [status for status, number in counts.items() if number]
    if not complete or not seen:
        seen.append(Status.UNKNOWN)
    return Summary(
        python=target.python,
        platform=target.platform,
        verdict=max(seen, key=lambda status: status.rank),
        complete=complete,
        counts=counts,
        oldest_evidence=oldest_evidence,
        knowledge_as_of=knowledge_as_of,
    )
