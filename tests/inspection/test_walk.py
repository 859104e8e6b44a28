"""What lies below a folder: by which names, and below which folder on the import path."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from ftaudit.inspection import walk as walking
from ftaudit.inspection.walk import Found, split_root, walk


def laid(folder: Path, *paths: str) -> Found:
    """What is found where there are empty files at *paths*."""
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(b"")
    return walk(folder, lambda: None)


@pytest.mark.parametrize(
    ("path", "root", "below"),
    [
        ("x.so", "", "x.so"),
        ("pkg/sub/x.so", "", "pkg/sub/x.so"),
        ("lib/python3.14t/site-packages/pkg/x.so", "lib/python3.14t/site-packages", "pkg/x.so"),
        ("lib/python3.14t/lib-dynload/x.so", "lib/python3.14t/lib-dynload", "x.so"),
        ("build/lib.linux-x86_64-cpython-314t/pkg/x.so", "build/lib.linux-x86_64-cpython-314t", "pkg/x.so"),
        ("a/site-packages/b/site-packages/x.so", "a/site-packages/b/site-packages", "x.so"),
    ],
)
def test_the_folder_on_the_import_path(path: str, root: str, below: str) -> None:
    assert split_root(path) == (root, below)


def test_modules_libraries_and_wheels_are_told_apart_by_name(tmp_path: Path) -> None:
    found = laid(
        tmp_path,
        "site-packages/pkg/x.so",
        "site-packages/pkg/y.cp314t-win_amd64.pyd",
        "site-packages/pkg/x.py",
        "site-packages/pkg/lib/libz.so.1",
        "site-packages/pkg.libs/libz-1.so",
        "site-packages/pkg/.dylibs/libz.dylib",
        "dist/b.whl",
        "dist/a.whl",
    )
    assert found.wheels == ["dist/a.whl", "dist/b.whl"]
    assert list(found.roots) == ["site-packages"]
    assert list(found.roots["site-packages"].modules) == ["pkg/x.so", "pkg/y.cp314t-win_amd64.pyd"]
    assert found.roots["site-packages"].libraries == [
        "pkg.libs/libz-1.so", "pkg/.dylibs/libz.dylib", "pkg/lib/libz.so.1",
    ]  # fmt: skip
    assert found.unread == []


def test_two_environments_are_not_taken_for_one(tmp_path: Path) -> None:
    found = laid(tmp_path, "a/site-packages/x.so", "b/site-packages/x.so")
    assert {place: list(root.modules) for place, root in found.roots.items()} == {
        "a/site-packages": ["x.so"],
        "b/site-packages": ["x.so"],
    }


def test_libraries_without_a_module_beside_them_are_the_folders_own(tmp_path: Path) -> None:
    found = laid(tmp_path, "opt/qt.5/libq.so.5", "x.so")
    assert list(found.roots) == [""]
    assert found.roots[""].libraries == ["opt/qt.5/libq.so.5"]


def test_symbolic_links_are_not_followed(tmp_path: Path) -> None:
    laid(tmp_path, "real/x.so")
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "loop").symlink_to(".")
    (tmp_path / "y.so").symlink_to("real/x.so")
    assert list(walk(tmp_path, lambda: None).roots[""].modules) == ["real/x.so"]


def test_a_folder_that_is_too_deep_or_too_full_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walking, "MAX_DEPTH", 2)
    found = laid(tmp_path, "a/b/x.so", "a/b/c/d/y.so")
    assert list(found.roots[""].modules) == ["a/b/x.so"]
    assert found.unread == [("a/b/c", "more than 2 folders deep")]
    monkeypatch.setattr(walking, "MAX_ENTRIES", 1)
    many = laid(tmp_path, "one", "two")
    assert many.unread == [("", "more than 1 files: the rest was not looked at")]


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may read every folder")
def test_a_folder_that_may_not_be_read_is_told(tmp_path: Path) -> None:
    laid(tmp_path, "shut/x.so")
    (tmp_path / "shut").chmod(0)
    try:
        assert walk(tmp_path, lambda: None).unread == [("shut", "permission denied")]
    finally:
        (tmp_path / "shut").chmod(0o700)


def test_the_deadline_ends_it(tmp_path: Path) -> None:
    def passed() -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        walk(tmp_path, passed)
