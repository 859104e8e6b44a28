"""The lockfiles that ship: each tool's own, of one project, with no registry's host in them."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.shared import ROOT

LOCKS = ROOT / "tests" / "fixtures" / "locks"
EXAMPLE = ROOT / "docs" / "example"
ALWAYS = {"cffi", "click", "httpx", "jinja2", "markupsafe", "pyyaml"}
EVERYWHERE = ALWAYS | {"pywin32", "orjson"}
GROUPS = {"iniconfig", "pluggy", "markdown-it-py"}


def of_toml(path: Path) -> set[str]:
    """The names that a lock in TOML holds."""
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    return {package["name"] for package in document.get("package", []) or document["packages"]}


def of_pipfile(path: Path) -> set[str]:
    """The names that a Pipfile.lock holds, in every category."""
    document = json.loads(path.read_text(encoding="utf-8"))
    return {name for category, packages in document.items() if category != "_meta" for name in packages}


def of_requirements(path: Path) -> set[str]:
    """The names at the beginning of a line."""
    return {name.lower() for name in re.findall(r"^([\w.-]+)==", path.read_text("utf-8"), re.MULTILINE)}


def of_pip(path: Path) -> set[str]:
    """The names in what pip inspects or reports."""
    document = json.loads(path.read_text(encoding="utf-8"))
    found = document.get("installed") or document["install"]
    return {package["metadata"]["name"].lower() for package in found}


def of_pex(path: Path) -> set[str]:
    """The names that a PEX lock holds."""
    (resolve,) = json.loads(path.read_text(encoding="utf-8"))["locked_resolves"]
    return {package["project_name"] for package in resolve["locked_requirements"]}


def of_sbom(path: Path) -> set[str]:
    """The names in its package URLs."""
    return set(re.findall(r"pkg:pypi/([\w.-]+)@", path.read_text(encoding="utf-8")))


CASES: dict[str, tuple[Callable[[Path], set[str]], set[str]]] = {
    "uv.lock": (of_toml, EVERYWHERE | GROUPS),
    "pylock.uv.toml": (of_toml, EVERYWHERE | GROUPS),
    "requirements-uv.txt": (of_requirements, EVERYWHERE | GROUPS),
    "poetry.lock": (of_toml, EVERYWHERE | GROUPS),
    "pylock.poetry.toml": (of_toml, EVERYWHERE | GROUPS),
    "requirements-poetry.txt": (of_requirements, EVERYWHERE | GROUPS),
    "pdm.lock": (of_toml, EVERYWHERE | GROUPS),
    "pylock.pdm.toml": (of_toml, EVERYWHERE | GROUPS),
    "requirements-pdm.txt": (of_requirements, EVERYWHERE | GROUPS),
    "Pipfile.lock": (of_pipfile, ALWAYS | GROUPS),
    "requirements-pip-tools.txt": (of_requirements, ALWAYS | {"orjson"}),
    "pylock.pip.toml": (of_toml, ALWAYS | {"orjson"}),
    "freeze.txt": (of_requirements, ALWAYS | {"orjson"}),
    "inspect.json": (of_pip, ALWAYS | {"orjson"}),
    "report.json": (of_pip, ALWAYS | {"orjson"}),
    "pex.lock.json": (of_pex, ALWAYS | {"orjson"}),
    "environment.cdx.json": (of_sbom, ALWAYS | {"orjson"}),
    "environment.cdx.xml": (of_sbom, ALWAYS | {"orjson"}),
    "requirements.cdx.json": (of_sbom, ALWAYS | {"orjson"}),
}
"""What each tool locks of the project: pip and pip-tools lock for the machine they run on, without groups;
the others were handed what pip-tools had locked."""


def test_every_lock_has_its_case() -> None:
    assert {path.name for path in LOCKS.iterdir()} == {*CASES, "pyproject.toml", "Pipfile"}


@pytest.mark.parametrize("name", CASES)
def test_a_lock_holds_the_project(name: str) -> None:
    names, expected = CASES[name]
    assert names(LOCKS / name) >= expected


WITH_HOME_PAGES = {"inspect.json", "report.json", "requirements.cdx.json", "environment.cdx.json",
                   "environment.cdx.xml"}  # fmt: skip
"""They repeat the metadata of the packages; `tests/hygiene.py` holds that no registry is among the hosts."""


@pytest.mark.parametrize("path", [*LOCKS.iterdir(), *EXAMPLE.iterdir()], ids=lambda path: path.name)
def test_a_lock_names_placeholder_hosts_only(path: Path) -> None:
    hosts = set(re.findall(r"://([^/\s\"']+)", path.read_text(encoding="utf-8")))
    assert hosts <= {"index.example", "files.example"} or path.name in WITH_HOME_PAGES


def test_the_example_is_a_stack_to_audit() -> None:
    packages = tomllib.loads((EXAMPLE / "poetry.lock").read_text(encoding="utf-8"))["package"]
    pins = {(package["name"], package["version"]) for package in packages}
    assert 55 <= len(pins) <= 75
    assert pins >= {
        ("cryptography", "42.0.0"),
        ("frozenlist", "1.8.0"),
        ("h3", "4.5.0"),
        ("orjson", "3.13.0"),
        ("polars", "2.1.0"),
        ("psycopg-binary", "3.2.3"),
        ("pyyaml", "6.0.1"),
    }
    assert not [package["name"] for package in packages if "source" in package]
    assert sum("cp314t" in file["file"] for package in packages for file in package["files"]) > 100
