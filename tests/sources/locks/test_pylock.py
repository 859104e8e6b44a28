"""pylock.toml: the standard, what tools make of it, and what one of them made up."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

import pytest

from ftaudit.errors import InputError
from ftaudit.model.project import MadeFor, Severity, Source, SourceKind
from ftaudit.sources.locks.pylock import FORMAT
from tests.builders.documents import document
from tests.builders.locks import INDEX, only, origin, problem, pylock_
from tests.builders.values import sha

PIP = 'created-by = "pip"'
PIPENV = 'created-by = "pipenv"'


def package(*files: str, name: str = "a", version: str = "1.0", more: str = "") -> str:
    wheels = ", ".join(
        f'{{ url = "https://files.example/{file}", hashes = {{ sha256 = "{sha(file)}" }} }}' for file in files
    )
    return f'[[packages]]\nname = "{name}"\nversion = "{version}"\nwheels = [{wheels}]\n{more}\n'


PURE = "a-1.0-py3-none-any.whl"


@pytest.mark.parametrize(
    ("name", "content", "score"),
    [
        ("pylock.toml", "", 1),
        ("pylock.dev.toml", "", 1),
        ("other", 'lock-version = "1.0"\ncreated-by = "x"\n', 2),
        ("other", '# made\nlock-version="1.0"\n[[packages]]\n', 2),
        ("poetry.lock", '[[package]]\n[metadata]\nlock-version = "2.1"\n', 0),
        ("pyproject.toml", "[project]\n", 0),
    ],
)
def test_it_is_known_by_its_content_and_then_by_its_name(name: str, content: str, score: int) -> None:
    assert FORMAT.score(document(name, content)) == score


@pytest.mark.parametrize("version", ["2.0", "0.9", "x", "1." + "9" * 5000])
def test_another_major_version_is_refused(version: str) -> None:
    with pytest.raises(InputError, match=r"lock-version: (unsupported lock-version|not a version)"):
        pylock_("", version=version)


def test_a_newer_minor_version_is_a_warning_and_nothing_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        reading = pylock_(package(PURE), version="1.7")
    assert only(reading).name == "a"
    assert (problem(reading).rule, problem(reading).severity) == ("newer-format-version", Severity.WARNING)
    assert not caplog.records


def test_a_good_file_has_no_problem() -> None:
    assert pylock_(package(PURE)).problems == ()


@pytest.mark.parametrize(
    "text",
    [
        package("A.b-1.0-py3-none-any.whl", name="A.b"),
        '[[packages]]\nname = "a"\nversion = "1.0"\n',
        '[[packages]]\nname = "a"\nsdist = { name = "a-1.0.tar.gz", hashes = { sha256 = "0" } }\n',
    ],
)
def test_what_the_standard_does_not_allow_is_read_with_a_warning(text: str) -> None:
    reading = pylock_(text)
    assert only(reading).name in ("a", "a-b")
    assert (problem(reading).rule, problem(reading).severity) == ("lenient-pylock", Severity.WARNING)


# -- files --


def test_files_have_all_that_is_written() -> None:
    written = (
        f'{{ name = "{PURE}", path = "../{PURE}", upload-time = 2026-01-02T03:04:05Z, size = 7, '
        f'hashes = {{ sha256 = "{sha("a")}" }} }}'
    )
    url = 'url = "https://u:p@files.example/a-1.0.tar.gz"'
    sdist = f'sdist = {{ {url}, upload-time = 2026-01-02T03:04:05, hashes = {{ md5 = "0" }} }}'
    text = f'[[packages]]\nname = "a"\nversion = "1.0"\n{sdist}\nwheels = [{written}]\n'
    source, wheel = only(pylock_(text)).files
    assert (source.name, source.url) == ("a-1.0.tar.gz", "https://files.example/a-1.0.tar.gz")
    assert (wheel.name, wheel.sha256, wheel.size, wheel.path) == (PURE, sha("a"), 7, None)
    assert source.uploaded == wheel.uploaded == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize("key", ["name", "path", "url"])
def test_a_wheel_must_have_a_file_name(key: str) -> None:
    name = "../../x.whl" if key == "name" else "https://files.example/" if key == "url" else ".."
    text = f'[[packages]]\nname = "a"\nwheels = [{{ {key} = "{name}", hashes = {{ sha256 = "0" }} }}]\n'
    with pytest.raises(InputError, match=rf"packages\[0\]\.wheels\[0\]\.{key}: must be a file name"):
        pylock_(text)


def test_an_upload_time_must_be_a_time() -> None:
    with pytest.raises(InputError, match="upload-time: must be a date and a time"):
        pylock_('[[packages]]\nname = "a"\nwheels = [{ name = "a.whl", upload-time = 2026-01-02 }]\n')


# -- what pipenv made up --


def test_made_up_wheel_names_are_not_believed() -> None:
    pin, other = (package(PURE, PURE), package("b-1.0-py3-none-any.whl", name="b"))
    reading = pylock_(pin + other, PIPENV)
    assert [pin.files for pin in reading.pins] == [(), ()]
    assert (problem(reading).rule, problem(reading).severity) == ("wheel-names-invented", Severity.NOTE)


def test_one_made_up_name_is_known_by_its_address() -> None:
    url = f'url = "{INDEX}/a/{PURE}"'
    wheels = f'wheels = [{{ {url}, hashes = {{ sha256 = "0" }} }}]'
    text = f'[[packages]]\nname = "a"\nversion = "1.0"\nindex = "{INDEX}/"\n{wheels}\n'
    assert only(pylock_(text, PIPENV)).files == ()
    assert [file.name for file in only(pylock_(text)).files] == [PURE]


def test_what_pipenv_writes_since_is_believed() -> None:
    reading = pylock_(package(PURE, "a-1.0-cp314-cp314t-win_amd64.whl"), PIPENV)
    assert len(only(reading).files) == 2
    assert reading.problems == ()


# -- sources --


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("", Source(kind=SourceKind.INDEX)),
        ('index = "https://u:p@index.example/simple"', Source(kind=SourceKind.INDEX, location=INDEX)),
        (
            'vcs = { type = "git", url = "https://git.example/a", commit-id = "abc" }',
            Source(kind=SourceKind.GIT, location="https://git.example/a#abc"),
        ),
        (
            'vcs = { type = "git", path = "../a", commit-id = "abc" }',
            Source(kind=SourceKind.GIT, location="../a#abc"),
        ),
        ('directory = { path = "." }', Source(kind=SourceKind.PATH, location=".")),
        (
            'archive = { path = "a.zip", hashes = { sha256 = "0" } }',
            Source(kind=SourceKind.PATH, location="a.zip"),
        ),
        (
            'archive = { url = "https://files.example/a.zip", hashes = { sha256 = "0" } }',
            Source(kind=SourceKind.URL, location="https://files.example/a.zip"),
        ),
    ],
)
def test_every_kind_of_source(more: str, expected: Source) -> None:
    assert only(pylock_(f'[[packages]]\nname = "a"\n{more}\n')).source == expected


# -- markers, edges --


def test_groups_and_extras_stand_in_the_marker() -> None:
    marker = (
        "os_name == 'nt' and ('dev' in dependency_groups or 'x' in extras or 'docs' not in dependency_groups)"
    )
    found = origin(only(pylock_(package(PURE, more=f'marker = "{marker}"'))))
    assert (found.marker, found.groups, found.extras, found.direct) == (marker, ("dev",), ("x",), None)


def test_the_same_version_with_another_marker_is_an_alternative() -> None:
    one = package(PURE, more="marker = \"os_name == 'nt'\"")
    two = package("a-1.0-cp314-cp314t-win_amd64.whl", more="marker = \"os_name == 'posix'\"")
    reading = pylock_(one + two)
    assert (len(only(reading).origins), len(only(reading).files)) == (2, 2)
    assert reading.problems == ()
    assert problem(pylock_(one * 2)).rule == "duplicate-package"


def test_edges_are_optional() -> None:
    assert only(pylock_(package(PURE))).dependencies is None
    assert only(pylock_(package(PURE, more="dependencies = []"))).dependencies == ()
    reading = pylock_(package(PURE, more='dependencies = [{ name = "B", version = "2" }]'))
    assert problem(reading).message == "a 1.0 needs b 2, which is not pinned"


def test_pdm_writes_edges_of_its_own() -> None:
    more = "[packages.tool.pdm]\ndependencies = [\"b[x]>=1; os_name == 'nt'\", \"c; python_version < '3.9'\"]"
    reading = pylock_(package(PURE, more=more) + package(name="b"))
    edges = reading.pins[0].dependencies
    assert edges is not None
    assert [(e.name, e.specifier, e.extras, e.marker) for e in edges] == [
        ("b", ">=1", ("x",), 'os_name == "nt"'),
        ("c", "", (), 'python_version < "3.9"'),
    ]
    assert [problem.rule for problem in reading.problems] == ["lenient-pylock"]


# -- what it was made for --


@pytest.mark.parametrize(
    ("files", "made_for"),
    [
        ((PURE,), MadeFor()),
        (("a-1.0-cp314-cp314t-manylinux_2_28_x86_64.whl",), MadeFor(python="3.14t", platform="linux-x86_64")),
        (
            ("a-1.0-cp311-cp311-manylinux2014_x86_64.manylinux_2_17_x86_64.whl",),
            MadeFor(python="3.11", platform="linux-x86_64"),
        ),
        (("a-1.0-cp39-abi3-win_amd64.whl",), MadeFor(platform="windows-amd64")),
        (("a-1.0-cp315-abi3.abi3t-macosx_11_0_arm64.whl",), MadeFor(platform="macos-arm64")),
        (("a-1.0-cp313-cp313-win32.whl", "a-1.0-cp312-cp312-win32.whl"), MadeFor()),
        (("not-a-wheel.whl", "a-1.0.zip"), MadeFor()),
    ],
)
def test_pip_locks_for_one_interpreter(files: tuple[str, ...], made_for: MadeFor) -> None:
    assert pylock_(package(*files), PIP).made_for == made_for
    assert pylock_(package(*files)).made_for is None


@pytest.mark.parametrize(
    ("command", "made_for"),
    [
        ("uv pip compile x", MadeFor(python="3.13")),
        ("uv pip compile x --universal", None),
        ("uv export", None),
    ],
)
def test_uv_locks_for_one_interpreter_unless_it_is_told_otherwise(
    command: str, made_for: MadeFor | None
) -> None:
    head = f'# {command}\ncreated-by = "uv"'
    assert pylock_(package("a-1.0-cp313-cp313-win32.whl"), head).made_for == made_for


def test_what_the_lock_was_made_for() -> None:
    head = 'created-by = "x"\nrequires-python = "==3.12.*"\nenvironments = ["os_name == \'nt\'"]'
    reading = pylock_("packages = []", head)
    assert (reading.requires_python, reading.made_for) == ("==3.12.*", MadeFor(python="3.12"))
    assert reading.environments == ("os_name == 'nt'",)
