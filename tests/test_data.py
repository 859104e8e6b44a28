"""The tables: what ships is what data/ says, and every row has its source and date."""

from __future__ import annotations

import runpy
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ftaudit.knowledge import tables
from tests.shared import ROOT

DATA = ROOT / "data"
BUILD = runpy.run_path(str(DATA / "build.py"))
ROWS = [
    pytest.param(row, id=f"{kind} {number}")
    for kind in BUILD["TABLES"]
    for number, row in enumerate(tomllib.loads((DATA / f"{kind}s.toml").read_text(encoding="utf-8"))[kind])
]


def test_the_module_is_what_the_tables_make() -> None:
    assert BUILD["TARGET"].read_text(encoding="utf-8") == BUILD["tables"](DATA)


def test_every_table_is_built() -> None:
    assert {path.stem for path in DATA.glob("*.toml")} == {f"{kind}s" for kind in BUILD["TABLES"]}


@pytest.mark.parametrize("row", ROWS)
def test_a_row_has_its_source_and_date(row: dict[str, Any]) -> None:
    assert row["source"].startswith("https://")
    assert date(2026, 1, 1) <= row["as_of"] < date(2100, 1, 1)


def test_a_changed_row_changes_the_module(tmp_path: Path) -> None:
    for path in DATA.glob("*.toml"):
        text = path.read_text(encoding="utf-8")
        (tmp_path / path.name).write_text(text.replace("as_of = 2026-11-22", "as_of = 2027-01-05", 1))
    changed = BUILD["tables"](tmp_path)
    assert 'KNOWLEDGE_AS_OF = "2027-01-05"' in changed
    assert changed.count('as_of="2027-01-05"') == len(BUILD["TABLES"])


def test_the_age_of_the_knowledge_is_that_of_its_newest_row() -> None:
    dates = {row.as_of for row in tables.INTERPRETERS} | {row.as_of for row in tables.PLATFORMS}
    dates |= {row.as_of for row in tables.CLASSIFIERS}
    assert max(dates) == tables.KNOWLEDGE_AS_OF


def test_names_and_levels_are_unique() -> None:
    for values in (
        [row.python for row in tables.INTERPRETERS],
        [row.name for row in tables.PLATFORMS],
        [row.name for row in tables.CLASSIFIERS],
    ):
        assert len(values) == len(set(values)) >= 4
    assert [row.level for row in tables.CLASSIFIERS] == [1, 2, 3, 4]
