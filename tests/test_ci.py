"""The scripts of .ci: the parts that can be tried without building anything."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import FREE_THREADED
from tests.shared import ROOT

SCRIPTS = ("run", "free-threaded-python")
TEST_COMMAND = "python -m pytest"


def script(name: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs a script of .ci with nothing but the system's tools on PATH."""
    return subprocess.run(
        [ROOT / ".ci" / name, *arguments],
        env=os.environ | {"PATH": "/usr/bin:/bin"} | variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_can_be_run_and_stops_at_errors(name: str) -> None:
    path = ROOT / ".ci" / name
    text = path.read_text(encoding="utf-8")
    assert os.access(path, os.X_OK)
    assert text.startswith("#!/usr/bin/env bash\n")
    assert "\nset -euo pipefail\n" in text
    subprocess.run(["bash", "-n", path], check=True)


def test_the_tests_are_run_as_the_readme_says() -> None:
    assert TEST_COMMAND in (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"  {TEST_COMMAND} " in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_nothing_forces_the_gil_off() -> None:
    text = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "gil=" not in text.lower().replace(" ", "")
    assert "unset PYTHON_GIL" in text


def test_a_version_must_be_named() -> None:
    ended = script("free-threaded-python")
    assert ended.returncode != 0
    assert "usage: free-threaded-python 3.14" in ended.stderr


@pytest.mark.skipif(not FREE_THREADED, reason="needs a free-threaded interpreter to find")
def test_an_interpreter_that_was_built_before_is_found(tmp_path: Path) -> None:
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    (built := tmp_path / f"{version}t" / "bin").mkdir(parents=True)
    base = Path(sys.base_prefix, "bin", f"python{version}t")
    (built / base.name).symlink_to(base)
    ended = script("free-threaded-python", version, FREE_THREADED_HOME=str(tmp_path))
    assert (ended.returncode, Path(ended.stdout.strip()).name) == (0, base.name)
