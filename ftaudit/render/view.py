"""What the formats for people share: what is not ready and why, who asks for it, and in which words.

Every text that is returned is on one line, printable and without credentials; escaping it for a format is the
renderer's own business.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile

from ftaudit.model.pages import summary
from ftaudit.model.report import PackageRow, Report, Summary
from ftaudit.model.text import short
from ftaudit.model.verdict import (
    Gil,
    Install,
    Level,
    Module,
    Remedy,
    RemedyKind,
    StableAbi,
    Status,
    Undecided,
    Verdict,
)

MESSAGE = 400
"""How many characters of a sentence are shown."""

WORST_FIRST = tuple(sorted(Status, key=lambda status: -status.rank))

FOLDED = 4
"""So many packages, or modules, of which the same one thing is to be said make one line."""

BASIS: Mapping[str | None, str] = {"read": "modules read", "fits": "modules not read"}
"""What the version that a remedy names rests on, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The rows of a report by what is to be said of them.

    ``pending`` are not ready on at least one target, the worst first. ``not_judged`` apply but have no status
    anywhere (the project itself, workspace members), ``elsewhere`` apply on none of the targets.
    """

    pending: tuple[PackageRow, ...]
    ready: tuple[PackageRow, ...]
    not_judged: tuple[PackageRow, ...]
    elsewhere: tuple[PackageRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Targets on which one package has the same verdict for the same reason; ``verdict`` is the first's."""

    labels: tuple[str, ...]
    verdict: Verdict
    why: str
    remedy: str


def parts(report: Report) -> Parts:
    """The packages of *report*, each in one part; ``pending`` the worst first, the others in its order."""
    pending: list[PackageRow] = []
    ready: list[PackageRow] = []
    not_judged: list[PackageRow] = []
    elsewhere: list[PackageRow] = []
    for package in report.packages:
        status = worst(package)
        if status is not None:
            (ready if status is Status.READY else pending).append(package)
        elif any(verdict.applies for verdict in package.verdicts):
            not_judged.append(package)
        else:
            elsewhere.append(package)
    pending.sort(key=lambda package: WORST_FIRST.index(worst(package) or Status.READY))
    return Parts(
        pending=tuple(pending), ready=tuple(ready), not_judged=tuple(not_judged), elsewhere=tuple(elsewhere)
    )


def worst(package: PackageRow) -> Status | None:
    """The worst status on any target, or None where there is none."""
    statuses = [verdict.status for verdict in package.verdicts if verdict.status is not None]
    return max(statuses, key=lambda status: status.rank, default=None)


def labels(report: Report) -> tuple[str, ...]:
    """A short name for each target, in order: without the half that all targets share."""
    pythons = {target.python for target in report.targets}
    platforms = {target.platform for target in report.targets}
    if len(platforms) == 1:
        return tuple(short(target.python) for target in report.targets)
    if len(pythons) == 1:
        return tuple(short(target.platform) for target in report.targets)
    return tuple(short(f"{target.python} {target.platform}") for target in report.targets)


def groups(report: Report, package: PackageRow, *, detailed: bool = False) -> tuple[Group, ...]:
    """The verdicts of *package* that have a status, the worst first, alike ones together; with *detailed*
    only those of which every detail is the same, the picked file among them."""
    alike: dict[tuple[object, ...], list[tuple[str, Verdict]]] = {}
    for label, verdict in zip(labels(report), package.verdicts, strict=True):
        if verdict.status is not None:
            key = (*_likeness(verdict), details(verdict) if detailed else ())
            alike.setdefault(key, []).append((label, verdict))
    made = [
        Group(
            labels=tuple(label for label, _ in members),
            verdict=members[0][1],
            why=why(verdict for _, verdict in members),
            remedy=way_out(members[0][1].remedy, several=len(report.targets) > 1),
        )
        for members in alike.values()
    ]
    return tuple(sorted(made, key=lambda group: -(group.verdict.status or Status.READY).rank))


def _likeness(verdict: Verdict) -> tuple[object, ...]:
    return (
        verdict.status,
        verdict.install,
        verdict.gil,
        tuple(finding.rule for finding in verdict.findings),
        verdict.undecided,
        _enabling(verdict),
        way_out(verdict.remedy, several=True),
    )


def why(verdicts: Iterable[Verdict]) -> str:
    """Why the status is what it is, as a clause: what all of *verdicts*, which are alike, can be told."""
    members = tuple(verdicts)
    reasons = {_reason(verdict) for verdict in members}
    return reasons.pop() if len(reasons) == 1 else _fact(members[0])


def _reason(verdict: Verdict) -> str:
    if verdict.status is Status.UNKNOWN and verdict.undecided:
        # The judge lists first what the status rests on; what else is missing stands in the details.
        return _lacking(verdict.undecided[0])
    errors = (finding.message for finding in verdict.findings if finding.severity is Level.ERROR)
    return short(next(errors, _fact(verdict)), MESSAGE)


