"""poetry.lock: every version of the format and its traps."""

from __future__ import annotations

import pytest

from ftaudit.errors import InputError
from ftaudit.model.project import DeclaredIndex, MadeFor, Source, SourceKind
from ftaudit.sources.locks.poetry_lock import FORMAT
from ftaudit.sources.locks.poetry_specifiers import to_pep440
from tests.builders.documents import document
from tests.builders.locks import INDEX, named, only, origin, poetry, poetry_package, problem, ways
from tests.builders.values import sha

PROJECT_ROOTS = [
    ("a", ">=1", None, ("fast",), None),
    ("tomli", "", 'python_version < "3.11"', (), None),
]
GROUP = "[tool.poetry.group.dev.dependencies]\n"
PROJECT = '[project]\nname = "app"\ndependencies = ["a[fast]>=1", "tomli; python_version < \'3.11\'"]\n'


@pytest.mark.parametrize(
    ("name", "content", "score"),
    [
        ("poetry.lock", "{}", 1),
        ("other", '[[package]]\nname = "a"\npython-versions = "*"\n', 2),
        ("other", 'package = []\n\n[metadata]\nlock-version = "2.1"\npython-versions = "*"\n', 2),
        ("uv.lock", 'version = 1\n[[package]]\nname = "a"\n', 0),
        ("pdm.lock", '[metadata]\nlock_version = "4.5"\n[[package]]\nrequires_python = "*"\n', 0),
    ],
)
def test_it_is_known_by_its_content_and_then_by_its_name(name: str, content: str, score: int) -> None:
    assert FORMAT.score(document(name, content)) == score


@pytest.mark.parametrize("version", ["1.0", "1.1", "2.0", "2.1", "2.9"])
def test_versions_that_are_read(version: str) -> None:
    assert only(poetry(poetry_package("a"), version)).name == "a"


@pytest.mark.parametrize("version", ["3.0", "0.9", "x"])
def test_versions_that_are_refused(version: str) -> None:
    with pytest.raises(InputError, match=r"unsupported poetry\.lock version"):
        poetry(poetry_package("a"), version)


def test_a_lock_without_metadata_is_none() -> None:
    with pytest.raises(InputError, match=r"\[metadata\] is missing"):
        FORMAT.read(document("poetry.lock", poetry_package("a")))


# -- files --


def test_files_of_two_dot_x() -> None:
    files = (
        f'files = [{{file = "a-1.0.tar.gz", hash = "sha256:{sha("a")}"}}, {{file = "a.whl", hash = "md5:0"}}]'
    )
    found = only(poetry(poetry_package("a", more=files))).files
    assert [(file.name, file.sha256) for file in found] == [("a-1.0.tar.gz", sha("a")), ("a.whl", None)]


def test_files_of_one_dot_x_stand_apart_and_by_name_only() -> None:
    files = (
        '[metadata.files]\nTyping_Extensions = [{file = "x.whl", hash = "sha256:0"}]\n'
        'a = [{file = "a-1.0-py3-none-any.whl"}, {file = "a-2.0.tar.gz"}, {file = "a.exe"}]'
    )
    packages = poetry_package("typing-extensions") + poetry_package("a") + poetry_package("a", "2.0")
    reading = poetry(packages, "1.1", files)
    assert [[file.name for file in pin.files] for pin in reading.pins] == [
        ["x.whl"],
        ["a-1.0-py3-none-any.whl"],
        ["a-2.0.tar.gz"],
    ]


def test_hashes_without_names_list_no_file() -> None:
    assert only(poetry(poetry_package("a"), "1.0", '[metadata.hashes]\na = ["0"]')).files == ()


# -- sources --


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (f'type = "legacy"\nurl = "{INDEX}"\nreference = "x"', Source(kind=SourceKind.INDEX, location=INDEX)),
        (
            'type = "legacy"\nurl = "https://u:p@index.example/s"',
            Source(kind=SourceKind.INDEX, location="https://index.example/s"),
        ),
        (
            'type = "git"\nurl = "https://git.example/a"\nreference = "HEAD"\nresolved_reference = "abc"',
            Source(kind=SourceKind.GIT, location="https://git.example/a#abc"),
        ),
        (
            'type = "url"\nurl = "https://files.example/a.zip"',
            Source(kind=SourceKind.URL, location="https://files.example/a.zip"),
        ),
        ('type = "file"\nurl = "a.whl"', Source(kind=SourceKind.PATH, location="a.whl")),
        ('type = "directory"\nurl = "../a"', Source(kind=SourceKind.PATH, location="../a")),
        ('type = "pouch"\nurl = "x"', Source(kind=SourceKind.UNKNOWN, location="x")),
    ],
)
def test_every_kind_of_source(source: str, expected: Source) -> None:
    assert only(poetry(poetry_package("a", more=f"[package.source]\n{source}"))).source == expected


# -- groups and markers --


def test_a_marker_for_all_groups_is_one_origin() -> None:
    pin = only(poetry(poetry_package("a", more='groups = ["main", "dev"]\nmarkers = "os_name == \'nt\'"')))
    assert (origin(pin).groups, origin(pin).marker) == (("main", "dev"), "os_name == 'nt'")


