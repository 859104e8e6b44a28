"""What a project declares beside its lock: the indexes of its tool, and its own requirements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from ftaudit.model.markers import MAX_DEPTH, MAX_LENGTH
from ftaudit.model.project import DeclaredIndex, Edge
from ftaudit.model.text import short
from ftaudit.sources import limits
from ftaudit.sources.base import Document
from ftaudit.sources.reading.assemble import LONG_NUMBER
from ftaudit.sources.reading.table import Table, beside

_SHOWN = 10
"""Groups of a cycle that are named."""
_POETRY_ORDER = ("default", "primary", "secondary", "supplemental", "explicit")


def project_of(document: Document) -> Table | None:
    """The pyproject.toml in the folder of *document*, or None."""
    return beside(document, "pyproject.toml")


def uv_indexes(document: Document) -> tuple[DeclaredIndex, ...]:
    """uv's indexes, in the order in which uv asks them: a uv.toml replaces what pyproject.toml says of uv.

    https://docs.astral.sh/uv/concepts/indexes/ and https://docs.astral.sh/uv/concepts/configuration-files/
    """
    settings = beside(document, "uv.toml")
    if settings is None:
        project = project_of(document)
        if project is None:
            return ()
        settings = project.table("tool").table("uv")
    found = [
        DeclaredIndex(
            url=index.text("url"),
            name=index.maybe_text("name") or "",
            explicit=index.maybe_flag("explicit") or False,
            replaces_default=index.maybe_flag("default") or False,
            find_links=index.maybe_text("format") == "flat",
            tool="uv",
        )
        for index in settings.tables("index")
    ]
    found += [DeclaredIndex(url=url, tool="uv") for url in settings.texts("extra-index-url")]
    if default := settings.maybe_text("index-url"):
        found.append(DeclaredIndex(url=default, replaces_default=True, tool="uv"))
    found += [DeclaredIndex(url=url, find_links=True, tool="uv") for url in settings.texts("find-links")]
    return tuple(sorted(found, key=lambda index: index.replaces_default))


def poetry_indexes(project: Table | None) -> tuple[DeclaredIndex, ...]:
    """poetry's sources, by priority. One without a URL stands for the public index.

    A primary source takes the place of the public index, a supplemental one adds to it:
    https://python-poetry.org/docs/repositories/#package-sources
    """
    if project is None:
        return ()
    found = []
    for source in project.table("tool").table("poetry").tables("source"):
        priority = source.maybe_text("priority") or _old_priority(source)
        if priority not in _POETRY_ORDER:
            raise source.error("not a priority that poetry knows", "priority")
        index = DeclaredIndex(
            url=source.maybe_text("url") or "",
            name=source.text("name"),
            explicit=priority == "explicit",
            replaces_default=priority in ("default", "primary"),
            tool="poetry",
        )
        found.append((_POETRY_ORDER.index(priority), index))
    return tuple(index for _, index in sorted(found, key=lambda pair: pair[0]))


def _old_priority(source: Table) -> str:
    if source.maybe_flag("default"):
        return "default"
    return "secondary" if source.maybe_flag("secondary") else "primary"


def pdm_indexes(project: Table | None) -> tuple[DeclaredIndex, ...]:
    """pdm's sources; one that is named ``pypi`` takes the place of the public index.

    https://pdm-project.org/en/latest/usage/config/#configure-the-package-indexes
    and, for the names that a source is asked for,
    https://pdm-project.org/en/latest/usage/config/#specify-index-for-individual-packages
    """
    if project is None:
        return ()
    return tuple(
        DeclaredIndex(
            url=source.text("url"),
            name=source.maybe_text("name") or "",
            replaces_default=source.maybe_text("name") == "pypi",
            find_links=source.maybe_text("type") == "find_links",
            tool="pdm",
            only=source.texts("include_packages"),
            never=source.texts("exclude_packages"),
        )
        for source in project.table("tool").table("pdm").tables("source")
    )


def own_name(project: Table) -> str | None:
    """The normalised name of the project itself, or None where it has none."""
    poetry = project.table("tool").table("poetry")
    name = project.table("project").maybe_text("name") or poetry.maybe_text("name")
    return canonicalize_name(name) if name else None


def requirements_of(project: Table) -> Iterator[Edge]:
    """The requirements of ``[project]`` with its extras, and of ``[dependency-groups]`` (PEP 621, 735)."""
    metadata = project.table("project")
    for index, text in enumerate(metadata.texts("dependencies")):
        yield requirement(metadata, text, f"dependencies[{index}]")
    optional = metadata.table("optional-dependencies")
    for extra in optional:
        for index, text in enumerate(optional.texts(extra)):
            yield requirement(optional, text, f"{extra}[{index}]", extra=label(extra))
    yield from _dependency_groups(project.table("dependency-groups"))


def label(text: str) -> str:
    """The normalised name of an extra or a group, fit to be shown."""
    return short(canonicalize_name(text))


def pdm_dev_requirements(project: Table) -> Iterator[Edge]:
    """``[tool.pdm.dev-dependencies]``, from before PEP 735; editable ones are the project's own code."""
    groups = project.table("tool").table("pdm").table("dev-dependencies")
    for group in groups:
        for index, text in enumerate(groups.texts(group)):
            if not text.startswith("-e "):
                yield requirement(groups, text, f"{group}[{index}]", group=label(group))


