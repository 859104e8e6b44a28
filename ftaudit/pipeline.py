"""Collect, gather, judge, report: the one place where the stages meet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ftaudit.concurrency import Scope
from ftaudit.errors import Exit, FtauditError
from ftaudit.gather import Gathered, Index, Wanted, gather, names
from ftaudit.judge import closure
from ftaudit.judge.applies import required_by
from ftaudit.judge.inputs import Inputs, together
from ftaudit.judge.made_for import made_elsewhere
from ftaudit.judge.modules import all_imported, dragged_in, gil_of, native
from ftaudit.judge.stable_abi import stable_abi
from ftaudit.judge.stack import summarise
from ftaudit.judge.verdict import judge
from ftaudit.knowledge.tables import KNOWLEDGE_AS_OF
from ftaudit.model.case import NOT_READ, Case
from ftaudit.model.evidence import CoreMetadata, Missing
from ftaudit.model.project import Pin, PinKey, Problem, Reading, Severity
from ftaudit.model.report import InputRow, PackageRow, Report, Summary, TargetRow
from ftaudit.model.target import Target
from ftaudit.model.verdict import Gil, Imported, Verdict
from ftaudit.problems import HOLES, in_order, known_problems

OWN_NOT_READ = Missing(
    what="dependencies", why="the project's own requirements were not read", kind="no-metadata"
)
NO_METADATA = Missing(what="dependencies", why="no metadata was had", kind="no-metadata")

Progress = Callable[[str, int, int], None]
"""Called with the stage's name, how much is done and how much there is."""

Needs = Mapping[tuple[int, Target], closure.Needs]
"""What each pin of a reading requires on a target, by the reading's number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What `audit` came to: the report, and the exit status that goes with it."""

    report: Report
    exit_status: Exit


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
    problems: Sequence[Problem] = (),
    uploaded_before: datetime | None = None,
    binaries: bool = True,
    progress: Progress = lambda stage, done, total: None,
) -> Audit:
    """The audit of *readings* for *targets*, in UTC at *now*; *errors* are inputs that could not be read,
    *problems* what is to be said of what was found beside them.

    Without *binaries* no wheel is looked into: what is compiled stays unknown.
    """
    inputs = together(readings, targets)
    wanted = _wanted(inputs)
    total = names(wanted)
    gathered = gather(
        wanted,
        index,
        jobs=jobs,
        scope=scope,
        uploaded_before=uploaded_before,
        binaries=binaries,
        progress=lambda done: progress("packages", done, total),
    )
    needs = _needs(inputs, gathered)
    gaps = [_gaps(inputs, number, reading, needs) for number, reading in inputs.numbered()]
    known = [*problems, *known_problems(inputs, errors, gathered)]
    whole = not any(problem.severity in HOLES for problem in known)
    for reading, by_target in zip(readings, gaps, strict=True):
        known += closure.problems(reading, by_target)
    rows = _rows(inputs, gathered, needs)
    report = Report(
        version=version,
        created=now,
        inputs=tuple(_input_row(reading) for reading in readings),
        targets=tuple(TargetRow(python=t.python, platform=t.platform) for t in inputs.targets),
        packages=rows,
        summary=tuple(
            _summary(
                target,
                [row.verdicts[position] for row in rows],
                [found for key in inputs.applies_on(target) if (found := gathered.get(key)) is not None],
                complete=whole and not any(by_target.get(target) for by_target in gaps),
            )
            for position, target in enumerate(inputs.targets)
        ),
        problems=in_order(known),
    )
    return Audit(report=report, exit_status=_exit_status(report, inputs))


def _wanted(inputs: Inputs) -> list[Wanted]:
    """The pins that apply somewhere and are not the project's own."""
    doubts = inputs.doubts()
    applies = {target: inputs.applies_on(target) for target in inputs.targets}
    wanted = []
    for key, pin in inputs.pins.items():
        targets = tuple(target for target in inputs.targets if key in applies[target])
        if targets and not pin.local:
            copies = inputs.copies.get(key, ())
            wanted.append(Wanted(pin=pin, targets=targets, doubts=doubts.get(key, {}), copies=copies))
    return wanted


def _needs(inputs: Inputs, gathered: Mapping[PinKey, Gathered]) -> Needs:
    """The requirements in every input that does not record them, or that was not made for a target."""
    return {
        (number, target): {
            pin.key: _requirements(pin, gathered.get(pin.key), target)
            for pin in reading.pins
            if pin.key in inputs.applies[number, target].pins
        }
        for number, reading in inputs.numbered()
        for target in inputs.targets
        if _open(reading, target) or not any(pin.dependencies for pin in reading.pins)
    }


def _open(reading: Reading, target: Target) -> bool:
    """Whether neither the format nor what it was made for vouches for the closure on *target*."""
    return not reading.closed or bool(made_elsewhere(reading, target))


def _requirements(pin: Pin, found: Gathered | None, target: Target) -> closure.Requirements:
    """What *pin* requires: the edges at hand, else those of its metadata, else why they are not known."""
    if pin.local:
        return OWN_NOT_READ if pin.dependencies is None else pin.dependencies
    if pin.conda:
        return ()  # conda's solver closed the set, over names that are not the index's
    if pin.installed and pin.dependencies is not None:
        return pin.dependencies
    if found is None or target not in found.metadata:
        return NO_METADATA
    metadata = found.metadata[target]
    if isinstance(metadata, Missing):
        # Where nothing was picked, why that is tells more.
        return found.installations[target].why or metadata
    return closure.edges_of(metadata)


