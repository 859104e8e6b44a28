"""Every rule: a case that it speaks of, and one beside it of which it does not."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import ftaudit
from ftaudit.judge.install import choose
from ftaudit.knowledge.targets import target
from ftaudit.model.case import Case
from ftaudit.model.evidence import CoreMetadata, Evidence, ProjectStatus, Release
from ftaudit.model.project import Pin
from ftaudit.model.verdict import Gil
from ftaudit.rules.registry import RULES
from tests.builders.values import file, metadata, pin, release

T314 = target("3.14t", "linux-x86_64")
SDIST = "x-1.0.tar.gz"
PURE = "x-1.0-py3-none-any.whl"
GIL = "x-1.0-cp312-cp312-manylinux_2_17_x86_64.whl"
ABI3 = "x-1.0-cp39-abi3-manylinux_2_17_x86_64.whl"
FT314 = "x-1.0-cp314-cp314t-manylinux_2_17_x86_64.whl"


def case(
    of: Release, one: Pin | None = None, *, gil: Gil = Gil.UNKNOWN, read: CoreMetadata | None = None
) -> Case:
    one = one or pin()
    return Case(
        pin=one,
        target=T314,
        evidence=Evidence(release=of),
        installation=choose(one, of, T314),
        gil=gil,
        metadata=read or metadata(),
    )


SPEAKS = {
    "quarantined-project": case(release(FT314, status=ProjectStatus.QUARANTINED)),
    "no-matching-file": case(release(GIL)),
    "requires-python-excludes": case(release(file(FT314, requires_python="<3.14"))),
    "gil-enabled-by-module": case(release(FT314), gil=Gil.ON),
    "only-sdist": case(release(GIL, SDIST)),
    "pure-fallback": case(release(GIL, PURE)),
    "yanked-release": case(release(file(FT314, yanked=True, yanked_reason="broken"))),
    "file-only-in-lock": case(release(GIL), pin(listed=[FT314])),
    "abi3-on-free-threaded": case(release(ABI3, SDIST)),
    "sdist-looks-pure": case(release(SDIST)),
    "requires-python-upper-bound": case(release(file(FT314, requires_python=">=3.11,<3.14"))),
    "declared-without-wheel": case(release(SDIST), read=metadata(free_threading=2)),
    "file-not-in-lock": case(release(GIL, FT314), pin(listed=[GIL])),
    "inactive-project": case(release(FT314, status=ProjectStatus.ARCHIVED)),
}
SILENT = {
    "quarantined-project": case(release(FT314)),
    "no-matching-file": case(release(FT314)),
    "requires-python-excludes": case(release(GIL)),
    "gil-enabled-by-module": case(release(FT314), gil=Gil.OFF),
    "only-sdist": case(release(SDIST, FT314)),
    "pure-fallback": case(release(PURE)),
    "yanked-release": case(release(FT314)),
    "file-only-in-lock": case(release(FT314), pin(listed=[FT314])),
    "abi3-on-free-threaded": case(release(ABI3, FT314)),
    "sdist-looks-pure": case(release(GIL, SDIST)),
    "requires-python-upper-bound": case(release(file(FT314, requires_python=">=3.16"))),
    "declared-without-wheel": case(release(FT314), read=metadata(free_threading=2)),
    "file-not-in-lock": case(release(GIL, FT314), pin(listed=[FT314])),
    "inactive-project": case(release(FT314)),
}
CHECKS = {rule.name: rule.check for rule in RULES if rule.check is not None}


def test_every_rule_about_a_pin_has_both_cases() -> None:
    assert set(SPEAKS) == set(SILENT) == set(CHECKS)


@pytest.mark.parametrize("name", CHECKS)
def test_it_speaks(name: str) -> None:
    found = CHECKS[name](SPEAKS[name])
    assert found is not None
    assert found.rule == name
    assert found.message
    assert found.evidence or name == "declared-without-wheel"


@pytest.mark.parametrize("name", CHECKS)
def test_it_is_silent(name: str) -> None:
    assert CHECKS[name](SILENT[name]) is None


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_page_has_its_headings(rule: object) -> None:
    page = rule.page  # type: ignore[attr-defined]
    headings = re.findall(r"^(\w[^\n.]*)$", page, re.MULTILINE)
    assert headings[-4:] == ["Why it matters", "What to do", "When it is wrong", "Sources"]


def test_every_rule_named_in_a_problem_has_a_page() -> None:
    """``Problem(rule="…")`` anywhere in the package names a rule of the registry."""
    known = {rule.name for rule in RULES}
    used: dict[str, str] = {}
    for path in Path(ftaudit.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "rule" and isinstance(node.value, ast.Constant):
                used[str(node.value.value)] = path.name
    assert used, "no problem names a rule: the test looks in the wrong place"
    assert {name: where for name, where in used.items() if name not in known} == {}
