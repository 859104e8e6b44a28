"""Targets: what may be named, and the tags and variables that follow, held against `packaging` itself."""

from __future__ import annotations

import sys
from importlib.machinery import EXTENSION_SUFFIXES

import pytest
from packaging import markers, tags
from packaging.tags import Tag, parse_tag

from ftaudit.errors import UsageError
from ftaudit.knowledge.tables import PLATFORMS
from ftaudit.knowledge.targets import (
    default_pythons,
    parse_interpreter,
    parse_platform,
    target,
    this_platform,
)
from ftaudit.model.target import Interpreter
from tests.conftest import FREE_THREADED

NAMES = [row.name for row in PLATFORMS]


def fits(python: str, platform: str, *compressed: str) -> bool:
    """Whether a wheel with any of the *compressed* tags installs there."""
    accepted = target(python, platform).tags
    return any(tag in accepted for text in compressed for tag in parse_tag(text))


def machine_platform() -> str:
    """This machine's platform at the C library that it really has."""
    name = this_platform()
    first = next(t for t in tags.platform_tags() if not t.startswith("linux_"))
    return f"{name}@{first.split('_')[1]}.{first.split('_')[2]}" if parse_platform(name).baseline else name


# -- interpreters --


@pytest.mark.parametrize(
    ("text", "micro"),
    [("3.14t", 0), ("3.14.0t", 0), ("3.14.3t", 3), ("3.13.11t", 11), ("3.15t", 0), ("3.16t", 0)],
)
def test_free_threaded_interpreters_are_read(text: str, micro: int) -> None:
    assert parse_interpreter(text) == Interpreter(3, int(text[2:4]), micro, free_threaded=True)


@pytest.mark.parametrize(("text", "advice"), [("3.14", "3.14t"), ("3.15.1", "3.15.1t")])
def test_interpreters_with_the_gil_are_refused_with_advice(text: str, advice: str) -> None:
    with pytest.raises(UsageError, match="with the GIL") as caught:
        parse_interpreter(text)
    assert caught.value.advice == f"ftaudit judges free-threaded interpreters; did you mean {advice}?"


@pytest.mark.parametrize("text", ["3.12t", "3.12", "3.99t", "2.7t"])
def test_versions_without_a_free_threaded_build_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="no free-threaded build") as caught:
        parse_interpreter(text)
    assert "3.14t, 3.15t" in caught.value.advice


@pytest.mark.parametrize(
    "text", ["", "t", "314t", "cp314t", "3.14tt", "3.14t ", "3.14.t", "-3.14t", "٣.14t", "3.14rc1t"]
)
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not a version"):
        parse_interpreter(text)


def test_an_error_is_one_short_line() -> None:
    with pytest.raises(UsageError) as caught:
        parse_interpreter("3.14t\n\x1b[31m" + "9" * 1000)
    assert len(caught.value.message) < 200
    assert caught.value.message.isprintable()


def test_the_supported_versions_are_the_default() -> None:
    assert default_pythons() == ("3.14t", "3.15t")


# -- platforms --


@pytest.mark.parametrize("name", NAMES)
def test_every_platform_makes_a_target(name: str) -> None:
    made = target("3.14t", name)
    assert str(made) == f"3.14t on {name}"
    assert made.platform_tags == {tag.platform for tag in made.tags} - {"any"}
    assert list(made.tags.values()) == list(range(len(made.tags)))


@pytest.mark.parametrize(
    ("text", "best", "not_there"),
    [
        ("linux-x86_64", "manylinux_2_34_x86_64", "manylinux_2_35_x86_64"),
        ("linux-x86_64@2.28", "manylinux_2_28_x86_64", "manylinux_2_29_x86_64"),
        ("linux-aarch64@2.17", "manylinux2014_aarch64", "manylinux2010_aarch64"),
        ("linux-x86_64@2.5", "manylinux1_x86_64", "manylinux2010_x86_64"),
        ("musllinux-x86_64", "musllinux_1_2_x86_64", "musllinux_1_3_x86_64"),
        ("musllinux-aarch64@1.1", "musllinux_1_1_aarch64", "musllinux_1_2_aarch64"),
        ("macos-arm64", "macosx_14_0_arm64", "macosx_15_0_arm64"),
        ("macos-arm64@15", "macosx_15_0_arm64", "macosx_16_0_arm64"),
        ("macos-x86_64@10.15", "macosx_10_15_x86_64", "macosx_11_0_x86_64"),
        ("windows-amd64", "win_amd64", "win_arm64"),
    ],
)
def test_a_baseline_is_where_the_tags_begin(text: str, best: str, not_there: str) -> None:
    assert best in parse_platform(text).tags()
    assert not_there not in parse_platform(text).tags()


