"""A folder: one project, or all the projects below it."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest

from ftaudit.errors import Exit
from ftaudit.model.project import Problem, Severity
from ftaudit.sources import limits
from ftaudit.sources.collect import Collected, collect
from ftaudit.sources.scratch import Scratch
from tests.builders.locks import INDEX
from tests.shared import ROOT

LOCKS = ROOT / "tests/fixtures/locks"
PINNED = "idna==3.20\n"
ASKED = '[project]\nname = "x"\ndependencies = ["idna"]\n'
LOCK = f"""
version = 1
requires-python = ">=3.11"
[[package]]
name = "idna"
version = "3.20"
source = {{ registry = "{INDEX}" }}
"""
CONTENTS = {"requirements": PINNED, "constraints": PINNED, "pyproject": ASKED, "uv": LOCK, "tool": LOCK}


def at(folder: Path, *paths: str) -> Collected:
    with Scratch() as scratch:
        return collect(paths or (".",), cwd=folder, scratch=scratch)


def tree(folder: Path, *names: str) -> Collected:
    """What is collected of *folder* with files of these names in it."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        stem = "requirements" if path.parent.name == "requirements" else path.name.partition(".")[0]
        path.write_text(CONTENTS.get(stem.partition("-")[0], ""))
    return at(folder)


def read(found: Collected) -> list[str]:
    return [reading.input for reading in found.readings]


def told(found: Collected, rule: str) -> list[str]:
    return [problem.message for problem in found.problems if problem.rule == rule]


# -- many projects --


TWELVE = (
    "uv.lock",
    "poetry.lock",
    "pdm.lock",
    "Pipfile.lock",
    "pylock.uv.toml",
    "pylock.poetry.toml",
    "pylock.pdm.toml",
    "pylock.pip.toml",
    "requirements-uv.txt",
    "requirements-poetry.txt",
    "requirements-pdm.txt",
    "requirements-pip-tools.txt",
)


def test_twelve_projects_of_different_formats_are_one_set(tmp_path: Path) -> None:
    for name in TWELVE:
        project = tmp_path / "services" / name.replace(".", "-").lower()
        project.mkdir(parents=True)
        shutil.copy(LOCKS / name, project)
        shutil.copy(LOCKS / "pyproject.toml", project)
    found = at(tmp_path, "services")
    assert (found.errors, found.problems) == ((), ())
    assert read(found) == sorted(f"services/{name.replace('.', '-').lower()}/{name}" for name in TWELVE)
    for reading in found.readings:
        assert len([pin for pin in reading.pins if not pin.local]) > 5
        assert {(origin.input, origin.path) for pin in reading.pins for origin in pin.origins} == {
            (reading.input, reading.input)
        }


def test_every_folder_below_gives_what_it_has(tmp_path: Path) -> None:
    found = tree(
        tmp_path,
        "pyproject.toml",
        "a/uv.lock",
        "a/pylock.dev.toml",
        "b/deep/down/requirements.txt",
        "b/deep/other/requirements-dev.txt",
        "b/deep/other/requirements-test.txt",
        "c/requirements/main.txt",
        "c/requirements/dev.txt",
        "d/pyproject.toml",
        "e/notes.txt",
    )
    (tmp_path / "a/pylock.dev.toml").write_bytes((LOCKS / "pylock.uv.toml").read_bytes())
    assert read(at(tmp_path)) == [
        "pyproject.toml",
        "a/uv.lock",
        "a/pylock.dev.toml",
        "b/deep/down/requirements.txt",
        "b/deep/other/requirements-dev.txt",
        "b/deep/other/requirements-test.txt",
        "c/requirements/dev.txt",
        "c/requirements/main.txt",
        "d/pyproject.toml",
    ]
    assert [problem.rule for problem in found.problems] == []
    unpinned = [reading.input for reading in found.readings if reading.unpinned]
    assert unpinned == ["pyproject.toml", "d/pyproject.toml"]


