"""Makes the modules of ftaudit/knowledge from the tables beside this file: ``python data/build.py``."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

TABLES = {
    "interpreter": "InterpreterRow",
    "platform": "PlatformRow",
    "classifier": "ClassifierRow",
    "generator": "GeneratorRow",
    "stable_abi": "StableAbiRow",
}
"""The kind of row of each table, and the class that holds it. The file is the kind's plural."""
APART = frozenset({"stable_abi"})
"""Tables that are large and not needed by every run: each has a module of its own, named after the file."""
FOLDER = Path(__file__).resolve().parent.parent / "ftaudit" / "knowledge"
WIDTH = 110

Value = str | int | bool | list["Value"]
Row = dict[str, Value]

HEADER = '''"""Curated tables. Made by data/build.py from data/*.toml: change those, and run it."""

from __future__ import annotations

from ftaudit.knowledge.rows import {classes}
'''
AGE = '''
KNOWLEDGE_AS_OF = "{as_of}"
"""The date of the newest row of any table."""
'''


def read(folder: Path, kind: str) -> list[Row]:
    """The rows of one table, each date as ISO text."""
    with (folder / f"{kind}s.toml").open("rb") as file:
        rows = tomllib.load(file)[kind]
    return [row | {"as_of": row["as_of"].isoformat()} for row in rows]


def literal(value: Value) -> str:
    """*value* as Python source."""
    if isinstance(value, str) and "\n" in value:
        return f'"""\\\n{value}"""'
    if isinstance(value, list):
        items = ", ".join(map(literal, value))
        return f"({items},)" if len(value) == 1 else f"({items})"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def field(name: str, value: Value) -> list[str]:
    """The lines of one argument, as the formatter has them."""
    line = f"        {name}={literal(value)},"
    if len(line) <= WIDTH or not isinstance(value, list):
        return [line]
    return [f"        {name}=(", *(f"            {literal(item)}," for item in value), "        ),"]


def constant(kind: str, rows: list[Row]) -> list[str]:
    """The lines of one table."""
    lines = ["", f"{kind.upper()}S: tuple[{TABLES[kind]}, ...] = ("]
    for row in rows:
        fields = [line for name, value in row.items() for line in field(name, value)]
        lines += [f"    {TABLES[kind]}(", *fields, "    ),"]
    return [*lines, ")"]


def tables(folder: Path) -> dict[str, str]:
    """The text of each module, by its file name."""
    rows = {kind: read(folder, kind) for kind in TABLES}
    newest = max(str(row["as_of"]) for table in rows.values() for row in table)
    together = [kind for kind in TABLES if kind not in APART]
    start = header(together) + AGE.format(as_of=newest)
    made = {"tables.py": start + "\n".join(line for kind in together for line in constant(kind, rows[kind]))}
    made |= {f"{kind}s.py": header([kind]) + "\n".join(constant(kind, rows[kind])) for kind in APART}
    return {name: f"{text}\n" for name, text in made.items()}


def header(kinds: list[str]) -> str:
    """The first lines of a module of these tables, with its imports as the formatter has them."""
    classes = sorted(TABLES[kind] for kind in kinds)
    line = ", ".join(classes)
    if len(line) > WIDTH - len("from ftaudit.knowledge.rows import "):
        line = "(\n" + "".join(f"    {name},\n" for name in classes) + ")"
    return HEADER.format(classes=line)


if __name__ == "__main__":
    for name, text in tables(Path(__file__).resolve().parent).items():
        (FOLDER / name).write_text(text, encoding="utf-8")
