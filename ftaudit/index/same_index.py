"""One release that two inputs hold is one pin, where both would have it of the same index.

A uv.lock names the index of every package, a poetry.lock or requirements only another one than usual. By
what they say these are two sources; by what is asked they are one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from ftaudit.index.config import Settings
from ftaudit.model.project import INDEX, Pin, Reading, Source, SourceKind


def with_named_indexes(readings: Sequence[Reading], settings: Settings) -> tuple[Reading, ...]:
    """*readings*, in which a pin that names no index names the one that is asked for it, if another input
    names that for the same release.

    What is asked for a pin never changes. What is installed stays as it is: it comes from no index any more.
    """
    named: dict[tuple[str, str], set[str]] = defaultdict(set)
    for reading in readings:
        for pin in reading.pins:
            if pin.source.kind is SourceKind.INDEX and pin.source.location:
                named[pin.name, pin.version].add(pin.source.location)
    return tuple(
        replace(reading, pins=tuple(_named(pin, reading.input, named, settings) for pin in reading.pins))
        for reading in readings
    )


def _named(pin: Pin, held_by: str, named: dict[tuple[str, str], set[str]], settings: Settings) -> Pin:
    locations = named.get((pin.name, pin.version)) if pin.source == INDEX and not pin.installed else None
    if not locations:
        return pin
    asked = settings.plan("", (held_by,), name=pin.name).effect
    same = sorted(location for location in locations if settings.plan(location).effect == asked)
    return replace(pin, source=Source(kind=SourceKind.INDEX, location=same[0])) if same else pin
