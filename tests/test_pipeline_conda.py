"""Conda pins through all stages: the verdicts, what the index is asked, the set, the problems, the exit."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from ftaudit.concurrency import Scope
from ftaudit.errors import Exit
from ftaudit.knowledge.targets import target
from ftaudit.model.conda import CondaBuild
from ftaudit.model.evidence import Missing, ProjectStatus
from ftaudit.model.project import Choices, MadeFor, Origin, Pin, Reading, SourceKind
from ftaudit.model.report import PackageRow
from ftaudit.model.target import Target
from ftaudit.model.verdict import Basis, Gil, Install, RemedyKind, Status, Verdict
from ftaudit.pipeline import Audit, audit
from ftaudit.render import json as json_format
from ftaudit.render import markdown, text
from ftaudit.render.base import RenderOptions
from ftaudit.sources.collect import collect
from ftaudit.sources.scratch import Scratch
from ftaudit.sources.selection import Selection, chosen
from tests.builders.conda import ABI3, COMPILED, LINUX, MACOS_INTEL, NOARCH, WINDOWS, conda_pin, env, record
from tests.builders.values import NOW, FakeIndex, by_rule, edge, file, metadata, page, pin, reading

T314 = target("3.14t", LINUX)
WIN = target("3.14t", WINDOWS)
NOT_READ = "conda archives are not read: neither their modules nor their metadata"
NOT_MAPPED = "conda's name is not mapped to the index by the lock"


def run(
    *readings: Reading, index: FakeIndex | None = None, targets: Sequence[Target] = (T314,), jobs: int = 1
) -> Audit:
    return audit(readings, [], targets, index or FakeIndex(), jobs=jobs, scope=Scope(), now=NOW, version="0")


def row(done: Audit, name: str) -> PackageRow:
    (found,) = [package for package in done.report.packages if package.name == name]
    return found


def verdict(*pins: Pin, index: FakeIndex | None = None) -> Verdict:
    """The first verdict of the first of *pins* in a lock that holds them all."""
    return row(run(reading(*pins), index=index), pins[0].name).verdicts[0]


def wheel(name: str, tag: str = "cp314-cp314t-manylinux_2_17_x86_64") -> str:
    return f"{name}-1.0-{tag}.whl"


@pytest.mark.parametrize(
    ("kind", "status", "install", "gil", "gil_basis"),
    [
        (NOARCH, Status.READY, Install.PURE, Gil.NONE, Basis.TAG),
        (COMPILED, Status.UNKNOWN, Install.WHEEL, Gil.UNKNOWN, Basis.NONE),
        (ABI3, Status.BLOCKED, Install.NONE, Gil.UNKNOWN, Basis.NONE),
    ],
)
def test_a_free_threaded_environment(
    kind: CondaBuild, status: Status, install: Install, gil: Gil, gil_basis: Basis
) -> None:
    done = run(reading(conda_pin(record(kind, env()))))
    (found,) = row(done, "x").verdicts
    assert (found.status, found.install, found.gil) == (status, install, gil)
    assert (found.install_basis, found.gil_basis) == (Basis.TAG, gil_basis)
    assert [(u.missing, u.why) for u in found.undecided] == [
        ("archive", NOT_READ),
        ("same release", NOT_MAPPED),
    ]
    assert (done.report.summary[0].verdict, done.report.summary[0].complete) == (status, True)
    assert (done.exit_status, done.report.problems) == (Exit.OK, ())
    assert row(done, "x").source is SourceKind.CONDA


def test_an_abi3_record_is_named_and_no_way_out_is_made_up() -> None:
    found = verdict(conda_pin(record(ABI3, env())))
    (finding,) = found.findings
    assert finding.rule == "conda-abi3-on-free-threaded"
    assert [e.source for e in finding.evidence] == [
        "https://conda.example/forge/linux-64/x-1.0-py314h1_0.conda"
    ]
    assert (found.remedy.kind, found.remedy.version) == (RemedyKind.NONE, None)
    assert found.remedy.note == "other builds in conda's channels were not looked for"


def test_an_environment_with_the_gil_tells_nothing_and_that_is_an_answer() -> None:
    done = run(reading(conda_pin(record(NOARCH, env("3.12")))))
    (found,) = row(done, "x").verdicts
    assert (found.status, found.install) == (Status.UNKNOWN, Install.UNKNOWN)
    why = "not judged for conda: the environments on linux-x86_64 have Python 3.12"
    assert [u.why for u in found.undecided] == [why, NOT_READ, NOT_MAPPED]
    assert (found.findings, found.remedy.note) == ((), "")
    assert (done.report.summary[0].complete, done.exit_status) == (True, Exit.OK)


def test_held_by_both_the_free_threaded_environment_decides() -> None:
    both = conda_pin(record(NOARCH, env("3.14", name="gil"), env(name="ft")))
    done = run(reading(both))
    assert row(done, "x").verdicts[0].status is Status.READY
    assert by_rule(done.report.problems) == {
        "free-threaded-environments": ["free-threaded: ft (3.14t); 1 other is not"]
    }
    assert done.exit_status is Exit.OK


def test_what_no_environment_holds_on_the_platform_does_not_apply_there() -> None:
    pins = (
        conda_pin(record(NOARCH, env(), env(platform=WINDOWS))),
        conda_pin(record(ABI3, env(platform=WINDOWS)), name="y", marker="sys_platform == 'win32'"),
    )
    done = run(reading(*pins), targets=(T314, WIN))
    assert [found.applies for found in row(done, "y").verdicts] == [False, True]
    assert [summary.verdict for summary in done.report.summary] == [Status.READY, Status.BLOCKED]


def test_free_threaded_on_one_platform_only_is_a_warning_that_fails_nothing() -> None:
    done = run(reading(conda_pin(record(NOARCH, env(), env("3.14", WINDOWS)))), targets=(T314, WIN))
    assert [found.status for found in row(done, "x").verdicts] == [Status.READY, Status.UNKNOWN]
    (message,) = by_rule(done.report.problems)["accidentally-free-threaded"]
    assert message == (
        "environment default is free-threaded on linux-x86_64 only (linux-x86_64: 3.14t; windows-amd64: 3.14)"
    )
    assert (done.report.summary[0].complete, done.exit_status) == (True, Exit.OK)


class TestTheIndex:
    """It is asked by the name that the lock's purl gives, and changes no verdict."""

    def index(self, *names: str) -> FakeIndex:
        return FakeIndex({"torch": page(*names, name="torch")})

    @pytest.mark.parametrize(
        ("names", "has"),
        [
            ((wheel("torch"),), f"with a wheel for 3.14t: {wheel('torch')}"),
            ((wheel("torch", "cp314-cp314-manylinux_2_17_x86_64"),), "with no file that fits 3.14t"),
            (("torch-1.0.tar.gz",), "with nothing but a source archive for 3.14t: torch-1.0.tar.gz"),
        ],
    )
    @pytest.mark.parametrize(
        ("kind", "python", "status"),
        [
            (NOARCH, "3.14t", Status.READY),
            (COMPILED, "3.14t", Status.UNKNOWN),
            (ABI3, "3.14t", Status.BLOCKED),
            (NOARCH, "3.12", Status.UNKNOWN),
        ],
    )
    def test_what_it_has_of_the_same_version_is_a_note(
        self, kind: CondaBuild, python: str, status: Status, names: tuple[str, ...], has: str
    ) -> None:
        one = conda_pin(record(kind, env(python)), name="pytorch", index_name="torch")
        fake = self.index(*names)
        found = verdict(one, index=fake)
        (note,) = [f for f in found.findings if f.rule == "same-release-on-index"]
        assert note.message == f"the index lists torch 1.0 (purl) {has}"
        assert [e.source for e in note.evidence] == ["https://index.example/simple/"]
        assert found.status is status
        assert fake.asked == ["torch"], "a page, and neither metadata nor a wheel"
        assert NOT_MAPPED not in [u.why for u in found.undecided]

    @pytest.mark.parametrize(
        ("answer", "why"),
        [
            (Missing(what="torch", why="offline and not kept", kind="offline"), "offline and not kept"),
            (Missing(what="torch", why="timed out", kind="index-unreachable"), "timed out"),
            (None, "https://index.example/simple/ does not list torch"),
            (page(wheel("torch"), name="torch"), "https://index.example/simple/ does not list 2.0"),
        ],
    )
    def test_a_page_that_is_not_had_fails_nothing(self, answer: Missing | None, why: str) -> None:
        fake = FakeIndex({"torch": answer} if answer else {})
        one = conda_pin(record(NOARCH, env()), name="pytorch", version="2.0", index_name="torch")
        done = run(reading(one), index=fake)
        (found,) = row(done, "pytorch").verdicts
        assert (found.status, found.findings) == (Status.READY, ())
        assert ("same-release-on-index", "same release", why) in [
            (u.rule, u.missing, u.why) for u in found.undecided
        ]
        assert (done.exit_status, done.report.problems) == (Exit.OK, ())
        assert done.report.summary[0].complete

    def test_a_version_that_is_none_of_the_index_is_undecided(self) -> None:
        one = conda_pin(record(NOARCH, env()), version="2026_x", index_name="torch")
        found = verdict(one, index=self.index(wheel("torch")))
        assert "the version does not parse (PEP 440)" in [u.why for u in found.undecided]

    def test_without_a_purl_it_is_not_asked(self) -> None:
        fake = self.index(wheel("torch"))
        found = verdict(conda_pin(record(NOARCH, env()), name="torch"), index=fake)
        assert (fake.asked, found.findings) == ([], ())
        assert NOT_MAPPED in [u.why for u in found.undecided]

    def test_a_page_serves_both_a_conda_pin_and_one_of_the_index(self) -> None:
        fake = self.index(wheel("torch"))
        fake.metadatas["torch"] = metadata(name="torch")
        conda = conda_pin(record(NOARCH, env()), name="pytorch", index_name="torch")
        done = run(reading(conda, pin("torch")), index=fake, jobs=2)
        assert fake.asked.count("torch") == 1
        assert row(done, "torch").verdicts[0].install is Install.WHEEL
        assert row(done, "pytorch").verdicts[0].install is Install.PURE

    def test_what_it_says_of_the_project_is_said_of_no_conda_pin(self) -> None:
        quarantined = page(file(wheel("x"), yanked=True), status=ProjectStatus.QUARANTINED)
        one = conda_pin(record(NOARCH, env()), index_name="x")
        found = verdict(one, index=FakeIndex({"x": quarantined}))
        assert found.status is Status.READY
        assert [f.rule for f in found.findings] == ["same-release-on-index"]
        done = run(reading(one), index=FakeIndex({"x": page(wheel("x"))}))
        assert done.report.summary[0].oldest_evidence is None, "no verdict rests on the page"


