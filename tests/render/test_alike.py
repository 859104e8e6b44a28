"""Which packages make one line, and what that says."""

from __future__ import annotations

from ftaudit.model.report import PackageRow
from ftaudit.model.verdict import Status, Undecided, Verdict
from ftaudit.render.alike import fold
from tests.render.scenarios import T314, T315, Target, package, report, upgrade, verdict


def unknown(why: str, target: Target = T315) -> Verdict:
    lacking = Undecided(rule="gil-enabled-by-module", missing="release", why=why)
    return verdict(Status.UNKNOWN, target, undecided=(lacking,))


def folded(*rows: PackageRow) -> tuple[list[str], list[tuple[str, str]]]:
    """The names of *rows* that keep a row, and what the lines for the others say."""
    alone, alike = fold(report(*rows, targets=(T314, T315)), rows)
    return [row.name for row in alone], [(one.summary, one.why) for one in alike]


def test_unknown_on_one_target_and_ready_on_the_other() -> None:
    rows = [package(name, "1", verdict(), unknown("not read")) for name in "abcd"]
    assert folded(*rows) == ([], [("4 unknown on some targets, ready on the others", "3.15t: not read")])


def test_unknown_on_each_target_for_its_own_reason() -> None:
    rows = [package(name, "1", unknown("x", T314), unknown("y")) for name in "abcd"]
    assert folded(*rows) == ([], [("4 unknown wherever they apply", "3.14t: x; 3.15t: y")])


def test_unknown_on_all_targets_for_one_reason_names_none() -> None:
    rows = [package(name, "1", unknown("x", T314), unknown("x")) for name in "abcd"]
    elsewhere = [package(name, "1", verdict(None), unknown("x")) for name in "ef"]
    assert folded(*rows, *elsewhere) == ([], [("6 unknown wherever they apply", "x")])


def test_what_is_worse_somewhere_or_can_be_helped_keeps_its_row() -> None:
    worse = [package(name, "1", verdict(Status.NEEDS_BUILD), unknown("x")) for name in "abcd"]
    helped = [
        package(name, "1", verdict(), verdict(Status.UNKNOWN, T315, remedy=upgrade("2"))) for name in "efgh"
    ]
    assert folded(*worse, *helped) == (list("abcdefgh"), [])


def test_few_of_a_kind_keep_their_rows_in_order() -> None:
    rows = [
        package(name, "1", verdict(), unknown("y" if name in "bdfh" else "x")) for name in "abcdefgh"[:-1]
    ]
    assert folded(*rows) == (
        list("bdf"),
        [("4 unknown on some targets, ready on the others", "3.15t: x")],
    )