@pytest.mark.parametrize(
    ("names", "inputs", "beside"),
    [
        (["a/uv.lock", "a/requirements.txt"], ["a/uv.lock"], "a/requirements.txt"),
        (
            ["a/uv.lock", "a/requirements/main.txt", "b/requirements.txt", "b/constraints.txt"],
            ["a/uv.lock", "b/requirements.txt"],
            "a/requirements/main.txt, b/constraints.txt",
        ),
        (["a/requirements.txt", "a/pyproject.toml"], ["a/requirements.txt"], None),
        (["a/uv.lock", "a/pyproject.toml"], ["a/uv.lock"], None),
    ],
)
def test_beside_a_lock_only_the_lock_counts(
    names: list[str], inputs: list[str], beside: str | None, tmp_path: Path
) -> None:
    found = tree(tmp_path, *names)
    assert read(found) == inputs
    assert told(found, "other-inputs-seen") == (
        [f"beside the inputs, and not read: {beside}"] if beside else []
    )


def test_members_of_a_locked_workspace_are_locked_with_it(tmp_path: Path) -> None:
    found = tree(
        tmp_path, "a/uv.lock", "a/packages/x/pyproject.toml", "a/docs/requirements.txt", "b/pyproject.toml"
    )
    assert read(found) == ["a/uv.lock", "a/docs/requirements.txt", "b/pyproject.toml"]


def test_the_lock_of_a_script_is_not_that_of_its_project(tmp_path: Path) -> None:
    names = ["a/tool.py.lock", "a/pyproject.toml", "b/tool.py.lock", "b/requirements.txt", "c/tool.py.lock"]
    found = tree(tmp_path, *names)
    assert read(found) == names
    assert read(tree(tmp_path / "c")) == ["tool.py.lock"]
    assert read(tree(tmp_path / "b")) == ["requirements.txt"]


def test_a_name_that_many_files_have_is_believed_only_with_the_content(tmp_path: Path) -> None:
    tree(tmp_path, "a/environment-prod.yml", "b/environment-prod.yml", "c/uv.lock", "d/packages.lock.json")
    (tmp_path / "a/environment-prod.yml").write_text("replicas: 3\nimage: x\n")
    (tmp_path / "b/environment-prod.yml").write_text("channels: [c]\ndependencies:\n  - python=3.14\n")
    (tmp_path / "d/packages.lock.json").write_text('{"version": 1, "dependencies": {}}')
    found = at(tmp_path)
    assert (read(found), found.errors) == (["b/environment-prod.yml", "c/uv.lock"], ())
    told_of = "named like a lock and by their content none, not read: "
    assert told(found, "other-inputs-seen") == [f"{told_of}a/environment-prod.yml, d/packages.lock.json"]


def test_a_lock_of_pants_has_any_name(tmp_path: Path) -> None:
    tree(tmp_path, "a/mypy.lock", "b/Cargo.lock", "c/held.lock")
    shutil.copy(LOCKS / "pex.lock.json", tmp_path / "a/mypy.lock")
    (tmp_path / "b/Cargo.lock").write_text('version = 4\n[[package]]\nname = "a"\n')
    found = at(tmp_path)
    assert [reading.format for reading in found.readings] == ["PEX lock"]
    assert (read(found), found.errors, found.problems) == (["a/mypy.lock"], (), ())


def test_a_pixi_lock_is_a_lock(tmp_path: Path) -> None:
    tree(tmp_path, "pixi.lock", "conda-lock.yml", "requirements.txt")
    (tmp_path / "pixi.lock").write_text("version: 6\nenvironments: {}\npackages: []\n")
    found = at(tmp_path)
    assert read(found) == ["pixi.lock"]


def test_such_a_name_takes_nothing_from_a_project(tmp_path: Path) -> None:
    tree(tmp_path, "packages.lock.json", "requirements.txt")
    (tmp_path / "packages.lock.json").write_text('{"version": 1, "dependencies": {}}')
    assert read(at(tmp_path)) == ["requirements.txt"]


def test_a_name_of_two_formats_is_of_the_one_that_its_content_says(tmp_path: Path) -> None:
    found = tree(tmp_path, "a/explicit-requirements.txt")
    (tmp_path / "a/explicit-requirements.txt").write_text(PINNED)
    found = at(tmp_path)
    assert ([reading.format for reading in found.readings], found.problems) == (["requirements.txt"], ())


