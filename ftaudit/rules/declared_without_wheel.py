"""The release carries a Free Threading classifier, and no wheel of it fits the target.

Why it matters
    The classifier states an intent, the files state what can be installed. Where they disagree, the files
    decide.

What to do
    Nothing by itself: the status follows from the files. The classifier is a hint that a build may well
    work.

When it is wrong
    The classifier may be meant for another interpreter or platform than this target.

Sources
    The trove classifiers `Programming Language :: Python :: Free Threading :: 1 - Unstable` to `4 -
    Resilient`.
"""

from __future__ import annotations

from ftaudit.model.case import Case
from ftaudit.model.evidence import Missing
from ftaudit.model.verdict import EvidenceRef, Finding, Install, Level
from ftaudit.rules.base import Rule


def check(case: Case) -> Finding | None:
    """A note on the contradiction."""
    metadata = case.metadata
    if isinstance(metadata, Missing) or metadata.free_threading is None:
        return None
    if case.installation.install not in (Install.NONE, Install.SOURCE, Install.FALLBACK):
        return None
    return Finding(
        rule=RULE.name,
        severity=Level.NOTE,
        message=f"declares free threading at level {metadata.free_threading}, and no compiled wheel fits",
        evidence=(EvidenceRef(kind="metadata", source=metadata.source, as_of=metadata.as_of),),
    )


RULE = Rule(name="declared-without-wheel", page=__doc__, check=check, needs=("metadata",))
