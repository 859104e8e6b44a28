"""A folder: one project, of which the best file is audited, or many projects below it, which all are.

A folder in which a lock or requirements lie is one project. The order is that of the registry, and of each
format's file names within it: locks before requirements. Any other folder is looked through
(`ftaudit.sources.projects.walk`): every folder below gives all its locks, else its requirements, else what
its pyproject.toml asks for. Nothing that is found is started.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import translate
from pathlib import Path

from ftaudit.errors import InputError, NothingToAuditError, RefusedError
from ftaudit.model.project import Problem, Severity
from ftaudit.model.text import short
from ftaudit.sources import limits
from ftaudit.sources.base import Document, Format, Held, Holder, Kind
from ftaudit.sources.projects.walk import ENVIRONMENT, HIDDEN, LINK, PACKAGES, Folder, Walked, walk
from ftaudit.sources.scratch import Scratch

_BELOW = "requirements"
_ANY = re.compile(r"\*\.[a-z]+")
"""A pattern that says next to nothing, such as ``*.lock``: what is not of the format is not worth a word."""

_ENVIRONMENTS = (".venv", "venv", "env")
_SHOWN = 10
_PASSED = {
    HIDDEN: "hidden folders are not looked into",
    ENVIRONMENT: "environments are not audited unless they are named",
    PACKAGES: "folders of installed packages and caches are not looked into",
    LINK: "links to folders are not followed",
}


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A file by its name in its folder (or in ``requirements/`` below it); those that one pattern of one
    format matches have the same ``rank``."""

    form: Format
    rank: tuple[int, int]
    name: str

    @property
    def kind(self) -> Kind:
        return self.form.kind

    @property
    def of_script(self) -> bool:
        """Whether it is the lock of one script, which says nothing of the project that the script lies in."""
        return self.name.endswith(".py.lock")

    @property
    def of_other_tool(self) -> bool:
        """Whether it asks for packages beside the lock; a pyproject.toml is what the lock was made from."""
        return self.kind is Kind.DECLARED and self.name != "pyproject.toml"

    @property
    def of_project(self) -> bool:
        return self.kind is not Kind.DECLARED and not self.of_script


class _Known:
    """The files of all formats in and below the folder *document*, the best first: locks, lists, what only
    declares.

    ``doubted`` are the paths of files with a name of a lock that many another file has (NuGet has a
    ``packages.lock.json``, a cluster an ``environment-prod.yml``), and with the content of none.
    """

    def __init__(self, document: Document, formats: Sequence[Format]) -> None:
        kinds = list(Kind)
        ordered = sorted(formats, key=lambda form: kinds.index(form.kind))
        self._document = document
        self._each = [
            (
                re.compile(translate(pattern), re.IGNORECASE),
                form,
                (number, position),
                _ANY.fullmatch(pattern) is not None,
            )
            for number, form in enumerate(ordered)
            for position, pattern in enumerate(form.file_names)
        ]
        # One question for a name that matches nothing, as most do.
        self._any = re.compile("|".join(pattern.pattern for pattern, *_ in self._each), re.IGNORECASE)
        self.doubted: dict[str, None] = {}
        self.locks = frozenset(
            name for form in formats if form.kind is Kind.LOCK for name in form.file_names if "*" not in name
        )

    def candidates(self, names: Iterable[str], path: str = "") -> list[_Candidate]:
        """Those of *names*, in the folder *path* below the one that was named, that are a format's."""
        known = [name for name in names if self._any.match(name)]
        found: dict[str, _Candidate] = {}
        doubted: list[str] = []
        for pattern, form, rank, vague in self._each if known else ():
            for name in known:
                if name in found or not pattern.match(name):
                    continue
                if self._is(form, posixpath.join(path, name), vague=vague):
                    found[name] = _Candidate(form, rank, name)
                elif not vague:
                    doubted.append(name)
        self.doubted |= dict.fromkeys(posixpath.join(path, name) for name in doubted if name not in found)
        return list(found.values())

    def _is(self, form: Format, path: str, *, vague: bool) -> bool:
        """Whether a file with a name of *form* is one: by its content, unless the name alone is enough. What
        cannot be opened, or is empty, is taken, unless its name is *vague*: its reader says what is wrong."""
        if form.kind is Kind.LIST or posixpath.basename(path) in form.file_names:
            return True
        file = _file(self._document, path)
        try:
            content = file.tree.read(file.place)
        except InputError:
            return not vague
        return (not content and not vague) or form.score(replace(file, content=content)) == 2


