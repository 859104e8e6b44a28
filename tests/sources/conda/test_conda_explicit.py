"""Conda's explicit files: archives, the platform, the interpreter, and what pip installs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftaudit.errors import FtauditError, InputError
from ftaudit.model.conda import CondaBuild
from ftaudit.model.project import FoundInterpreter, MadeFor, Pin, Reading, SourceKind
from ftaudit.sources.conda.conda_explicit import FORMAT
from ftaudit.sources.reading.platforms import platform_marker
from ftaudit.sources.registry import choose
from tests.builders.documents import document, document_at

LINUX = platform_marker("linux-x86_64")
HEADER = "# platform: linux-64"


def url(archive: str = "numpy-2.4.6-py314h_0.conda", subdir: str = "linux-64") -> str:
    return f"https://conda.example/forge/{subdir}/{archive}"


def explicit(*lines: str, header: str = HEADER) -> str:
    return "\n".join((header, "@EXPLICIT", *lines, ""))


def read(content: str | bytes) -> Reading:
    return FORMAT.read(document("conda-linux-64.lock", content))


def pin(*lines: str) -> Pin:
    return read(explicit(*lines)).pins[-1]


# -- archives --


def test_an_archive_is_a_pin_without_edges() -> None:
    reading = read(explicit(url() + "#abc", url("tzdata-2026a-h_0.tar.bz2", "noarch")))
    numpy, tzdata = reading.pins
    assert (numpy.name, numpy.version, numpy.source.kind) == ("numpy", "2.4.6", SourceKind.CONDA)
    assert numpy.dependencies is None
    assert (numpy.origins[0].line, numpy.origins[0].marker) == (3, LINUX)
    assert (numpy.conda[0].build, numpy.conda[0].kind) == ("py314h_0", CondaBuild.COMPILED)
    assert (tzdata.version, tzdata.conda[0].kind) == ("2026a", CondaBuild.NOARCH)
    assert reading.closed
    assert reading.roots is None
    assert reading.environments == (LINUX,)
    assert not reading.problems


@pytest.mark.parametrize(
    "line",
    [
        url(),
        url() + "#0123456789abcdef0123456789abcdef",
        url() + "#sha256:" + "ab" * 32,
        f"   {url()}   ",
        "/opt/conda/pkgs/numpy-2.4.6-py314h_0.conda",
        "file:///opt/conda/pkgs/numpy-2.4.6-py314h_0.tar.bz2",
        r"C:\conda\pkgs\numpy-2.4.6-py314h_0.conda",
    ],
)
def test_ways_to_name_an_archive(line: str) -> None:
    found = pin(line)
    assert (found.name, found.version, found.conda[0].build) == ("numpy", "2.4.6", "py314h_0")


@pytest.mark.parametrize(
    "line",
    ["https://me:hunter2@conda.example/linux-64/a-1-0.conda", "https://conda.example/t/hunter2/a-1-0.conda"],
)
def test_credentials_are_never_shown(line: str) -> None:
    assert "hunter2" not in repr(pin(line))


# -- platform and interpreter --


@pytest.mark.parametrize(
    ("header", "line", "platform"),
    [
        ("# platform: osx-arm64", url("tzdata-2026a-0.conda", "noarch"), "macos-arm64"),
        ("#platform:win-64", url(subdir="win-64"), "windows-amd64"),
        ("# no platform here", url(subdir="linux-aarch64"), "linux-aarch64"),
        ("# platform: linux-ppc64le", url(subdir="linux-ppc64le"), "linux-ppc64le"),
    ],
)
def test_the_platform_is_the_headers_or_the_archives(header: str, line: str, platform: str) -> None:
    reading = read(explicit(line, header=header))
    assert reading.environments == (platform_marker(platform),)
    assert reading.made_for is None
    assert reading.pins[0].conda[0].environments[0].platform == platform


@pytest.mark.parametrize(
    ("build", "python", "free_threaded"), [("h_0_cp314t", "3.14t", True), ("h_0_cp314", "3.14", False)]
)
def test_the_interpreter_is_that_of_the_python_archive(build: str, python: str, free_threaded: bool) -> None:
    reading = read(explicit(url(), url(f"python-3.14.5-{build}.conda")))
    assert reading.interpreter == FoundInterpreter(python=python, free_threaded=free_threaded)
    assert reading.made_for == MadeFor(python=python, platform="linux-x86_64")
    assert reading.pins[0].conda[0].environments[0].python == python


# -- what pip installs --


def test_what_conda_lock_hides_in_comments_is_read() -> None:
    line = f"# pip idna @ https://files.example/idna-3.7-py3-none-any.whl#sha256={'ab' * 32}"
    reading = read(explicit(url(), line))
    idna = reading.pins[-1]
    assert (idna.name, idna.version, idna.source.kind) == ("idna", "3.7", SourceKind.INDEX)
    assert [(file.name, file.sha256) for file in idna.files] == [("idna-3.7-py3-none-any.whl", "ab" * 32)]
    assert (idna.origins[0].line, idna.origins[0].marker) == (4, LINUX)


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("# pip idna === 3.7 --hash=sha256:" + "ab" * 32, SourceKind.INDEX),
        ("# pip idna @ https://files.example/main.zip", SourceKind.URL),
        ("# pip idna @ https://files.example/other-3.7.tar.gz", SourceKind.URL),
        ("# pip idna @ git+https://files.example/idna@abc", SourceKind.GIT),
    ],
)
def test_other_ways_to_name_what_pip_installs(line: str, kind: SourceKind) -> None:
    assert (pin(line).name, pin(line).source.kind) == ("idna", kind)


def test_what_pip_would_choose_a_version_of_is_told() -> None:
    reading = read(explicit(url(), "# pip idna>=3", "# pip"))
    assert [(problem.rule, problem.line) for problem in reading.problems] == [("unpinned-requirement", 4)]
    assert reading.unpinned == 1


# -- what is wrong with a file --


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("", "", "@EXPLICIT is missing"),
        (f"{HEADER}\n{url()}\n", "", "@EXPLICIT is missing"),
        (explicit("numpy=2.4.6=py314h_0"), "line 3", "must be a conda archive"),
        (explicit(url()[:-3]), "line 3", "must be a conda archive"),
        (explicit(url("numpy-2.4.6.conda")), "line 3", "must be a conda archive"),
        (explicit(url("a b-1-0.conda")), "line 3", "invalid conda package name"),
        (explicit(url("%2e%2e%2fx-1-0.conda")), "line 3", "invalid conda package name"),
        (explicit(url("a-1$-0.conda")), "line 3", "invalid conda version"),
        (explicit(url("\x1b[2J-1-0.conda")), "line 3", "invalid conda package name"),
        (explicit(url("\u202ea-1-0.conda")), "line 3", "invalid conda package name"),
        (explicit("::error::x"), "line 3", "must be a conda archive"),
        (explicit("http://[@x/a-1-0.conda"), "line 3", "not a URL"),
        (explicit(url("a" * 300 + "-1-0.conda")), "line 3", "must be a conda archive"),
        (explicit(url(subdir="osx-64")), "line 3", "an archive for osx-64 among those for linux-64"),
        (explicit(url(subdir="osx-64"), url(), header="#"), "line 3", "an archive for osx-64"),
        (explicit("/pkgs/a-1-0.conda", header="#"), "line 1", "the platform"),
        (explicit(header="#"), "line 1", "the platform"),
        (explicit(url(), header="# platform: l" + "9" * 500 + "-64"), "line 3", "an archive for linux-64"),
        (explicit("# pip [x"), "line 3", "not a valid requirement"),
        (explicit(url()) + "<<<<<<< HEAD\n", "line 4", "merge conflict"),
        (explicit("x" * 1_100_000), "line 3", "a line longer than"),
        (b"@EXPLICIT\n\xff", "line 2", "not UTF-8"),
        (b"@EXPLICIT\n\0", "line 2", "NUL"),
    ],
)
def test_a_broken_file_is_one_line_with_the_place(text: str | bytes, place: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        read(text)
    assert caught.value.place == place
    assert words in caught.value.reason
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 300


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.text(max_size=30) | st.sampled_from([url(), "# pip a==1", HEADER, "a-1-0.conda"]), max_size=5)
)
def test_any_lines_give_a_reading_or_our_own_error(lines: list[str]) -> None:
    try:
        outcome: Reading | FtauditError = read(explicit(*lines))
    except FtauditError as error:
        outcome = error
    assert isinstance(outcome, Reading) or outcome.message.isprintable()


# -- recognition, and the corpus --


@pytest.mark.parametrize(
    ("name", "text", "score"),
    [
        ("anything.txt", explicit(url()), 2),
        ("requirements.txt", explicit(url()), 2),
        ("conda-linux-64.lock", "", 1),
        ("spec-file.txt", "", 1),
        ("requirements.txt", "# @EXPLICIT\n", 0),
    ],
)
def test_the_content_decides(name: str, text: str, score: int) -> None:
    assert FORMAT.score(document(name, text)) == score


def test_the_real_file_gives_what_is_expected(shared: Path) -> None:
    name = "conda__conda-lock__zlib/conda-linux-64.lock"
    expected = shared / f"corpus/locks/expected/{name.replace('/', '__')}.json"
    found = document_at(shared / "corpus/locks" / name)
    assert choose(found) is FORMAT
    reading = FORMAT.read(found)
    packages = json.loads(expected.read_text(encoding="utf-8"))["packages"]
    assert sorted([pin.name, pin.version, pin.source.kind.value] for pin in reading.pins) == packages
    assert [pin.origins[0].line for pin in reading.pins] == [5, 6, 7, 8, 9, 10]
    assert not reading.problems
