"""Scripts with inline metadata (PEP 723): the block, errors in the script's own lines, the lock beside it."""

from __future__ import annotations

import json
import re
import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ftaudit.errors import FtauditError, InputError
from ftaudit.model.project import Reading, Severity
from ftaudit.sources import limits
from ftaudit.sources.collect import Collected, collect
from ftaudit.sources.projects.script import FORMAT, HOLDER
from ftaudit.sources.registry import choose
from ftaudit.sources.scratch import Scratch
from tests.builders.documents import document, document_at
from tests.builders.locks import problem

BLOCK = """\
# /// script
# requires-python = ">=3.13"
# dependencies = [
#   "NumPy>=2",
#   "idna",
# ]
# ///
"""
LOCK = 'version = 1\nrequires-python = ">=3.13"\n[manifest]\nrequirements = [{ name = "idna" }]\n'

PEP = re.compile(r"(?m)^# /// (?P<type>[a-zA-Z0-9-]+)$\s(?P<content>(^#(| .*)$\s)+)^# ///$")
"""The expression of the PEP, as it stands there."""


def read(text: str | bytes, name: str = "tool.py") -> Reading:
    return FORMAT.read(document(name, text))


@pytest.mark.parametrize(
    ("name", "content", "score"),
    [
        ("tool.py", "", 1),
        ("tool", f"#!/usr/bin/env python3\n{BLOCK}", 2),
        ("tool.py", BLOCK, 2),
        ("tool", "print(1)", 0),
        ("tool.py.lock", LOCK, 0),
    ],
)
def test_it_is_known_by_its_block_and_then_by_its_name(name: str, content: str, score: int) -> None:
    assert FORMAT.score(document(name, content)) == score


@pytest.mark.parametrize(
    "text",
    [
        BLOCK,
        f"#!/usr/bin/env -S uv run\n{BLOCK}import numpy\n",
        BLOCK.replace("\n", "\r\n"),
        f"\N{BYTE ORDER MARK}{BLOCK}",
        BLOCK.removesuffix("\n"),
        BLOCK.replace("# ]\n", "# ]\n#\n# [tool.uv]\n# exclude-newer = 1\n"),
        f"# /// other\n# x\n# ///\n\n{BLOCK}",
    ],
    ids=["plain", "shebang", "crlf", "bom", "no-newline", "tool", "other-type"],
)
def test_what_a_script_asks_for(text: str) -> None:
    reading = read(text)
    assert [(edge.name, edge.specifier) for edge in reading.roots or ()] == [("numpy", ">=2"), ("idna", "")]
    assert (reading.pins, reading.unpinned, reading.requires_python) == ((), 2, ">=3.13")
    assert problem(reading).message.startswith("2 requirements are not pins: lock the script")
    assert problem(reading).rule == "unpinned-requirement"


def test_a_block_that_asks_for_nothing() -> None:
    reading = read("# /// script\n# dependencies = []\n# ///\n")
    assert (reading.unpinned, reading.problems) == (0, ())


def test_the_last_closing_line_of_the_comment_ends_the_block() -> None:
    with pytest.raises(InputError, match=r"^tool\.py: line 3: invalid TOML"):
        read('# /// script\n# dependencies = ["a"]\n# ///\n# more\n# ///\n')
    assert read('# /// script\n# dependencies = ["a"]\n# ///\n\n# more\n# ///\n').unpinned == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("print(1)\n", "a script without inline metadata .PEP 723.: no metadata found"),
        ("", "a script without inline metadata"),
        ("# /// script\n# ///\n", 'line 1: a block of script metadata that no line "# ///" closes'),
        ("\n# /// script\n# a = 1\nx = 1\n# ///", "line 2: a block of script metadata that no line"),
        (f"{BLOCK}\n{BLOCK}", "line 9: a second block of script metadata"),
        ("x = 1\n# /// script\n# a = 1\n# b = \n# ///\n", "line 4: invalid TOML"),
        ("# /// script\n# a = 1\n# a = 1\n# ///\n", "line 3: .*duplicate key"),
        ('# /// script\n# dependencies = "a"\n# ///\n', "dependencies: must be an array"),
        ("# /// script\n# dependencies = [1]\n# ///\n", r"dependencies\[0\]: must be a string"),
        ('# /// script\n# dependencies = ["../x"]\n# ///\n', r"dependencies\[0\]: invalid requirement"),
        (
            '# /// script\n# dependencies = ["a\\u001b[2J"]\n# ///\n',
            r"dependencies\[0\]: invalid .*a\\x1b\[2J",
        ),
        ("# /// script\n# requires-python = 3\n# ///\n", "requires-python: must be a string"),
        ("<<<<<<< HEAD\n", "line 1: an unresolved merge conflict"),
        (f"{BLOCK}\0", "line 8: a NUL byte"),
        (b"# /// script\n# \xff\n# ///\n", "line 2: not UTF-8 text"),
    ],
)
def test_what_is_refused(text: str | bytes, words: str) -> None:
    with pytest.raises(InputError, match=rf"^tool\.py: {words}") as caught:
        read(text)
    assert caught.value.message.isprintable()


