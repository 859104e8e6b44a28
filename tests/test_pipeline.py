"""The stages together, on an index that is a dictionary."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from ftaudit.concurrency import Scope
from ftaudit.errors import Exit, FtauditError, InputError, RefusedError
from ftaudit.knowledge.targets import target
from ftaudit.model.evidence import Missing
from ftaudit.model.project import ListedFile, MadeFor, Problem, Reading, Severity, SourceKind
from ftaudit.model.report import PackageRow, Report
from ftaudit.model.target import Target
from ftaudit.model.verdict import Install, Status
from ftaudit.pipeline import Audit, audit
from tests.builders.values import NOW, FakeIndex, by_rule, edge, file, metadata, page, pin, reading

T314 = target("3.14t", "linux-x86_64")
T315 = target("3.15t", "linux-x86_64")
WIN = target("3.14t", "windows-amd64")


def run(
    *readings: Reading,
    index: FakeIndex | None = None,
    targets: Sequence[Target] = (T314,),
    errors: Sequence[FtauditError] = (),
    jobs: int = 1,
) -> Audit:
    return audit(
        readings, errors, targets, index or FakeIndex(), jobs=jobs, scope=Scope(), now=NOW, version="0"
    )


def row(report: Report, name: str) -> PackageRow:
    (found,) = [package for package in report.packages if package.name == name]
    return found


def pure(name: str) -> str:
    return f"{name}-1.0-py3-none-any.whl"


def index(*names: str) -> FakeIndex:
    """An index with one pure release of each name, and its metadata."""
    return FakeIndex(
        pages={name: page(pure(name), name=name) for name in names},
        metadatas={name: metadata(name=name) for name in names},
    )


def test_a_closed_lock_of_pure_packages_is_ready() -> None:
    done = run(reading(pin("a"), pin("b")), index=index("a", "b"))
    (summary,) = done.report.summary
    assert (summary.verdict, summary.complete, done.exit_status) == (Status.READY, True, Exit.OK)
    assert summary.counts[Status.READY] == 2
    assert summary.oldest_evidence == NOW
    assert row(done.report, "a").verdicts[0].install is Install.PURE


def test_a_name_that_no_index_lists_is_unknown_and_an_answer() -> None:
    done = run(reading(pin("a"), pin("ghost")), index=index("a"))
    assert row(done.report, "ghost").verdicts[0].status is Status.UNKNOWN
    assert done.report.summary[0].verdict is Status.UNKNOWN
    assert done.exit_status is Exit.OK


def test_an_index_that_does_not_answer_leaves_the_run_incomplete() -> None:
    silent = index("a")
    silent.pages["b"] = Missing(what="release", why="timed out", kind="index-unreachable")
    done = run(reading(pin("a"), pin("b")), index=silent)
    assert done.exit_status is Exit.INCOMPLETE
    assert by_rule(done.report.problems) == {"index-not-read": ["b 1.0: timed out"]}
    assert not done.report.summary[0].complete
    assert done.report.summary[0].verdict is Status.UNKNOWN


def test_a_version_that_is_not_listed_is_unknown() -> None:
    done = run(reading(pin("a", "2.0")), index=index("a"))
    (verdict,) = row(done.report, "a").verdicts
    assert verdict.status is Status.UNKNOWN
    assert "does not list 2.0" in verdict.undecided[0].why


def test_git_pins_are_shown_never_dropped_never_ready_and_never_asked_about() -> None:
    fake = index("a")
    done = run(reading(pin("a"), pin("b", kind=SourceKind.GIT, location="https://git.example/b")), index=fake)
    (verdict,) = row(done.report, "b").verdicts
    assert verdict.status is Status.UNKNOWN
    assert "b" not in fake.asked
    assert done.report.summary[0].verdict is Status.UNKNOWN


def test_the_project_itself_is_listed_without_a_verdict() -> None:
    done = run(
        reading(pin("app", "", kind=SourceKind.WORKSPACE, needs=[edge("a")]), pin("a")), index=index("a")
    )
    assert row(done.report, "app").verdicts[0].status is None
    assert row(done.report, "a").required_by == ("app",)
    assert done.report.summary[0].verdict is Status.READY


def test_what_does_not_apply_has_a_row_and_no_status_and_blocks_nothing() -> None:
    fake = index("a")
    fake.pages["pywin32"] = page("pywin32-1.0-cp312-cp312-win_amd64.whl", name="pywin32")
    lock = reading(pin("a"), pin("pywin32", marker="sys_platform == 'win32'"))
    done = run(lock, index=fake, targets=(T314, WIN))
    linux, windows = row(done.report, "pywin32").verdicts
    assert (linux.applies, linux.status) == (False, None)
    assert (windows.applies, windows.status) == (True, Status.BLOCKED)
    assert [summary.verdict for summary in done.report.summary] == [Status.READY, Status.BLOCKED]


def test_a_pin_that_applies_nowhere_is_not_asked_about() -> None:
    fake = index("a", "pywin32")
    run(reading(pin("a"), pin("pywin32", marker="sys_platform == 'win32'")), index=fake)
    assert "pywin32" not in fake.asked


def test_polars_alone_is_never_a_ready_stack_and_with_its_runtime_the_runtime_decides() -> None:
    fake = index("polars")
    fake.metadatas["polars"] = metadata("polars-runtime-32==1.0", name="polars")
    alone = run(reading(pin("polars"), closed=False), index=fake)
    assert row(alone.report, "polars").verdicts[0].status is Status.READY
    assert alone.report.summary[0].verdict is Status.UNKNOWN
    assert alone.exit_status is Exit.INCOMPLETE
    assert list(by_rule(alone.report.problems)) == ["dependency-not-pinned"]

    wheel = "polars_runtime_32-1.0-cp310-abi3-manylinux_2_17_x86_64.whl"
    fake.pages["polars-runtime-32"] = page(wheel, name="polars-runtime-32")
    fake.metadatas["polars_runtime_32"] = metadata(name="polars-runtime-32")
    both = run(reading(pin("polars"), pin("polars-runtime-32"), closed=False), index=fake)
    assert row(both.report, "polars-runtime-32").verdicts[0].status is Status.BLOCKED
    assert row(both.report, "polars-runtime-32").required_by == ("polars",)
    assert both.exit_status is Exit.OK


def test_a_tag_is_not_enough_to_be_ready() -> None:
    fake = FakeIndex(
        {"a": page("a-1.0-cp314-cp314t-manylinux_2_17_x86_64.whl", name="a")}, {"a": metadata(name="a")}
    )
    (verdict,) = row(run(reading(pin("a")), index=fake).report, "a").verdicts
    assert (verdict.install, verdict.status) == (Install.WHEEL, Status.UNKNOWN)
    assert ("modules", "modules not read") in [(u.missing, u.why) for u in verdict.undecided]


class TestMadeElsewhere:
    made = MadeFor(python="3.11", platform="windows-amd64")

    def test_it_is_said_and_what_only_the_other_platform_needs_does_not_apply(self) -> None:
        marker = "sys_platform == 'win32'"
        env = reading(
            pin(
                "a",
                needs=[edge("pywin32", marker=marker)],
                installed=True,
                metadata="Name: a\nVersion: 1.0\n",
            ),
            pin("pywin32", needs=[], installed=True, metadata="Name: pywin32\nVersion: 1.0\n"),
            closed=False,
            made_for=self.made,
        )
        done = run(env, index=index("a", "pywin32"))
        assert row(done.report, "pywin32").verdicts[0].applies is False
        assert by_rule(done.report.problems) == {
            "resolved-elsewhere": ["made for 3.11 on windows-amd64, and judged for 3.14t on linux-x86_64"]
        }

    def test_what_becomes_necessary_is_not_pinned(self) -> None:
        env = reading(
            pin("a", needs=[edge("uvloop", marker="sys_platform != 'win32'")], installed=True),
            closed=False,
            made_for=self.made,
        )
        assert "dependency-not-pinned" in by_rule(run(env, index=index("a")).report.problems)

    def test_a_root_that_does_not_fit_is_unknown_and_what_it_requires_is_blocked(self) -> None:
        fake = FakeIndex(
            {n: page(f"{n}-1.0-cp311-cp311-win_amd64.whl", name=n) for n in ("root", "leaf")},
            {n: metadata(name=n) for n in ("root", "leaf")},
        )
        env = reading(
            pin("root", needs=[edge("leaf")], installed=True),
            pin("leaf", needs=[], installed=True),
            closed=False,
            made_for=self.made,
        )
        report = run(env, index=fake).report
        assert row(report, "root").verdicts[0].status is Status.UNKNOWN
        assert row(report, "leaf").verdicts[0].status is Status.BLOCKED

    def test_a_lock_whose_range_leaves_the_target_out_is_not_closed_there(self) -> None:
        fake = index("a")
        fake.metadatas["a"] = metadata("tomli; python_version >= '3.14'", name="a")
        lock = reading(pin("a"), requires_python=">=3.10,<3.14")
        done = run(lock, index=fake)
        assert by_rule(done.report.problems) == {
            "resolved-elsewhere": ["made for Python >=3.10,<3.14, and judged for 3.14t on linux-x86_64"],
            "dependency-not-pinned": ["a 1.0 requires tomli, which is not pinned"],
        }
        assert done.report.summary[0].verdict is Status.UNKNOWN
        covered = run(reading(pin("a"), requires_python=">=3.10"), index=fake)
        assert (covered.report.problems, covered.report.summary[0].verdict) == ((), Status.READY)

    def test_a_lock_for_other_environments_says_so(self) -> None:
        lock = reading(pin("a"), environments=("sys_platform == 'win32'",))
        found = run(lock, index=index("a"), targets=(T314, WIN)).report.problems
        message = "made for other environments than the target, and judged for 3.14t on linux-x86_64"
        assert by_rule(found) == {"resolved-elsewhere": [message]}

    def test_made_for_the_target_itself_nothing_is_said(self) -> None:
        env = reading(pin("a"), made_for=MadeFor(python="3.14t", platform="linux-x86_64"))
        assert run(env, index=index("a")).report.problems == ()


def test_the_metadata_of_every_file_that_is_picked_in_turn_counts() -> None:
    rebuilt, first = "a-1.0-2-py3-none-any.whl", pure("a")
    no = metadata(name="a", requires_python="<3.14")
    fake = FakeIndex({"a": page(first, rebuilt, name="a")}, {first: no, rebuilt: no})
    assert row(run(reading(pin("a")), index=fake).report, "a").verdicts[0].status is Status.BLOCKED


def test_files_that_only_the_lock_knows_are_held_to_the_date_too() -> None:
    late = ListedFile(name=pure("a"), uploaded=NOW)
    lock = reading(pin("a", listed=[late]))
    done = audit([lock], [], [T314], FakeIndex({"a": page(name="a")}), jobs=1, scope=Scope(), now=NOW,
                 version="0", uploaded_before=NOW)  # fmt: skip
    assert row(done.report, "a").verdicts[0].status is Status.UNKNOWN


def test_an_own_project_whose_requirements_were_not_read_leaves_the_set_open() -> None:
    lines = reading(pin("app", "", kind=SourceKind.WORKSPACE), pin("a"), closed=False)
    done = run(lines, index=index("a"))
    assert "dependencies-not-known" in by_rule(done.report.problems)
    assert done.report.summary[0].verdict is Status.UNKNOWN


def test_two_environments_with_other_dependencies_are_each_held_to_their_own() -> None:
    here = MadeFor(python="3.14t", platform="linux-x86_64")
    one = reading(pin("a", needs=[], installed=True), closed=False, made_for=here)
    other = reading(pin("a", needs=[edge("b")], installed=True), closed=False, made_for=here)
    assert "dependency-not-pinned" in by_rule(run(one, other, index=index("a")).report.problems)
    assert "dependency-not-pinned" in by_rule(run(other, one, index=index("a")).report.problems)


def test_a_lock_for_the_same_feature_version_covers_the_free_threaded_build() -> None:
    lock = reading(pin("a"), made_for=MadeFor(python="3.14"))
    assert run(lock, index=index("a")).report.problems == ()
    env = reading(pin("a"), made_for=MadeFor(python="3.14"), closed=False)
    assert "resolved-elsewhere" in by_rule(run(env, index=index("a")).report.problems)


def test_the_newest_version_is_told_of_every_pin_whose_page_was_read() -> None:
    fake = FakeIndex({"a": page(pure("a"), "a-3.0-py3-none-any.whl", name="a")}, {"a": metadata(name="a")})
    assert row(run(reading(pin("a")), index=fake).report, "a").verdicts[0].remedy.latest == "3.0"


class TestExitStatus:
    broken = InputError("uv.lock", "invalid TOML", place="line 3")
    refused = RefusedError("a.txt", "lies outside the project")

    def test_a_wrong_input_weighs_most_and_the_rest_is_still_reported(self) -> None:
        done = run(reading(pin("a")), index=index("a"), errors=[self.broken])
        assert done.exit_status is Exit.WRONG_INPUT
        assert [package.name for package in done.report.packages] == ["a"]
        assert by_rule(done.report.problems) == {"unreadable-input": ["uv.lock: line 3: invalid TOML"]}
        assert done.report.summary[0].verdict is Status.UNKNOWN

    def test_a_refused_file_is_incomplete(self) -> None:
        assert run(reading(pin("a")), index=index("a"), errors=[self.refused]).exit_status is Exit.INCOMPLETE

    def test_the_project_itself_alone_is_nothing_to_audit(self) -> None:
        assert run(reading(pin("app", "", kind=SourceKind.WORKSPACE))).exit_status is Exit.NOTHING

    def test_nothing_pinned_is_nothing_to_audit(self) -> None:
        problem = Problem(input="lock", rule="unpinned-requirement", message="numpy>=2 fixes no version")
        done = run(reading(problems=(problem,), unpinned=1))
        assert done.exit_status is Exit.NOTHING
        assert done.report.summary[0].verdict is Status.UNKNOWN

    def test_a_warning_changes_nothing(self) -> None:
        warning = Problem(input="lock", rule="duplicate-package", message="a", severity=Severity.WARNING)
        done = run(reading(pin("a"), problems=(warning,)), index=index("a"))
        assert (done.exit_status, done.report.summary[0].verdict) == (Exit.OK, Status.READY)


def test_two_inputs_that_hold_the_same_pin_make_one_row_with_both_places() -> None:
    done = run(reading(pin("a", direct=False)), reading(pin("a", direct=True)), index=index("a"))
    assert len(row(done.report, "a").origins) == 2
    assert row(done.report, "a").direct is True


@pytest.mark.parametrize("jobs", [1, 8])
def test_the_same_facts_give_the_same_report_whatever_the_number_of_jobs(jobs: int) -> None:
    names = [f"p{n}" for n in range(40)]
    lock, fake = reading(*(pin(name) for name in names)), index(*names[::2])
    assert run(lock, index=fake, jobs=jobs).report == run(lock, index=fake).report


@pytest.mark.parametrize(("digests", "reads"), [(("d" * 64, "d" * 64), 1), (("d" * 64, "e" * 64), 2)])
def test_metadata_that_the_index_says_is_equal_is_read_once(digests: tuple[str, str], reads: int) -> None:
    names = (f"a-1.0-{tag}-manylinux_2_17_x86_64.whl" for tag in ("cp314-cp314t", "cp315-cp315t"))
    files = [
        file(name, core_metadata=True, core_metadata_sha256=digest)
        for name, digest in zip(names, digests, strict=True)
    ]
    fake = FakeIndex({"a": page(*files, name="a")}, {"a": metadata(name="a", free_threading=2)})
    report = run(reading(pin("a")), index=fake, targets=(T314, T315)).report
    assert [verdict.declared for verdict in row(report, "a").verdicts] == [2, 2]
    assert sum(name.endswith(".whl") for name in fake.asked) == reads
