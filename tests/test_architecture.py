"""The package keeps the rules of the house (tests/architecture.py), and each rule can be broken."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.architecture import (
    CHECKS,
    Module,
    alternatives,
    docstrings,
    execution,
    layers,
    modules,
    outside,
    registries,
    rules_stand_alone,
    sizes,
)
from tests.shared import ROOT

Check = Callable[[Sequence[Module]], list[str]]


@pytest.fixture(scope="module")
def package() -> tuple[Module, ...]:
    return modules(ROOT / "ftaudit")


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_package_keeps(check: Check, package: tuple[Module, ...]) -> None:
    assert len(package) > 10
    assert check(package) == []


def test_the_tables_are_made_by_a_script_that_keeps() -> None:
    scripts = modules(ROOT / "data")
    assert scripts
    assert [*sizes(scripts), *docstrings(scripts), *execution(scripts)] == []


TWO_FORMATS = {
    "sources/registry.py": "from ftaudit.sources import one, two",
    "sources/two.py": "",
    "sources/tree.py": "",
}
FAMILIES = {
    "sources/registry.py": '_MODULES = ("locks.one", "conda.two")',
    "sources/conda/two.py": "",
    "sources/conda/shared.py": "",
}
LAZY = {
    "render/registry.py": 'FORMATS = ("ftaudit.render.json:render", "markdown")',
    "render/markdown.py": "",
}
RULES = {"rules/registry.py": "from ftaudit.rules import one, two", "rules/two.py": "", "rules/base.py": ""}
LONG = "def f():\n" + "    x = 1\n" * 51

BROKEN: list[tuple[Check, dict[str, str], str]] = [
    (layers, {"model/a.py": "import ftaudit.errors", "errors.py": ""}, "ftaudit.model.a:1 imports errors"),
    (
        layers,
        {"sources/a.py": "\nfrom ftaudit import net", "net/b.py": ""},
        "ftaudit.sources.a:2 imports net",
    ),
    (layers, {"sources/a.py": "from ..net import b", "net/b.py": ""}, "ftaudit.sources.a:1 imports net.b"),
    (layers, {"net/__init__.py": "from ..cli import b", "cli/b.py": ""}, "ftaudit.net:1 imports cli.b"),
    (
        layers,
        {"render/a.py": "def f():\n  import ftaudit.judge", "judge.py": ""},
        "ftaudit.render.a:2 imports judge",
    ),
    (layers, {"strange.py": ""}, "ftaudit.strange: MAY_IMPORT says nothing of this part"),
    (outside, {"index/a.py": "import requests"}, "ftaudit.index.a:1 imports requests"),
    (
        outside,
        {"index/a.py": "from urllib3.util import Retry"},
        "ftaudit.index.a:1 imports urllib3.util.Retry",
    ),
    (
        outside,
        {"index/a.py": "from urllib.request import urlopen"},
        "ftaudit.index.a:1 imports urllib.request.urlopen",
    ),
    (outside, {"net/a.py": "import concurrent.futures"}, "ftaudit.net.a:1 imports concurrent.futures"),
    (outside, {"render/a.py": "from typer import echo"}, "ftaudit.render.a:1 imports typer.echo"),
    (outside, {"judge.py": "import subprocess"}, "ftaudit.judge:1 imports subprocess"),
    (
        alternatives,
        TWO_FORMATS | {"sources/one.py": "from ftaudit.sources.two import x"},
        "ftaudit.sources.one:1 imports sources.two.x",
    ),
    (
        alternatives,
        TWO_FORMATS | {"sources/one.py": "from . import registry"},
        "ftaudit.sources.one:1 imports sources.registry",
    ),
    (
        alternatives,
        FAMILIES | {"sources/locks/one.py": "from ftaudit.sources.conda.two import x"},
        "ftaudit.sources.locks.one:1 imports sources.conda.two.x",
    ),
    (
        alternatives,
        LAZY | {"render/json/table.py": "", "render/json/__init__.py": "from ftaudit.render import markdown"},
        "ftaudit.render.json:1 imports render.markdown",
    ),
    (
        registries,
        {"rules/registry.py": "RULES = ()", "rules/one.py": ""},
        "ftaudit.rules.registry names no file",
    ),
    (
        rules_stand_alone,
        RULES | {"rules/one.py": "from ftaudit.rules.helper import x", "rules/helper.py": ""},
        "ftaudit.rules.one:1 imports rules.helper.x",
    ),
    (sizes, {"a.py": "x = 1\n" * 401}, "ftaudit.a has 401 lines"),
    (sizes, {"a.py": LONG}, "ftaudit.a:1 f has 51 lines"),
    (sizes, {"a.py": "class A:\n  async " + LONG.replace("\n", "\n  ")}, "ftaudit.a:2 f has 51 lines"),
    (docstrings, {"a.py": "x = 1"}, "ftaudit.a has no docstring"),
    (docstrings, {"a.py": '"""A."""\ndef f(): ...'}, "ftaudit.a:2 f has no docstring"),
    (docstrings, {"a.py": '"""A."""\nclass C: ...'}, "ftaudit.a:2 C has no docstring"),
    (
        docstrings,
        {"a.py": '"""A."""\nclass C:\n  """C."""\n  def m(self):\n' + "    x = 1\n" * 11},
        "ftaudit.a:4 C.m has no docstring",
    ),
    (execution, {"a.py": "eval('1')"}, "ftaudit.a:1 calls eval"),
]

KEPT: list[tuple[Check, dict[str, str]]] = [
    (layers, {"sources/a.py": "from ftaudit.errors import E\nimport tomllib", "errors.py": ""}),
    (layers, {"cli/a.py": "from ..net import b", "net/b.py": "from ftaudit import net"}),
    (outside, {"net/a.py": "import requests\nfrom urllib.parse import urlsplit", "cli/b.py": "import typer"}),
    (
        outside,
        {"concurrency.py": "import threading", "index/a.py": "from urllib.request import url2pathname"},
    ),
    (alternatives, TWO_FORMATS | {"sources/one.py": "from ftaudit.sources.tree import x"}),
    (alternatives, FAMILIES | {"sources/locks/one.py": "from ftaudit.sources.conda.shared import x"}),
    (alternatives, LAZY | {"render/json/table.py": "", "render/json/__init__.py": "from . import table"}),
    (registries, TWO_FORMATS | LAZY | {"sources/one.py": ""}),
    (rules_stand_alone, RULES | {"rules/one.py": "from ftaudit.rules.base import Rule"}),
    (sizes, {"a.py": "x = 1\n" * 349 + LONG.removesuffix("    x = 1\n")}),
    (
        docstrings,
        {"a.py": '"""A."""\ndef f():\n  """F."""\ndef _g(): ...\nclass C:\n  """C."""\n  def m(self): ...'},
    ),
    (execution, {"a.py": "import ast\nast.literal_eval('1')"}),
]


def tree(folder: Path, files: dict[str, str]) -> tuple[Module, ...]:
    for place, text in files.items():
        path = folder / "ftaudit" / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return modules(folder / "ftaudit")


@pytest.mark.parametrize(("check", "files", "complaint"), BROKEN)
def test_a_broken_rule_is_found(check: Check, files: dict[str, str], complaint: str, tmp_path: Path) -> None:
    found = check(tree(tmp_path, files))
    assert [text[: len(complaint)] for text in found] == [complaint]


@pytest.mark.parametrize(("check", "files"), KEPT)
def test_a_kept_rule_is_quiet(check: Check, files: dict[str, str], tmp_path: Path) -> None:
    assert check(tree(tmp_path, files)) == []


def test_every_rule_was_broken_and_kept() -> None:
    assert {check for check, *_ in BROKEN} == {check for check, _ in KEPT} == set(CHECKS)