def test_only_the_beginning_of_a_script_is_looked_at() -> None:
    filler = "x = 1\n" * (limits.SCRIPT_HEAD // 6)
    assert read(f"{BLOCK}{filler}\xff").unpinned == 2
    with pytest.raises(InputError, match=r"in its first 1 MB: no metadata found"):
        read(f"{filler}{BLOCK}")


@pytest.mark.parametrize("line", ["# /// script\n", "# /// a\n# x\n", "# ///\n", "# /// script\n# ///\n"])
def test_a_script_of_nothing_but_such_lines_takes_no_time(line: str) -> None:
    started = time.perf_counter()
    with pytest.raises(InputError):
        read(line * (limits.SCRIPT_HEAD // len(line)))
    assert time.perf_counter() - started < 3


LINES = st.sampled_from(
    ["# /// script", "# /// other-1", "# ///", "#", "# a = 1", "#x", "", "x", "# /// script ", "##"]
)


@settings(deadline=None)
@given(st.lists(LINES, max_size=12))
@example(["# /// script", "# a = 1", "# ///", "# ///", "# /// script", "# a = 1", "# ///"])
def test_blocks_are_those_of_the_expression_in_the_pep(lines: list[str]) -> None:
    text = "\n".join(lines)
    expected = [match for match in PEP.finditer(text) if match["type"] == "script"]
    try:
        reading = read(text)
    except InputError as error:
        told = "no metadata found" in error.reason, "a second block" in error.reason
        assert told == (not expected, len(expected) > 1)
    else:
        assert (len(expected), reading.unpinned) == (1, 0)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_reading_or_one_error(content: bytes) -> None:
    with suppress(FtauditError):
        assert read(b"# /// script\n# " + content + b"\n# ///\n").pins == ()


# -- the lock beside it --


def named(folder: Path, *names: str) -> Collected:
    with Scratch() as scratch:
        return collect(names, cwd=folder, scratch=scratch)


def test_a_script_s_lock_is_read_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/tool.py").write_text(BLOCK)
    (tmp_path / "sub/tool.py.lock").write_text(LOCK)
    found = named(tmp_path, "sub/tool.py")
    (reading,) = found.readings
    assert (reading.input, reading.format, found.errors) == ("sub/tool.py.lock", "uv.lock", ())
    (note,) = found.problems
    assert (note.rule, note.severity, note.input) == ("other-inputs-seen", Severity.NOTE, "sub/tool.py.lock")
    assert note.message == "chose tool.py.lock, the lock of the script tool.py"


def test_a_script_without_a_lock_is_read_itself(tmp_path: Path) -> None:
    (tmp_path / "tool.py").write_text(BLOCK)
    found = named(tmp_path, "tool.py")
    (reading,) = found.readings
    assert (reading.input, reading.format, found.problems) == ("tool.py", "PEP 723 script", ())


def test_a_broken_lock_is_said_and_the_script_not_taken_instead(tmp_path: Path) -> None:
    (tmp_path / "tool.py").write_text(BLOCK)
    (tmp_path / "tool.py.lock").write_text("version = [")
    found = named(tmp_path, "tool.py")
    assert found.readings == ()
    assert [str(error)[:28] for error in found.errors] == ["tool.py.lock: line 1: invali"]


def test_a_python_file_without_a_block_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "setup.py").write_text("from setuptools import setup\nsetup()\n")
    (error,) = named(tmp_path, "setup.py").errors
    assert str(error) == "setup.py: a script without inline metadata (PEP 723): no metadata found"
    assert error.exit_status == 2
    assert "name its lockfile" in error.advice


@pytest.mark.parametrize(("name", "score"), [("a.py", 2), ("b.py", 0), ("uv.lock", 0), ("a.py.lock", 0)])
def test_only_a_script_with_a_lock_is_such_a_holder(name: str, score: int) -> None:
    assert HOLDER.score(document(name, "", a_py_lock="")) == score


# -- the corpus --


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("67_pep723/two.py", "line 5: a second block"),
        ("68_pep723/unclosed.py", "line 1: .*no metadata found"),
    ],
)
def test_the_bad_scripts_of_the_corpus(file: str, words: str, shared: Path) -> None:
    found = document_at(shared / "corpus/bad" / file)
    form = choose(found)
    assert form is FORMAT
    with pytest.raises(InputError, match=words):
        form.read(found)


def test_the_script_of_the_corpus(shared: Path) -> None:
    expected = json.loads(
        (shared / "corpus/locks/expected/astral-sh__ruff__generate_mkdocs.py.json").read_text()
    )
    reading = FORMAT.read(document_at(shared / "corpus/locks/astral-sh__ruff/generate_mkdocs.py"))
    assert [f"{edge.name}{edge.specifier}" for edge in reading.roots or ()] == expected["dependencies"]
    assert {edge.name for edge in reading.roots or ()} == set(expected["direct"])
    assert reading.requires_python == expected["requires_python"]
    assert list(reading.pins) == expected["packages"]
