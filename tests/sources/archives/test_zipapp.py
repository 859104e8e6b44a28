"""Applications in a zip file: PEX files of every layout, shiv, zipapp; and zips that lie."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftaudit.errors import FtauditError, InputError, NothingToAuditError
from ftaudit.model.project import MadeFor, Reading
from ftaudit.sources import limits
from ftaudit.sources.archives.wheel_sets import WheelSet, wheel_sets
from ftaudit.sources.archives.zipapp import HOLDER
from ftaudit.sources.base import Document
from ftaudit.sources.collect import Collected, collect
from ftaudit.sources.scratch import Scratch
from ftaudit.sources.tree import DiskTree
from tests.builders.images import installed
from tests.builders.wheels import wheel, zipped
from tests.builders.zips import member
from tests.builders.zips import zipped as lying

LINUX = "cp314-cp314t-manylinux_2_28_x86_64"


@pytest.fixture
def scratch() -> Iterator[Scratch]:
    with Scratch() as opened:
        yield opened


def read(content: bytes, folder: Path, scratch: Scratch, name: str = "app.pex") -> Collected:
    (folder / name).write_bytes(content)
    return collect([name], cwd=folder, scratch=scratch)


def only(found: Collected) -> Reading:
    assert found.errors == ()
    (reading,) = found.readings
    return reading


def names(reading: Reading) -> list[str]:
    return [f"{pin.name} {pin.version}" for pin in reading.pins]


def error(found: Collected) -> FtauditError:
    assert found.readings == ()
    (one,) = found.errors
    return one


def package(site: str, name: str, version: str = "1.0", **more: Any) -> dict[str, bytes | str]:
    return {one.name.lstrip("/"): one.content for one in installed(site, name, version, **more)}


def deps(
    name: str, version: str = "1.0", *, tag: str = "py3-none-any", **more: Any
) -> dict[str, bytes | str]:
    return package(f".deps/{name}-{version}-{tag}.whl", name, version, tag=tag, **more)


def pex(*distributions: Mapping[str, bytes | str], shebang: bytes = b"", **info: Any) -> bytes:
    """A PEX file as pex 2.105 writes it."""
    members: dict[str, bytes | str] = {"__main__.py": "", ".bootstrap/pex/__init__.py": ""}
    members |= package(".bootstrap/vendored", "attrs")
    for one in distributions:
        members |= one
    wheels = sorted({name.split("/")[1] for name in members if name.startswith(".deps/")})
    about = {"distributions": dict.fromkeys(wheels, "0" * 64), "inherit_path": "false"} | info
    return shebang + zipped({**members, "PEX-INFO": json.dumps(about)})


def test_a_pex_file(tmp_path: Path, scratch: Scratch) -> None:
    modules = {"numpy/x.so": b"x", "numpy/__init__.py": b"", "numpy/data.txt": b""}
    content = pex(
        deps("numpy", "2.1", tag=LINUX, files=modules), deps("idna"), shebang=b"#!/usr/bin/python\n"
    )
    collected = read(content, tmp_path, scratch)
    found = only(collected)
    assert (found.input, names(found)) == ("app.pex!/.deps", ["idna 1.0", "numpy 2.1"])
    assert found.made_for == MadeFor(python="3.14t", platform="linux-x86_64")
    assert (collected.problems, found.problems) == ((), ())
    info = Path(str(found.pins[1].files[0].path))
    assert (info.parent / "numpy/x.so").read_bytes() == b"x"
    assert {path.name for path in (info.parent / "numpy").iterdir()} == {"x.so", "__init__.py"}


@pytest.mark.parametrize(
    ("constraints", "python"),
    [
        (["CPython==3.14.*"], "3.14"),
        (["==3.14.2"], "3.14"),
        (["CPython+t==3.14.*"], "3.14t"),
        (["CPython[free-threaded]==3.14.*"], "3.14t"),
        (["CPython[gil] == 3.14.*"], "3.14"),
        ([">=3.9,<3.15"], None),
        (["==3.13.*", "==3.14.*"], None),
        (["PyPy==3.10.*"], None),
        (["../../x"], None),
        ([], None),
    ],
)
def test_the_interpreter_that_its_constraints_name(
    constraints: Sequence[str], python: str | None, tmp_path: Path, scratch: Scratch
) -> None:
    found = only(read(pex(deps("idna"), interpreter_constraints=constraints), tmp_path, scratch))
    assert found.made_for == MadeFor(python=python)


@pytest.mark.parametrize(
    ("info", "says"),
    [
        ({"distributions": {"a-1-py3-none-any.whl": ""}}, "lists what is not in it: a-1-py3-none-any.whl"),
        ({"distributions": {f"{n}": "" for n in range(9)}}, "0, 1, 2 and 6 more"),
        ({"pex_path": "/other.pex"}, "other PEX files"),
        ({"pex_paths": ["/other.pex"]}, "other PEX files"),
        ({"inherit_path": "prefer"}, "also sees the packages of the interpreter"),
    ],
)
def test_what_a_pex_file_takes_from_elsewhere(
    info: dict[str, Any], says: str, tmp_path: Path, scratch: Scratch
) -> None:
    found = read(pex(deps("idna"), **info), tmp_path, scratch)
    (problem,) = found.problems
    assert says in problem.message
    assert problem.input == "app.pex"
    assert names(only(found)) == ["idna 1.0"]


def test_wheels_in_a_pex_file_are_a_folder_of_wheels(tmp_path: Path, scratch: Scratch) -> None:
    wheels = [wheel(name="numpy", version="2.1", tag=tag) for tag in (LINUX, "cp314-cp314t-win_amd64")]
    found = only(read(pex({f".deps/{name}": content for name, content in wheels}), tmp_path, scratch))
    assert (found.input, found.format, names(found)) == ("app.pex!/.deps", "wheelhouse", ["numpy 2.1"])
    assert [file.name for file in found.pins[0].files] == [name for name, _ in wheels]


def test_a_pex_file_for_several_platforms_is_several_environments(tmp_path: Path, scratch: Scratch) -> None:
    mac = "cp314-cp314t-macosx_14_0_arm64"
    content = pex(
        deps("numpy", "2.1", tag=LINUX, files={"numpy/x.so": b"linux"}),
        deps("numpy", "2.1", tag=mac, files={"numpy/x.so": b"mac"}),
        deps("uvloop", "1.0", tag=LINUX),
        deps("idna"),
    )
    found = read(content, tmp_path, scratch)
    assert found.errors == ()
    assert {one.input: names(one) for one in found.readings} == {
        "app.pex!/.deps (cp314t linux-x86_64)": ["idna 1.0", "numpy 2.1", "uvloop 1.0"],
        "app.pex!/.deps (cp314t macos-arm64)": ["idna 1.0", "numpy 2.1"],
    }
    places = [Path(str(one.pins[1].files[0].path)).parent / "numpy/x.so" for one in found.readings]
    assert [place.read_bytes() for place in places] == [b"linux", b"mac"]


@pytest.mark.parametrize(
    ("wheels", "expected"),
    [
        ([], ()),
        (["a-1-py3-none-any.whl", "b"], (WheelSet(wheels=("a-1-py3-none-any.whl", "b")),)),
        (["a-1-1-py3-none-any.whl", "a-1-py3-none-any.whl"], (WheelSet(wheels=("a-1-1-py3-none-any.whl",)),)),
        (
            ["a-1-py3-none-any.whl", "a-2-py3-none-any.whl"],
            (WheelSet(wheels=("a-1-py3-none-any.whl", "a-2-py3-none-any.whl")),),
        ),
        (
            [
                "a-1-cp313-cp313-win_amd64.whl",
                "a-1-cp314-cp314t-win_amd64.whl",
                "b-1-cp39-abi3-win_amd64.whl",
            ],
            (
                WheelSet(
                    wheels=("a-1-cp313-cp313-win_amd64.whl", "b-1-cp39-abi3-win_amd64.whl"),
                    label="cp313 windows-amd64",
                    platform="windows-amd64",
                ),
                WheelSet(
                    wheels=("a-1-cp314-cp314t-win_amd64.whl", "b-1-cp39-abi3-win_amd64.whl"),
                    label="cp314t windows-amd64",
                    platform="windows-amd64",
                ),
            ),
        ),
    ],
)
def test_which_wheels_go_together(wheels: list[str], expected: tuple[WheelSet, ...]) -> None:
    assert wheel_sets(wheels) == expected


def test_the_same_file_of_two_distributions_is_that_of_the_first(tmp_path: Path, scratch: Scratch) -> None:
    content = pex(deps("a", files={"same.so": b"first"}), deps("b", files={"same.so": b"second"}))
    info = Path(str(only(read(content, tmp_path, scratch)).pins[1].files[0].path))
    assert (info.parent / "same.so").read_bytes() == b"first"


@pytest.mark.parametrize(
    ("site", "shown"),
    [
        ("site-packages", "app.pyz!/site-packages"),
        ("", "app.pyz!/"),
        ("python", "app.pyz!/python"),
        ("python/lib/python3.14/site-packages", "app.pyz!/python"),
    ],
)
def test_other_applications(site: str, shown: str, tmp_path: Path, scratch: Scratch) -> None:
    members = package(site or ".", "idna", files={"idna/core.py": b""}) if site else top("idna")
    more = package("_bootstrap", "click") | {"__main__.py": "", "environment.json": "{}"}
    found = only(read(zipped(members | more), tmp_path, scratch, "app.pyz"))
    assert (found.input, names(found)) == (shown, ["idna 1.0"])
    assert found.made_for == MadeFor(python="3.14" if "3.14" in site else None)


def top(name: str) -> dict[str, bytes | str]:
    return {path.removeprefix("x/"): content for path, content in package("x", name).items()}


@pytest.mark.parametrize("members", [{"__main__.py": ""}, {"__main__.py": "", "PEX-INFO": "{}"}])
def test_an_application_without_a_distribution(
    members: dict[str, bytes | str], tmp_path: Path, scratch: Scratch
) -> None:
    found = error(read(zipped(members), tmp_path, scratch))
    assert isinstance(found, NothingToAuditError)
    assert str(found) == "app.pex: no distribution in the zip file"


def test_a_pex_file_that_is_a_folder(tmp_path: Path, scratch: Scratch) -> None:
    packed = tmp_path / "app.pex"
    (packed / ".deps").mkdir(parents=True)
    (packed / "__main__.py").write_text("")
    (packed / "PEX-INFO").write_text(json.dumps({"distributions": {"lost-1-py3-none-any.whl": ""}}))
    empty = error(collect(["app.pex"], cwd=tmp_path, scratch=scratch))
    assert isinstance(empty, NothingToAuditError)
    name, content = wheel(name="idna", version="3.10")
    (packed / ".deps" / name).write_bytes(content)
    found = collect(["app.pex"], cwd=tmp_path, scratch=scratch)
    assert (only(found).input, names(only(found))) == ("app.pex/.deps", ["idna 3.10"])
    assert [problem.message for problem in found.problems] == [
        "its PEX-INFO lists what is not in it: lost-1-py3-none-any.whl"
    ]
    (packed / ".deps/x-1-py3-none-any.whl").mkdir()
    assert "loose layout" in str(error(collect(["app.pex"], cwd=tmp_path, scratch=scratch)))


# -- what is refused --

GOOD = pex(deps("idna", files={"idna/x.so": bytes(1000)}))
INFO = "idna-1.0.dist-info/METADATA"
BAD: dict[str, tuple[bytes, str]] = {
    "cut": (GOOD[:-30], "not a zip archive, or a broken one"),
    "short": (b"PK\3\4", "not a zip archive, or a broken one"),
    "above": (zipped({"../../etc/x": ""}), "leads out of the archive"),
    "absolute": (zipped({"/etc/x": ""}), "leads out of the archive"),
    "deep": (zipped({"a/" * 101 + "x": ""}), "path is too long"),
    "both": (zipped({"a": "", "a/b": ""}), "both a file and a folder"),
    "both again": (zipped({"a/b": "", "a": ""}), "both a file and a folder"),
    "crc": (lying(member(INFO, b"Name: idna", crc=1)), "a broken member"),
    "method": (lying(member(INFO, b"Name: idna", method=77)), "a broken member"),
    "encrypted": (lying(member(INFO, b"Name: idna", flags=1)), "a broken member"),
    "larger": (lying(member(INFO, b"Name: idna", size=1 << 20)), "a broken member"),
    "smaller": (lying(member(INFO, bytes(1 << 20), size=10)), "a broken member"),
    "info": (zipped({"PEX-INFO": "["}), "app.pex!/PEX-INFO: line 1"),
    "info type": (zipped({"PEX-INFO": "[]"}), "must be an object"),
    "distributions": (pex(deps("idna"), distributions=[]), "distributions: must be a table"),
    "constraints": (pex(deps("idna"), interpreter_constraints=[1]), "interpreter_constraints[0]: must be"),
    "inherit": (pex(deps("idna"), inherit_path=True), "inherit_path: must be a string"),
    "paths": (pex(deps("idna"), pex_paths="x"), "pex_paths: must be an array"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_zip_is_one_line(case: str, tmp_path: Path, scratch: Scratch) -> None:
    content, says = BAD[case]
    found = error(read(content, tmp_path, scratch))
    assert isinstance(found, InputError)
    assert str(found).startswith("app.pex")
    assert says in str(found)
    assert str(found).isprintable()


@pytest.mark.parametrize(
    ("limit", "value", "says"),
    [
        ("ARCHIVE_MEMBERS", 3, "more than 3 members"),
        ("ZIPAPP_DIRECTORY", 100, "more members than an application has"),
        ("FILE", 10, "PEX-INFO: larger than"),
        ("TREE_DEPTH", 2, "path is too long"),
        ("MEMBER_PATH", 20, "path is too long"),
    ],
)
def test_every_limit_is_kept(
    limit: str, value: int, says: str, tmp_path: Path, scratch: Scratch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, limit, value)
    assert says in str(error(read(GOOD, tmp_path, scratch)))


def test_the_directory_of_a_zip64_is_held_to_the_same_limit(
    tmp_path: Path, scratch: Scratch, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 2)
        large = pex(deps("idna"))
    assert b"PK\6\6" in large
    assert names(only(read(large, tmp_path, scratch))) == ["idna 1.0"]
    end = large.rindex(b"PK\5\6")
    unsaid = large[: end + 12] + b"\xff" * 4 + large[end + 16 :]
    monkeypatch.setattr(limits, "ZIPAPP_DIRECTORY", 100)
    assert "more members than" in str(error(read(unsaid, tmp_path, scratch)))


def test_the_budget_of_what_is_unpacked(tmp_path: Path) -> None:
    bomb = pex(deps("idna", files={"idna/x.so": bytes(1 << 20)}))
    with Scratch(budget=100_000) as small:
        assert "would have to be unpacked" in str(error(read(bomb, tmp_path, small)))
    with Scratch(budget=2 << 20) as enough:
        assert names(only(read(bomb, tmp_path, enough))) == ["idna 1.0"]


@pytest.mark.parametrize("name", ["\x1b[31m", "\u202egpj", "<b>", "::error::x"])
def test_names_to_frighten_a_terminal(name: str, tmp_path: Path, scratch: Scratch) -> None:
    found = only(read(zipped(package(f"{name}/site-packages", "idna")), tmp_path, scratch))
    assert found.input.isprintable()
    assert names(found) == ["idna 1.0"]


@pytest.mark.parametrize(
    ("content", "score"),
    [(GOOD, 2), (b"#!/bin/sh\n" + GOOD, 2), (b"#!/bin/sh\n", 0), (b"", 0), (b"version = 1", 0)],
)
def test_the_score(content: bytes, score: int, tmp_path: Path) -> None:
    (tmp_path / "app").write_bytes(content)
    tree = DiskTree(tmp_path.resolve())
    assert HOLDER.score(Document(path="app", place="app", tree=tree)) == score
    assert HOLDER.score(Document(path=".", place=".", tree=tree, folder=True)) == 0


@settings(max_examples=60, deadline=None)
@given(cuts=st.lists(st.tuples(st.integers(0, len(GOOD) - 9), st.binary(min_size=1, max_size=8)), max_size=6))
def test_any_bytes_give_an_application_or_our_own_error(
    cuts: list[tuple[int, bytes]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    content = bytearray(GOOD)
    for at, data in cuts:
        content[at : at + len(data)] = data
    with Scratch() as scratch:
        found = read(bytes(content), tmp_path_factory.mktemp("any"), scratch)
    assert found.readings or found.errors


def test_a_wheel_that_no_set_would_take_is_in_every_one() -> None:
    linux, own = (
        ["a-1-cp313-cp313-linux_x86_64.whl", "a-1-cp314-cp314t-linux_x86_64.whl"],
        "b-1-cp314-cp314t-win_amd64.whl",
    )
    assert [one.wheels for one in wheel_sets([*linux, own])] == [(name, own) for name in linux]
