"""Values of the model in one line each."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ftaudit.model.binary import Contents
from ftaudit.model.evidence import (
    CoreMetadata,
    IndexFile,
    Missing,
    ProjectPage,
    ProjectStatus,
    Release,
)
from ftaudit.model.project import (
    INDEX,
    Edge,
    ListedFile,
    MadeFor,
    Origin,
    Pin,
    Problem,
    Reading,
    Source,
    SourceKind,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOST = "https://index.example/simple/"


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def file(name: str, **values: object) -> IndexFile:
    """A file of the example index, named *name*."""
    given = {"url": f"https://files.example/{name}", "index": HOST, "sha256": sha(name), **values}
    return IndexFile(name=name, **given)  # type: ignore[arg-type]


def release(*names: str | IndexFile, name: str = "x", version: str = "1.0", **values: object) -> Release:
    """A release with files of these names."""
    files = tuple(file(n) if isinstance(n, str) else n for n in names)
    given = {"files": files, "as_of": NOW, "indexes": (HOST,), **values}
    return Release(name=name, version=version, **given)  # type: ignore[arg-type]


def pin(
    name: str = "x",
    version: str = "1.0",
    *,
    kind: SourceKind = SourceKind.INDEX,
    location: str = "",
    listed: Sequence[str | ListedFile] = (),
    needs: Sequence[Edge] | None = None,
    marker: str | None = None,
    direct: bool | None = None,
    **values: object,
) -> Pin:
    """A pin of ``lock``, at line 1."""
    given = {
        "source": Source(kind=kind, location=location) if kind is not SourceKind.INDEX or location else INDEX,
        "files": tuple(ListedFile(name=f) if isinstance(f, str) else f for f in listed),
        "dependencies": None if needs is None else tuple(needs),
        "origins": (Origin(input="lock", path="lock", line=1, marker=marker, direct=direct),),
        **values,
    }
    return Pin(name=name, version=version, **given)  # type: ignore[arg-type]


def edge(name: str, **values: object) -> Edge:
    return Edge(name=name, **values)  # type: ignore[arg-type]


def reading(*pins: Pin, closed: bool = True, made_for: MadeFor | None = None, **values: object) -> Reading:
    """A lock that holds *pins*; one with a project of its own says what is asked for (by its edges)."""
    given = {
        "roots": () if any(one.local for one in pins) else None,
        "format": "test",
        "sha256": sha("lock"),
        "closed": closed,
        "made_for": made_for,
        **values,
    }
    return Reading(input="lock", pins=pins, **given)  # type: ignore[arg-type]


def metadata(*requires: str, name: str = "x", version: str = "1.0", **values: object) -> CoreMetadata:
    given = {"requires_dist": requires, "source": HOST, "as_of": NOW, **values}
    return CoreMetadata(name=name, version=version, **given)  # type: ignore[arg-type]


def page(
    *names: str | IndexFile,
    name: str = "x",
    status: ProjectStatus = ProjectStatus.ACTIVE,
    unread: Sequence[Missing] = (),
) -> ProjectPage:
    """The page of a project, with files of these names."""
    files = tuple(file(n) if isinstance(n, str) else n for n in names)
    return ProjectPage(
        name=name, files=files, as_of=NOW, indexes=(HOST,), status=status, unread=tuple(unread)
    )


@dataclass(frozen=True)
class FakeIndex:
    """An index that is a dictionary. A name that is not in it was never listed."""

    pages: dict[str, ProjectPage | Missing] = field(default_factory=dict)
    metadatas: dict[str, CoreMetadata | Missing] = field(default_factory=dict)
    wheels: dict[str, Contents | Missing] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def page(self, name: str, source: Source, inputs: Sequence[str]) -> ProjectPage | Missing:
        self.asked.append(name)
        missing = Missing(what="release", why=f"{HOST} does not list {name}", kind="name-not-listed")
        return self.pages.get(name, missing)

    def metadata(self, file: IndexFile) -> CoreMetadata | Missing:
        self.asked.append(file.name)
        return self.metadatas.get(file.name) or self.metadatas.get(
            file.name.split("-")[0], Missing(what="metadata", why="none is offered", kind="no-metadata")
        )

    def contents(self, file: IndexFile) -> Contents | Missing:
        missing = Missing(what="modules", why="modules not read", kind="modules-not-read")
        return self.wheels.get(file.name, missing)


def by_rule(problems: Sequence[Problem]) -> dict[str, list[str]]:
    """The messages of *problems* by their rule."""
    found: dict[str, list[str]] = {}
    for problem in problems:
        found.setdefault(problem.rule, []).append(problem.message)
    return found
