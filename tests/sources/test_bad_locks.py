"""Every broken or hostile input of the shared corpus behaves as its row in index.tsv says, in every format.

Those that are too large or too special to lie in a corpus are made here.
"""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import ftaudit
from ftaudit.errors import Exit, InputError
from ftaudit.model.project import Problem, Reading
from ftaudit.sources.collect import Collected, collect
from ftaudit.sources.scratch import Scratch

SECONDS = 1.0
"""For one input, on a machine that has nothing else to do."""
PATIENCE = 10.0
"""For one input, on a shared machine: what does not end at once takes far longer than this."""
MEGABYTES = 200

NOT_KNOWN = "not a lockfile or environment that ftaudit knows"

ERRORS = {
    "01_truncated/uv.lock": ("line 364", "invalid TOML"),
    "02_truncated_json/Pipfile.lock": ("line 127, column 90", "invalid JSON"),
    "03_truncated_yaml/pixi.lock": ("line 8", "invalid YAML"),
    "04_empty/uv.lock": ("", "empty"),
    "05_wrong_format/poetry.lock": ("line 1", "not TOML: this looks like JSON"),
    "06_merge_conflict/uv.lock": ("line 275", "merge conflict"),
    "07_merge_conflict/requirements.txt": ("line 2", "merge conflict"),
    "08_merge_conflict/Pipfile.lock": ("line 3", "merge conflict"),
    "09_types_package_is_table/uv.lock": ("package", "must be an array of tables"),
    "10_types_name_is_int/poetry.lock": ("package[0].name", "must be a string"),
    "11_types_version_is_float/pylock.toml": ("packages[0].version", "must be a string"),
    "12_types_json_list/Pipfile.lock": ("top level", "must be an object"),
    "13_types_yaml_scalar/conda-lock.yml": ("top level", "must be a mapping"),
    "14_types_nulls/Pipfile.lock": ("default", "must be a table or an object"),
    "15_missing_keys/pylock.toml": ("", "created-by is missing"),
    "16_future_version/uv.lock": ("version", "unsupported uv.lock version 2 (ftaudit reads 1)"),
    "17_future_version/pixi.lock": ("version", "unsupported pixi.lock version 99 (ftaudit reads 1 to 7)"),
    "22_deep_nesting/uv.lock": ("line 2", "nested more than 50 levels deep"),
    "23_deep_nesting/conda-lock.yml": ("line 2", "nested more than 50 levels deep"),
    "24_yaml_bomb/conda-lock.yml": ("line 1", "an anchor, which no lock uses"),
    "25_yaml_bomb_merge/pixi.lock": ("line 2", "an anchor, which no lock uses"),
    "26_yaml_python_tag/conda-lock.yml": ("line 2", "tags are not accepted"),
    "27_billion_laughs/bom.xml": ("line 2", "a DOCTYPE"),
    "28_xxe/bom.xml": ("line 2", "a DOCTYPE"),
    "29_dup_keys/uv.lock": ("line 2", "duplicate key"),
    "30_dup_keys/Pipfile.lock": ("default.numpy", "duplicate key"),
    "31_dup_keys/pixi.lock": ("line 2", "duplicate key version"),
    "33_nul_bytes/requirements.txt": ("line 2", "NUL byte"),
    "34_nul_bytes/uv.lock": ("line 31", "NUL byte"),
    "38_utf16_nobom/requirements.txt": ("line 1", "looks like UTF-16 without a byte order mark"),
    "40_bad_utf8/uv.lock": ("line 3", "not UTF-8"),
    "42_gzip/uv.lock": ("offset 0", "a binary file (gzip)"),
    "53_traversal_name/uv.lock": ("package[0].name", 'invalid package name "../../x"'),
    "54_traversal_wheel/pylock.toml": ("packages[0].wheels[0].name", "must be a file name"),
    "55_terminal_escape/Pipfile.lock": (r"default.idna\x1b[2J", r'invalid package name "idna\x1b[2J'),
    "56_html_name/poetry.lock": ("package[0].name", "invalid package name"),
    "60_bad_marker/requirements.txt": ("line 1", "invalid marker"),
    "61_marker_depth/requirements.txt": ("line 1", "marker nested more than 50 levels deep"),
    "66_cyclic_groups/pyproject.toml": ("dependency-groups.a", "a cyclic dependency group: a -> b -> a"),
    "67_pep723/two.py": ("line 5", "a second block"),
    "68_pep723/unclosed.py": ("line 1", "no metadata found"),
    "69_giant_ints/Pipfile.lock": ("_meta.pipfile-spec", "more than 4300 digits"),
    "73_named_like/package-lock.json": ("", NOT_KNOWN),
}
"""Place and words of the error."""

