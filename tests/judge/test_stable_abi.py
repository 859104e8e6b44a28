"""Wheels that claim a stable ABI, and what their modules take from the interpreter."""

from __future__ import annotations

import pytest

from ftaudit.judge.stable_abi import stable_abi
from ftaudit.knowledge.targets import target
from ftaudit.model.binary import LimitedApi, SharedObject
from ftaudit.model.evidence import Missing
from ftaudit.model.verdict import StableAbi
from tests.builders.native import FT315, contents, library, module
from tests.builders.values import file

T315 = target("3.15t", "linux-x86_64")
BOTH, ONLY_T, ONLY_GIL, OWN = (
    f"x-1.0-{tag}-manylinux_2_17_x86_64.whl"
    for tag in ("cp315-abi3.abi3t", "cp315-abi3t", "cp39-abi3", "cp315-cp315t")
)
TRUE = LimitedApi(since="3.15", since_t="3.15")
LATER = LimitedApi(since="3.16", since_t="3.16")
PRIVATE = LimitedApi(since=None, since_t=None, beyond=("_Py_A", "_Py_B"), beyond_count=2)
OPAQUE = LimitedApi(since="3.9", since_t=None, beyond_t=("PyModuleDef_Init",))


def judged(wheel: str, *files: SharedObject) -> StableAbi | None:
    return stable_abi(file(wheel), contents(*files), T315)


def one(api: LimitedApi, path: str = "x.abi3t.so", **values: str) -> SharedObject:
    return module(path, hook="PyModExport_x", api=api, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("api", "true_to_tag", "from_version", "beyond"),
    [
        (TRUE, True, "3.15", ()),
        (LATER, False, "3.16", ()),
        (PRIVATE, False, None, ("_Py_A", "_Py_B")),
        (OPAQUE, False, None, ("PyModuleDef_Init",)),
    ],
)
@pytest.mark.parametrize("wheel", [BOTH, ONLY_T])
def test_the_free_threaded_abi_is_what_such_a_target_uses(
    wheel: str, api: LimitedApi, true_to_tag: bool, from_version: str | None, beyond: tuple[str, ...]
) -> None:
    assert judged(wheel, one(api)) == StableAbi(
        claimed="abi3t",
        claimed_from="3.15",
        true_to_tag=true_to_tag,
        from_version=from_version,
        beyond=beyond,
    )


def test_what_abi3t_cannot_use_is_no_fault_under_abi3() -> None:
    found = judged(ONLY_GIL, module("x.so", api=OPAQUE))
    assert found == StableAbi(claimed="abi3", claimed_from="3.9", true_to_tag=True, from_version="3.9")


@pytest.mark.parametrize("wheel", [OWN, "x-1.0-py3-none-any.whl", "x-1.0.tar.gz"])
def test_who_claims_nothing_is_held_to_nothing(wheel: str) -> None:
    assert judged(wheel, one(PRIVATE, "x" + FT315)) is None
    assert stable_abi(None, contents(), T315) is None


def test_the_worst_module_counts() -> None:
    found = judged(BOTH, one(TRUE, "a.abi3t.so"), one(LATER, "b.abi3t.so"), library("c.so"))
    assert found is not None
    assert (found.true_to_tag, found.from_version) == (False, "3.16")


def test_only_the_files_that_the_target_would_load_count() -> None:
    found = judged(BOTH, one(TRUE, "x.abi3t.so"), module("x.abi3.so", api=OPAQUE))
    assert found is not None
    assert found.true_to_tag is True


BROKEN = SharedObject(path="b.abi3t.so", size=1, problem="cut short", problem_kind="bad-binary")
ELSEWHERE = one(TRUE, "b.abi3t.so", arch="aarch64")


@pytest.mark.parametrize("unread", [BROKEN, ELSEWHERE])
def test_nothing_is_borne_out_by_half_of_it(unread: SharedObject) -> None:
    unknown = StableAbi(claimed="abi3t", claimed_from="3.15")
    assert judged(BOTH, one(TRUE, "a.abi3t.so"), unread) == unknown
    assert judged(BOTH, unread) == unknown
    assert judged(BOTH) == unknown
    assert stable_abi(file(BOTH), Missing(what="modules", why="offline"), T315) == unknown


def test_a_contradiction_stands_whatever_else_could_not_be_read() -> None:
    found = judged(BOTH, one(LATER, "a.abi3t.so"), BROKEN)
    assert found is not None
    assert (found.true_to_tag, found.from_version) == (False, "3.16")


def test_the_lowest_version_that_the_tags_name_is_the_claim() -> None:
    found = judged("x-1.0-cp315.cp316-abi3t-manylinux_2_17_x86_64.whl", one(LATER))
    assert found is not None
    assert (found.claimed_from, found.true_to_tag) == ("3.15", False)
