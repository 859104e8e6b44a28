"""No registry's host and no path of a machine is in any file here; the search is shown to find them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hygiene import archive_hosts, index_hosts, machine_paths, present_files, written
from tests.shared import ROOT, SHARED


def test_no_registry_is_named() -> None:
    hosts = index_hosts() | archive_hosts()
    assert len(index_hosts()) >= 4
    assert written(present_files(ROOT), hosts) == []


def test_no_path_of_this_machine_is_named() -> None:
    paths = machine_paths(ROOT, SHARED)
    assert str(ROOT) in paths
    assert written(present_files(ROOT), paths) == []


def test_the_whole_checkout_is_searched() -> None:
    files = {path.relative_to(ROOT).as_posix() for path in present_files(ROOT)}
    assert files >= {"pyproject.toml", ".gitignore", "LICENSE", "ftaudit/errors.py", "tests/hygiene.py"}
    assert not [name for name in files if name.startswith((".git/", ".mypy_cache/")) or "__pycache__" in name]


@pytest.mark.parametrize(
    "text",
    [
        "https://archive.invalid/x",
        "ARCHIVE.invalid",
        "at sub.archive.invalid.",
        b"\0\xffarchive.invalid\0",
        "/h/u/x",
    ],
)
def test_what_is_written_is_found(text: str | bytes, tmp_path: Path) -> None:
    (file := tmp_path / "file").write_bytes(text if isinstance(text, bytes) else text.encode())
    assert written([file], ["archive.invalid", "/h/u"])


@pytest.mark.parametrize(
    "text", ["myarchive.invalid", "archive.invalids", "archive-invalid", "/h/user", "x/h/u", ""]
)
def test_what_only_looks_alike_is_not(text: str, tmp_path: Path) -> None:
    (file := tmp_path / "file").write_text(text)
    assert written([file], ["archive.invalid", "/h/u"]) == []


def test_the_archive_is_asked_of_apt(tmp_path: Path) -> None:
    (folder := tmp_path / "etc/apt/sources.list.d").mkdir(parents=True)
    (folder / "one.sources").write_text("Types: deb\nURIs: http://archive.invalid/linux\n")
    (tmp_path / "etc/apt/sources.list").write_text(
        "deb [x=y] https://second.invalid stable main\ndeb cdrom:x y\n"
    )
    assert archive_hosts(tmp_path) == {"archive.invalid", "second.invalid"}
    assert archive_hosts(tmp_path / "absent") == set()
