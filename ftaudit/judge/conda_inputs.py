"""Which environments of a conda lock are free-threaded, and which only somewhere: pure.

People get a free-threaded interpreter from conda that they did not ask for: a solver that may take any build
of a version ends with that one on one platform of several.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

from ftaudit.model.project import Problem, Reading, Severity
from ftaudit.model.text import short

NAMED = 5
"""How many environments one message names."""

_SUBDIR = re.compile(r".*/((?:linux|osx|win)-[a-z0-9]+)/[^/]+", re.ASCII)

Pythons = tuple[tuple[str, str | None], ...]
"""The platforms of one environment with the interpreter there, None where it is not known; sorted. A lock may
solve one platform twice (pixi: with and without a GPU)."""


def problems(reading: Reading) -> Iterator[Problem]:
    """What is to be said of the environments that hold the conda pins of *reading*."""
    environments = _environments(reading)
    for name, pythons in environments.items():
        if _free(pythons) and _with_gil(pythons):
            yield Problem(
                input=reading.input,
                rule="accidentally-free-threaded",
                message=_partly(name, pythons, _subdirs(reading)),
                severity=Severity.WARNING,
            )
    free = {name: _free(found) for name, found in environments.items() if not _with_gil(found)}
    free = {name: found for name, found in free.items() if found}
    others = sum(not _free(pythons) for pythons in environments.values())
    if free and others:
        are = "other is" if others == 1 else "others are"
        yield Problem(
            input=reading.input,
            rule="free-threaded-environments",
            message=f"free-threaded: {_named(free)}; {others} {are} not",
            severity=Severity.NOTE,
        )


def _environments(reading: Reading) -> dict[str, Pythons]:
    """Every environment by its name, in their order."""
    found: dict[str, set[tuple[str, str | None]]] = defaultdict(set)
    for env in {env for pin in reading.pins for record in pin.conda for env in record.environments}:
        found[env.name].add((env.platform, env.python))
    return {
        name: tuple(sorted(pythons, key=lambda row: (row[0], row[1] or "")))
        for name, pythons in sorted(found.items())
    }


def _free(pythons: Pythons) -> dict[str, str]:
    """The free-threaded interpreters, by platform."""
    return {platform: python for platform, python in pythons if python and python.endswith("t")}


def _with_gil(pythons: Pythons) -> bool:
    return any(python and not python.endswith("t") for _, python in pythons)


def _subdirs(reading: Reading) -> dict[str, str]:
    """conda's own words for platforms, from the addresses of archives that only one platform holds."""
    found: dict[str, set[str]] = defaultdict(set)
    for pin in reading.pins:
        for record in pin.conda:
            platforms = {env.platform for env in record.environments}
            if len(platforms) == 1 and (match := _SUBDIR.fullmatch(record.url)):
                found[platforms.pop()].add(match[1])
    return {platform: words.pop() for platform, words in found.items() if len(words) == 1}


def _partly(name: str, pythons: Pythons, words: Mapping[str, str]) -> str:
    """``environment default is free-threaded on osx-64 only (macos-x86_64: 3.14t; linux-x86_64: 3.14)``."""
    where = ", ".join(short(words.get(platform, platform)) for platform in _free(pythons))
    by_python: dict[str, list[str]] = defaultdict(list)
    for platform, python in pythons:
        by_python[python or "not known"].append(short(platform))
    # The free-threaded ones first: they are what the message is about.
    rows = sorted(by_python.items(), key=lambda row: (not row[0].endswith("t"), row))
    told = "; ".join(f"{', '.join(platforms)}: {short(python)}" for python, platforms in rows)
    which = f"environment {short(name)}" if name else "the environment"
    return f"{which} is free-threaded on {where} only ({told})"


def _named(free: Mapping[str, Mapping[str, str]]) -> str:
    shown = [
        f"{short(name) or 'the one without a name'} ({', '.join(map(short, sorted(set(found.values()))))})"
        for name, found in list(free.items())[:NAMED]
    ]
    more = len(free) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
