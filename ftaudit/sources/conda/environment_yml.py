"""environment.yml: what conda is asked for. Specs and not pins, but for the ``==`` lines under ``pip``.

https://docs.conda.io/projects/conda/en/stable/user-guide/tasks/manage-environments.html#create-env-file-manually
What stands under ``pip`` is handed to pip as a requirements file in the same folder, and read like one.
"""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import replace

from ftaudit.errors import InputError
from ftaudit.model.project import INDEX, Edge, MadeFor, Pin, Reading
from ftaudit.model.text import short
from ftaudit.sources import limits
from ftaudit.sources.base import Document, Format, Kind
from ftaudit.sources.conda.conda_records import CONDA, archive, checked_conda_name
from ftaudit.sources.conda.conda_spec import Spec, interpreter, parse, pep440
from ftaudit.sources.projects.unlocked import unlocked
from ftaudit.sources.reading.decode import text_of
from ftaudit.sources.reading.sniff import has_line, named
from ftaudit.sources.reading.table import Table, load_yaml
from ftaudit.sources.requirements.requirements_files import Includes
from ftaudit.sources.requirements.requirements_lines import Line, lines
from ftaudit.sources.requirements.requirements_pins import State, indexes, is_direct, pins

_ARCHIVES = (".conda", ".tar.bz2")
_FILE_NAMES = ("environment*.yml", "environment*.yaml", "*environment.yml", "*environment.yaml")
_SPECS = re.compile(
    rb"(?:\A|\n)dependencies:[ \t]*+(?:"
    rb"(?:#[^\n]*+)?\r?\n"
    rb"(?:[ \t]*+(?:#[^\n]*+)?\r?\n)*+[ \t]*+-[ \t]++(?:pip:[ \t]*+\r?\n|(?![^\n#]*:[ \t\r\n]))"
    rb"|\[[ \t\r\n]*+[^]{ \t\r\n])"
)
"""A list of specs. Dart's pubspec.yaml has a mapping there, Helm's Chart.yaml a list of mappings."""


def _score(document: Document) -> int:
    content = document.content
    beside = any(has_line(content, key) for key in (b"channels:", b"name:", b"prefix:"))
    if beside and has_line(content, b"dependencies:") and _SPECS.search(content):
        return 2
    return 1 if named(document, _FILE_NAMES) else 0


def _read(document: Document) -> Reading:
    if len(document.content) > limits.ENVIRONMENT_FILE:
        most = f"{limits.ENVIRONMENT_FILE // limits.MB} MB"
        raise InputError(document.path, f"larger than {most}, the limit for an environment.yml")
    top = load_yaml(document.path, document.content)
    if "dependencies" not in top:
        raise top.error("dependencies is missing: this is no environment.yml")
    asked = _Asked(document, top)
    reading = unlocked(
        document,
        FORMAT.name,
        (_edge(spec) for spec in asked.specs),
        advice="they are specs of conda; lock them with conda-lock or pixi, and audit the lock",
    )
    found = interpreter(asked.specs)
    state = asked.pip.state
    return replace(
        reading,
        pins=tuple(_direct(pin, document) for pin in pins(state, document)),
        roots=(*(reading.roots or ()), *_pip_roots(state)),
        indexes=indexes(state),
        problems=(*reading.problems, *state.problems),
        unpinned=reading.unpinned + state.unpinned,
        interpreter=found,
        made_for=MadeFor(python=found.python) if found and found.python else None,
    )


class _Asked:
    """What *document* asks for: the ``specs`` of conda, and what stands under ``pip``."""

    def __init__(self, document: Document, top: Table) -> None:
        self.pip = Includes(document)
        self.specs: list[Spec] = []
        self._lines = _Lines(text_of(document.path, document.content))
        for index, item in enumerate(_items(top, "dependencies")):
            place = f"dependencies[{index}]"
            if isinstance(item, str):
                self.specs.append(self.spec(top, item, place))
            elif isinstance(item, dict):
                self.others(Table(top.path, place, item))
            else:
                raise top.error("must be a string, or the list of pip", place)

    def spec(self, top: Table, text: str, place: str) -> Spec:
        self._lines.of(text)
        if len(text) > limits.SPECIFIER:
            raise top.error(f"a spec longer than {limits.SPECIFIER} characters", place)
        if "://" in text or text.endswith(_ARCHIVES):
            found = archive(top, text, place)
            return Spec(name=found.name.lower(), specifier=pep440(found.version), build=found.build)
        spec = parse(text)
        return replace(spec, name=checked_conda_name(top, spec.name, place))

    def others(self, table: Table) -> None:
        """What another installer than conda is asked for: conda knows of pip alone."""
        for key in table:
            if key != "pip":
                message = f"{table.at(key)}: {short(key)} is not known and was passed over"
                line = Line(table.line or 1, "")
                self.pip.state.problem(self.pip.document, "unknown-option", message, self.pip.own, line)
                continue
            for index, item in enumerate(_items(table, key)):
                if not isinstance(item, str):
                    raise table.error("must be a string", f"{key}[{index}]")
                number = self._lines.of(item) or table.line or 1
                for line in lines(item, table.path):
                    self.pip.take(self.pip.own, replace(line, number=number))


class _Lines:
    """The lines on which the items of lists stand: of YAML, only those of mappings are known."""

    def __init__(self, text: str) -> None:
        self._of: dict[str, deque[int]] = defaultdict(deque)
        for number, line in enumerate(text.split("\n"), 1):
            words = line.strip()
            if words.startswith("- "):
                self._of[words[2:].partition(" #")[0].strip().strip("\"'")].append(number)

    def of(self, item: str) -> int | None:
        """The line of the next item with this text, or None where that cannot be told."""
        found = self._of.get(item)
        return found.popleft() if found else None


def _items(table: Table, key: str) -> list[object]:
    """The list at *key*; an empty value is an empty list, as for conda."""
    items = table.values.get(key)
    if items is not None and not isinstance(items, list):
        raise table.error("must be an array", key)
    return items or []


def _edge(spec: Spec) -> Edge:
    return Edge(name=spec.name, specifier=spec.specifier, source=CONDA)


def _direct(pin: Pin, document: Document) -> Pin:
    """*pin*, asked for where it stands in the document itself."""
    return replace(
        pin,
        origins=tuple(replace(o, direct=True) if o.path == document.path else o for o in pin.origins),
    )


def _pip_roots(state: State) -> Iterator[Edge]:
    """What pip is asked for; a line that a note says others need is none of the project's own."""
    for found in state.found:
        entry = found.entry
        if entry.name and is_direct(found.line) is not False:
            yield Edge(
                name=entry.name,
                specifier=entry.specifier,
                source=None if entry.source == INDEX else entry.source,
                marker=entry.marker,
                extras=entry.extras,
            )


FORMAT = Format(
    name="environment.yml",
    about="what conda is asked for: specs, not pins; the == lines under pip are",
    file_names=_FILE_NAMES,
    score=_score,
    read=_read,
    kind=Kind.DECLARED,
)
