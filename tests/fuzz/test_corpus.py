"""The inputs that coverage-guided fuzzing ended with, and those with which it once found something."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders.samples import SAMPLES
from tests.fuzz.readers import FoundError, one_input, seeds

CORPUS = Path(__file__).parent / "corpus"
MAX_BYTES = 600_000


def test_the_corpus_is_small() -> None:
    assert sum(path.stat().st_size for path in CORPUS.iterdir()) <= MAX_BYTES


def test_nothing_in_the_corpus_ends_a_reader() -> None:
    for path in sorted(CORPUS.iterdir()):
        try:
            one_input(path.read_bytes())
        except Exception as error:
            raise AssertionError(path.name) from error


@pytest.mark.parametrize("name", seeds())
def test_the_samples_are_read(name: str) -> None:
    reading = one_input(seeds()[name])
    assert reading is not None
    assert reading.format == SAMPLES[int(name[:2])].format


def test_what_cannot_be_shown_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.fuzz.readers._shown", lambda reading: ["\x1b"])
    with pytest.raises(FoundError, match="cannot be shown"):
        one_input(seeds()["00-uv.lock"])
