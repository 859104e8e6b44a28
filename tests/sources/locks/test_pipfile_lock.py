"""Pipfile.lock: categories, sources, the Pipfile beside it."""

from __future__ import annotations

import json

import pytest

from ftaudit.errors import InputError
from ftaudit.model.project import DeclaredIndex, MadeFor, Source, SourceKind
from ftaudit.sources.locks.pipfile_lock import FORMAT
from tests.builders.documents import document
from tests.builders.locks import INDEX, named, only, origin, pipfile, problem

OTHER = "https://other.example/simple"
SOURCES = [{"name": "main", "url": "https://u:p@index.example/simple"}, {"name": "other", "url": OTHER}]


def lock(default: object = None, meta: object = None, **categories: object) -> str:
    known = {"pipfile-spec": 6, "sources": SOURCES}
    return json.dumps({"_meta": meta or known, "default": default or {}, **categories}, indent=1)


@pytest.mark.parametrize(
    ("name", "content", "score"),
    [
        ("Pipfile.lock", "", 1),
        ("other", '\n {"_meta": {"pipfile-spec": 6}}', 2),
        ("poetry.lock", '{"_meta": {"hash": {}}, "default": {}}', 0),
        ("package-lock.json", '{"lockfileVersion": 3}', 0),
    ],
)
def test_it_is_known_by_its_content_and_then_by_its_name(name: str, content: str, score: int) -> None:
    assert FORMAT.score(document(name, content)) == score


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{}", "this is no Pipfile.lock"),
        ("[]", "top level: must be an object"),
        ('{"default": {"a": {}}}', "default.a: version is missing"),
        ('{"default": {"a": "==1"}}', "default.a: must be"),
        ('{"default": {"a": {"version": 1}}}', "default.a.version: must be a string"),
        ('{"default": {}, "_meta": {"pipfile-spec": 7}}', "unsupported Pipfile.lock specification 7"),
        ('{"default": {}, "odd": 1}', "odd: must be"),
        ('{"default": {"a": {"version": "==1", "markers": "\\ud800"}}}', "surrogate"),
    ],
)
def test_what_is_refused(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        pipfile(text)


def test_every_category_is_a_group() -> None:
    one = {"version": "==1.0", "markers": "os_name == 'nt'", "extras": ["Fast"]}
    reading = pipfile(
        lock({"A.b": one}, develop={"a-b": {"version": "==1.0"}}, docs={"c": {"version": "==2"}})
    )
    pin = named(reading, "a-b")
    assert (pin.version, pin.extras, pin.dependencies) == ("1.0", ("fast",), None)
    assert [(o.groups, o.marker, o.direct) for o in pin.origins] == [
        (("default",), "os_name == 'nt'", None),
        (("develop",), None, None),
    ]
    assert origin(named(reading, "c")).groups == ("docs",)
    assert reading.problems == ()


def test_default_and_develop_may_differ() -> None:
    reading = pipfile(lock({"a": {"version": "==1"}}, develop={"a": {"version": "==2"}}))
    assert [pin.version for pin in reading.pins] == ["1", "2"]


def test_every_entry_has_its_line() -> None:
    text = lock({"b": {"version": "==1"}, "a": {"version": "==1"}}, develop={"b": {"version": "==2"}})
    lines = text.splitlines()
    for pin in pipfile(text).pins:
        line = origin(pin).line
        assert line is not None
        assert f'"{pin.name}"' in lines[line - 1]


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"version": "==1"}, Source(kind=SourceKind.INDEX)),
        ({"version": "==1", "index": "main"}, Source(kind=SourceKind.INDEX, location=INDEX)),
        ({"version": "==1", "index": "other"}, Source(kind=SourceKind.INDEX, location=OTHER)),
        (
            {"git": "https://u:p@git.example/a", "ref": "abc"},
            Source(kind=SourceKind.GIT, location="https://git.example/a#abc"),
        ),
        ({"path": ".", "editable": True}, Source(kind=SourceKind.PATH, location=".")),
        ({"file": "file:///a.whl"}, Source(kind=SourceKind.PATH, location="file:///a.whl")),
        (
            {"file": "https://files.example/a.whl"},
            Source(kind=SourceKind.URL, location="https://files.example/a.whl"),
        ),
    ],
)
def test_every_kind_of_source(entry: object, expected: Source) -> None:
    reading = pipfile(lock({"a": entry}))
    assert only(reading).source == expected
    assert reading.problems == ()


def test_an_index_that_is_not_declared_is_never_asked_for_elsewhere() -> None:
    reading = pipfile(lock({"a": {"version": "==1", "index": "secret"}}))
    assert only(reading).source == Source(kind=SourceKind.UNKNOWN, location="secret")
    assert problem(reading).rule == "unknown-index"


def test_an_index_that_one_category_names_holds_for_the_others() -> None:
    plain, named_ = {"version": "==1"}, {"version": "==1", "index": "other"}
    pin = only(pipfile(lock({"a": plain}, develop={"A": named_})))
    assert (pin.source.location, len(pin.origins)) == (OTHER, 2)


def test_the_first_source_takes_the_public_index_s_place() -> None:
    assert pipfile(lock()).indexes == (
        DeclaredIndex(url=SOURCES[0]["url"], name="main", replaces_default=True, tool="pipenv"),
        DeclaredIndex(url=OTHER, name="other", explicit=True, tool="pipenv"),
    )


@pytest.mark.parametrize(
    ("requires", "made_for"),
    [
        ({}, None),
        ({"python_version": "3.11", "python_full_version": "3.11.7"}, MadeFor(python="3.11")),
        ({"python_full_version": "3.12.1"}, MadeFor(python="3.12")),
        ({"python_version": "3"}, None),
    ],
)
def test_what_the_lock_was_made_for(requires: object, made_for: MadeFor | None) -> None:
    assert pipfile(lock(meta={"pipfile-spec": 6, "requires": requires})).made_for == made_for


def test_the_pipfile_says_what_is_direct() -> None:
    beside = (
        '[[source]]\nurl = "x"\n[packages]\nA = "*"\nb = {version = ">=1", extras = ["x"]}\n'
        '[dev-packages]\nc = "==1"\n[docs]\nd = {git = "x"}\n[scripts]\nrun = "x"\n'
        '[requires]\npython_version = "3.11"\n'
    )
    entry = {"version": "==1"}
    text = lock({"a": entry, "c": entry}, develop={"a": entry, "c": entry}, docs={"d": entry})
    reading = pipfile(text, Pipfile=beside)
    assert reading.roots is not None
    assert [(edge.name, edge.specifier, edge.extras, edge.group) for edge in reading.roots] == [
        ("a", "", (), "default"),
        ("b", ">=1", ("x",), "default"),
        ("c", "==1", (), "develop"),
        ("d", "", (), "docs"),
    ]
    found = {(pin.name, o.groups[0]): o.direct for pin in reading.pins for o in pin.origins}
    assert found == {
        ("a", "default"): True,
        ("a", "develop"): False,
        ("c", "default"): False,
        ("c", "develop"): True,
        ("d", "docs"): True,
    }


def test_a_broken_pipfile_is_an_error_of_its_own() -> None:
    with pytest.raises(InputError, match=r"^Pipfile: line 1: invalid TOML"):
        pipfile(lock(), Pipfile="[packages")