@pytest.mark.parametrize(
    ("text", "close"),
    [
        ("linux-x64", "linux-x86_64"),
        ("macos", "macos-arm64"),
        ("windows-x86_64", "windows-amd64"),
        ("darwin", "known"),
    ],
)
def test_an_unknown_platform_gets_close_names(text: str, close: str) -> None:
    with pytest.raises(UsageError, match="unknown platform") as caught:
        parse_platform(text)
    assert close in caught.value.advice
    assert "musllinux-aarch64" in caught.value.advice


@pytest.mark.parametrize(
    "text",
    [
        *("linux-x86_64@", "linux-x86_64@x", "linux-x86_64@2.4", "linux-x86_64@2.-1", "linux-x86_64@2.28.1"),
        *(
            "linux-x86_64@3.0",
            "linux-aarch64@2.16",
            "musllinux-x86_64@2.0",
            "macos-arm64@10.15",
            "macos-x86_64@999",
        ),
    ],
)
def test_a_malformed_baseline_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="no version of") as caught:
        parse_platform(text)
    assert text.partition("@")[0] in caught.value.advice


def test_windows_has_no_baseline() -> None:
    with pytest.raises(UsageError, match="has no version"):
        parse_platform("windows-amd64@11")


# -- tags --


def test_abi3_does_not_fit_a_free_threaded_interpreter() -> None:
    wheel = "cp39-abi3-manylinux_2_28_x86_64"
    assert not fits("3.14t", "linux-x86_64", wheel)
    assert not fits("3.15t", "linux-x86_64", wheel)


def test_abi3t_fits_from_its_version_on() -> None:
    assert fits("3.15t", "linux-x86_64", "cp315-abi3t-manylinux_2_28_x86_64")
    assert fits("3.16t", "linux-x86_64", "cp315-abi3t-manylinux_2_28_x86_64")
    assert not fits("3.14t", "linux-x86_64", "cp315-abi3t-manylinux_2_28_x86_64")


def test_a_compressed_tag_set_serves_both_builds() -> None:
    wheel = "cp315-abi3.abi3t-manylinux2014_x86_64.manylinux_2_17_x86_64"
    assert fits("3.15t", "linux-x86_64", wheel)
    assert not fits("3.14t", "linux-x86_64", wheel)


def test_a_wheel_of_the_build_with_the_gil_does_not_fit() -> None:
    assert fits("3.14t", "linux-x86_64", "cp314-cp314t-manylinux_2_17_x86_64")
    assert not fits("3.14t", "linux-x86_64", "cp314-cp314-manylinux_2_17_x86_64")


@pytest.mark.parametrize("name", NAMES)
def test_a_wheel_fits_its_own_platform_only(name: str) -> None:
    wheel = next(tag for tag in parse_platform(name).tags() if not tag.startswith("linux_"))
    others = [other for other in NAMES if fits("3.14t", other, f"cp314-cp314t-{wheel}")]
    assert others == [name]


def test_musl_takes_no_manylinux_wheel() -> None:
    accepted = parse_platform("musllinux-x86_64").tags()
    assert accepted == (
        "linux_x86_64",
        "musllinux_1_2_x86_64",
        "musllinux_1_1_x86_64",
        "musllinux_1_0_x86_64",
    )


def test_universal_wheels_fit_both_macs() -> None:
    wheel = "cp314-cp314t-macosx_11_0_universal2"
    assert fits("3.14t", "macos-arm64", wheel)
    assert fits("3.14t", "macos-x86_64", wheel)


@pytest.mark.parametrize(
    "wheel", ["py3-none-any", "py2.py3-none-any", "cp314-none-any", "py3-none-win_amd64"]
)
def test_pure_and_platform_wheels_fit(wheel: str) -> None:
    assert fits("3.14t", "windows-amd64", wheel)


