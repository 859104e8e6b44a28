"""The report for people: it fits, it never depends on colour, and the verdict comes first."""

from __future__ import annotations

import re

import pytest
from rich.cells import cell_len

from ftaudit.model.report import PackageRow
from ftaudit.model.verdict import Remedy, RemedyKind, StableAbi, Status, Undecided
from ftaudit.render import view
from ftaudit.render.base import RenderOptions
from ftaudit.render.page import NO_TERMINAL
from ftaudit.render.text import render
from tests.render.scenarios import NOT_READ, SCENARIOS, T314, T315, file, package, report, upgrade, verdict

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
    assert ("incomplete" in first) is (not made.summary[0].complete)


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
    assert "3.14t: h3._cy enables the GIL: declares nothing" in text
    row = next(line for line in text.splitlines() if line.startswith("cryptography"))
    assert "3.14t:" not in row
    assert row.count("only an sdist fits") == 1


def unknown(
    name: str,
    why: str = "the wheel was not read",
    remedy: Remedy = Remedy(kind=RemedyKind.NONE),  # noqa: B008
) -> PackageRow:
    lacking = Undecided(rule="gil-enabled-by-module", missing="modules", why=why)
    return package(name, "1", verdict(Status.UNKNOWN, undecided=(lacking,), remedy=remedy))


def test_packages_of_which_the_same_is_to_be_said_are_one_line_and_verbose_unfolds_them() -> None:
    made = report(*(unknown(name) for name in "abcd"), unknown("e", why="it timed out"), package("f"))
    text = render(made, RenderOptions(width=100))
    assert "Not ready (5 of 6)" in text
    assert "? 4 unknown wherever they apply: modules: the wheel was not read\n  a 1, b 1, c 1, d 1\n" in text
    assert [line.split()[0] for line in text.splitlines() if "? unknown" in line][1:] == ["e"]
    assert render(made, RenderOptions(width=100, verbose=True)).count("? unknown") == 6


def test_three_of_a_kind_and_those_that_something_helps_keep_their_rows() -> None:
    helped = unknown("d", remedy=upgrade("2", "2"))
    text = render(report(*(unknown(name) for name in "abc"), helped), RenderOptions(width=100))
    assert text.count("? unknown") == 5
    assert "wherever they apply" not in text


def test_what_is_worse_on_one_target_keeps_its_row() -> None:
    rows = [
        package(
            name,
            "1",
            verdict(Status.UNKNOWN, undecided=(NOT_READ,)),
            verdict(Status.BLOCKED, T315),
        )
        for name in "abcd"
    ]
    text = render(report(*rows, targets=(T314, T315)), RenderOptions(width=100))
    assert [line.split()[0] for line in text.splitlines() if "✗ blocked" in line][1:] == list("abcd")
    assert "wherever they apply" not in text


def test_a_remedy_names_its_target_unless_it_helps_on_all_that_are_not_ready() -> None:
    build = Remedy(kind=RemedyKind.BUILD)
    one = package(
        "a",
        "1",
        verdict(Status.UNKNOWN, undecided=(NOT_READ,)),
        verdict(Status.NEEDS_BUILD, T315, remedy=build),
    )
    other = package("b", "1", verdict(), verdict(Status.NEEDS_BUILD, T315, remedy=build))
    text = render(report(one, other, targets=(T314, T315)), RenderOptions(width=100))
    assert "→ 3.15t: build a wheel" in text
    assert "→ build a wheel" in text


def test_an_upgrade_is_the_one_for_all_targets_and_verbose_has_the_lowest() -> None:
    row = package(
        "a",
        "1",
        verdict(Status.NEEDS_BUILD, remedy=upgrade("2", "3")),
        verdict(Status.NEEDS_BUILD, T315, remedy=upgrade("3", "3")),
    )
    made = report(row, targets=(T314, T315))
    assert render(made, RenderOptions(width=100)).count("→ upgrade to 3") == 1
    told = "remedy upgrade: 2 (modules not read); for all targets 3 (modules not read)"
    assert told in view.details(row.verdicts[0])[-1]


@pytest.mark.parametrize(
    ("basis", "everywhere", "words"),
    [
        ("read", None, "upgrade to 2 (modules read)"),
        ("fits", None, "upgrade to 2 (modules not read)"),
        ("read", "fits", "upgrade to 3 (modules not read)"),
        ("fits", "read", "upgrade to 3 (modules read)"),
    ],
)
def test_an_upgrade_says_what_the_version_that_it_names_rests_on(
    basis: str, everywhere: str | None, words: str
) -> None:
    remedy = Remedy(
        kind=RemedyKind.UPGRADE,
        version="2",
        version_all_targets="3" if everywhere else None,
        basis=basis,
        basis_all_targets=everywhere,
    )
    assert view.way_out(remedy, several=False) == words
    made = report(package("a", "1", verdict(Status.BLOCKED, remedy=remedy)))
    assert ("were not read" in render(made, RenderOptions(width=200))) is ("not read" in words)


def test_verbose_counts_modules_of_which_the_same_is_known_and_names_the_others() -> None:
    big, murky, _ = SCENARIOS["modules"]().packages
    off, on, optional = view.details(big.verdicts[0])[1:4]
    assert off.startswith(
        "12 modules, all gil off, not-used, high (execution+search); Cython: big.not_used_00,"
    )
    assert off.endswith("and 9 more")
    assert on.startswith("5 modules, all gil on, used, ")
    assert optional == "big.absent_00 (optional): gil on, absent, high (execution+search)"
    assert view.details(murky.verdicts[0])[2].endswith("; its initialisation could not be followed")


@pytest.mark.parametrize(
    ("true_to_tag", "since", "told"),
    [
        (True, "3.15", "true to its tag, by its names from 3.15 on"),
        (False, None, "not true to its tag"),
        (None, None, "not held against its modules"),
    ],
)
def test_verbose_says_what_is_claimed_of_the_stable_abi(
    true_to_tag: bool | None, since: str | None, told: str
) -> None:
    abi = StableAbi(claimed="abi3t", claimed_from="3.15", true_to_tag=true_to_tag, from_version=since)
    assert view.details(verdict(stable_abi=abi))[1] == f"claims abi3t from 3.15 on: {told}"


def test_verbose_shows_the_file_of_each_target() -> None:
    row = package(
        "a",
        "1",
        verdict(file=file("a-1-cp314-cp314t-linux_x86_64.whl")),
        verdict(target=T315, file=file("a-1-cp315-cp315t-linux_x86_64.whl")),
    )
    text = render(report(row, targets=(T314, T315)), RenderOptions(width=240, verbose=True))
    order = ["3.14t: install", "-cp314t-", "3.15t: install", "-cp315t-"]
    assert re.findall("|".join(order), text) == order


def test_an_upgrade_that_does_not_serve_all_targets_says_so() -> None:
    row = package("a", "1", verdict(Status.NEEDS_BUILD, remedy=upgrade("2")), verdict(target=T315))
    text = render(report(row, targets=(T314, T315)), RenderOptions(width=120))
    assert "→ upgrade to 2 (modules not read, no release serves all targets)" in text
    assert "- upgrade to a 2 for 3.14t (" in text


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
