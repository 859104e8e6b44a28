"""Every row of the corpus of bad inputs, through the command line: its exit status, its line, and no more."""

from __future__ import annotations

import csv
import os
import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from ftaudit.cli.messages import LONGEST
from ftaudit.sources.registry import names
from tests.builders.command import DEFAULT, Done, Run, finish, start, stock
from tests.builders.index_server import IndexServer
from tests.shared import SHARED

FOREIGN = ("package-lock.json",)
"""The inputs of the corpus that are of no format of ours."""

PART = "(part of"
NOT_KNOWN = "not a lockfile or environment that ftaudit knows"


class Row(NamedTuple):
    file: str
    kind: str
    place: str

    @property
    def name(self) -> str:
        return Path(self.file).name

    @property
    def number(self) -> int:
        return int(self.file[:2])


def rows() -> list[Row]:
    """The rows of index.tsv that are inputs of their own; none without the corpus."""
    if SHARED is None:
        return []
    with (SHARED / "corpus/bad/index.tsv").open(encoding="utf-8") as file:
        return [
            Row(row["file"], row["class"], row["place to name"] or "")
            for row in csv.DictReader(file, delimiter="\t")
            if not row["what a good tool does"].startswith(PART)
        ]


ROWS = rows()
MADE_BY_TESTS = {19, 20, 21, 47, 52, 62, 76, 77}
"""Listed, but too large or too special to lie in the corpus."""

REFUSED = {43, 45, 46, 48, 49, 50}
"""A file that another one includes is not read: the rest is, and the report is incomplete."""

READ: dict[int, tuple[int, int, set[str]]] = {
    18: (0, 1, {"newer-format-version"}),
    32: (0, 1, {"duplicate-package"}),
    35: (0, 2, set()),
    36: (0, 28, set()),
    37: (0, 2, set()),
    39: (0, 2, set()),
    41: (0, 3, set()),
    51: (0, 1, set()),
    57: (4, 2, {"invalid-version"}),
    58: (4, 3, {"invalid-version", "dependencies-not-known"}),
    59: (4, 1, {"invalid-marker"}),
    63: (
        4,
        2,
        {
            "invalid-package-url",
            "component-without-version",
            "other-ecosystems",
            "dependencies-not-known",
        },
    ),
    64: (0, 2, set()),
    65: (4, 1, {"dependency-not-pinned"}),
    70: (4, 2, {"dependencies-not-known"}),
    71: (4, 5, {"dependencies-not-known"}),
    72: (3, 0, {"unpinned-requirement"}),
    74: (4, 2, {"unpinned-requirement"}),
    75: (4, 10, {"resolved-elsewhere", "dependencies-not-known"}),  # nothing of it is in the index
}
"""Exit status, number of pins and the rules of all problems, where the index has what is pinned."""

SECRETS = ("s3cr3t", "root:x:0", "OUTSIDE-THE-TREE")
CODE = re.compile(r"(`+).*?\1")
RAW = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")


