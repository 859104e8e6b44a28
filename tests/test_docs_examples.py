"""Every command line in the documentation does what the text says, in a project as the text has it.

A ``console`` block holds command lines after ``$``; a comment ``# exit 4`` claims an exit status, none
claims 0. All lines of one page are run in order in one folder. The index is on loopback: pip's environment
names it, and it stands in for the one that a page gives as ``--index-url https://index.example/simple``.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from ftaudit.cli.app import run
from tests.builders.command import uv_lock
from tests.builders.environments import install, venv
from tests.builders.extensions import GIL, USED, extension
from tests.builders.images import docker_save, image, installed, layer
from tests.builders.index_server import IndexServer, Response, file_entry, index_server
from tests.builders.wheels import metadata, wheel, zipped
from tests.shared import ROOT

PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
EXAMPLE = ROOT / "docs" / "example"
INDEX = "https://index.example/simple"
UPLOADED = "2026-11-01T00:00:00Z"
CHANNEL = "https://conda.example/conda-forge"
PIXI = f"""version: 6
environments:
  test:
    channels:
    - url: {CHANNEL}/
    packages:
      linux-64:
      - conda: {CHANNEL}/linux-64/python-3.14.0-h32b2ec7_102_cp314t.conda
      - conda: {CHANNEL}/noarch/idna-3.20-pyhd8ed1ab_0.conda
packages:
- conda: {CHANNEL}/linux-64/python-3.14.0-h32b2ec7_102_cp314t.conda
- conda: {CHANNEL}/noarch/idna-3.20-pyhd8ed1ab_0.conda
"""
INSTALLS = ("python3 -m venv ", ".venv/bin/pip install ", "pip install ")
"""Beginnings of command lines that are not run: they install things, …"""
CHECKS = (".venv/bin/python -m pytest", ".venv/bin/mypy", ".venv/bin/ruff ")
"""… or are what runs this test, and the checks beside it."""

_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_EXIT = re.compile(r"\s+# exit (\d+)$")


def command_lines(page: Path) -> list[tuple[str, int]]:
    """Every command of *page* and the exit status that it claims."""
    lines = [
        line for block in _BLOCK.findall(page.read_text(encoding="utf-8")) for line in block.splitlines()
    ]
    found = []
    for line in lines:
        assert line.startswith("$ "), (
            f"{page.name}: {line!r} is no command: show what is printed in another block"
        )
        claimed = _EXIT.search(line)
        for command in _EXIT.sub("", line.removeprefix("$ ")).split(" && "):
            found.append((command, int(claimed[1]) if claimed else 0))
    return found


def ours(command: str) -> list[str] | None:
    """The arguments of ``ftaudit``, or None for a command of another program."""
    program, *arguments = shlex.split(command)
    return arguments if program in ("ftaudit", ".venv/bin/ftaudit") else None


def serve(server: IndexServer, lock: dict[str, Any]) -> None:
    """Lists the files that *lock* has, with their hashes, as the index did when it was made."""
    listed: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for package in lock["package"]:
        text = metadata(package["name"], package["version"], requires=list(package.get("dependencies", ())))
        for file in package["files"]:
            name, sha256 = file["file"], file["hash"].removeprefix("sha256:")
            server.pages[f"/files/{name}.metadata"] = Response(body=text.encode(), content_type="text/plain")
            entry = file_entry(name, core_metadata=True, upload_time=UPLOADED, hashes={"sha256": sha256})
            listed[package["name"]].append(entry)
    for name, files in listed.items():
        server.project(name, *files)


def put_others(project: Path) -> None:
    """What the pages name beside the example: one small input of each kind."""
    for name in ("api", "web"):
        (project / "services" / name).mkdir(parents=True)
        shutil.copy(EXAMPLE / "poetry.lock", project / "services" / name)
    packages = installed("site-packages", "requests", "2.34.2")
    (project / "app.pyz").write_bytes(zipped({member.name: member.content for member in packages}))
    packages = installed("app/lib/python3.14t/site-packages", "requests", "2.34.2")
    (project / "image.tar").write_bytes(docker_save(image(layer(*packages))))
    component = {"type": "library", "name": "certifi", "version": "2026.10.18"}
    component["purl"] = "pkg:pypi/certifi@2026.10.18"
    bom = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [component]}
    (project / "bom.json").write_text(json.dumps(bom))
    (project / "pixi.lock").write_text(PIXI)
    (project / "script.py").write_text('# /// script\n# dependencies = ["requests"]\n# ///\n')


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The project of the pages, and the address of an index that has all of its pins."""
    project = tmp_path / "project"
    shutil.copytree(EXAMPLE, project)
    shutil.copytree(EXAMPLE, project / "docs" / "example")
    (project / "mirrored").mkdir()
    (project / "mirrored" / "uv.lock").write_text(uv_lock("requests==2.34.2", registry=INDEX))
    (project / "requirements.txt").write_text("requests==2.34.2\n")
    install(venv(project / ".venv"), "requests", "2.34.2")
    (project / "wheels").mkdir()
    module = "example_native/_core.cpython-314t-x86_64-linux-gnu.so"
    name, content = wheel(
        name="example_native",
        version="1.0",
        tag="cp314-cp314t-manylinux_2_28_x86_64",
        files={module: extension("_core", {GIL: USED})},
    )
    (project / "wheels" / name).write_bytes(content)
    put_others(project)
    monkeypatch.chdir(project)
    with index_server() as server:
        serve(server, tomllib.loads((EXAMPLE / "poetry.lock").read_text(encoding="utf-8")))
        monkeypatch.setenv("PIP_INDEX_URL", server.simple)
        yield server.simple


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_examples(page: Path, index: str, capsys: pytest.CaptureFixture[str]) -> None:
    for command, claimed in command_lines(page):
        arguments = ours(command)
        if arguments is None:
            assert command.startswith((*INSTALLS, *CHECKS)), f"{page.name}: neither run nor exempt: {command}"
            continue
        status = run([index if argument == INDEX else argument for argument in arguments])
        written = capsys.readouterr()
        assert status == claimed, f"{page.name}: {command}\n{written.err}"
        files = [Path(value) for name, value in pairwise(arguments) if name == "--output"]
        assert all(file.read_text() for file in files)
        assert files or written.out, f"{page.name}: {command} prints nothing"


def test_there_are_examples() -> None:
    found = {page.name: len(command_lines(page)) for page in PAGES}
    assert found["quickstart.md"] > 10
    assert found["README.md"] > 3