REFUSED = {
    "43_cyclic/requirements.txt": (3, "b.txt: line 1: cyclic include: requirements.txt -> a.txt -> b.txt ->"),
    "43_cyclic/a.txt": (3, "cyclic include: a.txt -> b.txt -> requirements.txt -> a.txt"),
    "43_cyclic/b.txt": (3, "cyclic include: b.txt -> requirements.txt -> a.txt -> b.txt"),
    "44_self_include/requirements.txt": (0, "line 1: requirements.txt includes itself"),
    "45_outside/requirements.txt": (1, "line 1: ../../../../../../../../etc/passwd lies outside the project"),
    "46_devzero/requirements.txt": (1, "line 1: /dev/zero lies outside the project"),
    "48_url_include/requirements.txt": (1, "line 2: http://169.254.169.254/latest/meta-data/ is a URL"),
    "49_missing_include/requirements.txt": (1, "line 1: nothing-here.txt: no such file"),
    "50_include_dir/requirements.txt": (1, "line 1: . is a directory"),
}
"""An include that is not read is an error of that include: what stands beside it is kept, and the run ends
incomplete. Number of pins, and what is told."""

Told = set[tuple[str, int | None]]
READ: dict[str, tuple[int, Told]] = {
    "18_future_minor/pylock.toml": (1, {("newer-format-version", None)}),
    "32_dup_package/uv.lock": (1, {("duplicate-package", 8)}),
    "35_bom_utf8/requirements.txt": (2, set()),
    "36_bom_utf8/uv.lock": (28, set()),
    "37_utf16_bom/requirements.txt": (2, set()),
    "39_latin1/requirements.txt": (2, set()),
    "41_crlf_cr/requirements.txt": (3, set()),
    "51_wide_includes/requirements.txt": (1, set()),
    "57_bad_version/poetry.lock": (2, {("invalid-version", 2)}),
    "58_bad_version/requirements.txt": (3, {("invalid-version", 3)}),
    "59_bad_marker/uv.lock": (1, {("invalid-marker", None), ("invalid-marker", 5)}),
    "63_bad_purl/bom.json": (
        2,
        {("invalid-package-url", 1), ("component-without-version", 1), ("other-ecosystems", None)},
    ),
    "64_cyclic_deps/uv.lock": (2, set()),
    "65_dangling_dep/uv.lock": (1, {("dependency-not-pinned", 4)}),
    "70_env_var/requirements.txt": (2, set()),
    "71_editable/requirements.txt": (5, set()),
    "72_no_pins/requirements.txt": (0, {("unpinned-requirement", line) for line in (1, 2, 3, 4)}),
    "74_conda_pip_field/environment.yml": (2, {("unpinned-requirement", None)}),
    "74_conda_pip_field/requirements.txt": (1, set()),
    "75_pants_header/python-default.lock": (10, set()),
}
"""Number of pins, and the problems by rule and line."""

MERELY_TOLD = {"newer-format-version", "duplicate-package", "other-ecosystems"}
"""The rules of the problems above that leave no hole in the report."""


