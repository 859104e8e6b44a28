"""Core metadata, well made and hostile."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ftaudit.index.metadata import parse_metadata
from ftaudit.model.evidence import CoreMetadata, Missing

HEAD = "Metadata-Version: 2.4\nName: My.Pkg\nVersion: 1.0\n"
FREE = "Classifier: Programming Language :: Python :: Free Threading :: "


def parse(text: str, *, sdist: bool = False, version: str | None = "1") -> CoreMetadata | Missing:
    as_of = datetime(2026, 1, 1, tzinfo=UTC)
    return parse_metadata(
        text.encode(),
        name="my-pkg",
        version=version,
        source="https://a:b@f.example/m",
        as_of=as_of,
        sdist=sdist,
    )


def test_everything_that_is_used() -> None:
    text = (
        HEAD
        + "Requires-Dist: a>=1; extra == 'x'\nRequires-Dist: b\n  (<2)\nProvides-Extra: x\n"
        + f"Requires-Python: >=3.9\nClassifier: Topic :: Internet\n{FREE}2 - Beta\n\nRequires-Dist: no"
    )
    assert parse(text) == CoreMetadata(
        name="My.Pkg",
        version="1.0",
        requires_dist=("a>=1; extra == 'x'", "b (<2)"),
        requires_python=">=3.9",
        provides_extra=("x",),
        free_threading=2,
        source="https://****@f.example/m",
        as_of=datetime(2026, 1, 1, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("classifiers", "level"),
    [
        ((), None),
        (("1 - Unstable",), 1),
        (("4 - Resilient",), 4),
        (("3 - Stable", "2 - Beta"), 2),
        (("5 - Perfect",), None),
        (("3 - Stable :: really",), None),
    ],
)
def test_the_classifier(classifiers: tuple[str, ...], level: int | None) -> None:
    found = parse(HEAD + "".join(f"{FREE}{text}\n" for text in classifiers))
    assert isinstance(found, CoreMetadata)
    assert found.free_threading == level


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_line_ends(line_end: str) -> None:
    found = parse((HEAD + "Requires-Dist: a\n\nRequires-Dist: b\n").replace("\n", line_end))
    assert isinstance(found, CoreMetadata)
    assert found.requires_dist == ("a",)


@pytest.mark.parametrize(
    "text",
    ["", "\n\n", "\0", "Name: other\nVersion: 1\n", "Name: my-pkg\nVersion: 2\n", "Name: my-pkg\n", "garbage",
     HEAD + "Requires-Dist: a\n" * 30_000],
)  # fmt: skip
def test_metadata_of_something_else_is_missing(text: str) -> None:
    found = parse(text)
    assert isinstance(found, Missing)
    assert found.kind == "bad-metadata"


@pytest.mark.parametrize(
    ("text", "static"),
    [
        (HEAD, True),
        (HEAD + "Dynamic: Requires-Dist\n", False),
        (HEAD + "Dynamic: License\n", True),
        (HEAD.replace("2.4", "2.1"), False),
    ],
)
def test_an_sdist_may_leave_its_dependencies_open(text: str, static: bool) -> None:
    assert isinstance(parse(text, sdist=True), CoreMetadata if static else Missing)
    assert isinstance(parse(text), CoreMetadata)


@pytest.mark.parametrize(
    "text",
    [
        HEAD + "License: MIT\nCopyright by me\nRequires-Dist: a\n",
        HEAD + "Requires-Dist : a\n",
        HEAD + "From here on\nRequires-Python: >=3.9\n",
        "  continued\n" + HEAD,
        HEAD + ": x\n",
    ],
)
def test_a_line_that_is_no_field_hides_what_follows(text: str) -> None:
    found = parse(text)
    assert isinstance(found, Missing)
    assert found.kind == "bad-metadata"
    assert isinstance(parse(HEAD + "License: MIT\n  Copyright by me\nRequires-Dist: a\n"), CoreMetadata)


@pytest.mark.parametrize(
    "text",
    [
        "Metadata-Version: 2.4\nName: my-pkg\nVersion: " + "9" * 5000,
        HEAD + "Requires-Python: >=" + "9" * 5000,
        HEAD + "Requires-Dist: a>=" + "9" * 5000,
    ],
)
def test_a_number_without_end(text: str) -> None:
    assert isinstance(parse(text), Missing)


@pytest.mark.parametrize("version", ["²", "2.²", "9" * 5000, f"2.{'9' * 5000}", "", "2"])
def test_a_metadata_version_that_is_none_leaves_an_sdist_dynamic(version: str) -> None:
    text = f"Metadata-Version: {version}\nName: my-pkg\nVersion: 1\n"
    assert isinstance(parse(text, sdist=True), Missing)
    assert isinstance(
        parse(text.replace(version or "n: ", "2.2" if version else "n: 2.2", 1), sdist=True), CoreMetadata
    )
