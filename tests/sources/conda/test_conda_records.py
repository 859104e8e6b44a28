"""What the readers of conda's locks share: archives, builds, interpreters, and pins out of records."""

from __future__ import annotations

import pytest

from ftaudit.errors import InputError
from ftaudit.model.conda import CondaBuild
from ftaudit.model.project import Edge, Pin, Problem
from ftaudit.sources.conda.conda_records import (
    CONDA,
    Archive,
    CondaAssembly,
    InterpreterUnclearError,
    Record,
    archive,
    build_kind,
    checked_conda_name,
    checked_conda_version,
    index_name,
    interpreter,
    needed,
)
from ftaudit.sources.reading.assemble import Assembly
from ftaudit.sources.reading.platforms import platform_marker
from ftaudit.sources.reading.table import Table
from tests.builders.documents import document

TABLE = Table("conda.lock", "line 3")
FORGE = "https://conda.example/forge"
LINUX, MACOS = platform_marker("linux-x86_64"), platform_marker("macos-arm64")


def record(file: str, *depends: str, subdir: str = "linux-64", **values: object) -> Record:
    """The archive *file* (``python-3.14.5-h1_0_cp314t``) with what it needs."""
    found = archive(TABLE, f"{FORGE}/{subdir}/{file}.conda", "")
    return Record(archive=found, kind=build_kind(subdir, depends), depends=depends, **values)  # type: ignore[arg-type]


def put_together(
    *held: tuple[str, str, list[Record]],
) -> tuple[CondaAssembly, list[Pin], tuple[Problem, ...]]:
    """The pins of environments, each with its name, its platform and its records."""
    assembly = Assembly(document("conda.lock", ""), "conda")
    conda = CondaAssembly(assembly)
    for name, subdir, records in held:
        conda.environment(name, subdir, records)
    return conda, list(conda.pins()), assembly.reading().problems


# -- archives --


@pytest.mark.parametrize(
    ("text", "name", "version", "build", "subdir"),
    [
        (f"{FORGE}/linux-64/numpy-2.4.6-py314h4_0.conda", "numpy", "2.4.6", "py314h4_0", "linux-64"),
        (f"{FORGE}/noarch/tzdata-2024a-h0c530f3_0.tar.bz2", "tzdata", "2024a", "h0c530f3_0", "noarch"),
        (f"{FORGE}/osx-64/_libgcc_mutex-0.1-conda.conda", "_libgcc_mutex", "0.1", "conda", "osx-64"),
        (f"{FORGE}/win-64/gcc_linux-64-11.4-h1_0.conda#0123abcd", "gcc_linux-64", "11.4", "h1_0", "win-64"),
        (f"{FORGE}/osx-arm64/x264-1%21164.3095-h1_2.conda?a=b", "x264", "1!164.3095", "h1_2", "osx-arm64"),
        ("./here/ruamel.yaml-0.18-py_0.conda", "ruamel.yaml", "0.18", "py_0", ""),
        ("C:\\pkgs\\noarch\\R6-2.5-r_0.conda", "R6", "2.5", "r_0", "noarch"),
    ],
)  # fmt: skip
def test_what_an_archive_s_address_says(text: str, name: str, version: str, build: str, subdir: str) -> None:
    found = archive(TABLE, text, "url")
    assert (found.name, found.version, found.build, found.subdir) == (name, version, build, subdir)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        (f"{FORGE}/noarch/a-1-0.conda", f"{FORGE}/noarch/a-1-0.conda"),
        ("https://me:secret@conda.example/noarch/a-1-0.conda", "https://conda.example/noarch/a-1-0.conda"),
        ("https://conda.example/t/se-cret/noarch/a-1-0.conda", "https://conda.example/t/****/noarch/a-1-0.conda"),
        (f"{FORGE}/noarch/a-1-0.conda?token=secret#0123", f"{FORGE}/noarch/a-1-0.conda"),
    ],
)  # fmt: skip
def test_no_secret_of_an_address_is_kept(text: str, url: str) -> None:
    assert archive(TABLE, text, "url").url == url


@pytest.mark.parametrize(
    "text",
    [
        "", "https://conda.example/", "numpy", "a-1.0-0.whl", "a-1.0.conda", "-1.0-0.conda", "..-1-0.conda",
        "a-1-0.conda/", "<b>-1-0.conda", "a-1-\x1b[31m.conda", "a-1-0\u202e.conda", "a-%2e%2e%2f1-0.conda",
        "::error::-1-0.conda", f"{'a' * 300}-1-0.conda", "https://[x/a-1-0.conda@",
    ],
)  # fmt: skip
def test_what_is_no_archive_is_one_line_with_its_place(text: str) -> None:
    with pytest.raises(InputError) as caught:
        archive(TABLE, text, "url")
    assert caught.value.message.startswith("conda.lock: line 3.url: ")
    assert caught.value.message.isprintable()