def named(rows: list[Row]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("row", rows or [Row("-", "-", "-")], ids=lambda row: row.file)


def examined(done: Done, *reports: str, markdown: str = "") -> Done:
    """*done* and its reports, after a look at what no run may do whatever the input."""
    assert done.status in (0, 2, 3, 4)
    assert "Traceback" not in done.err
    assert all(len(line) < LONGEST + 20 for line in done.lines)
    assert "<script" not in CODE.sub("", markdown)
    for text in (done.out, done.err, *reports, markdown):
        assert not RAW.search(text)
        assert not any(secret in text for secret in SECRETS)
    return done


@pytest.fixture
def audit_all(audit: Run, folder: Path) -> Run:
    """An audit that writes every format, all of them examined; stdout is the JSON report."""

    def audit_all(*inputs: str, **options: str) -> Done:
        text, markdown = folder / "report.txt", folder / "report.md"
        written = ("--format", "json", "--output", "-", "--output", str(text), "--output", str(markdown))
        asked = ("--index-url", options["index"]) if options else ("--offline",)
        done = audit(*inputs, *written, *DEFAULT, *asked)
        return examined(done, written_to(text), markdown=written_to(markdown))

    return audit_all


def written_to(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def errors(done: Done) -> list[str]:
    return [line for line in done.lines if line.startswith("error: ")]


def incomplete(report: dict[str, Any], rule: str) -> list[dict[str, Any]]:
    return [problem for problem in report["problems"] if problem["rule"] == rule]


def words_of(place: str) -> str:
    """What of a place that the corpus names must stand in the message."""
    if place.startswith(("line", "key ")):
        exact = re.fullmatch(r"line \d+|key (\S+)", place)
        return (exact[1] or exact[0]) if exact else "line"
    return "" if place in ("whole file", "packages[0]") else place


def test_every_row_has_its_test(shared: Path) -> None:
    unknown = {row.number for row in ROWS if row.name in FOREIGN}
    broken = {row.number for row in ROWS if row.name not in FOREIGN and row.kind == "error"}
    assert {row.number for row in ROWS} == unknown | broken | set(READ) | MADE_BY_TESTS
    assert {row.number for row in ROWS if row.kind != "error" and row.name not in FOREIGN} <= set(READ) | {62}
    assert broken >= REFUSED | {44}
    assert (shared / "corpus/bad").is_dir()


@named([row for row in ROWS if row.name in FOREIGN and row.number not in MADE_BY_TESTS])
def test_a_format_that_is_not_known_is_one_line(row: Row, shared: Path, audit_all: Run) -> None:
    path = str(shared / "corpus/bad" / row.file)
    done = audit_all(path)
    known = ", ".join(names())
    assert done == Done(2, "", f"error: {path}: {NOT_KNOWN}\nhelp: it reads: {known}\n")


BROKEN = [
    row
    for row in ROWS
    if row.name not in FOREIGN and row.kind == "error" and row.number not in MADE_BY_TESTS | REFUSED | {44}
]


@named(BROKEN)
def test_a_broken_input_is_one_line_that_names_file_and_place(row: Row, shared: Path, audit_all: Run) -> None:
    path = str(shared / "corpus/bad" / row.file)
    done = audit_all(path)
    assert (done.status, done.out) == (2, "")
    (line,) = errors(done)
    assert line.startswith(f"error: {path}: ")
    told = line.removeprefix(f"error: {path}: ")
    assert words_of(row.place) in told or told.startswith("top level: ")
    assert [other for other in done.lines if other != line and not other.startswith("help: ")] == []


@named(BROKEN)
def test_the_report_of_the_rest_names_the_broken_input(
    row: Row, shared: Path, folder: Path, audit_all: Run
) -> None:
    (folder / "requirements.txt").write_text("good==1.0\n")
    path = str(shared / "corpus/bad" / row.file)
    done = audit_all(path, "requirements.txt")
    assert done.status == 2
    assert [package["name"] for package in done.report["packages"]] == ["good"]
    (problem,) = incomplete(done.report, "unreadable-input")
    assert problem["input"] == path
    assert f"error: {problem['message']}" == errors(done)[0]


@named([row for row in ROWS if row.number in REFUSED])
def test_a_refused_include_leaves_the_report_incomplete(row: Row, shared: Path, audit_all: Run) -> None:
    done = audit_all(str(shared / "corpus/bad" / row.file))
    assert done.status == 4
    assert {package["name"] for package in done.report["packages"]} >= {"idna"}
    refused = incomplete(done.report, "refused-include")
    assert len(refused) == (2 if row.number == 48 else 1)
    place = "".join(f"line {problem['line']} {problem['message']}" for problem in refused)
    assert all(word in place for word in row.place.removesuffix(" line 1").split(", "))


@named([row for row in ROWS if row.number in READ])
def test_what_can_be_read_is_judged_with_its_problems(
    row: Row, shared: Path, server: IndexServer, audit_all: Run
) -> None:
    stock(server, "idna==3.20", "numpy==2.5.5", "fastapi==0.165.0", "a==1", "b==1", "pytz==2004")
    done = audit_all(str(shared / "corpus/bad" / row.file), index=server.simple)
    status, pins, rules = READ[row.number]
    assert {problem["rule"] for problem in done.report["problems"]} == rules
    assert (done.status, sum(read["pins"] for read in done.report["inputs"])) == (status, pins)
    assert errors(done) == [] or status == 3


@named([row for row in ROWS if row.number in READ])
def test_what_can_be_read_is_read_offline(row: Row, shared: Path, audit_all: Run) -> None:
    done = audit_all(str(shared / "corpus/bad" / row.file))
    assert done.status == (3 if row.number == 72 else 4)
    assert len(done.report["packages"]) == READ[row.number][1]
    assert not any(
        verdict["status"] == "ready" for package in done.report["packages"] for verdict in package["verdicts"]
    )


# -- what is too large or too special to lie in a corpus --


def enormous(folder: Path) -> list[str]:
    """The inputs of rows 19, 20, 21, 22, 61, 62, 76 and 77, made."""
    deep = "[" * 100_000
    dotted = ".".join("a" * 400_000)
    contents = {
        "19/requirements.txt": "idna==3.20 ; " + "x" * 52_428_800,
        "20/uv.lock": 'version = 1\nrequires-python = ">=' + "3" * 52_428_800 + '"\n',
        "21/Pipfile.lock": '{"_meta": {}, "default": ' + '{"a":' * 100_000 + "1" + "}" * 100_000 + "}",
        "22/uv.lock": f"version = 1\nx = {deep}{']' * 100_000}\n",
        "61/requirements.txt": "idna==3.20 ; " + "(" * 20_000 + "os_name == 'x'" + ")" * 20_000,
        "62/requirements.txt": "idna==3.20 ; " + " or ".join(["os_name == 'x'"] * 70_000),
        "76/conda-lock.yml": "version: 1\nx: " + "[" * 400_000 + "]" * 400_000,
        "77/uv.lock": f"version = 1\n{dotted} = 1\n",
    }
    for name, content in contents.items():
        (folder / name).parent.mkdir()
        (folder / name).write_text(content)
    return list(contents)


LIMITED = "import resource; resource.setrlimit(resource.RLIMIT_AS, (1_500_000_000, 1_500_000_000))"


def test_the_worst_inputs_end_within_a_limit_of_memory(tmp_path: Path) -> None:
    names = enormous(tmp_path)
    arguments = ["audit", *names, "--offline", "--platform", "linux-x86_64", "--cache-dir", "cache"]
    done = examined(finish(start(arguments, home=tmp_path, prelude=LIMITED)))
    assert done.status == 2
    assert [line.split(": ")[1] for line in errors(done)] == names
    said = [line.partition(": ")[2].partition(": ")[2] for line in errors(done)]
    limits = (
        *("the limit", "longer than", "levels deep", "levels deep"),
        *("levels deep", "longer than", "levels deep", "parts"),
    )
    assert all(limit in words for limit, words in zip(limits, said, strict=True))
    assert "line 2" in said[-1]


def outside(folder: Path) -> Path:
    path = folder.parent / "outside.txt"
    path.write_text("OUTSIDE-THE-TREE==1.0\n")
    return path


def special(folder: Path, path: Path, kind: str) -> None:
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to({"device": Path("/dev/zero"), "link": outside(folder), "loop": path}[kind])


@pytest.mark.parametrize("kind", ["fifo", "link", "device", "loop"])
def test_an_input_that_is_no_ordinary_file_is_refused(kind: str, folder: Path, audit_all: Run) -> None:
    special(folder, folder / "requirements.txt", kind)
    done = audit_all("requirements.txt")
    assert (done.status, done.out) == (2, "")
    (line,) = errors(done)
    assert line.startswith("error: requirements.txt: ")


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="no /proc on this system")
def test_a_file_that_fails_while_it_is_read(audit: Run) -> None:
    done = audit("/proc/self/mem")
    assert (done.status, done.out, len(errors(done))) == (2, "", 1)


@pytest.mark.parametrize("kind", ["fifo", "link", "device", "loop", "folder"])
def test_an_include_that_is_no_ordinary_file_is_refused(kind: str, folder: Path, audit_all: Run) -> None:
    special(folder, folder / "pipe", kind)
    (folder / "requirements.txt").write_text("-r pipe\nidna==3.20\n")
    done = audit_all("requirements.txt")
    assert done.status == 4
    assert [package["name"] for package in done.report["packages"]] == ["idna"]
    (problem,) = incomplete(done.report, "refused-include")
    assert (problem["input"], problem["line"]) == ("requirements.txt", 1)
    assert problem["message"].startswith(("pipe ", "pipe: "))


def test_a_file_beside_it_is_included(folder: Path, audit_all: Run) -> None:
    (folder / "pipe").write_text("numpy==2.5.5\n")
    (folder / "requirements.txt").write_text("-r pipe\nidna==3.20\n")
    done = audit_all("requirements.txt")
    assert incomplete(done.report, "refused-include") == []
    assert [package["name"] for package in done.report["packages"]] == ["idna", "numpy"]


def test_root_widens_what_is_opened_and_narrows_it(folder: Path, audit: Run) -> None:
    (folder.parent / "base.txt").write_text("numpy==2.5.5\n")
    (folder / "requirements.txt").write_text("-r ../base.txt\nidna==3.20\n")
    report = audit("--offline", "--format", "json", "--root", "..").report
    assert [package["name"] for package in report["packages"]] == ["idna", "numpy"]
    done = audit("..", "--offline", "--root", ".")
    assert (done.status, done.out) == (2, "")
    assert done.lines == ["error: ..: lies outside the folder that --root names"]


@pytest.mark.parametrize("include", ["missing.txt", "requirements.txt"])  # the second is row 44
def test_an_include_that_is_all_there_is_leaves_the_run_incomplete(
    include: str, folder: Path, audit_all: Run
) -> None:
    (folder / "requirements.txt").write_text(f"-r {include}\n")
    done = audit_all("requirements.txt")
    assert done.report["packages"] == []
    (problem,) = incomplete(done.report, "refused-include")
    assert (problem["input"], problem["line"]) == ("requirements.txt", 1)
    assert done.status == 4


@pytest.mark.parametrize("name", ["\x1b[2J.txt", "\u202etxt.lock", "<script>.txt"])
def test_a_file_name_is_shown_escaped(name: str, folder: Path, audit: Run) -> None:
    (folder / name).write_text("idna==3.20\n")
    done = audit(name, "--offline", "--format", "markdown")
    assert examined(done, markdown=done.out).status == 4
    examined(audit(name, "--offline"))
    examined(audit(name, "--offline", "--format", "json"))
    assert examined(audit("missing" + name)).status == 2


def test_a_password_in_what_was_taken_for_a_path_is_not_repeated(audit: Run) -> None:
    assert examined(audit("https://me:s3cr3t@index.example/simple")).status == 2
