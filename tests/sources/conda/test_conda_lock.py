"""conda-lock.yml: records of conda and pip, categories, and the interpreter of each platform."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftaudit.errors import FtauditError, InputError
from ftaudit.model.conda import CondaBuild, CondaEnvironment
from ftaudit.model.project import Choices, FoundInterpreter, ListedFile, MadeFor, Pin, Reading, SourceKind
from ftaudit.sources.conda.conda_lock import FORMAT
from ftaudit.sources.reading.platforms import conda_platform, platform_marker
from ftaudit.sources.registry import choose
from ftaudit.sources.selection import Selection, chosen
from tests.builders.documents import document, document_at
from tests.shared import SHARED

LINUX = platform_marker("linux-x86_64")
OSX = platform_marker("macos-x86_64")
SHA = "ab" * 32


def record(
    name: str = "numpy",
    version: str = "2.4.6",
    *,
    build: str = "py314h_0",
    platform: str = "linux-64",
    subdir: str = "",
    depends: str = "{}",
    more: str = "category: main",
) -> str:
    url = f"https://conda.example/forge/{subdir or platform}/{name}-{version}-{build}.conda"
    return (
        f"- name: {name}\n  version: '{version}'\n  manager: conda\n  platform: {platform}\n"
        f"  dependencies: {depends}\n  url: {url}\n  {more}\n"
    )


def of_pip(url: str, name: str = "idna", *, depends: str = "{}", more: str = "category: main") -> str:
    return (
        f"- name: {name}\n  version: '3.7'\n  manager: pip\n  platform: linux-64\n"
        f"  dependencies: {depends}\n  url: {url}\n  hash: {{sha256: {SHA}}}\n  {more}\n"
    )


def python(build: str, platform: str = "linux-64") -> str:
    return record("python", "3.14.5", build=build, platform=platform)


def lock(*records: str) -> str:
    return "version: 1\nmetadata: {}\npackage:\n" + "".join(records)


def read(content: str | bytes, name: str = "conda-lock.yml") -> Reading:
    return FORMAT.read(document(name, content))


def read_or_error(content: str) -> Reading | FtauditError:
    try:
        return read(content)
    except FtauditError as error:
        return error


def pins(*records: str) -> dict[str, Pin]:
    return {pin.name: pin for pin in read(lock(*records)).pins}


# -- records --


def test_a_record_is_a_pin_of_conda() -> None:
    reading = read(lock(record(depends="{python: '>=3.14', __glibc: '>=2.17'}"), python("h_0_cp314")))
    numpy = reading.pins[0]
    assert (numpy.name, numpy.version, numpy.source.kind) == ("numpy", "2.4.6", SourceKind.CONDA)
    assert [edge.name for edge in numpy.dependencies or ()] == ["python"]
    assert numpy.origins[0].line == 4
    assert numpy.origins[0].marker == LINUX
    assert numpy.origins[0].groups == ()
    (archive,) = numpy.conda
    assert (archive.build, archive.kind) == ("py314h_0", CondaBuild.COMPILED)
    assert archive.environments == (CondaEnvironment(name="", platform="linux-x86_64", python="3.14"),)
    assert reading.closed
    assert reading.roots is None
    assert reading.environments == (LINUX,)
    assert not reading.problems


@pytest.mark.parametrize(
    ("subdir", "depends", "kind"),
    [
        ("noarch", "{}", CondaBuild.NOARCH),
        ("linux-64", "{}", CondaBuild.COMPILED),
        ("linux-64", "{_python_abi3_support: 1.*}", CondaBuild.ABI3),
        ("noarch", "{_python_abi3_support: 1.*}", CondaBuild.ABI3),
    ],
)
def test_how_an_archive_was_built(subdir: str, depends: str, kind: CondaBuild) -> None:
    found = pins(record(subdir=subdir, depends=depends), record("_python_abi3_support", "1.0"))
    assert found["numpy"].conda[0].kind is kind


def test_records_of_two_platforms_are_one_pin_with_an_origin_each() -> None:
    numpy = pins(record(), record(platform="osx-64"))["numpy"]
    assert [origin.marker for origin in numpy.origins] == [LINUX, OSX]
    assert [env.platform for archive in numpy.conda for env in archive.environments] == [
        "linux-x86_64",
        "macos-x86_64",
    ]


def test_virtual_packages_that_older_releases_wrote_are_no_pins() -> None:
    virtual = "- {name: __glibc, version: '2.17', manager: conda, platform: linux-64, url: ''}\n"
    assert set(pins(virtual, record())) == {"numpy"}


def test_what_is_needed_and_not_locked_is_told() -> None:
    (problem,) = read(lock(record(depends="{libblas: '>=3'}"))).problems
    assert (problem.rule, problem.line) == ("dependency-not-pinned", 4)
    assert "libblas" in problem.message


def test_a_url_of_another_package_is_refused() -> None:
    text = lock(record()).replace("name: numpy", "name: scipy")
    with pytest.raises(InputError, match=r"package\[0\].url: is the archive of numpy 2.4.6"):
        read(text)


# -- the interpreter --


@pytest.mark.parametrize(
    ("build", "python_version", "free_threaded"),
    [("h_0_cp314t", "3.14t", True), ("h_0_cp314", "3.14", False)],
)
def test_the_interpreter_is_that_of_the_python_record(
    build: str, python_version: str, free_threaded: bool
) -> None:
    reading = read(lock(record(), python(build)))
    assert reading.interpreter == FoundInterpreter(python=python_version, free_threaded=free_threaded)
    assert reading.made_for == MadeFor(python=python_version)
    assert reading.pins[0].conda[0].environments[0].python == python_version


def test_a_lock_that_is_free_threaded_on_one_platform_only_was_made_for_no_one_interpreter() -> None:
    here, there = python("h_0_cp314"), python("h_0_cp314t", "osx-64")
    reading = read(lock(here, there, record(subdir="noarch"), record(platform="osx-64", subdir="noarch")))
    assert reading.interpreter is None
    assert reading.made_for is None
    numpy = {pin.name: pin for pin in reading.pins}["numpy"]
    assert {env.platform: env.python for archive in numpy.conda for env in archive.environments} == {
        "linux-x86_64": "3.14",
        "macos-x86_64": "3.14t",
    }


def test_a_contradiction_is_told_and_counts_as_not_known() -> None:
    abi = record("python_abi", "3.14", build="8_cp314", subdir="noarch")
    reading = read(lock(python("h_0_cp314t"), abi))
    assert {problem.rule for problem in reading.problems} == {"conda-interpreter-unclear"}
    assert reading.interpreter is None


# -- categories --


@pytest.mark.parametrize(
    ("more", "groups"),
    [
        ("category: main", ()),
        ("category: dev", ("dev",)),
        ("categories: [dev, Test_Extra]", ("dev", "test-extra")),
        ("categories: [dev, main]", ()),
        ("optional: false", ()),
    ],
)
def test_a_category_is_a_group(more: str, groups: tuple[str, ...]) -> None:
    assert pins(record(more=more))["numpy"].origins[0].groups == groups


@pytest.mark.parametrize(
    ("selection", "names"),
    [
        (Selection(no_dev=True), {"numpy"}),
        (Selection(extras=("lint",)), {"numpy", "pytest", "mypy", "idna"}),
        (Selection(groups=("lint",)), {"numpy", "pytest", "mypy", "idna"}),
        (Selection(all_extras=True, no_dev=True), {"numpy", "mypy", "idna"}),
        (Selection(exclude=("lint",)), {"numpy", "pytest"}),
        (Selection(only=("lint",)), {"mypy", "idna"}),
        (Selection(only=("main",)), {"numpy"}),
    ],
)
def test_categories_are_chosen_as_by_conda_lock(selection: Selection, names: set[str]) -> None:
    lint = "category: lint"
    records = record(), record("pytest", more="category: dev"), record("mypy", more=lint)
    reading = read(lock(*records, of_pip("https://files.example/idna-3.7.tar.gz", more=lint)))
    (left,) = chosen([reading], selection)
    assert {pin.name for pin in left.pins} == names


def test_a_package_of_two_categories_has_an_origin_for_each() -> None:
    numpy = pins(record(), record(more="category: dev"))["numpy"]
    assert [origin.groups for origin in numpy.origins] == [(), ("dev",)]
    assert len(numpy.conda) == 1


def test_conda_lock_installs_main_and_dev_unasked() -> None:
    records = record(), record("pytest", more="category: dev"), record("mypy", more="category: lint")
    assert read(lock(*records)).choices == Choices(
        groups=("dev", "lint"),
        extras=("lint",),
        default_groups=("dev",),
        dev_groups=("dev",),
        main="main",
    )
    assert read(lock(record())).choices == Choices(main="main")


# -- what pip installs --


def test_a_record_of_pip_is_a_pin_of_the_index() -> None:
    url = "https://files.example/i/idna-3.7-py3-none-any.whl"
    pin = pins(of_pip(url, more="category: dev"))["idna"]
    assert pin.source.kind is SourceKind.INDEX
    assert pin.files == (ListedFile(name="idna-3.7-py3-none-any.whl", url=url, sha256=SHA),)
    assert pin.origins[0].groups == ("dev",)
    assert pin.origins[0].marker == LINUX
    assert pin.conda == ()


def test_records_of_pip_for_two_platforms_are_one_pin() -> None:
    here = of_pip("https://files.example/x-3.7-py3-none-manylinux_2_17_x86_64.whl", "x")
    there = of_pip("https://files.example/x-3.7-py3-none-win_amd64.whl", "x", depends="{}")
    pin = pins(here, there.replace("linux-64", "win-64"), record())["x"]
    assert [origin.marker for origin in pin.origins] == [LINUX, platform_marker("windows-amd64")]
    assert len(pin.files) == 2


def test_very_many_records_of_one_package_take_bounded_time() -> None:
    entry = {"manager": "pip", "url": "https://files.example/x-1.tar.gz", "name": "x", "version": "1"}
    many = [{**entry, "platform": f"p{number}"} for number in range(8_000)]
    (pin,) = read(json.dumps({"version": 1, "package": many}, indent=0)).pins
    assert len(pin.origins) == 8_000


@pytest.mark.parametrize(
    ("url", "more", "kind"),
    [
        ("https://files.example/idna-3.7.tar.gz", "optional: false", SourceKind.INDEX),
        ("https://files.example/idna-3.7.tar.gz", "source: null", SourceKind.INDEX),
        ("https://files.example/idna-3.7.tar.gz", "source: {type: url}", SourceKind.URL),
        ("https://files.example/other-3.7.tar.gz", "optional: false", SourceKind.URL),
        ("https://files.example/archive/main.zip", "optional: false", SourceKind.URL),
        ("git+https://files.example/idna@abc", "optional: false", SourceKind.GIT),
        ("file:///src/idna-3.7.tar.gz", "optional: false", SourceKind.PATH),
        ("../idna", "optional: false", SourceKind.PATH),
    ],
)
def test_other_urls_are_sources_of_their_own(url: str, more: str, kind: SourceKind) -> None:
    pin = pins(of_pip(url, more=more))["idna"]
    assert pin.source.kind is kind
    assert bool(pin.files) == (kind is SourceKind.INDEX)


def test_what_pip_installs_may_need_what_conda_installs() -> None:
    url = "https://files.example/idna-3.7.tar.gz"
    reading = read(lock(of_pip(url, depends="{NumPy: '>=2', six: ''}"), record()))
    idna = next(pin for pin in reading.pins if pin.name == "idna")
    assert [(e.name, e.source and e.source.kind) for e in idna.dependencies or ()] == [
        ("numpy", SourceKind.CONDA),
        ("six", None),
    ]
    assert [problem.message for problem in reading.problems] == ["idna 3.7 needs six, which is not pinned"]


@pytest.mark.parametrize(
    "url",
    [
        "https://me:hunter2@conda.example/linux-64/numpy-2.4.6-py314h_0.conda",
        "https://conda.example/t/hunter2/linux-64/numpy-2.4.6-py314h_0.conda",
        "https://conda.example/linux-64/numpy-2.4.6-py314h_0.conda?token=hunter2#hunter2",
    ],
)
def test_credentials_of_a_channel_are_never_shown(url: str) -> None:
    known = "https://conda.example/forge/linux-64/numpy-2.4.6-py314h_0.conda"
    reading = read(lock(record()).replace(known, url))
    assert reading.pins[0].name == "numpy"
    assert "hunter2" not in repr(reading)


@pytest.mark.parametrize(
    "url",
    [
        "https://me:hunter2@files.example/idna-3.7.tar.gz",
        "https://me:hunter2@files.example/main.zip?token=hunter2",
        "git+https://me:hunter2@files.example/idna@abc",
    ],
)
def test_credentials_of_what_pip_installs_are_never_shown(url: str) -> None:
    reading = read(lock(of_pip(url)))
    assert reading.pins[0].name == "idna"
    assert "hunter2" not in repr(reading)


# -- what is wrong with a file --


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("", "", "empty"),
        ("just a string\n", "top level", "must be a mapping"),
        ("- a\n", "top level", "must be a mapping"),
        ("metadata: {}\npackage: []\n", "", "version is missing"),
        ("version: 2\nmetadata: {}\npackage: []\n", "version", "unsupported conda-lock.yml version 2"),
        ("version: '1'\nmetadata: {}\npackage: []\n", "version", "must be an integer"),
        ("version: 1\nmetadata: {}\n", "", "package is missing"),
        ("version: 1\npackage: {}\n", "package", "must be an array of tables"),
        ("version: 1\npackage:\n", "package", "must be an array of tables"),
        ("version: 1\npackage: [x]\n", "package[0]", "must be a table"),
        (lock(record())[:-60], "package[0].url", "must be a conda archive"),
        (lock(record()) + "- 'x", "line", "invalid YAML"),
        (lock(record()).replace("manager: conda", "manager: npm"), "package[0].manager", "conda or pip"),
        (lock(record()).replace("manager: conda\n", "x: y\n"), "package[0]", "manager is missing"),
        (lock(record()).replace("linux-64\n", "../linux\n"), "package[0].platform", "no platform"),
        (lock(record(depends="[]")), "package[0].dependencies", "must be a table"),
        (lock(record(depends="{a: 1}")), "package[0].dependencies.a", "must be a string"),
        (lock(record("../../x")), "package[0].url", "is the archive of x 2.4.6"),
        (lock(record("a b")), "package[0].url", "invalid conda package name"),
        (lock(of_pip("https://f.example/x", "'../x'")), "package[0].name", "invalid package name"),
        (lock(of_pip("'http://[x@/'")), "package[0].url", "not a URL"),
        (lock(record(more="category: 3")), "package[0].category", "must be a string"),
        (lock(record(more="categories: dev")), "package[0].categories", "must be an array"),
        ("version: 1\nmetadata: " + "[" * 60, "line 2", "nested more than 50 levels"),
        ("version: 1\nmetadata: &a {}\npackage: [*a]\n", "line 2", "anchor"),
        ("version: 1\nmetadata: !!python/name:os.system x\n", "line 2", "tag"),
        ("version: 1\nversion: 1\n", "line 2", "duplicate key"),
    ],
)
def test_a_broken_file_is_one_line_with_the_place(text: str, place: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        read(text)
    assert caught.value.place.startswith(place)
    assert words in caught.value.reason
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 300


HOSTILE = ("\x1b[2J", "\u202e", "<script>", "\n::error::x", "../../etc", "a" * 1000)


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("key", ["name", "version", "platform", "manager", "url", "category"])
def test_a_hostile_value_is_refused_or_shown_harmless(key: str, value: str) -> None:
    entry = {
        "name": "a",
        "version": "1",
        "manager": "conda",
        "platform": "linux-64",
        "url": "https://conda.example/linux-64/a-1-0.conda",
        "category": "main",
    }
    text = json.dumps({"version": 1, "metadata": {}, "package": [{**entry, key: value}]})
    outcome = read_or_error(text)
    if isinstance(outcome, FtauditError):
        shown: tuple[str, ...] = (outcome.message,)
    else:
        assert key == "category"
        shown = outcome.pins[0].origins[0].groups
    assert all(text.isprintable() and len(text) < 300 for text in shown)


_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(["conda", "pip", "osx-64"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
_KEYS = ("name", "version", "manager", "platform", "dependencies", "url", "hash", "category", "source")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(_KEYS), _VALUES, max_size=9), max_size=3))
def test_any_structure_gives_a_reading_or_our_own_error(entries: list[dict[str, object]]) -> None:
    whole = {
        "name": "a",
        "version": "1",
        "manager": "pip",
        "platform": "osx-64",
        "url": "https://x.example/a",
    }
    text = json.dumps({"version": 1, "metadata": {}, "package": [{**whole, **entry} for entry in entries]})
    outcome = read_or_error(text)
    assert isinstance(outcome, Reading) or outcome.message.isprintable()


# -- recognition --


@pytest.mark.parametrize(
    ("name", "text", "score"),
    [
        ("conda-lock.yml", lock(record()), 2),
        ("py314.yaml", lock(record()), 2),
        ("pixi.lock", lock(record()), 0),
        ("conda-lock.yml", "", 1),
        ("test.conda-lock.yml", "just a string", 1),
        ("other.yml", "package: []", 0),
    ],
)
def test_the_content_decides(name: str, text: str, score: int) -> None:
    assert FORMAT.score(document(name, text)) == score


# -- the corpus --


def _corpus() -> Iterable[Any]:
    if SHARED is None:
        return [pytest.param("", id="absent")]
    with (SHARED / "corpus/locks/index.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return [row["local_file"] for row in rows if row["format"] == "conda-lock.yml"]


@pytest.mark.parametrize("file", _corpus())
def test_real_locks_give_what_is_expected(shared: Path, file: str) -> None:
    name = file.replace("/", "__")
    expected = json.loads((shared / f"corpus/locks/expected/{name}.json").read_text(encoding="utf-8"))
    found = document_at(shared / "corpus/locks" / file)
    assert choose(found) is FORMAT
    reading = FORMAT.read(found)
    kinds = {"conda": SourceKind.CONDA, "pip": SourceKind.INDEX}
    assert {(pin.name, pin.version, pin.source.kind) for pin in reading.pins} == {
        (name, version, kinds[kind]) for name, version, kind in expected["packages"]
    }
    origins = [origin for pin in reading.pins for origin in pin.origins]
    counted = Counter(group for origin in origins for group in origin.groups or ("main",))
    assert counted == expected["categories"]
    found_on = Counter((pin.source.kind, o.marker) for pin in reading.pins for o in pin.origins)
    assert found_on == {
        (kinds[manager], platform_marker(conda_platform(subdir))): count
        for key, count in expected["platforms"].items()
        for manager, subdir in [key.split("/")]
    }
    free_threaded = {
        (pin.name, pin.version, archive.build)
        for pin in reading.pins
        for archive in pin.conda
        if archive.build.endswith("t") and "_cp3" in archive.build
    }
    assert free_threaded == {tuple(row) for row in expected["freethreaded_builds"]}
    assert not reading.problems


def test_a_real_lock_is_free_threaded_by_accident_on_one_platform(shared: Path) -> None:
    path = shared / "corpus/locks/conda__conda-lock/conda-lock-python-3.14.yaml"
    reading = FORMAT.read(document_at(path))
    environments = {env for pin in reading.pins for archive in pin.conda for env in archive.environments}
    assert {env.platform: env.python for env in environments} == {
        "linux-x86_64": "3.14",
        "linux-aarch64": "3.14",
        "macos-x86_64": "3.14t",
        "macos-arm64": "3.14",
        "windows-amd64": "3.14",
    }
    assert len(environments) == 5


@pytest.mark.parametrize(
    ("file", "place", "words"),
    [
        ("13_types_yaml_scalar", "top level", "must be a mapping"),
        ("23_deep_nesting", "line 2", "nested more than 50 levels deep"),
        ("24_yaml_bomb", "line 1", "an anchor"),
        ("26_yaml_python_tag", "line 2", "tags are not accepted"),
    ],
)
def test_bad_files_are_one_line(shared: Path, file: str, place: str, words: str) -> None:
    found = document_at(shared / "corpus/bad" / file / "conda-lock.yml")
    assert choose(found) is FORMAT
    with pytest.raises(InputError) as caught:
        FORMAT.read(found)
    assert caught.value.place == place
    assert words in caught.value.reason


def test_nesting_that_kills_the_c_loader_is_refused() -> None:
    """Row 76 of the bad corpus, made here: 400,000 brackets."""
    with pytest.raises(InputError, match="line 2: nested more than 50 levels deep"):
        read("version: 1\nmetadata: " + "[" * 400_000)
