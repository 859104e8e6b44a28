"""What the user names: found, confined, recognised, read; and a folder in which there is a choice."""

from __future__ import annotations

import csv
import os
import sys
from pathlib import Path

import pytest

from ftaudit.errors import FtauditError, InputError, NothingToAuditError
from ftaudit.model.project import Reading, Severity
from ftaudit.sources import registry
from ftaudit.sources.base import Document, Format
from ftaudit.sources.collect import Collected, collect
from ftaudit.sources.registry import formats
from ftaudit.sources.scratch import Scratch
from ftaudit.sources.tree import DiskTree
from tests.builders.environments import install, venv
from tests.builders.wheels import wheel

PINNED = "idna==3.20\n"


def at(folder: Path, *paths: str, root: Path | None = None) -> Collected:
    with Scratch() as scratch:
        return collect(paths, cwd=folder, root=root, scratch=scratch)


def error(found: Collected) -> FtauditError:
    assert found.readings == ()
    (only,) = found.errors
    return only


def test_every_kind_of_input_in_the_order_named(tmp_path: Path) -> None:
    name, content = wheel()
    (tmp_path / "house").mkdir()
    (tmp_path / "house" / name).write_bytes(content)
    (tmp_path / "freeze").write_text(PINNED)
    install(venv(tmp_path / "env"))
    paths = ("house", sys.executable, f"house/{name}", "env", "freeze")
    found = at(tmp_path, *paths)
    assert found.errors == ()
    assert [reading.input for reading in found.readings] == list(paths)
    formats = ["wheelhouse", "interpreter", "wheel", "environment", "requirements.txt"]
    assert [reading.format for reading in found.readings] == formats


