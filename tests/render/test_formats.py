"""Every scenario in every format, and what holds for all of them."""

from __future__ import annotations

import dataclasses
import re
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import run

import pytest

from ftaudit.model.report import Report
from ftaudit.render.base import Renderer, RenderOptions
from ftaudit.render.registry import RENDERERS
from tests.render.conftest import GOLDEN
from tests.render.scenarios import SCENARIOS

FORMATS = {renderer.name: renderer for renderer in RENDERERS}
PLAIN = RenderOptions(width=80)
VARIANTS = {
    "narrow": RenderOptions(width=40),
    "wide": RenderOptions(width=200),
    "verbose": RenderOptions(width=100, verbose=True),
    "ascii": RenderOptions(width=100, encoding="ascii"),
    "colour": RenderOptions(width=100, colour=True),
    "pipe": RenderOptions(),
}
IN_VARIANTS = ("each-status", "two-targets", "modules", "not-complete", "unicode")

every_format = pytest.mark.parametrize("renderer", RENDERERS, ids=lambda renderer: renderer.name)
every_scenario = pytest.mark.parametrize("scenario", SCENARIOS)
every_small_scenario = pytest.mark.parametrize("scenario", sorted(set(SCENARIOS) - {"three-hundred"}))


@every_format
@every_scenario
def test_golden(renderer: Renderer[Report], scenario: str, golden: Callable[[str, str], None]) -> None:
    golden(scenario + renderer.suffix, renderer.render(SCENARIOS[scenario](), PLAIN))


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("scenario", IN_VARIANTS)
def test_golden_text_variants(variant: str, scenario: str, golden: Callable[[str, str], None]) -> None:
    golden(f"{scenario}.{variant}.txt", FORMATS["text"].render(SCENARIOS[scenario](), VARIANTS[variant]))


def test_no_golden_file_is_left_over() -> None:
    expected = {scenario + renderer.suffix for scenario in SCENARIOS for renderer in RENDERERS}
    expected |= {f"{scenario}.{variant}.txt" for scenario in IN_VARIANTS for variant in VARIANTS}
    assert {path.name for path in GOLDEN.iterdir()} == expected


@every_format
@every_scenario
def test_same_facts_same_bytes(renderer: Renderer[Report], scenario: str) -> None:
    first, second = (renderer.render(SCENARIOS[scenario](), PLAIN) for _ in range(2))
    assert first == second
    assert first.endswith("\n")
    assert not first.endswith("\n\n")


@every_format
@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "cp1252"])
@every_small_scenario
def test_can_be_written(renderer: Renderer[Report], scenario: str, encoding: str) -> None:
    options = dataclasses.replace(PLAIN, encoding=encoding, verbose=True)
    assert renderer.render(SCENARIOS[scenario](), options).encode(encoding)


@every_format
@every_small_scenario
def test_nothing_invisible_and_no_secret(renderer: Renderer[Report], scenario: str) -> None:
    text = renderer.render(SCENARIOS[scenario](), dataclasses.replace(PLAIN, verbose=True))
    assert not re.search(
        r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", text
    )
    assert "hunter2" not in text
    assert "secret" not in text


@every_format
def test_every_package_and_problem_is_told_in_full(renderer: Renderer[Report]) -> None:
    report = SCENARIOS["not-complete"]()
    text = renderer.render(report, dataclasses.replace(PLAIN, verbose=True, width=300))
    for problem in report.problems:
        assert problem.message in text
    each: Report = SCENARIOS["each-status"]()
    text = renderer.render(each, dataclasses.replace(PLAIN, verbose=True))
    for package in each.packages:
        assert package.name in text
        assert package.verdicts[0].status is not None
        assert package.verdicts[0].status in text


@pytest.mark.parametrize(("name", "imports_rich"), [("json", False), ("markdown", False), ("text", True)])
def test_only_the_format_for_terminals_imports_rich(name: str, imports_rich: bool) -> None:
    code = (
        "import sys; from ftaudit.render.registry import RENDERERS;"
        "from ftaudit.render.base import RenderOptions;"
        "from tests.render.scenarios import empty;"
        f"next(r for r in RENDERERS if r.name == {name!r}).render(empty(), RenderOptions());"
        "print('rich' in sys.modules)"
    )
    root = Path(__file__).parents[2]
    done = run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(imports_rich)
