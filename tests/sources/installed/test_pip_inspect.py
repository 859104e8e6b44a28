"""``pip inspect``: what is installed, where it is from, and which interpreter has it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ftaudit.errors import InputError
from ftaudit.index.metadata import parse_metadata
from ftaudit.model.evidence import CoreMetadata
from ftaudit.model.project import INDEX, FoundInterpreter, MadeFor, Reading, Source, SourceKind
from ftaudit.sources.installed.pip_inspect import FORMAT
from tests.builders.documents import document, document_at
from tests.builders.expected import as_expected, named_on_their_lines, read_both, told
from tests.builders.json_attacks import bears, with_wrong_types
from tests.builders.locks import named, only, origin, problem

SITE = "/srv/lib/python3.14t/site-packages"
ENVIRONMENT = {
    "implementation_name": "cpython",
    "platform_machine": "x86_64",
    "python_full_version": "3.14.3",
    "python_version": "3.14",
    "sys_platform": "linux",
}


def item(name: str = "a", version: str = "1.0", *requires: str, **more: object) -> dict[str, object]:
    metadata = {"metadata_version": "2.4", "name": name, "version": version, "requires_dist": list(requires)}
    location = f"{SITE}/{name}-{version}.dist-info"
    usual = {"metadata_location": location, "installer": "pip", "requested": False}
    return {"metadata": metadata, **usual, **more}


def told_by_pip(*items: object, version: object = "1", **environment: object) -> str:
    whole = {"installed": items, "environment": {**ENVIRONMENT, **environment}}
    return json.dumps({"version": version, "pip_version": "26.3", **whole}, indent=2)


def read(*items: object, **environment: object) -> Reading:
    return FORMAT.read(document("inspect.json", told_by_pip(*items, **environment)))


# -- what it is --


@pytest.mark.parametrize(
    ("name", "content", "score"),
    [
        ("any.json", told_by_pip(), 2),
        ("any", "\ufeff\n" + told_by_pip(), 2),
        ("pip-inspect.json", "", 1),
        ("any.json", '{"pip_version": "26.3", "install": []}', 0),
        ("any.json", '{"pip_version": "25.2", "locked_resolves": []}', 0),
        ("any.json", '{"installed": []}', 0),
        ("any.txt", 'x "pip_version" "installed":', 0),
    ],
)
def test_it_is_known_by_its_content_and_then_by_its_name(name: str, content: str, score: int) -> None:
    assert FORMAT.score(document(name, content)) == score


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("{}", "", "version is missing: this is no pip inspect"),
        ('{"version": "1"}', "", "installed is missing: this is no pip inspect"),
        (told_by_pip(version="2"), "version", r"unsupported version 2 of pip inspect \(ftaudit reads 1\)"),
        (told_by_pip(version="0"), "version", "unsupported version 0"),
        (told_by_pip(version=1), "version", "must be a string"),
        (told_by_pip("x"), "installed[0]", "must be a table"),
        (told_by_pip({}), "installed[0].metadata", "name is missing"),
        (told_by_pip({"metadata": {"name": "a"}}), "installed[0].metadata", "version is missing"),
        (told_by_pip(item(), item(requested="yes")), "installed[1].requested", "must be true or false"),
        (told_by_pip(item("../../x")), "installed[0].metadata.name", 'invalid package name "../../x"'),
        (told_by_pip(item("\x1b[2J")), "installed[0].metadata.name", "invalid package name"),
        (told_by_pip(item("<b>")), "installed[0].metadata.name", "invalid package name"),
        (told_by_pip(item("::error::")), "installed[0].metadata.name", "invalid package name"),
        (told_by_pip(item(direct_url={})), "installed[0].direct_url", "url is missing"),
        (told_by_pip(item(direct_url={"url": "x://u@["})), "installed[0].direct_url.url", "not a URL"),
    ],
)
def test_what_is_refused_names_its_place(text: str, place: str, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        FORMAT.read(document("inspect.json", text))
    assert caught.value.place == place
    assert caught.value.message.isprintable()


# -- pins --


def test_a_pin_has_its_edges_and_nothing_of_it_is_at_hand() -> None:
    reading = read(item("A.b", "1.0", "c[X]>=1; os_name == 'nt'", "d; extra == 'y'"))
    pin = only(reading)
    assert (pin.name, pin.version, pin.source, pin.files, pin.installed) == ("a-b", "1.0", INDEX, (), False)
    assert pin.dependencies is not None
    assert [(edge.name, edge.extras, edge.extra) for edge in pin.dependencies] == [
        ("c", ("x",), None),
        ("d", (), "y"),
    ]
    assert not reading.closed
    assert reading.roots is None
    assert reading.problems == ()


@pytest.mark.parametrize(
    ("more", "direct"),
    [
        ({"requested": True}, True),
        ({"requested": False}, False),
        ({"requested": False, "installer": "uv"}, False),
        ({"requested": False, "installer": "poetry"}, None),
    ],
)
def test_only_who_writes_it_down_can_deny_that_it_was_asked_for(
    more: dict[str, Any], direct: bool | None
) -> None:
    assert origin(only(read(item(**more)))).direct is direct


def test_the_metadata_is_rebuilt_as_far_as_it_is_used() -> None:
    found = item("a", "1.0", "b>=1", "c; extra == 'x'")
    found["metadata"] |= {  # type: ignore[operator]
        "requires_python": ">=3.9, !=3.9.1",
        "provides_extra": ["x"],
        "classifier": ["Programming Language :: Python :: Free Threading :: 3 - Stable"],
        "description": "Requires-Dist: not-this",
    }
    pin = only(read(found))
    assert pin.requires_python == ">=3.9, !=3.9.1"
    assert pin.metadata is not None
    metadata = parse_metadata(pin.metadata.encode(), name="a", version="1.0", source="x", as_of=None)
    assert isinstance(metadata, CoreMetadata)
    assert metadata.requires_dist == ("b>=1", "c; extra == 'x'")
    assert (metadata.requires_python, metadata.free_threading) == (">=3.9, !=3.9.1", 3)
    assert metadata.provides_extra == ("x",)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"])
def test_a_line_break_in_a_value_begins_no_field(end: str) -> None:
    found = item("a")
    found["metadata"] |= {"classifier": [f"x{end}Requires-Dist: evil", "y"]}  # type: ignore[operator]
    pin = only(read(found))
    assert pin.metadata is not None
    metadata = parse_metadata(pin.metadata.encode(), name="a", version="1.0", source="x", as_of=None)
    assert isinstance(metadata, CoreMetadata)
    assert metadata.requires_dist == ()
    assert pin.metadata.splitlines()[-1] == "Classifier: y"


def test_what_does_not_parse_is_a_problem_and_the_pin_stays() -> None:
    reading = read(item("a", "one", "b >>> 1"))
    assert only(reading).version == "one"
    assert {found.rule for found in reading.problems} == {"invalid-version", "dependencies-not-known"}


@pytest.mark.parametrize("text", ["\u202e>=3", "=" * 2000])
def test_a_requires_python_that_is_none_is_refused(text: str) -> None:
    found = item()
    found["metadata"] |= {"requires_python": text}  # type: ignore[operator]
    with pytest.raises(InputError, match="no version specifier") as caught:
        read(found)
    assert caught.value.place == "installed[0].metadata.requires_python"


def test_what_is_installed_twice_is_counted_once() -> None:
    assert problem(read(item(), item("A"))).rule == "duplicate-package"


# -- where it is from --


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, INDEX),
        ({"installer": "conda"}, Source(kind=SourceKind.CONDA)),
        (
            {
                "direct_url": {
                    "url": "https://u:secret@git.example/a",
                    "vcs_info": {"vcs": "git", "commit_id": "abc"},
                }
            },
            Source(kind=SourceKind.GIT, location="git+https://git.example/a@abc"),
        ),
        (
            {"direct_url": {"url": "https://hg.example/a", "vcs_info": {"vcs": "hg", "commit_id": "abc"}}},
            Source(kind=SourceKind.URL, location="hg+https://hg.example/a@abc"),
        ),
        (
            {"direct_url": {"url": "https://files.example/a.zip?token=secret", "archive_info": {}}},
            Source(kind=SourceKind.URL, location="https://files.example/a.zip?token=****"),
        ),
        (
            {"direct_url": {"url": "file:///src/a", "dir_info": {}}},
            Source(kind=SourceKind.PATH, location="file:///src/a"),
        ),
        (
            {"direct_url": {"url": "file:///elsewhere/a", "dir_info": {"editable": True}}},
            Source(kind=SourceKind.PATH, location="file:///elsewhere/a"),
        ),
    ],
)
def test_every_kind_of_source(more: dict[str, Any], expected: Source) -> None:
    reading = read(item(**more))
    assert only(reading).source == expected
    assert reading.problems == ()


def test_what_is_editable_in_the_project_is_the_user_s_own(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    path = tmp_path / "inspect.json"
    url = {"url": f"file://{tmp_path.as_posix()}/src", "dir_info": {"editable": True}}
    path.write_text(told_by_pip(item(direct_url=url)))
    assert only(FORMAT.read(document_at(path))).source.kind is SourceKind.WORKSPACE
    url["dir_info"] = {}
    path.write_text(told_by_pip(item(direct_url=url)))
    assert only(FORMAT.read(document_at(path))).source.kind is SourceKind.PATH


def test_an_egg_info_says_neither_its_source_nor_what_it_requires() -> None:
    old = {"metadata": {"name": "a", "version": "1"}, "metadata_location": f"{SITE}/a.egg-info"}
    pin = only(read(old))
    assert (pin.source.kind, pin.dependencies, pin.metadata) == (SourceKind.UNKNOWN, None, None)
    develop = {**old, "direct_url": {"url": "file:///src/a", "dir_info": {"editable": True}}}
    assert only(read(develop)).source.kind is SourceKind.PATH


# -- the interpreter --


@pytest.mark.parametrize(
    ("folder", "environment", "python", "free_threaded"),
    [
        ("/x/lib/python3.14t/site-packages/", {}, "3.14t", True),
        ("/x/lib/python3.14/site-packages/", {}, "3.14", False),
        ("/x/lib/python3.14/dist-packages/", {}, "3.14", False),
        ("C:\\x\\Lib\\site-packages\\", {}, "3.14", None),
        ("/usr/lib/python3/dist-packages/", {}, "3.14", None),
        ("/x/lib/python3.13t/site-packages/", {}, "3.14", None),
        ("/python3.14t/x/", {}, "3.14", None),
        ("/x/lib/python3.14t/site-packages/", {"implementation_name": "pypy"}, None, None),
        ("/x/lib/python3.14t/site-packages/", {"python_version": "\x1b[2J"}, None, None),
    ],
)
def test_the_t_of_a_free_threaded_build_is_in_the_name_of_its_folder(
    folder: str, environment: dict[str, str], python: str | None, free_threaded: bool | None
) -> None:
    reading = read(item(metadata_location=f"{folder}a-1.0.dist-info"), **environment)
    version = "3.14.3" if python else None
    assert reading.interpreter == FoundInterpreter(
        python=python, version=version, free_threaded=free_threaded
    )
    assert reading.made_for == MadeFor(python=python, platform="linux-x86_64")


def test_locations_that_contradict_each_other_say_nothing() -> None:
    other = item("b", metadata_location="/x/lib/python3.14/site-packages/b-1.0.dist-info")
    reading = read(item(), other)
    assert reading.interpreter == FoundInterpreter(python="3.14", version="3.14.3")


@pytest.mark.parametrize(
    ("system", "machine", "platform"),
    [
        ("linux", "aarch64", "linux-aarch64"),
        ("darwin", "arm64", "macos-arm64"),
        ("darwin", "x86_64", "macos-x86_64"),
        ("win32", "AMD64", "windows-amd64"),
        ("win32", "ARM64", "windows-arm64"),
        ("linux", "riscv64", "linux_riscv64"),
        ("freebsd14", "amd64", "freebsd14_amd64"),
        ("linux", "", None),
    ],
)
def test_the_platform(system: str, machine: str, platform: str | None) -> None:
    reading = read(item(), sys_platform=system, platform_machine=machine)
    assert reading.made_for == MadeFor(python="3.14t", platform=platform)


# -- the corpus --


def test_the_file_of_the_corpus(shared: Path) -> None:
    reading, expected = read_both(shared, "generated/pip/inspect.json")
    assert as_expected(reading) == told(expected)
    assert named_on_their_lines(reading, (shared / "corpus/locks/generated/pip/inspect.json").read_text())
    assert reading.made_for == MadeFor(python="3.11", platform="linux-x86_64")
    assert reading.interpreter == FoundInterpreter(python="3.11", version="3.11.7")
    assert all(pin.metadata for pin in reading.pins)
    assert "Free Threading :: 3 - Stable" in str(named(reading, "cryptography").metadata)
    assert reading.problems == ()


# -- hostile --

WHOLE = told_by_pip(
    item("a", "1.0", "b>=1; os_name == 'nt'", requested=True),
    item("b", direct_url={"url": "https://git.example/b", "vcs_info": {"vcs": "git", "commit_id": "abc"}}),
    item("c", direct_url={"url": "file:///c", "dir_info": {"editable": True}}),
)


def test_whatever_the_type_of_a_value_it_is_read_or_refused_with_one_line() -> None:
    assert {bears(FORMAT, text) for text in with_wrong_types(WHOLE)} == {True, False}


@pytest.mark.parametrize("length", range(1, len(WHOLE), 97))
def test_a_truncated_file_is_refused(length: int) -> None:
    assert not bears(FORMAT, WHOLE[:length])


def test_a_file_on_one_line_is_read_whatever_its_length() -> None:
    long = item("a")
    long["metadata"] |= {"description": "x" * 1_100_000}  # type: ignore[operator]
    assert bears(FORMAT, json.dumps(json.loads(told_by_pip(long))))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_file_with_bytes_changed(data: st.DataObject) -> None:
    content = bytearray(WHOLE.encode())
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place : place + data.draw(st.integers(0, 20))] = data.draw(st.binary(max_size=3))
    bears(FORMAT, bytes(content))
