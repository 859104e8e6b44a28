"""``pip freeze`` writes requirements: known under any name, and everything in it is a pin."""

from __future__ import annotations

from pathlib import Path

import pytest

from ftaudit.model.project import Reading, SourceKind
from ftaudit.sources.registry import choose
from tests.builders.documents import document, document_at

SHA = "a" * 64
PATHS = [
    ("a==1.0", ("a", "1.0", SourceKind.INDEX, "")),
    ("a===2004d", ("a", "2004d", SourceKind.INDEX, "")),
    ("a @ file:///build/a", ("a", "", SourceKind.PATH, "file:///build/a")),
    (
        f"a @ file:///w/a-1.0-py3-none-any.whl#sha256={SHA}",
        ("a", "1.0", SourceKind.PATH, f"file:///w/a-1.0-py3-none-any.whl#sha256={SHA}"),
    ),
    (
        "a @ https://u:secret@files.example/a-1.0.tar.gz",
        ("a", "1.0", SourceKind.URL, "https://****@files.example/a-1.0.tar.gz"),
    ),
    (
        "a @ git+https://git.example/x@abc",
        ("a", "", SourceKind.GIT, "git+https://git.example/x@abc"),
    ),
    (
        "-e git+https://u:secret@git.example/x@abc#egg=a&subdirectory=b",
        ("a", "", SourceKind.GIT, "git+https://****@git.example/x@abc#egg=a&subdirectory=b"),
    ),
    (
        "# Editable install with no version control (a==1.0)\n-e /home/me/a",
        ("a", "", SourceKind.PATH, "/home/me/a"),
    ),
    (
        "# Editable Git install with no remote (a==1.0)\n-e /home/me/a",
        ("a", "", SourceKind.PATH, "/home/me/a"),
    ),
]


def read(text: str) -> Reading:
    frozen = document("any-name", text)
    found = choose(frozen)
    assert found is not None
    assert found.name == "requirements.txt"
    return found.read(frozen)


@pytest.mark.parametrize(("text", "expected"), PATHS)
def test_every_line_that_it_writes_is_a_pin(text: str, expected: tuple[str, str, SourceKind, str]) -> None:
    reading = read(text + "\n")
    assert [(pin.name, pin.version, pin.source.kind, pin.source.location) for pin in reading.pins] == [
        expected
    ]
    assert reading.unpinned == 0
    assert not reading.closed


@pytest.mark.parametrize(
    "text", ["word\n", "two words\n", "a @ b\n", "mail me @ https://x.example\n", "{}\n"]
)
def test_other_text_is_not_taken_for_one(text: str) -> None:
    assert choose(document("any-name", text)) is None


def test_the_file_of_the_corpus_is_known_under_any_name(shared: Path) -> None:
    path = shared / "corpus/locks/generated/pip/freeze.txt"
    reading = read(path.read_text())
    known = choose(document_at(path))
    assert known is not None
    assert [pin.key for pin in reading.pins] == [pin.key for pin in known.read(document_at(path)).pins]
    assert len(reading.pins) == 27
    assert reading.made_for is None
    assert reading.problems == ()
