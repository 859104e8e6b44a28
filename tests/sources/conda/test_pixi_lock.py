"""pixi.lock: environments on platforms, conda and index packages, every version of the format."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ftaudit.errors import FtauditError, InputError
from ftaudit.model.conda import CondaBuild, CondaEnvironment
from ftaudit.model.project import (
    Choices,
    DeclaredIndex,
    Edge,
    FoundInterpreter,
    ListedFile,
    MadeFor,
    Pin,
    Reading,
    Source,
    SourceKind,
)
from ftaudit.sources.conda.conda_records import CONDA
from ftaudit.sources.conda.pixi_lock import FORMAT
from ftaudit.sources.reading.platforms import conda_platform, platform_marker
from ftaudit.sources.registry import choose
from tests.builders.documents import document, document_at
from tests.builders.locks import named, only, problem
from tests.shared import SHARED

FORGE = "https://conda.example/forge"
FILES = "https://files.example"
LINUX, MACOS = platform_marker("linux-x86_64"), platform_marker("macos-arm64")
PYTHON = f"{FORGE}/linux-64/python-3.14.5-h1_0_cp314.conda"
PYTHON_T = f"{FORGE}/linux-64/python-3.14.5-h1_0_cp314t.conda"
A = f"{FORGE}/noarch/a-1.0-pyhd8ed1ab_0.conda"
B = f"{FILES}/b-2.0-cp314-cp314t-manylinux_2_28_x86_64.whl"
SHA = "0" * 63 + "a"


def pixi(lock: object) -> Reading:
    text = lock if isinstance(lock, str) else json.dumps(lock, indent=1)  # which is YAML too
    return FORMAT.read(document("pixi.lock", text))


def v6(*packages: dict[str, object], version: int = 6, **environments: dict[str, list[object]]) -> Reading:
    """A lock of *packages*, all of them in the environment ``default`` on Linux if no other is given."""
    every: list[object] = [
        {key: value for key, value in package.items() if key in KEYS} for package in packages
    ]
    solved = environments or {"default": {"linux-64": every}}
    return pixi(
        {
            "version": version,
            "environments": {name: {"channels": [], "packages": held} for name, held in solved.items()},
            "packages": list(packages),
        }
    )


KEYS = ("conda", "pypi", "conda_source")


def conda(url: str = A, *depends: str, **more: object) -> dict[str, object]:
    return {"conda": url, "depends": list(depends), **more}


def wheel(url: str = B, name: str = "b", version: str = "2.0", **more: object) -> dict[str, object]:
    return {"pypi": url, "name": name, "version": version, **more}


def held_by(pin: Pin) -> dict[str, list[tuple[str, str, str | None]]]:
    return {
        record.url: [(env.name, env.platform, env.python) for env in record.environments]
        for record in pin.conda
    }


# -- what is a pixi.lock, and what is refused --


@pytest.mark.parametrize(
    ("name", "content", "score"),
    [
        ("pixi.lock", "", 1),
        ("pixi.lock", "version: 6\nenvironments: {}\npackages: []\n", 2),
        ("other.yml", "\ufeffversion: 7\nplatforms: []\nenvironments:\n  a: {}\n", 2),
        ("pixi.lock", "metadata: {}\npackage:\n- {}\nversion: 1\n", 2),
        ("conda-lock.yml", "version: 1\nmetadata: {}\npackage:\n- {}\n", 0),
        ("environment.yml", "name: x\ndependencies:\n- python\n", 0),
    ],
)
def test_it_is_known_by_its_content_and_then_by_its_name(name: str, content: str, score: int) -> None:
    assert FORMAT.score(document(name, content)) == score


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the file is empty"),
        ("- a\n", "top level: must be a mapping"),
        ("environments: {}\n", "version is missing: this is no pixi.lock"),
        ("version: '6'\n", "version: must be an integer"),
        ("version: 0\npackage: []\n", r"version: unsupported pixi.lock version 0 \(ftaudit reads 1 to 7\)"),
        ("version: 8\nenvironments: {}\n", "version: unsupported pixi.lock version 8"),
        ("version: 3\n", "package is missing: this is no pixi.lock"),
        ("version: 6\n", "environments is missing: this is no pixi.lock"),
        ("version: 6\nenvironments: []\n", "environments: must be a table"),
        ("version: 6\nenvironments: {a: 1}\n", "environments.a: must be a table"),
        ("version: 6\nenvironments: {a: {packages: []}}\n", "environments.a.packages: must be a table"),
        (
            "version: 6\nenvironments: {a: {packages: {linux-64: 1}}}\n",
            "environments.a.packages.linux-64: must be an array of tables",
        ),
        ("version: 6\nenvironments: {a: {indexes: x}}\n", "environments.a.indexes: must be an array"),
        ("version: 6\nenvironments: {}\npackages: {}\n", "packages: must be an array of tables"),
        ("version: 6\nenvironments: {}\npackages: [{x: 1}]\n", r"packages\[0\]: must have one of the keys"),
        ("version: 6\nenvironments: {}\npackages: [{conda: 1}]\n", r"packages\[0\].conda: must be a string"),
        ("version: 5\nenvironments: {}\npackages: [{kind: 1}]\n", r"packages\[0\].kind: must be a string"),
        ("version: 5\nenvironments: {}\npackages: [{kind: x}]\n", r"packages\[0\].kind: not a kind"),
        ("version: 5\nenvironments: {}\npackages: [{kind: pypi}]\n", "url is missing"),
        ("version: 3\npackage: [{manager: x}]\n", r"package\[0\].manager: not a manager that pixi knows"),
        ("version: 7\nplatforms: [1]\nenvironments: {}\n", r"platforms\[0\]: must be a table"),
        ("version: 6\nversion: 7\n", "line 2: duplicate key version"),
        ("version: 6\nx: &x 1\n", "line 2: an anchor, which no lock uses"),
    ],
)  # fmt: skip
def test_what_is_refused(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        pixi(text)


@pytest.mark.parametrize(
    ("package", "words"),
    [
        (conda("https://conda.example/noarch/../../x.conda"), "must be a conda archive"),
        (conda(A, name="../x"), 'name: invalid conda package name "../x"'),
        (conda(A, version="1 0"), "version: invalid conda version"),
        (conda(A, name="\x1b[31mred"), r"invalid conda package name \"\\x1b\[31mred\""),
        (conda("./a\u202e", name="b\u202eb"), r"invalid conda package name \"b\\u202eb\""),
        (conda("."), "name is missing"),
        ({"conda": A, "depends": "x"}, "depends: must be an array"),
        ({"conda": A, "depends": [1]}, r"depends\[0\]: must be a string"),
        ({"conda": A, "purls": {}}, "purls: must be an array"),
        (wheel(name="::error::x"), "name: invalid package name"),
        (wheel(name="<script>"), "name: invalid package name"),
        (wheel(B, version=""), "version is missing"),
        ({"pypi": B, "version": "1"}, "name is missing"),
        ({"pypi": B, "name": "b", "version": 1}, "version: must be a string"),
        (wheel(requires_dist={}), "requires_dist: must be an array"),
        (wheel(requires_python="~~"), "requires_python: invalid version specifier"),
        (wheel(f"{FILES}/..%2F..%2Fx.whl"), "must be a file name"),
        (wheel("https://[::x/b.whl@"), "not a URL"),
    ],
)
def test_a_broken_package_is_one_line_with_its_place(package: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        v6(package)
    assert caught.value.message.startswith("pixi.lock: packages[0]")
    assert caught.value.message.isprintable()


def test_an_environment_holds_only_what_the_lock_has() -> None:
    with pytest.raises(InputError, match="refers to a package that the lock does not hold") as caught:
        v6(conda(), default={"linux-64": [{"conda": PYTHON}]})
    assert caught.value.place == "environments.default.packages.linux-64[0].conda"
    assert v6(conda(), default={"linux-64": [{"conda": A}]}).problems == ()


def test_there_are_limits_to_environments_and_to_packages_at_one_place() -> None:
    many: dict[str, object] = {f"e{number}": {} for number in range(1001)}
    with pytest.raises(InputError, match="environments: more than 1000 environments"):
        pixi({"version": 6, "environments": many})
    with pytest.raises(InputError, match=r"packages\[100\].conda: more than 100 packages lie there"):
        v6(*[conda("./here", name="x")] * 101)


# -- conda packages --


def test_conda_packages_know_their_environments() -> None:
    reading = v6(
        conda(PYTHON),
        conda(PYTHON_T),
        conda(A, "python >=3.9", "__unix", purls=["pkg:pypi/Other_A@1.0"]),
        test={"linux-64": [{"conda": PYTHON_T}, {"conda": A}], "osx-arm64": [{"conda": A}]},
        default={"linux-64": [{"conda": PYTHON}, {"conda": A}]},
    )
    assert [(pin.name, pin.version) for pin in reading.pins] == [("python", "3.14.5"), ("a", "1.0")]
    pin = named(reading, "a")
    assert (pin.source, pin.index_name, pin.files) == (CONDA, "other-a", ())
    assert pin.dependencies == (Edge(name="python", source=CONDA),)
    assert pin.conda[0].kind is CondaBuild.NOARCH
    assert held_by(pin) == {
        A: [
            ("default", "linux-x86_64", "3.14"),
            ("test", "linux-x86_64", "3.14t"),
            ("test", "macos-arm64", None),
        ]
    }
    assert [(o.marker, o.groups) for o in pin.origins] == [(LINUX, ("default", "test")), (MACOS, ("test",))]
    assert held_by(named(reading, "python")) == {
        PYTHON: [("default", "linux-x86_64", "3.14")],
        PYTHON_T: [("test", "linux-x86_64", "3.14t")],
    }
    assert (reading.closed, reading.roots, reading.problems) == (True, None, ())
    assert reading.environments == (MACOS, LINUX)
    assert (reading.interpreter, reading.made_for, reading.requires_python) == (None, None, ">=3.14,<3.15")
    assert reading.choices == Choices(
        groups=("test", "default"), default_groups=("default",), main="default", exclusive=True
    )


@pytest.mark.parametrize(
    ("python", "interpreter"),
    [
        (PYTHON, FoundInterpreter(python="3.14", free_threaded=False)),
        (PYTHON_T, FoundInterpreter(python="3.14t", free_threaded=True)),
    ],
)
def test_an_interpreter_that_all_environments_have(python: str, interpreter: FoundInterpreter) -> None:
    held: list[object] = [{"conda": python}]
    reading = v6(conda(python), conda(), a={"linux-64": held}, b={"linux-64": held, "osx-64": [{"conda": A}]})
    assert reading.interpreter == interpreter
    assert reading.made_for == MadeFor(python=interpreter.python)
    assert v6(conda()).interpreter is None


def test_a_free_threaded_package_is_no_sign_against_the_interpreter_that_it_needs() -> None:
    reading = v6(
        conda(f"{FORGE}/linux-64/python-3.14.5-h1_0.conda"),
        conda(f"{FORGE}/linux-64/numpy-2.4.6-py314hd4f4903_0.conda", "python", "python_abi 3.14.* *_cp314t"),
    )
    assert [env.python for env in named(reading, "numpy").conda[0].environments] == ["3.14t"]
    assert [found.rule for found in reading.problems] == ["dependency-not-pinned"]  # python_abi itself


def test_an_environment_with_two_interpreters_has_none() -> None:
    reading = v6(conda(PYTHON), conda(PYTHON_T), conda())
    assert problem(reading).rule == "conda-interpreter-unclear"
    assert "default on linux-x86_64" in problem(reading).message
    assert {env.python for pin in reading.pins for held in pin.conda for env in held.environments} == {None}
    assert (reading.interpreter, reading.made_for) == (None, None)


def test_how_a_package_was_built() -> None:
    abi3 = f"{FORGE}/linux-64/x-1.0-py310h1_0.conda"
    reading = v6(conda(abi3, "_python_abi3_support 1.*", noarch="python"), conda(), conda(PYTHON))
    kinds = {pin.name: pin.conda[0].kind for pin in reading.pins}
    assert kinds == {"x": CondaBuild.ABI3, "a": CondaBuild.NOARCH, "python": CondaBuild.COMPILED}


def test_what_a_package_states_goes_before_its_file_name() -> None:
    reading = v6(conda("./pkgs/a-1.0-py_0.conda", name="R6", version="1.00", subdir="noarch"))
    assert (only(reading).name, only(reading).version) == ("R6", "1.00")
    assert only(reading).conda[0].kind is CondaBuild.NOARCH
    assert only(v6(conda(A, subdir="linux-64"))).conda[0].kind is CondaBuild.COMPILED
    assert (
        only(v6(conda(f"{FORGE}/linux-64/a-1-0.conda", noarch="python"))).conda[0].kind is CondaBuild.COMPILED
    )


def test_what_no_environment_uses_is_no_pin() -> None:
    reading = v6(conda(), conda(PYTHON), default={"linux-64": [{"conda": A}]})
    assert [pin.name for pin in reading.pins] == ["a"]


def test_an_edge_to_what_is_not_locked_is_a_problem() -> None:
    found = problem(v6(conda(A, "missing >=1", "__glibc >=2.17")))
    assert (found.rule, found.message) == (
        "dependency-not-pinned",
        "a 1.0 needs missing, which is not pinned",
    )
    assert v6(conda(A, "python"), conda(PYTHON)).problems == ()


@pytest.mark.parametrize(
    ("package", "source"),
    [
        ({"conda_source": "x[87] @ child", "depends": ["a"]}, Source(kind=SourceKind.PATH, location="child")),
        ({"conda_source": "x[87dc0b8a] @ ."}, Source(kind=SourceKind.WORKSPACE, location=".")),
        (
            {"conda_source": "x[8] @ git+https://me:pw@git.example/x?subdirectory=y#abc", "version": "1.0"},
            Source(kind=SourceKind.GIT, location="git+https://git.example/x?subdirectory=y#abc"),
        ),
        (
            {"conda": "https://files.example/x.tar.gz", "name": "x"},
            Source(kind=SourceKind.URL, location="https://files.example/x.tar.gz"),
        ),
    ],
)  # fmt: skip
def test_what_is_built_from_source_is_not_judged_by_conda(package: dict[str, object], source: Source) -> None:
    reading = v6(package, conda(A, "x"), version=7)
    pin = named(reading, "x")
    assert (pin.source, pin.conda, pin.version) == (source, (), package.get("version", ""))
    assert reading.problems == ()


def test_variants_at_one_place_are_told_apart() -> None:
    one = conda("here", name="x", variants={"python": "3.11"}, version="1")
    two = conda("here", name="x", variants={"python": "3.12"}, version="2")
    asked = {"conda": "here", "name": "x", "variants": {"python": "3.12"}}
    reading = v6(one, two, default={"linux-64": [asked]})
    assert [pin.version for pin in reading.pins] == ["2"]
    with pytest.raises(InputError, match="refers to a package that the lock does not hold"):
        v6(one, two, default={"linux-64": [{"conda": "here", "name": "y"}]})


def test_a_platform_may_have_a_name_of_its_own() -> None:
    reading = pixi(
        {
            "version": 7,
            "platforms": [{"name": "p1", "subdir": "linux-64", "virtual-packages": []}, {"name": "osx-64"}],
            "environments": {"default": {"packages": {"p1": [{"conda": A}], "osx-64": [{"conda": A}]}}},
            "packages": [conda()],
        }
    )
    assert [env.platform for env in only(reading).conda[0].environments] == ["linux-x86_64", "macos-x86_64"]


# -- packages of the index --


def test_a_package_of_the_index() -> None:
    reading = v6(wheel(sha256=SHA, requires_python=">=3.9"), conda(PYTHON_T))
    pin = named(reading, "b")
    assert (pin.version, pin.source, pin.requires_python) == ("2.0", Source(kind=SourceKind.INDEX), ">=3.9")
    assert pin.files == (ListedFile(name=B.rpartition("/")[2], url=B, sha256=SHA),)
    assert [(o.marker, o.groups, o.line) for o in pin.origins] == [(LINUX, ("default",), pin.origins[0].line)]
    assert pin.conda == ()


def test_the_wheels_of_several_platforms_are_one_pin() -> None:
    other = f"{FILES}/b-2.0-cp314-cp314t-macosx_11_0_arm64.whl"
    reading = v6(wheel(), wheel(other), default={"linux-64": [{"pypi": B}], "osx-arm64": [{"pypi": other}]})
    assert [file.url for file in only(reading).files] == [B, other]
    assert [o.marker for o in only(reading).origins] == [LINUX, MACOS]
    assert reading.problems == ()


@pytest.mark.parametrize(
    ("package", "kind", "location", "files"),
    [
        (wheel("./", version="<dynamic>"), "workspace", "./", 0),
        (wheel("."), "workspace", ".", 0),
        (wheel("./sub", editable=True), "workspace", "./sub", 0),
        (wheel("../sub", editable=True), "path", "../sub", 0),
        (wheel("./sub"), "path", "./sub", 0),
        (wheel("./links/b-2.0-py3-none-any.whl"), "path", "./links/b-2.0-py3-none-any.whl", 1),
        (wheel("file:///b-2.0.tar.gz"), "path", "file:///b-2.0.tar.gz", 1),
        (wheel(f"direct+{B}"), "url", B, 1),
        (wheel("git+https://u:p@git.example/b@main#abc"), "git", "git+https://git.example/b@main#abc", 0),
        (wheel(index="https://u:p@index.example/x"), "index", "https://index.example/x", 1),
    ],
)
def test_where_a_package_of_the_index_is_from(
    package: dict[str, object], kind: str, location: str, files: int
) -> None:
    pin = only(v6(package))
    assert (pin.source, len(pin.files)) == (Source(kind=SourceKind(kind), location=location), files)


def test_a_local_project_may_have_no_version() -> None:
    assert only(v6({"pypi": "./", "name": "app"})).version == ""
    assert problem(v6(wheel(version="one"))).rule == "invalid-version"


def test_a_requirement_may_be_met_by_a_conda_package() -> None:
    mapped = conda(f"{FORGE}/linux-64/msgpack-python-1.1-py314h_0.conda", purls=["pkg:pypi/msgpack"])
    plain = conda(f"{FORGE}/noarch/typing_extensions-4.0-pyh_0.conda")
    needs = ["msgpack>=1", "typing-extensions", "b[x]", "c @ file:c", "extra-only; extra == 'y'"]
    reading = v6(
        mapped, plain, wheel(), wheel("./c", "c"), wheel(f"{FILES}/d-1.tar.gz", "d", requires_dist=needs)
    )
    edges = named(reading, "d").dependencies
    assert edges is not None
    assert [(edge.name, edge.source, edge.extra) for edge in edges] == [
        ("msgpack-python", CONDA, None),
        ("typing_extensions", CONDA, None),
        ("b", None, None),
        ("c", None, None),
        ("extra-only", None, "y"),
    ]
    assert reading.problems == ()


def test_a_requirement_that_nothing_meets_is_a_problem() -> None:
    windows, missing = "w; sys_platform == 'win32'", "m; python_version >= '3.14'"
    assert (
        problem(v6(wheel(requires_dist=[missing]), conda(PYTHON))).message
        == "b 2.0 needs m, which is not pinned"
    )
    assert v6(wheel(requires_dist=[windows]), conda(PYTHON)).problems == ()
    assert v6(wheel(requires_dist=["m; python_version < '3.14'"]), conda(PYTHON)).problems == ()
    old = f"{FORGE}/linux-64/python-3.11.9-h1_0_cpython.conda"
    assert v6(wheel(requires_dist=[windows]), conda(old)).problems == ()


def test_a_requirement_that_does_not_parse_is_a_problem() -> None:
    for text in ("a b c", "a; what == 'x'", "a>=" + "1" * 500, "a\x1b"):
        found = problem(v6(wheel(requires_dist=[text])))
        assert found.rule == "dependencies-not-known"
        assert found.message == "packages[0].requires_dist[0]: a requirement that does not parse"


def test_extras_of_the_project_that_are_not_locked_are_not_missed() -> None:
    needs = ["b", "b; extra == 'x'", "docs; extra == 'y'"]
    reading = v6(wheel(), wheel("./", "app", requires_dist=needs))
    edges = named(reading, "app").dependencies
    assert edges is not None
    assert [(edge.name, edge.extra) for edge in edges] == [("b", None), ("b", "x")]
    assert reading.problems == ()


def test_the_indexes_of_the_environments_are_all_that_are_asked() -> None:
    url, links = "https://u:p@index.example/simple", "https://files.example/links"
    environment = {"indexes": [url], "find-links": [{"path": "./links"}, {"url": links}], "packages": {}}
    reading = pixi({"version": 6, "environments": {"a": environment, "b": environment}, "packages": []})
    assert reading.indexes == (
        DeclaredIndex(url=url, replaces_default=True, tool="pixi"),
        DeclaredIndex(url=links, find_links=True, tool="pixi"),
    )


# -- older versions --


def test_versions_4_and_5_say_the_kind() -> None:
    packages = [
        {"kind": "conda", "name": "a", "version": "1.0", "build": "0", "url": A, "depends": ["python"]},
        {"kind": "conda", "name": "python", "version": "3.14.5", "url": PYTHON},
        {"kind": "pypi", "name": "b", "version": "2.0", "url": B, "requires_dist": ["a", "c; extra == 'x'"]},
        {"kind": "pypi", "name": "app", "version": "0.1", "path": ".", "editable": True},
    ]
    held = [{"conda": A}, {"conda": PYTHON}, {"pypi": B, "extras": ["X"]}, {"pypi": "."}]
    for version in (4, 5):
        reading = pixi(
            {
                "version": version,
                "environments": {"default": {"channels": [], "packages": {"linux-64": held}}},
                "packages": packages,
            }
        )
        assert [(pin.name, pin.source.kind.value) for pin in reading.pins] == [
            ("a", "conda"), ("python", "conda"), ("b", "index"), ("app", "workspace"),
        ]  # fmt: skip
        assert named(reading, "b").extras == ("x",)
        # The extra is asked for, so what it needs must be there.
        assert [found.message for found in reading.problems] == ["b 2.0 needs c, which is not pinned"]


def test_versions_1_to_3_are_one_environment_without_a_name() -> None:
    def entry(name: str, url: str, platform: str, **more: object) -> dict[str, object]:
        return {"name": name, "version": "1.0", "manager": "conda", "platform": platform, "url": url, **more}

    noarch = {"subdir": "linux-64", "noarch": "python", "dependencies": {"python": ">=3.9", "__unix": "*"}}
    python = {"dependencies": [], "version": "3.14.5"}
    index = {"manager": "pip", "version": "2.0", "hash": {"sha256": SHA}, "dependencies": {"a": "*"}}
    packages = [
        entry("a", A, "linux-64", **noarch),
        entry("a", A, "osx-arm64", dependencies={}),
        entry("python", PYTHON, "linux-64", **python),
        entry("b", B, "linux-64", **index),
        entry("c", f"{FILES}/c-1.0.tar.gz", "linux-64", manager="pypi", requires_dist=["b>=1"]),
    ]
    for version in (1, 2, 3):
        reading = pixi({"version": version, "metadata": {}, "package": packages})
        pin = named(reading, "a")
        assert held_by(pin) == {A: [("", "linux-x86_64", "3.14"), ("", "macos-arm64", None)]}
        assert pin.conda[0].kind is CondaBuild.NOARCH
        assert [(o.marker, o.groups) for o in pin.origins] == [(LINUX, ()), (MACOS, ())]
        assert named(reading, "b").dependencies == (Edge(name="a", source=CONDA),)
        assert named(reading, "b").files[0].sha256 == SHA
        assert named(reading, "c").dependencies == (Edge(name="b", specifier=">=1"),)
        assert (reading.choices, reading.problems) == (None, ())


# -- the shared corpus --

ENDS = "__pixi.lock.json"
EXPECTED = sorted(SHARED.glob(f"corpus/locks/expected/*{ENDS}")) if SHARED else [Path(f"absent{ENDS}")]
CASES = [path.name.removesuffix(ENDS) for path in EXPECTED]


@pytest.fixture(scope="module", params=CASES)
def real(request: pytest.FixtureRequest, shared: Path) -> tuple[Reading, dict[str, Any], list[str]]:
    """A lock of the corpus, what is expected of it, and its lines."""
    path = shared / "corpus/locks" / request.param / "pixi.lock"
    expected = json.loads((shared / f"corpus/locks/expected/{request.param}__pixi.lock.json").read_text())
    chosen = choose(document_at(path))
    assert chosen is FORMAT
    return chosen.read(document_at(path)), expected, path.read_text(encoding="utf-8").splitlines()


def test_the_packages_of_real_locks(real: tuple[Reading, dict[str, Any], list[str]]) -> None:
    reading, expected, _ = real
    kinds = {SourceKind.CONDA: "conda", SourceKind.INDEX: "pypi", SourceKind.WORKSPACE: "pypi"}
    found = {(pin.name, pin.version, kinds[pin.source.kind]) for pin in reading.pins}
    assert found == {tuple(package) for package in expected["packages"]}
    assert len(reading.pins) == expected["count"]
    assert reading.problems == ()
    assert reading.closed


def test_the_environments_of_real_locks(real: tuple[Reading, dict[str, Any], list[str]]) -> None:
    reading, expected, _ = real
    counts: Counter[tuple[str, str]] = Counter()
    for pin in reading.pins:
        counts.update(
            {(env.name, env.platform) for record in pin.conda for env in record.environments}
            if pin.conda
            else {(group, o.marker or "") for o in pin.origins for group in o.groups}
        )
    wanted: dict[tuple[str, str], list[int]] = {}
    for name, platforms in expected.get("environments", {"": expected.get("platforms")}).items():
        for platform, count in platforms.items():
            ours = conda_platform({"p1": "linux-64", "p2": "linux-64"}.get(platform, platform))
            wanted.setdefault((name, ours), []).append(count)
    for (name, ours), numbers in wanted.items():
        found = counts[name, ours] + counts[name, platform_marker(ours)]
        # Two platforms of the lock may be one of ours, for which it holds what either has.
        assert max(numbers) <= found <= sum(numbers)


def test_the_free_threaded_environments_of_real_locks(
    real: tuple[Reading, dict[str, Any], list[str]],
) -> None:
    reading, expected, _ = real
    environments = {env for pin in reading.pins for held in pin.conda for env in held.environments}
    free = {env.name for env in environments if (env.python or "").endswith("t")}
    assert free == set(expected.get("environments_with_freethreaded_python", ()))
    builds = {
        (pin.name, pin.version, held.build)
        for pin in reading.pins
        for held in pin.conda
        if pin.name in ("python", "python_abi")
        and all((env.python or "").endswith("t") for env in held.environments)
    }
    assert builds == {tuple(build) for build in expected["freethreaded_builds"]}


def test_every_pin_of_real_locks_has_a_line_that_names_it(
    real: tuple[Reading, dict[str, Any], list[str]],
) -> None:
    reading, _, lines = real
    for pin in reading.pins:
        for origin in pin.origins:
            assert origin.line is not None
            line = lines[origin.line - 1]
            assert pin.name in line.lower().replace("_", "-") or pin.name in line or line == "- pypi: ./"
            assert line.startswith("- ")


def test_the_one_lock_that_is_free_threaded_on_one_platform_only(shared: Path) -> None:
    reading = FORMAT.read(document_at(shared / "corpus/locks/prefix-dev__pixi__v6/pixi.lock"))
    held = {env for record in named_any(reading, "python") for env in record if env.name == "schema"}
    assert {(env.platform, env.python) for env in held if env.python == "3.14t"} == {("macos-arm64", "3.14t")}


def named_any(reading: Reading, name: str) -> list[tuple[CondaEnvironment, ...]]:
    return [held.environments for pin in reading.pins if pin.name == name for held in pin.conda]


@pytest.mark.parametrize(
    ("file", "place", "words"),
    [
        ("03_truncated_yaml", "line 8", "invalid YAML"),
        ("17_future_version", "version", "unsupported pixi.lock version 99 (ftaudit reads 1 to 7)"),
        ("25_yaml_bomb_merge", "line 2", "an anchor"),
        ("31_dup_keys", "line 2", "duplicate key version"),
    ],
)
def test_broken_locks_of_the_corpus(shared: Path, file: str, place: str, words: str) -> None:
    broken = document_at(shared / "corpus/bad" / file / "pixi.lock")
    chosen = choose(broken)
    assert chosen is FORMAT
    with pytest.raises(InputError) as caught:
        chosen.read(broken)
    assert (caught.value.path, caught.value.place) == ("pixi.lock", place)
    assert words in caught.value.reason


# -- whatever it is --

SAMPLE = {
    "version": 7,
    "platforms": [{"name": "p1", "subdir": "linux-64"}],
    "environments": {
        "default": {
            "indexes": ["https://index.example/simple"],
            "find-links": [{"url": FILES}],
            "packages": {"p1": [{"conda": PYTHON_T}, {"conda": A}, {"pypi": B, "extras": ["x"]}]},
        },
        "other": {"packages": {"linux-64": [{"conda": "here", "variants": {"a": "1"}}]}},
    },
    "packages": [
        conda(PYTHON_T, "python_abi 3.14.* *_cp314t"),
        conda(A, "python", purls=["pkg:pypi/a@1"]),
        conda("here", name="x", version="1", variants={"a": "1"}),
        wheel(requires_dist=["a>=1; extra == 'x'"], sha256=SHA, requires_python=">=3.9", hash={}),
    ],
}  # fmt: skip
OLD_SAMPLE = {
    "version": 3,
    "package": [
        {"manager": "conda", "platform": "linux-64", "url": A, "name": "a", "dependencies": {"b": "*"}},
        {"manager": "pip", "platform": "linux-64", "url": B, "name": "b", "version": "1"},
    ],
}
TEXTS = st.text(max_size=8) | st.sampled_from([A, B, PYTHON, "../x", "."])
NAMES = st.sampled_from([*KEYS, "name", "version", "x"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner),
    max_leaves=5,
)


def _places(value: object) -> list[tuple[Any, Any]]:
    """Every mapping and list in *value* with each of its keys."""
    items: list[tuple[Any, object]] = []
    if isinstance(value, (dict, list)):
        items = list(value.items() if isinstance(value, dict) else enumerate(value))
    return [(value, key) for key, _ in items] + [place for _, inner in items for place in _places(inner)]


@pytest.mark.parametrize("sample", [SAMPLE, OLD_SAMPLE])
def test_the_samples_themselves_are_read(sample: object) -> None:
    assert len(pixi(sample).pins) >= 2


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), sample=st.sampled_from([SAMPLE, OLD_SAMPLE]))
def test_a_lock_with_any_value_anywhere_is_read_or_refused(data: st.DataObject, sample: object) -> None:
    lock = json.loads(json.dumps(sample))
    for _ in range(data.draw(st.integers(1, 3))):
        places = _places(lock)
        owner, key = places[data.draw(st.integers(0, len(places) - 1))]
        owner[key] = data.draw(VALUES)
    said = "\n".join(_said(yaml.safe_dump(lock, allow_unicode=True)))
    assert said.replace("\n", "").isprintable()


def _said(text: str) -> list[str]:
    """All that reading *text* would show."""
    try:
        reading = pixi(text)
    except FtauditError as error:
        return [error.message]
    shown = [found.message for found in reading.problems]
    return shown + [f"{pin.name} {pin.version} {pin.source.location}" for pin in reading.pins]
