"""The comment on a pull request: within its limit, and inert whatever a lock holds."""

from __future__ import annotations

import re

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from ftaudit.model.project import Problem
from ftaudit.model.verdict import Status, Undecided
from ftaudit.render.base import RenderOptions
from ftaudit.render.markdown import LIMIT, code, prose, render
from tests.render.scenarios import HOSTILE, NO_FILE, SCENARIOS, package, report, verdict

OURS = re.compile(r"(</?details>|<summary>[\w ,:]+</summary>|<br>|\s)*")


def tokens(text: str) -> list[Token]:
    """All tokens, those inside lines too."""
    blocks = MarkdownIt("commonmark").enable("table").parse(text)
    return [inner for token in blocks for inner in (token, *(token.children or ()))]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_within_the_limit_of_a_comment(scenario: str) -> None:
    assert len(render(SCENARIOS[scenario](), RenderOptions()).encode()) <= LIMIT


@pytest.mark.parametrize("count", [2, 3_000])
def test_what_does_not_fit_is_counted(count: int) -> None:
    rows = [package(f"package-{n}", "1", verdict(Status.BLOCKED, findings=(NO_FILE,))) for n in range(count)]
    problems = (Problem(input="uv.lock", rule="not-pinned", message="word " * 60),) * count
    text = render(report(*rows, problems=problems), RenderOptions())
    assert len(text.encode()) <= LIMIT
    shown = text.count("| ❌ blocked |")
    left_out = re.search(r"… and (\d+) more that are not ready", text)
    assert shown + (int(left_out[1]) if left_out else 0) == count
    assert (left_out is None) is (count == 2)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_nothing_from_outside_becomes_markup(scenario: str) -> None:
    found = tokens(render(SCENARIOS[scenario](), RenderOptions()))
    kinds = {token.type for token in found}
    assert not kinds & {"link_open", "image", "em_open", "s_open", "fence", "code_block", "html_inline_open"}
    for token in found:
        if token.type in ("html_block", "html_inline"):
            assert OURS.fullmatch(token.content)
        if token.type == "text":
            assert not re.search(r"@\w|#\d|GH-\d|www\.|://|:\w+:", token.content)


def test_a_reason_that_many_share_is_no_markup_either() -> None:
    lacking = Undecided(rule="gil-enabled-by-module", missing="modules", why=HOSTILE)
    rows = [package(f"p{n}", "1", verdict(Status.UNKNOWN, undecided=(lacking,))) for n in range(5)]
    text = render(report(*rows), RenderOptions())
    assert "<summary>5 unknown wherever they apply</summary>" in text
    assert "| `p0 1` |" not in text
    for token in tokens(text):
        if token.type.startswith("html"):
            assert OURS.fullmatch(token.content)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_row_of_a_table_has_its_cells(scenario: str) -> None:
    for line in render(SCENARIOS[scenario](), RenderOptions()).split("\n\n"):
        rows = [row for row in line.splitlines() if row.startswith("|")]
        assert len({row.count("|") for row in rows}) <= 1


@pytest.mark.parametrize(
    "text",
    [
        "only an sdist fits",
        "none of the 41 wheels fits 3.14t on linux-x86_64, and more",
        "numpy>=2: not pinned",
    ],
)
def test_sentences_stay_prose(text: str) -> None:
    assert prose(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "by @octocat",
        "see #1",
        "GH-1",
        "www.files.example",
        "a:b",
        "__b__",
        "*b*",
        "<br>",
        "[a]",
        "$x$",
        "~a~",
    ],
)
def test_anything_else_is_a_code_span(text: str) -> None:
    assert prose(text) == f"`{text}`"


def test_code_spans_cannot_be_left() -> None:
    span = code(HOSTILE)
    assert span.count("`") == 2
    assert "|" not in span
    assert code("") == ""
    assert code(" ") == ""
