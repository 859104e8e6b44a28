"""What would be installed, held against the standard's own selection: `packaging.pylock.Pylock.select`."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from packaging.pylock import Package, PackageSdist, PackageWheel, Pylock, PylockSelectError

from ftaudit.judge.install import choose
from ftaudit.knowledge.targets import target
from ftaudit.model.evidence import IndexFile, Release
from ftaudit.model.target import Target
from ftaudit.model.verdict import Install
from tests.builders.values import HOST, NOW, pin

LOCKS = sorted((Path(__file__).parents[1] / "fixtures/locks").glob("pylock.*.toml"))
TARGETS = [
    target(python, platform)
    for python in ("3.14t", "3.15t")
    for platform in ("linux-x86_64", "musllinux-aarch64", "macos-arm64", "windows-amd64")
]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
@pytest.mark.parametrize("on", TARGETS, ids=str)
def test_the_same_file_is_picked(lock: Path, on: Target) -> None:
    read = Pylock.from_dict(tomllib.loads(lock.read_text("utf-8")))
    compared = 0
    for package in read.packages:
        if not (package.wheels or package.sdist):
            continue
        expected, ours = _selected(read, package, on), _chosen(package, on)
        if expected is None:
            assert ours == (Install.NONE, None), package.name
        else:
            assert ours[1] == expected, package.name
        compared += 1
    assert compared >= 10


def _selected(lock: Pylock, package: Package, on: Target) -> str | None:
    """The file that the standard's selection takes for the package alone, its marker aside."""
    alone = replace(lock, packages=[replace(package, marker=None)], environments=None, requires_python=None)
    try:
        ((_, picked),) = alone.select(environment=dict(on.environment), tags=list(on.tags))  # type: ignore[arg-type]
    except PylockSelectError:
        return None
    assert isinstance(picked, PackageWheel | PackageSdist)
    return picked.filename


def _chosen(package: Package, on: Target) -> tuple[Install, str | None]:
    assert package.version is not None
    files = tuple(
        IndexFile(name=file.filename, url=HOST, index=HOST, requires_python=">=3")
        for file in (*(package.wheels or ()), *([package.sdist] if package.sdist else ()))
    )
    release = Release(
        name=package.name, version=str(package.version), files=files, as_of=NOW, indexes=(HOST,)
    )
    found = choose(pin(package.name, str(package.version)), release, on)
    return found.install, found.file.name if found.file else None
