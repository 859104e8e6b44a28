"""Conda pins: what the environments of a lock say for a target, and what is said of the environments."""

from __future__ import annotations

import pytest

from ftaudit.judge import conda_inputs
from ftaudit.judge.conda import NO_RELEASE, remedy
from ftaudit.judge.inputs import together
from ftaudit.judge.install import choose
from ftaudit.knowledge.targets import target
from ftaudit.model.conda import CondaEnvironment, CondaRecord
from ftaudit.model.evidence import Missing
from ftaudit.model.project import ListedFile, Pin, Problem, Severity, Source, SourceKind
from ftaudit.model.verdict import Basis, Install, Installation, RemedyKind, Status
from tests.builders.conda import (
    ABI3,
    COMPILED,
    LINUX,
    MACOS,
    MACOS_INTEL,
    NOARCH,
    WINDOWS,
    conda_pin,
    env,
    record,
)
from tests.builders.values import by_rule, pin, reading, release

T314 = target("3.14t", LINUX)
T315 = target("3.15t", LINUX)
GIL = env("3.14", name="gil")


def chosen(*records: CondaRecord, on: str = LINUX, python: str = "3.14t") -> Installation:
    return choose(conda_pin(*records), release(), target(python, on))


@pytest.mark.parametrize(
    ("records", "install"),
    [
        ([record(NOARCH, env())], Install.PURE),
        ([record(COMPILED, env())], Install.WHEEL),
        ([record(ABI3, env())], Install.NONE),
        ([record(NOARCH, env(name="a")), record(COMPILED, env(name="b"))], Install.WHEEL),
        ([record(COMPILED, env(name="a")), record(ABI3, env(name="b"))], Install.NONE),
        # the free-threaded environments decide, whatever those with the GIL hold
        ([record(NOARCH, GIL, env())], Install.PURE),
        ([record(ABI3, GIL), record(COMPILED, env())], Install.WHEEL),
        ([record(NOARCH, GIL), record(ABI3, env())], Install.NONE),
        # another platform's records are not this one's
        ([record(ABI3, env(platform=WINDOWS)), record(NOARCH, env())], Install.PURE),
    ],
)
def test_the_environments_with_the_targets_interpreter_decide(
    records: list[CondaRecord], install: Install
) -> None:
    found = chosen(*records)
    assert (found.install, found.basis, found.why) == (install, Basis.TAG, None)


@pytest.mark.parametrize("platform", [LINUX, f"{LINUX}@2.28"])
@pytest.mark.parametrize("python", ["3.14t", "3.14.3t"])
def test_a_baseline_and_a_micro_version_change_nothing(platform: str, python: str) -> None:
    assert chosen(record(NOARCH, env()), on=platform, python=python).install is Install.PURE


@pytest.mark.parametrize(
    ("environments", "why"),
    [
        ([env("3.12")], "the environments on linux-x86_64 have Python 3.12"),
        ([env("3.14")], "the environments on linux-x86_64 have Python 3.14"),
        ([env("3.15t")], "the environments on linux-x86_64 have Python 3.15t"),
        (
            [env("3.12"), env("3.9", name="old"), env("3.13t", name="new")],
            "the environments on linux-x86_64 have Python 3.9, 3.12, 3.13t",
        ),
        ([env(None)], "the environments on linux-x86_64 have no Python that is known"),
        ([env(platform=WINDOWS)], "no environment on linux-x86_64 holds it"),
        ([], "no environment on linux-x86_64 holds it"),
    ],
)
def test_any_other_environment_tells_nothing(environments: list[CondaEnvironment], why: str) -> None:
    found = chosen(*([record(NOARCH, *environments)] if environments else []))
    assert found == Installation(
        install=Install.UNKNOWN,
        why=Missing(what="release", why=f"not judged for conda: {why}", kind="conda-source"),
    )


def test_an_environment_for_glibc_is_none_for_musl() -> None:
    found = chosen(record(NOARCH, env()), on="musllinux-x86_64")
    assert found.install is Install.UNKNOWN
    assert found.why is not None
    assert found.why.why.endswith("no environment on musllinux-x86_64 holds it")


def test_the_index_decides_nothing() -> None:
    wheel = "x-1.0-cp314-cp314t-manylinux_2_17_x86_64.whl"
    assert choose(conda_pin(record(NOARCH, env("3.12"))), release(wheel), T314).install is Install.UNKNOWN
    assert choose(conda_pin(record(NOARCH, env())), release("x-1.0.tar.gz"), T314).install is Install.PURE


def test_the_archive_is_named_with_its_channel_where_there_is_one() -> None:
    file = chosen(record(COMPILED, env())).file
    assert file is not None
    assert (file.name, file.index) == ("x-1.0-py314h1_0.conda", "https://conda.example/forge")
    two = chosen(record(COMPILED, env()), record(COMPILED, env(name="other"), build="py314h2_1"))
    assert two.file is None
    assert chosen(record(ABI3, env())).file is None


def test_no_way_out_is_sought_and_where_one_is_needed_that_is_said() -> None:
    assert remedy(Status.BLOCKED).kind is remedy(Status.UNKNOWN).kind is RemedyKind.NONE
    assert "not looked for" in remedy(Status.BLOCKED).note
    assert remedy(Status.UNKNOWN).note == remedy(Status.READY).note == ""


