"""File names, Requires-Python, and text fit to be shown."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ftaudit.knowledge.targets import parse_interpreter, target
from ftaudit.model.requires_python import allows, allows_without_upper_bound
from ftaudit.model.text import mask, printable, short, without_credentials
from ftaudit.model.wheel_name import is_sdist, wheel_name
from tests.shared import ROOT

T314 = target("3.14t", "linux-x86_64")


@pytest.mark.parametrize("name", ["x-1.0.tar.gz", "x.whl", "x-1.0-py3-none.whl", "x-!-py3-none-any.whl", ""])
def test_what_is_not_named_as_a_wheel_is_none(name: str) -> None:
    assert wheel_name(name) is None


def test_kinds_of_wheel() -> None:
    pure, native, platform = (
        wheel_name(f"x-1.0-{tags}.whl")
        for tags in ("py2.py3-none-any", "cp314-cp314t-win_amd64", "py3-none-manylinux_2_17_x86_64")
    )
    assert pure is not None
    assert native is not None
    assert platform is not None
    assert pure.any_platform
    assert not native.any_platform
    assert not platform.any_platform
    assert pure.rank(T314) is not None
    assert native.rank(T314) is None
    assert not pure.compiled_for(T314)
    assert native.compiled_for(target("3.15t", "windows-amd64"))


def test_source_archives() -> None:
    assert is_sdist("x-1.0.tar.gz")
    assert is_sdist("x-1.0.zip")
    assert not is_sdist("x-1.0-py3-none-any.whl")
    assert not is_sdist("x-1.0.exe")


@pytest.mark.parametrize(
    ("requires", "pip", "uv"),
    [
        (None, True, True),
        (">=3.9", True, True),
        (">=3.9,<3.14", False, True),
        ("<4", True, True),
        ("~=3.9", True, True),
        ("==3.12.*", False, True),
        (">=3.15", False, False),
        ("!=3.14.0", False, True),
        ("nonsense", True, True),
        ("===3.14", False, True),
        ("===nonsense", False, False),
        ("==3.14.0+local", False, True),
        (">=" + "9" * 5000, True, True),
        ("<4,>=" + "9" * 5000, True, True),
    ],
)
def test_requires_python(requires: str | None, pip: bool, uv: bool) -> None:
    interpreter = parse_interpreter("3.14t")
    assert allows(requires, interpreter) is pip
    assert allows_without_upper_bound(requires, interpreter) is uv


def test_secrets_are_masked() -> None:
    assert mask("see https://user:pa55@index.example/x") == "see https://****@index.example/x"
    assert mask("https://index.example/x?token=abc&a=b") == "https://index.example/x?token=****&a=b"
    assert without_credentials("https://u:p@index.example:8080/s/?a=b") == "https://index.example:8080/s/?a=b"
    assert mask("https://index.example/x?a=b") == "https://index.example/x?a=b"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://u:pa@SECRET@host/", "https://****@host/"),
        ("https://u:pa@SEC@RET@host:80/a@b", "https://****@host:80/a@b"),
        ("https://u:SECRET@[::1]:80/", "https://****@[::1]:80/"),
        ("https://u:SECRET@[bad/", "https://****@[bad/"),
        ("https://u:SECRET@", "https://****@"),
        ("https://SECRET@host?a@b", "https://****@host?a@b"),
        (
            "git+https://u:SECRET@host/x and https://v:SECRET@two",
            "git+https://****@host/x and https://****@two",
        ),
        ("https://host/x?a?token=SECRET", "https://host/x?a?token=****"),
        ("https://host/x?my_Token_1=SECRET?x;key=SECRET", "https://host/x?my_Token_1=****;key=****"),
    ],
)
def test_no_part_of_a_secret_is_left(url: str, shown: str) -> None:
    assert mask(url) == shown
    if url.count("://") == 1 and "[bad" not in url:
        assert "SECRET" not in mask(without_credentials(url))


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        ("https://u:p@q@host/a@b", "https://host/a@b"),
        ("https://u:p@[::1]:80/s", "https://[::1]:80/s"),
        ("https://u:p@", "https://"),
        ("https://host/a@b", "https://host/a@b"),
    ],
)
def test_credentials_are_taken_out_whole(url: str, plain: str) -> None:
    assert without_credentials(url) == plain


def test_masking_takes_one_look_at_each_character() -> None:
    """Run with a limit of the processor's time: a cubic pattern would take days."""
    script = (
        "import resource\n"
        "from ftaudit.model.text import mask\n"
        "resource.setrlimit(resource.RLIMIT_CPU, (20, 20))\n"
        "for text in ('?', '?token', 'token', '&key', '://', '://@', ':// @', 'a@'):\n"
        "    mask('x://=?' + text * 200_000)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")


def test_what_is_shown_is_one_printable_line() -> None:
    assert printable("a\x1b[31mb\u202e\n") == "a\\x1b[31mb\\u202e\\x0a"
    assert short("x" * 200) == "x" * 79 + "…"
    assert short("naïve 名") == "naïve 名"
