"""One wheel, and a folder of wheels."""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ftaudit.errors import InputError
from ftaudit.model.project import Reading
from ftaudit.sources import limits
from ftaudit.sources.base import Document
from ftaudit.sources.installed import wheel as one_wheel
from ftaudit.sources.installed import wheelhouse
from ftaudit.sources.tree import DiskTree
from tests.builders.wheels import metadata, wheel, zipped

NAME = "x-1-py3-none-any.whl"


def put(folder: Path, name: str, content: bytes) -> str:
    (folder / name).write_bytes(content)
    return name


def read(folder: Path, name: str) -> Reading:
    return one_wheel.read(Document(path=f"dist/{name}", place=name, tree=DiskTree(folder.resolve())))


def test_a_wheel(tmp_path: Path) -> None:
    name, content = wheel(
        name="Foo-Bar", version="1.0", tag="cp314-cp314t-win_amd64", requires=["b>=1 ; extra == 'c'"]
    )
    found = read(tmp_path, put(tmp_path, name, content))
    (pin,) = found.pins
    assert (pin.name, pin.version, pin.installed) == ("foo-bar", "1.0", True)
    assert [(edge.name, edge.specifier, edge.extra) for edge in pin.dependencies or ()] == [("b", ">=1", "c")]
    (file,) = pin.files
    assert (file.name, file.size, file.sha256) == (name, len(content), hashlib.sha256(content).hexdigest())
    assert file.path == str((tmp_path / name).resolve())
    assert (found.sha256, found.closed, found.made_for) == (file.sha256, False, None)
    assert pin.metadata is not None
    assert pin.metadata.startswith("Metadata-Version: 2.4\nName: Foo-Bar")


def lying(content: bytes) -> bytes:
    """*content* with an end record that declares a central directory of gigabytes."""
    at = content.rfind(b"PK\5\6") + 12
    return content[:at] + struct.pack("<I", limits.ZIP_DIRECTORY + 1) + content[at + 4 :]


STEM = "x-1.dist-info"


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("x.whl", b"", "not named as a wheel"),
        ("x-one-py3-none-any.whl", b"", "not named as a wheel"),
        (NAME, b"", "not a zip"),
        (NAME, b"PK\3\4 cut", "not a zip"),
        (NAME, wheel()[1][:-30], "not a zip"),
        (NAME, lying(wheel()[1]), "more members"),
        (NAME, zipped({"x.py": ""}), "no METADATA"),
        (NAME, zipped({"y-1.dist-info/METADATA": metadata()}), "no METADATA"),
        (NAME, zipped({f"{STEM}/METADATA": metadata(), "X-1.dist-info/METADATA": ""}), "or several"),
        (NAME, zipped({f"{STEM}/METADATA": "Name: y\nVersion: 1\n"}), "its metadata says y 1"),
        (NAME, zipped({f"{STEM}/METADATA": "Name: x\nVersion: 2\n"}), "its metadata says x 2"),
        (NAME, zipped({f"{STEM}/METADATA": ""}), "no name or no version"),
        (NAME, zipped({f"{STEM}/METADATA": b"\0" * 5_000_000}), "METADATA is larger than 4 MB"),
    ],
)
def test_what_is_no_wheel(name: str, content: bytes, says: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=says) as raised:
        read(tmp_path, put(tmp_path, name, content))
    assert str(raised.value).startswith(f"dist/{name}: ")


def test_a_member_that_is_not_what_was_declared(tmp_path: Path) -> None:
    name, content = wheel(requires=["a", "b"])
    at = content.index(b"PK\1\2") + 16  # the CRC in the central directory
    with pytest.raises(InputError, match="broken"):
        read(tmp_path, put(tmp_path, name, content[:at] + b"\0\0\0\0" + content[at + 4 :]))


def test_a_requirement_that_does_not_parse_is_said(tmp_path: Path) -> None:
    found = read(tmp_path, put(tmp_path, *wheel(requires=["???"])))
    assert found.pins[0].dependencies is None
    assert [problem.rule for problem in found.problems] == ["unreadable-input"]


def test_a_link_out_of_the_tree_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    name, content = wheel()
    put(tmp_path, name, content)
    (tmp_path / "tree" / name).symlink_to(tmp_path / name)
    with pytest.raises(InputError, match="outside the project"):
        read(tmp_path / "tree", name)


@given(noise=st.binary(max_size=300), at=st.integers(0, 2000))
def test_any_bytes_give_a_wheel_or_our_own_error(
    noise: bytes, at: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    content = wheel(requires=["a"])[1]
    folder = tmp_path_factory.mktemp("any")
    name = put(folder, NAME, content[:at] + noise + content[at + len(noise) :])
    try:
        found = read(folder, name)
    except InputError:
        return
    assert found.pins[0].name == "x"


# -- a folder of wheels --


def folder(path: Path) -> Document:
    return Document(path="wheels", place=".", tree=DiskTree(path.resolve()), folder=True)


def test_a_wheelhouse(tmp_path: Path) -> None:
    put(tmp_path, *wheel(name="a", tag="cp314-cp314t-win_amd64", requires=["b"]))
    put(tmp_path, *wheel(name="a", tag="cp314-cp314-win_amd64", requires=["b", "c"]))
    put(tmp_path, *wheel(name="a", version="2"))
    put(tmp_path, "a-1.tar.gz", b"sdist")
    put(tmp_path, "s-3.zip", b"sdist")
    put(tmp_path, "notes.txt", b"")
    found = wheelhouse.read(folder(tmp_path))
    assert wheelhouse.FORMAT.score(folder(tmp_path)) == 2
    assert {(pin.name, pin.version): [file.name for file in pin.files] for pin in found.pins} == {
        ("a", "1"): ["a-1-cp314-cp314-win_amd64.whl", "a-1-cp314-cp314t-win_amd64.whl", "a-1.tar.gz"],
        ("a", "2"): ["a-2-py3-none-any.whl"],
        ("s", "3"): ["s-3.zip"],
    }
    assert {pin.installed for pin in found.pins} == {False}
    assert [edge.name for edge in found.pins[0].dependencies or ()] == ["b", "c"]
    assert found.pins[-1].dependencies is None
    (index,) = found.indexes
    assert (index.url, index.find_links, index.tool) == (str(tmp_path.resolve()), True, "wheelhouse")
    assert (found.problems, found.closed) == ((), False)


def test_a_broken_file_does_not_lose_the_others(tmp_path: Path) -> None:
    put(tmp_path, *wheel(name="a"))
    put(tmp_path, *wheel(name="n", requires=["???"]))
    put(tmp_path, "b-1-py3-none-any.whl", b"")
    put(tmp_path, "nothing.zip", b"")
    found = wheelhouse.read(folder(tmp_path))
    assert [pin.name for pin in found.pins] == ["a", "n"]
    assert [problem.rule for problem in found.problems] == ["unreadable-input"] * 3


@pytest.mark.parametrize("beside", ["pyproject.toml", ".git"])
def test_a_project_with_a_wheel_in_it_is_none(beside: str, tmp_path: Path) -> None:
    put(tmp_path, *wheel())
    put(tmp_path, beside, b"")
    assert wheelhouse.FORMAT.score(folder(tmp_path)) == 0
