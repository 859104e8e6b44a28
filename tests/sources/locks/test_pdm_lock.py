"""pdm.lock: every version of the format and its traps."""

from __future__ import annotations

import pytest

from ftaudit.errors import InputError
from ftaudit.model.project import DeclaredIndex, MadeFor, Severity, Source, SourceKind
from ftaudit.sources.locks.pdm_lock import FORMAT
from tests.builders.documents import document
from tests.builders.locks import only, origin, pdm, problem, ways
from tests.builders.values import sha


def package(name: str, version: str = "1.0", more: str = "") -> str:
    return f'[[package]]\nname = "{name}"\nversion = "{version}"\n{more}\n'


@pytest.mark.parametrize(
    ("name", "content", "score"),
    [
        ("pdm.lock", "", 1),
        ("other", '[metadata]\nlock_version = "4.5.1"\n', 2),
        ("other", '[metadata]\nlock-version = "2.1"\n', 0),
    ],
)
def test_it_is_known_by_its_content_and_then_by_its_name(name: str, content: str, score: int) -> None:
    assert FORMAT.score(document(name, content)) == score


@pytest.mark.parametrize("version", ["4.0", "4.1", "4.2", "4.3", "4.4.2", "4.5.1"])
def test_versions_that_are_read(version: str) -> None:
    reading = pdm(package("a"), version=version)
    assert (only(reading).name, reading.problems) == ("a", ())


@pytest.mark.parametrize("version", ["3.1", "5.0", "x", "4." + "9" * 5000])
def test_versions_that_are_refused(version: str) -> None:
    with pytest.raises(InputError, match=r"metadata.lock_version: (unsupported pdm\.lock|not a) version"):
        pdm(version=version)


def test_a_newer_minor_version_is_read_with_a_warning() -> None:
    found = problem(pdm(version="4.6"))
    assert (found.rule, found.severity) == ("newer-format-version", Severity.WARNING)


@pytest.mark.parametrize("text", ["x = 1", "[metadata]\n"])
def test_a_lock_without_metadata_is_none(text: str) -> None:
    with pytest.raises(InputError, match="is missing"):
        FORMAT.read(document("pdm.lock", text))


# -- files --


def test_files_by_name_or_by_url() -> None:
    files = f'files = [{{file = "a.whl", hash = "sha256:{sha("a")}"}}, {{url = "https://files.example/a%2B1.whl"}}]'
    found = only(pdm(package("a", more=files))).files
    assert [(file.name, file.sha256) for file in found] == [("a.whl", sha("a")), ("a+1.whl", None)]
    assert found[1].url == "https://files.example/a%2B1.whl"


def test_files_of_the_older_versions_stand_apart() -> None:
    reading = pdm(package("A.b"), '[metadata.files]\n"A.b 1.0" = [{file = "a.whl"}]', version="4.0")
    assert [file.name for file in only(reading).files] == ["a.whl"]


# -- extras --


def test_the_entries_for_extras_are_one_pin() -> None:
    reading = pdm(
        package("httpx", more='dependencies = ["idna"]\ngroups = ["default"]\nfiles = [{file = "h.whl"}]')
        + package(
            "httpx",
            more='extras = ["Socks"]\ndependencies = ["httpx==1.0", "socksio==1.*"]\ngroups = ["dev"]\n'
            'files = [{file = "h.whl"}]',
        )
        + package("idna")
        + package("socksio"),
    )
    pin = reading.pins[0]
    assert len(reading.pins) == 3
    assert pin.extras == ("socks",)
    assert [file.name for file in pin.files] == ["h.whl"]
    assert pin.dependencies is not None
    assert [(edge.name, edge.specifier, edge.extra) for edge in pin.dependencies] == [
        ("idna", "", None),
        ("socksio", "==1.*", "socks"),
    ]
    assert ways(pin) == [(("default",), ()), (("dev",), ())]
    assert reading.problems == ()


def test_the_same_entry_twice_is_told() -> None:
    assert problem(pdm(package("a") * 2)).rule == "duplicate-package"
    assert problem(pdm(package("a", more='extras = ["x"]') * 2)).rule == "duplicate-package"


# -- sources --


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("", Source(kind=SourceKind.INDEX)),
        (
            'git = "https://u:p@git.example/a"\nref = "v1"\nrevision = "abc"',
            Source(kind=SourceKind.GIT, location="https://git.example/a#abc"),
        ),
        ('path = "./a"\neditable = true', Source(kind=SourceKind.PATH, location="./a")),
        (
            'url = "https://files.example/a.whl"',
            Source(kind=SourceKind.URL, location="https://files.example/a.whl"),
        ),
    ],
)
def test_every_kind_of_source(more: str, expected: Source) -> None:
    assert only(pdm(package("a", more=more))).source == expected


