"""What the formats for people say of a pin that several inputs hold."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ftaudit.model.project import Origin, Problem, Severity, SourceKind
from ftaudit.model.report import InputRow, Report
from ftaudit.render import markdown, problem_line, text, view
from ftaudit.render.base import RenderOptions
from tests.render.scenarios import NOT_READ, YANKED, package, report, verdict

TWELVE = tuple(f"services/app-{number:02}/uv.lock" for number in range(12))


def where(inputs: tuple[str, ...], holding: tuple[str, ...]) -> tuple[str, ...]:
    row = package("idna", origins=tuple(Origin(input=path, path=path) for path in holding))
    rows = tuple(InputRow(path=path, format="uv.lock", sha256="", pins=1) for path in inputs)
    return view.where(report(row, inputs=rows), row)


@pytest.mark.parametrize(
    ("inputs", "holding", "told"),
    [
        (("uv.lock",), ("uv.lock",), ()),
        (TWELVE, TWELVE, ("in all 12 inputs",)),
        (TWELVE, TWELVE[:1], ("in app-00/uv.lock",)),
        (TWELVE, TWELVE[:5], ("in app-00/uv.lock, app-01/uv.lock, app-02/uv.lock and 2 more",)),
        (("a/uv.lock", "b.txt"), ("a/uv.lock",), ("in a/uv.lock",)),
        (("a/uv.lock", "a/x/uv.lock"), ("a/uv.lock",), ("in uv.lock",)),
        (("a\x1b/uv.lock", "b/uv.lock"), ("a\x1b/uv.lock",), ("in a\\x1b/uv.lock",)),
        (("a", "b"), (), ()),
    ],
)
def test_of_several_inputs_those_that_hold_a_pin_are_named(
    inputs: tuple[str, ...], holding: tuple[str, ...], told: tuple[str, ...]
) -> None:
    assert where(inputs, holding) == told


def test_two_rows_of_one_name_and_version_say_which_is_which() -> None:
    mirrored = package("a", "1.0", location="https://index.example/simple")
    rows = (package("a"), mirrored, package("a", source=SourceKind.CONDA), package("a", "2.0"), package("b"))
    titles = view.titles(report(*rows))
    assert [titles(row) for row in rows] == [
        "a 1.0 (index)",
        "a 1.0 (https://index.example/simple)",
        "a 1.0 (conda)",
        "a 2.0",
        "b 1.0",
    ]


def test_what_is_ready_and_deserves_a_look_is_counted_by_kind() -> None:
    warned = package("a", "1.0", verdict(findings=(YANKED,)))
    asked = package("b", "1.0", verdict(undecided=(NOT_READ,)))
    both = package("c", "1.0", verdict(findings=(YANKED,), undecided=(NOT_READ,)))
    assert view.beside((warned, asked, both)) == "2 with a warning, 2 with something undecided"
    assert view.beside((package("d"), asked)) == "1 with something undecided"
    assert view.beside((package("d"),)) == ""


NOTE = Problem(input="uv.lock", rule="chosen-in-part", message="audited: main", severity=Severity.NOTE)
BROKEN = Problem(
    input="a/uv.lock",
    rule="unreadable-input",
    message="a/uv.lock: line 3: invalid TOML",
    severity=Severity.ERROR,
)
NOWHERE = Problem(input="", rule="unreadable-input", message="b: nothing there")


@pytest.mark.parametrize("render", [text.render, markdown.render])
def test_a_problem_names_its_place_once(render: Callable[[Report, RenderOptions], str]) -> None:
    made = report(package("a"), problems=(NOTE, BROKEN, NOWHERE))
    told = " ".join(render(made, RenderOptions()).replace("`", "").replace("**", "").split())
    assert "error a/uv.lock: line 3: invalid TOML" in told
    assert told.count("a/uv.lock") == 1
    assert "incomplete b: nothing there" in told
    assert "Problems (3)" in told


def test_choices_alone_are_no_problems() -> None:
    assert problem_line.heading((NOTE, NOTE)) == "Notes"
    assert problem_line.heading((NOTE, BROKEN)) == "Problems"