@pytest.mark.parametrize("text", ["", ".a", "-a", "a b", "../x", "a\n", "ä", "a" * 256, "<b>"])
def test_names_and_versions_are_plain(text: str) -> None:
    for check in (checked_conda_name, checked_conda_version):
        if (check, text) == (checked_conda_version, ".a") or (check, text) == (checked_conda_version, "-a"):
            continue
        with pytest.raises(InputError, match=r"line 3\.(name|version): invalid conda"):
            check(TABLE, text)


def test_conda_s_own_spelling_is_kept() -> None:
    for name in ("_x86_64-microarch-level", "ruamel.yaml", "R6", "typing_extensions"):
        assert checked_conda_name(TABLE, name) == name
    assert checked_conda_version(TABLE, "1!2.0_rc1+5") == "1!2.0_rc1+5"


# -- builds, specs and purls --


@pytest.mark.parametrize(
    ("subdir", "depends", "kind"),
    [
        ("noarch", ("python >=3.9",), CondaBuild.NOARCH),
        ("linux-64", ("python >=3.14,<3.15.0a0", "python_abi 3.14.* *_cp314t"), CondaBuild.COMPILED),
        ("linux-64", ("cpython >=3.10", "_python_abi3_support 1.*"), CondaBuild.ABI3),
        ("noarch", ("_python_abi3_support 1.*",), CondaBuild.ABI3),
        ("", (), CondaBuild.COMPILED),
    ],
)
def test_how_an_archive_was_built(subdir: str, depends: tuple[str, ...], kind: CondaBuild) -> None:
    assert build_kind(subdir, depends) is kind


def test_what_is_needed_is_named_once_and_without_the_machine_s_own() -> None:
    specs = (
        "python >=3.9", "__glibc >=2.17", "__glibc >=2.28", "numpy", "numpy>=1.2", "forge::a=1=0",
        "b[x='1']", "R6 2.*", "*", "", "ruamel.yaml", "libfoo==1",
    )  # fmt: skip
    assert list(needed(specs)) == ["python", "numpy", "a", "b", "R6", "ruamel.yaml", "libfoo"]


@pytest.mark.parametrize(
    ("purls", "name"),
    [
        ([], None),
        (["pkg:pypi/msgpack@1.1.2"], "msgpack"),
        (["pkg:pypi/Typing_Extensions?source=hash-mapping"], "typing-extensions"),
        (["pkg:pypi/ruamel%2Eyaml"], "ruamel-yaml"),
        (["pkg:pypi/a@1", "pkg:pypi/A@1", "pkg:conda/x@1"], "a"),
        (["pkg:pypi/a", "pkg:pypi/b"], None),
        (["pkg:conda/a@1", "no purl"], None),
        (["pkg:pypi/..%2Fx"], None),
        (["pkg:pypi/a%1b"], None),
        (["pkg:pypi/name/space"], None),
    ],
)
def test_the_name_on_the_index_is_what_the_lock_maps(purls: list[str], name: str | None) -> None:
    assert index_name(purls) == name


# -- interpreters --

PYTHON = "python-3.14.5-h1_0_cp314"


@pytest.mark.parametrize(
    ("records", "python"),
    [
        ([], None),
        ([record("zlib-1.3-h1_0")], None),
        ([record("python-3.14.5-hf9ea5aa_0_cp314t")], "3.14t"),
        ([record(PYTHON)], "3.14"),
        ([record("python-3.12.13-h1_0_cpython")], "3.12"),
        ([record("python-3.10.0-h1_0_cpython"), record("python_abi-3.10-8_cp310")], "3.10"),
        ([record("python_abi-3.14-8_cp314t")], None),
        ([record("python_abi-3.14-8_cp314"), record("a-1-0")], None),
        ([record("python-3.14.5-h1_0"), record("python_abi-3.14-8_cp314t")], "3.14t"),
        ([record("python-3.14.5-h1_0_cp314t", subdir="noarch")], None),
        ([record("python-3.14.5-h1_0"), record("python-freethreading-3.14.5-h2_0")], "3.14t"),
        ([record("python-3.14.5-h1_0"), record("python-gil-3.14.5-h2_0")], "3.14"),
        ([record("python-3.14.5-h1_0"), record("a-1-0", "python_abi 3.14.* *_cp314t")], "3.14t"),
        ([record("python-3.14.5-h1_0"), record("a-1-0", "python_abi * *_cp314")], "3.14"),
        ([record("python-3.14.5-h1_0"), record("a-1-0", "python_abi 3.14.*", "python >=3.9")], "3.14"),
        # Nothing here can run them.
        ([record("a-1-0", "python_abi 3.14.* *_cp314t")], None),
        ([record("python-freethreading-3.14.5-h2_0")], None),
    ],
)
def test_the_interpreter_of_an_environment(records: list[Record], python: str | None) -> None:
    assert interpreter(records) == python