def test_a_broken_input_does_not_lose_the_others(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text(PINNED)
    (tmp_path / "requirements-bad.txt").write_text("??")
    found = at(tmp_path, "requirements-bad.txt", "missing.txt", "requirements.txt")
    assert [reading.input for reading in found.readings] == ["requirements.txt"]
    assert [str(each) for each in found.errors] == [
        "requirements-bad.txt: line 1: not a valid requirement",
        "missing.txt: no such file or directory",
    ]
    assert {each.exit_status for each in found.errors} == {2}


def test_the_same_input_twice_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text(PINNED)
    found = at(tmp_path, "requirements.txt", "./requirements.txt", str(tmp_path / "requirements.txt"), ".")
    assert [reading.input for reading in found.readings] == ["requirements.txt"]


@pytest.mark.parametrize(
    ("name", "content"), [("package-lock.json", '{"lockfileVersion":3}'), ("x", ""), ("notes.txt", "hello")]
)
def test_an_unknown_format_is_one_line_with_advice(name: str, content: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content)
    found = error(at(tmp_path, name))
    assert str(found) == f"{name}: not a lockfile or environment that ftaudit knows"
    assert all(known.name in found.advice for known in formats())
    assert found.exit_status == 2


def test_the_bad_files_of_the_corpus(shared: Path) -> None:
    lines = (shared / "corpus/bad/index.tsv").read_text(encoding="utf-8").splitlines()
    rows = list(csv.DictReader(lines, delimiter="\t"))
    read = 0
    for row in rows:
        path = shared / "corpus/bad" / row["file"]
        if not path.exists() or row["file"].startswith("52_"):
            continue  # made by a test of its own
        read += 1
        found = at(path.parent, path.name)
        gaps = [p for r in found.readings for p in r.problems if p.severity is Severity.INCOMPLETE]
        unknown = any("ftaudit knows" in str(each) for each in found.errors)
        assert len(found.readings) + len(found.errors) == 1, row
        assert all("\n" not in str(each) for each in found.errors), row
        if row["class"] == "error" and not row["what a good tool does"].startswith("(part of"):
            assert found.errors or gaps, row
        elif row["class"] == "ok":
            assert found.readings or unknown, row
    assert read > 60


# -- confinement --


@pytest.mark.parametrize("kind", ["fifo", "link", "dangling", "device", "large"])
def test_what_is_no_ordinary_file_is_refused(kind: str, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    (tmp_path / "target").write_text("top-secret==1")
    path = folder / "requirements.txt"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "large":
        with path.open("wb") as file:
            file.truncate(65 * 1024 * 1024)
    else:
        targets = {"link": tmp_path / "target", "dangling": folder / "nothing", "device": Path("/dev/zero")}
        path.symlink_to(targets[kind])
    found = error(at(folder, "requirements.txt"))
    assert isinstance(found, InputError)
    assert found.exit_status == 2
    assert "secret" not in str(found)
    assert "\n" not in str(found)


def test_a_device_is_refused() -> None:
    assert "not a regular file" in str(error(at(Path("/dev"), "zero")))


@pytest.mark.parametrize("mark", [".git", "pyproject.toml"])
def test_the_tree_is_the_nearest_project(mark: str, tmp_path: Path) -> None:
    (tmp_path / mark).mkdir()
    (tmp_path / "sub").mkdir()
    (tmp_path / "base.txt").write_text(PINNED)
    (tmp_path / "sub/requirements.txt").write_text("-r ../base.txt")
    (reading,) = at(tmp_path / "sub", "requirements.txt").readings
    assert reading.problems == ()
    assert [(pin.name, pin.origins[0].path) for pin in reading.pins] == [("idna", "../base.txt")]


def test_without_a_project_the_tree_is_the_folder_and_root_widens_it(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "base.txt").write_text(PINNED)
    (tmp_path / "sub/requirements.txt").write_text("-r ../base.txt")
    (narrow,) = at(tmp_path / "sub", "requirements.txt").readings
    assert [problem.rule for problem in narrow.problems] == ["refused-include"]
    (wide,) = at(tmp_path / "sub", "requirements.txt", root=tmp_path).readings
    assert (wide.problems, len(wide.pins)) == ((), 1)


def test_an_input_outside_of_root_is_refused(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text(PINNED)
    (tmp_path / "sub").mkdir()
    assert "--root" in str(error(at(tmp_path, "requirements.txt", root=tmp_path / "sub")))


def test_a_place_that_the_system_refuses_is_neither_file_nor_folder(tmp_path: Path) -> None:
    tree, endless = DiskTree(tmp_path), "x" * 300  # ENAMETOOLONG, as EACCES is for whom a folder is closed
    assert (tree.is_file(endless), tree.is_folder(endless), tree.entries(endless)) == (False, False, ())
    (tmp_path / "requirements.txt").write_text(f"-e ./{endless}\n{PINNED}")
    assert at(tmp_path, "requirements.txt").errors == ()


# -- a reader that fails --


def fail_with(raised: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """Puts a format whose reader raises *raised* in the place of all others."""

    def read(document: Document) -> Reading:
        raise raised

    known = Format(name="f", about="", file_names=(), score=lambda _: 2, read=read)
    monkeypatch.setattr(registry, "formats", lambda opens: iter((known,)))


@pytest.mark.parametrize("raised", [RecursionError(), MemoryError(), OverflowError()])
def test_a_reader_over_its_limits_is_the_inputs_fault(
    raised: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x").write_text("")
    fail_with(raised, monkeypatch)
    found = error(at(tmp_path, "x"))
    assert isinstance(found, InputError)


def test_a_bug_is_not_hidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x").write_text("")
    fail_with(TypeError(), monkeypatch)
    with pytest.raises(TypeError):
        at(tmp_path, "x")


# -- a project folder --


CHOSE = "chose requirements.txt; also here: "


def project(folder: Path, *names: str) -> Collected:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("" if name == "pyproject.toml" else PINNED)
    return at(folder, ".")


@pytest.mark.parametrize(
    ("names", "chosen", "note"),
    [
        (["requirements.txt"], "requirements.txt", None),
        (["requirements/base.txt"], "requirements/base.txt", None),
        (
            ["requirements/base.txt", "constraints.txt", "requirements-dev.txt", "requirements.txt", "x.txt"],
            "requirements.txt",
            f"{CHOSE}requirements-dev.txt, requirements/base.txt, constraints.txt",
        ),
        (["requirements.txt", ".venv/pyvenv.cfg"], "requirements.txt", f"{CHOSE}.venv"),
    ],
)  # fmt: skip
def test_a_project_folder_says_what_it_chose(
    names: list[str], chosen: str, note: str | None, tmp_path: Path
) -> None:
    found = project(tmp_path, "pyproject.toml", *names)
    (reading,) = found.readings
    assert reading.input == chosen
    notes = [(problem.rule, problem.severity, problem.message) for problem in found.problems]
    assert notes == ([("other-inputs-seen", Severity.NOTE, note)] if note else [])


def test_a_lock_comes_before_requirements(shared: Path, tmp_path: Path) -> None:
    lock = shared / "corpus/locks/PyO3__pyo3/uv.lock"
    (tmp_path / "uv.lock").write_bytes(lock.read_bytes())
    (reading,) = project(tmp_path, "requirements.txt").readings
    assert (reading.input, reading.format) == ("uv.lock", "uv.lock")


def test_a_project_folder_elsewhere(tmp_path: Path) -> None:
    project(tmp_path / "app", "requirements.txt")
    (reading,) = at(tmp_path, "app").readings
    assert (reading.input, reading.pins[0].origins[0].path) == (
        "app/requirements.txt",
        "app/requirements.txt",
    )


@pytest.mark.parametrize("names", [[], [".venv/pyvenv.cfg"]])
def test_a_project_folder_with_nothing_to_audit(names: list[str], tmp_path: Path) -> None:
    found = error(project(tmp_path, *names))
    assert isinstance(found, NothingToAuditError)
    assert str(found) == ".: no lockfile and no requirements in this folder or below it"
    assert (".venv is an environment: name it" in found.advice) == bool(names)
    assert found.exit_status == 3


@pytest.mark.parametrize("names", [[], [".venv/pyvenv.cfg"]])
def test_a_project_folder_with_no_more_than_a_pyproject_toml(names: list[str], tmp_path: Path) -> None:
    found = project(tmp_path, "pyproject.toml", *names)
    (reading,) = found.readings
    assert (reading.input, reading.format, reading.pins) == ("pyproject.toml", "pyproject.toml", ())
    notes = [(problem.rule, problem.message) for problem in found.problems]
    told = "environments are not audited unless they are named: 1 (.venv)"
    assert notes == ([("folders-passed-over", told)] if names else [])