def test_a_native_wheel_is_better_than_a_pure_one() -> None:
    ranks = target("3.15t", "linux-x86_64").tags
    order = ["cp315-cp315t-manylinux_2_34_x86_64", "cp315-cp315t-manylinux_2_17_x86_64"]
    order += ["cp315-abi3t-manylinux_2_34_x86_64", "py3-none-manylinux_2_34_x86_64", "py3-none-any"]
    assert sorted(order, key=lambda text: ranks[next(iter(parse_tag(text)))]) == order


@pytest.mark.skipif(sys.platform == "darwin", reason="a Mac's own version has more tags than its baseline's")
def test_the_platform_tags_are_those_of_this_machine() -> None:
    assert parse_platform(machine_platform()).tags() == tuple(tags.platform_tags())


@pytest.mark.skipif(not FREE_THREADED, reason="judged are free-threaded interpreters only")
def test_the_tags_are_those_of_this_interpreter() -> None:
    made = target(f"{sys.version_info[0]}.{sys.version_info[1]}t", machine_platform())
    assert list(made.tags) == list(dict.fromkeys(tags.sys_tags()))
    assert Tag("py3", "none", "any") in made.tags


# -- the rest of a target --


def test_the_environment_has_every_variable() -> None:
    assert target("3.14t", "linux-x86_64").environment.keys() == markers.default_environment().keys()


@pytest.mark.parametrize(
    ("marker", "true_on"),
    [
        ('sys_platform == "win32" and platform_machine == "ARM64"', {"windows-arm64"}),
        ('sys_platform == "darwin" and platform_machine == "arm64"', {"macos-arm64"}),
        (
            'platform_system == "Linux" and platform_machine == "aarch64"',
            {"linux-aarch64", "musllinux-aarch64"},
        ),
        ('os_name == "nt"', {"windows-amd64", "windows-arm64"}),
        ('implementation_name == "cpython" and platform_python_implementation == "CPython"', set(NAMES)),
        ('python_full_version == "3.14.3" and python_version == "3.14"', set(NAMES)),
        ('python_version >= "3.15"', set()),
    ],
)
def test_markers_are_true_where_they_should(marker: str, true_on: set[str]) -> None:
    parsed = markers.Marker(marker)
    held = {name for name in NAMES if parsed.evaluate(dict(target("3.14.3t", name).environment))}
    assert held == true_on


def test_the_environment_of_this_machine_agrees() -> None:
    ours, own = target("3.14t", this_platform()).environment, markers.default_environment()
    names = ("os_name", "sys_platform", "platform_system", "platform_machine")
    assert [ours[name] for name in names] == [own[name] for name in names]  # type: ignore[literal-required]


@pytest.mark.parametrize("name", NAMES)
def test_a_platform_is_found_by_its_tags(name: str) -> None:
    assert this_platform(parse_platform(name).tags()) == name


@pytest.mark.parametrize(
    "found", [["linux_riscv64", "manylinux_2_39_riscv64"], ["linux_x86_64"], ["win32"], []]
)
def test_an_unknown_machine_is_asked_for_its_platform(found: list[str]) -> None:
    with pytest.raises(UsageError, match="this machine") as caught:
        this_platform(found)
    assert "--platform: linux-x86_64" in caught.value.advice


@pytest.mark.parametrize(
    ("python", "platform", "suffixes"),
    [
        ("3.14t", "linux-x86_64", (".cpython-314t-x86_64-linux-gnu.so", ".abi3.so", ".so")),
        ("3.14.2t", "windows-arm64", (".cp314t-win_arm64.pyd", ".pyd")),
        ("3.14t", "macos-arm64@13", (".cpython-314t-darwin.so", ".abi3.so", ".so")),
        (
            "3.15t",
            "musllinux-aarch64",
            (".cpython-315t-aarch64-linux-musl.so", ".abi3t-aarch64-linux-musl.so", ".abi3t.so", ".so"),
        ),
    ],
)
def test_the_suffixes_follow_interpreter_and_platform(
    python: str, platform: str, suffixes: tuple[str, ...]
) -> None:
    assert target(python, platform).suffixes == suffixes


@pytest.mark.skipif(not FREE_THREADED, reason="judged are free-threaded interpreters only")
def test_the_suffixes_are_those_of_this_interpreter() -> None:
    made = target(f"{sys.version_info[0]}.{sys.version_info[1]}t", this_platform())
    assert made.suffixes == tuple(EXTENSION_SUFFIXES)
