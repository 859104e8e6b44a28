"""The pages of `ftaudit explain`, and that there is one for every word that a report or an exit can show."""

from __future__ import annotations

import re

import pytest

from ftaudit.errors import Exit, UsageError
from ftaudit.explain import overview, page, rule_pages, topics
from ftaudit.model.binary import Declaration, How
from ftaudit.model.pages import KINDS, PAGES, in_words, summary
from ftaudit.model.verdict import Gil, Install, RemedyKind, Status
from ftaudit.rules.registry import RULES

HEADINGS = ["Why it matters", "What to do", "When it is wrong", "Sources"]


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("status", [str(status) for status in Status]),
        ("install", [str(install) for install in Install]),
        ("gil", [str(gil) for gil in Gil]),
        ("declaration", [str(declaration) for declaration in Declaration]),
        ("how", [str(how) for how in How]),
        ("remedy", [str(remedy) for remedy in RemedyKind]),
        ("exit", [str(status.value) for status in Exit]),
    ],
)
def test_every_member_has_a_page(kind: str, names: list[str]) -> None:
    assert [known.name for known in PAGES if known.kind == kind] == names


def test_pages_are_well_formed() -> None:
    assert list(dict.fromkeys(known.kind for known in PAGES)) == list(KINDS)
    for known in PAGES:
        assert re.fullmatch(r"\S.*[^.\s]", known.summary), known
        assert known.text, known
        assert max(map(len, known.text.splitlines())) <= 110


@pytest.mark.parametrize("member", [*Status, *Install, *Gil, *RemedyKind])
def test_summaries_are_those_of_the_pages(member: Status | Install | Gil | RemedyKind) -> None:
    assert summary(member) in {known.summary for known in PAGES if known.name == member}


def test_rule_pages_have_the_fixed_headings() -> None:
    assert [known.name for known in rule_pages()] == [rule.name for rule in RULES]
    for known in rule_pages():
        assert [line for line in known.text.splitlines() if line[:1].strip()] == HEADINGS, known.name


@pytest.mark.parametrize("topic", topics())
def test_every_topic_has_a_page(topic: str) -> None:
    assert topic in page(topic)
    assert page(topic).endswith("\n")


@pytest.mark.parametrize(
    ("topic", "first"),
    [
        ("blocked", "blocked (status): nothing can be installed"),
        (" Blocked ", "blocked (status): nothing can be installed"),
        ("4", "4 (exit): incomplete"),
        ("exit:4", "4 (exit): incomplete"),
        ("gil:none", "none (gil): there is no extension module"),
        ("only-sdist", "only-sdist (rule): Only a source archive fits: installing means building."),
        ("exit", "exit: The exit status, the same in every command and format."),
    ],
)
def test_a_page_begins_with_its_name(topic: str, first: str) -> None:
    assert page(topic).splitlines()[0] == first


def test_a_name_with_several_pages_gives_them_all() -> None:
    kinds = re.findall(r"^unknown \((\w+)\):", page("unknown"), re.MULTILINE)
    assert kinds == ["status", "install", "gil", "declaration"]


@pytest.mark.parametrize(
    ("word", "kind", "told"),
    [
        ("absent", "declaration", "declares nothing"),
        ("call-site", "how", "by its one call of PyUnstable_Module_SetGIL"),
        ("to-be-invented", "how", "to-be-invented"),
    ],
)
def test_words_of_the_model_in_words(word: str, kind: str, told: str) -> None:
    assert in_words(word, kind) == told


@pytest.mark.parametrize(
    ("topic", "advice"),
    [
        ("bloked", "did you mean blocked?"),
        ("zzzzzz", "lists every page"),
        ("gil:blocked", "did you mean blocked"),
    ],
)
def test_an_unknown_topic_is_a_usage_error(topic: str, advice: str) -> None:
    with pytest.raises(UsageError, match=f"no page on '{topic}'") as caught:
        page(topic)
    assert advice in caught.value.advice
    assert caught.value.exit_status is Exit.WRONG_INPUT


def test_an_unknown_topic_is_not_echoed_raw() -> None:
    with pytest.raises(UsageError) as caught:
        page("\x1b[31m" + "x" * 1_000)
    assert "\x1b" not in caught.value.message
    assert len(caught.value.message) < 120


def test_overview_names_every_page() -> None:
    lines = overview().splitlines()
    for known in (*PAGES, *rule_pages()):
        assert sum(line.split()[:1] == [known.name] and known.summary in line for line in lines) == 1
