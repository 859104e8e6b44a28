"""The real lockfiles of the shared corpus give the package sets that an independent reader found."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest

from ftaudit.model.project import Pin, Reading, SourceKind
from ftaudit.sources.collect import collect
from ftaudit.sources.registry import choose
from ftaudit.sources.scratch import Scratch
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


def _rows() -> list[dict[str, str]]:
    if SHARED is None:
        return []
    with (SHARED / "corpus/locks/index.tsv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def _named(rows: list[dict[str, str]]) -> list[Any]:
    files = [row["local_file"] for row in rows]
    return [pytest.param(file, id=file) for file in files] or [pytest.param("", id="absent")]


EVERY = _named(_rows())
CASES = _named([row for row in _rows() if row["format"] in (*OURS, "uv script lock")])

DECLARED = ("pyproject.toml", "environment.yml")
"""The formats that pin nothing: what their files ask for is counted."""


@pytest.fixture(scope="module")
def known() -> dict[str, Reading]:
    return {}


def _expected(shared: Path, file: str) -> dict[str, Any]:
    path = shared / f"corpus/locks/expected/{file.replace('/', '__')}.json"
    expected: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return expected


def _read(shared: Path, file: str, known: dict[str, Reading]) -> tuple[Reading, dict[str, Any]]:
    path = shared / "corpus/locks" / file
    expected = _expected(shared, file)
    if file not in known:
        document = document_at(path)
        chosen = choose(document)
        assert chosen is not None
        assert chosen.name == expected["format"]
        known[file] = chosen.read(document)
    return known[file], expected


@pytest.mark.parametrize("file", EVERY)
def test_every_file_of_the_corpus_is_read_where_it_lies(shared: Path, file: str) -> None:
    path = shared / "corpus/locks" / file
    expected = _expected(shared, file)
    script = expected["format"] == "PEP 723 script"
    if script:  # it is read as the lock beside it, and that is told
        expected = _expected(shared, f"{file}.lock")
    with Scratch() as scratch:
        found = collect([path.name], cwd=path.parent, scratch=scratch)
    assert found.errors == ()
    assert [problem.rule for problem in found.problems] == ["other-inputs-seen"] * script
    (reading,) = found.readings
    assert (reading.input, reading.format) == (path.name + ".lock" * script, expected["format"])
    if reading.format in DECLARED:
        assert reading.pins == ()
        names = expected.get("main") or [name for name, _, _ in expected["packages"]]
        assert {edge.name for edge in reading.roots or ()} >= set(names)
        assert expected["count"] in (None, reading.unpinned)
        return
    whole = expected.get("following_includes", expected)
    assert {(pin.name, pin.version) for pin in reading.pins} == {
        (name, version) for name, version, _ in whole["packages"]
    }
    assert len({(pin.name, pin.version, pin.source.kind) for pin in reading.pins}) == whole["count"]
    assert reading.unpinned == whole.get("n_unpinned", 0)


def test_every_expectation_has_its_row(shared: Path) -> None:
    expected = {path.name for path in (shared / "corpus/locks/expected").glob("*.json")}
    assert {f"{row['local_file'].replace('/', '__')}.json" for row in _rows()} == expected


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
        # A category is one of the groups: the first, where development needs a package of main as well.
        categories = "category" in (shared / "corpus/locks" / file).read_text(encoding="utf-8")
        for group, count in expected["groups"].items():
            of = [[o.groups[:1] if categories else o.groups for o in pin.origins] for pin in reading.pins]
            assert sum(any(group in groups for groups in origins) for origins in of) == count


@pytest.mark.parametrize("file", CASES)
def test_real_locks_have_no_problem_but_the_known_ones(
    shared: Path, file: str, known: dict[str, Reading]
) -> None:
    reading, _ = _read(shared, file, known)
    allowed = {"pypa__pipenv/pylock.toml": {"lenient-pylock", "wheel-names-invented"}}
    assert {problem.rule for problem in reading.problems} == allowed.get(file, set())