def _lacking(item: Undecided) -> str:
    """What was missing and why, without saying a word twice ("modules: modules not read")."""
    why, what = short(item.why, MESSAGE), short(item.missing)
    return why if what in why or what == "release" else f"{what}: {why}"


def _enabling(verdict: Verdict) -> tuple[str, ...]:
    return tuple(module.name for module in verdict.modules if module.gil is Gil.ON)


def _fact(verdict: Verdict) -> str:
    """The summary of whichever of the two facts decided the status."""
    decisive: Install | Gil | None
    match verdict.status:
        case Status.BLOCKED | Status.NEEDS_BUILD | Status.DEGRADED:
            decisive = verdict.install
        case Status.ENABLES_GIL:
            decisive = verdict.gil
        case Status.UNKNOWN:
            decisive = verdict.install if verdict.install is Install.UNKNOWN else verdict.gil
        case _:
            decisive = None
    return summary(decisive or verdict.status or Status.UNKNOWN)


def details(verdict: Verdict) -> tuple[str, ...]:
    """All that is known of one verdict, a fact in each line."""
    picked = f"install {verdict.install} ({verdict.install_basis}), gil {verdict.gil} ({verdict.gil_basis})"
    if verdict.declared is not None:
        picked += f", declared {verdict.declared} of 4"
    if verdict.file is not None:
        picked += f": {short(verdict.file.name, 200)} of {short(verdict.file.index, 200)}"
    lines = [picked]
    if verdict.stable_abi is not None:
        lines.append(_stable_abi(verdict.stable_abi))
    lines += _modules(verdict.modules)
    for finding in verdict.findings:
        line = f"{finding.severity}: {short(finding.message, MESSAGE)} [{short(finding.rule)}]"
        sources = {reference.source: None for reference in finding.evidence}
        lines.append(line + (f" from {listed(sources)}" if sources else ""))
    lines += [f"undecided: {_lacking(item)} [{short(item.rule)}]" for item in verdict.undecided]
    offered = _offered(verdict.remedy)
    return (*lines, offered) if offered else tuple(lines)


def _stable_abi(abi: StableAbi) -> str:
    words = {True: "true to its tag", False: "not true to its tag", None: "not held against its modules"}
    since = f", by its names from {short(abi.from_version)} on" if abi.from_version else ""
    return f"claims {short(abi.claimed)} from {short(abi.claimed_from)} on: {words[abi.true_to_tag]}{since}"


def _modules(modules: Iterable[Module]) -> Iterator[str]:
    """A line for each module, or for many of which the same is known: they are counted, the first named."""
    alike: dict[str, list[str]] = {}
    for module in modules:
        name = short(module.name) + (" (optional)" if module.optional else "")
        alike.setdefault(_known(module), []).append(name)
    for known, names in alike.items():
        if len(names) < FOLDED:
            yield from (f"{name}: {known}" for name in names)
        else:
            yield f"{len(names)} modules, all {known}: {listed(names)}"


def _known(module: Module) -> str:
    how = f" ({short(module.how)})" if module.how else ""
    facts = (f"gil {module.gil}", short(module.declaration), short(module.confidence) + how)
    told = (", ".join(facts), short(module.generator), short(module.why, MESSAGE))
    return "; ".join(part for part in told if part)


def way_out(remedy: Remedy, *, several: bool) -> str:
    """The remedy as an instruction, empty where there is none. *several*: there is more than one target.

    It is the release for all targets where there is one: `details` has the lowest for each, and the notes.
    """
    until = f" up to {remedy.latest}" if remedy.latest else ""
    match remedy.kind:
        case RemedyKind.NONE:
            words = remedy.note
        case RemedyKind.UPGRADE:
            words = f"upgrade to {remedy.version_all_targets or remedy.version or 'a newer release'}"
            serves = "no release serves all targets" if several and not remedy.version_all_targets else ""
            told = [part for part in (BASIS.get(_basis(remedy)), serves) if part]
            words += f" ({', '.join(told)})" if told else ""
        case RemedyKind.BUILD:
            words = "build a wheel: none newer fits"
        case RemedyKind.WAIT:
            words = f"wait: no release{until} would do"
        case RemedyKind.OLDER:
            words = f"only the older {remedy.version} fits" if remedy.version else summary(remedy.kind)
        case _:
            words = ": ".join(part for part in (summary(remedy.kind), remedy.note) if part)
    return short(words, MESSAGE)


def _basis(remedy: Remedy) -> str | None:
    """What the version that `way_out` names rests on."""
    return remedy.basis_all_targets if remedy.version_all_targets else remedy.basis


def _offered(remedy: Remedy) -> str:
    """All that is known of the way out, as a fact; empty where there is none."""
    if remedy.kind is RemedyKind.NONE:
        return ""
    known = (
        ("", remedy.version, remedy.basis),
        ("for all targets ", remedy.version_all_targets, remedy.basis_all_targets),
        ("latest ", remedy.latest, None),
        ("", remedy.note, None),
    )
    told = "; ".join(
        words + value + (f" ({BASIS.get(basis, basis)})" if basis else "")
        for words, value, basis in known
        if value
    )
    return short(f"remedy {remedy.kind}" + (f": {told}" if told else ""), MESSAGE)


