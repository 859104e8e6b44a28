"""Hostile texts at every place of every format: refused with one line, or read, and clean in every output."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from ftaudit.render import document
from ftaudit.sources.base import Opens
from ftaudit.sources.registry import formats
from tests.builders.samples import SAMPLES
from tests.cases.following import collected, errors, followed
from tests.cases.places import PLACES, Place
from tests.cases.words import HOSTILE, wrong_with, wrong_with_markdown


def write(folder: Path, files: Mapping[str, str]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode("utf-8"))


@pytest.mark.parametrize("place", PLACES, ids=lambda place: f"{place.name}-{place.what}")
def test_what_is_written_at_a_place_is_in_no_output_as_it_is(place: Place, tmp_path: Path) -> None:
    paths = {name: f"{name.replace(' ', '-')}/{place.name}" for name in HOSTILE}
    for name, text in HOSTILE.items():
        folder = (tmp_path / paths[name]).parent
        write(folder, {**place.beside, place.name: place.document(text)})
    found = collected(*paths.values(), folder=tmp_path)
    lines = errors(found)
    broken = [line.partition(": ")[0] for line in lines]
    assert sorted([*broken, *(reading.input for reading in found.readings)]) == sorted(paths.values())
    if place.refused:
        assert all(place.refused in line for line in lines)
        assert found.readings == ()
    else:
        assert found.readings
    assert followed(found) == []


def test_a_command_in_a_json_document_is_still_the_same_string() -> None:
    written = document.written({"a": "##[error]b ###"})
    assert "##" not in written
    assert json.loads(written) == {"a": "##[error]b ###"}


def test_every_format_has_its_places() -> None:
    assert {place.name for place in PLACES} == {sample.name for sample in SAMPLES}
    assert {sample.format for sample in SAMPLES} == {form.name for form in formats(Opens.CONTENT)}


@pytest.mark.parametrize(
    ("output", "wrong"),
    [
        ("a ::error::b", 0),
        ("  ::error::b", 1),
        ("a ##[error]b", 1),
        ("a #\\x23[error]b", 0),
        ("forged line: ready", 1),
        (r"x\x0aforged line: ready", 0),
        ("a\x1b[31mb", 1),
        ("a\u202eb", 1),
        ("the secret", 1),
    ],
)
def test_what_is_wrong_is_found(output: str, wrong: int) -> None:
    assert len(wrong_with(output)) == wrong


@pytest.mark.parametrize(
    ("output", "wrong"),
    [("`<script>` a<br>b", 0), ("<script>", 1), ("a ` <b>", 1), ("[a](b)", 1), ("`@team`", 0), ("@team", 1)],
)
def test_what_is_wrong_with_markdown_is_found(output: str, wrong: int) -> None:
    assert len(wrong_with_markdown(output)) == wrong
