"""Whether a set of pins is closed on a target: every ``Requires-Dist`` that holds there is met by a pin."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from ftaudit.model.evidence import CoreMetadata, Missing
from ftaudit.model.markers import could_hold
from ftaudit.model.project import Edge, Pin, PinKey, Problem, Reading, Severity
from ftaudit.model.target import Target

Needs = Mapping[PinKey, tuple[Edge, ...] | Missing]
"""What each pin requires: the edges at hand, those of its metadata, or why they are not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A requirement of *pin* that no pin meets; ``found`` is the version pinned instead, if any is."""

    pin: PinKey
    name: str
    specifier: str
    found: str | None = None
    why: str = ""


def edges_of(metadata: CoreMetadata | Missing) -> tuple[Edge, ...] | Missing:
    """``Requires-Dist`` as edges; a line that does not parse makes the whole unknown."""
    if isinstance(metadata, Missing):
        return metadata
    edges = []
    for line in metadata.requires_dist:
        try:
            requirement = Requirement(line)
        except (InvalidRequirement, RecursionError):
            return Missing(
                what="dependencies", why="a Requires-Dist line does not parse", kind="invalid-metadata"
            )
        edges.append(
            Edge(
                name=canonicalize_name(requirement.name),
                specifier=str(requirement.specifier),
                marker=str(requirement.marker) if requirement.marker else None,
                extras=tuple(sorted(requirement.extras)),
            )
        )
    return tuple(edges)


def gaps(reading: Reading, needs: Needs, applies: frozenset[PinKey], target: Target) -> tuple[Gap, ...]:
    """What is missing from *reading* on *target*, sorted; empty only where the set is closed."""
    by_name: dict[str, list[Pin]] = defaultdict(list)
    for pin in reading.pins:
        if pin.key in applies:
            by_name[pin.name].append(pin)
    chosen = _chosen_extras(reading, needs, by_name, target)
    found: set[Gap] = set()
    for pins in by_name.values():
        for pin in pins:
            required = needs.get(pin.key, ())
            if isinstance(required, Missing):
                found.add(Gap(pin=pin.key, name="", specifier="", why=required.why))
                continue
            for edge in required:
                if holds(edge, chosen[pin.key], target):
                    gap = _gap(pin, edge, by_name.get(edge.name, []))
                    if gap:
                        found.add(gap)
    return tuple(sorted(found, key=lambda gap: (gap.pin, gap.name, gap.specifier)))


def _chosen_extras(
    reading: Reading, needs: Needs, by_name: Mapping[str, list[Pin]], target: Target
) -> dict[PinKey, frozenset[str]]:
    """The extras of each pin that its own line or another pin's requirement asks for."""
    chosen: dict[PinKey, frozenset[str]] = {
        pin.key: frozenset(canonicalize_name(extra) for extra in pin.extras)
        for pins in by_name.values()
        for pin in pins
    }
    waiting = list(chosen)
    while waiting:
        key = waiting.pop()
        required = needs.get(key, ())
        for edge in () if isinstance(required, Missing) else required:
            if not edge.extras or not holds(edge, chosen[key], target):
                continue
            for pin in by_name.get(edge.name, []):
                more = chosen[pin.key] | {canonicalize_name(extra) for extra in edge.extras}
                if more != chosen[pin.key]:
                    chosen[pin.key] = more
                    waiting.append(pin.key)
    return chosen


def holds(edge: Edge, extras: frozenset[str], target: Target) -> bool:
    """Whether *edge* counts on *target* when its package is asked for with *extras*."""
    if edge.extra is not None and canonicalize_name(edge.extra) not in extras:
        return False
    return could_hold(edge.marker, target.environment, extras)


def _gap(pin: Pin, edge: Edge, candidates: list[Pin]) -> Gap | None:
    if not candidates:
        return Gap(pin=pin.key, name=edge.name, specifier=edge.specifier)
    if any(_satisfies(candidate.version, edge.specifier) for candidate in candidates):
        return None
    return Gap(pin=pin.key, name=edge.name, specifier=edge.specifier, found=candidates[0].version)


def _satisfies(version: str, specifier: str) -> bool:
    """An own source (no version in the lock) is taken at its word; what does not parse satisfies nothing."""
    if not version or not specifier:
        return True
    try:
        return SpecifierSet(specifier).contains(Version(version), prereleases=True)
    except (InvalidSpecifier, InvalidVersion):
        return False


def problems(reading: Reading, by_target: Mapping[Target, tuple[Gap, ...]]) -> tuple[Problem, ...]:
    """The gaps as problems of the input, each once, naming both sides and the targets where it is open."""
    targets: dict[Gap, list[Target]] = defaultdict(list)
    for target, found in by_target.items():
        for gap in found:
            targets[gap].append(target)
    return tuple(
        _problem(reading, gap, "" if len(where) == len(by_target) else _on(where))
        for gap, where in targets.items()
    )


def _on(targets: list[Target]) -> str:
    return " (" + ", ".join(str(target) for target in targets) + ")"


def _problem(reading: Reading, gap: Gap, where: str) -> Problem:
    line = next((origin.line for pin in reading.pins if pin.key == gap.pin for origin in pin.origins), None)
    if gap.why:
        rule, message = "dependencies-not-known", f"{gap.pin}: its dependencies are not known: {gap.why}"
    elif gap.found is not None:
        rule = "dependency-not-satisfied"
        message = f"{gap.pin} requires {gap.name}{gap.specifier}, and {gap.found} is pinned"
    else:
        rule = "dependency-not-pinned"
        message = f"{gap.pin} requires {gap.name}{gap.specifier}, which is not pinned"
    return Problem(
        input=reading.input, rule=rule, message=message + where, line=line, severity=Severity.INCOMPLETE
    )
