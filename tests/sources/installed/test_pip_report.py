"""``pip install --report``: which file pip picked, where it is from, and what for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ftaudit.errors import InputError
from ftaudit.model.project import INDEX, ListedFile, MadeFor, Reading, Source, SourceKind
from ftaudit.sources.installed.pip_report import FORMAT
from tests.builders.documents import document
from tests.builders.expected import as_expected, named_on_their_lines, read_both, told
from tests.builders.json_attacks import bears, with_wrong_types
from tests.builders.locks import named, only, origin

FILES = "https://files.example"
SHA = "a" * 64
ENVIRONMENT = {
    "implementation_name": "cpython",
    "platform_machine": "x86_64",
    "python_version": "3.14",
    "sys_platform": "linux",
}


def item(name: str = "a", file: str | None = None, **more: object) -> dict[str, object]:
    url = f"{FILES}/{file or f'{name}-1.0-py3-none-any.whl'}"
    info = {"url": url, "archive_info": {"hashes": {"sha256": SHA}, "hash": f"sha256={SHA}"}}
    usual = {"download_info": info, "is_direct": False, "is_yanked": False, "requested": True}
    return {**usual, "metadata": {"name": name, "version": "1.0", "requires_dist": ["b>=1"]}, **more}


def told_by_pip(*items: object, version: object = "1", **environment: object) -> str:
    whole = {"install": items, "environment": {**ENVIRONMENT, **environment}}
    return json.dumps({"version": version, "pip_version": "26.3", **whole}, indent=2)


def read(*items: object, **environment: object) -> Reading:
    return FORMAT.read(document("report.json", told_by_pip(*items, **environment)))


@pytest.mark.parametrize(
    ("name", "content", "score"),
    [
        ("any.json", told_by_pip(), 2),
        ("pip-report.json", "", 1),
        ("any.json", '{"pip_version": "26.3", "installed": []}', 0),
        ("any.json", '{"install": []}', 0),
    ],
)
def test_it_is_known_by_its_content_and_then_by_its_name(name: str, content: str, score: int) -> None:
    assert FORMAT.score(document(name, content)) == score


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ('{"version": "1"}', "", "install is missing: this is no pip report"),
        (told_by_pip(version="2"), "version", r"unsupported version 2 of pip report \(ftaudit reads 1\)"),
        (
            told_by_pip({"metadata": {"name": "a", "version": "1"}}),
            "install[0].download_info",
            "url is missing",
        ),
        (
            told_by_pip(item(file="%2e%2e%2fa.whl")),
            "install[0].download_info.url",
            'must be a file name, not "../a.whl"',
        ),
        (told_by_pip(item(file="\u202ea.whl")), "install[0].download_info.url", "must be a file name"),
        (told_by_pip(item("../x")), "install[0].metadata.name", "invalid package name"),
        (told_by_pip(item(requested=1)), "install[0].requested", "must be true or false"),
        (told_by_pip(item(requested_extras="x")), "install[0].requested_extras", "must be an array"),
    ],
)
def test_what_is_refused_names_its_place(text: str, place: str, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        FORMAT.read(document("report.json", text))
    assert caught.value.place == place
    assert caught.value.message.isprintable()


def test_the_file_that_pip_picked_is_listed() -> None:
    reading = read(item("A", requested_extras=["X"]), item("b", requested=False))
    pin = named(reading, "a")
    url = f"{FILES}/A-1.0-py3-none-any.whl"
    assert pin.files == (ListedFile(name="A-1.0-py3-none-any.whl", url=url, sha256=SHA),)
    assert (pin.source, pin.extras, pin.installed) == (INDEX, ("x",), False)
    assert [edge.name for edge in pin.dependencies or ()] == ["b"]
    assert pin.metadata == "Name: a\nVersion: 1.0\nRequires-Dist: b>=1\n"
    assert [origin(found).direct for found in reading.pins] == [True, False]
    assert not reading.closed
    assert reading.interpreter is None
    assert reading.problems == ()


@pytest.mark.parametrize(
    ("archive", "sha256"),
    [
        ({"hashes": {"sha256": SHA.upper()}}, SHA),
        ({"hash": f"sha256={SHA}"}, SHA),
        ({"hash": "md5=0"}, None),
        ({"hashes": {"sha512": "0"}, "hash": "sha512=0"}, None),
        ({}, None),
    ],
)
def test_the_hash_of_the_file(archive: dict[str, object], sha256: str | None) -> None:
    url = f"https://u:secret@files.example/a-1.0.tar.gz?x=1#sha256={SHA}"
    (file,) = only(read(item(download_info={"url": url, "archive_info": archive}))).files
    assert (file.name, file.sha256) == ("a-1.0.tar.gz", sha256)
    assert file.url is not None
    assert "secret" not in file.url


@pytest.mark.parametrize(
    ("info", "direct", "source", "files"),
    [
        ({"url": "file:///wheels/a-1.0-py3-none-any.whl", "archive_info": {}}, False, INDEX, 1),
        (
            {"url": f"{FILES}/a-1.0-py3-none-any.whl", "archive_info": {}},
            True,
            Source(kind=SourceKind.URL, location=f"{FILES}/a-1.0-py3-none-any.whl"),
            1,
        ),
        (
            {"url": f"{FILES}/download/?id=1", "archive_info": {}},
            True,
            Source(kind=SourceKind.URL, location=f"{FILES}/download/?id=1"),
            0,
        ),
        (
            {"url": "https://git.example/a.zip", "vcs_info": {"vcs": "git", "commit_id": "abc"}},
            True,
            Source(kind=SourceKind.GIT, location="git+https://git.example/a.zip@abc"),
            0,
        ),
        (
            {"url": "file:///src/a", "dir_info": {}},
            False,
            Source(kind=SourceKind.PATH, location="file:///src/a"),
            0,
        ),
    ],
)
def test_every_kind_of_source(info: dict[str, object], direct: bool, source: Source, files: int) -> None:
    pin = only(read(item(download_info=info, is_direct=direct)))
    assert (pin.source, len(pin.files)) == (source, files)


@pytest.mark.parametrize(
    ("files", "environment", "python", "platform"),
    [
        (["a-1.0-cp314-cp314t-manylinux_2_28_x86_64.whl"], {}, "3.14t", "linux-x86_64"),
        (["a-1.0-cp314-cp314-manylinux_2_28_x86_64.whl"], {}, "3.14", "linux-x86_64"),
        (["a-1.0-py3-none-any.whl", "a-1.0.tar.gz"], {}, "3.14", "linux-x86_64"),
        (["a-1.0-cp311-abi3-musllinux_1_2_x86_64.whl"], {}, "3.14", "musllinux-x86_64"),
        (["a-1.0-cp313-cp313t-win_amd64.whl"], {}, "3.13t", "windows-amd64"),
        (["a-1.0-cp313-cp313t-win_amd64.whl", "b-1.0-cp314-cp314-win_amd64.whl"], {}, None, "windows-amd64"),
        (["a-1.0-py3-none-win_amd64.whl", "b-1.0-py3-none-linux_x86_64.whl"], {}, "3.14", "linux-x86_64"),
        (["a-1-2-3-4-5-6.whl"], {}, "3.14", "linux-x86_64"),
        (["a-1.0-py3-none-any.whl"], {"implementation_name": "pypy"}, None, "linux-x86_64"),
    ],
)
def test_the_wheels_say_what_they_were_picked_for(
    files: list[str], environment: dict[str, str], python: str | None, platform: str
) -> None:
    items = [item(f"p{number}", file) for number, file in enumerate(files)]
    assert read(*items, **environment).made_for == MadeFor(python=python, platform=platform)


def test_the_file_of_the_corpus(shared: Path) -> None:
    reading, expected = read_both(shared, "generated/pip/report.json")
    assert as_expected(reading) == told(expected)
    assert named_on_their_lines(reading, (shared / "corpus/locks/generated/pip/report.json").read_text())
    assert reading.made_for == MadeFor(python="3.11", platform="linux-x86_64")
    assert all(len(pin.files) == 1 and pin.files[0].sha256 for pin in reading.pins)
    assert {pin.source for pin in reading.pins} == {INDEX}
    assert reading.problems == ()


WHOLE = told_by_pip(
    item("a", requested_extras=["x"]),
    item("b", download_info={"url": "file:///b", "dir_info": {"editable": True}}, is_direct=True),
    item(
        "c", download_info={"url": "https://x", "vcs_info": {"vcs": "git", "commit_id": "0"}}, is_direct=True
    ),
)


def test_whatever_the_type_of_a_value_it_is_read_or_refused_with_one_line() -> None:
    assert {bears(FORMAT, text) for text in with_wrong_types(WHOLE)} == {True, False}


@pytest.mark.parametrize("length", range(1, len(WHOLE), 97))
def test_a_truncated_file_is_refused(length: int) -> None:
    assert not bears(FORMAT, WHOLE[:length])


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_file_with_bytes_changed(data: st.DataObject) -> None:
    content = bytearray(WHOLE.encode())
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place : place + data.draw(st.integers(0, 20))] = data.draw(st.binary(max_size=3))
    bears(FORMAT, bytes(content))