def test_two_locks_that_hold_a_pin_are_one_with_the_records_and_the_name_of_both() -> None:
    one, other = record(NOARCH, env("3.12")), record(NOARCH, env())
    inputs = together([reading(conda_pin(one)), reading(conda_pin(other, one, index_name="y"))], [T314, T315])
    (merged,) = inputs.pins.values()
    assert (merged.conda, merged.index_name) == ((one, other), "y")
    assert choose(merged, release(), T314).install is Install.PURE


class TestEnvironments:
    def said(self, *environments: CondaEnvironment) -> dict[str, list[str]]:
        return by_rule(list(conda_inputs.problems(reading(conda_pin(record(COMPILED, *environments))))))

    def only(self, *pins: Pin) -> Problem:
        (found,) = conda_inputs.problems(reading(*pins))
        return found

    def test_one_that_is_free_threaded_on_one_platform_only(self) -> None:
        pins = [
            conda_pin(
                record(COMPILED, env("3.14t" if platform == MACOS_INTEL else "3.14", platform, name=""))
            )
            for platform in (LINUX, MACOS, MACOS_INTEL, WINDOWS)
        ]
        found = self.only(*pins)
        assert (found.input, found.rule, found.severity) == (
            "lock",
            "accidentally-free-threaded",
            Severity.WARNING,
        )
        assert found.message == (
            "the environment is free-threaded on osx-64 only "
            "(macos-x86_64: 3.14t; linux-x86_64, macos-arm64, windows-amd64: 3.14)"
        )

    def test_one_with_a_name_and_a_platform_that_is_not_known(self) -> None:
        said = self.said(env("3.14", LINUX), env("3.14t", "freebsd-64"), env(None, WINDOWS))
        (message,) = said["accidentally-free-threaded"]
        assert message == (
            "environment default is free-threaded on freebsd-64 only "
            "(freebsd-64: 3.14t; linux-x86_64: 3.14; windows-amd64: not known)"
        )

    @pytest.mark.parametrize(
        "environments",
        [
            (),
            (env("3.14t", LINUX), env("3.14t", WINDOWS)),
            (env("3.14t", LINUX), env("3.13t", WINDOWS)),
            (env("3.14", LINUX), env("3.14", WINDOWS)),
            (env("3.14t", LINUX), env(None, WINDOWS)),
            (env(None, LINUX),),
            (env("3.14t"),),
        ],
    )
    def test_alike_on_all_platforms_there_is_nothing_to_say(
        self, environments: tuple[CondaEnvironment, ...]
    ) -> None:
        assert self.said(*environments or (env("3.14"),)) == {}

    def test_whole_environments_beside_others_are_a_note(self) -> None:
        free = [env("3.14t", platform, "test-ft") for platform in (LINUX, MACOS)]
        others = [env("3.14", name=f"py{number}") for number in range(38)]
        found = self.only(conda_pin(record(NOARCH, *free, env("3.13t", name="old"), *others)))
        assert (found.rule, found.severity) == ("free-threaded-environments", Severity.NOTE)
        assert found.message == "free-threaded: old (3.13t), test-ft (3.14t); 38 others are not"

    def test_one_other_and_many(self) -> None:
        said = self.said(*(env(name=f"ft{number}") for number in range(7)), env("3.14", name="gil"))
        shown = ", ".join(f"ft{number} (3.14t)" for number in range(5))
        assert said == {"free-threaded-environments": [f"free-threaded: {shown} and 2 more; 1 other is not"]}

    def test_one_platform_that_is_solved_twice(self) -> None:
        (message,) = self.said(env("3.14"), env("3.14t"))["accidentally-free-threaded"]
        assert message.endswith("on linux-64 only (linux-x86_64: 3.14t; linux-x86_64: 3.14)")

    def test_pins_of_an_index_have_no_environments(self) -> None:
        assert list(conda_inputs.problems(reading(pin()))) == []

    def test_a_hostile_name_is_shown_as_text(self) -> None:
        said = self.said(
            env("3.14", LINUX, "\x1b[31m\u202e\n::error::"),
            env("3.14t", WINDOWS, "\x1b[31m\u202e\n::error::"),
        )
        (message,) = said["accidentally-free-threaded"]
        assert message.isprintable()


def test_what_conda_installed_is_judged_by_its_bytes() -> None:
    """An environment has no lock's records of it, and its files are at hand."""
    wheel = ListedFile(name="x-1.0-cp314-cp314t-manylinux_2_17_x86_64.whl", path="/env/x-1.0.dist-info")
    here = installed_by_conda(wheel)
    assert choose(here, NO_RELEASE, target("3.14t", "linux-x86_64")).install is Install.WHEEL
    other = choose(here, NO_RELEASE, target("3.15t", "linux-x86_64"))
    assert (other.install, other.why and other.why.why) == (Install.UNKNOWN, "not judged for conda")


def installed_by_conda(wheel: ListedFile) -> Pin:
    return Pin(name="x", version="1.0", source=Source(kind=SourceKind.CONDA), files=(wheel,), installed=True)
