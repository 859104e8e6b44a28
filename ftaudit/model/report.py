"""The whole answer: what every renderer, the policy and the CI writer read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ftaudit.model.project import FoundInterpreter, MadeFor, Origin, Problem, SourceKind
from ftaudit.model.verdict import Status, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class InputRow:
    """An input that was read. ``pins`` counts its distinct pins, ``unpinned`` what fixed no version.
    ``interpreter`` is that of an environment."""

    path: str
    format: str
    sha256: str
    pins: int
    unpinned: int = 0
    made_for: MadeFor | None = None
    interpreter: FoundInterpreter | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetRow:
    """A target that was asked for, as `ftaudit.model.target.Target` names it."""

    python: str
    platform: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageRow:
    """A pin with one verdict for each target, in the targets' order. ``required_by`` are names, sorted."""

    name: str
    version: str
    source: SourceKind
    location: str = ""
    origins: tuple[Origin, ...] = ()
    direct: bool | None = None
    required_by: tuple[str, ...] = ()
    verdicts: tuple[Verdict, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The verdict of the whole stack on one target.

    ``verdict`` is the worst applicable status, and ``unknown`` where the picture is not complete and
    nothing worse was found; ``counts`` has every status.
    """

    python: str
    platform: str
    verdict: Status
    complete: bool
    counts: dict[Status, int]
    oldest_evidence: datetime | None
    knowledge_as_of: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Sorted: the same facts give the same report. ``created`` comes from outside."""

    version: str
    created: datetime
    inputs: tuple[InputRow, ...]
    targets: tuple[TargetRow, ...]
    packages: tuple[PackageRow, ...]
    summary: tuple[Summary, ...]
    problems: tuple[Problem, ...]
