"""uv.lock: what is special about the format, each trap with its small document."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ftaudit.errors import InputError
from ftaudit.model.project import INDEX as ANY_INDEX
from ftaudit.model.project import MadeFor, Severity, Source, SourceKind
from ftaudit.sources.locks.uv_lock import FORMAT
from ftaudit.sources.registry import choose
from tests.builders.documents import document
from tests.builders.locks import INDEX, named, only, origin, problem, uv, uv_package, ways
from tests.builders.values import sha

ROOT = 'virtual = "."'


def root(more: str, name: str = "app") -> str:
    return uv_package(name, "0.1", ROOT, more)


# -- what it is --


@pytest.mark.parametrize(
    ("name", "content", "score"),
    [
        ("uv.lock", "", 1),
        ("x.py.lock", "not it", 1),
        ("other", 'version = 1\nrequires-python = ">=3.9"\n', 2),
        ("other", '\ufeffversion=1\r\nrevision = 3\r\nrequires-python = ">=3.9"\r\n[[package]]\r\n', 2),
        ("Cargo.lock", 'version = 4\n\n[[package]]\nname = "a"\n', 0),
        ("pyproject.toml", '[project]\nversion = "1"\nrequires-python = ">=3.9"\n', 0),
        ("pylock.toml", 'lock-version = "1.0"\nrequires-python = ">=3.9"\n[[packages]]\nversion = "1"', 0),
    ],
)
def test_it_is_known_by_its_content_and_then_by_its_name(name: str, content: str, score: int) -> None:
    assert FORMAT.score(document(name, content)) == score


@pytest.mark.parametrize("content", ["", "{}", "x = 1", "\0", "[[[["])
def test_a_file_of_that_name_is_always_said_to_be_a_bad_uv_lock(content: str) -> None:
    found = choose(document("uv.lock", content))
    assert found is FORMAT
    with pytest.raises(InputError, match=r"^uv\.lock: "):
        found.read(document("uv.lock", content))


@pytest.mark.parametrize("revision", ["", "revision = 0", "revision = 5", "revision = 99"])
def test_any_revision_is_read(revision: str) -> None:
    text = f'version = 1\n{revision}\nrequires-python = ">=3.11"\n{uv_package("a")}'
    assert only(FORMAT.read(document("uv.lock", text))).name == "a"


@pytest.mark.parametrize(
    ("version", "words"), [("2", "unsupported uv.lock version 2"), ('"1"', "an integer")]
)
def test_another_version_is_refused(version: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        FORMAT.read(document("uv.lock", f'version = {version}\nrequires-python = ">=3.11"'))


def test_the_old_name_of_the_packages_is_read() -> None:
    assert only(uv(uv_package("a").replace("package", "distribution"))).origins[0].line == 6


# -- sources --


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (f'registry = "{INDEX}"', Source(kind=SourceKind.INDEX, location=INDEX)),
        (
            'registry = "https://u:p@index.example/s"',
            Source(kind=SourceKind.INDEX, location="https://index.example/s"),
        ),
        (
            'registry = "https://${T}@index.example/s"',
            Source(kind=SourceKind.INDEX, location="https://index.example/s"),
        ),
        (
            'registry = "https://index.example/${T}"',
            Source(kind=SourceKind.INDEX, location="https://index.example/${T}"),
        ),
        ('registry = "../wheels"', Source(kind=SourceKind.INDEX, location="../wheels")),
        (
            'git = "https://git.example/a?rev=v1#abc"',
            Source(kind=SourceKind.GIT, location="https://git.example/a?rev=v1#abc"),
        ),
        (
            'url = "https://files.example/a-1.0.tar.gz"',
            Source(kind=SourceKind.URL, location="https://files.example/a-1.0.tar.gz"),
        ),
        ('path = "a-1.0.tar.gz"', Source(kind=SourceKind.PATH, location="a-1.0.tar.gz")),
        ('directory = "../a"', Source(kind=SourceKind.PATH, location="../a")),
        ('editable = "../a"', Source(kind=SourceKind.PATH, location="../a")),
        ('editable = "."', Source(kind=SourceKind.WORKSPACE, location=".")),
        ('virtual = "."', Source(kind=SourceKind.WORKSPACE, location=".")),
        ('marsupial = "pouch"', Source(kind=SourceKind.UNKNOWN)),
    ],
)
def test_every_kind_of_source(source: str, expected: Source) -> None:
    assert only(uv(uv_package("a", source=source))).source == expected
    assert expected != ANY_INDEX


def test_members_are_those_that_the_manifest_names() -> None:
    packages = uv_package("a", source='editable = "a"') + uv_package("b", source='editable = "b"')
    reading = uv(packages + uv_package("c", source='directory = "c"'), '[manifest]\nmembers = ["A", "c"]')
    assert [pin.source.kind for pin in reading.pins] == [
        SourceKind.WORKSPACE,
        SourceKind.PATH,
        SourceKind.WORKSPACE,
    ]


def test_a_member_without_a_version_is_kept() -> None:
    reading = uv('[[package]]\nname = "a"\nsource = { editable = "." }\n')
    assert (only(reading).version, reading.problems) == ("", ())


@pytest.mark.parametrize("url", ["https://[", "https://u:p@[x"])
def test_a_source_that_is_no_url(url: str) -> None:
    if "@" in url:
        with pytest.raises(InputError, match="not a URL"):
            uv(uv_package("a", source=f'url = "{url}"'))
    else:
        assert only(uv(uv_package("a", source=f'url = "{url}"'))).source.location == url


# -- the same name twice --


def test_one_name_at_two_versions_and_sources_is_two_pins() -> None:
    fork = "resolution-markers = [\"sys_platform == 'linux'\"]"
    one, two = (
        f'url = "https://files.example/a-1.0-cp312-cp312-linux_{m}.whl"' for m in ("x86_64", "aarch64")
    )
    reading = uv(
        uv_package("a", "1.0", one, fork) + uv_package("a", "1.0", two) + uv_package("a", "1.0+cu128")
    )
    assert len({pin.key for pin in reading.pins}) == 3
    assert reading.pins[0].resolution_markers == ("sys_platform == 'linux'",)
    assert reading.problems == ()


def test_the_same_pin_twice_is_counted_once() -> None:
    reading = uv(uv_package("a") * 2)
    assert only(reading).name == "a"
    assert (problem(reading).rule, problem(reading).severity) == ("duplicate-package", Severity.WARNING)


def test_more_pins_of_one_name_than_any_fork_makes_are_refused() -> None:
    with pytest.raises(InputError, match="more than 100 times"):
        uv("".join(uv_package("a", f"1.{n}") for n in range(101)))
    assert len(uv("".join(uv_package("a", f"1.{n}") for n in range(100))).pins) == 100


# -- files --

WHEEL = "a-1.0-cp314-cp314t-manylinux_2_28_x86_64.whl"


@pytest.mark.parametrize("key", ["upload-time", "upload_time"])
def test_files_have_all_that_is_written(key: str) -> None:
    url = f"https://u:p@files.example/{WHEEL}#sha256=0"
    written = f'url = "{url}", hash = "sha256:{sha("a")}", size = 7, {key} = "2026-01-02T03:04:05.6Z"'
    (file,) = only(uv(uv_package("a", more=f"wheels = [{{ {written} }}]"))).files
    assert (file.name, file.sha256, file.size) == (WHEEL, sha("a"), 7)
    assert file.url == f"https://files.example/{WHEEL}#sha256=0"
    assert file.uploaded == datetime(2026, 1, 2, 3, 4, 5, 600000, UTC)


@pytest.mark.parametrize(
    ("source", "written"),
    [
        ('registry = "../wheels"', f'path = "sub/{WHEEL}"'),
        ('registry = "../wheels"', f"path = 'sub\\{WHEEL}'"),
        (f'registry = "{INDEX}"', f'url = "https://files.example/{WHEEL.replace("_", "%5F")}?x=/y"'),
        (f'registry = "{INDEX}"', f'filename = "{WHEEL}", url = "https://files.example/download"'),
        (f'path = "wheels/{WHEEL}"', f'filename = "{WHEEL}"'),
        (f'url = "https://files.example/{WHEEL}"', 'hash = "sha256:0"'),
    ],
)
def test_every_way_to_name_a_file(source: str, written: str) -> None:
    more = f"wheels = [{{ {written} }}]"
    (file,) = only(uv(uv_package("a", source=source, more=more))).files
    assert (file.name, file.path, file.sha256) == (WHEEL, None, None)


def test_a_git_source_lists_no_file() -> None:
    assert (
        only(uv(uv_package("a", source='git = "https://git.example/a"', more='sdist = { hash = "x" }'))).files
        == ()
    )


@pytest.mark.parametrize("name", ["..", "", "a%2F..%2Fb.whl", "a\\u001b[2J.whl", "a" * 300])
def test_what_is_no_file_name_is_refused(name: str) -> None:
    with pytest.raises(InputError, match=r"package\[0\]\.wheels\[0\]\.url: must be a file name"):
        uv(uv_package("a", more=f'wheels = [{{ url = "https://files.example/{name}" }}]'))


# -- edges, groups, extras --


def test_groups_and_extras_lead_to_what_they_need() -> None:
    reading = uv(
        root(
            'dependencies = [{ name = "both" }, { name = "web", extra = ["fast"] }]\n'
            '[package.optional-dependencies]\ncu12 = [{ name = "gpu" }]\n'
            '[package.dev-dependencies]\ndev = [{ name = "both" }, { name = "test" }]\n'
        )
        + uv_package(
            "web",
            more='[package.optional-dependencies]\nfast = [{ name = "speed" }]\nslow = [{ name = "snail" }]',
        )
        + uv_package("gpu", more='dependencies = [{ name = "deep" }]')
        + uv_package("test", more='dependencies = [{ name = "deep" }]')
        + "".join(map(uv_package, ("both", "speed", "snail", "deep")))
    )
    assert ways(named(reading, "both")) == [((), ()), (("dev",), ())]
    assert ways(named(reading, "speed")) == [((), ())]
    assert ways(named(reading, "gpu")) == [((), ("cu12",))]
    assert ways(named(reading, "deep")) == [(("dev",), ()), ((), ("cu12",))]
    assert {pin.name for pin in reading.pins if pin.origins[0].direct} == {"both", "web", "gpu", "test"}
    assert reading.roots is not None
    assert [(edge.name, edge.extra, edge.group) for edge in reading.roots] == [
        ("both", None, None),
        ("web", None, None),
        ("gpu", "cu12", None),
        ("both", None, "dev"),
        ("test", None, "dev"),
    ]
    assert reading.problems == ()


def test_the_other_name_of_the_groups_is_read() -> None:
    reading = uv(root('[package.dependency-groups]\ndev = [{ name = "a" }]') + uv_package("a"))
    assert ways(named(reading, "a")) == [(("dev",), ())]


def test_the_lock_of_a_script_has_its_roots_in_the_manifest() -> None:
    head = '[manifest]\nrequirements = [{ name = "a", specifier = ">=1", extras = ["x"] }]'
    reading = uv(
        uv_package("a") + uv_package("b"), head, "s.py.lock", pyproject_toml="[[tool.uv.index]]\nurl='u'"
    )
    assert reading.roots is not None
    assert [(edge.name, edge.specifier, edge.extras) for edge in reading.roots] == [("a", ">=1", ("x",))]
    assert [origin(pin).direct for pin in reading.pins] == [True, False]
    assert reading.indexes == ()


def test_groups_of_a_manifest() -> None:
    reading = uv(uv_package("a"), '[manifest.dependency-groups]\ndev = [{ name = "a", specifier = "*" }]')
    assert ways(only(reading)) == [(("dev",), ())]


def test_a_member_of_another_member_is_followed() -> None:
    member = uv_package(
        "lib", source='editable = "lib"', more='[package.optional-dependencies]\nx = [{ name = "a" }]'
    )
    app = root('[package.dev-dependencies]\ndev = [{ name = "lib", extra = ["x"] }]')
    reading = uv(app + member + uv_package("a"), '[manifest]\nmembers = ["app", "lib"]')
    assert ways(named(reading, "a")) == [(("dev",), ()), ((), ("x",))]
    assert reading.problems == ()


def test_an_edge_with_version_and_source_leads_to_one_of_two() -> None:
    edge = (
        f'{{ name = "a", version = "2", source = {{ registry = "{INDEX}" }}, marker = "os_name == \'nt\'" }}'
    )
    reading = uv(root(f"dependencies = [{edge}]") + uv_package("a", "1") + uv_package("a", "2"))
    assert [(pin.version, origin(pin).direct) for pin in reading.pins[1:]] == [("1", False), ("2", True)]
    assert reading.roots is not None
    assert reading.roots[0].marker == "os_name == 'nt'"


@pytest.mark.parametrize(
    ("marker", "told"),
    [
        ("", True),
        ("sys_platform == 'win32'", True),
        ("extra == 'extra-3-app-cu12'", True),
        ("python_full_version < '3.11'", False),
        ("implementation_name == 'pypy'", False),
        ("sys_platform == 'emscripten'", False),
    ],
)
def test_an_edge_to_nothing_is_told_where_it_could_apply(marker: str, told: bool) -> None:
    edge = f'{{ name = "ghost", marker = "{marker}" }}' if marker else '{ name = "ghost" }'
    reading = uv(uv_package("a", more=f"dependencies = [{edge}]"))
    assert [p.rule for p in reading.problems] == ["dependency-not-pinned"] * told
    if told:
        assert problem(reading).message == "a 1.0 needs ghost, which is not pinned"
        assert (problem(reading).line, problem(reading).severity) == (6, Severity.INCOMPLETE)


@pytest.mark.parametrize(("extra", "told"), [("[]", False), ('["x"]', True)])
def test_an_edge_of_an_extra_that_nobody_asks_for_may_lead_nowhere(extra: str, told: bool) -> None:
    lib = uv_package("lib", more='[package.optional-dependencies]\nx = [{ name = "ghost" }]')
    reading = uv(root(f'dependencies = [{{ name = "lib", extra = {extra} }}]') + lib)
    assert [p.rule for p in reading.problems] == ["dependency-not-pinned"] * told


def test_cycles_end() -> None:
    reading = uv(
        root('dependencies = [{ name = "a" }]')
        + uv_package("a", more='dependencies = [{ name = "b" }]')
        + uv_package("b", more='dependencies = [{ name = "a" }, { name = "app" }]')
    )
    assert len(reading.pins) == 3
    assert reading.problems == ()


# -- markers, versions, names --


def test_a_marker_that_does_not_parse_narrows_nothing() -> None:
    markers = "resolution-markers = [\"os_name == 'nt'\", \"os_name = = 'nt'\"]"
    reading = uv(uv_package("a", more=markers))
    assert only(reading).resolution_markers == ()
    assert problem(reading).message.startswith("package[0].resolution-markers[1]: invalid marker")


@pytest.mark.parametrize(
    "marker", ["python_version < '3." + "9" * 5000 + "'", "os_name == '\\u001b'", "(" * 51]
)
def test_a_marker_that_could_not_be_evaluated_or_shown_narrows_nothing(marker: str) -> None:
    reading = uv(uv_package("a", more=f'resolution-markers = ["{marker}"]'))
    assert only(reading).resolution_markers == ()
    assert problem(reading).rule == "invalid-marker"


def test_a_version_that_does_not_parse_is_kept() -> None:
    reading = uv(uv_package("a", "not-a-version") + uv_package("b"))
    assert [pin.version for pin in reading.pins] == ["not-a-version", "1.0"]
    assert (problem(reading).rule, problem(reading).line) == ("invalid-version", 6)


@pytest.mark.parametrize("version", ["x" * 5000, "1." + "9" * 5000, "\\u001b[2J"])
def test_a_hostile_version_is_cut_short_and_escaped(version: str) -> None:
    found = only(uv(uv_package("a", version))).version
    assert len(found) <= 80
    assert found.isprintable()


@pytest.mark.parametrize("name", ["../../x", "<b>", "a b", "é", "\u212a", "", "-a", "a" * 300, "a\\u001b[2J"])
def test_a_name_that_no_package_has_is_refused(name: str) -> None:
    with pytest.raises(InputError, match=r"package\[0\]\.name: invalid package name") as error:
        uv(uv_package(name))
    assert error.value.message.isprintable()
    with pytest.raises(InputError, match=r"package\[0\]\.dependencies\[0\]\.name: invalid package name"):
        uv(uv_package("a", more=f'dependencies = [{{ name = "{name}" }}]'))


def test_what_the_lock_was_made_for() -> None:
    reading = uv("", "supported-markers = [\"sys_platform == 'linux'\"]")
    assert (reading.requires_python, reading.made_for) == (">=3.11", None)
    assert reading.environments == ("sys_platform == 'linux'",)
    text = 'version = 1\nrequires-python = "==3.12.*"\n'
    assert FORMAT.read(document("uv.lock", text)).made_for == MadeFor(python="3.12")


def test_a_long_specifier_is_refused_without_being_repeated() -> None:
    with pytest.raises(InputError, match="requires-python: invalid version specifier") as error:
        FORMAT.read(document("uv.lock", f'version = 1\nrequires-python = "{"x" * 900_000}"\n'))
    assert len(error.value.message) < 200
