"""Shared objects that no installed distribution lists are told, and leave the picture incomplete."""

from __future__ import annotations

from pathlib import Path

import pytest

from ftaudit.model.project import Severity
from ftaudit.sources import limits
from ftaudit.sources.installed.dist_info import read_site
from ftaudit.sources.tree import DiskTree
from tests.builders.environments import install

RECORD = 'x/__init__.py,,\nx/_a.cpython-314t-x86_64-linux-gnu.so,sha256=0,1\n"_y.so",,\n../../bin/x,,\n'


def site(folder: Path, *paths: str, record: str = RECORD) -> list[str]:
    (install(folder) / "RECORD").write_text(record)
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(b"")
    found = read_site(DiskTree(folder.resolve()), "", input_path="env", shown="env/site")
    assert {problem.severity for problem in found.problems} <= {Severity.INCOMPLETE}
    return [f"{problem.rule}: {problem.message}" for problem in found.problems]


def test_what_is_listed_is_owned(tmp_path: Path) -> None:
    assert site(tmp_path, "x/__init__.py", "x/_a.cpython-314t-x86_64-linux-gnu.so", "_y.so") == []


@pytest.mark.parametrize(
    "path", ["z.so", "z.cpython-314t-darwin.so", "z.pyd", "z/deep/_m.abi3t.so", "Z/_m.PYD"]
)
def test_what_nobody_lists_is_told(path: str, tmp_path: Path) -> None:
    (told,) = site(tmp_path, path, "pure/__init__.py", "_virtualenv.py")
    assert told == f"unowned-module: listed by no installed distribution, and not read: env/site/{path}"


def test_many_are_counted(tmp_path: Path) -> None:
    (told,) = site(tmp_path, *(f"{name}.so" for name in "bcdef"))
    assert told.endswith("env/site/b.so, env/site/c.so, env/site/d.so and 2 more")


def test_pure_packages_and_other_files_of_nobody_are_not_meant(tmp_path: Path) -> None:
    assert site(tmp_path, "pure/__init__.py", "a.py", "b.txt", "so", "c.so.txt") == []


def test_links_around_in_a_circle_end(tmp_path: Path) -> None:
    (tmp_path / "z").mkdir()
    (tmp_path / "z" / "again").symlink_to("../z")
    (told,) = site(tmp_path, "z/m.so")
    assert told.endswith("not read: env/site/z/m.so")


def test_a_distribution_without_a_record_owns_nothing(tmp_path: Path) -> None:
    install(tmp_path, "y")
    assert len(site(tmp_path, "_y.so", record="")) == 1


def test_the_folders_are_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "UNOWNED_FOLDERS", 2)
    (told,) = site(tmp_path, "a/b/c/d.so")
    assert told == "broken-installation: env/site: more than 2 folders of no distribution"
