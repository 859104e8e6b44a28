"""``pip inspect``: what is installed, as pip tells it. Nothing outside the file is opened.

https://pip.pypa.io/en/stable/reference/inspect-report/
"""

from __future__ import annotations

import re
from dataclasses import replace

from ftaudit.model.project import INDEX, FoundInterpreter, MadeFor, Pin, Reading, Source, SourceKind
from ftaudit.sources.base import Document, Format
from ftaudit.sources.installed.pip_json import (
    described,
    direct_source,
    items,
    looks_like,
    pip_platform,
    python_of,
    whole_version_of,
)
from ftaudit.sources.reading.assemble import Assembly
from ftaudit.sources.reading.sniff import named
from ftaudit.sources.reading.table import Table

_FILE_NAMES = ("pip-inspect.json",)
_LIBRARY = re.compile(r"(?:^|[/\\])python(3\.\d{1,3}t?)[/\\](?:site|dist)-packages[/\\]")


def _score(document: Document) -> int:
    if looks_like(document, b"installed"):
        return 2
    return 1 if named(document, _FILE_NAMES) else 0


def _read(document: Document) -> Reading:
    top, found = items(document, FORMAT.name, "installed")
    assembly = Assembly(document, FORMAT.name)
    for item, line in found:
        origin = assembly.origin(line, direct=_direct(item))
        assembly.add(replace(_pin(document, assembly, item, line), origins=(origin,)))
    interpreter = _interpreter(top, [item.maybe_text("metadata_location") or "" for item, _ in found])
    made_for = MadeFor(python=interpreter.python, platform=pip_platform(top))
    return replace(assembly.reading(made_for=made_for, closed=False), interpreter=interpreter)


def _pin(document: Document, assembly: Assembly, item: Table, line: int | None) -> Pin:
    pin = described(assembly, item, line)
    if "direct_url" in item:
        pin = replace(pin, source=direct_source(document, item.table("direct_url")))
    elif item.maybe_text("installer") == "conda":
        pin = replace(pin, source=Source(kind=SourceKind.CONDA))
    if _has_dist_info(item):
        return pin
    # An egg-info says neither where it came from nor, in what pip tells of it, what it requires.
    source = Source(kind=SourceKind.UNKNOWN) if pin.source is INDEX else pin.source
    return replace(pin, source=source, dependencies=None, metadata=None)


def _has_dist_info(item: Table) -> bool:
    location = item.maybe_text("metadata_location") or ""
    return "requested" in item or location.rstrip("/\\").endswith(".dist-info")


def _direct(item: Table) -> bool | None:
    """``requested`` is what pip and uv write down, and few others: without it they alone say no."""
    requested = item.maybe_flag("requested")
    return (
        False if requested is False and item.maybe_text("installer") in ("pip", "uv") else requested or None
    )


def _interpreter(top: Table, locations: list[str]) -> FoundInterpreter:
    """The environment that pip saw. The ``t`` of a free-threaded build stands in the name of its library
    folder only; where no location has it, which build it is is not known."""
    python = python_of(top)
    folders = {found[1] for location in locations if (found := _LIBRARY.search(location))}
    library = next(iter(folders)) if len(folders) == 1 else None
    known = library if library and library.removesuffix("t") == python else None
    return FoundInterpreter(
        python=known or python,
        version=whole_version_of(top) if python else None,
        free_threaded=known.endswith("t") if known else None,
    )


FORMAT = Format(
    name="pip inspect",
    about="what `pip inspect` says of an environment, version 1",
    file_names=_FILE_NAMES,
    score=_score,
    read=_read,
)
