"""Collect, gather, judge, report: the one place where the stages meet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ftaudit.concurrency import Scope
from ftaudit.errors import Exit, FtauditError, InputError
from ftaudit.gather import Gathered, Index, Wanted, gather, names
from ftaudit.judge import closure
from ftaudit.judge.applies import applicable, required_by, roots
from ftaudit.judge.made_for import made_elsewhere
from ftaudit.judge.stack import summarise
from ftaudit.judge.verdict import judge
from ftaudit.knowledge.tables import KNOWLEDGE_AS_OF
from ftaudit.model.case import Case
from ftaudit.model.evidence import CoreMetadata, Missing
from ftaudit.model.project import Edge, Pin, PinKey, Problem, Reading, Severity
from ftaudit.model.report import InputRow, PackageRow, Report, Summary, TargetRow
from ftaudit.model.target import Target
from ftaudit.model.verdict import Gil, Install, Installation, Verdict

NOT_READ = Missing(what="modules", why="modules not read", kind="modules-not-read")

ANSWERS = frozenset({"name-not-listed", "version-not-listed", "local-version-not-listed", "not-asked",
                     "invalid-version", "no-metadata", "made-for-another-target"})  # fmt: skip
"""Kinds of Missing that are answers: the index was there and said no. All others leave the run incomplete."""

_HOLES = (Severity.ERROR, Severity.INCOMPLETE)

Progress = Callable[[str, int, int], None]
"""Called with the stage's name, how much is done and how much there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What `audit` came to: the report, and the exit status that goes with it."""

    report: Report
    exit_status: Exit


@dataclass(frozen=True, slots=True)
class _Stack:
    """The readings of all inputs, and what follows from them for each target before anything is asked."""

    readings: tuple[Reading, ...]
    targets: tuple[Target, ...]
    pins: Mapping[PinKey, Pin]
    applies: Mapping[tuple[int, Target], frozenset[PinKey]]

    def applies_on(self, target: Target) -> frozenset[PinKey]:
        return frozenset().union(*(self.applies[number, target] for number, _ in enumerate(self.readings)))


def audit(
    readings: Sequence[Reading],
    errors: Sequence[FtauditError],
    targets: Sequence[Target],
    index: Index,
    *,
    jobs: int,
    scope: Scope,
    now: datetime,
    version: str,
    progress: Progress = lambda stage, done, total: None,
) -> Audit:
    """The audit of *readings* for *targets*, in UTC at *now*; *errors* are inputs that could not be read."""
    stack = _stack(readings, targets)
    wanted = _wanted(stack)
    total = names(wanted)
    gathered = gather(
        wanted, index, jobs=jobs, scope=scope, progress=lambda done: progress("packages", done, total)
    )
    needs = {target: _needs(stack, gathered, target) for target in stack.targets}
    gaps = _gaps(stack, needs)
    known = _known_problems(stack, errors, gathered)
    whole = not any(problem.severity in _HOLES for problem in known)
    open_ends = [problem for reading, by_target in gaps for problem in closure.problems(reading, by_target)]
    rows = _rows(stack, gathered, needs)
    report = Report(
        version=version,
        created=now,
        inputs=tuple(_input_row(reading) for reading in readings),
        targets=tuple(TargetRow(python=t.python, platform=t.platform) for t in stack.targets),
        packages=rows,
        summary=tuple(
            _summary(
                target,
                [row.verdicts[position] for row in rows],
                [found for key in stack.applies_on(target) if (found := gathered.get(key)) is not None],
                complete=whole and not any(by_target.get(target) for _, by_target in gaps),
            )
            for position, target in enumerate(stack.targets)
        ),
        problems=tuple(sorted({*known, *open_ends}, key=_problem_order)),
    )
    return Audit(report=report, exit_status=_exit_status(report, errors))


def _stack(readings: Sequence[Reading], targets: Sequence[Target]) -> _Stack:
    merged: dict[PinKey, Pin] = {}
    for reading in readings:
        for pin in reading.pins:
            known = merged.get(pin.key)
            merged[pin.key] = pin if known is None else _merge(known, pin)
    applies = {
        (number, target): applicable(reading, target)
        for number, reading in enumerate(readings)
        for target in targets
    }
    return _Stack(tuple(readings), tuple(targets), merged, applies)


