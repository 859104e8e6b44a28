"""Which pins apply where."""

from __future__ import annotations

from ftaudit.judge.applies import applicable, required_by
from ftaudit.knowledge.targets import target
from ftaudit.model.project import MadeFor, Reading, SourceKind
from ftaudit.model.target import Target
from tests.builders.values import edge, pin, reading

LINUX = target("3.14t", "linux-x86_64")
WINDOWS = target("3.14t", "windows-amd64")
ON_WINDOWS = "sys_platform == 'win32'"


def _applies(what: Reading, where: Target) -> set[str]:
    return {str(key) for key in applicable(what, where).pins}


def test_a_pin_with_its_own_marker() -> None:
    lock = reading(pin("idna"), pin("pywin32", "308", marker=ON_WINDOWS))
    assert _applies(lock, LINUX) == {"idna 1.0"}
    assert _applies(lock, WINDOWS) == {"idna 1.0", "pywin32 308"}


def test_a_pin_that_only_an_edge_with_a_marker_reaches() -> None:
    lock = reading(
        pin("app", "", kind=SourceKind.WORKSPACE, needs=[edge("click")]),
        pin("click", needs=[edge("colorama", marker=ON_WINDOWS)]),
        pin("colorama", needs=[]),
    )
    assert _applies(lock, LINUX) == {"app", "click 1.0"}
    assert _applies(lock, WINDOWS) == {"app", "click 1.0", "colorama 1.0"}


def test_the_same_name_locked_twice() -> None:
    old = pin("numpy", "1.0", resolution_markers=("python_full_version < '3.14'",))
    new = pin("numpy", "2.0", resolution_markers=("python_full_version >= '3.14'",))
    assert _applies(reading(old, new), LINUX) == {"numpy 2.0"}


def test_edges_that_name_the_version() -> None:
    lock = reading(
        pin("app", "", kind=SourceKind.WORKSPACE, needs=[
            edge("numpy", version="1.0", marker=ON_WINDOWS), edge("numpy", version="2.0"),
        ]),
        pin("numpy", "1.0", needs=[]),
        pin("numpy", "2.0", needs=[]),
    )  # fmt: skip
    assert _applies(lock, LINUX) == {"app", "numpy 2.0"}


def test_a_marker_that_only_a_conflict_extra_decides_keeps_the_package() -> None:
    marker = "extra == 'extra-10-nvidia-nat-adk' or (extra != 'extra-3-a-b' and sys_platform == 'win32')"
    lock = reading(
        pin("app", "", kind=SourceKind.WORKSPACE, needs=[edge("torch", marker=marker)]),
        pin("torch", needs=[]),
    )
    assert "torch 1.0" in _applies(lock, LINUX)


def test_an_extra_counts_only_where_it_is_asked_for() -> None:
    asked = edge("uvicorn", extras=("standard",), marker=ON_WINDOWS)
    lock = reading(
        pin("app", "", kind=SourceKind.WORKSPACE, needs=[edge("uvicorn"), asked]),
        pin("uvicorn", needs=[edge("httptools", extra="standard")]),
        pin("httptools", needs=[]),
    )
    assert "httptools 1.0" not in _applies(lock, LINUX)
    assert "httptools 1.0" in _applies(lock, WINDOWS)


def test_the_projects_own_extras_and_groups_all_count() -> None:
    own = [edge("redis", extra="cache"), edge("pytest", group="dev")]
    lock = reading(
        pin("app", "", kind=SourceKind.WORKSPACE, needs=own), pin("redis", needs=[]), pin("pytest", needs=[])
    )
    assert _applies(lock, LINUX) == {"app", "redis 1.0", "pytest 1.0"}


def test_what_no_root_leads_to_applies_since_nothing_shows_that_it_does_not() -> None:
    stray = pin("stray", needs=[edge("strayer")])
    lock = reading(
        pin("app", "", kind=SourceKind.WORKSPACE, needs=[edge("a")]),
        pin("a", needs=[]),
        stray,
        pin("strayer", needs=[edge("stray")]),
    )
    assert {"stray 1.0", "strayer 1.0"} <= _applies(lock, LINUX)


def test_a_lock_that_does_not_say_what_is_asked_for_leaves_doubt() -> None:
    pins = (pin("a", needs=[edge("b"), edge("w", marker=ON_WINDOWS)]), pin("b", needs=[]), pin("w", needs=[]))
    found = applicable(reading(*pins), LINUX)
    assert {str(key) for key in found.pins} == {"a 1.0", "b 1.0", "w 1.0"}
    assert {str(key) for key in found.doubtful} == {"w 1.0"}
    assert not applicable(reading(*pins), WINDOWS).doubtful
    rooted = applicable(reading(*pins, roots=(edge("a"),)), LINUX)
    assert {str(key) for key in rooted.pins} == {"a 1.0", "b 1.0"}


def test_a_local_project_in_a_lock_without_roots_is_no_root_of_everything() -> None:
    own = pin("own", "", kind=SourceKind.WORKSPACE, needs=[edge("w", marker=ON_WINDOWS)])
    found = applicable(reading(own, pin("w", needs=[]), roots=None), LINUX)
    assert {str(key) for key in found.doubtful} == {"w 1.0"}
    assert {str(key) for key in found.pins} == {"own", "w 1.0"}


def test_a_direct_dependency_applies_where_its_own_edge_holds() -> None:
    lock = reading(
        pin("a", needs=[], direct=True), pin("w", needs=[edge("a")], direct=True),
        roots=(edge("a"), edge("w", marker=ON_WINDOWS)),
    )  # fmt: skip
    assert _applies(lock, LINUX) == {"a 1.0"}
    assert _applies(lock, WINDOWS) == {"a 1.0", "w 1.0"}


def test_every_line_of_a_requirements_file_is_installed_whatever_its_comments_say() -> None:
    lines = reading(pin("a", marker=ON_WINDOWS, needs=[edge("b")]), pin("b", needs=[]), closed=False)
    assert _applies(lines, LINUX) == {"b 1.0"}


def test_what_an_environment_of_the_target_holds_is_there() -> None:
    pins = (pin("click", needs=[edge("colorama", marker=ON_WINDOWS)]), pin("colorama", needs=[]))
    here = MadeFor(python="3.14t", platform="linux-x86_64")
    assert "colorama 1.0" in _applies(reading(*pins, closed=False, made_for=here), LINUX)
    elsewhere = MadeFor(python="3.14t", platform="windows-amd64")
    assert "colorama 1.0" not in _applies(reading(*pins, closed=False, made_for=elsewhere), LINUX)


def test_cycles_end() -> None:
    lock = reading(
        pin("app", "", kind=SourceKind.WORKSPACE, needs=[edge("a")]),
        pin("a", needs=[edge("b")]),
        pin("b", needs=[edge("a")]),
    )
    assert _applies(lock, LINUX) == {"app", "a 1.0", "b 1.0"}


def test_required_by_names_all_that_lead_to_a_pin() -> None:
    lock = reading(pin("a", needs=[edge("c")]), pin("b", needs=[edge("c")]), pin("c", needs=[]))
    assert {str(key): names for key, names in required_by([lock]).items()} == {"c 1.0": {"a", "b"}}
