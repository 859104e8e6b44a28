"""Which file is of which version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from packaging.version import Version

from ftaudit.index.versions import candidates, release
from ftaudit.model.evidence import FileList, IndexFile, Missing, ProjectPage, ProjectStatus, Release


def page(*names: str, project: str = "my-pkg") -> ProjectPage:
    files: Sequence[IndexFile] = tuple(IndexFile(name=name, url="", index="i") for name in names)
    return ProjectPage(name=project, files=files, as_of=datetime(2026, 1, 1, tzinfo=UTC), indexes=("i",))


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("my_pkg-1.0-py3-none-any.whl", "1.0"),
        ("My.Pkg-1.0.0-1-cp314-cp314t-linux_x86_64.whl", "1"),
        ("my_pkg-1.0+cu128-py3-none-any.whl", "1.0+cu128"),
        ("my_pkg-1.0+local_2-py3-none-any.whl", "1.0+local.2"),
        ("my-pkg-1.0.tar.gz", "1.0"),
        ("my_pkg-1.0.zip", "1.0"),
        ("my.pkg-1.0-1.tar.bz2", "1.0.post1"),
        ("my_pkg-1.0-py2.7.egg", "1.0"),
        ("my-pkg-1.0.win32-py2.7.exe", "1.0"),
        ("my-pkg-1.0.win-amd64-py3.4.msi", "1.0"),
    ],
)
def test_the_version_of_a_file(name: str, version: str) -> None:
    assert list(candidates(page(name))) == [Version(version)]


@pytest.mark.parametrize(
    "name",
    ["other-1.0-py3-none-any.whl", "my-1.0.tar.gz", "my_pkg-x-py3-none-any.whl", "my_pkg.txt", "my-pkg.zip"],
)
def test_files_of_no_version_of_this_project(name: str) -> None:
    assert list(candidates(page(name))) == []


def test_a_release_has_the_files_of_equal_versions_in_page_order() -> None:
    listed = page("my_pkg-1.0-py3-none-any.whl", "my_pkg-1.0+cpu-py3-none-any.whl", "my-pkg-1.tar.gz")
    found = release(listed, "1.0.0")
    assert isinstance(found, Release)
    assert [file.name for file in found.files] == ["my_pkg-1.0-py3-none-any.whl", "my-pkg-1.tar.gz"]
    local = release(listed, "1+cpu")
    assert isinstance(local, Release)
    assert [file.name for file in local.files] == ["my_pkg-1.0+cpu-py3-none-any.whl"]


@pytest.mark.parametrize(
    ("version", "kind"),
    [
        ("2.0", "version-not-listed"),
        ("1.0+cpu", "local-version-not-listed"),
        ("not a version", "invalid-version"),
        ("", "invalid-version"),
    ],
)
def test_a_version_that_is_not_listed(version: str, kind: str) -> None:
    found = release(page("my-pkg-1.0.tar.gz"), version)
    assert isinstance(found, Missing)
    assert found.kind == kind


def test_only_the_files_that_are_asked_for_are_built() -> None:
    built = []

    def build(number: int) -> IndexFile:
        built.append(number)
        return IndexFile(name=names[number], url="", index="i")

    names = [f"my_pkg-{number}-py3-none-any.whl" for number in range(50)]
    listed = ProjectPage(
        name="my-pkg", files=FileList(names, build), as_of=datetime(2026, 1, 1, tzinfo=UTC), indexes=()
    )
    assert len(candidates(listed)) == 50
    assert isinstance(release(listed, "7"), Release)
    assert built == [7]
    assert [file.name for file in listed.files[-2:]] == names[-2:]


@pytest.mark.parametrize(
    "name",
    [
        "my_pkg-1.0-cp314-cp314t-linux_x86_64.WHL",
        "my_pkg-1.0-cp314-linux_x86_64.whl",
        "my_pkg-1.0.whl",
        "my-pkg-1.0-py3-none-any.whl",
        "my_pkg-1.0-x-y-cp314-cp314t-linux_x86_64.whl",
    ],
)
def test_a_wheel_whose_name_does_not_parse_is_not_nothing(name: str) -> None:
    """Nobody knows what it fits: with it there, "only an sdist" and "no wheel" are not known either."""
    found = release(page("my-pkg-1.0.tar.gz", name), "1.0")
    assert isinstance(found, Release)
    assert [file.name for file in found.files] == ["my-pkg-1.0.tar.gz"]
    assert [missing.kind for missing in found.unread] == ["bad-file-name"]
    alone = release(page(name), "1.0")
    assert isinstance(alone, Missing)
    assert alone.kind == "bad-file-name"
    other = release(page("my-pkg-2.0.tar.gz", name), "2.0")
    assert isinstance(other, Release)
    assert other.unread == ()


@pytest.mark.parametrize("version", ["1.0", "1.0+cpu", "not a version", "", "9" * 5000])
def test_any_version_of_a_quarantined_project_is_a_release_without_files(version: str) -> None:
    held = replace(page(), status=ProjectStatus.QUARANTINED, status_reason="malware")
    found = release(held, version)
    assert isinstance(found, Release)
    assert (found.files, found.status, found.status_reason) == ((), ProjectStatus.QUARANTINED, "malware")
    unread = Missing(what="i", why="no answer", kind="index-unreachable")
    assert isinstance(release(replace(held, unread=(unread,)), version), Missing)
    assert isinstance(release(replace(held, status=ProjectStatus.ARCHIVED), version), Missing)