def uv_dev_requirements(project: Table) -> Iterator[Edge]:
    """``dev-dependencies`` of ``[tool.uv]``: the group ``dev``, from before PEP 735."""
    uv = project.table("tool").table("uv")
    for index, text in enumerate(uv.texts("dev-dependencies")):
        yield requirement(uv, text, f"dev-dependencies[{index}]", group="dev")


def _dependency_groups(groups: Table) -> Iterator[Edge]:
    names: dict[str, str] = {}
    for name in groups:
        if names.setdefault(canonicalize_name(name), name) != name:
            raise groups.error("the name of another dependency group, spelt in another way", name)
    given = 0
    if len(names) > limits.GROUPS:
        raise groups.error(f"more than {limits.GROUPS} dependency groups")
    for group, name in names.items():
        found: dict[str, None] = {}
        # Each group is looked into once for each other: what includes what twice would else grow without end.
        waiting, by = [group], {group: ""}
        while waiting:
            one = waiting.pop()
            included, texts = _group_items(groups, names[one])
            found.update(dict.fromkeys(texts))
            for other in included:
                if other == group:
                    around = " -> ".join((*_way(one, by), group))
                    raise groups.error(f"a cyclic dependency group: {around}", name)
                if other not in names:
                    raise groups.error(f"includes {short(other)}, which is no group", names[one])
                if other not in by:
                    by[other] = one
                    waiting.append(other)
            given += len(texts)
            if given > limits.PROJECT_REQUIREMENTS:
                raise groups.error(f"more than {limits.PROJECT_REQUIREMENTS} requirements")
        for text in found:
            yield requirement(groups, text, name, group=short(group))


def _way(group: str, by: Mapping[str, str]) -> tuple[str, ...]:
    """How *group* is come to: the groups on the way, each included by (*by*) the one before it."""
    way = [group]
    while way[-1] and by[way[-1]]:
        way.append(by[way[-1]])
    names = [short(name) for name in reversed(way)]
    return tuple(names if len(names) <= _SHOWN else [*names[: _SHOWN - 1], "…", names[-1]])


def _group_items(groups: Table, name: str) -> tuple[list[str], list[str]]:
    """The normalised names of the groups that a dependency group includes, and its requirements."""
    items = groups.values[name]
    included, texts = [], []
    for index, item in enumerate(items if isinstance(items, list) else [None]):
        if isinstance(item, str):
            texts.append(item)
        elif isinstance(item, dict) and isinstance(item.get("include-group"), str):
            included.append(str(canonicalize_name(item["include-group"])))
        else:
            raise groups.error("must be an array of requirements and included groups", f"{name}[{index}]")
    return included, texts


def requirement(
    table: Table, text: str, key: str, *, extra: str | None = None, group: str | None = None
) -> Edge:
    """The PEP 508 requirement *text*, found at *key* of *table*, as an edge; raises `InputError`."""
    try:
        edge = _edge(text)
    except InvalidRequirement:
        raise table.error(f'invalid requirement "{short(text)}"', key) from None
    return replace(edge, extra=extra, group=group) if extra or group else edge


@lru_cache(maxsize=4096)  # packages ask for the same things in the same words, and parsing takes long
def _edge(text: str) -> Edge:
    if len(text) > MAX_LENGTH or text.count("(") > MAX_DEPTH or LONG_NUMBER.search(text):
        raise InvalidRequirement
    parsed = Requirement(text)
    return Edge(
        name=canonicalize_name(parsed.name),
        specifier=str(parsed.specifier),
        marker=str(parsed.marker) if parsed.marker else None,
        extras=tuple(sorted(map(canonicalize_name, parsed.extras))),
    )


def specifier(table: Table, key: str) -> str | None:
    """The PEP 440 specifier at *key* of *table*, or None where there is none; raises `InputError`."""
    text = table.maybe_text(key)
    if not text:
        return None
    try:
        SpecifierSet(text)
    except InvalidSpecifier:
        valid = False
    else:
        # ``===`` takes whatever follows it.
        valid = text.isprintable() and len(text) <= limits.SPECIFIER
    if not valid:
        raise table.error(f'invalid version specifier "{short(text)}"', key)
    return text
