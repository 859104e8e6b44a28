"""Every rule: a case that it speaks of, and one beside it of which it does not."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from pathlib import Path

import pytest

import ftaudit
from ftaudit.judge.conda import NOT_MAPPED
from ftaudit.judge.install import choose
from ftaudit.judge.modules import gil_of, imported, native
from ftaudit.judge.stable_abi import stable_abi
from ftaudit.knowledge.targets import target
from ftaudit.model.binary import Confidence, Contents, Declaration, How, LimitedApi, SharedObject
from ftaudit.model.case import Case, OnIndex
from ftaudit.model.conda import CondaBuild
from ftaudit.model.evidence import CoreMetadata, Evidence, Missing, ProjectStatus, Release
from ftaudit.model.project import ListedFile, Pin
from ftaudit.model.target import Target
from ftaudit.model.verdict import Gil
from ftaudit.rules.registry import RULES
from tests.builders.conda import ABI3 as ABI3_BUILD
from tests.builders.conda import COMPILED, NOARCH, conda_pin, env, record
from tests.builders.native import FT314 as SO
from tests.builders.native import FT315 as SO315
from tests.builders.native import GIL314, contents, module
from tests.builders.values import file, metadata, pin, release

T314, T315 = target("3.14t", "linux-x86_64"), target("3.15t", "linux-x86_64")
SDIST = "x-1.0.tar.gz"
PURE = "x-1.0-py3-none-any.whl"
GIL = "x-1.0-cp312-cp312-manylinux_2_17_x86_64.whl"
ABI3 = "x-1.0-cp39-abi3-manylinux_2_17_x86_64.whl"
FT314 = "x-1.0-cp314-cp314t-manylinux_2_17_x86_64.whl"
ABI3T = "x-1.0-cp315-abi3t-manylinux_2_17_x86_64.whl"
BOTH = "x-1.0-cp315-abi3.abi3t-manylinux_2_17_x86_64.whl"
USED, ABSENT = Declaration.USED, Declaration.ABSENT


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


def read(
    name: str,
    *files: SharedObject,
    on: Target = T314,
    claims: int | None = None,
    drags: tuple[str, ...] = (),
) -> Case:
    """A release of the one wheel *name*, which was read and holds *files*."""
    of, holds = release(name), contents(*files)
    installation = choose(pin(), of, on)
    found = imported(holds, on, lambda provider: Missing(what="modules", why="no provider"))
    return Case(
        pin=pin(),
        target=on,
        evidence=Evidence(release=of),
        installation=native(installation, found),
        gil=gil_of(installation, found),
        metadata=metadata(free_threading=claims),
        contents=holds,
        imported=found,
        drags=drags,
        stable_abi=stable_abi(installation.file, holds, on),
    )


def exported(path: str, api: LimitedApi | None = None) -> SharedObject:
    """A module that returns its slots: ``PyModExport_x``."""
    return module(path, hook="PyModExport_x", api=api or LimitedApi(since="3.15", since_t="3.15"))


def installed(name: str) -> Pin:
    """What pip left of the wheel *name*."""
    return pin(listed=[ListedFile(name=name, path="/env/site-packages")], installed=True)


def conda(kind: CondaBuild, python: str = "3.14t", *index: str) -> Case:
    """A conda pin that one environment holds, beside a release of the index."""
    one = conda_pin(record(kind, env(python)))
    of = release(*index)
    beside = OnIndex(release=of, installation=choose(pin(), of, T314))
    return replace(case(of, one), on_index=beside if index else NOT_MAPPED)


SPEAKS = {
    "quarantined-project": case(release(FT314, status=ProjectStatus.QUARANTINED)),
    "no-matching-file": case(release(GIL)),
    "requires-python-excludes": case(release(file(FT314, requires_python="<3.14"))),
    "conda-abi3-on-free-threaded": conda(ABI3_BUILD),
    "same-release-on-index": conda(NOARCH, "3.12", FT314),
    "gil-enabled-by-module": read(FT314, module("x/_a" + SO), module("x/_b" + SO, ABSENT)),
    "stable-abi-violated": read(
        BOTH, exported("x.abi3t.so", LimitedApi(since="3.16", since_t="3.16")), on=T315
    ),
    "no-loadable-module": read(FT314, module("x/_a" + GIL314)),
    "module-not-loadable": read(FT314, module("x/_a" + SO), module("x/_b" + GIL314)),
    "native-code-in-pure-wheel": read(PURE, module("x/_a.so")),
    "only-sdist": case(release(GIL, SDIST)),
    "pure-fallback": case(release(GIL, PURE)),
    "yanked-release": case(release(file(FT314, yanked=True, yanked_reason="broken"))),
    "file-only-in-lock": case(release(GIL), pin(listed=[FT314])),
    "installed-for-another-interpreter": case(release(GIL), installed(GIL)),
    "abi3-on-free-threaded": case(release(ABI3, SDIST)),
    "tag-and-file-disagree": read(FT314, module("x/_a" + SO), module("x/_a" + GIL314)),
    "declaration-less-sure": read(
        FT314, module("x/_a" + SO, confidence=Confidence.MEDIUM, how=How.CALL_SITE)
    ),
    "dependency-enables-gil": read(FT314, module("x/_a" + SO), drags=("h3 4.5.0",)),
    "sdist-looks-pure": case(release(SDIST)),
    "requires-python-upper-bound": case(release(file(FT314, requires_python=">=3.11,<3.14"))),
    "declared-without-wheel": case(release(SDIST), read=metadata(free_threading=2)),
    "declared-support-contradicted": read(FT314, module("x/_a" + SO, USED), claims=3),
    "file-not-in-lock": case(release(GIL, FT314), pin(listed=[GIL])),
    "inactive-project": case(release(FT314, status=ProjectStatus.ARCHIVED)),
}
SILENT = {
    "quarantined-project": case(release(FT314)),
    "no-matching-file": case(release(FT314)),
    "requires-python-excludes": case(release(GIL)),
    "conda-abi3-on-free-threaded": conda(ABI3_BUILD, "3.14"),
    "same-release-on-index": conda(NOARCH, "3.12"),
    "gil-enabled-by-module": read(FT314, module("x/_a" + SO), module("x/_b" + SO)),
    "stable-abi-violated": read(BOTH, exported("x.abi3t.so"), on=T315),
    "no-loadable-module": read(FT314, module("x/_a" + SO), module("x/_b" + GIL314)),
    "module-not-loadable": read(FT314, module("x/_a" + SO), module("x/_a" + GIL314)),
    "native-code-in-pure-wheel": read(PURE),
    "only-sdist": case(release(SDIST, FT314)),
    "pure-fallback": case(release(PURE)),
    "yanked-release": case(release(FT314)),
    "file-only-in-lock": case(release(FT314), pin(listed=[FT314])),
    "installed-for-another-interpreter": case(release(GIL), installed(FT314)),
    "abi3-on-free-threaded": case(release(ABI3, FT314)),
    "tag-and-file-disagree": read(FT314, module("x/_a" + SO), module("x/_b.so")),
    "declaration-less-sure": read(FT314, module("x/_a" + SO, ABSENT, confidence=Confidence.MEDIUM)),
    "dependency-enables-gil": read(FT314, module("x/_a" + SO, USED), drags=("h3 4.5.0",)),
    "sdist-looks-pure": case(release(GIL, SDIST)),
    "requires-python-upper-bound": case(release(file(FT314, requires_python=">=3.16"))),
    "declared-without-wheel": case(release(FT314), read=metadata(free_threading=2)),
    "declared-support-contradicted": read(FT314, module("x/_a" + SO), claims=3),
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


MESSAGES = [
    ("no-matching-file", conda(ABI3_BUILD), None),
    ("conda-abi3-on-free-threaded", conda(COMPILED), None),
    (
        "conda-abi3-on-free-threaded",
        conda(ABI3_BUILD),
        "build py314h1_0 is for the limited API (abi3), which 3.14t does not load",
    ),
    *(
        ("same-release-on-index", conda(NOARCH, "3.12", *files), f"the index lists x 1.0 (purl) {has}")
        for files, has in (
            ((FT314, SDIST), f"with a wheel for 3.14t: {FT314}"),
            ((PURE,), f"with a pure wheel: {PURE}"),
            ((PURE, GIL), f"with nothing but its pure wheel for 3.14t: {PURE}"),
            ((GIL, SDIST), f"with nothing but a source archive for 3.14t: {SDIST}"),
            ((GIL,), "with no file that fits 3.14t"),
        )
    ),
    (
        "gil-enabled-by-module",
        read(FT314, module("x/_a" + SO, ABSENT)),
        "x._a enables the GIL: declares nothing",
    ),
    (
        "gil-enabled-by-module",
        read(
            FT314,
            *(module(f"x/{name}" + SO, USED) for name in "abde"),
            module("x/c" + SO, USED, optional=True),
        ),
        (
            "x.a, x.b, x.d and 1 more enable the GIL: each says that it needs the GIL; "
            "x.c (optional) enables the GIL: says that it needs the GIL"
        ),
    ),
    (
        "no-loadable-module",
        read(FT314, *(module(f"x/{name}" + GIL314) for name in "abcd")),
        "3.14t would load none of its modules: "
        + ", ".join(f"x/{name}{GIL314}" for name in "abc")
        + " and 1 more",
    ),
    (
        "stable-abi-violated",
        read(BOTH, exported("x.abi3t.so", LimitedApi(since="3.16", since_t="3.16")), on=T315),
        "its tag claims abi3t from 3.15 on, and its modules need that of 3.16",
    ),
    (
        "stable-abi-violated",
        read(
            ABI3T,
            exported("x.abi3t.so", LimitedApi(since=None, since_t=None, beyond=("_Py_A",), beyond_count=1)),
            on=T315,
        ),
        "its tag claims abi3t from 3.15 on, and its modules use what no version of it has: _Py_A",
    ),
    (
        "abi3-on-free-threaded",
        read(FT314, module("x/_a.abi3.so")),
        "3.14t tries what is for GIL builds, and cannot load it: x/_a.abi3.so",
    ),
    (
        "tag-and-file-disagree",
        read(FT314, module("x/_a" + SO, layout="gil")),
        f"x/_a{SO}: its definition has the layout of a GIL build",
    ),
    (
        "tag-and-file-disagree",
        read(FT314, module("x/_a" + SO, hook="PyInit_b")),
        f"x/_a{SO}: it exports PyInit_b, which is not what its file name asks for",
    ),
    (
        "tag-and-file-disagree",
        read(FT314, exported("x" + SO)),
        f"x{SO}: it exports only PyModExport hooks, which 3.14t does not look for",
    ),
    (
        "tag-and-file-disagree",
        read(FT314, module("x/_a" + GIL314)),
        f"file for another build than its tag says: x/_a{GIL314}",
    ),
    (
        "tag-and-file-disagree",
        read(BOTH, module("x.abi3t.so"), on=T315),
        "file without a PyModExport hook, which abi3t needs: x.abi3t.so",
    ),
    (
        "tag-and-file-disagree",
        read(ABI3T, exported("x" + SO315), on=T315),
        f"file for another build than its tag says: x{SO315}",
    ),
    ("tag-and-file-disagree", read(BOTH, exported("x.abi3t.so"), module("x.abi3.so"), on=T315), None),
    (
        "tag-and-file-disagree",
        read("x-1.0-py3-none-manylinux_2_17_x86_64.whl", module("x" + SO), module("x" + GIL314)),
        None,
    ),
    (
        "declaration-less-sure",
        read(
            FT314,
            module("x/_a" + SO, confidence=Confidence.MEDIUM, how=How.SEARCH),
            module("x/_b" + SO, confidence=Confidence.MEDIUM, how=How.IMPORTS),
        ),
        "declarations found by its data alone: x._a; by what it takes from the interpreter: x._b",
    ),
    *(
        (
            "installed-for-another-interpreter",
            case(release(*files), installed(GIL)),
            (
                "x 1.0 is here built for cp312-cp312 on manylinux_2_17_x86_64, which 3.14t on linux-x86_64 "
                f"does not load; {rest}"
            ),
        )
        for files, rest in (
            ((GIL,), "the same version has no wheel for 3.14t"),
            ((GIL, SDIST), "the same version has no wheel for 3.14t, only its source archive"),
            ((GIL, FT314), f"the same version has {FT314}"),
        )
    ),
    (
        "dependency-enables-gil",
        read(FT314, drags=("h3 4.5.0", "lxml 5.0")),
        "free by itself; its dependencies h3 4.5.0, lxml 5.0 enable the GIL",
    ),
]


@pytest.mark.parametrize(("name", "of", "message"), MESSAGES, ids=[name for name, _, _ in MESSAGES])
def test_what_it_says(name: str, of: Case, message: str | None) -> None:
    found = CHECKS[name](of)
    assert (found.message if found else None) == message


def test_what_was_read_is_the_evidence() -> None:
    found = CHECKS["gil-enabled-by-module"](SPEAKS["gil-enabled-by-module"])
    assert found is not None
    assert [(e.kind, e.source, e.sha256) for e in found.evidence] == [
        ("wheel", "https://files.example/x.whl", "ab" * 32)
    ]


def test_a_digest_that_was_only_claimed_is_no_evidence() -> None:
    of = SPEAKS["gil-enabled-by-module"]
    assert isinstance(of.contents, Contents)
    found = CHECKS["gil-enabled-by-module"](replace(of, contents=replace(of.contents, verified="crc")))
    assert found is not None
    assert [e.sha256 for e in found.evidence] == [None]


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