def upgrades(report: Report, packages: Iterable[PackageRow]) -> tuple[tuple[str, ...], bool]:
    """``name version`` of every upgrade that the remedies name, and whether any was chosen by its tags only.

    Where no release serves all targets, each target's own is given, ``name version for TARGET``.
    """
    wanted: dict[str, None] = {}
    unread = False
    for package in packages:
        for label, verdict in zip(labels(report), package.verdicts, strict=True):
            remedy = verdict.remedy
            version = remedy.version_all_targets or remedy.version
            if remedy.kind is RemedyKind.UPGRADE and version:
                serves_one = remedy.version_all_targets is None and len(report.targets) > 1
                ending = f" for {label}" if serves_one else ""
                wanted[f"{short(package.name)} {short(version)}{ending}"] = None
                unread = unread or _basis(remedy) == "fits"
    return tuple(wanted), unread


def where(report: Report, package: PackageRow, *, limit: int = 3) -> tuple[str, ...]:
    """Who asks for a pin, in which groups and extras, and which of several inputs hold it; empty where the
    inputs do not tell."""
    told = []
    if package.direct:
        told.append("direct")
    if package.required_by:
        told.append(f"by {listed(package.required_by, limit)}")
    for word, names in (
        ("group", {group for origin in package.origins for group in origin.groups}),
        ("extra", {extra for origin in package.origins for extra in origin.extras}),
    ):
        if names:
            told.append(f"{word} {listed(sorted(names), limit)}")
    if len(report.inputs) > 1 and package.origins:
        told.append(_holding(report, package, limit))
    return tuple(told)


def _holding(report: Report, package: PackageRow, limit: int) -> str:
    """The inputs that hold a pin, without the folder that all inputs lie in."""
    every = {row.path for row in report.inputs}
    holding = {origin.input for origin in package.origins}
    if holding >= every:
        return f"in all {len(every)} inputs"
    shared = _folder_of_all(every)
    names = sorted(path.removeprefix(shared) for path in holding)
    return f"in {listed(names, limit)}"


def _folder_of_all(paths: Iterable[str]) -> str:
    """The folder that all of *paths* lie in, with its ``/``; empty where there is none."""
    # Not commonpath: of an absolute path and a relative one it makes an error.
    folders = zip(*(path.split("/")[:-1] for path in paths), strict=False)
    shared = [names[0] for names in takewhile(lambda names: len(set(names)) == 1, folders)]
    return "/".join([*shared, ""])


def title(package: PackageRow) -> str:
    """``name version``, or the name alone where there is no version."""
    return f"{short(package.name)} {short(package.version, 40)}".rstrip()


def titles(report: Report) -> Callable[[PackageRow], str]:
    """What a package is called in *report*: its `title`, with the source where several have the same."""
    alike = Counter(map(title, report.packages))

    def told(package: PackageRow) -> str:
        name = title(package)
        return name if alike[name] < 2 else f"{name} ({short(package.location or package.source, 60)})"

    return told


def beside(packages: Sequence[PackageRow]) -> str:
    """What beside the status deserves a look, as counts of *packages*; empty where nothing does."""
    warned = sum(any(map(_warned, package.verdicts)) for package in packages)
    undecided = sum(any(verdict.undecided for verdict in package.verdicts) for package in packages)
    told = ((warned, "a warning"), (undecided, "something undecided"))
    return ", ".join(f"{number} with {what}" for number, what in told if number)


def _warned(verdict: Verdict) -> bool:
    return any(finding.severity is not Level.NOTE for finding in verdict.findings)


def counts(row: Summary) -> str:
    """``1 blocked, 2 unknown, 54 ready``, the worst first."""
    seen = [f"{row.counts[status]} {status}" for status in WORST_FIRST if row.counts.get(status)]
    return ", ".join(seen) or "no pins judged"


def age(report: Report, row: Summary) -> str:
    """The age of the oldest evidence when the report was made."""
    if row.oldest_evidence is None:
        return "no dated evidence"
    return f"oldest evidence {_ago(report.created, row.oldest_evidence)}"


def _ago(now: datetime, then: datetime) -> str:
    passed = max(now - then, timedelta())
    if passed.days:
        return f"{passed.days} d old"
    hours, minutes = divmod(passed.seconds // 60, 60)
    return f"{hours} h old" if hours else f"{minutes} min old" if minutes else "under a minute old"


def listed(names: Iterable[str], limit: int = 3, *, separator: str = ", ") -> str:
    """*names* in one line, at most *limit* of them."""
    every = tuple(names)
    text = separator.join(short(name, MESSAGE if separator == "; " else 80) for name in every[:limit])
    return text + (f" and {len(every) - limit} more" if len(every) > limit else "")
