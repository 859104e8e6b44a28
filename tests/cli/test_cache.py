"""``ftaudit cache``: shown, pruned, cleared, and nobody else's folder touched."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import pytest

from ftaudit.model.binary import Contents
from ftaudit.store.results import FILE, Results
from tests.builders.command import DEFAULT, Run, stock, uv_lock
from tests.builders.index_server import IndexServer

LONG_AGO = 1_000_000_000.0


@pytest.fixture
def filled(server: IndexServer, folder: Path, cache: Path, audit: Run) -> Path:
    """A cache after an audit of two pins: two pages, and the metadata of each."""
    (folder / "uv.lock").write_text(uv_lock("a==1.0", "b==2.0"))
    stock(server, "a==1.0", "b==2.0")
    done = audit("--index-url", server.simple, *DEFAULT)
    assert done.status == 0
    return cache


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def entries(run: Run, cache: Path) -> int:
    done = run("cache", "--cache-dir", str(cache))
    place, said = done.out.splitlines()
    assert (done.status, done.err, place) == (0, "", str(cache))
    assert said.endswith(" MB")
    return int(said.partition(" ")[0])


def test_where_it_is_and_how_large(filled: Path, run: Run, tmp_path: Path) -> None:
    assert entries(run, filled) >= 4
    assert entries(run, tmp_path / "none-yet") == 0
    assert not (tmp_path / "none-yet").exists()


def test_the_default_is_the_users_own(run: Run) -> None:
    done = run("cache")
    assert done.status == 0
    assert Path(done.out.splitlines()[0]).is_relative_to(os.environ["HOME"])


def test_prune_removes_what_is_old(filled: Path, run: Run) -> None:
    before = entries(run, filled)
    kept = run("cache", "prune", "--cache-dir", str(filled))
    assert (kept.status, kept.out) == (0, "removed 0 entries, 0.0 MB\n")
    old = next(path for path in files(filled) if path.name != "CACHEDIR.TAG")
    os.utime(old, (LONG_AGO, LONG_AGO))
    assert run("cache", "prune", "--cache-dir", str(filled)).out.startswith("removed 1 entry, ")
    assert entries(run, filled) == before - 1
    run("cache", "prune", "--days", "0", "--cache-dir", str(filled))
    assert entries(run, filled) == 0


def test_clear_removes_all_and_the_next_run_asks_again(
    filled: Path, run: Run, audit: Run, server: IndexServer
) -> None:
    before = entries(run, filled)
    done = run("cache", "clear", "--cache-dir", str(filled))
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith(f"removed {before} entries, ")
    assert entries(run, filled) == 0
    asked = server.seen.total()
    assert audit("--index-url", server.simple, *DEFAULT).status == 0
    assert server.seen.total() == 2 * asked


@pytest.mark.parametrize("command", ["prune", "clear"])
def test_a_folder_that_is_no_cache_is_left_alone(command: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "responses").mkdir()
    (tmp_path / "responses" / "mine").write_text("mine")
    os.utime(tmp_path / "responses" / "mine", (LONG_AGO, LONG_AGO))
    done = run("cache", command, "--cache-dir", str(tmp_path))
    assert (done.status, done.out) == (2, "")
    assert done.lines == [f"error: {tmp_path} is not a cache of ftaudit, nothing in it is removed"]
    assert (tmp_path / "responses" / "mine").read_text() == "mine"
    assert entries(run, tmp_path) == 0


@pytest.mark.parametrize("command", ["prune", "clear"])
def test_the_folder_may_be_named_before_the_command(command: str, filled: Path, run: Run) -> None:
    before = entries(run, filled)
    days = ("--days", "0") if command == "prune" else ()
    done = run("cache", "--cache-dir", str(filled), command, *days)
    assert done.out.startswith(f"removed {before} entries, ")


def test_an_audit_refuses_a_cache_folder_that_holds_something_else(audit: Run, folder: Path) -> None:
    (folder / "requirements.txt").write_text("a==1.0\n")
    done = audit("--offline", "--cache-dir", str(folder))
    assert (done.status, done.out) == (2, "")
    assert done.lines[0] == f"error: {folder} is not empty and not a cache of ftaudit"


def test_a_cache_that_cannot_be_made_costs_only_requests(
    server: IndexServer, folder: Path, audit: Run
) -> None:
    (folder / "uv.lock").write_text(uv_lock("a==1.0"))
    stock(server, "a==1.0")
    arguments = ("--index-url", server.simple, *DEFAULT)
    done = audit(*arguments, "--cache-dir", str(folder / "uv.lock" / "cache"))
    assert (done.status, done.err) == (0, "")


@pytest.fixture
def with_results(filled: Path) -> Path:
    """`filled`, with what two wheels hold kept beside."""
    with closing(Results(filled, Contents, analyser="1", writable=True, notice=lambda said: None)) as results:
        results.save("a", Contents(modules=()))
        results.save("b", Contents(modules=()))
    return filled


def test_what_wheels_hold_is_counted_pruned_and_cleared(with_results: Path, run: Run) -> None:
    before = entries(run, with_results)
    assert run("cache", "prune", "--cache-dir", str(with_results)).out == "removed 0 entries, 0.0 MB\n"
    for path in files(with_results):
        if path.parent != with_results:
            path.unlink()
    assert entries(run, with_results) == 2 < before
    pruned = run("cache", "prune", "--days", "0", "--cache-dir", str(with_results))
    assert pruned.out.startswith("removed 2 entries, ")
    assert entries(run, with_results) == 0
    assert run("cache", "clear", "--cache-dir", str(with_results)).out.startswith("removed 0 entries, ")
    assert [path.name for path in files(with_results)] == ["CACHEDIR.TAG"]


@pytest.mark.parametrize("command", ["prune", "clear"])
def test_a_store_in_a_folder_that_is_no_cache_is_left_alone(command: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("mine")
    assert run("cache", command, "--cache-dir", str(tmp_path)).status == 2
    assert entries(run, tmp_path) == 0
    assert (tmp_path / FILE).read_text() == "mine"
