"""pyproject.toml: everything that is asked for, and not one pin."""

from __future__ import annotations

import csv
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ftaudit.errors import FtauditError, InputError
from ftaudit.model.project import Choices, Reading, Severity
from ftaudit.sources import limits
from ftaudit.sources.projects.pyproject import FORMAT
from ftaudit.sources.registry import choose
from tests.builders.documents import document, document_at
from tests.builders.locks import problem
from tests.shared import SHARED


def read(text: str) -> Reading:
    return FORMAT.read(document("pyproject.toml", text))


def asked(reading: Reading) -> list[tuple[str, str, str | None, str | None]]:
    return [(e.name, e.specifier, e.group, e.extra) for e in reading.roots or ()]


@pytest.mark.parametrize(
    ("name", "content", "score"),
    [
        ("pyproject.toml", "", 1),
        ("pyproject.toml", "[tool.ruff]", 1),
        ("other.toml", '[project]\ndependencies = ["a"]', 2),
        ("other.toml", "[dependency-groups]", 2),
        ("pixi.toml", '[project]\nchannels = ["c"]\n[dependencies]', 0),
        ("Cargo.toml", "[package]\n[dependencies]", 0),
        ("uv.lock", "version = 1", 0),
    ],
)
def test_it_is_known_by_its_content_and_then_by_its_name(name: str, content: str, score: int) -> None:
    assert FORMAT.score(document(name, content)) == score


PROJECT = """
[project]
name = "Own.Name"
requires-python = ">=3.11"
dependencies = ["NumPy>=2; sys_platform == 'linux'", "idna==3.20"]
[project.optional-dependencies]
Fast_IO = ["orjson", "own-name[none]"]
none = []
[dependency-groups]
test = ["pytest", {include-group = "Lint"}]
lint = ["ruff"]
empty = []
[tool.pdm.dev-dependencies]
doc = ["sphinx", "-e file:///here#egg=own"]
[tool.uv]
dev-dependencies = ["mypy"]
"""


def test_everything_that_is_asked_for_and_no_pin() -> None:
    reading = read(PROJECT)
    assert asked(reading) == [
        ("numpy", ">=2", None, None),
        ("idna", "==3.20", None, None),
        ("orjson", "", None, "fast-io"),
        ("own-name", "", None, "fast-io"),
        ("pytest", "", "test", None),
        ("ruff", "", "test", None),
        ("ruff", "", "lint", None),
        ("sphinx", "", "doc", None),
        ("mypy", "", "dev", None),
    ]
    assert (reading.pins, reading.closed, reading.requires_python) == ((), False, ">=3.11")
    assert reading.choices == Choices(
        groups=("test", "lint", "empty", "doc", "dev"), extras=("fast-io", "none")
    )


def test_it_says_how_many_each_once_and_what_to_do() -> None:
    reading = read(PROJECT)
    found = problem(reading)
    assert (reading.unpinned, found.rule, found.severity) == (
        7,
        "unpinned-requirement",
        Severity.INCOMPLETE,
    )
    assert found.message.startswith("7 requirements are not pins: lock the project (uv lock, ")
    one = read('[project]\ndependencies = ["a==1"]')
    assert (one.unpinned, problem(one).message[:25]) == (1, "1 requirement is no pin: ")


@pytest.mark.parametrize("text", ["", "# nothing", "[tool.ruff]", '[project]\nname = "x"'])
def test_one_that_asks_for_nothing_is_no_problem(text: str) -> None:
    reading = read(text)
    assert (reading.pins, reading.roots, reading.unpinned, reading.problems) == ((), (), 0, ())


def test_poetry_s_own_tables() -> None:
    reading = read(
        '[tool.poetry.dependencies]\npython = "^3.11"\na = "*"\n'
        'httpx = {version = "^0.27", optional = true}\n'
        '[tool.poetry.extras]\nnet = ["httpx"]\n[tool.poetry.group.docs.dependencies]\nb = "1.0"\n'
    )
    assert asked(reading) == [
        ("a", "", None, None),
        ("httpx", "<0.28,>=0.27", None, "net"),
        ("b", "==1.0", "docs", None),
    ]
    assert reading.requires_python == "<4,>=3.11"
    assert reading.choices == Choices(groups=("docs",), extras=("net",))


