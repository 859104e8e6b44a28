"""Every limit of reading is held by a reader, and stands nowhere but in `ftaudit.sources.limits`."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from ftaudit.sources import limits

SOURCES = Path(limits.__file__).parent
TEXTS = {path: path.read_text("utf-8") for path in SOURCES.rglob("*.py") if path.name != "limits.py"}
NAMES = [name for name in vars(limits) if name.isupper() and name not in ("KB", "MB", "GB")]


def test_there_are_limits() -> None:
    assert len(NAMES) > 20


@pytest.mark.parametrize("name", NAMES)
def test_every_limit_is_held_by_a_reader(name: str) -> None:
    assert any(re.search(rf"\blimits\.{name}\b", text) for text in TEXTS.values())


def test_no_reader_has_a_limit_of_its_own() -> None:
    own = [
        f"{path.name}: {target.id}"
        for path, text in TEXTS.items()
        for node in ast.parse(text).body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name) and re.match(r"_?MAX_", target.id)
    ]
    assert own == []