def open_folder(document: Document, scratch: Scratch, formats: Sequence[Format]) -> Held:
    """What to audit in the folder *document*; raises `NothingToAuditError` where nothing is there, and
    `RefusedError` where not all of it could be seen."""
    known, tree = _Known(document, formats), document.tree
    below = (f"{_BELOW}/{name}" for name in tree.entries(_join(document, _BELOW)))
    named = known.candidates((*tree.entries(document.place), *below))
    found = [each.name for each in named if each.of_project and tree.is_file(_join(document, each.name))]
    if not found:
        return _projects(document, _Known(document, formats))
    found += [each.name for each in named if each.of_script or each.of_other_tool]
    return _project(document, found, known)


def _project(document: Document, found: Sequence[str], known: _Known) -> Held:
    """The best (the first) of the files *found* in one project's folder, and what else is there."""
    best, *others = found
    others += _environments(document)
    walked = _walked(document, entries=limits.GLANCE_ENTRIES)
    locked = sum(not known.locks.isdisjoint(each.files) for each in walked.folders.values() if each.path)
    said = [f"also here: {_listed(others)}"] if others else []
    if locked:
        least = "at least " if walked.unread else ""
        folders = "1 folder below holds a lock" if locked == 1 else f"{locked} folders below hold locks"
        said.append(f"{least}{folders}, not read")
    chosen = _file(document, best)
    note = (_note(chosen, "; ".join((f"chose {best}", *said))),) if said else ()
    return Held(documents=(chosen,), problems=(*note, *_doubted(document, known)))


def _projects(document: Document, known: _Known) -> Held:
    """All that lies in and below a folder without a lock or requirements of its own."""
    walked = _walked(document)
    inputs = _Inputs(walked, known)
    named, beside = inputs.collected()
    if not named:
        environments = walked.passed_over[ENVIRONMENT]
        advice = (
            f"; {short(environments[0])} is an environment: name it to audit that" if environments else ""
        )
        nothing = "no lockfile and no requirements in this folder or below it"
        advice = (
            "name a lockfile, requirements, an SBOM, an environment, an interpreter, a wheel, a "
            f"folder of wheels, a PEX file or a container image{advice}"
        )
        if walked.unread:
            nothing += ", as far as it could be looked through"
            raise RefusedError(document.path, nothing, advice=advice)
        raise NothingToAuditError(f"{document.path}: {nothing}", advice=advice)
    problems = [
        *_passed_over(document, walked),
        *_unread(document, walked, len(named)),
        *_doubted(document, known),
    ]
    if beside:
        message = f"beside the inputs, and not read: {_listed(beside)}"
        problems.append(_note(document, message))
    if inputs.above:
        message = f"taken to be locked with a folder above, and not read: {_listed(inputs.above)}"
        problems.append(_note(document, message))
    documents = tuple(_file(document, name) for name in named[: limits.WALK_INPUTS])
    return Held(documents=documents, problems=tuple(problems))


