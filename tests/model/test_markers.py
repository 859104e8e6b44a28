"""Markers where part of the answer is not known."""

from __future__ import annotations

import pytest

from ftaudit.knowledge.targets import target
from ftaudit.model.markers import MAX_LENGTH, MarkerError, could_be_chosen, could_hold, parse

LINUX = target("3.14t", "linux-x86_64").environment
WINDOWS = target("3.14t", "windows-amd64").environment


@pytest.mark.parametrize(
    ("marker", "linux", "windows"),
    [
        (None, True, True),
        ("", True, True),
        ("sys_platform == 'win32'", False, True),
        ("platform_system != 'Windows'", True, False),
        ("os_name == 'nt' or platform_machine == 'x86_64'", True, True),
        ("python_version < '3.14'", False, False),
        ("python_full_version >= '3.14'", True, True),
        ("implementation_name == 'pypy'", False, False),
        ("platform_python_implementation == 'CPython'", True, True),
        # The build of the system is not known: such an atom could hold.
        ("platform_release >= '6'", True, True),
        ("sys_platform == 'win32' and '22631' in platform_version", False, True),
        # What a user chooses is not known either.
        ("extra == 'socks'", True, True),
        ("extra != 'socks'", True, True),
        ("sys_platform == 'win32' and extra == 'socks'", False, True),
        ("'dev' in dependency_groups", True, True),
        ("'all' in extras and sys_platform == 'win32'", False, True),
        ("extra == 'extra-10-nvidia-nat-adk' and extra != 'group-3-app-dev'", True, True),
        ("(extra == 'extra-1-a-b' and sys_platform == 'win32') or python_version < '3'", False, True),
    ],
)
def test_could_hold(marker: str | None, linux: bool, windows: bool) -> None:
    assert could_hold(marker, LINUX) is linux
    assert could_hold(marker, WINDOWS) is windows


def test_with_the_chosen_extras_known_the_marker_is_decided() -> None:
    assert not could_hold("extra == 'socks'", LINUX, frozenset())
    assert could_hold("extra == 'socks'", LINUX, frozenset({"socks", "http2"}))
    assert could_hold("extra == 'HTTP_2'", LINUX, frozenset({"http-2"}))
    assert could_hold("python_version > '3'", LINUX, frozenset())


def test_a_version_of_thousands_of_digits_could_hold() -> None:
    assert could_hold(f"python_version < '3.{'1' * 5000}'", LINUX)


@pytest.mark.parametrize("marker", ["python_version >>> '3'", "x", "os_name == ", "a" * (MAX_LENGTH + 1)])
def test_a_marker_that_does_not_parse_is_an_error_for_readers_and_could_hold_for_judges(marker: str) -> None:
    with pytest.raises(MarkerError) as raised:
        parse(marker)
    assert len(str(raised.value)) < 100
    assert could_hold(marker, LINUX)


def test_depth_is_limited_before_anything_is_parsed() -> None:
    with pytest.raises(MarkerError, match="nested more than"):
        parse("(" * 20_000 + "os_name == 'nt'" + ")" * 20_000)
    assert parse("(" * 10 + "os_name == 'nt'" + ")" * 10)


@pytest.mark.parametrize(
    ("marker", "nothing", "both"),
    [
        (None, None, None),
        ("", None, None),
        ("os_name == 'nt'", None, None),
        ("x", None, None),
        ("'Dev_X' in dependency_groups", False, True),
        ("'gpu' in extras and os_name == 'nt'", False, True),
        ("'dev-x' not in dependency_groups", True, False),
        ("os_name == 'nt' or 'gpu' in extras", True, True),
        ("'ghost' in extras or ('gpu' in extras and 'dev-x' in dependency_groups)", False, True),
        ("extra == 'GPU'", False, True),
        ("python_version < '3.9' or extra == 'ghost'", True, True),
        # What stands in a string is no atom.
        ("\"'gpu' in extras\" == os_name", None, None),
        ("os_name == \"extra == 'gpu'\" and 'ghost' in extras", False, False),
    ],
)
def test_could_be_chosen(marker: str | None, nothing: bool | None, both: bool | None) -> None:
    assert could_be_chosen(marker, frozenset(), frozenset()) is nothing
    assert could_be_chosen(marker, frozenset({"gpu"}), frozenset({"dev-x"})) is both


def test_an_open_extra_decides_nothing() -> None:
    assert could_be_chosen("extra == 'x'", frozenset(), frozenset(), extra_is_open=True) is None
    assert could_be_chosen("extra == 'x'", frozenset(), frozenset()) is False