@pytest.mark.parametrize(
    ("dynamic", "more", "told"),
    [
        ('["version"]', "", 0),
        ('["dependencies"]', "", 1),
        ('["dependencies", "optional-dependencies"]', "", 2),
        ('["dependencies"]', '[tool.poetry.dependencies]\na = "*"', 0),
    ],
)
def test_what_the_build_decides_is_told(dynamic: str, more: str, told: int) -> None:
    reading = read(f'[project]\nname = "x"\ndynamic = {dynamic}\n{more}')
    found = [problem for problem in reading.problems if "the build decides" in problem.message]
    assert [(p.rule, p.severity) for p in found] == [("unpinned-requirement", Severity.INCOMPLETE)] * told


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[project\n", "line 1: invalid TOML"),
        ("<<<<<<< HEAD", "line 1: an unresolved merge conflict"),
        ("project = 1", "project: must be a table"),
        ('[project]\ndependencies = "a"', "project.dependencies: must be an array"),
        ("[project]\ndependencies = [1]", r"project.dependencies\[0\]: must be a string"),
        ('[project]\ndependencies = ["../x"]', r'dependencies\[0\]: invalid requirement "../x"'),
        ('[project]\ndependencies = ["a\\u001b[2J"]', r'invalid requirement "a\\x1b\[2J"'),
        ('[project]\ndependencies = ["a\\u202e==1"]', r'invalid requirement "a\\u202e==1"'),
        ('[project]\ndependencies = ["<b>"]', 'invalid requirement "<b>"'),
        ('[project]\ndependencies = ["::error::x"]', 'invalid requirement "::error::x"'),
        ("[project]\noptional-dependencies = []", "project.optional-dependencies: must be a table"),
        ('[project]\nrequires-python = "x"', "project.requires-python: invalid version specifier"),
        ("[project]\nname = 1", "project.name: must be a string"),
        ('[project]\ndynamic = "dependencies"', "project.dynamic: must be an array"),
        ("dependency-groups = 1", "dependency-groups: must be a table"),
        ("[dependency-groups]\na = 1", r"dependency-groups.a\[0\]: must be an array"),
        ("[dependency-groups]\na = [{include-group = 1}]", r"dependency-groups.a\[0\]: must be an array"),
        ('[dependency-groups]\na = [{include-group = "b"}]', "dependency-groups.a: includes b, which is no"),
        ("[dependency-groups]\na = []\nA = []", "dependency-groups.A: the name of another dependency group"),
        ("[tool]\npoetry = 1", "tool.poetry: must be a table"),
        ("[tool.poetry.group]\na = 1", "tool.poetry.group.a: must be a table"),
        ("[tool.pdm]\ndev-dependencies = []", "tool.pdm.dev-dependencies: must be a table"),
        ("[tool.uv]\ndev-dependencies = {}", "tool.uv.dev-dependencies: must be an array"),
    ],
)
def test_what_is_refused(text: str, words: str) -> None:
    with pytest.raises(InputError, match=f"^pyproject.toml: .*{words}") as caught:
        read(text)
    assert caught.value.message.isprintable()


@pytest.mark.parametrize(
    ("groups", "around"),
    [
        ('a = [{include-group = "a"}]', "a: a cyclic dependency group: a -> a"),
        ('a = [{include-group = "B"}]\nb = [{include-group = "a"}]', "a: a cyclic .*: a -> b -> a"),
        (
            """
            top = [{include-group = "a"}]
            a = [{include-group = "b"}]
            b = [{include-group = "c"}]
            c = [{include-group = "a"}]
            """,
            "a: a cyclic dependency group: a -> b -> c -> a",
        ),
    ],
)
def test_a_cycle_of_groups_is_named(groups: str, around: str) -> None:
    with pytest.raises(InputError, match=rf"^pyproject.toml: dependency-groups\.{around}$"):
        read(f"[dependency-groups]\n{groups}")


def test_a_cycle_of_very_many_groups_is_still_one_line() -> None:
    groups = "\n".join(f'g{n} = [{{include-group = "g{(n + 1) % 500}"}}]' for n in range(500))
    with pytest.raises(InputError, match=r"g0 -> g1 -> .*… -> g499 -> g0$") as caught:
        read(f"[dependency-groups]\n{groups}")
    assert len(caught.value.message) < 200


def test_a_group_that_two_others_include_is_no_cycle() -> None:
    text = 'a = [{include-group = "b"}, {include-group = "c"}]\nb = [{include-group = "c"}]\nc = ["x"]'
    assert [(edge.name, edge.group) for edge in read(f"[dependency-groups]\n{text}").roots or ()] == [
        ("x", "a"),
        ("x", "b"),
        ("x", "c"),
    ]


def test_more_requirements_than_any_project_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PROJECT_REQUIREMENTS", 3)
    three = '[project]\ndependencies = ["a", "b", "c"%s]'
    assert read(three % "").unpinned == 3
    with pytest.raises(InputError, match="more than 3 requirements"):
        read(three % ', "d"')


# -- the corpus --


def _cases() -> list[Any]:
    if SHARED is None:
        return [pytest.param("", id="absent")]
    with (SHARED / "corpus/locks/index.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return [
        pytest.param(row["local_file"], id=row["local_file"])
        for row in rows
        if row["format"] == "pyproject.toml"
    ]


@pytest.mark.parametrize("file", _cases())
def test_a_real_one_asks_for_what_was_expected(file: str, shared: Path) -> None:
    expected = json.loads((shared / f"corpus/locks/expected/{file.replace('/', '__')}.json").read_text())
    found = document_at(shared / "corpus/locks" / file)
    form = choose(found)
    assert form is not None
    assert form.name == expected["format"]
    reading = form.read(found)
    edges = reading.roots or ()
    assert {e.name for e in edges if not e.group and not e.extra} == set(expected["main"])
    assert (reading.pins, len(reading.problems)) == ((), 1)
    for group, names in expected["groups"].items():
        assert {e.name for e in edges if e.group == group} >= set(names)
    assert set(expected["groups"]) == set(reading.choices.groups if reading.choices else ())
    for extra, names in expected.get("optional", {}).items():
        assert {e.name for e in edges if e.extra == extra} == set(names)


def test_the_cyclic_groups_of_the_corpus(shared: Path) -> None:
    with pytest.raises(InputError, match=r"dependency-groups\.a: a cyclic dependency group: a -> b -> a$"):
        FORMAT.read(document_at(shared / "corpus/bad/66_cyclic_groups/pyproject.toml"))


# -- anything --

KEYS = st.sampled_from(
    (
        *("project", "dependencies", "optional-dependencies", "dependency-groups", "include-group", "name"),
        *("requires-python", "dynamic", "poetry", "group", "extras", "pdm", "uv", "dev-dependencies"),
    )
)
VALUES = st.recursive(
    st.sampled_from(("a", "a==1", "../x", "", 1, True)),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(["project", "dependency-groups", "tool"]), VALUES))
def test_any_structure_is_a_reading_or_one_error(value: dict[str, object]) -> None:
    text = "\n".join(f"{key} = {_toml(item)}" for key, item in value.items())
    with suppress(FtauditError):
        assert read(text).pins == ()


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value)
