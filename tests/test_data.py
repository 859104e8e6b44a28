"""The tables: what ships is what data/ says, and every row has its source and date."""

from __future__ import annotations

import ctypes
import runpy
import sys
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ftaudit.knowledge import stable_abis, tables
from tests.shared import ROOT

DATA = ROOT / "data"
BUILD = runpy.run_path(str(DATA / "build.py"))
ROWS = [
    pytest.param(row, id=f"{kind} {number}")
    for kind in BUILD["TABLES"]
    for number, row in enumerate(tomllib.loads((DATA / f"{kind}s.toml").read_text(encoding="utf-8"))[kind])
]


def test_the_modules_are_what_the_tables_make() -> None:
    made = BUILD["tables"](DATA)
    assert {name: (BUILD["FOLDER"] / name).read_text(encoding="utf-8") for name in made} == made


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
    assert 'KNOWLEDGE_AS_OF = "2027-01-05"' in changed["tables.py"]
    assert "".join(changed.values()).count('as_of="2027-01-05"') == len(BUILD["TABLES"])


def test_the_age_of_the_knowledge_is_that_of_its_newest_row() -> None:
    dates = {row.as_of for row in tables.INTERPRETERS} | {row.as_of for row in tables.PLATFORMS}
    dates |= {row.as_of for row in tables.CLASSIFIERS} | {row.as_of for row in tables.GENERATORS}
    dates |= {row.as_of for row in stable_abis.STABLE_ABIS}
    assert max(dates) == tables.KNOWLEDGE_AS_OF


def test_names_and_levels_are_unique() -> None:
    for values in (
        [row.python for row in tables.INTERPRETERS],
        [row.name for row in tables.PLATFORMS],
        [row.name for row in tables.CLASSIFIERS],
        [row.name for row in tables.GENERATORS],
        [row.version for row in stable_abis.STABLE_ABIS],
        [name for row in stable_abis.STABLE_ABIS for name in row.symbols.split()],
    ):
        assert len(values) == len(set(values)) >= 4
    assert [row.level for row in tables.CLASSIFIERS] == [1, 2, 3, 4]


def symbols() -> dict[tuple[int, ...], list[str]]:
    rows = stable_abis.STABLE_ABIS
    return {tuple(map(int, row.version.split("."))): row.symbols.split() for row in rows}


def test_the_stable_abi_is_the_one_that_abi3info_knows() -> None:
    """Of released versions: those in development gain symbols, and nobody is told to use them."""
    pytest.importorskip("abi3info", reason="abi3info is not installed: the stable ABI was not compared")
    known = runpy.run_path(str(DATA / "stable_abi.py"))["added"]()
    newest = max(row.python for row in tables.INTERPRETERS if row.support == "supported")
    released = tuple(map(int, newest.rstrip("t").split(".")))
    ours = {version: names for version, names in symbols().items() if version <= released}
    assert ours == {version: names for version, names in known.items() if version <= released}
    assert released in ours


ELSEWHERE = ("Windows", "MBCS", "CodePage")
"""In the names of what only Windows has."""
OF_OTHER_BUILDS = {"PyOS_CheckStack", "_Py_NegativeRefcount", "_Py_RefTotal"}


@pytest.mark.skipif(sys.platform != "linux", reason="platforms differ in what they leave out")
def test_the_running_interpreter_exports_the_stable_abi_of_its_version() -> None:
    mine = [name for version, names in symbols().items() if version <= sys.version_info[:2] for name in names]
    missing = {name for name in mine if not hasattr(ctypes.pythonapi, name)}
    assert len(mine) > 800
    assert {name for name in missing if not any(part in name for part in ELSEWHERE)} <= OF_OTHER_BUILDS
