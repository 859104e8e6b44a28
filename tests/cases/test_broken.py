"""Truncated inputs, and those of a wrong type: one line that names file and place, in every format."""

from __future__ import annotations

from pathlib import Path

import pytest

from ftaudit.errors import InputError
from ftaudit.sources import limits
from tests.cases.broken import BROKEN, OVER, REAL, Broken, sample
from tests.cases.following import collected, errors, followed


@pytest.mark.parametrize("case", [*BROKEN, *REAL], ids=str)
def test_the_error_is_one_line_that_names_the_file_and_the_place(case: Broken, tmp_path: Path) -> None:
    content = case.content
    (tmp_path / case.name).write_bytes(content.encode() if isinstance(content, str) else content)
    found = collected(case.name, folder=tmp_path)
    (line,) = errors(found)
    assert line.startswith(case.name)
    assert case.words in line
    assert (found.readings, isinstance(found.errors[0], InputError)) == ((), True)
    assert followed(found) == []


@pytest.mark.parametrize(
    ("name", "content", "limit", "value", "words"),
    OVER,
    ids=[f"{name}-{limit}" for name, _, limit, *_ in OVER],
)
def test_a_limit_is_named_where_it_is_reached(
    name: str,
    content: str | bytes,
    limit: str,
    value: int,
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    content = content or sample(name)
    (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
    assert collected(name, folder=tmp_path).errors == ()
    monkeypatch.setattr(limits, limit, value)
    (line,) = errors(collected(name, folder=tmp_path))
    assert line.startswith(name)
    assert words in line