def test_markers_by_group_are_an_origin_each() -> None:
    markers = "{main = \"os_name == 'nt'\", dev = \"os_name == 'posix'\"}"
    more = f'groups = ["main", "dev", "docs"]\nmarkers = {markers}'
    pin = only(poetry(poetry_package("a", more=more)))
    assert [(o.groups, o.marker) for o in pin.origins] == [
        (("main",), "os_name == 'nt'"),
        (("dev",), "os_name == 'posix'"),
        (("docs",), None),
    ]


def test_a_marker_that_does_not_parse_applies_everywhere() -> None:
    reading = poetry(poetry_package("a", more='groups = ["main"]\nmarkers = "banana"'))
    assert origin(only(reading)).marker is None
    assert (problem(reading).rule, problem(reading).line) == ("invalid-marker", 2)


def test_the_category_is_the_group_before_two() -> None:
    assert origin(only(poetry(poetry_package("a", more='category = "dev"'), "1.1"))).groups == ("dev",)


def test_groups_of_two_dot_zero_come_from_the_project() -> None:
    project = (
        '[tool.poetry.dependencies]\npython = "^3.11"\nA = "*"\nopt = {version = "*", optional = true}\n'
        '[tool.poetry.extras]\nx = ["opt"]\n'
        '[tool.poetry.dev-dependencies]\nb = "*"\n[tool.poetry.group.docs.dependencies]\nc = "*"\n'
    )
    packages = (
        poetry_package("a", more='[package.dependencies]\nB = "*"\n')
        + poetry_package("b")
        + poetry_package("c")
        + poetry_package("opt").replace("false", "true")
    )
    reading = poetry(packages, "2.0", '[extras]\nx = ["opt"]\n', pyproject_toml=project)
    assert [ways(pin) for pin in reading.pins] == [
        [(("main",), ())],
        [(("main", "dev"), ())],
        [(("docs",), ())],
        [(("main",), ("x",))],
    ]
    assert [origin(pin).direct for pin in reading.pins] == [True] * 4


def test_without_a_project_nothing_is_said_of_direct() -> None:
    reading = poetry(poetry_package("a", more='groups = ["main"]'))
    assert (reading.roots, origin(only(reading)).direct) == (None, None)


def test_extras_of_the_lock_are_shown_without_a_project() -> None:
    packages = poetry_package("a", more='groups = ["main"]').replace("false", "true")
    assert ways(only(poetry(packages, "2.1", '[extras]\nx = ["A (>=1)"]'))) == [(("main",), ("x",))]


# -- the project's own requirements --


@pytest.mark.parametrize(
    ("project", "roots"),
    [
        (PROJECT, PROJECT_ROOTS),
        (PROJECT + '[tool.poetry.dependencies]\nb = "1"', PROJECT_ROOTS),
        ('[tool.poetry.dependencies]\npython = "^3.8"\nB_b = "^1.2"', [("b-b", "<2,>=1.2", None, (), None)]),
        (
            GROUP + 'b = [{version = "1", python = "<3.12"}, {git = "x", platform = "win32"}]',
            [
                ("b", "==1", 'python_full_version < "3.12"', (), "dev"),
                ("b", "", 'sys_platform == "win32"', (), "dev"),
            ],
        ),
        (
            '[dependency-groups]\nDev = ["a", {include-group = "test"}]\ntest = ["b"]',
            [("a", "", None, (), "dev"), ("b", "", None, (), "dev"), ("b", "", None, (), "test")],
        ),
    ],
)
def test_the_roots_come_from_the_project(project: str, roots: list[object]) -> None:
    found = poetry("", pyproject_toml=project).roots
    assert found is not None
    assert [(e.name, e.specifier, e.marker, e.extras, e.group) for e in found] == roots