def _gaps(
    inputs: Inputs, number: int, reading: Reading, needs: Needs
) -> dict[Target, tuple[closure.Gap, ...]]:
    """The open ends of one input on each target."""
    return {
        target: closure.gaps(reading, needs[number, target], inputs.applies[number, target].pins, target)
        for target in inputs.targets
        if _open(reading, target)
    }


def _rows(inputs: Inputs, gathered: Mapping[PinKey, Gathered], needs: Needs) -> tuple[PackageRow, ...]:
    requirers = _requirers(inputs, needs)
    applies = {target: inputs.applies_on(target) for target in inputs.targets}
    modules = {target: _imported(gathered, applies[target], target) for target in inputs.targets}
    drags = {
        target: dragged_in(_edges(inputs, needs, target), _enabling(modules[target]))
        for target in inputs.targets
    }
    rows = []
    for key in sorted(inputs.pins):
        pin = inputs.pins[key]
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
                    _verdict(
                        pin,
                        target,
                        gathered.get(key) if key in applies[target] else None,
                        modules[target].get(key, NOT_READ),
                        drags[target].get(key, ()),
                        applies=key in applies[target],
                    )
                    for target in inputs.targets
                ),
            )
        )
    return tuple(rows)


def _requirers(inputs: Inputs, needs: Needs) -> dict[PinKey, set[str]]:
    """Who requires what: by the edges that a format records, else by the metadata of what applies."""
    found = required_by(inputs.readings)
    for number, reading in inputs.numbered():
        if any(pin.dependencies for pin in reading.pins):
            continue
        by_name: dict[str, list[PinKey]] = defaultdict(list)
        for pin in reading.pins:
            by_name[pin.name].append(pin.key)
        for target in inputs.targets:
            for key, edges in needs[number, target].items():
                for edge in () if isinstance(edges, Missing) else edges:
                    if edge.name in by_name and closure.holds(edge, _extras(inputs, key), target):
                        for dependency in by_name[edge.name]:
                            found[dependency].add(key.name)
    return found


def _extras(inputs: Inputs, key: PinKey) -> frozenset[str]:
    return frozenset(inputs.pins[key].extras)


def _imported(
    gathered: Mapping[PinKey, Gathered], applies: frozenset[PinKey], target: Target
) -> dict[PinKey, Imported | Missing]:
    """What importing each pin that applies does on *target*."""
    read = {key: found.contents.get(target, NOT_READ) for key, found in gathered.items() if key in applies}
    return all_imported(read, target)


def _enabling(modules: Mapping[PinKey, Imported | Missing]) -> frozenset[PinKey]:
    return frozenset(
        key for key, found in modules.items() if isinstance(found, Imported) and found.gil is Gil.ON
    )


def _edges(inputs: Inputs, needs: Needs, target: Target) -> dict[PinKey, set[PinKey]]:
    """Which pins each pin requires on *target*, by its input's edges, else by its metadata."""
    found: dict[PinKey, set[PinKey]] = defaultdict(set)
    for number, reading in inputs.numbered():
        by_name: dict[str, list[PinKey]] = defaultdict(list)
        applying = inputs.applies[number, target].pins
        for pin in reading.pins:
            if pin.key in applying:
                by_name[pin.name].append(pin.key)
        known = needs.get((number, target), {})
        for pin in reading.pins:
            edges = pin.dependencies or known.get(pin.key) or ()
            for edge in () if isinstance(edges, Missing) else edges:
                if pin.key in applying and closure.holds(edge, _extras(inputs, pin.key), target):
                    found[pin.key].update(by_name.get(edge.name, ()))
    return found


def _verdict(
    pin: Pin,
    target: Target,
    found: Gathered | None,
    imported: Imported | Missing,
    drags: tuple[str, ...],
    *,
    applies: bool,
) -> Verdict:
    if not applies or pin.local or found is None:
        return Verdict(python=target.python, platform=target.platform, applies=applies)
    installation = native(found.installations[target], imported)
    contents = found.contents.get(target, NOT_READ)
    return judge(
        Case(
            pin=pin,
            target=target,
            evidence=found.evidence,
            installation=installation,
            gil=gil_of(installation, imported),
            metadata=found.metadata[target],
            contents=contents,
            imported=imported,
            drags=drags,
            stable_abi=stable_abi(installation.file, contents, target),
            on_index=found.on_index.get(target),
        )
    )


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
    release, metadata = found.evidence.release, found.metadata.get(target)
    dates = [] if isinstance(release, Missing) else [release.as_of]
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
        interpreter=reading.interpreter,
    )


def _exit_status(report: Report, inputs: Inputs) -> Exit:
    """What is wrong weighs more than what is missing. Nothing to audit is a whole input that pins nothing."""
    if any(problem.severity is Severity.ERROR for problem in report.problems):
        return Exit.WRONG_INPUT
    holes = {problem.rule for problem in report.problems if problem.severity is Severity.INCOMPLETE}
    if all(pin.local for pin in inputs.pins.values()) and holes <= {"unpinned-requirement"}:
        return Exit.NOTHING
    return Exit.INCOMPLETE if holes else Exit.OK
