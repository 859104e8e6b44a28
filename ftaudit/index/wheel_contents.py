"""The members of one wheel that CPython could import, each analysed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from posixpath import basename, dirname
from typing import TYPE_CHECKING

from ftaudit.binaries.image import BadBinaryError, Buffer, Image
from ftaudit.binaries.registry import load
from ftaudit.model.binary import Contents, SharedObject
from ftaudit.model.evidence import Missing
from ftaudit.model.text import short
from ftaudit.wheels.archive import Archive
from ftaudit.wheels.directory import Member
from ftaudit.wheels.members import below_site_packages, importable, is_library
from ftaudit.wheels.optional import told
from ftaudit.wheels.plan import better_whole, plan
from ftaudit.wheels.source import BadWheelError, Source

if TYPE_CHECKING:
    from ftaudit.index.wheel_reader import Analyse

MAX_MODULES = 10_000
"""Of one wheel; the largest have some hundreds."""


class Wheel:
    """The wheel in *source*. Raises `BadWheelError`, and what *source* and *check* raise."""

    def __init__(self, source: Source, check: Callable[[], None]) -> None:
        self._archive = Archive(source, check)
        self._paths = _modules(self._archive)
        self._size = source.size

    @property
    def needed(self) -> tuple[int, bool]:
        """How many bytes the modules take in the file, and whether the whole is as well read instead."""
        runs = plan(list(self._paths))
        return sum(run.end - run.start for run in runs), better_whole(list(self._paths), self._size)

    def contents(self, analyse: Analyse, *, sources: bool) -> Contents:
        """What it holds, each module analysed. With *sources* its Python files are at hand, and tell which
        modules its packages can do without."""
        siblings = _Siblings(self._archive)
        modules = []
        for member, content in self._archive.read_members(list(self._paths)):
            modules.append(_module(self._paths[member], member, content, analyse, siblings))
            del content  # or the next is inflated beside it
        modules.sort(key=lambda module: module.path)
        code = _Sources(self._archive)
        members = self._archive.members
        return Contents(
            modules=told(modules, code.sizes, code.read) if sources else tuple(modules),
            libraries=tuple(sorted(member.name for member in members if is_library(member.name))),
            members=len(members),
        )


def _modules(archive: Archive) -> dict[Member, str]:
    """The members that CPython could import, with where they are installed."""
    paths = {member: path for member in archive.members if (path := importable(member.name))}
    if len(paths) > MAX_MODULES:
        raise BadWheelError(f"holds more than {MAX_MODULES} shared objects", "too-large")
    path, times = next(iter(Counter(paths.values()).most_common(1)), ("", 1))
    if times > 1:
        raise BadWheelError(f"{times} of its members are installed as {short(path)}")
    return paths


def _module(
    path: str, member: Member, content: Buffer | Missing, analyse: Analyse, siblings: _Siblings
) -> SharedObject:
    if isinstance(content, Missing):
        return SharedObject(path=path, size=member.size, problem=content.why, problem_kind=content.kind)
    if member.symlink:
        why = "it is a symbolic link, of which installers make a plain file"
        return SharedObject(path=path, size=member.size, problem=why, problem_kind="bad-wheel")
    try:
        slices = analyse(path, content, partial(siblings.get, member))
    except BadBinaryError as error:
        return SharedObject(
            path=path, size=member.size, problem=short(str(error), 200), problem_kind="bad-binary"
        )
    return SharedObject(path=path, size=member.size, slices=slices)


class _Sources:
    """The Python source files of a wheel, by where they are installed."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._members: dict[str, Member] = {}

    def sizes(self) -> Mapping[str, int]:
        for member in self._archive.members:
            path = below_site_packages(member.name) if member.name.endswith(".py") else None
            if path is not None:
                self._members[path] = member
        return {path: member.size for path, member in self._members.items()}

    def read(self, paths: Sequence[str]) -> Mapping[str, bytes]:
        places = {self._members[path]: path for path in paths}
        found: dict[str, bytes] = {}
        for member, content in self._archive.read_members(list(places)):
            if isinstance(content, Missing):
                return {}
            found[places[member]] = bytes(content[:])
        return found


class _Siblings:
    """The other members of a wheel by base name. The last is kept: many modules may lean on one library."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._last: tuple[Member, tuple[Image, ...]] | None = None

    def get(self, member: Member, name: str) -> tuple[Image, ...]:
        """The one called *name*, beside *member* or else the only one; empty where none can be read."""
        folder = dirname(member.name)
        named = [one for one in self._archive.members if basename(one.name) == name and one != member]
        found = [one for one in named if dirname(one.name) == folder] or named
        if len(found) != 1 or found[0].symlink:
            return ()
        if self._last is None or self._last[0] != found[0]:
            self._last = None  # one at a time
            try:
                self._last = found[0], load(self._archive.read(found[0]))
            except (BadWheelError, BadBinaryError):
                self._last = found[0], ()
        return self._last[1]
