"""All inputs together: each pin once, with all its places, and where it applies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ftaudit.judge.applies import Applicable, applicable, roots
from ftaudit.judge.made_for import made_elsewhere
from ftaudit.model.project import ListedFile, Pin, PinKey, Reading
from ftaudit.model.target import Target

MADE_ELSEWHERE = "the input that asks for it was made for another platform or version, where it fits"
PERHAPS_NOT_ASKED_FOR = "only dependencies that do not hold here lead to it, or it is asked for directly"


@dataclass(frozen=True, slots=True)
class Inputs:
    """The readings, and what follows from them for each target before anything is asked.

    ``copies`` are the pins, one for each place, of what is installed in several: each may hold other bytes.
    """

    readings: tuple[Reading, ...]
    targets: tuple[Target, ...]
    pins: Mapping[PinKey, Pin]
    copies: Mapping[PinKey, tuple[Pin, ...]]
    applies: Mapping[tuple[int, Target], Applicable]

    def applies_on(self, target: Target) -> frozenset[PinKey]:
        """The pins that any input has for *target*."""
        return frozenset().union(*(self.applies[number, target].pins for number, _ in self.numbered()))

    def numbered(self) -> Iterator[tuple[int, Reading]]:
        """Every reading with its number in ``applies``."""
        return iter(enumerate(self.readings))

    def doubts(self) -> dict[PinKey, dict[Target, str]]:
        """Why a pin that does not fit a target proves nothing there, where no input makes it certain."""
        found: dict[PinKey, dict[Target, str]] = defaultdict(dict)
        certain: set[tuple[PinKey, Target]] = set()
        for number, reading in self.numbered():
            own_roots = roots(reading)
            for target in self.targets:
                elsewhere = made_elsewhere(reading, target)
                applies = self.applies[number, target]
                for key in applies.pins:
                    if elsewhere and key in own_roots:
                        found[key][target] = MADE_ELSEWHERE
                    elif key in applies.doubtful:
                        found[key][target] = PERHAPS_NOT_ASKED_FOR
                    else:
                        certain.add((key, target))
        return {
            key: {target: why for target, why in by_target.items() if (key, target) not in certain}
            for key, by_target in found.items()
        }


def together(readings: Sequence[Reading], targets: Sequence[Target]) -> Inputs:
    """*readings* as one set of pins."""
    merged: dict[PinKey, Pin] = {}
    installed: dict[PinKey, list[Pin]] = defaultdict(list)
    for reading in readings:
        for pin in reading.pins:
            known = merged.get(pin.key)
            merged[pin.key] = pin if known is None else _merge(known, pin)
            if pin.installed:
                installed[pin.key].append(pin)
    copies = {
        key: tuple(_copy(merged[key], pin) for pin in pins)
        for key, pins in installed.items()
        if len(pins) > 1
    }
    applies = {
        (number, target): applicable(reading, target)
        for number, reading in enumerate(readings)
        for target in targets
    }
    return Inputs(tuple(readings), tuple(targets), merged, copies, applies)


def _merge(one: Pin, other: Pin) -> Pin:
    """One pin that two inputs hold: all its places and files; installed bytes win over a list.

    Two files of one name with different hashes are both kept: they contradict each other, or the index.
    """
    if other.installed and not one.installed:
        one, other = other, one
    listed: dict[tuple[str, str | None], ListedFile] = {}
    for file in (*one.files, *other.files):
        listed.setdefault((file.name, file.sha256), file)
    allowed = {*one.other_hashes, *other.other_hashes, other.hashes} - {one.hashes, frozenset()}
    return replace(
        one,
        origins=tuple(dict.fromkeys((*one.origins, *other.origins))),
        files=tuple(listed.values()),
        other_hashes=tuple(sorted(allowed, key=sorted)),
        extras=tuple(sorted({*one.extras, *other.extras})),
        requires_python=one.requires_python or other.requires_python,
        metadata=one.metadata if one.metadata is not None else other.metadata,
        conda=tuple(dict.fromkeys((*one.conda, *other.conda))),
        index_name=one.index_name or other.index_name,
    )


def _copy(merged: Pin, pin: Pin) -> Pin:
    """*merged* as it is installed in the one place of *pin*."""
    listed = tuple(file for file in merged.files if not file.path)
    return replace(
        merged,
        files=(*(file for file in pin.files if file.path), *listed),
        requires_python=pin.requires_python,
        metadata=pin.metadata,
    )
