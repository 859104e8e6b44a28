"""``ftaudit audit`` of a part of a lock: what is judged, and that the report says what is not."""

from __future__ import annotations

from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest

from tests.builders.command import DEFAULT, JSON, LOCK_INDEX, Run, stock
from tests.builders.index_server import IndexServer
from tests.builders.locks import uv_package
from tests.cli.test_audit import SCHEMA

APP = """dependencies = [{name = "idna"}]
[package.optional-dependencies]
fast = [{name = "orjson"}]
[package.dev-dependencies]
dev = [{name = "ruff"}]
docs = [{name = "ghost"}]"""
LOCK = 'version = 1\nrevision = 3\nrequires-python = ">=3.11"\n' + "".join(
    (
        uv_package("app", source='virtual = "."', more=APP),
        *(uv_package(name, source=f'registry = "{LOCK_INDEX}"') for name in ("idna", "orjson", "ruff")),
    )
)
PLACE = (*DEFAULT, "--index-url")


@pytest.fixture
def simple(server: IndexServer, folder: Path) -> str:
    stock(server, "idna==1.0", "orjson==1.0", "ruff==1.0")
    (folder / "uv.lock").write_text(LOCK)
    return server.simple


@pytest.mark.parametrize(
    ("options", "expected", "left_out"),
    [
        (("--no-dev",), {"idna"}, "group dev (1 pin), group docs (0 pins), extra fast (1 pin)"),
        (("--extra", "fast"), {"idna", "orjson", "ruff"}, "group docs (0 pins)"),
        (("--all-extras", "--exclude", "dev"), {"idna", "orjson"}, "group dev (1 pin), group docs (0 pins)"),
        (("--only", "dev,fast"), {"ruff", "orjson"}, "main (1 pin), group docs (0 pins)"),
    ],
)
def test_a_part_is_judged_and_the_report_says_which(
    options: tuple[str, ...], expected: set[str], left_out: str, simple: str, audit: Run
) -> None:
    done = audit("uv.lock", *PLACE, simple, *JSON, *options)
    # The group docs needs what is not pinned: that is not said, and the part is complete.
    assert (done.status, done.rules) == (0, ["chosen-in-part"])
    jsonschema.Draft202012Validator(SCHEMA).validate(done.report)
    assert set(done.statuses) == expected | {"app"}
    assert done.report["inputs"][0]["pins"] == len(expected) + 1
    assert done.report["problems"][0]["message"].endswith(f"; left out: {left_out}")
    assert "chosen-in-part" in audit("uv.lock", *PLACE, simple, *options).out


def test_without_a_choice_all_that_is_locked_is_judged(simple: str, audit: Run) -> None:
    done = audit("uv.lock", *PLACE, simple, *JSON)
    assert (done.status, done.rules) == (4, ["dependency-not-pinned"])
    assert set(done.statuses) == {"app", "idna", "orjson", "ruff"}


@pytest.mark.parametrize(
    ("options", "error", "help_"),
    [
        (("--group", "lint"), "error: --group lint: no input has such a group", "extras: fast"),
        (
            ("--extra", "\x1b[2J"),
            "error: --extra \\x1b[2J: no input has such an extra",
            "groups: dev, docs, main",
        ),
        (
            ("--only", "docs", "--no-dev"),
            "error: --only takes nothing but what it names",
            "give --only for each",
        ),
    ],
)
def test_a_choice_that_cannot_be_made(
    options: tuple[str, ...], error: str, help_: str, simple: str, audit: Run
) -> None:
    done = audit("uv.lock", *PLACE, simple, *options)
    assert (done.status, done.out) == (2, "")
    assert done.lines[0].startswith(error)
    assert help_ in done.lines[1]


def test_a_choice_that_holds_nothing_is_nothing_to_audit(simple: str, audit: Run) -> None:
    done = audit("uv.lock", *PLACE, simple, "--only", "dev", "--exclude", "dev")
    assert done.status == 3
    assert done.lines[0] == "error: nothing to audit: nothing of what is chosen is pinned"
    assert done.lines[1].startswith("help: audited: nothing; left out: main (1 pin), ")