# -- markers, groups, direct --


def test_the_marker_is_the_origin_s() -> None:
    pin = only(pdm(package("a", more='marker = "os_name == \\"nt\\""\nrequires_python = ">=3.8"')))
    assert (origin(pin).marker, pin.requires_python) == ('os_name == "nt"', ">=3.8")


def test_the_roots_come_from_the_project() -> None:
    project = (
        '[project]\nname = "app"\ndependencies = ["a"]\n[project.optional-dependencies]\nx = ["b>=1"]\n'
        '[tool.pdm.dev-dependencies]\ntest = ["c", "-e file:///x#egg=y"]\n'
    )
    reading = pdm("".join(map(package, "abcd")), pyproject_toml=project)
    assert reading.roots is not None
    assert [(edge.name, edge.extra, edge.group) for edge in reading.roots] == [
        ("a", None, None),
        ("b", "x", None),
        ("c", None, "test"),
    ]
    assert [origin(pin).direct for pin in reading.pins] == [True, True, True, False]


def test_an_edge_to_nothing_is_told_where_it_could_apply() -> None:
    needs = "dependencies = [\"ghost; python_version < '3.9'\", \"spectre; os_name == 'nt'\"]"
    assert problem(pdm(package("a", more=needs))).message == "a 1.0 needs spectre, which is not pinned"


def test_a_requirement_that_does_not_parse_is_refused() -> None:
    with pytest.raises(InputError, match=r"package\[0\]\.dependencies\[0\]: invalid requirement"):
        pdm(package("a", more='dependencies = ["b c d"]'))


# -- what it was made for --


def target(text: str) -> str:
    return f"[[metadata.targets]]\n{text}\n"


@pytest.mark.parametrize(
    ("metadata", "version", "made_for"),
    [
        (target('requires_python = ">=3.11"'), "4.5.1", None),
        (target('requires_python = "==3.12.*"'), "4.5.1", MadeFor(python="3.12")),
        (
            target('requires_python = "==3.12.*"\nplatform = "manylinux_2_28_x86_64"'),
            "4.5.1",
            MadeFor(python="3.12", platform="linux-x86_64"),
        ),
        (target('requires_python = ">=3.9"\nplatform = "linux"'), "4.5.1", MadeFor(platform="linux")),
        (target('platform = "macos_14_0_arm64"'), "4.5.1", MadeFor(platform="macos-arm64")),
        (target('platform = "windows_amd64"'), "4.5.1", MadeFor(platform="windows-amd64")),
        (target('platform = "musllinux_1_2_aarch64"'), "4.5.1", MadeFor(platform="musllinux-aarch64")),
        (target('platform = "linux"') + target('platform = "windows"'), "4.5.1", None),
        ('strategy = ["cross_platform"]', "4.4", None),
        ('strategy = ["inherit_metadata"]', "4.4", MadeFor()),
        ("cross_platform = false", "4.3", MadeFor()),
        ("cross_platform = true", "4.3", None),
        ("", "4.0", None),
    ],
)
def test_what_the_lock_was_made_for(metadata: str, version: str, made_for: MadeFor | None) -> None:
    assert pdm("", metadata, version=version).made_for == made_for


def test_sources_of_the_project() -> None:
    project = (
        '[[tool.pdm.source]]\nname = "pypi"\nurl = "https://${U}@index.example/simple"\n'
        '[[tool.pdm.source]]\nname = "x"\nurl = "wheels"\ntype = "find_links"\n'
    )
    assert pdm("", pyproject_toml=project).indexes == (
        DeclaredIndex(
            url="https://${U}@index.example/simple", name="pypi", replaces_default=True, tool="pdm"
        ),
        DeclaredIndex(url="wheels", name="x", find_links=True, tool="pdm"),
    )


def test_groups_that_were_not_locked_leave_no_open_end() -> None:
    project = '[project]\nname = "app"\ndependencies = ["a"]\n[dependency-groups]\ndocs = ["app", "d"]\n'
    package = '[[package]]\nname = "a"\nversion = "1.0"\ngroups = ["default"]\nfiles = []\n'
    assert not pdm(package, 'groups = ["default"]', pyproject_toml=project).problems
    (found,) = pdm(package, 'groups = ["default", "docs"]', pyproject_toml=project).problems
    assert found.message == "the project needs d, which is not pinned"
