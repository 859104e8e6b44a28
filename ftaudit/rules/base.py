"""What a rule is.

A rule is one file in this folder: its module docstring is its page (fixed headings: the first line says what
it says; then ``Why it matters``, ``What to do``, ``When it is wrong``, ``Sources``), and ``RULE`` is what the
registry lists. The name says what is wrong and reads after "allow".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ftaudit.model.case import Case
from ftaudit.model.evidence import Missing, ProjectStatus
from ftaudit.model.text import short
from ftaudit.model.verdict import EvidenceRef, Finding, Imported, Module

NAMED = 3
"""How many modules or files a message names; the others are counted."""
LONGEST_NAME = 200
"""Characters of one that are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """``needs`` names attributes of `Case` that may be Missing: with one missing the rule is not run and the
    verdict says so. ``check`` is None for rules about an input as a whole, which readers and the closure
    report as problems.
    """

    name: str
    page: str
    check: Callable[[Case], Finding | None] | None = None
    needs: tuple[str, ...] = ()


def from_index(case: Case) -> tuple[EvidenceRef, ...]:
    """The index pages that the case rests on, with the digest of the picked file."""
    release = case.evidence.release
    if isinstance(release, Missing):
        return ()
    file = case.installation.file
    return tuple(
        EvidenceRef(
            kind="index-page", source=index, sha256=file.sha256 if file else None, as_of=release.as_of
        )
        for index in release.indexes
    )


def from_wheel(case: Case) -> tuple[EvidenceRef, ...]:
    """The wheel whose members were read; the index pages where none was. The digest is given where it was
    seen to be that of the whole file."""
    contents, file = case.contents, case.installation.file
    if isinstance(contents, Missing) or file is None:
        return from_index(case)
    sha256 = contents.sha256 if contents.verified == "sha256" else None
    return (
        EvidenceRef(kind="wheel", source=contents.source or file.name, sha256=sha256, as_of=contents.as_of),
    )


def modules(case: Case) -> tuple[Module, ...]:
    """The modules that the target would load; none where the wheel was not read. That it was not, where the
    verdict rests on it, is said by the rules that need ``gil``."""
    return case.imported.modules if isinstance(case.imported, Imported) else ()


def listed(names: Sequence[str]) -> str:
    """*names*, which come out of a wheel, in one clause: at most `NAMED` of them, none endless."""
    more = len(names) - NAMED
    shown = ", ".join(short(name, LONGEST_NAME) for name in names[:NAMED])
    return shown + (f" and {more} more" if more > 0 else "")


def is_quarantined(case: Case) -> bool:
    """Whether the index keeps the project's files back (PEP 792)."""
    release = case.evidence.release
    return not isinstance(release, Missing) and release.status is ProjectStatus.QUARANTINED


def none_fits(wheels: int) -> str:
    """A clause for a release with this many wheels of which none fits."""
    if wheels <= 1:
        return "its one wheel does not fit" if wheels else "it has no wheel that fits"
    return f"none of its {wheels} wheels fits"