@pytest.mark.parametrize(
    "records",
    [
        [record(PYTHON), record("python_abi-3.14-8_cp314t")],
        [record(PYTHON), record("python-freethreading-3.14.5-h2_0")],
        [record(f"{PYTHON}t"), record("python-gil-3.14.5-h2_0")],
        [record(f"{PYTHON}t"), record("a-1-0", "python_abi 3.14.* *_cp314")],
        [record(PYTHON), record("a-1-0", "python_abi 3.14.* *_cp314t")],
        [record("python-3.14.5-h1_0_cp313t")],
        [record(PYTHON), record("python-3.13.1-h1_0_cp313")],
    ],
)
def test_signs_that_contradict_each_other_name_no_interpreter(records: list[Record]) -> None:
    with pytest.raises(InterpreterUnclearError, match=" and "):
        interpreter(records)
    _, pins, problems = put_together(("test", "linux-64", records))
    assert [problem.rule for problem in problems] == ["conda-interpreter-unclear"]
    assert problems[0].message.startswith("test on linux-x86_64: p")
    assert {env.python for pin in pins for held in pin.conda for env in held.environments} == {None}


# -- pins --


def test_a_pin_has_every_archive_of_a_version_with_its_environments() -> None:
    python, other = record(f"{PYTHON}t", line=1), record(PYTHON, line=2)
    one, two = record("a-1.0-py_0", line=3), record("a-1.0-py_1", line=4)
    _, pins, problems = put_together(
        ("b", "linux-64", [python, one]),
        ("a", "linux-64", [other, one]),
        ("a", "osx-arm64", [two]),
    )
    assert problems == ()
    pin = pins[1]
    assert (pin.name, pin.version, pin.source, pin.files, pin.hashes) == ("a", "1.0", CONDA, (), frozenset())
    assert [
        (held.build, held.url, [(env.name, env.platform, env.python) for env in held.environments])
        for held in pin.conda
    ] == [
        (
            "py_0",
            f"{FORGE}/linux-64/a-1.0-py_0.conda",
            [("a", "linux-x86_64", "3.14"), ("b", "linux-x86_64", "3.14t")],
        ),
        ("py_1", f"{FORGE}/linux-64/a-1.0-py_1.conda", [("a", "macos-arm64", None)]),
    ]
    assert [(o.line, o.marker, o.groups) for o in pin.origins] == [
        (3, LINUX, ("a", "b")),
        (4, MACOS, ("a",)),
    ]


def test_a_record_for_each_platform_is_one_archive() -> None:
    records = [record("a-1.0-py_0", subdir="noarch", line=line) for line in (1, 2)]
    _, (pin,), _ = put_together(("", "linux-64", records[:1]), ("", "osx-arm64", records[1:]))
    (held,) = pin.conda
    assert (held.kind, len(held.environments)) == (CondaBuild.NOARCH, 2)
    assert [(o.line, o.marker, o.groups) for o in pin.origins] == [(1, LINUX, ()), (2, MACOS, ())]


def test_a_platform_that_has_no_name_of_ours_is_none_of_ours() -> None:
    _, (pin,), _ = put_together(("", "linux-ppc64le", [record("a-1.0-py_0")]))
    assert pin.origins[0].marker == "sys_platform == 'none-of-ours'"
    assert pin.conda[0].environments[0].platform == "linux-ppc64le"
    _, (everywhere,), _ = put_together(("", "noarch", [record("a-1.0-py_0")]))
    assert everywhere.origins[0].marker is None


def test_edges_lead_to_conda_packages_as_they_are_spelt() -> None:
    a = record("a-1.0-0", "R6 >=1", "__unix", "missing", "R6")
    conda, pins, _ = put_together(("", "linux-64", [a, record("r6-2.5-0")]))
    assert pins[0].dependencies == (Edge(name="r6", source=CONDA), Edge(name="missing"))
    assert pins[1].dependencies == ()
    assert conda.provider("r6") == "r6"
    assert conda.provider("missing") is None


def test_the_index_s_name_is_the_one_that_the_records_agree_on() -> None:
    plain, mapped = record("a-1-0"), record("a-1-1", index_name="b")
    conda, (pin,), _ = put_together(("", "linux-64", [plain, mapped]))
    assert pin.index_name == "b"
    assert conda.provider("b") == "a"
    _, (pin,), _ = put_together(("", "linux-64", [mapped, record("a-1-2", index_name="c")]))
    assert pin.index_name is None


def test_a_package_that_the_lock_maps_goes_before_one_of_that_name() -> None:
    other, plain = record("pytorch-2-0", index_name="torch"), record("torch-1-0")
    elsewhere = record("b-1-0", index_name="c")
    conda, _, _ = put_together(("", "linux-64", [plain, other, elsewhere]))
    assert [conda.provider(name) for name in ("torch", "pytorch", "b", "c")] == ["pytorch", None, None, "b"]


def test_an_archive_is_a_plain_value() -> None:
    assert archive(TABLE, "a-1-0.conda", "") == Archive(
        name="a", version="1", build="0", subdir="", url="a-1-0.conda"
    )