def _merge(one: Pin, other: Pin) -> Pin:
    """One pin that two inputs hold: all its places and files; installed bytes win over a list."""
    if other.installed and not one.installed:
        one, other = other, one
    listed = {file.name: file for file in (*other.files, *one.files)}
    return replace(
        one,
        origins=tuple(dict.fromkeys((*one.origins, *other.origins))),
        files=tuple(listed.values()),
        extras=tuple(sorted({*one.extras, *other.extras})),
        requires_python=one.requires_python or other.requires_python,
        metadata=one.metadata if one.metadata is not None else other.metadata,
    )


def _wanted(stack: _Stack) -> list[Wanted]:
    """The pins that apply somewhere and are not the project's own."""
    forgiven: dict[PinKey, set[Target]] = defaultdict(set)
    strict: dict[PinKey, set[Target]] = defaultdict(set)
    for number, reading in enumerate(stack.readings):
        own_roots = roots(reading)
        for target in stack.targets:
            for key in stack.applies[number, target]:
                forgiving = bool(made_elsewhere(reading, target)) and key in own_roots
                (forgiven if forgiving else strict)[key].add(target)
    wanted = []
    for key, pin in stack.pins.items():
        targets = tuple(t for t in stack.targets if t in strict[key] or t in forgiven[key])
        if targets and not pin.local:
            wanted.append(Wanted(pin=pin, targets=targets, forgiving=frozenset(forgiven[key] - strict[key])))
    return wanted


def _needs(
    stack: _Stack, gathered: Mapping[PinKey, Gathered], target: Target
) -> dict[PinKey, tuple[Edge, ...] | Missing]:
    """What every pin that applies on *target* requires: recorded edges, else its metadata, else why not."""
    needs: dict[PinKey, tuple[Edge, ...] | Missing] = {}
    for key in stack.applies_on(target):
        pin, found = stack.pins[key], gathered.get(key)
        if pin.local or (pin.installed and pin.dependencies is not None):
            needs[key] = pin.dependencies or ()
        elif found is None or target not in found.metadata:
            needs[key] = Missing(what="dependencies", why="no metadata was had", kind="no-metadata")
        else:
            needs[key] = closure.edges_of(found.metadata[target])
    return needs


def _gaps(
    stack: _Stack, needs: Mapping[Target, closure.Needs]
) -> list[tuple[Reading, dict[Target, tuple[closure.Gap, ...]]]]:
    """The open ends of every input whose format, or whose target, gives no closure."""
    found = []
    for number, reading in enumerate(stack.readings):
        by_target = {
            target: closure.gaps(reading, needs[target], stack.applies[number, target], target)
            for target in stack.targets
            if not reading.closed or made_elsewhere(reading, target)
        }
        found.append((reading, by_target))
    return found


def _known_problems(
    stack: _Stack, errors: Sequence[FtauditError], gathered: Mapping[PinKey, Gathered]
) -> list[Problem]:
    """All that is wrong with the picture, but for its open ends."""
    problems = [_error(error) for error in errors]
    for reading in stack.readings:
        problems += reading.problems
        problems += _elsewhere(reading, stack.targets)
    return problems + _unread(stack, gathered)


def _problem_order(problem: Problem) -> tuple[str, int, str, str]:
    return (problem.input, problem.line or 0, problem.rule, problem.message)


def _error(error: FtauditError) -> Problem:
    path = error.path if isinstance(error, InputError) else ""
    return Problem(input=path, rule="unreadable-input", message=error.message, severity=Severity.ERROR)


def _elsewhere(reading: Reading, targets: Sequence[Target]) -> list[Problem]:
    """One problem for each thing that the input was made for and a target is not."""
    by_words: dict[str, list[str]] = defaultdict(list)
    for target in targets:
        if words := made_elsewhere(reading, target):
            by_words[words].append(str(target))
    return [
        Problem(
            input=reading.input,
            rule="resolved-elsewhere",
            message=f"made for {words}, and judged for {', '.join(judged)}",
            severity=Severity.WARNING,
        )
        for words, judged in by_words.items()
    ]


def _unread(stack: _Stack, gathered: Mapping[PinKey, Gathered]) -> list[Problem]:
    """What should have been had from an index and was not, one line for each reason."""
    by_reason: dict[str, set[PinKey]] = defaultdict(set)
    for key, found in gathered.items():
        for missing in _missing_of(found):
            by_reason[missing.why].add(key)
    problems = []
    for why, keys in by_reason.items():
        shown = sorted(keys)
        others = f" and {len(shown) - 3} more" if len(shown) > 3 else ""
        origins = stack.pins[shown[0]].origins
        problems.append(
            Problem(
                input=origins[0].input if origins else "",
                rule="index-not-read",
                message=f"{', '.join(str(key) for key in shown[:3])}{others}: {why}",
            )
        )
    return problems


