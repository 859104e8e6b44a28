"""The report for people: it fits, it never depends on colour, and the verdict comes first."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from ftaudit.model.verdict import Status
from ftaudit.render.base import RenderOptions
from ftaudit.render.text import NO_TERMINAL, render
from tests.render.scenarios import SCENARIOS, T314, T315, package, report, verdict

each_width = pytest.mark.parametrize("width", [30, 40, 60, 80, 100, 150, 200, None])


@each_width
@pytest.mark.parametrize("verbose", [False, True])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_no_line_is_wider_than_the_window(scenario: str, width: int | None, verbose: bool) -> None:
    if scenario == "three-hundred" and width != 80:
        scenario = "two-targets"  # the same kinds of row, and fewer
    lines = render(SCENARIOS[scenario](), RenderOptions(width=width, verbose=verbose)).splitlines()
    assert max(map(cell_len, lines)) <= (width or NO_TERMINAL)
    assert all(line == line.rstrip() for line in lines)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_first_line_is_the_verdict_of_the_stack(scenario: str) -> None:
    made = SCENARIOS[scenario]()
    first = render(made, RenderOptions(width=100)).splitlines()[0]
    assert made.summary[0].verdict in first
    assert made.summary[0].platform in first
    assert ("NOT complete" in first) is (not made.summary[0].complete)


@pytest.mark.parametrize(("width", "used"), [(0, NO_TERMINAL), (1, 30), (10**9, 240)])
def test_widths_that_no_terminal_has(width: int, used: int) -> None:
    made = SCENARIOS["very-long"]()
    assert render(made, RenderOptions(width=width)) == render(made, RenderOptions(width=used))


def test_colour_only_where_allowed_and_never_the_only_sign() -> None:
    made = SCENARIOS["each-status"]()
    assert "\x1b[" in render(made, RenderOptions(width=100, colour=True))
    plain = render(made, RenderOptions(width=100))
    assert "\x1b" not in plain
    for status in set(Status) - {Status.READY}:
        assert f" {status} " in plain


def test_environment_does_not_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    made = SCENARIOS["each-status"]()
    before = [render(made, RenderOptions(colour=colour)) for colour in (False, True)]
    for name, value in (("FORCE_COLOR", "1"), ("COLUMNS", "33"), ("TERM", "dumb"), ("TTY_INTERACTIVE", "1")):
        monkeypatch.setenv(name, value)
    assert [render(made, RenderOptions(colour=colour)) for colour in (False, True)] == before


def test_worst_first_and_the_ready_ones_folded() -> None:
    text = render(SCENARIOS["each-status"](), RenderOptions(width=100))
    names = ("psycopg-binary", "h3 4.5.0", "numpy", "pyyaml", "frozenlist", "1 ready wherever")
    places = [text.index(name) for name in names]
    assert places == sorted(places)
    assert "requests" not in text


def test_verbose_unfolds() -> None:
    text = render(SCENARIOS["each-status"](), RenderOptions(width=100, verbose=True))
    assert "requests 2.34.2" in text
    assert "https://index.example/simple/psycopg-binary/" in text


@pytest.mark.parametrize("width", [80, 120, 200])
def test_two_targets_are_one_table(width: int) -> None:
    lines = render(SCENARIOS["two-targets"](), RenderOptions(width=width)).splitlines()
    assert sum("package" in line and "3.14t" in line and "3.15t" in line for line in lines) == 1
    row = next(line for line in lines if line.startswith("psycopg-binary 3.2.3"))
    assert row.count("blocked") == 2


def test_reasons_that_differ_name_their_target_and_equal_ones_do_not() -> None:
    text = render(SCENARIOS["two-targets"](), RenderOptions(width=200))
    assert "3.14t: h3._cy enables the GIL" in text
    row = next(line for line in text.splitlines() if line.startswith("cryptography"))
    assert "3.14t:" not in row
    assert row.count("only an sdist fits") == 1


def test_many_targets_become_a_list() -> None:
    text = render(SCENARIOS["six-targets"](), RenderOptions(width=100))
    assert "✗ blocked on 3.14t musllinux-aarch64, 3.15t musllinux-aarch64" in text


def test_square_brackets_are_not_markup() -> None:
    made = report(package("[bold]x[/bold]", "1", verdict(Status.BLOCKED)))
    assert "[bold]x[/bold] 1" in render(made, RenderOptions(width=100))


def test_a_long_list_of_problems_is_cut_and_verbose_shows_it() -> None:
    problem = SCENARIOS["not-complete"]().problems[0]
    made = report(package("a"), problems=(problem,) * 30)
    assert "… and 20 more" in render(made, RenderOptions(width=100))
    assert "more:" not in render(made, RenderOptions(width=100, verbose=True))


def test_ready_everywhere_still_says_what_it_does_not_say() -> None:
    made = report(package("a", "1", verdict(), verdict(target=T315)), targets=(T314, T315))
    assert "not that there is no" in render(made, RenderOptions(width=200))
    assert "not that there is no" not in render(SCENARIOS["not-complete"](), RenderOptions(width=200))
