"""Which groups and extras of a project lead to which pin."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ftaudit.errors import InputError
from ftaudit.model.project import Edge, Pin
from ftaudit.sources import limits
from ftaudit.sources.reading.assemble import pins_by_name, resolve


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How a pin is reached: ``main`` by the project's own dependencies, with no group and no extra chosen."""

    main: bool = False
    groups: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()


@dataclass(slots=True)
class _Graph:
    """Nodes are a pin, or a pin with one of its extras; labels are the ways to start, a bit each."""

    pins: Sequence[Pin]
    numbers: dict[int, int] = field(init=False)
    edges: dict[tuple[int, str | None], list[Edge]] = field(init=False, default_factory=dict)
    reached: dict[tuple[int, str | None], int] = field(init=False, default_factory=dict)
    steps: int = 0

    def __post_init__(self) -> None:
        self.numbers = {id(pin): number for number, pin in enumerate(self.pins)}
        for number, pin in enumerate(self.pins):
            for edge in pin.dependencies or ():
                if edge.group is None:
                    self.edges.setdefault((number, edge.extra), []).append(edge)

    def follow(self, starts: Sequence[tuple[int, Edge]], path: str) -> None:
        by_name = pins_by_name(self.pins)
        waiting: deque[tuple[int, str | None]] = deque()

        def arrive(edge: Edge, labels: int) -> None:
            for pin in resolve(edge, by_name):
                self.steps += 1
                for node in ((self.numbers[id(pin)], extra) for extra in (None, *edge.extras)):
                    known = self.reached.get(node, 0)
                    if labels & ~known:
                        self.reached[node] = known | labels
                        waiting.append(node)

        for label, edge in starts:
            arrive(edge, 1 << label)
        while waiting:
            node = waiting.popleft()
            for edge in self.edges.get(node, ()):
                arrive(edge, self.reached[node])
            if self.steps > limits.STEPS:
                why = f"its dependencies are more entangled than real ones: more than {limits.STEPS} steps"
                raise InputError(path, why)


def reached_by(path: str, pins: Sequence[Pin], roots: Iterable[Edge]) -> list[Reach]:
    """How each of *pins* is reached from *roots*, in the pins' order, whatever the markers of the edges.

    Raises `InputError` about the file at *path* when that would take for ever.
    """
    labels: dict[tuple[str | None, str | None], int] = {}
    starts = [(labels.setdefault((edge.group, edge.extra), len(labels)), edge) for edge in roots]
    if len(labels) > limits.LABELS:
        raise InputError(path, f"more than {limits.LABELS} groups and extras")
    graph = _Graph(pins)
    graph.follow(starts, path)
    ways: list[set[tuple[str | None, str | None]]] = [set() for _ in pins]
    named = list(labels)
    decoded: dict[int, list[tuple[str | None, str | None]]] = {}
    for (number, _), bits in graph.reached.items():
        if bits not in decoded:
            decoded[bits] = [label for bit, label in enumerate(named) if bits >> bit & 1]
        ways[number].update(decoded[bits])
    return [
        Reach(
            main=(None, None) in way,
            groups=tuple(sorted({group for group, _ in way if group is not None})),
            extras=tuple(sorted({extra for _, extra in way if extra is not None})),
        )
        for way in ways
    ]