class TestTheSet:
    """conda's solver closed it; what of it came from an index is held to what it requires."""

    def test_conda_pins_have_no_open_ends_even_where_the_lock_was_made_elsewhere(self) -> None:
        lock = reading(
            conda_pin(record(NOARCH, env("3.12")), needs=[edge("gone")]),
            conda_pin(record(NOARCH, env("3.12")), name="y"),
            made_for=MadeFor(python="3.12"),
        )
        done = run(lock)
        assert set(by_rule(done.report.problems)) == {"resolved-elsewhere"}
        assert (done.report.summary[0].complete, done.exit_status) == (True, Exit.OK)

    def test_neither_where_there_are_no_edges_at_all(self) -> None:
        done = run(reading(conda_pin(record(NOARCH, env()))))
        assert (done.report.problems, done.exit_status) == ((), Exit.OK)

    @pytest.mark.parametrize(
        ("beside", "open_ends"),
        [
            (conda_pin(record(NOARCH, env()), name="msgpack-python", index_name="msgpack"), []),
            (conda_pin(record(NOARCH, env()), name="msgpack", version="2024a"), []),
            (
                conda_pin(record(NOARCH, env()), name="other"),
                ["a 1.0 requires msgpack>=1, which is not pinned"],
            ),
            (pin("msgpack", "0.5", needs=[]), ["a 1.0 requires msgpack>=1, and 0.5 is pinned"]),
        ],
    )
    def test_a_pin_of_the_index_may_require_what_conda_brings(
        self, beside: Pin, open_ends: list[str]
    ) -> None:
        fake = FakeIndex(
            {name: page(wheel(name, "py3-none-any"), name=name) for name in ("a", "msgpack")},
            {"a": metadata("msgpack>=1", name="a"), "msgpack": metadata(name="msgpack", version="0.5")},
        )
        done = run(
            reading(pin("a", needs=[edge("msgpack")]), beside, made_for=MadeFor(python="3.12")), index=fake
        )
        said = by_rule(done.report.problems)
        ends = said.get("dependency-not-pinned", []) + said.get("dependency-not-satisfied", [])
        assert ends == open_ends
        assert done.exit_status is (Exit.INCOMPLETE if open_ends else Exit.OK)

    def test_a_pin_of_the_index_in_the_lock_is_judged_as_everywhere(self) -> None:
        fake = FakeIndex({"a": page(wheel("a", "cp312-cp312-manylinux_2_17_x86_64"), name="a")})
        done = run(reading(conda_pin(record(NOARCH, env("3.12"))), pin("a")), index=fake)
        assert row(done, "a").verdicts[0].status is Status.BLOCKED
        assert row(done, "x").verdicts[0].status is Status.UNKNOWN