class _Inputs:
    """Which files of a folder of projects count. ``above`` are those that a lock above their folder has."""

    def __init__(self, walked: Walked, known: _Known) -> None:
        self.walked = walked
        self.known = known
        self.locked: set[str] = set()
        self.above: list[str] = []

    def collected(self) -> tuple[list[str], list[str]]:
        """The paths of the inputs, and of what lies beside them and is not read."""
        named: list[str] = []
        beside: list[str] = []
        for folder in self.walked.folders.values():
            found = self.found(folder.path)
            chosen = set(self.chosen(found, folder.path))
            for each in found:
                path = posixpath.join(folder.path, each.name)
                if each in chosen:
                    named.append(path)
                elif each.kind is not Kind.DECLARED or (each.of_other_tool and chosen):
                    beside.append(path)
                elif not chosen:
                    self.above.append(path)
        return named, beside

    def found(self, path: str) -> tuple[_Candidate, ...]:
        """The candidates of a folder; those in ``requirements/`` below are its own, unless they are locks."""
        folders = self.walked.folders
        inside = folders.get(posixpath.join(path, _BELOW))
        below = (f"{_BELOW}/{name}" for name in inside.files) if inside else ()
        found = self.known.candidates((*folders[path].files, *below), path)
        if path and folders[path].name == _BELOW:
            return tuple(each for each in found if each.kind is Kind.LOCK)
        return tuple(each for each in found if each.kind is not Kind.LOCK or "/" not in each.name)

    def chosen(self, found: Sequence[_Candidate], path: str) -> Iterable[_Candidate]:
        """All locks; without one of the project all lists that the best pattern matches; else what is
        declared, where no lock above the folder has it: a member of a workspace is locked with that."""
        locks = [each for each in found if each.kind is Kind.LOCK]
        if any(each.of_project for each in locks):
            self.locked.add(path)
            return locks
        if lists := [each for each in found if each.kind is Kind.LIST]:
            return [*locks, *(each for each in lists if each.rank == lists[0].rank)]
        return locks if any(above in self.locked for above in _above(path)) else found


def _doubted(document: Document, known: _Known) -> Iterator[Problem]:
    if names := tuple(known.doubted):
        yield _note(document, f"named like a lock and by their content none, not read: {_listed(names)}")


def _passed_over(document: Document, walked: Walked) -> Iterator[Problem]:
    for kind, why in _PASSED.items():
        if paths := walked.passed_over[kind]:
            message = f"{why}: {len(paths)} ({_listed(sorted(paths), 3)})"
            yield Problem(
                input=document.path, rule="folders-passed-over", message=message, severity=Severity.NOTE
            )


def _unread(document: Document, walked: Walked, inputs: int) -> Iterator[Problem]:
    """What a limit or a missing permission kept from being found."""
    for path, why in walked.unread[:_SHOWN]:
        place = posixpath.normpath(posixpath.join(document.path, path))
        yield Problem(input=place, rule="folders-passed-over", message=why)
    if (more := len(walked.unread) - _SHOWN) > 0:
        message = f"{more} more folders were not looked into"
        yield Problem(input=document.path, rule="folders-passed-over", message=message)
    if inputs > limits.WALK_INPUTS:
        message = f"more than {limits.WALK_INPUTS} inputs: {inputs - limits.WALK_INPUTS} are not read"
        yield Problem(input=document.path, rule="folders-passed-over", message=message)


def _walked(document: Document, *, entries: int = limits.WALK_ENTRIES) -> Walked:
    if document.on_disk is not None:
        return walk(document.on_disk, entries=entries)
    return Walked(folders={"": Folder(path="", files=document.tree.entries(document.place))})


def _environments(document: Document) -> list[str]:
    return [name for name in _ENVIRONMENTS if document.tree.is_file(_join(document, name, "pyvenv.cfg"))]


def _file(document: Document, name: str) -> Document:
    return replace(
        document,
        path=posixpath.normpath(posixpath.join(document.path, name)),
        place=posixpath.normpath(posixpath.join(document.place, name)),
        folder=False,
        on_disk=None if document.on_disk is None else str(Path(document.on_disk, name)),
    )


def _note(document: Document, message: str) -> Problem:
    return Problem(input=document.path, rule="other-inputs-seen", message=message, severity=Severity.NOTE)


def _listed(names: Sequence[str], limit: int = _SHOWN) -> str:
    more = len(names) - limit
    return ", ".join(short(name) for name in names[:limit]) + (f" and {more} more" if more > 0 else "")


def _above(path: str) -> Iterator[str]:
    while path:
        path = path.rpartition("/")[0]
        yield path


def _join(document: Document, *names: str) -> str:
    return posixpath.join(document.place, *names)


HOLDER = Holder(
    name="project folder",
    about="a project's folder: the best of its locks and requirements; a folder of projects: all below it",
    file_names=(),
    score=lambda document: int(document.folder),
    open=open_folder,
)
