"""What a pyproject.toml asks poetry for.

https://python-poetry.org/docs/pyproject/ and https://python-poetry.org/docs/managing-dependencies/
"""

from __future__ import annotations

from collections.abc import Iterator

from packaging.utils import canonicalize_name

from ftaudit.model.markers import MarkerError, parse
from ftaudit.model.project import Edge
from ftaudit.model.text import short
from ftaudit.sources.locks.poetry_specifiers import to_pep440
from ftaudit.sources.reading.assemble import checked_name
from ftaudit.sources.reading.declared import label, requirements_of
from ftaudit.sources.reading.table import Table, as_tables


def poetry_requirements(project: Table) -> Iterator[Edge]:
    """The requirements of the project and of its groups; ``[tool.poetry.dependencies]`` only enriches those
    of ``[project]`` where there are such."""
    poetry = project.table("tool").table("poetry")
    metadata = project.table("project")
    yield from requirements_of(project)
    if "dependencies" not in metadata or "dependencies" in metadata.texts("dynamic"):
        by_extra = _extras(poetry)
        for edge in _dependencies(poetry.table("dependencies"), None):
            extras = by_extra.get(edge.name, ())
            yield from [_of_extra(edge, extra) for extra in extras] or [edge]
    yield from _dependencies(poetry.table("dev-dependencies"), "dev")
    groups = poetry.table("group")
    for group in groups:
        yield from _dependencies(groups.table(group).table("dependencies"), short(group))


def poetry_groups(project: Table) -> dict[str, bool]:
    """The groups of the project, and whether each is optional (installed only when it is named)."""
    poetry = project.table("tool").table("poetry")
    groups = poetry.table("group")
    found = dict.fromkeys((label(name) for name in project.table("dependency-groups")), False)
    if "dev-dependencies" in poetry:
        found["dev"] = False
    for name in groups:
        found[label(name)] = groups.table(name).maybe_flag("optional") or False
    return found


def poetry_extras(project: Table) -> tuple[str, ...]:
    """The extras of the project."""
    optional = project.table("project").table("optional-dependencies")
    return tuple(map(label, (*optional, *project.table("tool").table("poetry").table("extras"))))


def _of_extra(edge: Edge, extra: str) -> Edge:
    return Edge(name=edge.name, specifier=edge.specifier, marker=edge.marker, extras=edge.extras, extra=extra)


def _extras(poetry: Table) -> dict[str, list[str]]:
    """The extras that name an optional dependency, by its name."""
    found: dict[str, list[str]] = {}
    extras = poetry.table("extras")
    for extra in extras:
        for name in extras.texts(extra):
            found.setdefault(canonicalize_name(name), []).append(short(canonicalize_name(extra)))
    return found


def _dependencies(table: Table, group: str | None) -> Iterator[Edge]:
    for name, value in table.values.items():
        if name == "python":
            continue
        normal = checked_name(table, name, name)
        items = value if isinstance(value, list) else [value]
        items = [{"version": item} if isinstance(item, str) else item for item in items]
        for constraint in as_tables(table, name, items):
            yield Edge(
                name=normal,
                specifier=to_pep440(constraint.maybe_text("version") or "") or "",
                marker=_marker(constraint),
                extras=tuple(short(canonicalize_name(extra)) for extra in constraint.texts("extras")),
                group=group,
            )


def _marker(constraint: Table) -> str | None:
    """What ``markers``, ``python`` and ``platform`` say together, or None where that is not clear."""
    parts = []
    if markers := constraint.maybe_text("markers"):
        parts.append(f"({markers})")
    if python := to_pep440(constraint.maybe_text("python") or ""):
        for part in python.split(","):
            operator = part.rstrip("0123456789.*abcrdevpost+!")
            parts.append(f'python_full_version {operator} "{part[len(operator) :]}"')
    if platform := constraint.maybe_text("platform"):
        parts.append(f'sys_platform == "{platform}"')
    text = " and ".join(parts)
    try:
        return str(parse(text)) if text else None
    except MarkerError:
        return None