def _missing_of(found: Gathered) -> list[Missing]:
    release = found.evidence.release
    candidates = [release] if isinstance(release, Missing) else list(release.unread)
    candidates += [metadata for metadata in found.metadata.values() if isinstance(metadata, Missing)]
    return [missing for missing in candidates if missing.kind not in ANSWERS]


def _rows(
    stack: _Stack, gathered: Mapping[PinKey, Gathered], needs: Mapping[Target, closure.Needs]
) -> tuple[PackageRow, ...]:
    requirers = _requirers(stack, needs)
    applies = {target: stack.applies_on(target) for target in stack.targets}
    rows = []
    for key in sorted(stack.pins):
        pin = stack.pins[key]
        marks = {origin.direct for origin in pin.origins}
        rows.append(
            PackageRow(
                name=pin.name,
                version=pin.version,
                source=pin.source.kind,
                location=pin.source.location,
                origins=pin.origins,
                direct=True if True in marks else (None if None in marks or not marks else False),
                required_by=tuple(sorted(requirers.get(key, ()))),
                verdicts=tuple(
                    _verdict(pin, target, gathered.get(key), applies=key in applies[target])
                    for target in stack.targets
                ),
            )
        )
    return tuple(rows)


def _requirers(stack: _Stack, needs: Mapping[Target, closure.Needs]) -> dict[PinKey, set[str]]:
    """Who requires what: by the edges that a format records, else by the metadata of what applies."""
    found = required_by(stack.readings)
    edgeless = [reading for reading in stack.readings if not any(pin.dependencies for pin in reading.pins)]
    by_name: dict[str, list[PinKey]] = defaultdict(list)
    for reading in edgeless:
        for pin in reading.pins:
            by_name[pin.name].append(pin.key)
    for target, required in needs.items():
        for key, edges in required.items():
            for edge in () if isinstance(edges, Missing) else edges:
                if closure.holds(edge, frozenset(stack.pins[key].extras), target):
                    for dependency in by_name.get(edge.name, ()):
                        found[dependency].add(key.name)
    return found


def _verdict(pin: Pin, target: Target, found: Gathered | None, *, applies: bool) -> Verdict:
    if not applies or pin.local or found is None:
        return Verdict(python=target.python, platform=target.platform, applies=applies)
    installation = found.installations[target]
    return judge(
        Case(
            pin=pin,
            target=target,
            evidence=found.evidence,
            installation=installation,
            gil=_gil(installation),
            metadata=found.metadata[target],
        )
    )


def _gil(installation: Installation) -> Gil | Missing:
    """A pure wheel has no module by its name; a compiled one is unknown until its modules are read."""
    if installation.install in (Install.PURE, Install.FALLBACK):
        return Gil.NONE
    return NOT_READ if installation.install is Install.WHEEL else Gil.UNKNOWN


def _summary(
    target: Target, verdicts: Sequence[Verdict], gathered: Sequence[Gathered], *, complete: bool
) -> Summary:
    dates = [date for found in gathered for date in _dates(found, target)]
    return summarise(
        target,
        verdicts,
        complete=complete,
        oldest_evidence=min(dates, default=None),
        knowledge_as_of=KNOWLEDGE_AS_OF,
    )


def _dates(found: Gathered, target: Target) -> list[datetime]:
    metadata = found.metadata.get(target)
    read = [found.evidence.release] if not isinstance(found.evidence.release, Missing) else []
    dates = [release.as_of for release in read]
    if isinstance(metadata, CoreMetadata) and metadata.as_of is not None:
        dates.append(metadata.as_of)
    return dates


def _input_row(reading: Reading) -> InputRow:
    return InputRow(
        path=reading.input,
        format=reading.format,
        sha256=reading.sha256,
        pins=len({pin.key for pin in reading.pins}),
        unpinned=reading.unpinned,
        made_for=reading.made_for,
    )


def _exit_status(report: Report, errors: Sequence[FtauditError]) -> Exit:
    """What was wrong weighs more than what was missing; with nothing read at all, the first error decides."""
    if any(error.exit_status is Exit.WRONG_INPUT for error in errors):
        return Exit.WRONG_INPUT
    if not report.packages:
        return errors[0].exit_status if errors else Exit.NOTHING
    return Exit.INCOMPLETE if any(problem.severity in _HOLES for problem in report.problems) else Exit.OK
