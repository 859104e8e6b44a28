"""What the place of a member says."""

from __future__ import annotations

import pytest

from ftaudit.wheels.members import importable, is_library


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("x.so", "x.so"),
        ("x/_y.cpython-314t-x86_64-linux-gnu.so", "x/_y.cpython-314t-x86_64-linux-gnu.so"),
        ("x/y/z.abi3.so", "x/y/z.abi3.so"),
        ("x/libfoo.so", "x/libfoo.so"),
        ("x/_y.cp314t-win_amd64.pyd", "x/_y.cp314t-win_amd64.pyd"),
        ("x/_y.PYD", "x/_y.PYD"),
        ("x-y/_z.so", "x-y/_z.so"),
        ("x-1.data/platlib/x/_y.so", "x/_y.so"),
        ("x-1.data/purelib/_y.so", "_y.so"),
        ("x-1.data/data/lib/python3.14t/site-packages/x/_y.so", "x/_y.so"),
        ("x-1.data/data/Lib/site-packages/_y.pyd", "_y.pyd"),
        ("x-1.data/data/site-packages/_y.pyd", "_y.pyd"),
        ("cmeel.prefix/lib/python3.11/site-packages/x/_y.so", "x/_y.so"),
        ("x/python-3.14/x.cpython-314t-darwin.so", "x/python-3.14/x.cpython-314t-darwin.so"),
        ("x/python-3.14/x.cp314t-win_amd64.pyd", "x/python-3.14/x.cp314t-win_amd64.pyd"),
        ("x/python-3.15/x.abi3t.so", "x/python-3.15/x.abi3t.so"),
    ],
)
def test_importable_by_its_place(name: str, path: str) -> None:
    assert importable(name) == path
    assert not is_library(name)


@pytest.mark.parametrize(
    "name",
    [
        "numpy.libs/libblas-1.so",
        "x/.dylibs/libfoo.so",
        "x/libfoo.so.1",
        "x/libfoo.so.1.2.3",
        "x/libfoo.dylib",
        "x/FOO.DLL",
        "x-1.data/scripts/y.so",
        "x-1.data/headers/y.so",
        "x-1.data/data/lib/y.so",
        "x-1.data/data/share/x.y/site-packages.so",
        "x-1.data/platlib/x.libs/y.so",
        "x-1.dist-info/y.so",
        "a.b/lib/y.so",
        "x.data/y.so",
        "cmeel.prefix/lib/y.so",
        "x/y.SO",
    ],
)
def test_libraries(name: str) -> None:
    assert importable(name) is None
    assert is_library(name)


@pytest.mark.parametrize(
    "name",
    [
        "x/y.py",
        "x/so",
        "x/.so",
        "x/y.so.py",
        "x/y.sox",
        "x/y.so/z",
        "y.so.",
        "x/y.pyd.bak",
        "x/y.so.1a",
        "",
        ".data",
    ],
)
def test_neither(name: str) -> None:
    assert importable(name) is None
    assert not is_library(name)
