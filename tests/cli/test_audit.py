"""``ftaudit audit`` from end to end, over an index on loopback."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest

import ftaudit.render
from ftaudit.knowledge.targets import default_pythons, this_platform
from tests.builders.command import DEFAULT, JSON, PASSWORD, Run, stock, uv_lock
from tests.builders.environments import install, venv
from tests.builders.index_server import IndexServer, Response, file_entry, index_server
from tests.builders.wheels import wheel

SCHEMA = json.loads(
    (Path(ftaudit.render.__file__).parent / "report-v1.schema.json").read_text(encoding="utf-8")
)


# -- reports --


def test_a_lock_in_every_format_in_one_run(locked: IndexServer, folder: Path, audit: Run) -> None:
    pairs = ("--format", "json", "--output", "a.json", "--format", "markdown", "--output", "b.txt")
    done = audit(
        "uv.lock", *DEFAULT, "--index-url", locked.simple, *pairs, "--format", "text", "--output", "-"
    )
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("✓ ready  3.14t on linux-x86_64  2 ready  complete")
    report = json.loads((folder / "a.json").read_bytes())
    jsonschema.Draft202012Validator(SCHEMA).validate(report)
    assert [package["verdicts"][0]["status"] for package in report["packages"]] == ["ready", "ready"]
    assert report["packages"][0]["verdicts"][0]["file"]["index"] == locked.simple
    assert (folder / "b.txt").read_text(encoding="utf-8").startswith("## ")
    assert sorted(path.name for path in folder.iterdir()) == ["a.json", "b.txt", "uv.lock"]


def test_a_file_without_a_format_is_written_by_its_suffix(
    locked: IndexServer, folder: Path, audit: Run
) -> None:
    done = audit(*DEFAULT, "--index-url", locked.simple, "--output", "report.json")
    assert (done.status, done.out) == (0, "")
    assert json.loads((folder / "report.json").read_bytes())["schema_version"] == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--format", "json", "--format", "text"), "more than one report would go to stdout"),
        (("--format", "yaml"), "unknown format 'yaml'"),
        (("--output", "report.doc"), "no format goes by the name of report.doc"),
        (("--output", "missing/report.json"), "missing/report.json cannot be written"),
        (("--python", "3.14", "--platform", "linux-x86_64"), "3.14 is an interpreter with the GIL"),
        (("--python", "3.12t", "--platform", "linux-x86_64"), "no free-threaded build of Python 3.12"),
        (("--python", "3.14t", "--platform", "linux"), "unknown platform 'linux'"),
        (("--uploaded-before", "yesterday"), "--uploaded-before 'yesterday' is not a date"),
        (("--uploaded-before", ""), "--uploaded-before '' is not a date"),
        (("--index-strategy", "best"), "--index-strategy is merge or first"),
        (("--index-map", "x"), "--index-map wants FROM=TO"),
        (("--jobs", "0"), "--jobs"),
        (("--deadline", "-1"), "--deadline"),
        (("--nonsense",), "--nonsense"),
        (("--root", "elsewhere"), "lies outside"),
    ],
)
def test_a_command_line_that_cannot_be_carried_out(
    arguments: tuple[str, ...], message: str, folder: Path, audit: Run
) -> None:
    (folder / "requirements.txt").write_text("a==1.0\n")
    done = audit("requirements.txt", "--offline", *arguments)
    assert (done.status, done.out) == (2, "")
    assert done.lines[0].startswith("error: ")
    assert message in done.lines[0]
    assert all(line.startswith("help: ") for line in done.lines[1:])


def test_a_python_with_the_gil_is_told_what_was_meant(run: Run, folder: Path) -> None:
    assert "did you mean 3.14t?" in run("audit", "--python", "3.14").lines[1]


def test_defaults(locked: IndexServer, run: Run, cache: Path) -> None:
    asked = ("--index-url", locked.simple, "--cache-dir", str(cache))
    targets = run("audit", *asked, *DEFAULT, *JSON).report["targets"]
    assert targets == [{"python": python, "platform": this_platform()} for python in default_pythons()]


# -- what is asked --


def test_a_second_run_and_an_offline_one_ask_nothing(locked: IndexServer, audit: Run) -> None:
    arguments = (*DEFAULT, "--index-url", locked.simple, *JSON)
    cold = audit(*arguments)
    asked = locked.seen.total()
    assert asked >= 2
    warm, offline = audit(*arguments), audit(*arguments, "--offline")
    assert locked.seen.total() == asked
    assert [done.status for done in (cold, warm, offline)] == [0, 0, 0]
    assert warm.statuses == offline.statuses == {"a": "ready", "b": "ready"}


def test_offline_without_a_cache_is_incomplete(locked: IndexServer, audit: Run) -> None:
    done = audit(*DEFAULT, "--index-url", locked.simple, "--offline", *JSON)
    assert (done.status, locked.requests) == (4, [])
    assert done.statuses == {"a": "unknown", "b": "unknown"}
    assert done.report["summary"][0]["complete"] is False


def test_a_date_hides_what_came_later(folder: Path, server: IndexServer, audit: Run) -> None:
    (folder / "requirements.txt").write_text("a==1.0\nb==9.0\n")
    stock(server, "a==1.0", "b==9.0")
    arguments = ("--index-url", server.simple, *JSON)
    assert audit(*arguments).statuses == {"a": "ready", "b": "ready"}
    assert audit(*arguments, "--uploaded-before", "2005-01-01").statuses == {"a": "ready", "b": "unknown"}


def test_a_lock_that_names_an_index_is_asked_there_and_only_there(
    folder: Path, server: IndexServer, audit: Run
) -> None:
    with index_server() as private:
        (folder / "uv.lock").write_text(uv_lock("inner==1.0", registry=private.simple))
        stock(private, "inner==1.0")
        stock(server, "inner==1.0")
        done = audit("--index-url", server.simple, "--extra-index-url", server.simple, *JSON)
        assert done.statuses == {"inner": "ready"}
        assert (server.requests, private.seen["/simple/inner/"]) == ([], 1)
        private.pages.clear()
        missing = audit("--index-url", server.simple, *JSON, "--cache-dir", str(folder / "other"))
        assert missing.statuses == {"inner": "unknown"}
        assert server.requests == []
        mapped = audit("--index-url", server.simple, "--index-map", f"{private.simple}=default", *JSON)
        assert mapped.statuses == {"inner": "ready"}
        assert server.seen["/simple/inner/"] == 1


@pytest.mark.parametrize("allowed", [True, False])
def test_credentials_are_sent_and_never_shown(
    allowed: bool, folder: Path, server: IndexServer, audit: Run, cache: Path
) -> None:
    key = base64.b64encode(f"me:{PASSWORD}".encode()).decode()
    (folder / "requirements.txt").write_text("a==1.0\n")
    stock(server, "a==1.0")
    for path, page in server.pages.items():
        assert isinstance(page, Response)
        auth = key if allowed else "another"
        server.pages[path] = Response(body=page.body, content_type=page.content_type, auth=auth)
    url = server.simple.replace("http://", f"http://me:{PASSWORD}@")
    written = ("--format", "json", "--output", "r.json", "--format", "markdown", "--output", "r.md")
    done = audit("--index-url", url, "--verbose", *written, "--format", "text", "--output", "-")
    assert done.status == (0 if allowed else 4)
    shown = [done.out, done.err, *(path.read_text() for path in (folder / "r.json", folder / "r.md"))]
    kept = [path.read_bytes() for path in cache.rglob("*") if path.is_file()]
    assert not any(secret in text for text in shown for secret in (PASSWORD, key))
    assert not any(secret.encode() in content for content in kept for secret in (PASSWORD, key))
    assert any(headers.get("authorization") == f"Basic {key}" for _, headers in server.requests)


# -- inputs --


def test_a_broken_input_does_not_lose_the_others(locked: IndexServer, folder: Path, audit: Run) -> None:
    (folder / "broken.lock").write_text("{")
    done = audit("broken.lock", "uv.lock", *DEFAULT, "--index-url", locked.simple, *JSON)
    assert done.status == 2
    assert done.statuses == {"a": "ready", "b": "ready"}
    assert done.rules == ["unreadable-input"]
    assert done.report["summary"][0]["complete"] is False
    assert done.lines[0].startswith("error: broken.lock: ")


def test_a_project_folder_says_what_it_chose(locked: IndexServer, folder: Path, audit: Run) -> None:
    (folder / "requirements.txt").write_text("other==1.0\n")
    done = audit(*DEFAULT, "--index-url", locked.simple)
    assert done.status == 0
    assert "read uv.lock (uv.lock, 2 pins)" in done.out
    assert "chose uv.lock; also here: requirements.txt" in done.out


def test_an_empty_folder_is_nothing_to_audit(folder: Path, audit: Run) -> None:
    done = audit()
    assert (done.status, done.out) == (3, "")
    assert done.lines[0] == "error: .: no lockfile and no requirements in this folder or below it"
    assert done.lines[1].startswith("help: name a lockfile")


def test_a_folder_that_was_not_seen_whole_is_incomplete_beside_an_empty_one(folder: Path, audit: Run) -> None:
    (folder / "empty").mkdir()
    (folder / "deep" / "/".join("d" * 25)).mkdir(parents=True)
    assert audit("empty").status == 3
    assert audit("empty", "deep").status == 4
    assert audit("empty", "deep", "no-such").status == 2


def test_requirements_without_a_version_are_counted(folder: Path, audit: Run) -> None:
    (folder / "requirements.txt").write_text("numpy>=2\npandas\n")
    done = audit("--offline", *JSON)
    assert done.status == 3
    assert done.lines[0] == "error: nothing to audit: 2 of 2 requirements are not pinned"
    assert done.rules == ["unpinned-requirement"] * 2
    assert done.report["summary"][0]["verdict"] == "unknown"


def test_some_that_are_not_pinned_leave_the_run_incomplete(
    folder: Path, server: IndexServer, audit: Run
) -> None:
    (folder / "requirements.txt").write_text("a==1.0\nnumpy>=2\n")
    stock(server, "a==1.0")
    done = audit("--index-url", server.simple, *JSON)
    assert (done.status, done.statuses) == (4, {"a": "ready"})


def test_a_folder_of_wheels_asks_nobody_else(
    folder: Path, server: IndexServer, audit: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", server.simple)
    (folder / "wheels").mkdir()
    for name, content in (wheel(name="a", requires=["b"]), wheel(name="b")):
        (folder / "wheels" / name).write_bytes(content)
    done = audit("wheels", *JSON)
    assert (done.status, server.requests) == (0, [])
    assert done.statuses == {"a": "ready", "b": "ready"}
    assert audit("wheels", "--index-url", server.simple).status == 0
    assert server.requests


def test_an_environment(folder: Path, server: IndexServer, audit: Run) -> None:
    site = venv(folder / "env")
    install(site, "a", requires=["b"])
    install(site, "b")
    stock(server, "a==1.0", "b==1.0")
    done = audit("env", "--index-url", server.simple, *JSON)
    assert done.statuses == {"a": "ready", "b": "ready"}
    assert done.report["inputs"][0]["format"] == "environment"
    (site / "b-1.0.dist-info" / "METADATA").unlink()
    broken = audit("env", "--index-url", server.simple, *JSON)
    assert (broken.status, "broken-installation" in broken.rules) == (4, True)


def test_a_dependency_that_is_not_pinned(folder: Path, server: IndexServer, audit: Run) -> None:
    (folder / "requirements.txt").write_text("a==1.0\n")
    stock(server, "a==1.0", requires=["b>=1"])
    done = audit("--index-url", server.simple, *JSON)
    assert (done.status, done.rules) == (4, ["dependency-not-pinned"])
    assert "a 1.0" in done.report["problems"][0]["message"]
    assert "b" in done.report["problems"][0]["message"]


# -- the same bytes --


def undated(text: str) -> str:
    report = json.loads(text)
    assert report.pop("created")
    return json.dumps(report)


def test_the_same_facts_give_the_same_bytes(folder: Path, server: IndexServer, audit: Run) -> None:
    pins = [f"p{number}==1.0" for number in range(40)]
    (folder / "uv.lock").write_text(uv_lock(*pins))
    stock(server, *pins[::2])
    arguments = (*DEFAULT, "--index-url", server.simple, *JSON)
    runs = [audit(*arguments), audit(*arguments), *(audit(*arguments, "--jobs", n) for n in ("1", "64"))]
    assert len({undated(done.out) for done in runs}) == 1
    assert {done.err for done in runs} == {runs[0].err}


def test_the_number_of_jobs_changes_nothing_in_a_cold_run(
    folder: Path, server: IndexServer, audit: Run
) -> None:
    pins = [f"p{number}==1.0" for number in range(40)]
    (folder / "uv.lock").write_text(uv_lock(*pins))
    stock(server, *pins[::2])
    arguments = (*DEFAULT, "--index-url", server.simple, "--format", "text")
    runs = [
        audit(*arguments, "--jobs", jobs, "--cache-dir", str(folder / f"cache-{jobs}"))
        for jobs in ("1", "64")
    ]
    assert runs[0] == runs[1]


# -- what is shown --


def test_quiet_and_verbose(locked: IndexServer, audit: Run) -> None:
    arguments = (*DEFAULT, "--index-url", locked.simple)
    assert audit(*arguments, "--offline").lines == [
        "warning: 1 problem leaves this report incomplete; the report names each"
    ]
    assert audit(*arguments, "--offline", "--quiet").err == ""
    plain, verbose = audit(*arguments), audit(*arguments, "--verbose")
    assert "a 1.0" not in plain.out
    assert "a 1.0" in verbose.out
    assert verbose.lines == ["requests made: 0; answers from the cache: 4"]


@pytest.mark.parametrize(
    ("settings", "coloured"),
    [
        ({}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, False),
    ],
)
def test_colour(
    settings: dict[str, str], coloured: bool, locked: IndexServer, audit: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    done = audit(*DEFAULT, "--index-url", locked.simple)
    assert ("\x1b[" in done.out) is coloured


@pytest.mark.parametrize("columns", [40, 80, 100, 200])
def test_no_line_is_wider_than_the_window(
    columns: int, folder: Path, audit: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "uv.lock").write_text(uv_lock(*(f"package-of-a-long-name-{n}==1.0" for n in range(5))))
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = audit("--offline").out.splitlines()
    assert max(len(line) for line in lines) <= columns
    assert audit("--offline", "--verbose").out.splitlines()[0] == lines[0]


@pytest.mark.parametrize("columns", ["", "wide", "-3", "0", "99999999999999999999", "²"])
def test_columns_that_are_no_width_are_passed_over(
    columns: str, locked: IndexServer, audit: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    done = audit(*DEFAULT, "--index-url", locked.simple)
    assert (done.status, done.err) == (0, "")
    assert max(map(len, done.out.splitlines())) <= 240


# -- exit statuses --


@pytest.mark.parametrize(
    ("answer", "status", "complete"),
    [
        (None, 0, True),
        (Response(status=404), 0, True),
        (Response(status=403), 4, False),
        (Response(status=500), 4, False),
        (Response(body=b"<html>", content_type="text/plain"), 4, False),
    ],
)
def test_exit_status_by_what_the_index_says_of_one(
    answer: Response | None, status: int, complete: bool, locked: IndexServer, audit: Run
) -> None:
    if answer is not None:
        locked.pages["/simple/a/"] = answer
    done = audit(*DEFAULT, "--index-url", locked.simple, *JSON)
    assert done.status == status
    assert done.statuses == {"a": "unknown" if answer else "ready", "b": "ready"}
    assert done.report["summary"][0]["complete"] is complete


def test_a_blocked_pin_is_not_a_failure(folder: Path, server: IndexServer, audit: Run) -> None:
    (folder / "requirements.txt").write_text("a==1.0\n")
    server.project("a", file_entry("a-1.0-cp311-cp311-win_amd64.whl"))
    done = audit("--index-url", server.simple, *JSON)
    assert done.statuses == {"a": "blocked"}
