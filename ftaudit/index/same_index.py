"""One release that two inputs hold is one pin where both would have it of the same index, and two where not.

A uv.lock names the index of every package, a poetry.lock or requirements only another one than usual. By what
they say these are two sources; by what is asked they are one. And two requirements files with different
indexes in their projects name none of them: by what they say one source, by what is asked they are two.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ftaudit.index.config import Plan, Settings
from ftaudit.model.project import INDEX, Pin, Reading, Source, SourceKind


@dataclass(slots=True)
class _Held:
    """What all inputs say of one release: the indexes that they ``named``, and what those are asked of that
    name none (``effects``, each with the plan)."""

    named: set[str] = field(default_factory=set)
    effects: dict[tuple[object, ...], Plan] = field(default_factory=dict)


def with_named_indexes(readings: Sequence[Reading], settings: Settings) -> tuple[Reading, ...]:
    """*readings*, in which a pin that names no index names the one that is asked for it, if another input
    names that for the same release, or would have the release of another.

    What is asked for a pin never changes: where several indexes are asked, or a folder of files, no one name
    says the same. What is installed stays as it is: it comes from no index any more.
    """
    held: dict[tuple[str, str], _Held] = defaultdict(_Held)
    for reading in readings:
        for pin in reading.pins:
            if pin.source.kind is SourceKind.INDEX and pin.source.location:
                held[pin.name, pin.version].named.add(pin.source.location)
            elif _is_unnamed(pin):
                plan = settings.plan("", (reading.input,), name=pin.name)
                held[pin.name, pin.version].effects[plan.effect] = plan
    return tuple(
        replace(reading, pins=tuple(_named(pin, reading.input, held, settings) for pin in reading.pins))
        for reading in readings
    )


def _is_unnamed(pin: Pin) -> bool:
    return pin.source == INDEX and not pin.installed


def _named(pin: Pin, held_by: str, held: Mapping[tuple[str, str], _Held], settings: Settings) -> Pin:
    found = held.get((pin.name, pin.version)) if _is_unnamed(pin) else None
    if found is None:
        return pin
    asked = settings.plan("", (held_by,), name=pin.name)
    names = set(found.named)
    if len(found.effects) > 1:
        names |= {index.url for index in asked.indexes}
    same = sorted(name for name in names if settings.plan(name).effect == asked.effect)
    return replace(pin, source=Source(kind=SourceKind.INDEX, location=same[0])) if same else pin
