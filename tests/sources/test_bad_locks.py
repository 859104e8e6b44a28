"""Every broken or hostile lock of the shared corpus behaves as its row in index.tsv says."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from ftaudit.errors import Exit, InputError
from ftaudit.model.project import Reading, Severity
from ftaudit.sources.registry import choose
from tests.builders.documents import document_at

OURS = ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "pylock.toml")

ERRORS = {
    "01_truncated/uv.lock": ("line 364", "invalid TOML"),
    "02_truncated_json/Pipfile.lock": ("line 127, column 90", "invalid JSON"),
    "04_empty/uv.lock": ("", "empty"),
    "05_wrong_format/poetry.lock": ("line 1", "not TOML"),
    "06_merge_conflict/uv.lock": ("line 275", "merge conflict"),
    "08_merge_conflict/Pipfile.lock": ("line 3", "merge conflict"),
    "09_types_package_is_table/uv.lock": ("package", "must be an array of tables"),
    "10_types_name_is_int/poetry.lock": ("package[0].name", "must be a string"),
    "11_types_version_is_float/pylock.toml": ("packages[0].version", "must be a string"),
    "12_types_json_list/Pipfile.lock": ("top level", "must be an object"),
    "14_types_nulls/Pipfile.lock": ("default", "must be"),
    "15_missing_keys/pylock.toml": ("", "created-by is missing"),
    "16_future_version/uv.lock": ("version", "unsupported uv.lock version 2 (ftaudit reads 1)"),
    "22_deep_nesting/uv.lock": ("line 2", "nested"),
    "29_dup_keys/uv.lock": ("line 2", "duplicate key"),
    "30_dup_keys/Pipfile.lock": ("default.numpy", "duplicate key"),
    "34_nul_bytes/uv.lock": ("line 31", "NUL byte"),
    "40_bad_utf8/uv.lock": ("line 3", "not UTF-8"),
    "42_gzip/uv.lock": ("offset 0", "gzip"),
    "53_traversal_name/uv.lock": ("package[0].name", 'invalid package name "../../x"'),
    "54_traversal_wheel/pylock.toml": ("packages[0].wheels[0].name", "must be a file name"),
    "55_terminal_escape/Pipfile.lock": ("default.idna", "invalid package name"),
    "56_html_name/poetry.lock": ("package[0].name", "invalid package name"),
    "69_giant_ints/Pipfile.lock": ("_meta.pipfile-spec", "4300 digits"),
}
"""Place and words of the error."""

READ: dict[str, tuple[int, set[tuple[str, int | None, Severity]]]] = {
    "18_future_minor/pylock.toml": (1, {("newer-format-version", None, Severity.WARNING)}),
    "32_dup_package/uv.lock": (1, {("duplicate-package", 8, Severity.WARNING)}),
    "36_bom_utf8/uv.lock": (28, set()),
    "57_bad_version/poetry.lock": (2, {("invalid-version", 2, Severity.INCOMPLETE)}),
    "59_bad_marker/uv.lock": (
        1,
        {("invalid-marker", None, Severity.INCOMPLETE), ("invalid-marker", 5, Severity.INCOMPLETE)},
    ),
    "64_cyclic_deps/uv.lock": (2, set()),
    "65_dangling_dep/uv.lock": (1, {("dependency-not-pinned", 4, Severity.INCOMPLETE)}),
}
"""Number of pins, and the problems by rule, line and severity."""

MADE_BY_TESTS = {
    "20_50mb_line/uv.lock": "test_decode.py: a line over the limit",
    "21_deep_nesting/Pipfile.lock": "test_decode.py: nesting over the limit",
    "77_dotted_key/uv.lock": "test_decode.py: a dotted key over the limit",
}


def _read(shared: Path, file: str) -> Reading:
    document = document_at(shared / "corpus/bad" / file)
    chosen = choose(document)
    assert chosen is not None
    assert chosen.name == document.name
    return chosen.read(document)


@pytest.mark.parametrize("file", ERRORS)
def test_an_error_is_one_line_with_file_and_place(shared: Path, file: str) -> None:
    place, words = ERRORS[file]
    with pytest.raises(InputError) as caught:
        _read(shared, file)
    error = caught.value
    assert error.exit_status is Exit.WRONG_INPUT
    assert error.message.startswith(Path(file).name + ": ")
    assert error.place.startswith(place)
    assert words in error.reason
    assert error.message.isprintable()
    assert len(error.message) < 300


@pytest.mark.parametrize("file", READ)
def test_what_can_be_read_is_read_with_its_problems(shared: Path, file: str) -> None:
    count, problems = READ[file]
    reading = _read(shared, file)
    assert len(reading.pins) == count
    assert {(p.rule, p.line, p.severity) for p in reading.problems} == problems
    assert all(problem.message.isprintable() for problem in reading.problems)


def test_every_row_of_these_formats_has_its_case(shared: Path) -> None:
    with (shared / "corpus/bad/index.tsv").open(encoding="utf-8") as file:
        rows: list[dict[str, Any]] = list(csv.DictReader(file, delimiter="\t"))
    ours = {row["file"]: row["class"] for row in rows if Path(row["file"]).name in OURS}
    assert set(ours) == {*ERRORS, *READ, *MADE_BY_TESTS}
    for name, kind in ours.items():
        assert kind in (("error",) if name in ERRORS else ("ok", "warning", "ok-or-error", "error"))


def test_a_broken_name_of_a_terminal_is_shown_escaped(shared: Path) -> None:
    with pytest.raises(InputError, match=r"idna\\x1b\[2J"):
        _read(shared, "55_terminal_escape/Pipfile.lock")