def test_an_empty_or_truncated_lock_under_such_a_name_is_an_error(tmp_path: Path) -> None:
    tree(tmp_path, "a/pylock.dev.toml", "b/pylock.dev.toml", "c/tool.py.lock")
    (tmp_path / "b/pylock.dev.toml").write_text('lock-version = "1.0"\npackages = [')
    (tmp_path / "c/tool.py.lock").write_text(LOCK[:-3])
    errors = [str(error).partition(":")[0] for error in at(tmp_path).errors]
    assert errors == ["a/pylock.dev.toml", "b/pylock.dev.toml", "c/tool.py.lock"]


def test_what_is_passed_over_is_told_with_counts(tmp_path: Path) -> None:
    tree(tmp_path, "a/uv.lock", ".cache/x", "a/.git/x", "a/.venv/pyvenv.cfg", "node_modules/b/uv.lock")
    (tmp_path / "link").symlink_to(tmp_path / "a")
    found = at(tmp_path)
    assert read(found) == ["a/uv.lock"]
    assert told(found, "folders-passed-over") == [
        "hidden folders are not looked into: 2 (.cache, a/.git)",
        "environments are not audited unless they are named: 1 (a/.venv)",
        "folders of installed packages and caches are not looked into: 1 (node_modules)",
        "links to folders are not followed: 1 (link)",
    ]
    assert {problem.severity for problem in found.problems} == {Severity.NOTE}


def test_a_broken_project_does_not_lose_the_others(tmp_path: Path) -> None:
    tree(tmp_path, "a/uv.lock", "b/uv.lock", "c/requirements.txt")
    (tmp_path / "b/uv.lock").write_text("version = [")
    os.mkfifo(tmp_path / "c/uv.lock")
    (tmp_path / "d").mkdir()
    (tmp_path / "d/uv.lock").symlink_to("/dev/zero")
    found = at(tmp_path)
    assert read(found) == ["a/uv.lock"]
    assert [str(error).partition(":")[0] for error in found.errors] == ["b/uv.lock", "c/uv.lock", "d/uv.lock"]
    assert {error.exit_status for error in found.errors} == {2}


def test_a_link_out_of_the_tree_is_an_error_and_not_a_gap(tmp_path: Path) -> None:
    tree(tmp_path / "root", "a/uv.lock", "b/x")
    tree(tmp_path / "out", "uv.lock")
    (tmp_path / "root/b/uv.lock").symlink_to(tmp_path / "out/uv.lock")
    found = at(tmp_path / "root")
    assert read(found) == ["a/uv.lock"]
    (error,) = found.errors
    assert "b/uv.lock" in str(error)
    assert "--root" in error.advice


# -- limits --


def holes(found: Collected) -> list[Problem]:
    return [problem for problem in found.problems if problem.severity is Severity.INCOMPLETE]


def test_more_inputs_than_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "WALK_INPUTS", 2)
    assert holes(tree(tmp_path, "a/uv.lock", "b/uv.lock")) == []
    found = tree(tmp_path, "c/uv.lock", "d/uv.lock")
    assert read(found) == ["a/uv.lock", "b/uv.lock"]
    assert [(hole.rule, hole.message) for hole in holes(found)] == [
        ("folders-passed-over", "more than 2 inputs: 2 are not read")
    ]


def test_folders_too_deep_are_told_each_by_its_path(tmp_path: Path) -> None:
    deep = "/".join("x" * (limits.WALK_DEPTH + 1))
    found = tree(tmp_path / "top", "a/uv.lock", f"{deep}/uv.lock")
    assert read(found) == ["a/uv.lock"]
    (hole,) = holes(found)
    assert (hole.input, hole.message) == (deep, f"more than {limits.WALK_DEPTH} folders deep")


def test_very_many_unread_folders_are_a_few_lines(tmp_path: Path) -> None:
    deep = "/".join("x" * limits.WALK_DEPTH)
    found = tree(tmp_path / "top", "a/uv.lock", *(f"{deep}/{n}/uv.lock" for n in range(30)))
    assert [hole.message for hole in holes(found)][-1] == "20 more folders were not looked into"
    assert len(holes(found)) == 11