@pytest.mark.parametrize(
    ("project", "words"),
    [
        ("[project", "pyproject.toml: line 1: invalid TOML"),
        ('[project]\ndependencies = ["a b c"]', r"project.dependencies\[0\]: invalid requirement"),
        ('[project]\ndependencies = "a"', "pyproject.toml: project.dependencies: must be an array"),
        (
            '[dependency-groups]\na = [{include-group = "b"}]\nb = [{include-group = "a"}]',
            "dependency-groups.a: a cyclic dependency group",
        ),
        ('[dependency-groups]\na = [{include-group = "b"}]', "a: includes b, which is no group"),
        ("[dependency-groups]\na = [1]", r"dependency-groups.a\[0\]: must be"),
        ('[tool.poetry.dependencies]\n"../x" = "*"', "invalid package name"),
        ('[[tool.poetry.source]]\nname = "x"\npriority = "first"', "not a priority"),
    ],
)
def test_a_project_that_cannot_be_read_is_an_error_of_its_own(project: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        poetry("", pyproject_toml=project)


def test_groups_that_include_each_other_many_times_do_not_grow() -> None:
    groups = [f'g{n} = [{{include-group = "g{n + 1}"}}, {{include-group = "g{n + 1}"}}]' for n in range(60)]
    project = "[dependency-groups]\n" + "\n".join(groups) + '\ng60 = ["a"]\n'
    found = poetry("", pyproject_toml=project).roots
    assert found is not None
    assert len(found) == 61


# -- edges --


def test_a_dependency_is_a_string_a_table_or_an_array() -> None:
    more = (
        '[package.dependencies]\nTyping_Extensions = ">=4"\n'
        'b = {version = "*", extras = ["Fast_1"], markers = "os_name == \'nt\'"}\n'
        'c = [{version = "<2", markers = "python_version < \'3.12\'"}, {version = "^2.1"}]\n'
    )
    edges = named(poetry(poetry_package("a", more=more)), "a").dependencies
    assert edges is not None
    assert [(e.name, e.specifier, e.marker, e.extras, e.extra) for e in edges] == [
        ("typing-extensions", ">=4", None, (), None),
        ("b", "", "os_name == 'nt'", ("fast-1",), None),
        ("c", "<2", "python_version < '3.12'", (), None),
        ("c", "<3,>=2.1", None, (), None),
    ]


def test_an_optional_dependency_is_brought_in_by_an_extra() -> None:
    more = (
        "[package.dependencies]\n"
        "b = {version = \"*\", optional = true, markers = \"extra == 'x' or extra == 'Y_y'\"}\n"
        'c = {version = "*", optional = true}\n'
        '[package.extras]\nz = ["c[fast] (>=1)"]\n'
    )
    reading = poetry(poetry_package("a", more=more))
    edges = only(reading).dependencies
    assert edges is not None
    assert [(edge.name, edge.extra) for edge in edges] == [("b", "x"), ("b", "y-y"), ("c", "z")]
    assert reading.problems == ()


@pytest.mark.parametrize(
    ("marker", "told"), [("python_version < '3.8'", False), ("python_version >= '3.14'", True)]
)
def test_an_edge_to_nothing_is_told_where_it_could_apply(marker: str, told: bool) -> None:
    more = f'[package.dependencies]\nghost = {{version = "*", markers = "{marker}"}}'
    assert len(poetry(poetry_package("a", more=more)).problems) == told


def test_the_project_itself_need_not_be_pinned() -> None:
    package = poetry_package("plugin", more='[package.dependencies]\nApp = "*"')
    assert poetry(package, pyproject_toml='[tool.poetry]\nname = "app"').problems == ()
    assert problem(poetry(package)).rule == "dependency-not-pinned"


# -- indexes --


def test_sources_in_the_order_of_their_priority() -> None:
    project = "".join(
        f'[[tool.poetry.source]]\nname = "{name}"\n{more}\n'
        for name, more in [
            ("e", 'url = "e"\npriority = "explicit"'),
            ("s", 'url = "s"\npriority = "supplemental"'),
            ("p", 'url = "p"'),
            ("old", 'url = "o"\nsecondary = true'),
            ("PyPI", ""),
            ("d", 'url = "d"\ndefault = true'),
        ]
    )
    assert poetry("", pyproject_toml=project).indexes == tuple(
        DeclaredIndex(url=url, name=name, explicit=explicit, replaces_default=default, tool="poetry")
        for name, url, explicit, default in [
            ("d", "d", False, True),
            ("p", "p", False, True),
            ("PyPI", "", False, True),
            ("old", "o", False, False),
            ("s", "s", False, False),
            ("e", "e", True, False),
        ]
    )


# -- what it was made for --


@pytest.mark.parametrize(
    ("constraint", "specifier"),
    [
        ("*", None),
        ("", None),
        ("^3.7", "<4,>=3.7"),
        ("^0.2.3", "<0.3,>=0.2.3"),
        ("^0", "<1,>=0"),
        ("~3.12", "<3.13,>=3.12"),
        ("~3", "<4,>=3"),
        ("~1.2.3", "<1.3,>=1.2.3"),
        (">=3.10,<4.0", "<4.0,>=3.10"),
        (">=3.10, <4.0", "<4.0,>=3.10"),
        ("3.12.*", "==3.12.*"),
        ("1.2", "==1.2"),
        ("~=1.2", "~=1.2"),
        (">=2.7,<3 || >=3.6", None),
        ("^" + "9" * 5000, None),
        ("banana", None),
    ],
)
def test_constraints_as_the_standard_writes_them(constraint: str, specifier: str | None) -> None:
    assert to_pep440(constraint) == specifier


def test_a_lock_for_one_version_of_python_says_so() -> None:
    text = '[metadata]\nlock-version = "2.0"\npython-versions = "~3.12"\n'
    reading = FORMAT.read(document("poetry.lock", text))
    assert (reading.made_for, reading.requires_python) == (MadeFor(python="3.12"), "<3.13,>=3.12")


def test_a_lock_that_is_older_than_its_project_is_not_whole() -> None:
    project = '[project]\nname = "app"\ndependencies = ["a", "new"]\n'
    found = problem(poetry(poetry_package("a"), pyproject_toml=project))
    assert (found.rule, found.message) == (
        "dependency-not-pinned",
        "the project needs new, which is not pinned",
    )
    assert not poetry(poetry_package("a") + poetry_package("new"), pyproject_toml=project).problems