def _fifo(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    (folder / "requirements.txt").write_text("-r pipe\nidna==3.20\n")


def _link_out(folder: Path) -> None:
    (folder / "requirements.txt").symlink_to("/etc/passwd")


SPECIAL: dict[str, tuple[Callable[[Path], None], str]] = {
    "47_fifo/requirements.txt": (_fifo, "line 1: pipe is not a regular file"),
    "52_symlink_out/requirements.txt": (_link_out, "requirements.txt lies outside the project"),
}
"""What no corpus can hold, and what is told of it."""

DEEP = 100_000
LARGE: dict[str, tuple[Callable[[], str], str]] = {
    "19_50mb_line/requirements.txt": (
        lambda: "idna==3.20 ; " + "x" * 52_428_800,
        "larger than 8 MB, the limit for a requirements file",
    ),
    "20_50mb_line/uv.lock": (
        lambda: 'version = 1\nrequires-python = ">=' + "3" * 52_428_800 + '"\n',
        "line 2: a line longer than 1048576 characters",
    ),
    "21_deep_nesting/Pipfile.lock": (
        lambda: '{"_meta": {}, "default": ' + '{"a":' * DEEP + "1" + "}" * DEEP + "}",
        "nested more than 50 levels deep",
    ),
    "62_marker_regex/requirements.txt": (
        lambda: "idna==3.20 ; " + " or ".join(["os_name == 'x'"] * 70_000),
        "line 1: a line longer than 1048576 characters",
    ),
    "76_deep_nesting_c/conda-lock.yml": (
        lambda: "version: 1\nx: " + "[" * 400_000 + "]" * 400_000 + "\n",
        "line 2: nested more than 50 levels deep",
    ),
    "77_dotted_key/uv.lock": (
        lambda: "version = 1\n" + ".".join("a" * 400_000) + " = 1\n",
        "line 2: a key of more than 100 parts",
    ),
}
"""What is read in a process of its own, and what is told of it."""

NO_INPUTS = {"52_symlink_out/README"}
"""Files of the corpus that are part of another row."""


def _collected(folder: Path, name: str) -> Collected:
    began = time.monotonic()
    with Scratch() as scratch:
        found = collect([name], cwd=folder, scratch=scratch)
    assert time.monotonic() - began < PATIENCE
    return found


def _of(shared: Path, file: str) -> Collected:
    path = shared / "corpus/bad" / file
    return _collected(path.parent, path.name)


def _reading(found: Collected) -> Reading:
    assert found.errors == ()
    assert all(problem.message.isprintable() for problem in found.readings[0].problems)
    return found.readings[0]


def _holes(reading: Reading) -> list[Problem]:
    return [problem for problem in reading.problems if problem.severity == "incomplete"]


def test_every_row_has_its_case(shared: Path) -> None:
    with (shared / "corpus/bad/index.tsv").open(encoding="utf-8") as file:
        rows = {row["file"]: row["class"] for row in csv.DictReader(file, delimiter="\t")}
    broken = {*ERRORS, *REFUSED, *SPECIAL, *LARGE}
    assert set(rows) == {*broken, *READ, *NO_INPUTS}
    part_of_a_row = {"74_conda_pip_field/requirements.txt"}
    assert {name for name, kind in rows.items() if kind == "error"} <= broken | NO_INPUTS | part_of_a_row
    assert {rows[name] for name in broken} == {"error", "ok-or-error"}


@pytest.mark.parametrize("file", ERRORS)
def test_an_error_is_one_line_with_file_and_place(shared: Path, file: str) -> None:
    place, words = ERRORS[file]
    found = _of(shared, file)
    (error,) = found.errors
    assert found.readings == ()
    assert isinstance(error, InputError)
    assert error.exit_status is Exit.WRONG_INPUT
    assert error.message.startswith(f"{Path(file).name}: {place}")
    assert bool(error.place) is bool(place)
    assert words in error.reason
    assert error.message.isprintable()
    assert len(error.message) < 300


@pytest.mark.parametrize("file", REFUSED)
def test_what_is_not_included_is_told_and_the_rest_is_read(shared: Path, file: str) -> None:
    pins, words = REFUSED[file]
    reading = _reading(_of(shared, file))
    assert len(reading.pins) == pins
    assert {problem.rule for problem in _holes(reading)} == {"refused-include"}
    assert any(words in f"line {problem.line}: {problem.message}" for problem in reading.problems)


@pytest.mark.parametrize("file", READ)
def test_what_can_be_read_is_read_with_its_problems(shared: Path, file: str) -> None:
    count, problems = READ[file]
    reading = _reading(_of(shared, file))
    assert len(reading.pins) == count
    assert {(problem.rule, problem.line) for problem in reading.problems} == problems
    assert {problem.rule for problem in _holes(reading)} == {rule for rule, _ in problems} - MERELY_TOLD


@pytest.mark.parametrize("file", SPECIAL)
def test_what_is_no_ordinary_file_is_not_waited_for(tmp_path: Path, file: str) -> None:
    make, words = SPECIAL[file]
    make(tmp_path)
    found = _collected(tmp_path, "requirements.txt")
    told = [error.message for error in found.errors]
    told += [
        f"line {problem.line}: {problem.message}" for read in found.readings for problem in read.problems
    ]
    (line,) = told
    assert words in line
    assert "root" not in line
    assert [pin.name for reading in found.readings for pin in reading.pins] == ["idna"] * ("fifo" in file)


ALONE = """
import sys, time
from pathlib import Path
from ftaudit.sources.collect import collect
from ftaudit.sources.scratch import Scratch

with Scratch() as scratch:
    began = time.process_time()
    found = collect([sys.argv[1]], cwd=Path.cwd(), scratch=scratch)
    print(time.process_time() - began)
status = Path("/proc/self/status").read_text()
print(next(int(line.split()[1]) // 1024 for line in status.splitlines() if line.startswith("VmHWM")))
print(len(found.readings), *[error.message for error in found.errors], sep="\\n")
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc on this system")
@pytest.mark.parametrize("file", LARGE)
def test_the_large_ones_are_refused_in_little_time_and_memory(tmp_path: Path, file: str) -> None:
    make, words = LARGE[file]
    path = tmp_path / Path(file).name
    path.write_text(make())
    source = str(Path(ftaudit.__file__).parent.parent)
    command = [sys.executable, "-c", ALONE, path.name]
    done = subprocess.run(
        command, cwd=tmp_path, env={"PYTHONPATH": source}, capture_output=True, text=True, check=True
    )
    seconds, megabytes, readings, error = done.stdout.splitlines()
    assert (readings, error) == ("0", f"{path.name}: {words}")
    assert int(megabytes) < MEGABYTES
    assert float(seconds) < SECONDS
