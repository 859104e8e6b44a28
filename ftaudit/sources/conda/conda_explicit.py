"""Conda's explicit files: the address of one archive a line, behind ``@EXPLICIT``.

``conda list --explicit`` and ``conda-lock --kind explicit`` write a whole environment for one platform; conda
installs it without solving. It has no edges, and so does not tell what is compiled against the limited API.
What pip installs stands in comments (``# pip NAME @ URL``), which conda passes over and conda-lock does not.
https://docs.conda.io/projects/conda/en/stable/user-guide/tasks/manage-environments.html#building-identical-conda-environments
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from ftaudit.errors import InputError
from ftaudit.model.project import INDEX, MadeFor, Pin, Reading
from ftaudit.model.text import short
from ftaudit.sources import limits
from ftaudit.sources.base import Document, Format, Kind
from ftaudit.sources.conda.conda_made_for import agreed
from ftaudit.sources.conda.conda_pip import of_index
from ftaudit.sources.conda.conda_records import (
    NOARCH,
    CondaAssembly,
    Record,
    archive,
    build_kind,
    conda_marker,
)
from ftaudit.sources.reading.assemble import Assembly
from ftaudit.sources.reading.decode import text_of
from ftaudit.sources.reading.sniff import has_line, named
from ftaudit.sources.reading.table import Table
from ftaudit.sources.requirements.requirements_files import Includes
from ftaudit.sources.requirements.requirements_lines import Line
from ftaudit.sources.requirements.requirements_pins import State, pins

_MARK = "@EXPLICIT"
_PIP = "# pip "
_FILE_NAMES = ("conda-*.lock", "spec-file*.txt", "explicit*.txt")
_PLATFORM = re.compile(r"#[ \t]*+platform:[ \t]*+([a-z0-9]++-[a-z0-9]++)[ \t]*+")


def _score(document: Document) -> int:
    if has_line(document.content, _MARK.encode()):
        return 2
    return 1 if named(document, _FILE_NAMES) else 0


def _read(document: Document) -> Reading:
    table = Table(document.path)
    if len(document.content) > limits.REQUIREMENTS_FILE:
        most = f"{limits.REQUIREMENTS_FILE // limits.MB} MB"
        raise InputError(document.path, f"larger than {most}, the limit for an explicit file")
    text = text_of(document.path, document.content)
    lines = [(number, line.strip()) for number, line in enumerate(text.split("\n"), 1)]
    if _MARK not in (line for _, line in lines):
        raise table.error(f"{_MARK} is missing: this is no explicit file of conda")
    records = tuple(_records(table, lines))
    platform = _platform(table, lines, records)
    assembly = Assembly(document, FORMAT.name)
    conda = CondaAssembly(assembly)
    environment = conda.environment("", platform, records)
    for pin in conda.pins():
        assembly.add(replace(pin, dependencies=None))
    marker = conda_marker(environment.platform)
    of_pip = _of_pip(document, lines)
    for pin in pins(of_pip, document):
        assembly.add(_at_index(pin, marker))
    found = agreed([environment])
    # The markers tell the platform; without an interpreter there is no more to be said.
    made_for = MadeFor(python=found.python, platform=environment.platform) if found else None
    reading = assembly.reading(made_for=made_for, environments=(marker,) if marker else ())
    return replace(
        reading,
        interpreter=found,
        problems=(*reading.problems, *of_pip.problems),
        unpinned=of_pip.unpinned,
    )


def _records(table: Table, lines: list[tuple[int, str]]) -> Iterator[Record]:
    for number, line in lines:
        if not line or line.startswith("#") or line == _MARK:
            continue
        found = archive(table, line, f"line {number}")
        yield Record(archive=found, kind=build_kind(found.subdir, ()), line=number)


def _of_pip(document: Document, lines: list[tuple[int, str]]) -> State:
    of_pip = Includes(document)
    for number, line in lines:
        if line.startswith(_PIP):
            of_pip.take(of_pip.own, Line(number, line.removeprefix(_PIP).strip()))
    return of_pip.state


def _at_index(pin: Pin, marker: str | None) -> Pin:
    """*pin* for the platform of *marker*; of an index, where its URL is that of a release."""
    origins = tuple(replace(origin, marker=marker) for origin in pin.origins)
    file = of_index(pin.name, pin.source.location, None) if pin.version else None
    if file is None:
        return replace(pin, origins=origins)
    return replace(pin, origins=origins, source=INDEX, files=(file,))


def _platform(table: Table, lines: list[tuple[int, str]], records: tuple[Record, ...]) -> str:
    """The platform that the header names, else the one that the archives are of; raises `InputError` for
    archives of another one, and where neither tells."""
    header = next((match[1] for _, line in lines if (match := _PLATFORM.fullmatch(line))), None)
    found = {record.archive.subdir: record.line for record in reversed(records)}
    subdirs = [subdir for subdir in sorted(found) if subdir not in ("", NOARCH)]
    platform = header or next(iter(subdirs), "")
    if not platform:
        raise table.error("neither a header nor an archive tells the platform", "line 1")
    for subdir in subdirs:
        if subdir != platform:
            raise table.error(
                f"an archive for {short(subdir)} among those for {short(platform)}", f"line {found[subdir]}"
            )
    return platform


FORMAT = Format(
    name="conda explicit",
    about="explicit files of conda (@EXPLICIT): conda list --explicit, conda-lock --kind explicit",
    file_names=_FILE_NAMES,
    score=_score,
    read=_read,
    kind=Kind.LOCK,
)
