"""Which pins of an input apply on a target: markers, forks, and what is reached from the project's roots.

A lock holds the union over every platform; most formats put the markers on the edges, not on the packages.
So a pin does not apply when its own marker is false, or when it can only be reached over edges whose markers
are false on the target. Where that cannot be shown (no edges, no root that leads to it), it applies.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ftaudit.judge.made_for import made_elsewhere
from ftaudit.model.markers import could_hold
from ftaudit.model.project import Edge, Pin, PinKey, Reading
from ftaudit.model.target import Target

_Node = tuple[PinKey, str | None]
"""A pin, or one of its extras."""


@dataclass(frozen=True, slots=True)
class Applicable:
    """The pins of a reading that apply on a target.

    ``doubtful`` are those among them that only edges with false markers lead to, in a lock that does not say
    which pins are asked for directly: they may or may not be installed.
    """

    pins: frozenset[PinKey]
    doubtful: frozenset[PinKey] = frozenset()


def applicable(reading: Reading, target: Target) -> Applicable:
    """What of *reading* applies on *target*; every extra and group counts as chosen.

    Edges decide only where an installer goes by them: in a lock, and in what was installed for another
    target. A requirements file is installed line by line, and what an environment holds for the target
    itself is there.
    """
    graph = _Graph(reading)
    own = frozenset(pin.key for pin in reading.pins if _own_marker_holds(pin, target))
    if graph.edgeless or not (reading.closed or made_elsewhere(reading, target)):
        return Applicable(own)
    ever = graph.reached(None, frozenset(graph.pins))
    now = graph.reached(target, own)
    unreached = own & frozenset(ever - now)
    if reading.closed and reading.roots is None:
        return Applicable(own, doubtful=unreached)
    return Applicable(own - unreached)


def roots(reading: Reading) -> frozenset[PinKey]:
    """The pins that the project asks for itself, or where the input cannot tell, that nothing requires."""
    return frozenset(key for key, extra in _Graph(reading).starts(None) if extra is None)


def _own_marker_holds(pin: Pin, target: Target) -> bool:
    environment = target.environment
    origins = not pin.origins or any(could_hold(origin.marker, environment) for origin in pin.origins)
    forks = not pin.resolution_markers or any(
        could_hold(marker, environment) for marker in pin.resolution_markers
    )
    return origins and forks


class _Graph:
    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.pins: Mapping[PinKey, Pin] = {pin.key: pin for pin in reading.pins}
        self.by_name: dict[str, list[Pin]] = defaultdict(list)
        for pin in reading.pins:
            self.by_name[pin.name].append(pin)
        self.edgeless = all(not pin.dependencies for pin in reading.pins)

    def starts(self, target: Target | None) -> list[_Node]:
        """Local pins with all their extras, the reading's roots, direct pins; else what nothing requires."""
        nodes: list[_Node] = []
        for pin in self.reading.pins:
            if pin.local:
                extras = {edge.extra for edge in pin.dependencies or () if edge.extra}
                nodes += [(pin.key, None), *((pin.key, extra) for extra in extras)]
            elif self.reading.roots is None and any(origin.direct for origin in pin.origins):
                nodes += [(pin.key, None), *((pin.key, extra) for extra in pin.extras)]
        for edge in self.reading.roots or ():
            if _may_follow(edge, target):
                nodes += self.ends(edge)
        if not nodes:
            required = {edge.name for pin in self.reading.pins for edge in pin.dependencies or ()}
            nodes = [(pin.key, None) for pin in self.reading.pins if pin.name not in required]
        return nodes

    def ends(self, edge: Edge) -> list[_Node]:
        found = [pin.key for pin in self.by_name[edge.name] if _meant(edge, pin)]
        return [(key, extra) for key in found for extra in (None, *edge.extras)]

    def reached(self, target: Target | None, allowed: frozenset[PinKey]) -> set[PinKey]:
        """The pins reached over edges that may be followed on *target* (None: over all edges)."""
        seen: set[_Node] = set()
        waiting = self.starts(target)
        while waiting:
            node = waiting.pop()
            if node in seen or node[0] not in allowed:
                continue
            seen.add(node)
            key, extra = node
            for edge in self.pins[key].dependencies or ():
                if (edge.extra is None or edge.extra == extra) and _may_follow(edge, target):
                    waiting += self.ends(edge)
        return {key for key, _ in seen}


def _may_follow(edge: Edge, target: Target | None) -> bool:
    return target is None or could_hold(edge.marker, target.environment)


def _meant(edge: Edge, pin: Pin) -> bool:
    return (edge.version is None or edge.version == pin.version) and (
        edge.source is None or edge.source == pin.source
    )


def required_by(readings: Iterable[Reading]) -> dict[PinKey, set[str]]:
    """The names of the pins whose recorded edges lead to each pin (over every platform)."""
    found: dict[PinKey, set[str]] = defaultdict(set)
    for reading in readings:
        graph = _Graph(reading)
        for pin in reading.pins:
            for edge in pin.dependencies or ():
                for key, _ in graph.ends(edge):
                    found[key].add(pin.name)
    return found
