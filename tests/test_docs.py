"""What the documentation repeats of the program is what the program says."""

from __future__ import annotations

import ast
import re
import runpy
from pathlib import Path

import pytest

from ftaudit.explain import rule_pages
from ftaudit.model.binary import Confidence, Declaration, How, Phase

DOCS = Path(__file__).parents[1] / "docs"
GENERATE = runpy.run_path(str(DOCS / "generate.py"))
WRITTEN = GENERATE["PAGES_WRITTEN"]


@pytest.mark.parametrize("name", WRITTEN)
def test_generated_pages_have_not_drifted(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == WRITTEN[name](), "run: python docs/generate.py"


@pytest.mark.parametrize("page", GENERATE["WITH_BLOCKS"], ids=lambda page: page.name)
def test_generated_blocks_have_not_drifted(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text == GENERATE["filled"](text), "run: python docs/generate.py"


def test_every_block_is_somewhere() -> None:
    texts = [page.read_text(encoding="utf-8") for page in GENERATE["WITH_BLOCKS"]]
    for name in GENERATE["BLOCKS"]:
        assert any(f"<!-- {name}: " in text and f"<!-- /{name} -->" in text for text in texts)


def test_a_block_that_drifted_is_written_anew() -> None:
    text = "a\n<!-- inputs: x -->\nold\n<!-- /inputs -->\nb\n"
    assert GENERATE["filled"](text) == text.replace("old", GENERATE["BLOCKS"]["inputs"]())


def test_the_sample_in_the_readme_is_the_head_of_the_report() -> None:
    report = (DOCS.parent / "reports" / "example.txt").read_text(encoding="utf-8")
    sample = re.search(r"```text\n(.+?)\n…\n```", (DOCS.parent / "README.md").read_text(), re.DOTALL)
    assert sample is not None
    assert report.startswith(sample[1] + "\n")


def test_every_option_is_documented() -> None:
    text = WRITTEN["options.md"]()
    assert {"`--uploaded-before DATE`", "`--index-map FROM=TO`"} <= set(re.findall(r"`--[^`]+`", text))
    assert "3.14t 3.15t" in text


def test_links_lead_somewhere() -> None:
    pages = [DOCS.parent / "README.md", *DOCS.glob("*.md"), *(DOCS.parent / "reports").glob("*.md")]
    for page in pages:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


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


# -- docs/binaries.md --

JUDGING = (
    "binaries/*.py",
    "wheels/*.py",
    "judge/modules.py",
    "judge/inspected.py",
    "index/wheel_contents.py",
)
"""Where a module's ``reason`` comes from; what else is a word with a hyphen there:"""
OTHER_WORDS = frozenset(
    {"32-bit", "big-endian", "free-threaded", "mach-o", "perhaps-module", "utf-8", "utf-8-sig"}
    | {word.value for kind in (Confidence, Declaration, How, Phase) for word in kind}
)
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)+")


def slugs(code: str) -> set[str]:
    """The strings of *code* that are written as reasons are."""
    strings = (node.value for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Constant))
    return {text for text in strings if isinstance(text, str) and _SLUG.fullmatch(text)}


def test_every_reason_for_an_unknown_module_is_explained_and_no_other() -> None:
    text = (DOCS / "binaries.md").read_text(encoding="utf-8")
    table = text.partition("\n| reason | |\n")[2].partition("\n\n")[0]
    explained = {name for row in table.splitlines() for name in re.findall(r"`([^`]+)`", row.split("|")[1])}
    files = [file for pattern in JUDGING for file in (DOCS.parent / "ftaudit").glob(pattern)]
    used = set().union(*(slugs(file.read_text(encoding="utf-8")) for file in files)) - OTHER_WORDS
    assert len(explained) > 20
    assert used == explained
