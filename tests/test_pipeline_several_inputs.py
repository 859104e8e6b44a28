"""What several inputs say of one release: none of them makes another one look better than it is."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from ftaudit.concurrency import Scope
from ftaudit.errors import Exit
from ftaudit.knowledge.targets import target
from ftaudit.model.binary import Contents, Declaration
from ftaudit.model.evidence import IndexFile, Missing
from ftaudit.model.project import ListedFile, Origin, Pin, Reading
from ftaudit.model.verdict import Install, Status
from ftaudit.pipeline import Audit, audit
from tests.builders.native import FT314, contents, module
from tests.builders.values import NOW, FakeIndex, by_rule, metadata, page, pin, reading, sha

T314 = target("3.14t", "linux-x86_64")
PURE, WHEEL = "x-1.0-py3-none-any.whl", "x-1.0-cp314-cp314t-manylinux_2_17_x86_64.whl"
GIL_WHEEL = "x-1.0-cp314-cp314-manylinux_2_17_x86_64.whl"
HEAD = "Name: x\nVersion: 1.0\n"


@dataclass(frozen=True)
class _Copies(FakeIndex):
    """Where what is installed in ``/bad/…`` enables the GIL, and in ``/good/…`` does not."""

    def contents(self, file: IndexFile) -> Contents | Missing:
        bad = (file.path or "").startswith("/bad/")
        return contents(module(f"x{FT314}", Declaration.ABSENT if bad else Declaration.NOT_USED))


def run(*readings: Reading, index: FakeIndex | None = None) -> Audit:
    index = index or FakeIndex({"x": page(PURE)}, {"x": metadata()})
    return audit(readings, [], [T314], index, jobs=1, scope=Scope(), now=NOW, version="0")


def status(done: Audit) -> Status | None:
    (row,) = done.report.packages
    return row.verdicts[0].status


def of(name: str, *pins: Pin, closed: bool = True) -> Reading:
    """*pins* as the input *name* holds them."""
    origins = (Origin(input=name, path=name),)
    return replace(reading(*(replace(one, origins=origins) for one in pins), closed=closed), input=name)


def copy(place: str, file: str = WHEEL, **values: object) -> Pin:
    """What is installed of the release at *place*."""
    listed = [ListedFile(name=file, path=f"{place}/x-1.0.dist-info")]
    return pin(listed=listed, needs=[], installed=True, **{"metadata": HEAD, **values})  # type: ignore[arg-type]


class TestCopies:
    index = _Copies({"x": page(WHEEL)}, {"x": metadata()})

    @pytest.mark.parametrize("order", [1, -1])
    def test_of_two_environments_with_other_builds_the_worse_counts(self, order: int) -> None:
        good, bad = of("good", copy("/good/lib")), of("bad", copy("/bad/lib"))
        assert status(run(good, index=self.index)) is Status.READY
        assert status(run(bad, index=self.index)) is Status.ENABLES_GIL
        assert status(run(*[good, bad][::order], index=self.index)) is Status.ENABLES_GIL
        assert status(run(good, of("other", copy("/good/lib2")), index=self.index)) is Status.READY

    def test_so_it_does_in_two_folders_of_one_environment(self) -> None:
        assert (
            status(run(of("env", copy("/good/lib"), copy("/bad/lib64")), index=self.index))
            is Status.ENABLES_GIL
        )

    @pytest.mark.parametrize("order", [1, -1])
    def test_a_build_that_does_not_fit_is_judged_by_the_index(self, order: int) -> None:
        good, gil = of("good", copy("/good/lib")), of("gil", copy("/good/gil", GIL_WHEEL))
        done = run(*[good, gil][::order], index=_Copies({"x": page("x-1.0.tar.gz")}, {"x": metadata()}))
        assert done.report.packages[0].verdicts[0].install is Install.SOURCE
        assert status(done) is Status.NEEDS_BUILD


@pytest.mark.parametrize("order", [1, -1])
def test_hashes_are_held_against_the_index_for_each_input(order: int) -> None:
    fits, denied = (
        of(name, pin(hashes=frozenset([sha(file)]))) for name, file in (("a", PURE), ("b", "other"))
    )
    done = run(*[fits, denied][::order])
    assert (status(done), done.exit_status) == (Status.UNKNOWN, Exit.INCOMPLETE)
    same = run(fits, of("c", pin(hashes=frozenset([sha(PURE), sha("sdist")]))), of("d", pin()))
    assert (status(same), same.exit_status) == (Status.READY, Exit.OK)


class TestMetadata:
    """What a file says of a package that is not installed here (``pip inspect``) counts after the index."""

    def test_a_file_that_leaves_out_a_dependency_does_not_close_the_set(self) -> None:
        index = FakeIndex({"x": page(PURE)}, {"x": metadata("y>=1")})
        told, asked = of("inspect", pin(metadata=HEAD), closed=False), of("requirements", pin(), closed=False)
        for readings in ((told,), (asked, told), (told, asked)):
            done = run(*readings, index=index)
            assert set(by_rule(done.report.problems)) == {"dependency-not-pinned"}
            assert done.exit_status is Exit.INCOMPLETE

    def test_where_the_index_has_none_it_is_what_is_known(self) -> None:
        index = FakeIndex({"x": page(PURE)})
        done = run(of("inspect", pin(metadata=HEAD + "Requires-Dist: y\n"), closed=False), index=index)
        assert (
            "x 1.0 requires y, which is not pinned" in by_rule(done.report.problems)["dependency-not-pinned"]
        )

    def test_of_what_is_installed_the_files_count(self) -> None:
        index = _Copies({"x": page(WHEEL)}, {"x": metadata("y>=1")})
        assert run(of("env", copy("/good/lib"), closed=False), index=index).exit_status is Exit.OK
