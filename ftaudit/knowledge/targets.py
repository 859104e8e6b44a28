"""What `--python` and `--platform` may name, and the tags and variables of a target."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from itertools import chain
from types import MappingProxyType

from packaging import tags

from ftaudit.errors import UsageError
from ftaudit.knowledge.rows import InterpreterRow, PlatformRow
from ftaudit.knowledge.tables import INTERPRETERS, PLATFORMS
from ftaudit.model.target import Interpreter, Target
from ftaudit.model.text import short

_PYTHON = re.compile(
    r"(?P<feature>(?P<major>\d)\.(?P<minor>\d{1,2}))(?:\.(?P<micro>\d{1,3}))?(?P<t>t?)", re.ASCII
)
_BASELINE = re.compile(r"(\d{1,2})(?:\.(\d{1,2}))?", re.ASCII)
_LEGACY_MANYLINUX = {(2, 17): "manylinux2014", (2, 12): "manylinux2010", (2, 5): "manylinux1"}
"""PEP 600 gives these older names to three of its tags."""
_OBJECT_FORMATS = {"manylinux": "elf", "musllinux": "elf", "macosx": "mach-o", "win": "pe"}
_OF_BASELINE = {"manylinux": "glibc", "musllinux": "musl", "macosx": "macOS"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """A platform as asked for.

    ``baseline`` is the version of its C library or of macOS that is judged; empty where it has no such thing.
    """

    name: str
    row: PlatformRow
    baseline: tuple[int, ...]

    def tags(self) -> tuple[str, ...]:
        """The platform tags that an installer there accepts, best first, in the order of `packaging.tags`."""
        row = self.row
        if row.family == "win":
            return (f"win_{row.arch}",)
        major, minor = self.baseline
        if row.family == "macosx":
            return tuple(tags.mac_platforms((major, minor), row.arch))
        return (f"linux_{row.arch}", *_linux_tags(row, major, minor))


def default_pythons() -> tuple[str, ...]:
    """The interpreters that are judged where none is named."""
    return tuple(row.python for row in INTERPRETERS if row.default)


def parse_interpreter(text: str) -> Interpreter:
    """The free-threaded interpreter of *text* (``3.14t``, ``3.14.3t``); raises `UsageError` for any other."""
    known = ", ".join(row.python for row in INTERPRETERS)
    advice = f"name one of {known}, or a micro version such as 3.14.3t"
    match = _PYTHON.fullmatch(text)
    if match is None:
        raise UsageError(f"{short(text)!r} is not a version of a free-threaded interpreter", advice=advice)
    free_threaded = f"{match['feature']}t"
    if free_threaded not in {row.python for row in INTERPRETERS}:
        raise UsageError(f"no free-threaded build of Python {match['feature']} is known", advice=advice)
    if not match["t"]:
        raise UsageError(
            f"{text} is an interpreter with the GIL",
            advice=f"ftaudit judges free-threaded interpreters; did you mean {text}t?",
        )
    return Interpreter(int(match["major"]), int(match["minor"]), int(match["micro"] or 0))


def parse_platform(text: str) -> Platform:
    """The platform of *text* (``linux-x86_64``, ``linux-x86_64@2.28``); raises `UsageError` for any other."""
    name, at, version = text.partition("@")
    row = next((row for row in PLATFORMS if row.name == name), None)
    if row is None:
        names = [row.name for row in PLATFORMS]
        close = get_close_matches(name.lower(), names, n=2, cutoff=0.5)
        advice = f"did you mean {' or '.join(close)}? " if close else ""
        raise UsageError(f"unknown platform {short(name)!r}", advice=f"{advice}known are {', '.join(names)}")
    return Platform(name=text, row=row, baseline=_baseline(row, version) if at else row.baseline)


@lru_cache(maxsize=64)
def target(python: str, platform: str) -> Target:
    """The target that *python* and *platform* name, as on the command line; raises `UsageError`."""
    interpreter, asked = parse_interpreter(python), parse_platform(platform)
    version, nodot = (interpreter.major, interpreter.minor), f"{interpreter.major}{interpreter.minor}"
    platforms = asked.tags()
    accepted = chain(
        tags.cpython_tags(version, abis=[f"cp{nodot}t"], platforms=platforms),
        tags.compatible_tags(version, interpreter=f"cp{nodot}", platforms=platforms),
    )
    return Target(
        interpreter=interpreter,
        platform=asked.name,
        tags=MappingProxyType({tag: rank for rank, tag in enumerate(dict.fromkeys(accepted))}),
        platform_tags=frozenset(platforms),
        environment=MappingProxyType(_environment(interpreter, asked.row)),
        suffixes=_suffixes(interpreter, asked.row),
        binary=(_OBJECT_FORMATS[asked.row.family], asked.row.arch),
    )


def this_platform(platform_tags: Iterable[str] | None = None) -> str:
    """The name of the platform that *platform_tags* (this interpreter's, unless given) belong to.

    Raises `UsageError` where it is none that can be judged.
    """
    found = tuple(tags.platform_tags() if platform_tags is None else platform_tags)
    for row in PLATFORMS:
        if any(tag.startswith(f"{row.family}_") and tag.endswith(f"_{row.arch}") for tag in found):
            return row.name
    raise UsageError(
        f"this machine ({short(next(iter(found), 'no platform tag'))}) is no platform that ftaudit can judge",
        advice=f"name the one that is meant with --platform: {', '.join(row.name for row in PLATFORMS)}",
    )


def _suffixes(interpreter: Interpreter, platform: PlatformRow) -> tuple[str, ...]:
    """The endings of the files that import tries for an extension module there, in its order."""
    row = _interpreter_row(interpreter)
    suffixes = row.windows_suffixes if platform.family == "win" else row.posix_suffixes
    return tuple(suffix.format(multiarch=platform.multiarch) for suffix in suffixes)


def _interpreter_row(interpreter: Interpreter) -> InterpreterRow:
    name = f"{interpreter.major}.{interpreter.minor}t"
    return next(row for row in INTERPRETERS if row.python == name)


def _baseline(row: PlatformRow, version: str) -> tuple[int, ...]:
    if not row.baseline:
        raise UsageError(f"{row.name} has no version to judge at", advice=f"name it without @: {row.name}")
    oldest, of = ".".join(map(str, row.oldest)), _OF_BASELINE[row.family]
    match = _BASELINE.fullmatch(version)
    asked = (int(match[1]), int(match[2] or 0)) if match else (0, 0)
    if asked < row.oldest or (row.family != "macosx" and asked[0] != row.oldest[0]):
        raise UsageError(
            f"{short(version)!r} is no version of {of} that {row.name} has tags for",
            advice=f"name one from {oldest} on, for example {row.name}@{'.'.join(map(str, row.baseline))}",
        )
    return asked


def _linux_tags(row: PlatformRow, major: int, newest: int) -> Iterator[str]:
    for minor in range(newest, row.oldest[1] - 1, -1):
        yield f"{row.family}_{major}_{minor}_{row.arch}"
        if row.family == "manylinux" and (major, minor) in _LEGACY_MANYLINUX:
            yield f"{_LEGACY_MANYLINUX[major, minor]}_{row.arch}"


def _environment(interpreter: Interpreter, row: PlatformRow) -> dict[str, str]:
    """The PEP 508 variables; the build of the operating system is not part of a target and stays empty."""
    return {
        "implementation_name": "cpython",
        "implementation_version": interpreter.full_version,
        "os_name": row.os_name,
        "platform_machine": row.platform_machine,
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": row.platform_system,
        "platform_version": "",
        "python_full_version": interpreter.full_version,
        "python_version": f"{interpreter.major}.{interpreter.minor}",
        "sys_platform": row.sys_platform,
    }
