"""A command line over an empty folder, an empty cache and an index on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ftaudit.cli.app import run as run_command
from tests.builders.command import Done, Run, stock, uv_lock
from tests.builders.index_server import IndexServer, index_server


@pytest.fixture
def server() -> Iterator[IndexServer]:
    with index_server() as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the command is run in."""
    made = tmp_path / "project"
    made.mkdir()
    monkeypatch.chdir(made)
    return made


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: str) -> Done:
        capsys.readouterr()
        status = run_command(list(arguments))
        written = capsys.readouterr()
        return Done(status, written.out, written.err)

    return run


@pytest.fixture
def audit(run: Run, cache: Path, folder: Path) -> Run:
    """``ftaudit audit`` in `folder`, for 3.14t on linux-x86_64 and with `cache` where no other is named."""

    def audit(*arguments: str) -> Done:
        target = () if "--python" in arguments else ("--python", "3.14t", "--platform", "linux-x86_64")
        kept = () if "--cache-dir" in arguments else ("--cache-dir", str(cache))
        return run("audit", *arguments, *target, *kept)

    return audit


@pytest.fixture
def locked(folder: Path, server: IndexServer) -> IndexServer:
    """A lock of two pins in `folder`, and an index that has both."""
    (folder / "uv.lock").write_text(uv_lock("a==1.0", "b==2.0"))
    stock(server, "a==1.0", "b==2.0", whole=True)
    return server