def test_environments_that_were_not_chosen_decide_nothing() -> None:
    """``--group gil`` on a package that a free-threaded environment holds as well is no ready package."""
    origin = Origin(input="lock", path="lock", groups=("ft", "gil"))
    one = conda_pin(record(NOARCH, env("3.14", name="gil"), env(name="ft")), origins=(origin,))
    choices = Choices(groups=("ft", "gil"), default_groups=("gil",), exclusive=True)
    statuses = {}
    for group in ("ft", "gil"):
        (left,) = chosen([reading(one, choices=choices)], Selection(groups=(group,)))
        done = run(left)
        statuses[group] = row(done, "x").verdicts[0].status
        assert "free-threaded-environments" not in by_rule(done.report.problems)
    assert statuses == {"ft": Status.READY, "gil": Status.UNKNOWN}


def test_a_record_of_the_only_environment_is_not_chosen_among() -> None:
    one = conda_pin(
        record(NOARCH, env(name="")), origins=(Origin(input="lock", path="lock", groups=("dev",)),)
    )
    lock = reading(one, choices=Choices(groups=("dev",)))
    (left,) = chosen([lock], Selection(only=("dev",)))
    assert row(run(left), "x").verdicts[0].status is Status.READY


def test_a_real_lock_that_is_free_threaded_on_one_platform(shared: Path) -> None:
    """By hand in its file: ``python-3.14.5-ha91e2d8_0_cp314t`` for osx-64, builds with the GIL elsewhere."""
    path = shared / "corpus/locks/conda__conda-lock/conda-lock-python-3.14.yaml"
    with Scratch() as scratch:
        collected = collect([path.name], cwd=path.parent, scratch=scratch)
    done = run(*collected.readings, targets=(T314, target("3.14t", MACOS_INTEL)))
    (message,) = by_rule(done.report.problems)["accidentally-free-threaded"]
    assert message == (
        "the environment is free-threaded on osx-64 only (macos-x86_64: 3.14t; "
        "linux-aarch64, linux-x86_64, macos-arm64, windows-amd64: 3.14)"
    )
    linux, macos = done.report.summary
    assert {status for status, number in linux.counts.items() if number} == {Status.UNKNOWN}
    assert (macos.counts[Status.READY], macos.counts[Status.UNKNOWN]) == (122, 57)
    assert linux.complete
    assert macos.complete
    assert (collected.errors, done.exit_status) == ((), Exit.OK)


def test_every_format_shows_a_hostile_lock_as_text() -> None:
    evil = "\x1b]0;x\x07\u202e<script>\n::error::"
    name = env("3.14", WINDOWS, evil), env("3.14t", LINUX, evil)
    hostile = record(ABI3, *name, build=evil)
    done = run(reading(conda_pin(hostile, record(NOARCH, env(f"3.1{evil}", name="b")))))
    assert row(done, "x").verdicts[0].status is Status.BLOCKED
    shown = text.render(done.report, RenderOptions(verbose=True))
    written = markdown.render(done.report, RenderOptions())
    for said in (shown, written):
        assert not {"\x1b", "\x07", "\u202e"} & set(said)
        assert not [line for line in said.splitlines() if line.startswith("::error")]
    assert "| `build \\x1b" in written, "what is hostile stands in a code span"
    assert json.loads(json_format.render(done.report, RenderOptions()))["packages"][0]["source"] == "conda"
