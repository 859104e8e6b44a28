"""pyproject.toml: what a project asks for. None of it is a pin, not even ``==``: what that leads to is open.

``[project]`` with its extras, ``[dependency-groups]`` (PEP 621, 735), and the tables that poetry, pdm and uv
had before these: https://packaging.python.org/en/latest/specifications/pyproject-toml/
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from ftaudit.errors import InputError
from ftaudit.model.project import Choices, Edge, Problem, Reading
from ftaudit.sources import limits
from ftaudit.sources.base import Document, Format, Kind
from ftaudit.sources.locks.poetry_project import poetry_requirements
from ftaudit.sources.locks.poetry_specifiers import to_pep440
from ftaudit.sources.projects.unlocked import RULE, unlocked
from ftaudit.sources.reading.declared import (
    label,
    own_name,
    pdm_dev_requirements,
    specifier,
    uv_dev_requirements,
)
from ftaudit.sources.reading.decode import parse_toml, text_of
from ftaudit.sources.reading.sniff import has_line, named
from ftaudit.sources.reading.table import Table

_NAME = "pyproject.toml"
_ADVICE = "lock the project (uv lock, poetry lock, pdm lock, pip lock) and audit the lock"
_KEYS = (b"dependencies", b"optional-dependencies", b"requires-python", b"dynamic")
"""Of ``[project]``: a pixi.toml has such a table too, and none of these in it."""


def _score(document: Document) -> int:
    content = document.content
    if has_line(content, b"[dependency-groups]"):
        return 2
    if has_line(content, b"[project]") and any(has_line(content, key) for key in _KEYS):
        return 2
    return int(named(document, (_NAME,)))


def read(document: Document) -> Reading:
    """What the project asks for, with the groups and extras that there are; ``pins`` is empty.

    Dependencies that are dynamic are the problem ``unpinned-requirement``: nothing is built to know them.
    """
    if len(document.content) > limits.PROJECT_FILE:
        most = f"{limits.PROJECT_FILE // limits.MB} MB"
        raise InputError(document.path, f"larger than {most}, the limit for a pyproject.toml")
    # One that is empty or only configures tools is as good as any: it asks for nothing.
    top = Table(document.path, "", parse_toml(document.path, text_of(document.path, document.content)))
    asked = tuple(islice(_requirements(top), limits.PROJECT_REQUIREMENTS + 1))
    return unlocked(
        document,
        _NAME,
        asked,
        advice=_ADVICE,
        own_name=own_name(top),
        requires_python=_requires_python(top),
        choices=_choices(top, asked),
        problems=tuple(_dynamic(top)),
    )


def _choices(top: Table, asked: Sequence[Edge]) -> Choices:
    """Every group and extra, also one without requirements."""
    groups = (*map(label, top.table("dependency-groups")), *(edge.group for edge in asked if edge.group))
    optional = top.table("project").table("optional-dependencies")
    extras = (*map(label, optional), *(edge.extra for edge in asked if edge.extra))
    return Choices(groups=tuple(dict.fromkeys(groups)), extras=tuple(dict.fromkeys(extras)))


def _requirements(top: Table) -> Iterator[Edge]:
    yield from poetry_requirements(top)
    yield from pdm_dev_requirements(top)
    yield from uv_dev_requirements(top)


def _requires_python(top: Table) -> str | None:
    """``requires-python``, or what poetry's table has in its place."""
    poetry = top.table("tool").table("poetry").table("dependencies")
    python = poetry.values.get("python")
    return specifier(top.table("project"), "requires-python") or (
        to_pep440(python) if isinstance(python, str) else None
    )


def _dynamic(top: Table) -> Iterator[Problem]:
    """What the build decides, which is never run; poetry's table, where it is used, has the dependencies."""
    dynamic = top.table("project").texts("dynamic")
    of_poetry = "dependencies" in top.table("tool").table("poetry")
    for key in ("dependencies", "optional-dependencies"):
        if key in dynamic and not (of_poetry and key == "dependencies"):
            message = f"project.{key} are dynamic: the build decides, and nothing is built to know them"
            yield Problem(input=top.path, rule=RULE, message=message)


FORMAT = Format(
    name=_NAME,
    about="what a project asks for: dependencies, extras and dependency groups; not pins, and said so",
    file_names=(_NAME,),
    score=_score,
    read=read,
    kind=Kind.DECLARED,
)
