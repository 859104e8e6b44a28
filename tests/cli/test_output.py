"""Where reports go: pairs of formats and files, written whole or not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from ftaudit.cli.output import STDOUT, names, outputs
from ftaudit.errors import UsageError
from ftaudit.render.registry import RENDERERS
from tests.builders.command import Run


def chosen(formats: tuple[str, ...], paths: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(output.renderer.name, output.path) for output in outputs(formats, paths, RENDERERS)]


@pytest.mark.parametrize(
    ("formats", "paths", "expected"),
    [
        ((), (), [("text", STDOUT)]),
        (("json",), (), [("json", STDOUT)]),
        (("json",), ("-",), [("json", STDOUT)]),
        (("json",), ("a.md",), [("json", "a.md")]),
        ((), ("a.md",), [("markdown", "a.md")]),
        ((), ("a.json", "-"), [("json", "a.json"), ("text", STDOUT)]),
        (("json", "markdown"), ("a", "b"), [("json", "a"), ("markdown", "b")]),
        (("json", "markdown"), ("a",), [("json", "a"), ("markdown", STDOUT)]),
        (("json",), ("a", "b.md"), [("json", "a"), ("markdown", "b.md")]),
        (("json", "json"), ("a", "b"), [("json", "a"), ("json", "b")]),
    ],
)
def test_pairs(formats: tuple[str, ...], paths: tuple[str, ...], expected: list[tuple[str, str]]) -> None:
    assert chosen(formats, paths) == expected


@pytest.mark.parametrize(
    ("formats", "paths", "message"),
    [
        (("xml",), (), "unknown format 'xml'"),
        (("json", "text"), (), "to stdout"),
        (("json", "text"), ("-",), "to stdout"),
        (("json", "text"), ("a", "a"), "to a"),
        ((), ("a.doc",), "no format goes by the name of a.doc"),
        ((), ("a",), "no format goes by the name of a"),
    ],
)
def test_pairs_that_make_no_sense(formats: tuple[str, ...], paths: tuple[str, ...], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        outputs(formats, paths, RENDERERS)


def test_completion_reads_the_registry() -> None:
    assert names() == [renderer.name for renderer in RENDERERS]
    assert names("m") == ["markdown"]


def test_a_report_replaces_the_one_before_it(folder: Path, audit: Run) -> None:
    (folder / "requirements.txt").write_text("a==1.0\n")
    (folder / "report.json").write_text("old")
    audit("--offline", "--output", "report.json")
    assert (folder / "report.json").read_text().startswith('{\n  "schema_version": 1,')
    assert (folder / "report.json").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("place", ["folder", "missing/report.json", "requirements.txt/report.json"])
def test_a_report_that_cannot_be_written_leaves_nothing_behind(place: str, folder: Path, audit: Run) -> None:
    (folder / "requirements.txt").write_text("a==1.0\n")
    (folder / "folder").mkdir()
    done = audit("--offline", "--format", "json", "--output", place)
    assert (done.status, done.out) == (2, "")
    assert done.lines[0].startswith(f"error: {place} cannot be written: ")
    assert sorted(path.name for path in folder.iterdir()) == ["folder", "requirements.txt"]


def test_what_is_no_file_is_written_to_and_not_replaced(folder: Path, audit: Run) -> None:
    (folder / "requirements.txt").write_text("a==1.0\n")
    read, write = os.pipe()
    done = audit("--offline", "--format", "json", "--output", f"/dev/fd/{write}")
    os.close(write)
    with os.fdopen(read) as pipe:
        assert json.load(pipe)["schema_version"] == 1
    assert (done.status, done.out) == (4, "")
    audit("--offline", "--format", "json", "--output", os.devnull)
    assert Path(os.devnull).is_char_device()
