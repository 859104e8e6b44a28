"""Whether a set of pins is closed on a target: every ``Requires-Dist`` that holds there is met by a pin."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from ftaudit.model.evidence import CoreMetadata, Missing
from ftaudit.model.markers import could_hold
from ftaudit.model.project import Edge, Pin, PinKey, Problem, Reading, Source, SourceKind
from ftaudit.model.target import Target
from ftaudit.model.text import mask

Requirements = tuple[Edge, ...] | Missing
"""What a pin requires, or why that is not known."""
Needs = Mapping[PinKey, Requirements]
"""The requirements of all pins that apply."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A requirement of *pin* that no pin meets; ``found`` is the version pinned instead, if any is."""

    pin: PinKey
    name: str
    specifier: str
    found: str | None = None
    why: str = ""


def edges_of(metadata: CoreMetadata) -> Requirements:
    """``Requires-Dist`` as edges; a line that does not parse makes the whole unknown."""
    edges = [_edge(line) for line in metadata.requires_dist]
    if None in edges:
        return Missing(
            what="dependencies", why="a Requires-Dist line does not parse", kind="invalid-metadata"
        )
    return tuple(edge for edge in edges if edge is not None)


@lru_cache(maxsize=16_384)
def _edge(line: str) -> Edge | None:
    try:
        requirement = Requirement(line)
    except (ValueError, RecursionError):
        return None
    return Edge(
        name=canonicalize_name(requirement.name),
        specifier=str(requirement.specifier),
        source=Source(kind=SourceKind.URL, location=mask(requirement.url)) if requirement.url else None,
        marker=str(requirement.marker) if requirement.marker else None,
        extras=tuple(sorted(requirement.extras)),
    )


def gaps(reading: Reading, needs: Needs, applies: frozenset[PinKey], target: Target) -> tuple[Gap, ...]:
    """What is missing from *reading* on *target*, sorted; empty only where the set is closed."""
    by_name: dict[str, list[Pin]] = defaultdict(list)
    for pin in reading.pins:
        if pin.key in applies:
            by_name[pin.index_name or canonicalize_name(pin.name)].append(pin)
    chosen = _chosen_extras(reading, needs, by_name, target)
    found: set[Gap] = set()
    for pins in by_name.values():
        for pin in pins:
            required = needs[pin.key]
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
    if edge.source is not None:
        # A requirement on a URL is not met by what an index has under the name.
        candidates = [pin for pin in candidates if pin.source.kind is not SourceKind.INDEX]
    if not candidates:
        return Gap(pin=pin.key, name=edge.name, specifier=edge.specifier)
    if any(candidate.conda for candidate in candidates):
        return None  # conda's versions are not always PEP 440; whoever solved the lock put the two together
    if any(_satisfies(candidate.version, edge.specifier) for candidate in candidates):
        return None
    return Gap(pin=pin.key, name=edge.name, specifier=edge.specifier, found=candidates[0].version)


def _satisfies(version: str, specifier: str) -> bool:
    """An own source (no version in the lock) is taken at its word; what does not parse satisfies nothing."""
    if not version or not specifier:
        return True
    try:
        return SpecifierSet(specifier).contains(Version(version), prereleases=True)
    except ValueError:  # of which InvalidSpecifier and InvalidVersion are kinds
        return False


def problems(reading: Reading, by_target: Mapping[Target, tuple[Gap, ...]]) -> list[Problem]:
    """The gaps as problems of the input, each once, naming both sides and the targets where it is open.

    Pins whose dependencies are not known for the same reason make one problem.
    """
    targets: dict[Gap, list[Target]] = defaultdict(list)
    for target, found in by_target.items():
        for gap in found:
            targets[gap].append(target)
    unknown: dict[tuple[str, str], list[Gap]] = defaultdict(list)
    open_ends = []
    for gap, where in targets.items():
        on = "" if len(where) == len(by_target) else _on(where)
        if gap.why:
            unknown[gap.why, on].append(gap)
        else:
            open_ends.append(_open_end(reading, gap, on))
    return open_ends + [_unknown(reading, why, on, gaps) for (why, on), gaps in unknown.items()]


def _on(targets: list[Target]) -> str:
    return " (" + ", ".join(str(target) for target in targets) + ")"


def _open_end(reading: Reading, gap: Gap, on: str) -> Problem:
    if gap.found is not None:
        rule = "dependency-not-satisfied"
        message = f"{gap.pin} requires {gap.name}{gap.specifier}, and {gap.found} is pinned"
    else:
        rule = "dependency-not-pinned"
        message = f"{gap.pin} requires {gap.name}{gap.specifier}, which is not pinned"
    return Problem(input=reading.input, rule=rule, message=message + on, line=_line(reading, gap))


def _unknown(reading: Reading, why: str, on: str, gaps: list[Gap]) -> Problem:
    shown = ", ".join(str(gap.pin) for gap in gaps[:3])
    others = f" and {len(gaps) - 3} more" if len(gaps) > 3 else ""
    message = f"{shown}{others}: what they require is not known: {why}{on}"
    if len(gaps) == 1:
        message = f"{shown}: what it requires is not known: {why}{on}"
    return Problem(
        input=reading.input, rule="dependencies-not-known", message=message, line=_line(reading, gaps[0])
    )


def _line(reading: Reading, gap: Gap) -> int | None:
    lines = (origin.line for pin in reading.pins if pin.key == gap.pin for origin in pin.origins)
    return next(lines, None)
