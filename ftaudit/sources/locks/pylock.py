"""pylock.toml and pylock.<name>.toml (PEP 751).

https://packaging.python.org/en/latest/specifications/pylock-toml/. ``packaging.pylock`` says whether a file
keeps the standard; what it refuses is read all the same where the meaning is clear, with a warning: several
tools have written such files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from packaging.pylock import Pylock, PylockValidationError
from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import Version

from ftaudit.model.project import (
    INDEX,
    Choices,
    Edge,
    ListedFile,
    MadeFor,
    Pin,
    Reading,
    Severity,
    Source,
    SourceKind,
)
from ftaudit.model.text import short
from ftaudit.sources.base import Document, Format, Kind
from ftaudit.sources.reading.applies import single_python
from ftaudit.sources.reading.assemble import Assembly, checked_location, checked_name, listed_file
from ftaudit.sources.reading.declared import label, requirement, specifier
from ftaudit.sources.reading.decode import entry_lines
from ftaudit.sources.reading.platforms import known_platform
from ftaudit.sources.reading.sniff import has_line, head_of, named
from ftaudit.sources.reading.table import Table, load_toml

STANDARD = (1, 0)
_FILE_NAMES = ("pylock.toml", "pylock.*.toml")
_GROUPS = re.compile(r"""["']([^"']+)["'] in dependency_groups""")
_EXTRAS = re.compile(r"""["']([^"']+)["'] in extras""")
_INTERPRETER = re.compile(r"cp3(\d+)\Z")
_ABI = re.compile(r"cp3\d+(t?)\Z")


def _score(document: Document) -> int:
    head = head_of(document.content)
    if has_line(head, b"lock-version") and (
        has_line(document.content, b"[[packages]]")
        or has_line(head, b"created-by")
        or has_line(head, b"packages")
    ):
        return 2
    return 1 if named(document, _FILE_NAMES) else 0


def _read(document: Document) -> Reading:
    top, text = load_toml(document.path, document.content)
    reader = _Reader(document, top, text)
    reader.check_standard()
    return reader.reading()


class _Reader:
    def __init__(self, document: Document, top: Table, text: str) -> None:
        self.assembly = Assembly(document, FORMAT.name)
        self.top = top
        self.text = text
        self.version = _lock_version(top)
        self.entries = top.tables("packages")
        self.lines = entry_lines(text, "packages", len(self.entries))
        self.created_by = top.text("created-by")
        self.names_are_invented = self.created_by == "pipenv" and any(map(_are_invented, self.entries))

    def check_standard(self) -> None:
        """Warns of a newer minor version, and of what the standard does not allow."""
        if self.version > STANDARD:
            message = (
                f"lock-version {self.version[0]}.{self.version[1]} is newer than 1.0: what is new is not read"
            )
            self.assembly.problem("newer-format-version", message, severity=Severity.WARNING)
        try:
            # packaging writes a warning of its own to the log for a newer minor version.
            Pylock.from_dict({**self.top.values, "lock-version": "1.0"})
        except PylockValidationError as error:
            message = f"not as the standard has it, read all the same: {short(str(error), 200)}"
            self.assembly.problem("lenient-pylock", message, severity=Severity.WARNING)

    def reading(self) -> Reading:
        rows = tuple(zip(self.entries, self.lines, strict=True))
        for entry, line in rows:
            self.add(entry, line)
        if self.names_are_invented:
            message = "pipenv made up the wheel names of this file: no file that it lists is believed"
            self.assembly.problem("wheel-names-invented", message, severity=Severity.NOTE)
        requires_python = specifier(self.top, "requires-python")
        texts = self.top.texts("environments")
        environments = [
            self.assembly.marker(self.top, text, f"environments[{n}]") for n, text in enumerate(texts)
        ]
        reading = self.assembly.reading(
            made_for=self.made_for() or single_python(requires_python),
            requires_python=requires_python,
            environments=tuple(filter(None, environments)) if all(environments) else (),
        )
        return replace(reading, choices=self.choices())

    def choices(self) -> Choices | None:
        """The extras and groups of the file and of its markers. What has no such marker is always installed.

        Without a choice an installer takes the default groups and no extra:
        https://packaging.python.org/en/latest/specifications/pylock-toml/#installation
        The standard knows no development group; ``dev`` is what the tools that write the files call it.
        """
        defaults = tuple(map(label, self.top.texts("default-groups")))
        origins = [origin for pin in self.assembly.pins for origin in pin.origins]
        groups = [*map(label, self.top.texts("dependency-groups")), *defaults]
        groups += [label(group) for origin in origins for group in origin.groups]
        extras = [label(extra) for origin in origins for extra in origin.extras]
        extras += map(label, self.top.texts("extras"))
        if not groups and not extras:
            return None
        return Choices(
            groups=tuple(dict.fromkeys(groups)),
            extras=tuple(dict.fromkeys(extras)),
            default_groups=defaults,
            dev_groups=("dev",),
            main="",
        )

    def add(self, entry: Table, line: int | None) -> None:
        name = checked_name(entry, entry.text("name"))
        version = entry.maybe_text("version")
        marker = self.assembly.marker(entry, entry.maybe_text("marker"), "marker", line)
        origin = self.assembly.origin(
            line,
            marker=marker,
            groups=tuple(map(short, dict.fromkeys(_GROUPS.findall(marker or "")))),
            extras=tuple(map(short, dict.fromkeys(_EXTRAS.findall(marker or "")))),
        )
        files = tuple(self.files(entry))
        pin = Pin(
            name=name,
            version="" if version is None else self.assembly.version(entry, name, version, line),
            source=_source(entry),
            origins=(origin,),
            files=() if self.names_are_invented else files,
            dependencies=self.edges(entry, line),
            requires_python=specifier(entry, "requires-python"),
        )
        # Entries that differ in their markers are alternatives.
        known = self.assembly.known(pin)
        twice = known is not None and marker in [other.marker for other in known.origins]
        self.assembly.add(pin, merge=not twice)

    def files(self, entry: Table) -> Iterator[ListedFile]:
        tables = entry.tables("wheels")
        for table in (entry.table("sdist"), *tables) if "sdist" in entry else tables:
            digest = table.table("hashes").maybe_text("sha256")
            yield listed_file(table, name=table.maybe_text("name"), digest=digest, time_key="upload-time")

    def edges(self, entry: Table, line: int | None) -> tuple[Edge, ...] | None:
        """The edges, which the standard makes optional and pdm writes in a table of its own."""
        tool = entry.table("tool").table("pdm")
        if "dependencies" in tool:
            texts = enumerate(tool.texts("dependencies"))
            return tuple(requirement(tool, text, f"dependencies[{index}]") for index, text in texts)
        if "dependencies" not in entry:
            return None
        return tuple(
            Edge(
                name=checked_name(table, table.text("name")),
                version=table.maybe_text("version"),
                marker=self.assembly.marker(table, table.maybe_text("marker"), "marker", line),
            )
            for table in entry.tables("dependencies")
        )

    def made_for(self) -> MadeFor | None:
        """pip, and uv unless it is told otherwise, lock for the interpreter at hand: the wheels tell."""
        head = self.text[:4096]
        by_uv = self.created_by == "uv" and "uv pip compile" in head and "--universal" not in head
        if self.created_by != "pip" and not by_uv:
            return None
        pythons, platforms = set(), set()
        for pin in self.assembly.pins:
            for file in pin.files:
                python, platform = _told_by(file.name)
                pythons.add(python)
                platforms.add(platform)
        told = [sorted(filter(None, found)) for found in (pythons, platforms)]
        python, platform = (found[0] if len(found) == 1 else None for found in told)
        return MadeFor(python=python, platform=platform)


def _lock_version(top: Table) -> tuple[int, int]:
    text = top.text("lock-version")
    try:
        version = Version(text)
    except ValueError:  # InvalidVersion, or a number of too many digits
        raise top.error("not a version", "lock-version") from None
    if version.major != STANDARD[0]:
        raise top.error(f"unsupported lock-version {short(text)} (ftaudit reads 1)", "lock-version")
    return version.major, version.minor


def _source(entry: Table) -> Source:
    if "vcs" in entry:
        vcs = entry.table("vcs")
        location = checked_location(vcs, "url" if "url" in vcs else "path")
        return Source(kind=SourceKind.GIT, location=f"{location}#{short(vcs.text('commit-id'))}")
    if "directory" in entry:
        return Source(kind=SourceKind.PATH, location=checked_location(entry.table("directory"), "path"))
    if "archive" in entry:
        archive = entry.table("archive")
        if "url" in archive:
            return Source(kind=SourceKind.URL, location=checked_location(archive, "url"))
        return Source(kind=SourceKind.PATH, location=checked_location(archive, "path"))
    return (
        Source(kind=SourceKind.INDEX, location=checked_location(entry, "index"))
        if "index" in entry
        else INDEX
    )


def _are_invented(entry: Table) -> bool:
    """Whether one wheel name stands for several files, or for one that lies at the index itself.

    pipenv 2026.0 to 2026.9 made up ``NAME-VERSION-py3-none-any.whl`` at ``INDEX/NAME/`` for every hash, those
    of sdists among them: every package then looks as if it were pure Python.
    """
    wheels = entry.tables("wheels")
    names = [table.maybe_text("name") or table.maybe_text("url") for table in wheels]
    made = f"{(entry.maybe_text('index') or '').rstrip('/')}/{entry.maybe_text('name')}/"
    at_index = [table for table in wheels if (table.maybe_text("url") or "").startswith(made)]
    return len(names) != len(set(names)) or bool(at_index)


def _told_by(file: str) -> tuple[str | None, str | None]:
    """The interpreter and the platform that the wheel *file* is for, each None where that is open."""
    try:
        tags = parse_wheel_filename(file)[3]
    except InvalidWheelFilename:
        return None, None
    pythons, platforms = set(), set()
    for tag in tags:
        interpreter, abi = _INTERPRETER.match(tag.interpreter), _ABI.match(tag.abi)
        pythons.add(f"3.{interpreter[1]}{abi[1]}" if interpreter and abi else None)
        platforms.add(known_platform(tag.platform))
    return (
        pythons.pop() if len(pythons) == 1 else None,
        platforms.pop() if len(platforms) == 1 else None,
    )


FORMAT = Format(
    name="pylock.toml",
    about="the standard lockfile (PEP 751): pylock.toml and pylock.NAME.toml",
    file_names=_FILE_NAMES,
    score=_score,
    read=_read,
    kind=Kind.LOCK,
)
