"""The files of a command line, one after the other, to an `Inspection`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ftaudit.errors import DeadlineExceededError, Exit, InputError
from ftaudit.inspection.reading import NOT_IN_TIME, Reader
from ftaudit.inspection.walk import Root, walk
from ftaudit.judge.inspected import Read, rows
from ftaudit.knowledge.tables import GENERATORS
from ftaudit.model.binary import Contents
from ftaudit.model.inspection import FileKind, FileRow, Inspection, Unread
from ftaudit.model.report import TargetRow
from ftaudit.model.target import Target
from ftaudit.model.verdict import Gil
from ftaudit.store.results import Results

Progress = Callable[[str, int, int], None]
"""Told the name of a stage, how much is done and how much there is."""
_STAGE = "reading"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected:
    """What a run came to. ``errors`` are the files of the command line that were not inspected at all."""

    inspection: Inspection
    errors: tuple[InputError, ...] = ()

    @property
    def holes(self) -> int:
        """How many files and members below what was named could not be read."""
        return len(self.inspection.problems) - len(self.errors)

    @property
    def seen(self) -> bool:
        """Whether there is anything to tell beside the errors."""
        return bool(self.inspection.files or self.holes)

    def exit_status(self, *, decide: bool) -> Exit:
        """How the run ends; with *decide* the status tells whether the GIL stays off."""
        gil = self.inspection.gil
        if self.errors:
            return Exit.WRONG_INPUT
        if decide and gil is Gil.ON:
            return Exit.NOT_MET
        if self.holes or (decide and gil is Gil.UNKNOWN):
            return Exit.INCOMPLETE
        found = any(file.modules or file.libraries for file in self.inspection.files)
        return Exit.OK if found else Exit.NOTHING


def inspect(
    paths: Sequence[str],
    target: Target | None,
    *,
    results: Callable[[], Results[Contents]],
    check: Callable[[], None],
    now: datetime,
    version: str,
    digests: bool,
    progress: Progress,
) -> Inspected:
    """What the files, wheels and folders at *paths* declare, and what *target* would do with them.

    *results* and *check* are as `Reader` wants them: at the deadline the reading ends, and what was not read
    is a problem. *digests* asks for the SHA-256 of every file.
    """
    reader = Reader(results=results, check=check, now=now, digests=digests, by_name=target is not None)
    run = _Run(reader, progress)
    run.find(paths)
    run.read_all()
    problems = [*run.problems, *(problem for file in run.read for problem in _members(file))]
    inspection = Inspection(
        version=version,
        created=now,
        target=TargetRow(python=target.python, platform=target.platform) if target else None,
        files=_sorted(rows(run.read, target, _advice)),
        problems=tuple(sorted(problems, key=lambda problem: (problem.path, problem.message))),
    )
    return Inspected(inspection=inspection, errors=tuple(run.errors))


class _Run:
    """First what there is to read is found, then it is read: so progress has an end in sight."""

    def __init__(self, reader: Reader, progress: Progress) -> None:
        self._reader, self._progress = reader, progress
        self._files: list[tuple[Path, str, bool]] = []
        self._roots: list[tuple[Path, str, Root]] = []
        self._done = 0
        self.read: list[Read] = []
        self.errors: list[InputError] = []
        self.problems: list[Unread] = []

    def find(self, paths: Sequence[str]) -> None:
        """Takes files as they are, and looks for what lies below folders."""
        for named in dict.fromkeys(paths):
            path = Path(named)
            if path.is_dir():
                self._find_below(path, named)
            else:
                self._files.append((path, named, True))

    def _find_below(self, folder: Path, shown: str) -> None:
        try:
            found = walk(folder, self._reader.check)
        except DeadlineExceededError:
            self.problems.append(Unread(path=shown, message=NOT_IN_TIME))
            return
        self._files += [(folder / path, _joined(shown, path), False) for path in found.wheels]
        self._roots += [(folder / path, _joined(shown, path), root) for path, root in found.roots.items()]
        self.problems += [Unread(path=_joined(shown, path), message=why) for path, why in found.unread]

    def read_all(self) -> None:
        """Reads what was found. At the deadline the rest becomes problems."""
        for path, shown, was_named in self._files:
            try:
                self._reader.check()
                self.read.append(self._reader.file(path, shown))
            except DeadlineExceededError:
                self.problems.append(Unread(path=shown, message=NOT_IN_TIME))
            except InputError as error:
                self.problems.append(Unread(path=shown, message=error.reason))
                if was_named:
                    self.errors.append(error)
            self._tell()
        for place, shown, root in self._roots:
            self.read.append(self._folder(place, shown, root))

    def _folder(self, place: Path, shown: str, root: Root) -> Read:
        modules = []
        for path, size in root.modules.items():
            modules.append(self._reader.module(place, path, size))
            self._tell()
        contents = Contents(modules=tuple(modules), libraries=tuple(root.libraries))
        return Read(path=shown, kind=FileKind.FOLDER, size=sum(root.modules.values()), contents=contents)

    def _tell(self) -> None:
        self._done += 1
        total = len(self._files) + sum(len(root.modules) for _, _, root in self._roots)
        self._progress(_STAGE, self._done, total)


def _joined(folder: str, path: str) -> str:
    return os.path.join(folder, path) if path else folder  # noqa: PTH118 - as the user wrote it


def _sorted(files: Sequence[FileRow]) -> tuple[FileRow, ...]:
    return tuple(sorted(files, key=lambda file: (file.path, file.kind)))


def _members(read: Read) -> Iterator[Unread]:
    for module in read.contents.modules:
        if module.problem:
            yield Unread(path=f"{read.path}: {module.path}", message=module.problem)


def _advice(generator: str) -> tuple[str, str]:
    row = next((row for row in GENERATORS if row.name == generator), None)
    return (row.advice, row.note) if row else ("", "")
