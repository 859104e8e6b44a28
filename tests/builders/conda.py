"""What a conda lock has of a package, in one line each."""

from __future__ import annotations

from ftaudit.model.conda import CondaBuild, CondaEnvironment, CondaRecord
from ftaudit.model.project import Pin, SourceKind
from tests.builders.values import pin

LINUX, WINDOWS = "linux-x86_64", "windows-amd64"
MACOS_INTEL, MACOS = "macos-x86_64", "macos-arm64"
NOARCH, COMPILED, ABI3 = CondaBuild.NOARCH, CondaBuild.COMPILED, CondaBuild.ABI3

_SUBDIR = {LINUX: "linux-64", WINDOWS: "win-64", MACOS_INTEL: "osx-64", MACOS: "osx-arm64"}


def env(python: str | None = "3.14t", platform: str = LINUX, name: str = "default") -> CondaEnvironment:
    return CondaEnvironment(name=name, platform=platform, python=python)


def record(kind: CondaBuild, *environments: CondaEnvironment, build: str = "py314h1_0") -> CondaRecord:
    """An archive of ``x`` in the folder of its first environment's platform."""
    subdir = "noarch" if kind is NOARCH else _SUBDIR.get(environments[0].platform, "linux-64")
    url = f"https://conda.example/forge/{subdir}/x-1.0-{build}.conda"
    return CondaRecord(build=build, kind=kind, url=url, environments=environments)


def conda_pin(*records: CondaRecord, name: str = "x", version: str = "1.0", **values: object) -> Pin:
    return pin(name, version, kind=SourceKind.CONDA, conda=records, **values)  # type: ignore[arg-type]