def test_nothing_in_a_tree_that_was_cut_says_so(tmp_path: Path) -> None:
    deep = "/".join("x" * (limits.WALK_DEPTH + 1))
    (error,) = tree(tmp_path / "top", f"{deep}/uv.lock").errors
    assert error.exit_status is Exit.INCOMPLETE
    assert str(error).endswith("below it, as far as it could be looked through")


def test_two_thousand_folders_are_quick(tmp_path: Path) -> None:
    for number in range(2000):
        folder = tmp_path / f"{number:04}"
        folder.mkdir()
        (folder / "README.md").touch()
        (folder / "main.py").touch()
    tree(tmp_path, "0007/requirements.txt")
    started = time.perf_counter()
    assert read(at(tmp_path)) == ["0007/requirements.txt"]
    assert time.perf_counter() - started < 2


# -- hostile names --


@pytest.mark.parametrize("name", ["a\x1b[2J", "a\u202eb", "<b>", "::error::x", "-r", "a\nb", "%2e%2e", " "])
def test_a_folder_of_a_hostile_name_is_read_and_shown_on_one_line(name: str, tmp_path: Path) -> None:
    tree(tmp_path, f"{name}/uv.lock", f"{name}/requirements.txt", f"b/{name}/pyvenv.cfg")
    found = at(tmp_path)
    assert read(found) == [f"{name}/uv.lock"]
    assert len(found.problems) == 2
    assert all(problem.message.isprintable() for problem in found.problems)


# -- one project, with others below it --


def test_a_folder_with_a_lock_is_one_project_and_says_what_lies_below(tmp_path: Path) -> None:
    found = tree(tmp_path, "uv.lock", "requirements.txt", "a/uv.lock", "b/c/uv.lock", "b/pyproject.toml")
    assert read(found) == ["uv.lock"]
    assert told(found, "other-inputs-seen") == [
        "chose uv.lock; also here: requirements.txt; 2 folders below hold locks, not read"
    ]


def test_what_another_tool_is_asked_for_is_named(tmp_path: Path) -> None:
    found = tree(tmp_path, "uv.lock", "pyproject.toml", "environment.yml", "tool.py.lock")
    assert told(found, "other-inputs-seen") == ["chose uv.lock; also here: tool.py.lock, environment.yml"]


def test_a_project_with_nothing_else_in_or_below_it_has_no_note(tmp_path: Path) -> None:
    found = tree(tmp_path, "uv.lock", "pyproject.toml", "src/x.py", ".git/x", "docs/requirements.txt")
    assert (read(found), found.problems) == (["uv.lock"], ())


def test_the_glance_below_a_project_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "GLANCE_ENTRIES", 4)
    found = tree(tmp_path, "uv.lock", "a/uv.lock", "b/1", "b/2", "b/3")
    assert told(found, "other-inputs-seen") == [
        "chose uv.lock; at least 1 folder below holds a lock, not read"
    ]


def test_a_name_counts_in_any_case(tmp_path: Path) -> None:
    assert read(tree(tmp_path / "top", "a/Requirements.txt", "b/uv.lock")) == [
        "a/Requirements.txt",
        "b/uv.lock",
    ]


def test_what_a_lock_above_is_taken_to_have_is_named(tmp_path: Path) -> None:
    found = tree(tmp_path / "top", "a/uv.lock", "a/pyproject.toml", "a/x/pyproject.toml", "b/uv.lock")
    assert read(found) == ["a/uv.lock", "b/uv.lock"]
    (note,) = found.problems
    assert note.message == "taken to be locked with a folder above, and not read: a/x/pyproject.toml"


def test_what_another_tool_is_asked_for_beside_requirements_is_named(tmp_path: Path) -> None:
    found = tree(tmp_path / "top", "a/requirements.txt", "a/environment.yml", "a/pyproject.toml", "b/uv.lock")
    assert read(found) == ["a/requirements.txt", "b/uv.lock"]
    assert [p.message for p in found.problems] == ["beside the inputs, and not read: a/environment.yml"]
