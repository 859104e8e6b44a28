"""One release in two inputs is one pin where both would have it of the same index, and two where not."""

from __future__ import annotations

from pathlib import Path

import pytest

from ftaudit.index.config import IndexOptions, Settings
from ftaudit.index.same_index import with_named_indexes
from ftaudit.model.project import DeclaredIndex, Pin, Reading, Source, SourceKind

PUBLIC = "https://public.example/simple"
OTHER = "https://other.example/simple"


def reading(name: str, *pins: Pin, declares: str = "", extra: bool = False) -> Reading:
    declared = DeclaredIndex(url=declares, replaces_default=not extra, tool="pip")
    indexes = (declared,) if declares else ()
    return Reading(input=name, format="f", sha256="", pins=pins, indexes=indexes)


def pin(location: str = "", version: str = "1", *, installed: bool = False) -> Pin:
    source = Source(kind=SourceKind.INDEX, location=location)
    return Pin(name="idna", version=version, source=source, installed=installed)


def locations(tmp_path: Path, *readings: Reading, index_url: str | None = None) -> list[str]:
    settings = Settings(
        IndexOptions(root=tmp_path, index_url=index_url),
        readings,
        environ={"XDG_CONFIG_DIRS": str(tmp_path)},
        home=tmp_path,
        cwd=tmp_path,
        public=lambda: PUBLIC + "/",
    )
    return [pin.source.location for each in with_named_indexes(readings, settings) for pin in each.pins]


@pytest.mark.parametrize(
    ("other", "index_url", "expected"),
    [
        (reading("b", pin()), None, PUBLIC),
        (reading("b", pin(), declares=PUBLIC), None, PUBLIC),
        (reading("b", pin(), declares=OTHER), None, ""),
        (reading("b", pin(), declares=OTHER, extra=True), None, ""),
        (reading("b", pin()), OTHER, ""),
        (reading("b", pin(version="2")), None, ""),
        (reading("b", pin(installed=True)), None, ""),
        (reading("b", pin(OTHER)), None, OTHER),
    ],
    ids=["usual", "declared", "another", "one-more", "configured", "version", "installed", "named"],
)
def test_a_pin_names_the_index_that_it_would_have_been_asked_of(
    other: Reading, index_url: str | None, expected: str, tmp_path: Path
) -> None:
    assert locations(tmp_path, reading("a", pin(PUBLIC)), other, index_url=index_url) == [PUBLIC, expected]
    assert locations(tmp_path, other, reading("a", pin(PUBLIC)), index_url=index_url) == [expected, PUBLIC]


def test_what_no_input_names_stays_unnamed(tmp_path: Path) -> None:
    assert locations(tmp_path, reading("a", pin()), reading("b", pin())) == ["", ""]


def test_inputs_that_are_asked_of_different_indexes_hold_two_pins(tmp_path: Path) -> None:
    own = reading("a", pin(), declares=OTHER)
    assert locations(tmp_path, own, reading("b", pin())) == [OTHER, PUBLIC]
    assert locations(tmp_path, own, reading("b", pin(), declares=OTHER)) == ["", ""]
    assert locations(tmp_path, own, reading("b", pin(version="2"))) == ["", ""]


def test_several_indexes_have_no_one_name(tmp_path: Path) -> None:
    both = reading("a", pin(), declares=OTHER, extra=True)
    assert locations(tmp_path, both, reading("b", pin())) == ["", PUBLIC]


def test_other_sources_are_left_alone(tmp_path: Path) -> None:
    git = Pin(name="idna", version="1", source=Source(kind=SourceKind.GIT, location=PUBLIC))
    assert locations(tmp_path, reading("a", git), reading("b", pin())) == [PUBLIC, ""]
