"""environment.yml: specs that are no pins, and what stands under pip."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftaudit.errors import FtauditError, InputError
from ftaudit.model.project import FoundInterpreter, MadeFor, Reading, Severity, SourceKind
from ftaudit.sources import limits
from ftaudit.sources.conda.environment_yml import FORMAT
from ftaudit.sources.registry import choose
from tests.builders.documents import document, document_at

HEAD = "name: x\nchannels: [forge]\ndependencies:\n"


def read(content: str | bytes, **beside: str) -> Reading:
    return FORMAT.read(document("environment.yml", content, **beside))


def specs(*texts: str) -> Reading:
    return read(HEAD + "".join(f"  - {text}\n" for text in texts))


def pip(*texts: str, **beside: str) -> Reading:
    return read(HEAD + "  - pip:\n" + "".join(f"    - {text}\n" for text in texts), **beside)


# -- specs --


def test_specs_are_asked_for_and_no_pins() -> None:
    reading = specs("numpy=2.5", "'scipy>=1.17,<2'", "forge::_openmp_mutex", "Python=3.14=*_cp314t")
    assert reading.pins == ()
    assert [(edge.name, edge.specifier) for edge in reading.roots or ()] == [
        ("numpy", "==2.5.*"),
        ("scipy", "<2,>=1.17"),
        ("_openmp_mutex", ""),
        ("python", "==3.14"),
    ]
    assert {edge.source and edge.source.kind for edge in reading.roots or ()} == {SourceKind.CONDA}
    assert not reading.closed
    assert reading.unpinned == 4
    (problem,) = reading.problems
    assert (problem.rule, problem.severity) == ("unpinned-requirement", Severity.INCOMPLETE)
    assert problem.message.startswith("4 requirements are not pins")
    assert "conda-lock or pixi" in problem.message


@pytest.mark.parametrize(
    "text",
    ["https://conda.example/linux-64/numpy-2.5.0-py314h_0.conda", "./pkgs/numpy-2.5.0-py314h_0.tar.bz2"],
)
def test_an_archive_is_a_spec_of_its_name(text: str) -> None:
    assert [(edge.name, edge.specifier) for edge in specs(text).roots or ()] == [("numpy", "==2.5.0")]


@pytest.mark.parametrize(
    ("spec", "python", "free_threaded"),
    [
        ("python=3.14=*_cp314t", "3.14t", True),
        ("python=3.14", "3.14", None),
        ("python=3.12", "3.12", False),
    ],
)
def test_what_it_is_made_for(spec: str, python: str, free_threaded: bool | None) -> None:
    reading = specs("numpy", spec)
    assert reading.interpreter == FoundInterpreter(python=python, free_threaded=free_threaded)
    assert reading.made_for == MadeFor(python=python)


@pytest.mark.parametrize("spec", ["numpy", "python", "python>=3.10"])
def test_what_does_not_say_what_it_is_made_for(spec: str) -> None:
    assert specs(spec).made_for is None
    assert specs(spec).interpreter is None


def test_python_freethreading_alone_names_no_version() -> None:
    reading = specs("python-freethreading")
    assert reading.interpreter == FoundInterpreter(free_threaded=True)
    assert reading.made_for is None


@pytest.mark.parametrize("text", ["dependencies:\n", "dependencies: []\n", "dependencies:\n- pip:\n"])
def test_nothing_asked_for_is_nothing(text: str) -> None:
    reading = read(text)
    assert (reading.pins, reading.roots, reading.problems, reading.unpinned) == ((), (), (), 0)


def test_installers_that_conda_does_not_know_are_told() -> None:
    reading = read(HEAD + "  - npm:\n    - left-pad\n  - sel(win): x\n")
    assert [(problem.rule, problem.line) for problem in reading.problems] == [
        ("unknown-option", 4),
        ("unknown-option", 6),
    ]
    assert "dependencies[0].npm: npm is not known" in reading.problems[0].message


# -- under pip --


def test_what_is_pinned_under_pip_is_a_pin() -> None:
    reading = pip("idna==3.20", "numpy>=2", "'six[x]==1.0 ; python_version < \"4\"'")
    idna, six = reading.pins
    assert (idna.name, idna.version, idna.source.kind) == ("idna", "3.20", SourceKind.INDEX)
    assert (idna.origins[0].line, idna.origins[0].direct) == (5, True)
    assert (six.version, six.extras, six.origins[0].marker) == ("1.0", ("x",), 'python_version < "4"')
    assert reading.unpinned == 1
    (problem,) = reading.problems
    assert (problem.rule, problem.line) == ("unpinned-requirement", 6)
    assert [(edge.name, edge.specifier, edge.source) for edge in reading.roots or ()] == [
        ("idna", "==3.20", None),
        ("numpy", ">=2", None),
        ("six", "==1.0", None),
    ]


def test_specs_and_unpinned_lines_count_together() -> None:
    reading = read(HEAD + "- python\n- pip\n- pip:\n  - numpy\n  - idna==1\n")
    assert reading.unpinned == 3
    assert [problem.rule for problem in reading.problems] == ["unpinned-requirement"] * 2
    assert len(reading.pins) == 1


def test_a_requirements_file_is_followed() -> None:
    reading = pip("-r requirements.txt", requirements_txt="fastapi==0.165.0\nstarlette==1.0 # via fastapi\n")
    assert [(pin.name, pin.origins[0].path, pin.origins[0].line) for pin in reading.pins] == [
        ("fastapi", "requirements.txt", 1),
        ("starlette", "requirements.txt", 2),
    ]
    assert [edge.name for edge in reading.roots or ()] == ["fastapi"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("-r missing.txt", "no such file"),
        ("-r environment.yml", "includes itself"),
        ("-r https://files.example/r.txt", "is a URL"),
        ("-c ../../etc/passwd", "no such file"),
    ],
)
def test_a_refused_include_is_a_gap_and_the_rest_is_read(line: str, words: str) -> None:
    reading = pip(line, "idna==3.20")
    (problem,) = reading.problems
    assert (problem.rule, problem.line) == ("refused-include", 5)
    assert words in problem.message
    assert [pin.name for pin in reading.pins] == ["idna"]


def test_nothing_outside_the_project_is_opened(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("a==1\n")
    (tmp_path / "project").mkdir()
    path = tmp_path / "project/environment.yml"
    path.write_text(HEAD + "  - pip:\n    - -r ../secret.txt\n")
    reading = FORMAT.read(document_at(path))
    assert [problem.rule for problem in reading.problems] == ["refused-include"]
    assert reading.pins == ()


def test_options_and_other_sources_are_pips() -> None:
    reading = pip(
        "--extra-index-url https://me:hunter2@index.example/simple",
        "x @ https://me:hunter2@files.example/x-1.0.tar.gz",
        "--what",
    )
    assert [(pin.name, pin.source.kind) for pin in reading.pins] == [("x", SourceKind.URL)]
    assert len(reading.indexes) == 1
    assert [(problem.rule, problem.line) for problem in reading.problems] == [("unknown-option", 7)]
    assert "hunter2" not in repr(reading)


def test_the_project_beside_it_is_the_users_own(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "Mine"\n')
    path = tmp_path / "environment.yml"
    path.write_text(HEAD + "  - pip:\n    - -e .\n")
    (mine,) = FORMAT.read(document_at(path)).pins
    assert (mine.name, mine.local) == ("mine", True)


def test_a_block_of_lines_is_as_many_requirements() -> None:
    reading = read(HEAD + "  - pip:\n    - |\n      idna==3.20\n      six==1.0\n")
    assert [pin.name for pin in reading.pins] == ["idna", "six"]


# -- what is wrong with a file --


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("", "", "empty"),
        ("just a string", "top level", "must be a mapping"),
        ("name: x\n", "", "dependencies is missing"),
        ("dependencies: numpy\n", "dependencies", "must be an array"),
        ("dependencies: {numpy: 1}\n", "dependencies", "must be an array"),
        ("dependencies: [1]\n", "dependencies[0]", "must be a string"),
        ("dependencies: [[a]]\n", "dependencies[0]", "must be a string"),
        ("dependencies:\n-\n", "dependencies[0]", "must be a string"),
        ("dependencies: ['']\n", "dependencies[0]", "invalid conda package name"),
        ("dependencies: [a, ../../x]\n", "dependencies[1]", "invalid conda package name"),
        ('dependencies: ["\\e[2J"]\n', "dependencies[0]", "invalid conda package name"),
        ('dependencies: ["\\u202ex"]\n', "dependencies[0]", "invalid conda package name"),
        ("dependencies: [<b>x]\n", "dependencies[0]", "invalid conda package name"),
        ("dependencies: ['::error::<x>']\n", "dependencies[0]", "invalid conda package name"),
        ("dependencies: ['numpy*']\n", "dependencies[0]", "invalid conda package name"),
        ("dependencies: [x.conda]\n", "dependencies[0]", "must be a conda archive"),
        (f"dependencies: [{'a' * 2000}]\n", "dependencies[0]", "a spec longer than 1000 characters"),
        ("dependencies: [{pip: x}]\n", "dependencies[0].pip", "must be an array"),
        ("dependencies: [{pip: [1]}]\n", "dependencies[0].pip[0]", "must be a string"),
        (HEAD + "- pip:\n  - 'not a requirement'\n", "line 5", "not a valid requirement"),
        (HEAD + '- pip:\n  - "-e \'x"\n', "line 5", "a quotation that does not end"),
        (HEAD + "- 'x", "line 4", "invalid YAML"),
        (HEAD + "  " + "[" * 60, "line 4", "nested more than 50 levels"),
        ("dependencies: &a [*a]\n", "line 1", "an anchor"),
        ("dependencies: !!python/name:os.system x\n", "line 1", "tag"),
        ("dependencies: []\ndependencies: []\n", "line 2", "duplicate key"),
        (b"dependencies: [\xff]\n", "line 1", "not UTF-8"),
        (b"dependencies: []\n" + b"#\n" * 600_000, "", "larger than 1 MB"),
    ],
)
def test_a_broken_file_is_one_line_with_the_place(text: str | bytes, place: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        read(text)
    assert caught.value.place == place
    assert words in caught.value.reason
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 300


def test_the_names_of_other_installers_are_shown_harmless() -> None:
    reading = read('dependencies: [{"\\e[2J\\n::error::<b>": []}]\n')
    assert reading.problems[0].message.isprintable()


_ITEMS = st.recursive(
    st.none()
    | st.integers()
    | st.text(max_size=12)
    | st.sampled_from(["a==1", "-r x", "-e .", "python=3.14"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.just("pip") | st.text(max_size=4), inner),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(_ITEMS, max_size=4))
def test_any_structure_gives_a_reading_or_our_own_error(items: list[object]) -> None:
    try:
        outcome: Reading | FtauditError = read(json.dumps({"name": "x", "dependencies": items}))
    except FtauditError as error:
        outcome = error
    assert isinstance(outcome, Reading) or outcome.message.isprintable()


@pytest.mark.parametrize(
    "spec", ["a" + " " * 900 + "b", "a[" + " " * 900 + "]", "a=" + "1," * 400, "=" * 900]
)
def test_hostile_specs_take_bounded_time(spec: str) -> None:
    text = HEAD + f"- {json.dumps(spec)}\n" * (limits.ENVIRONMENT_FILE // (len(spec) + 10) // 10)
    try:
        assert read(text).unpinned == 1
    except InputError as error:
        assert re.match("environment.yml: dependencies", error.message)  # noqa: PT017


# -- recognition, and the corpus --


@pytest.mark.parametrize(
    ("name", "text", "score"),
    [
        ("environment.yml", HEAD + "- numpy\n", 2),
        ("ci.yaml", HEAD + "# why\n\n  - numpy\n", 2),
        ("ci.yaml", HEAD + "- pip:\n  - a\n", 2),
        ("ci.yaml", "prefix: /x\ndependencies: # all\r\n- 'a'\r\n", 2),
        ("ci.yaml", "name: x\ndependencies: [numpy]\n", 2),
        ("ci.yaml", "name: x\ndependencies: [\n  'a'\n]\n", 2),
        ("ci.yaml", "name: x\ndependencies: []\n", 0),
        ("ci.yaml", "name: x\ndependencies: [{name: redis}]\n", 0),
        ("environment-dev.yml", "", 1),
        ("test_environment.yaml", "a: b", 1),
        ("ci.yaml", "dependencies:\n- numpy\n", 0),
        ("pubspec.yaml", "name: x\ndependencies:\n  http: ^1.0\n", 0),
        ("Chart.yaml", "name: x\ndependencies:\n- name: redis\n  version: 1\n", 0),
        ("ci.yaml", "name: x\njobs:\n- numpy\n", 0),
    ],
)
def test_the_content_decides(name: str, text: str, score: int) -> None:
    assert FORMAT.score(document(name, text)) == score


@pytest.mark.parametrize("project", ["numpy__numpy", "scipy__scipy"])
def test_real_files_give_what_is_expected(shared: Path, project: str) -> None:
    found = document_at(shared / f"corpus/locks/{project}/environment.yml")
    expected = json.loads(
        (shared / f"corpus/locks/expected/{project}__environment.yml.json").read_text(encoding="utf-8")
    )
    assert choose(found) is FORMAT
    reading = FORMAT.read(found)
    assert {edge.name for edge in reading.roots or ()} == {name for name, _, _ in expected["packages"]}
    assert reading.unpinned == len(reading.roots or ()) == expected["count"]
    assert reading.pins == ()
    assert [problem.rule for problem in reading.problems] == ["unpinned-requirement"]


def test_row_74_of_the_bad_files_is_read(shared: Path) -> None:
    found = document_at(shared / "corpus/bad/74_conda_pip_field/environment.yml")
    assert choose(found) is FORMAT
    reading = FORMAT.read(found)
    assert reading.interpreter == FoundInterpreter(python="3.14t", free_threaded=True)
    assert reading.made_for == MadeFor(python="3.14t")
    assert [(pin.name, pin.version, pin.origins[0].path) for pin in reading.pins] == [
        ("fastapi", "0.165.0", "requirements.txt"),
        ("idna", "3.20", "environment.yml"),
    ]
    assert [edge.name for edge in reading.roots or ()] == ["python", "numpy", "pip", "fastapi", "idna"]
    assert reading.unpinned == 3
    assert [problem.rule for problem in reading.problems] == ["unpinned-requirement"]
