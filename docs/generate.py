"""Writes what the documentation repeats of the program: `python docs/generate.py`, by hand.

Some pages are written whole (`PAGES_WRITTEN`); in others a block between ``<!-- NAME: … -->`` and
``<!-- /NAME -->`` is (`BLOCKS`). ``tests/test_docs.py`` holds both against what this would write.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from typer.main import get_command

import ftaudit.render
from ftaudit.cli.app import app
from ftaudit.explain import rule_pages
from ftaudit.knowledge.tables import GENERATORS
from ftaudit.model.page import Page
from ftaudit.model.pages import KINDS, PAGES
from ftaudit.sources import limits
from ftaudit.sources.base import Format, Opens
from ftaudit.sources.registry import formats, holders

HERE = Path(__file__).parent
ROOT = HERE.parent
NOTE = "<!-- Written by docs/generate.py: change what it reads, and run it again. -->"
RENDER = Path(ftaudit.render.__file__).parent


def statuses() -> str:
    """The words of a verdict."""
    titles = {
        "status": "Statuses",
        "install": "What an installer would pick",
        "gil": "What importing does",
        "declaration": "Declarations",
        "how": "How a declaration was found",
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
    return _document("The JSON report, version 1", "report", "report-v1.schema.json")


def inspection() -> str:
    """What `ftaudit inspect` writes as JSON, from its schema."""
    return _document("The JSON of an inspection, version 1", "inspection", "inspect-v1.schema.json")


def _document(title: str, name: str, file: str) -> str:
    schema = json.loads((RENDER / file).read_text(encoding="utf-8"))
    lines = [f"# {title}", "", NOTE, "", schema["description"], ""]
    lines += [
        f"Its schema (JSON Schema 2020-12) lies in the package: `ftaudit/render/{file}`.",
        "The same facts give the same bytes. All that is not ASCII is escaped; times end with `Z`.",
        "",
    ]
    lines += _table(name, schema, said=True)
    for name, definition in schema["$defs"].items():
        if "properties" in definition:
            lines += _table(name, definition)
        else:
            lines += [f"## {name}", "", f"{definition['description']} {_values(definition)}".rstrip(), ""]
    return "\n".join(lines).rstrip() + "\n"


def options() -> str:
    """The options of every command, from its parser."""
    lines = ["# Options", "", NOTE, "", "What `ftaudit COMMAND --help` prints."]
    for name, command in _commands(get_command(app), "ftaudit"):
        lines += ["", f"## `{name}`", "", command.help]
        rows = [row for parameter in command.params if (row := _parameter(parameter))]
        if rows:
            lines += ["", "| | | default |", "|---|---|---|", *rows]
    return "\n".join(lines) + "\n"


def inputs() -> str:
    """What is read: the formats, and what holds several inputs."""
    rows = [
        f"| {form.name} | {form.about} | {_recognised(form, opens)} |"
        for opens in (Opens.CONTENT, Opens.FOLDER, Opens.PLACE)
        for form in formats(opens)
    ]
    rows += [f"| {holder.name} | {holder.about} | what is in it or beside it |" for holder in holders()]
    return "\n".join(["| input | what it is | recognised by |", "|---|---|---|", *rows])


def reading() -> str:
    """How much is read of an input."""
    mb, gb = limits.MB, limits.GB
    rows = (
        ("bytes of a file", f"{limits.FILE // mb} MB"),
        (
            "bytes of requirements",
            f"{limits.REQUIREMENTS_FILE // mb} MB a file, {limits.INCLUDED_BYTES // mb} MB in all",
        ),
        (
            "bytes of an environment.yml, of a script's head",
            f"{limits.ENVIRONMENT_FILE // mb} MB, {limits.SCRIPT_HEAD // mb} MB",
        ),
        (
            "bytes of a line, levels of nesting, values",
            f"{limits.LINE // mb} MB, {limits.DEPTH}, {limits.NODES:,}",
        ),
        ("pins of one input, edges between them", f"{limits.PINS:,}, {limits.EDGES:,}"),
        ("requirements, files that they include", f"{limits.REQUIREMENTS:,}, {limits.INCLUDED_FILES}"),
        (
            "files and folders below a folder of projects, levels",
            f"{limits.WALK_ENTRIES:,}, {limits.WALK_DEPTH}",
        ),
        ("inputs in a folder of projects", f"{limits.WALK_INPUTS:,}"),
        ("bytes of a wheel, members of an archive", f"{limits.WHEEL // gb} GB, {limits.ARCHIVE_MEMBERS:,}"),
        ("layers of an image, bytes of one inflated", f"{limits.LAYERS}, {limits.LAYER // gb} GB"),
        ("files of an image, images in an archive", f"{limits.TREE_ENTRIES:,}, {limits.IMAGES}"),
        ("bytes put into the private folder", f"{limits.SCRATCH // gb} GB"),
    )
    return "\n".join(["| of | at most |", "|---|---|", *(f"| {of} | {most} |" for of, most in rows)])


def generators() -> str:
    """What an author adds, by generator."""
    rows = [
        f"| {row.name or 'written by hand'} | `{row.advice}` | [{row.note}]({row.source}) |"
        for row in GENERATORS
    ]
    return "\n".join(["| generator | the line to add | |", "|---|---|---|", *rows])


def example() -> str:
    """The head of the sample report."""
    lines = (ROOT / "reports" / "example.txt").read_text(encoding="utf-8").splitlines()
    return "\n".join(["```text", *lines[:SAMPLE_LINES], "…", "```"])


PAGES_WRITTEN: Mapping[str, Callable[[], str]] = {
    "statuses.md": statuses,
    "exit-status.md": exit_statuses,
    "rules.md": rules,
    "json.md": report,
    "inspect-json.md": inspection,
    "options.md": options,
}
BLOCKS: Mapping[str, Callable[[], str]] = {
    "inputs": inputs,
    "limits": reading,
    "generators": generators,
    "example": example,
}
WITH_BLOCKS = (ROOT / "README.md", HERE / "inputs.md", HERE / "binaries.md")
SAMPLE_LINES = 24
SHOWN_NAMES = 5

_BLOCK = re.compile(r"(<!-- (\w+): [^\n]*-->\n).*?(<!-- /\2 -->)", re.DOTALL)


def filled(text: str) -> str:
    """*text* with every block in it written anew."""
    return _BLOCK.sub(lambda block: f"{block[1]}{BLOCKS[block[2]]()}\n{block[3]}", text)


def _commands(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    """*command* and those below it. (The parser's own types are private to typer, hence `Any`.)"""
    yield name, command
    for below, inner in getattr(command, "commands", {}).items():
        yield from _commands(inner, f"{name} {below}")


def _parameter(parameter: Any) -> str:
    """The row of an option or an argument; nothing for those that the parser itself answers."""
    if not parameter.expose_value:
        return ""
    about, _, stated = parameter.help.partition(" [default: ")
    name = parameter.metavar if parameter.param_type_name == "argument" else ", ".join(parameter.opts)
    if parameter.param_type_name == "option" and parameter.metavar:
        name += f" {parameter.metavar}"
    fixed = "" if parameter.default in (None, False) else str(parameter.default)
    name = name.replace("|", "\\|")
    return f"| `{name}` | {about} | {stated.rstrip(']') or fixed} |"


def _recognised(form: Format, opens: Opens) -> str:
    """How a file of the format is found: content first, name second."""
    shown = [f"`{name}`" for name in form.file_names[:SHOWN_NAMES]]
    names = ", ".join(shown if len(shown) == len(form.file_names) else [*shown, "…"])
    match opens:
        case Opens.CONTENT:
            return f"its content; in a folder {names}" if names else "its content"
        case Opens.FOLDER:
            return f"what is in the folder: {names or 'wheels'}"
        case _:
            return names


def _section(page: Page) -> list[str]:
    return ["", f"### {page.name}: {page.summary}", "", page.text]


def _table(name: str, definition: Mapping[str, Any], *, said: bool = False) -> list[str]:
    """The keys of an object; *said* tells that its description stands above already."""
    rows = [f"| `{key}` | {kind} | {meaning} |" for key, kind, meaning in _keys(definition)]
    about = [] if said else [definition["description"], ""]
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
    for page in WITH_BLOCKS:
        page.write_text(filled(page.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
