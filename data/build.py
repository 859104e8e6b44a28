"""Makes ftaudit/knowledge/tables.py from the tables beside this file: ``python data/build.py``."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

TABLES = {"interpreter": "InterpreterRow", "platform": "PlatformRow", "classifier": "ClassifierRow"}
"""The kind of row of each table, and the class that holds it. The file is the kind's plural."""
TARGET = Path(__file__).resolve().parent.parent / "ftaudit" / "knowledge" / "tables.py"
WIDTH = 110

Value = str | int | bool | list["Value"]
Row = dict[str, Value]

HEADER = '''"""The curated tables. Made by data/build.py from data/*.toml: change those, and run it."""

from __future__ import annotations

from ftaudit.knowledge.rows import {classes}

KNOWLEDGE_AS_OF = "{as_of}"
"""The date of the newest row."""
'''


def read(folder: Path, kind: str) -> list[Row]:
    """The rows of one table, each date as ISO text."""
    with (folder / f"{kind}s.toml").open("rb") as file:
        rows = tomllib.load(file)[kind]
    return [row | {"as_of": row["as_of"].isoformat()} for row in rows]


def literal(value: Value) -> str:
    """*value* as Python source."""
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


def tables(folder: Path) -> str:
    """The text of the module."""
    read_tables = {kind: read(folder, kind) for kind in TABLES}
    newest = max(str(row["as_of"]) for rows in read_tables.values() for row in rows)
    lines = [HEADER.format(classes=", ".join(sorted(TABLES.values())), as_of=newest)]
    for kind, rows in read_tables.items():
        lines.append(f"{kind.upper()}S: tuple[{TABLES[kind]}, ...] = (")
        for row in rows:
            fields = [line for name, value in row.items() for line in field(name, value)]
            lines += [f"    {TABLES[kind]}(", *fields, "    ),"]
        lines += [")", ""]
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    TARGET.write_text(tables(Path(__file__).resolve().parent), encoding="utf-8")
