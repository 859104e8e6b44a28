"""What the documentation repeats of the program is what the program says."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from ftaudit.explain import rule_pages

DOCS = Path(__file__).parents[1] / "docs"
WRITTEN = runpy.run_path(str(DOCS / "generate.py"))["PAGES_WRITTEN"]


@pytest.mark.parametrize("name", WRITTEN)
def test_generated_pages_have_not_drifted(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == WRITTEN[name](), "run: python docs/generate.py"


@pytest.mark.parametrize("name", WRITTEN)
def test_generated_pages_are_well_formed(name: str) -> None:
    text = WRITTEN[name]()
    assert text.startswith("# ")
    anchors = set(re.findall(r"^#+ (\w+)$", text, re.MULTILINE))
    assert set(re.findall(r"\]\(#(\w+)\)", text)) <= anchors
    headings = re.findall(r"^## .*", text, re.MULTILINE)
    assert len(headings) == len(set(headings))


def test_every_rule_is_documented() -> None:
    text = WRITTEN["rules.md"]()
    for page in rule_pages():
        assert f"## `{page.name}`\n\n{page.summary}\n" in text
