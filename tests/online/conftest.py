"""Every page and wheel is asked for once: all audits share one cache. Whatever certificates reaching the
index takes here (``PIP_CERT``, ``REQUESTS_CA_BUNDLE``, …) stays in the environment, all other settings of pip
and uv go.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ftaudit.cli.app import run
from tests.builders.online import Audit, Report
from tests.conftest import USER_SETTINGS

KEPT = frozenset({"PIP_CERT", "PIP_CLIENT_CERT", "PIP_PROXY"})
ARGUMENTS = ("--platform", "linux-x86_64", "--uploaded-before", "2026-11-22", "--quiet")


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def audit(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Audit:
    def audited(*options: str, **inputs: str) -> tuple[int, Report]:
        folder = tmp_path_factory.mktemp("input")
        paths = [folder / name.replace("_", ".") for name in inputs]
        for path, text in zip(paths, inputs.values(), strict=True):
            path.write_text(text)
        report = folder / "report.json"
        places = [*map(str, paths), "--cache-dir", str(cache), "--format", "json", "--output", str(report)]
        with without_settings(tmp_path_factory.mktemp("home")):
            status = run(["audit", *places, *ARGUMENTS, *options])
        return status, json.loads(report.read_text())

    return audited


@contextmanager
def without_settings(home: Path) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in set(os.environ) - KEPT:
            if name.startswith(USER_SETTINGS):
                patch.delenv(name)
        for name in ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "XDG_CONFIG_DIRS"):
            patch.setenv(name, str(home))
        patch.setenv("PIP_CONFIG_FILE", os.devnull)
        yield
