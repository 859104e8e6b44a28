"""Which index is asked: the precedence, and that a private name reaches no other index."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from ftaudit.errors import ConfigError, UsageError
from ftaudit.index.config import IndexesDifferError, IndexOptions, Plan, Settings
from ftaudit.model.project import DeclaredIndex, Reading
from ftaudit.net.auth import Credentials, origin

PUBLIC = "https://public.example/simple"
A, B, C = (f"https://{name}.example/simple" for name in "abc")


def settings(
    tmp_path: Path,
    *declared: DeclaredIndex,
    environ: dict[str, str] | None = None,
    files: dict[str, str] | None = None,
    readings: tuple[Reading, ...] | None = None,
    **options: Any,
) -> Settings:
    home = tmp_path / "home"
    for place, text in (files or {}).items():
        (home / place).parent.mkdir(parents=True, exist_ok=True)
        (home / place).write_text(text)
    reading = Reading(input="lock", format="uv.lock", sha256="", indexes=declared)
    return Settings(
        IndexOptions(root=tmp_path, **options),
        (reading,) if readings is None else readings,
        environ={"XDG_CONFIG_DIRS": str(tmp_path / "none"), **(environ or {})},
        home=home,
        cwd=tmp_path,
        public=lambda: PUBLIC + "/",
    )


def asked(plan: Plan) -> list[str]:
    return [index.url for index in plan.indexes]


def uv(url: str, **more: Any) -> DeclaredIndex:
    return DeclaredIndex(url=url, tool="uv", **more)


def pip(url: str, **more: Any) -> DeclaredIndex:
    return DeclaredIndex(url=url, tool="pip", **more)


@pytest.mark.parametrize(
    ("environ", "options", "expected"),
    [
        ({}, {}, [PUBLIC]),
        ({"PIP_INDEX_URL": A}, {}, [A]),
        ({"PIP_EXTRA_INDEX_URL": f"{A} {B}"}, {}, [PUBLIC, A, B]),
        ({"PIP_INDEX_URL": A, "PIP_EXTRA_INDEX_URL": B}, {}, [A, B]),
        ({"PIP_INDEX_URL": A, "UV_DEFAULT_INDEX": B}, {}, [A]),
        ({"UV_DEFAULT_INDEX": B}, {}, [B]),
        ({"UV_INDEX_URL": B, "UV_EXTRA_INDEX_URL": C}, {}, [C, B]),
        ({"UV_INDEX": f"corp={A} {B}"}, {}, [A, B, PUBLIC]),
        ({"PIP_INDEX_URL": A}, {"index_url": B}, [B]),
        ({"PIP_INDEX_URL": A, "PIP_EXTRA_INDEX_URL": C}, {"index_url": B}, [B]),
        # as for pip: the extra index adds to the index URL that is set, never to the public one beside it
        ({"PIP_INDEX_URL": A, "PIP_EXTRA_INDEX_URL": C}, {"extra_index_urls": (B,)}, [A, B]),
        ({}, {"extra_index_urls": (B,)}, [PUBLIC, B]),
        ({"PIP_NO_INDEX": "1", "PIP_INDEX_URL": A}, {}, []),
        ({"PIP_NO_INDEX": "0", "PIP_INDEX_URL": A}, {}, [A]),
        ({"PIP_INDEX_URL": "", "UV_DEFAULT_INDEX": B}, {}, [B]),
    ],
)
def test_the_first_that_is_set_is_asked(
    tmp_path: Path, environ: dict[str, str], options: dict[str, Any], expected: list[str]
) -> None:
    assert asked(settings(tmp_path, environ=environ, **options).plan("")) == expected


@pytest.mark.parametrize(
    ("declared", "environ", "expected", "strategy"),
    [
        ((uv(A),), {}, [A, PUBLIC], "first"),
        ((uv(A, replaces_default=True), uv(B)), {}, [B, A], "first"),
        ((uv(A),), {"PIP_INDEX_URL": B, "PIP_EXTRA_INDEX_URL": C}, [A, B], "first"),
        ((uv(A, explicit=True),), {"PIP_INDEX_URL": B}, [B], "merge"),
        ((uv(A, explicit=True),), {}, [PUBLIC], "first"),
        ((pip(A, replaces_default=True), pip(B)), {"PIP_INDEX_URL": C}, [A, B], "merge"),
        ((DeclaredIndex(url=A, tool="poetry"),), {}, [PUBLIC, A], "merge"),
        ((DeclaredIndex(url=A, tool="poetry", replaces_default=True),), {}, [A], "merge"),
    ],
)
def test_what_the_project_declares(
    tmp_path: Path,
    declared: tuple[DeclaredIndex, ...],
    environ: dict[str, str],
    expected: list[str],
    strategy: str,
) -> None:
    plan = settings(tmp_path, *declared, environ=environ).plan("")
    assert (asked(plan), plan.strategy) == (expected, strategy)


def test_the_command_line_replaces_what_the_project_declares(tmp_path: Path) -> None:
    assert asked(settings(tmp_path, uv(A, replaces_default=True), index_url=B).plan("")) == [B]


@pytest.mark.parametrize("strategy", ["merge", "first"])
def test_the_strategy_can_be_set(tmp_path: Path, strategy: str) -> None:
    assert settings(tmp_path, uv(A), index_strategy=strategy).plan("").strategy == strategy


def test_a_strategy_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--index-strategy"):
        settings(tmp_path, index_strategy="best")


@pytest.mark.parametrize(
    "location", [A, A + "/", A.upper().replace("SIMPLE", "simple"), A.replace("//", "//****@")]
)
def test_a_pin_whose_lock_names_an_index_is_asked_there_only(tmp_path: Path, location: str) -> None:
    known = settings(tmp_path, uv(B), environ={"PIP_EXTRA_INDEX_URL": C})
    plan = known.plan(location)
    assert (asked(plan), plan.links) == ([A], ())


@pytest.mark.parametrize(
    ("maps", "location", "expected"),
    [
        ((f"{A}={B}",), A, [B]),
        ((f"{A}/={B}/",), A, [B]),
        ((f"{A}=default",), A, [C]),
        ((f"{A}={B}",), C, [C]),
        ((f"{A}?x=1={B}?y=2",), f"{A}?x=1", [f"{B}?y=2"]),
        ((f"{C}={B}",), "", [B]),
    ],
)
def test_an_index_map(tmp_path: Path, maps: tuple[str, ...], location: str, expected: list[str]) -> None:
    known = settings(tmp_path, environ={"PIP_INDEX_URL": C}, index_map=maps)
    assert asked(known.plan(location)) == expected


@pytest.mark.parametrize("text", ["", "=", "x", "x="])
def test_an_index_map_that_is_none(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError, match="--index-map"):
        settings(tmp_path, index_map=(text,))


def test_inputs_with_different_indexes_are_kept_apart(tmp_path: Path) -> None:
    private = Reading(input="a", format="", sha256="", indexes=(uv(A, replaces_default=True),))
    open_source = Reading(input="b", format="", sha256="")
    known = settings(tmp_path, readings=(private, open_source))
    assert asked(known.plan("", ["a"])) == [A]
    assert asked(known.plan("", ["b"])) == [PUBLIC]
    for inputs in ([], ["a", "b"], ["b", "a"]):
        with pytest.raises(IndexesDifferError):
            known.plan("", inputs)
    assert asked(known.plan(C, ["a", "b"])) == [C]


def test_the_order_of_one_index_is_no_difference(tmp_path: Path) -> None:
    """uv asks in order and pip merges: of one index alone that is the same."""
    first, second = (
        Reading(input=name, format="", sha256="", indexes=indexes)
        for name, indexes in (
            ("a", (uv(A, replaces_default=True),)),
            ("b", (pip(A, replaces_default=True),)),
        )
    )
    assert asked(settings(tmp_path, readings=(first, second)).plan("", ["a", "b"])) == [A]
    third = Reading(input="c", format="", sha256="", indexes=(uv(A),))
    fourth = Reading(input="d", format="", sha256="", indexes=(pip(PUBLIC, replaces_default=True), pip(A)))
    with pytest.raises(IndexesDifferError):
        settings(tmp_path, readings=(third, fourth)).plan("", ["c", "d"])


def pdm(url: str, **more: Any) -> DeclaredIndex:
    return DeclaredIndex(url=url, tool="pdm", **more)


@pytest.mark.parametrize(
    ("declared", "name", "expected"),
    [
        ((pdm(A, only=("corp-*",)),), "corp-x", [A]),
        ((pdm(A, only=("corp-*",)),), "x", [PUBLIC, A]),
        ((pdm(A, only=("corp-*",), never=("*",)),), "corp-x", [A]),
        ((pdm(A, only=("corp-*",), never=("*",)),), "x", [PUBLIC]),
        ((pdm(A, only=("corp-*",)), pdm(B), pdm(C, only=("*-x",))), "corp-x", [A, C]),
        ((pdm(A, replaces_default=True), pdm(B, only=("corp-*",))), "corp-x", [B]),
        ((pdm(A, never=("bar-*",)),), "bar-x", [PUBLIC]),
        ((pdm(A, replaces_default=True, never=("bar-*",)), pdm(B)), "bar-x", [B]),
        ((pdm(A, replaces_default=True, never=("bar-*",)),), "bar-x", []),
        ((pdm(A, replaces_default=True, never=("bar-*",)),), "x", [A]),
    ],
)
def test_pdm_keeps_names_for_a_source(
    tmp_path: Path, declared: tuple[DeclaredIndex, ...], name: str, expected: list[str]
) -> None:
    assert asked(settings(tmp_path, *declared).plan("", name=name)) == expected


def test_a_flat_source_of_pdm_keeps_its_names_too(tmp_path: Path) -> None:
    plan = settings(tmp_path, pdm(A, only=("corp-*",), find_links=True), pdm(B)).plan("", name="corp-x")
    assert (asked(plan), [index.url for index in plan.links]) == ([], [A])


def test_a_wheelhouse_is_an_index_of_its_own(tmp_path: Path) -> None:
    house = DeclaredIndex(url=str(tmp_path), find_links=True, tool="wheelhouse")
    alone = settings(tmp_path, house, environ={"PIP_INDEX_URL": A}).plan("")
    assert (asked(alone), [index.path for index in alone.links]) == ([], [tmp_path])
    beside = settings(tmp_path, house, index_url=B).plan("")
    assert (asked(beside), len(beside.links)) == ([B], 1)


def test_folders_that_only_the_lock_names_are_read_inside_the_project_only(tmp_path: Path) -> None:
    known = settings(tmp_path, environ={"PIP_FIND_LINKS": "/srv/wheels"})
    inside, outside = known.plan("wheels"), known.plan("/etc")
    assert (inside.indexes[0].path, inside.indexes[0].refused) == (tmp_path / "wheels", "")
    assert outside.indexes[0].path is None
    assert "outside the project" in outside.indexes[0].refused
    assert known.plan("").links[0].path == Path("/srv/wheels")
    assert known.plan("ftp://a.example/").indexes[0].refused


def test_find_links_with_no_index(tmp_path: Path) -> None:
    plan = settings(tmp_path, pip(A, find_links=True, replaces_default=True)).plan("")
    assert (asked(plan), [index.url for index in plan.links]) == ([], [A])


PIP_CONF = """\
[global]
index-url = {a}
timeout = 60
[install]
extra-index-url =
    {b}
    {c}
