"""Installed environments: layouts, what they were made for, and what is broken in them."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ftaudit.errors import InputError
from ftaudit.model.project import FoundInterpreter, MadeFor, Pin, Reading, Severity, SourceKind
from ftaudit.sources.base import Document
from ftaudit.sources.installed.dist_info import head
from ftaudit.sources.installed.environment import FORMAT, read
from ftaudit.sources.tree import DiskTree
from tests.builders.environments import install, venv


def document(folder: Path, place: str = ".") -> Document:
    return Document(path="env", place=place, tree=DiskTree(folder.resolve()), folder=True)


def only(found: Reading) -> Pin:
    (pin,) = found.pins
    return pin


def test_a_virtual_environment(tmp_path: Path) -> None:
    site = venv(tmp_path)
    install(
        site,
        "Foo.Bar",
        "1.0",
        requires=["b[c]>=2 ; python_version > '3'", "d ; extra == 'E_e'"],
        requested=True,
    )
    install(site, "b", "2", tag="cp314-cp314t-manylinux_2_17_x86_64.manylinux2014_x86_64")
    found = read(document(tmp_path))
    foo, b = found.pins
    assert (foo.name, foo.version, foo.installed, foo.source.kind) == (
        "foo-bar",
        "1.0",
        True,
        SourceKind.INDEX,
    )
    assert [(e.name, e.specifier, e.extras, e.extra) for e in foo.dependencies or ()] == [
        ("b", ">=2", ("c",), None),
        ("d", "", (), "e-e"),
    ]
    assert foo.metadata is not None
    assert "Requires-Dist: d" in foo.metadata
    assert (foo.origins[0].direct, b.origins[0].direct) == (True, False)
    assert foo.origins[0].path == "env/lib/python3.14t/site-packages/Foo.Bar-1.0.dist-info"
    assert [file.name for file in b.files] == [
        "b-2-cp314-cp314t-manylinux2014_x86_64.manylinux_2_17_x86_64.whl"
    ]
    assert str(b.files[0].path).endswith("b-2.dist-info")
    assert found.made_for == MadeFor(python="3.14t", platform="linux-x86_64")
    assert (found.problems, found.closed) == ((), False)
    assert FORMAT.score(document(tmp_path)) == 2


@pytest.mark.parametrize(
    ("library", "version", "tag", "expected"),
    [
        ("lib/python3.14t", "3.14.0", "cp314-cp314t-musllinux_1_2_aarch64", ("3.14t", "musllinux-aarch64")),
        ("lib/python3.13", "3.13.1", "cp313-cp313-macosx_11_0_arm64", ("3.13", "macos-arm64")),
        ("Lib", "3.14.0", "cp314-cp314t-win_amd64", ("3.14t", "windows-amd64")),
        ("Lib", "3.14.0", "cp311-abi3-win_arm64", ("3.14", "windows-arm64")),
        ("Lib", "3.14.0", "py3-none-any", ("3.14", None)),
        ("lib/python3.12", "3.12.1", "cp312-cp312-macosx_10_13_universal2", ("3.12", None)),
        ("lib/python3.12", "3.12.1", "cp312-cp312-linux_riscv64", ("3.12", None)),
        ("lib/python3", "none", "py3-none-any", (None, None)),
    ],
)  # fmt: skip
def test_what_it_was_made_for(
    library: str, version: str, tag: str, expected: tuple[str | None, str | None], tmp_path: Path
) -> None:
    install(venv(tmp_path, version=version, library=library), tag=tag)
    python, platform = expected
    assert read(document(tmp_path)).made_for == MadeFor(python=python, platform=platform)


@pytest.mark.parametrize(
    ("library", "version", "tags", "python", "whole", "free_threaded"),
    [
        ("lib/python3.14t", "3.14.3", [], "3.14t", "3.14.3", True),
        ("lib/python3.13", "3.13.9.final.0", [], "3.13", "3.13.9", False),
        ("lib/python3.14t", "3.13.9", [], "3.14t", None, True),
        ("Lib", "3.14.3", [], "3.14", "3.14.3", None),
        ("Lib", "3.14.3", ["cp314-cp314t-win_amd64"], "3.14t", "3.14.3", True),
        ("Lib", "3.14.3", ["cp314-cp314-win_amd64"], "3.14", "3.14.3", False),
        ("Lib", "x", [], None, None, None),
    ],
)
def test_which_interpreter_it_is(
    library: str,
    version: str,
    tags: list[str],
    python: str | None,
    whole: str | None,
    free_threaded: bool | None,
    tmp_path: Path,
) -> None:
    site = venv(tmp_path / "env", version=version, library=library)
    for tag in tags:
        install(site, tag=tag)
    handed = replace(document(tmp_path, "env"), python_gil="0")
    assert read(handed).interpreter == FoundInterpreter(
        python=python, version=whole, free_threaded=free_threaded, python_gil="0"
    )


def test_platforms_that_contradict_each_other_are_none(tmp_path: Path) -> None:
    site = venv(tmp_path)
    install(site, "a", tag="cp314-cp314t-win_amd64")
    install(site, "b", tag="cp314-cp314t-manylinux_2_17_x86_64")
    found = read(document(tmp_path)).made_for
    assert found == MadeFor(python="3.14t", platform=None)


@pytest.mark.parametrize("place", ["site", "deep/site-packages"])
def test_a_bare_folder_of_packages(place: str, tmp_path: Path) -> None:
    install(tmp_path / place)
    assert FORMAT.score(document(tmp_path, place)) == 2
    assert only(read(document(tmp_path, place))).name == "x"


def test_a_prefix_without_a_configuration(tmp_path: Path) -> None:
    install(tmp_path / "lib/python3.13/dist-packages")
    (tmp_path / "lib64").symlink_to("lib")
    assert FORMAT.score(document(tmp_path)) == 2
    assert only(read(document(tmp_path))).name == "x"


def test_other_folders_are_none(tmp_path: Path) -> None:
    (tmp_path / "x.egg-info").mkdir()
    (tmp_path / "uv.lock").write_text("")
    assert FORMAT.score(document(tmp_path)) == 0
    with pytest.raises(InputError, match="without a site-packages"):
        read(document(tmp_path))


def test_what_the_environment_inherits_is_a_gap(tmp_path: Path) -> None:
    venv(tmp_path, extra="include-system-site-packages = true\n")
    assert [problem.rule for problem in read(document(tmp_path)).problems] == ["system-site-packages"]


GIT = {"url": "https://u:secret@git.example/x", "vcs_info": {"vcs": "git", "commit_id": "abc"}}


@pytest.mark.parametrize(
    ("direct_url", "kind", "location"),
    [
        (GIT, SourceKind.GIT, "git+https://****@git.example/x@abc"),
        ({"url": "https://files.example/x.whl", "archive_info": {}}, SourceKind.URL, "https://files.example/x.whl"),
        ({"url": "file:///dist/x.whl", "archive_info": {}}, SourceKind.PATH, "file:///dist/x.whl"),
        ({"url": "file:///elsewhere", "dir_info": {"editable": True}}, SourceKind.PATH, "file:///elsewhere"),
        ({"url": "file://{root}", "dir_info": {"editable": True}}, SourceKind.WORKSPACE, "file://{root}"),
        ({"url": "file://{root}", "dir_info": {}}, SourceKind.PATH, "file://{root}"),
    ],
)  # fmt: skip
def test_where_it_was_installed_from(
    direct_url: dict[str, Any], kind: SourceKind, location: str, tmp_path: Path
) -> None:
    root = str(tmp_path.resolve())
    url = {**direct_url, "url": direct_url["url"].replace("{root}", root)}
    install(venv(tmp_path / ".venv"), direct_url=url)
    pin = only(read(document(tmp_path, ".venv")))
    assert (pin.source.kind, pin.source.location) == (kind, location.replace("{root}", root))


def test_conda_packages_are_condas(tmp_path: Path) -> None:
    install(venv(tmp_path), installer="conda")
    pin = only(read(document(tmp_path)))
    assert (pin.source.kind, pin.origins[0].direct) == (SourceKind.CONDA, None)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"METADATA": None}, "METADATA: no such file"),
        ({"METADATA": b"Name: x\n"}, "no name or no version"),
        ({"METADATA": b"Name: ../x\nVersion: 1"}, "invalid name or version"),
        ({"METADATA": b"Name: x\nVersion: one"}, "invalid name or version"),
        ({"METADATA": b"Name: x\nVersion: 1.0\nLicense: a\nb\nRequires-Dist: y"}, "is not a field"),
        ({"METADATA": b"Name: x\nVersion: " + b"9" * 5000}, "is not a field"),
        ({"METADATA": b"\xff\x00" * 3_000_000}, "larger than"),
        ({"direct_url.json": b"[]"}, "it has no url"),
        ({"direct_url.json": b"{"}, "JSON"),
        ({"direct_url.json": b"[" * 60_000}, "nested more than"),
        ({"WHEEL": b"Tag: nothing\n"}, "a tag that does not parse"),
        ({"WHEEL": b"x" * 1_100_000}, "larger than"),
    ],
)
def test_a_broken_installation_is_listed_and_said(
    change: dict[str, bytes | None], says: str, tmp_path: Path
) -> None:
    info = install(venv(tmp_path))
    ((name, content),) = change.items()
    (info / name).unlink() if content is None else (info / name).write_bytes(content)
    found = read(document(tmp_path))
    pin = only(found)
    assert (pin.name, pin.version, pin.source.kind) == ("x", "1.0", SourceKind.UNKNOWN)
    (problem,) = found.problems
    assert problem.rule == "broken-installation"
    assert says in problem.message


def test_metadata_that_contradicts_its_folder_is_said(tmp_path: Path) -> None:
    install(venv(tmp_path), text="Name: y\nVersion: 2\n")
    found = read(document(tmp_path))
    assert (only(found).name, only(found).version) == ("y", "2")
    assert "its METADATA says y 2" in found.problems[0].message


def test_a_requirement_that_does_not_parse_leaves_the_dependencies_open(tmp_path: Path) -> None:
    install(venv(tmp_path), requires=["not a requirement"])
    found = read(document(tmp_path))
    assert only(found).dependencies is None
    assert "Requires-Dist" in found.problems[0].message


def test_left_overs_and_eggs(tmp_path: Path) -> None:
    site = venv(tmp_path)
    (site / "~umpy-1.0.dist-info").mkdir()
    (site / "old-1.5.egg").mkdir()
    (site / "Legacy_x-1.2-py3.14.egg-info").mkdir()
    (site / "dev.egg-link").write_text("/home/me/dev\n.")
    (site / "plain.pth").write_text("/home/me/dev\n")
    found = read(document(tmp_path))
    assert {(pin.name, pin.version, pin.source.kind) for pin in found.pins} == {
        ("legacy-x", "1.2", SourceKind.UNKNOWN),
        ("dev", "", SourceKind.PATH),
    }
    assert len(found.problems) == 2


def test_a_link_out_of_the_tree_is_not_followed(tmp_path: Path) -> None:
    info = install(venv(tmp_path / "project"))
    (tmp_path / "METADATA").write_text("Name: secret\nVersion: 1\n")
    (info / "METADATA").unlink()
    (info / "METADATA").symlink_to(tmp_path / "METADATA")
    found = read(document(tmp_path / "project"))
    assert only(found).name == "x"
    assert "outside the project" in found.problems[0].message


def test_tags_that_are_no_product_are_not_widened(tmp_path: Path) -> None:
    info = install(venv(tmp_path))
    (info / "WHEEL").write_text("Tag: cp39-abi3-win_amd64\nTag: py3-none-any\n")
    (pin,) = read(document(tmp_path)).pins
    assert [file.name for file in pin.files] == ["x-1.0-cp39-abi3-win_amd64.whl", "x-1.0-py3-none-any.whl"]


def test_a_real_virtual_environment(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "real"], check=True, timeout=60)
    folder = document(tmp_path, "real")
    assert FORMAT.score(folder) == 2
    found = read(folder)
    assert found.pins == ()
    assert found.made_for is not None
    assert found.made_for.python is not None
    assert found.made_for.python.startswith(f"{sys.version_info.major}.{sys.version_info.minor}")


@pytest.mark.parametrize(
    ("marker", "extras"),
    [
        ("", [None]),
        (" ; extra == 'a'", ["a"]),
        (" ; 'A_b' == extra and python_version < '3'", ["a-b"]),
        (" ; extra == 'a' or extra == 'b'", ["a", "b"]),
        (" ; (extra == 'a' or os_name == 'nt') and extra == 'b'", ["b"]),
        (" ; extra == 'a' or os_name == 'nt'", [None]),
        (" ; sys_platform in 'linux extra == x'", [None]),
    ],
)
def test_the_extra_of_an_edge(marker: str, extras: list[str | None]) -> None:
    edges = head("m", f"Name: x\nVersion: 1\nRequires-Dist: y{marker}\n".encode()).edges
    assert edges is not None
    assert [edge.extra for edge in edges] == extras


LINES = st.sampled_from(
    [b"Name: x\n", b"Version: 1\n", b"Requires-Dist: ", b"y; extra == 'a'", b"\n", b"\r", b"@ ", b"("]
)


@given(st.binary(max_size=100) | st.lists(LINES | st.binary(max_size=4), max_size=20).map(b"".join))
def test_any_metadata_gives_a_head_or_our_own_error(content: bytes) -> None:
    try:
        found = head("m", content)
    except InputError:
        return
    assert found.name


# -- what else it imports from --


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("/srv/more\n", True),
        ("# /srv/more\n\nimport sys; sys.path\nimport\tos\n", False),
        ("win32\nwin32\\lib\n./x.egg\n", False),
        ("../../more\n", True),
        ("C:\\more\n", True),
        ("/home/me/dev\n", False),
    ],
)
def test_a_path_file_that_leads_elsewhere_is_told(tmp_path: Path, lines: str, told: bool) -> None:
    site = venv(tmp_path)
    install(site, "a")
    (site / "dev.egg-link").write_text("/home/me/dev\n.")
    (site / "more.pth").write_text(lines)
    found = [(p.rule, p.severity) for p in read(document(tmp_path)).problems]
    assert found == [("other-import-path", Severity.INCOMPLETE)] * told


def test_a_path_file_of_a_distribution_is_its_own(tmp_path: Path) -> None:
    site = venv(tmp_path)
    (site / "__editable__.a.pth").write_text("/home/me/a/src\n")
    info = install(site, "a")
    assert [p.rule for p in read(document(tmp_path)).problems] == ["other-import-path"]
    (info / "RECORD").write_text("__editable__.a.pth,sha256=x,15\n")
    assert read(document(tmp_path)).problems == ()
