"""Addresses that are none, wherever they come from: the command line, a lock, a project file, an index."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders.command import JSON, LOCK_INDEX, PASSWORD, Run, uv_lock
from tests.builders.index_server import IndexServer, file_entry

NO_ADDRESS = ("http://h:99999/simple", "http://[/simple")


@pytest.mark.parametrize("url", ["", *NO_ADDRESS, f"https://me:{PASSWORD}@["])
@pytest.mark.parametrize("option", ["--index-url", "--extra-index-url", "--index-map"])
def test_an_address_that_is_none_on_the_command_line(option: str, url: str, folder: Path, audit: Run) -> None:
    (folder / "requirements.txt").write_text("a==1.0\n")
    done = audit(option, f"{LOCK_INDEX}={url}" if option == "--index-map" else url)
    assert (done.status, done.out) == (2, "")
    assert done.lines[0].startswith("error: ")
    assert PASSWORD not in done.err


@pytest.mark.parametrize("url", NO_ADDRESS)
@pytest.mark.parametrize("offline", [True, False])
def test_an_address_that_is_none_in_a_lock(url: str, offline: bool, folder: Path, audit: Run) -> None:
    (folder / "uv.lock").write_text(uv_lock("a==1.0", registry=url))
    done = audit(*JSON, *(("--offline",) if offline else ()))
    assert (done.status, done.statuses) == (4, {"a": "unknown"})
    assert "not an address" in done.report["problems"][0]["message"]


@pytest.mark.parametrize("text", ["--index-url {}", "--extra-index-url {}", "--find-links {}"])
@pytest.mark.parametrize("url", NO_ADDRESS)
def test_an_address_that_is_none_in_requirements(text: str, url: str, folder: Path, audit: Run) -> None:
    (folder / "requirements.txt").write_text(f"{text.format(url)}\na==1.0\n")
    done = audit()
    assert (done.status, done.lines) == (2, [f"error: {url} is not a URL"])


@pytest.mark.parametrize("url", NO_ADDRESS)
def test_an_explicit_index_whose_address_is_none(url: str, folder: Path, audit: Run) -> None:
    (folder / "uv.lock").write_text(uv_lock("a==1.0"))
    index = f'[[tool.uv.index]]\nname = "x"\nexplicit = true\nurl = "{url}"\n'
    (folder / "pyproject.toml").write_text(index)
    assert audit("--offline").lines == [f"error: {url} is not a URL"]


@pytest.mark.parametrize("url", ["http://h:99999/x.whl", "http://[/x.whl", "http://u@[/x.whl", "//[", "\x00"])
@pytest.mark.parametrize("beside", [True, False])
def test_a_page_whose_files_have_no_address(
    url: str, beside: bool, folder: Path, server: IndexServer, audit: Run
) -> None:
    (folder / "requirements.txt").write_text("a==1.0\n")
    entry = file_entry("a-1.0-py3-none-any.whl", core_metadata=beside)
    server.project("a", {**entry, "url": url})
    for offline in ((), ("--offline",)):
        done = audit("--index-url", server.simple, *JSON, *offline)
        assert (done.status, done.statuses) == (4, {"a": "unknown"})
        assert done.report["summary"][0]["complete"] is False
