"""What a free-threaded interpreter did with the modules of released wheels, and our answers beside it."""

from __future__ import annotations

import json
import time
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from posixpath import basename, dirname
from typing import TypeVar

from ftaudit.binaries.analysis import analyse
from ftaudit.binaries.image import BadBinaryError, Image
from ftaudit.binaries.registry import load
from ftaudit.model.binary import Declaration, Declared, Slice

OFF = frozenset({Declaration.NOT_USED, Declaration.SINGLE_PHASE_NOT_USED, Declaration.DELEGATED})
"""cffi's backend declares since 2.0, and the truth was taken with that."""
ON = frozenset(
    {Declaration.USED, Declaration.ABSENT, Declaration.SINGLE_PHASE_USED, Declaration.SINGLE_PHASE_SILENT}
)
K = TypeVar("K")
V = TypeVar("V")
ANSWERS = {"gil_stays_disabled": "off", "gil_enabled": "on"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One module of one wheel. ``answer`` is what the interpreter did when creating it: ``off`` or ``on``."""

    package: str
    version: str
    python: str
    wheel: str
    sha256: str
    member: str
    module: str
    generator: str
    answer: str

    @property
    def release(self) -> tuple[str, str, str]:
        """What the wheels of one release for one interpreter have in common, whatever the platform."""
        return self.package, self.version, self.python


def read_rows(shared: Path) -> list[Row]:
    """The rows that were decided: of files that the interpreter of that tag loads, and could import."""
    lines = (shared / "truth" / "modules.jsonl").read_text("utf-8").splitlines()
    return [
        Row(
            package=row["package"],
            version=row["version"],
            python=row["python_tag"],
            wheel=row["wheel"],
            sha256=row["sha256"],
            member=row["member"],
            module=row["module"],
            generator=row["generator"],
            answer=ANSWERS[row["result"]],
        )
        for row in map(json.loads, lines)
        if row["loadable_suffix"] and row["result"] in ANSWERS
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What we say of ``row`` as ``member`` of ``wheel``: ``off``, ``on``, ``unknown`` or ``unread``, and why.

    ``seconds`` is the analysis alone: neither inflating the member nor its siblings.
    """

    row: Row
    wheel: str
    member: str
    size: int
    said: str
    seconds: float
    declared: tuple[Declared, ...] = ()
    why: str = ""

    @property
    def outcome(self) -> str:
        if self.said in ("unknown", "unread"):
            return "unknown"
        return f"{self.said}/{self.row.answer}" if self.said == self.row.answer else "wrong"


def taken(one: Slice, python: str) -> Declared | None:
    """The declaration that the interpreter with that tag takes: ``PyModExport_*`` counts from 3.15 on."""
    exports = python in ("cp315t", "abi3t")
    return next((d for d in one.declared if exports or not d.hook.startswith("PyModExport")), None)


def class_of(declared: Declared | None) -> str:
    """``off``, ``on`` or ``unknown``."""
    if declared is None or declared.declaration not in OFF | ON:
        return "unknown"
    return "off" if declared.declaration in OFF else "on"


@dataclass(slots=True)
class Siblings:
    """Other members of a wheel by their base names, with the time that it took to inflate them.

    The last one is kept: all modules of a wheel that lean on a library do so on the same.
    """

    archive: zipfile.ZipFile
    seconds: float = 0.0
    last: tuple[str, tuple[Image, ...]] = ("", ())
    names: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.names = {basename(name): name for name in self.archive.namelist()}

    def __call__(self, name: str) -> tuple[Image, ...]:
        found = self.names.get(name)
        if found is None:
            return ()
        if self.last[0] != found:
            begun = time.perf_counter()
            content = self.archive.read(found)
            self.seconds += time.perf_counter() - begun
            self.last = found, load(content)
        return self.last[1]


def look(row: Row, wheel: str, archive: zipfile.ZipFile, member: str, siblings: Siblings) -> Found:
    """Analyses one member."""
    content = archive.read(member)
    siblings.seconds, begun, problem = 0.0, time.perf_counter(), ""
    try:
        slices = analyse(member, content, siblings)
    except BadBinaryError as error:
        slices, problem = (), str(error)
    seconds = time.perf_counter() - begun - siblings.seconds
    declared = [taken(one, row.python) for one in slices]
    classes = {class_of(one) for one in declared}
    known = tuple(one for one in declared if one is not None)
    why = problem or "; ".join(sorted({f"{one.reason}: {one.why}" for one in known if one.reason}))
    if not classes:
        said = "unread"
    elif len(classes) > 1:
        said, why = "unknown", f"its architectures differ: {', '.join(sorted(classes))}"
    else:
        said = classes.pop()
    return Found(
        row=row,
        wheel=wheel,
        member=member,
        size=len(content),
        said=said,
        seconds=seconds,
        declared=known,
        why=why or ("no hook of its own name" if None in declared else ""),
    )


def own(rows: Sequence[Row], folder: Path) -> list[Found]:
    """Every row whose own wheel lies in *folder*."""
    found = []
    for name, group in grouped((row.wheel, row) for row in rows).items():
        path = folder / name
        if path.is_file():
            with zipfile.ZipFile(path) as archive:
                siblings = Siblings(archive)
                found += [look(row, name, archive, row.member, siblings) for row in group]
    return found


def elsewhere(rows: Sequence[Row], folder: Path) -> list[Found]:
    """Modules of the same names in *folder*'s wheels of the same releases, made for other platforms."""
    releases = grouped((row.release, row) for row in rows)
    found = []
    for path in sorted(folder.glob("*.whl")):
        for release, group in releases.items():
            if not of_release(path.name, release):
                continue
            with zipfile.ZipFile(path) as archive:
                siblings, members = Siblings(archive), modules(archive.namelist(), release[2])
                for row in group:
                    member = members.get(module_of(row.member))
                    if member is not None:
                        found.append(look(row, path.name, archive, member, siblings))
    return found


def of_release(wheel: str, release: tuple[str, str, str]) -> bool:
    package, version, python = release
    name, number, *_, interpreter, abi, _ = wheel.removesuffix(".whl").split("-")
    if (name.lower().replace("_", "-").replace(".", "-"), number) != (package, version):
        return False
    return python in abi.split(".") if python == "abi3t" else abi == python and interpreter in python


def modules(names: Iterable[str], python: str) -> dict[str, str]:
    """The members that an interpreter with that tag would load, by their module's name."""
    tag = python.removeprefix("cp")
    ends = (f".cpython-{tag}-darwin.so", f".cpython-{tag}-x86_64-linux-gnu.so", f".cp{tag}-win_amd64.pyd")
    return {
        module_of(name): name
        for name in names
        if name.endswith(ends)
        or (python == "abi3t" and name.partition(".")[2].startswith("abi3t"))
        or (name.endswith((".pyd", ".so")) and basename(name).count(".") == 1)
    }


def module_of(member: str) -> str:
    """``package/module.cpython-314t-….so`` as ``package/module``; what a wheel's data folder adds goes."""
    parts = member.split("/")
    if parts[0].endswith(".data"):
        parts = parts[2:]
    plain = "/".join(parts)
    return f"{dirname(plain)}/{basename(plain).partition('.')[0]}".lstrip("/")


def grouped(pairs: Iterable[tuple[K, V]]) -> dict[K, list[V]]:
    groups: dict[K, list[V]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return groups
