"""An interpreter that is named as a file: this one, and what only looks like one."""

from __future__ import annotations

import os
import sys
import sysconfig
import time
from dataclasses import replace
from importlib.metadata import distributions
from pathlib import Path

import pytest

from ftaudit.errors import InputError
from ftaudit.model.project import FoundInterpreter
from ftaudit.sources.base import Document
from ftaudit.sources.installed import interpreter
from ftaudit.sources.installed.interpreter import FORMAT, read
from ftaudit.sources.tree import DiskTree


def named(path: Path) -> Document:
    return Document(path="the/python", place=path.name, tree=DiskTree(path.parent), on_disk=str(path))


def script(folder: Path, body: str, name: str = "python3") -> Document:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return named(path)


def test_this_interpreter() -> None:
    found = read(replace(named(Path(sys.executable)), python_gil="1"))
    free_threaded = "t" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""
    assert found.made_for is not None
    assert found.made_for.python == f"{sys.version_info.major}.{sys.version_info.minor}{free_threaded}"
    assert found.made_for.platform is not None
    assert found.interpreter == FoundInterpreter(
        python=found.made_for.python,
        version=".".join(map(str, sys.version_info[:3])),
        free_threaded=bool(free_threaded),
        python_gil="1",
    )
    assert "packaging" in {pin.name for pin in found.pins}
    site = sysconfig.get_path("purelib")
    there = {
        d.metadata["Name"].lower().replace("_", "-").replace(".", "-") for d in distributions(path=[site])
    }
    assert there <= {pin.name for pin in found.pins}


@pytest.mark.parametrize(
    "body",
    [
        "exit 1",
        "exit 0",
        "echo hello",
        "echo ftaudit:[]",
        "echo ftaudit:{",
        "kill -9 $$",
        "echo 'ftaudit:{}'",
    ],
)
def test_what_does_not_answer_as_python(body: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^the/python: not (a Python interpreter|CPython)"):
        read(script(tmp_path, body))


def test_a_file_that_cannot_be_started(tmp_path: Path) -> None:
    (tmp_path / "python").write_bytes(b"\x7fELF nonsense")
    with pytest.raises(InputError, match="not a Python interpreter"):
        read(named(tmp_path / "python"))


@pytest.mark.parametrize("body", ["exec sleep 60", "sleep 60 & echo $! > {pid}; wait"])
def test_one_that_hangs_is_ended(body: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpreter, "DEADLINE_SECONDS", 0.2)
    started = time.monotonic()
    with pytest.raises(InputError, match="did not answer"):
        read(script(tmp_path, body.format(pid=tmp_path / "pid")))
    assert time.monotonic() - started < 10
    if (tmp_path / "pid").exists():
        assert not _runs(int((tmp_path / "pid").read_text()))


def _runs(pid: int) -> bool:
    """Whether the process is at work: one that was killed may stay a while as a zombie."""
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"


def test_one_that_never_stops_talking_is_ended(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="answered more"):
        read(script(tmp_path, "exec yes"))


def test_it_is_started_isolated_and_without_our_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FTAUDIT_TEST_SECRET", "x")
    said = tmp_path / "said"
    with pytest.raises(InputError):
        read(script(tmp_path, f'echo "$1 $2 ${{FTAUDIT_TEST_SECRET:-none}}" > {said}'))
    assert said.read_text() == "-I -c none\n"


@pytest.mark.parametrize(
    ("name", "mode", "score"),
    [
        ("python", 0o755, 2),
        ("python3.14t", 0o755, 2),
        ("python.exe", 0o755, 2),
        ("python3", 0o644, 0),
        ("python-script", 0o755, 0),
        ("run", 0o755, 0),
    ],
)
def test_scores(name: str, mode: int, score: int, tmp_path: Path) -> None:
    (tmp_path / name).write_text("")
    (tmp_path / name).chmod(mode)
    assert FORMAT.score(named(tmp_path / name)) == score


def test_a_pipe_is_never_started(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "python", 0o755)
    assert FORMAT.score(named(tmp_path / "python")) == 0
