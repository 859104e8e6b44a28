"""The real lockfiles of the shared corpus give the package sets that an independent reader found."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest

from ftaudit.model.project import Pin, Reading, SourceKind
from ftaudit.sources.registry import choose
from tests.builders.documents import document_at
from tests.shared import SHARED

OURS = ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "pylock.toml")
KINDS = {
    "registry": SourceKind.INDEX,
    "git": SourceKind.GIT,
    "url": SourceKind.URL,
    "archive": SourceKind.URL,
    "path": SourceKind.PATH,
    "editable": SourceKind.WORKSPACE,
    "virtual": SourceKind.WORKSPACE,
    "directory": SourceKind.WORKSPACE,
}
"""In the corpus every editable, virtual or directory package is a member of its workspace."""


def _cases() -> list[Any]:
    if SHARED is None:
        return [pytest.param("", id="absent")]
    with (SHARED / "corpus/locks/index.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return [
        pytest.param(row["local_file"], id=row["local_file"])
        for row in rows
        if row["format"] in (*OURS, "uv script lock")
    ]


CASES = _cases()


@pytest.fixture(scope="module")
def known() -> dict[str, Reading]:
    return {}


def _read(shared: Path, file: str, known: dict[str, Reading]) -> tuple[Reading, dict[str, Any]]:
    path = shared / "corpus/locks" / file
    expected = json.loads((shared / f"corpus/locks/expected/{file.replace('/', '__')}.json").read_text())
    if file not in known:
        document = document_at(path)
        chosen = choose(document)
        assert chosen is not None
        assert chosen.name == expected["format"]
        known[file] = chosen.read(document)
    return known[file], expected


@pytest.mark.parametrize("file", CASES)
def test_the_packages_are_those_expected(shared: Path, file: str, known: dict[str, Reading]) -> None:
    reading, expected = _read(shared, file, known)
    found = {(pin.name, pin.version, pin.source.kind) for pin in reading.pins}
    assert found == {(name, version, KINDS[kind]) for name, version, kind in expected["packages"]}
    assert len(found) == expected["count"]
    assert reading.closed


@pytest.mark.parametrize("file", CASES)
def test_every_pin_has_a_line_of_its_own_that_names_it(
    shared: Path, file: str, known: dict[str, Reading]
) -> None:
    reading, _ = _read(shared, file, known)
    lines = (shared / "corpus/locks" / file).read_text(encoding="utf-8").splitlines()
    for pin in reading.pins:
        for origin in pin.origins:
            assert origin.line is not None
            assert pin.name in lines[origin.line - 1].lower().replace("_", "-").replace(".", "-")


@pytest.mark.parametrize("file", CASES)
def test_the_edges_and_direct_marks_are_those_expected(
    shared: Path, file: str, known: dict[str, Reading]
) -> None:
    reading, expected = _read(shared, file, known)
    edges = [edge for pin in reading.pins for edge in pin.dependencies or ()]
    if "edges_by" in expected:
        assert len(edges) == expected["edges"]
        assert sum(edge.group is not None for edge in edges) == expected["edges_by"]["dev"]
        assert sum(edge.extra is not None for edge in edges) == expected["edges_by"]["optional"]
    elif "edges_names" in expected:
        assert (
            len({(id(p), e.name) for p in reading.pins for e in p.dependencies or ()})
            == (expected["edges_names"])
        )
    elif expected["format"] == "pdm.lock":
        # The entry for a package's extras needs the package itself: the two are one pin here.
        assert len(edges) == expected["edges"] - len(expected["extras_entries"])
    elif not expected["edges"]:
        assert not edges or expected["created_by"] == "pdm"
    else:
        assert len(edges) == expected["edges"]
    direct = {pin.name for pin in reading.pins if _direct(pin) and not pin.local}
    wanted = expected.get("direct")
    if isinstance(wanted, list):
        assert direct == set(wanted)
    elif isinstance(wanted, dict) and reading.roots is not None:
        asked = {*wanted["main"], *(name for group in wanted["groups"].values() for name in group)}
        assert direct == asked & {pin.name for pin in reading.pins}


def _direct(pin: Pin) -> bool:
    return any(origin.direct for origin in pin.origins)


@pytest.mark.parametrize("file", CASES)
def test_files_and_groups_are_those_expected(shared: Path, file: str, known: dict[str, Reading]) -> None:
    reading, expected = _read(shared, file, known)
    names = [file.name for pin in reading.pins for file in pin.files]
    if file == "pypa__pipenv/pylock.toml":
        assert not names
    elif file in ("pdm-project__pdm/pdm.lock", "generated/pdm/pdm.lock"):
        # The entry for a package's extras lists the package's files again.
        text = (shared / "corpus/locks" / file).read_text(encoding="utf-8")
        assert sorted(names) == sorted(set(re.findall(r'\{file = "([^"]+)"', text)))
    elif "files" in expected and expected["format"] != "Pipfile.lock":
        assert len(names) == expected["files"]
    elif "wheels" in expected:
        assert sum(name.endswith(".whl") for name in names) == expected["wheels"]
    if isinstance(expected.get("groups"), dict) and expected["format"] == "poetry.lock":
        for group, count in expected["groups"].items():
            assert sum(any(group in o.groups for o in pin.origins) for pin in reading.pins) == count


@pytest.mark.parametrize("file", CASES)
def test_real_locks_have_no_problem_but_the_known_ones(
    shared: Path, file: str, known: dict[str, Reading]
) -> None:
    reading, _ = _read(shared, file, known)
    allowed = {"pypa__pipenv/pylock.toml": {"lenient-pylock", "wheel-names-invented"}}
    assert {problem.rule for problem in reading.problems} == allowed.get(file, set())
