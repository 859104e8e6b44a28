"""The way out."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from packaging.version import Version

from ftaudit.judge.remedy import Answer, Candidates, by_tags, fits, remedy, upgrades
from ftaudit.knowledge.targets import target
from ftaudit.model.evidence import IndexFile, Upgrade
from ftaudit.model.target import Target
from ftaudit.model.verdict import Install, Installation, RemedyKind, Status
from tests.builders.values import file

T314 = target("3.14t", "linux-x86_64")
T315 = target("3.15t", "linux-x86_64")


def _wheel(version: str, *tags: str) -> tuple[IndexFile, ...]:
    return tuple(file(f"x-{version}-{tag}-manylinux_2_17_x86_64.whl") for tag in tags)


def _page(**versions: tuple[IndexFile, ...]) -> Candidates:
    """``v1_0=…`` is version 1.0."""

    def give(files: tuple[IndexFile, ...]) -> tuple[IndexFile, ...]:
        return files

    return {Version(name[1:].replace("_", ".")): partial(give, files) for name, files in versions.items()}


def test_the_lowest_newer_version_that_fits_and_the_lowest_for_all() -> None:
    page = _page(
        v1_0=_wheel("1.0", "cp312-cp312"),
        v1_1=_wheel("1.1", "cp314-cp314t"),
        v1_2=_wheel("1.2", "cp314-cp314t", "cp315-abi3.abi3t"),
        v1_3=_wheel("1.3", "cp314-cp314t", "cp315-cp315t"),
    )
    found = upgrades("1.0", page, [T314, T315])
    assert found[str(T314)] == Upgrade(newer="1.1", newer_for_all="1.2", latest="1.3")
    assert found[str(T315)] == Upgrade(newer="1.2", newer_for_all="1.2", latest="1.3")


def test_what_each_answer_rests_on() -> None:
    page = _page(
        v1_0=_wheel("1.0", "cp312-cp312"),
        v1_1=_wheel("1.1", "cp314-cp314t"),
        v1_2=_wheel("1.2", "cp314-cp314t", "cp315-cp315t"),
    )

    def read_on_one_target(files: Sequence[IndexFile], on: Target) -> Answer:
        answer = by_tags(files, on)
        return Answer.READ if answer is Answer.FITS and on == T314 else answer

    found = upgrades("1.0", page, [T314, T315], lambda: read_on_one_target)
    assert (found[str(T314)].newer, found[str(T314)].read) == ("1.1", True)
    assert (found[str(T314)].newer_for_all, found[str(T314)].read_for_all) == ("1.2", False)
    way = remedy(Status.BLOCKED, Installation(install=Install.NONE), found[str(T314)])
    assert (way.basis, way.basis_all_targets) == ("read", "fits")
    way = remedy(Status.BLOCKED, Installation(install=Install.NONE), found[str(T315)])
    assert (way.version, way.basis, way.basis_all_targets) == ("1.2", "fits", "fits")


def test_none_that_fits_one_target_is_none_for_all() -> None:
    page = _page(v1_0=_wheel("1.0", "cp312-cp312"), v1_1=_wheel("1.1", "cp314-cp314t"))
    found = upgrades("1.0", page, [T314, T315])
    assert (found[str(T314)].newer, found[str(T314)].newer_for_all) == ("1.1", None)
    assert found[str(T315)].newer is None


def test_pre_releases_only_where_the_pin_is_one() -> None:
    page = _page(v1_0=(), v1_1a1=_wheel("1.1a1", "cp314-cp314t"), v1_1=_wheel("1.1", "cp314-cp314t"))
    assert upgrades("1.0", page, [T314])[str(T314)].newer == "1.1"
    assert upgrades("1.0a1", page, [T314])[str(T314)].newer == "1.1a1"


def test_yanked_and_local_versions_are_never_advised() -> None:
    yanked = (file("x-1.1-cp314-cp314t-manylinux_2_17_x86_64.whl", yanked=True),)
    page = _page(v1_0=(), v1_1=yanked, v1_2=_wheel("1.2", "cp314-cp314t"))
    local = {**page, Version("1.1+cpu"): lambda: _wheel("1.1+cpu", "cp314-cp314t")}
    assert upgrades("1.0", local, [T314])[str(T314)].newer == "1.2"


def test_a_version_with_a_pure_fallback_is_no_way_out() -> None:
    pure, gil = file("x-1.0-py3-none-any.whl"), _wheel("1.0", "cp312-cp312")
    assert fits((pure,), T314)
    assert not fits((pure, *gil), T314)
    assert fits((pure, *gil, *_wheel("1.0", "cp314-cp314t")), T314)


def test_an_older_release_that_only_holds_the_name_is_no_way_back() -> None:
    stub = (file("x-0.0.0-py3-none-any.whl"),)
    compiled = _wheel("1.0", "cp312-cp312")
    assert upgrades("1.0", _page(v0_0_0=stub, v1_0=compiled), [T314])[str(T314)].older is None
    usable = _page(v0_9=_wheel("0.9", "cp314-cp314t"), v1_0=compiled)
    assert upgrades("1.0", usable, [T314])[str(T314)].older == "0.9"


def test_requires_python_counts() -> None:
    name = "x-1.0-cp314-cp314t-manylinux_2_17_x86_64.whl"
    assert not fits((file(name, requires_python="<3.14"),), T314)
    assert fits((file(name, requires_python=">=3.11"),), T314)


class TestKind:
    sdist = file("x-1.0.tar.gz")

    def test_ready_needs_none(self) -> None:
        chosen = Installation(install=Install.PURE)
        assert remedy(Status.READY, chosen, Upgrade(latest="2.0")).kind is RemedyKind.NONE

    def test_upgrade_wins(self) -> None:
        way = remedy(
            Status.NEEDS_BUILD, self._source(), Upgrade(newer="2.0", newer_for_all="3.0", latest="4.0")
        )
        assert (way.kind, way.version, way.version_all_targets, way.latest, way.basis) == (
            RemedyKind.UPGRADE, "2.0", "3.0", "4.0", "fits",
        )  # fmt: skip

    def test_build_where_there_is_a_source_archive(self) -> None:
        assert remedy(Status.NEEDS_BUILD, self._source(), Upgrade(older="0.9")).kind is RemedyKind.BUILD

    def test_older_or_wait_where_nothing_fits(self) -> None:
        none = Installation(install=Install.NONE)
        assert remedy(Status.BLOCKED, none, Upgrade(older="0.9")).version == "0.9"
        assert remedy(Status.BLOCKED, none, Upgrade(older="0.9")).kind is RemedyKind.OLDER
        assert remedy(Status.BLOCKED, none, Upgrade()).kind is RemedyKind.WAIT

    def test_what_is_unknown_has_none(self) -> None:
        assert remedy(Status.UNKNOWN, Installation(install=Install.UNKNOWN), None).kind is RemedyKind.NONE

    def _source(self) -> Installation:
        return Installation(install=Install.SOURCE, file=self.sdist, files=(self.sdist,))