trusted-host = a.example
[freeze]
index-url = {c}
"""


def test_the_files_of_pip(tmp_path: Path) -> None:
    text = PIP_CONF.format(a=A, b=B, c=C)
    known = settings(tmp_path, files={".config/pip/pip.conf": text})
    assert asked(known.plan("")) == [A, B, C]
    assert known.net.trusted_hosts == ("a.example",)
    assert asked(settings(tmp_path, environ={"PIP_CONFIG_FILE": "/dev/null"}).plan("")) == [PUBLIC]
    over = settings(tmp_path, environ={"PIP_INDEX_URL": C, "PIP_EXTRA_INDEX_URL": ""})
    assert asked(over.plan("")) == [C, B]
    named = settings(
        tmp_path,
        files={"other.conf": f"[global]\nindex_url = {B}\n"},
        environ={"PIP_CONFIG_FILE": str(tmp_path / "home" / "other.conf")},
    )
    assert asked(named.plan("")) == [B]


def test_the_files_of_uv(tmp_path: Path) -> None:
    text = f"[[index]]\nurl = '{A}'\ndefault = true\n[[index]]\nname = 'b'\nurl = '{B}'\n"
    known = settings(tmp_path, files={".config/uv/uv.toml": text})
    assert (asked(known.plan("")), known.plan("").strategy) == ([B, A], "first")
    over = settings(tmp_path, environ={"UV_INDEX": C, "UV_INDEX_STRATEGY": "unsafe-best-match"})
    assert (asked(over.plan("")), over.plan("").strategy) == ([C, B, A], "merge")
    assert asked(settings(tmp_path, environ={"UV_NO_CONFIG": "1"}).plan("")) == [PUBLIC]


@pytest.mark.parametrize(
    ("place", "text"),
    [
        (".config/pip/pip.conf", "index-url = https://me:s3cret@a.example\n"),
        (".config/pip/pip.conf", "[global]\nme s3cret\n"),
        (".config/uv/uv.toml", "index-url = https://me:s3cret@a.example"),
        (".config/uv/uv.toml", "index-url = 3"),
        (".config/uv/uv.toml", "index = 3"),
        (".config/uv/uv.toml", "extra-index-url = [3]"),
        (".config/uv/uv.toml", "[[index]]\nname = 'x'"),
    ],
)
def test_a_broken_file_is_named_without_its_content(tmp_path: Path, place: str, text: str) -> None:
    with pytest.raises(ConfigError) as failed:
        settings(tmp_path, files={place: text})
    assert place.rpartition("/")[2] in failed.value.message
    assert "s3cret" not in failed.value.message


def test_a_configuration_that_is_too_large_or_not_a_file(tmp_path: Path) -> None:
    large = "#" * (1024 * 1024 + 1)
    with pytest.raises(ConfigError, match="larger than 1 MB"):
        settings(tmp_path / "a", files={".config/pip/pip.conf": large})
    with pytest.raises(ConfigError, match="larger than 1 MB"):
        settings(tmp_path / "b", environ={"UV_CONFIG_FILE": "/dev/zero"})
    with pytest.raises(ConfigError, match="is a directory"):
        settings(tmp_path / "c", environ={"UV_CONFIG_FILE": str(tmp_path)})
    exact = f"index-url = '{A}'\n".ljust(1024 * 1024, "#")
    assert asked(settings(tmp_path / "d", files={".config/uv/uv.toml": exact}).plan("")) == [A]


def test_a_pipe_is_read_though_it_tells_no_size(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.write(writing, f"index-url = '{A}'".encode())
    os.close(writing)
    try:
        known = settings(tmp_path, environ={"UV_CONFIG_FILE": f"/dev/fd/{reading}"})
    finally:
        os.close(reading)
    assert asked(known.plan("")) == [A]


def test_what_the_user_named_is_trusted_with_passwords_and_what_the_project_names_is_not(
    tmp_path: Path,
) -> None:
    known = settings(
        tmp_path, uv(A), environ={"PIP_EXTRA_INDEX_URL": B}, index_map=("https://d.example/s=" + C,)
    )
    assert known.trusted_origins >= {origin(B), origin(C)}
    assert origin(A) not in known.trusted_origins


def test_a_certificate_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such certificate file"):
        settings(tmp_path, environ={"PIP_CERT": str(tmp_path / "none.pem")})
    (tmp_path / "ca.pem").write_text("")
    known = settings(
        tmp_path, environ={"PIP_CERT": str(tmp_path / "ca.pem"), "PIP_PROXY": "http://p.example"}
    )
    assert known.net.verify(A) == str(tmp_path / "ca.pem")
    assert known.net.proxies_for(A) == {"http": "http://p.example", "https": "http://p.example"}


def test_credentials_are_by_origin_and_never_shown(tmp_path: Path) -> None:
    secret = A.replace("//", "//me:s3cr%40t@")
    known = settings(
        tmp_path,
        uv(B, name="my-corp"),
        environ={
            "PIP_INDEX_URL": secret,
            "UV_INDEX_MY_CORP_USERNAME": "you",
            "UV_INDEX_MY_CORP_PASSWORD": "pw",
        },
    )
    assert known.credentials == {
        origin(A): Credentials("me", "s3cr@t"),
        origin(B): Credentials("you", "pw"),
    }
    assert "s3cr" not in repr(known.plan("")) + repr(known.plan(secret)) + repr(known.credentials)
