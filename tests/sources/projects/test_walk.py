"""What lies below a folder of projects: counted, bounded, and not one link followed."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from ftaudit.sources.projects.walk import ENVIRONMENT, HIDDEN, LINK, PACKAGES, Walked, walk


def made(folder: Path, *names: str) -> Walked:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return walk(str(folder))


def passed_over(walked: Walked) -> dict[str, list[str]]:
    return {kind: sorted(paths) for kind, paths in walked.passed_over.items() if paths}


def test_folders_come_in_the_order_of_their_paths_parents_first(tmp_path: Path) -> None:
    found = made(tmp_path, "b/z", "b/y", "a/inner/x", "a/w", "top", "c/d/e/f")
    assert [(folder.path, folder.files) for folder in found.folders.values()] == [
        ("", ("top",)),
        ("a", ("w",)),
        ("a/inner", ("x",)),
        ("b", ("y", "z")),
        ("c", ()),
        ("c/d", ()),
        ("c/d/e", ("f",)),
    ]
    assert list(found.folders) == [folder.path for folder in found.folders.values()]
    assert (passed_over(found), found.unread) == ({}, [])


@pytest.mark.parametrize(
    ("name", "kind", "path"),
    [
        ("a/.git/x", HIDDEN, "a/.git"),
        (".hidden/uv.lock", HIDDEN, ".hidden"),
        ("a/.venv/pyvenv.cfg", ENVIRONMENT, "a/.venv"),
        ("a/made/pyvenv.cfg", ENVIRONMENT, "a/made"),
        ("a/conda/conda-meta/history", ENVIRONMENT, "a/conda"),
        ("a/node_modules/x/uv.lock", PACKAGES, "a/node_modules"),
        ("a/__pycache__/x", PACKAGES, "a/__pycache__"),
        ("lib/site-packages/x/requirements.txt", PACKAGES, "lib/site-packages"),
    ],
)
def test_what_is_no_project_s_own_is_passed_over(name: str, kind: str, path: str, tmp_path: Path) -> None:
    found = made(tmp_path, name)
    assert passed_over(found) == {kind: [path]}
    assert all(not folder.startswith(path) for folder in found.folders)


def test_the_folder_itself_is_looked_into_whatever_it_is(tmp_path: Path) -> None:
    assert list(made(tmp_path / ".hidden", "a/x").folders) == ["", "a"]
    assert list(made(tmp_path / "node_modules", "a/x").folders) == ["", "a"]


def test_links_to_folders_are_not_followed_and_links_to_files_are_files(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    made(outside, "x/uv.lock", "file")
    root = tmp_path / "root"
    made(root, "a/x")
    (root / "out").symlink_to(outside)
    (root / "a/up").symlink_to(root)
    (root / "a/self").symlink_to("self")
    (root / "a/file").symlink_to(outside / "file")
    (root / "a/dangling").symlink_to("nothing")
    found = walk(str(root))
    assert passed_over(found) == {LINK: ["a/up", "out"]}
    assert list(found.folders) == ["", "a"]
    assert found.folders["a"].files == ("dangling", "file", "self", "x")


def test_a_folder_that_may_not_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(tmp_path, "a/x", "locked/x", "z/x")
    scandir = os.scandir

    def refusing(path: Path) -> object:
        if path.name == "locked":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    found = walk(str(tmp_path))
    assert found.unread == [("locked", "permission denied")]
    assert list(found.folders) == ["", "a", "z"]


def test_depth_is_bounded(tmp_path: Path) -> None:
    made(tmp_path, "a/b/c/d/x", "a/e")
    found = walk(str(tmp_path), depth=3)
    assert list(found.folders) == ["", "a", "a/b", "a/b/c"]
    assert found.unread == [("a/b/c/d", "more than 3 folders deep")]
    assert walk(str(tmp_path), depth=4).unread == []


def test_entries_are_bounded(tmp_path: Path) -> None:
    made(tmp_path, "a/1", "a/2", "b/3", "b/4")
    assert walk(str(tmp_path), entries=6).unread == []
    found = walk(str(tmp_path), entries=5)
    assert list(found.folders) == ["", "a"]
    assert found.unread == [("b", "more than 5 files and folders: the rest was not looked at")]


def test_a_wide_tree_takes_no_time(tmp_path: Path) -> None:
    for number in range(2000):
        (tmp_path / str(number)).mkdir()
    started = time.perf_counter()
    assert len(walk(str(tmp_path)).folders) == 2001
    assert time.perf_counter() - started < 2
