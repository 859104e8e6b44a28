"""Writes the pages of this folder that repeat what the program says: `python docs/generate.py`, by hand.

``tests/test_docs.py`` holds the pages against what it would write.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import ftaudit.render
from ftaudit.explain import rule_pages
from ftaudit.model.pages import KINDS, PAGES, Page

HERE = Path(__file__).parent
NOTE = "<!-- Written by docs/generate.py: change what it reads, and run it again. -->"
SCHEMA = Path(ftaudit.render.__file__).with_name("report-v1.schema.json")


def statuses() -> str:
    """The words of a verdict."""
    titles = {
        "status": "Statuses",
        "install": "What an installer would pick",
        "gil": "What importing does",
        "remedy": "Remedies",
        "term": "Other words",
    }
    lines = ["# Statuses", "", NOTE, "", "Each of these pages is also what `ftaudit explain NAME` prints."]
    for kind, title in titles.items():
        lines += ["", f"## {title}", "", KINDS[kind], ""]
        pages = [page for page in PAGES if page.kind == kind]
        lines += ["| name | meaning |", "|---|---|"]
        lines += [f"| `{page.name}` | {page.summary} |" for page in pages]
        lines += [line for page in pages for line in _section(page)]
    return "\n".join(lines) + "\n"


def exit_statuses() -> str:
    """The exit statuses."""
    pages = [page for page in PAGES if page.kind == "exit"]
    lines = ["# Exit statuses", "", NOTE, "", KINDS["exit"], "", "| exit | meaning |", "|---|---|"]
    lines += [f"| {page.name} | {page.summary} |" for page in pages]
    lines += [line for page in pages for line in _section(page)]
    return "\n".join(lines) + "\n"


def rules() -> str:
    """Every rule's page."""
    lines = ["# Rules", "", NOTE, "", "Each of these pages is also what `ftaudit explain RULE` prints."]
    for page in rule_pages():
        lines += ["", f"## `{page.name}`", "", page.summary, ""]
        for line in page.text.splitlines():
            lines += [f"### {line}", ""] if line[:1].strip() else [line.strip()]
    return "\n".join(lines) + "\n"


def report() -> str:
    """The JSON report, from its schema."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    lines = ["# The JSON report, version 1", "", NOTE, "", schema["description"], ""]
    lines += [
        "Its schema (JSON Schema 2020-12) lies in the package: `ftaudit/render/report-v1.schema.json`.",
        "The same facts give the same bytes. All that is not ASCII is escaped; times end with `Z`.",
        "",
    ]
    lines += _table("report", schema)
    for name, definition in schema["$defs"].items():
        if "properties" in definition:
            lines += _table(name, definition)
        else:
            lines += [f"## {name}", "", f"{definition['description']} {_values(definition)}", ""]
    return "\n".join(lines).rstrip() + "\n"


PAGES_WRITTEN: Mapping[str, Callable[[], str]] = {
    "statuses.md": statuses,
    "exit-status.md": exit_statuses,
    "rules.md": rules,
    "json.md": report,
}


def _section(page: Page) -> list[str]:
    return ["", f"### {page.name}: {page.summary}", "", page.text]


def _table(name: str, definition: Mapping[str, Any]) -> list[str]:
    rows = [f"| `{key}` | {kind} | {meaning} |" for key, kind, meaning in _keys(definition)]
    about = [] if name == "report" else [definition["description"], ""]
    return [f"## {name}", "", *about, "| key | type | meaning |", "|---|---|---|", *rows, ""]


def _keys(definition: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str, str]]:
    for key, inner in definition["properties"].items():
        meaning = f"{inner.get('description', '')} {_values(inner)}".strip()
        yield prefix + key, _kind(inner), meaning
        if "properties" in inner:
            yield from _keys(inner, f"{prefix}{key}.")


def _kind(schema: Mapping[str, Any]) -> str:
    """The type in words, with links to the tables of this page."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name})"
    if "anyOf" in schema:
        arms = [_kind(arm) for arm in schema["anyOf"] if "enum" not in arm]
        return " or ".join(arms)
    if "const" in schema:
        return f"`{schema['const']}`"
    if schema["type"] == "array":
        return f"list of {_kind(schema['items'])}"
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return " or ".join(types)


def _values(schema: Mapping[str, Any]) -> str:
    values = [value for arm in schema.get("anyOf", ()) for value in arm.get("enum", ())]
    return f"One of {', '.join(f'`{value}`' for value in values)}." if values else ""


if __name__ == "__main__":
    for file_name, write in PAGES_WRITTEN.items():
        (HERE / file_name).write_text(write(), encoding="utf-8", newline="\n")
