"""How ``ftaudit audit`` ends where it is not let finish: a deadline, Ctrl-C, streams that are closed."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.builders.command import DEFAULT, JSON, Done, Run, finish, start, stock, uv_lock
from tests.builders.index_server import IndexServer, Response


def test_a_deadline_ends_a_run_that_hangs_with_a_whole_report(
    folder: Path, server: IndexServer, audit: Run
) -> None:
    (folder / "uv.lock").write_text(uv_lock("quick==1.0", "slow==1.0"))
    stock(server, "quick==1.0")
    server.pages["/simple/slow/"] = Response(hang=True, body=b"{}")
    done = audit(*DEFAULT, "--index-url", server.simple, "--deadline", "0.7", *JSON)
    assert not server.closed.is_set()
    assert done.status == 4
    assert done.statuses == {"quick": "ready", "slow": "unknown"}
    assert "deadline" in done.report["problems"][0]["message"]


class Reached(Counter[str]):
    """A count that tells when a path was first asked for."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._path, self._event = path, threading.Event()

    def __setitem__(self, path: str, count: int) -> None:
        super().__setitem__(path, count)
        if path == self._path:
            self._event.set()

    def wait(self) -> None:
        assert self._event.wait(20), f"{self._path} was never asked for"


def elsewhere(server: IndexServer, *more: str) -> list[str]:
    """The arguments of an audit in another process."""
    target = ("--python", "3.14t", "--platform", "linux-x86_64", "--cache-dir", "../cache")
    return ["audit", *DEFAULT, "--index-url", server.simple, *target, *more]


def test_an_interrupted_run_ends_at_once_with_one_line(
    folder: Path, server: IndexServer, tmp_path: Path
) -> None:
    (folder / "uv.lock").write_text(uv_lock(*(f"p{number}==1.0" for number in range(30))))
    for number in range(30):
        server.pages[f"/simple/p{number}/"] = Response(hang=True, body=b"{}")
    reached = server.seen = Reached("/simple/p0/")
    process = start(elsewhere(server, "--output", "report.json"), home=folder)
    reached.wait()
    process.send_signal(signal.SIGINT)
    done = finish(process, seconds=10)
    assert not server.closed.is_set()
    assert done == Done(130, "", "interrupted\n")
    assert sorted(path.name for path in folder.iterdir()) == ["uv.lock"]


def test_a_reader_that_has_gone_is_no_error(locked: IndexServer, folder: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    process = start(elsewhere(locked), home=folder, stdout=write)
    os.close(write)
    assert finish(process) == Done(141, "", "")


def closing(streams: str, arguments: list[str], folder: Path) -> Done:
    """A run whose caller closed *streams*, in the words of a shell."""
    command = ["sh", "-c", f'exec "$@" {streams}', "sh", sys.executable, "-m", "ftaudit", *arguments]
    return finish(start([], home=folder, prelude=f"import os; os.execvp('sh', {command!r})"))


@pytest.mark.parametrize("streams", ["<&-", "<&- 2>&-"])
def test_closed_streams_change_nothing(streams: str, locked: IndexServer, folder: Path) -> None:
    done = closing(streams, elsewhere(locked), folder)
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("✓ ready")


def test_a_closed_stdout_is_an_error_only_where_a_report_goes_there(
    locked: IndexServer, folder: Path
) -> None:
    done = closing(">&-", elsewhere(locked), folder)
    assert (done.status, done.lines[0]) == (2, "error: stdout is closed")
    assert closing(">&-", elsewhere(locked, "--output", "report.json"), folder) == Done(0, "", "")
    assert (folder / "report.json").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_full_disk_is_one_line(locked: IndexServer, folder: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = finish(start(elsewhere(locked), home=folder, stdout=full))
    assert done.status == 2
    assert done.lines == ["error: stdout cannot be written: no space left on device"]


def test_a_bug_shows_where_it_is(locked: IndexServer, audit: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ValueError("no such luck")

    monkeypatch.setattr("ftaudit.pipeline.audit", broken)
    done = audit(*DEFAULT, "--index-url", locked.simple)
    assert (done.status, done.out) == (70, "")
    assert done.lines[0] == "Traceback (most recent call last):"
    assert done.lines[-3:] == [
        "ValueError: no such luck",
        "error: this is a bug in ftaudit",
        "help: please report it with the lines above",
    ]


@pytest.mark.parametrize("order", [("empty", "broken.lock"), ("broken.lock", "empty")])
def test_what_is_wrong_weighs_more_than_that_nothing_was_found(
    order: tuple[str, str], folder: Path, audit: Run
) -> None:
    (folder / "empty").mkdir()
    (folder / "broken.lock").write_bytes(b"\x00")
    assert audit(*order).status == 2
