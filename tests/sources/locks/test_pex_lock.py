"""PEX locks: styles, several resolves, the header of Pants, what an artifact says of its source."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ftaudit.errors import InputError
from ftaudit.knowledge.targets import target
from ftaudit.model.markers import could_hold
from ftaudit.model.project import MadeFor, Reading, Source, SourceKind
from ftaudit.model.target import Target
from ftaudit.sources.locks.pex_lock import FORMAT
from ftaudit.sources.registry import choose
from tests.builders.documents import document, document_at
from tests.builders.expected import as_expected, named_on_their_lines, read_both, told
from tests.builders.json_attacks import bears, with_wrong_types
from tests.builders.locks import named, only, origin, problem

FILES = "https://files.example"
LINUX = ["cp311", "cp311", "manylinux_2_36_x86_64"]
HEADER = (
    "// Made by a tool. To make it again, run:\n//\n// --- BEGIN METADATA: DO NOT EDIT ---\n"
    '// {\n//   "version": 4,\n//   "locked_resolves": []\n// }\n// --- END METADATA ---\n\n'
)


def artifact(url: str = f"{FILES}/a-1.0-py3-none-any.whl", digest: str = "a" * 64) -> dict[str, str]:
    return {"algorithm": "sha256", "hash": digest, "url": url}


def entry(name: str = "a", version: str = "1.0", *requires: str, **more: object) -> dict[str, object]:
    url = f"{FILES}/{name}-{version}-py3-none-any.whl"
    own = {"project_name": name, "version": version, "requires_python": None, "artifacts": [artifact(url)]}
    return {**own, "requires_dists": list(requires), **more}


def resolve(*entries: object, tag: object = None, marker: object = None) -> dict[str, object]:
    return {"locked_requirements": list(entries), "marker": marker, "platform_tag": tag}


def lock(*resolves: object, requirements: object = (), style: str = "universal", **more: object) -> str:
    known = {"pex_version": "2.105.2", "pip_version": "25.2", "style": style, "constraints": []}
    told = {"requirements": requirements, "requires_python": [], "allow_wheels": True, **known}
    return json.dumps({**told, "locked_resolves": resolves, **more}, indent=2)


def read(text: str) -> Reading:
    return FORMAT.read(document("pex.lock", text))


def one(*entries: object, **more: object) -> Reading:
    return read(lock(resolve(*entries), **more))  # type: ignore[arg-type]


# -- what it is --


@pytest.mark.parametrize(
    ("name", "content", "score"),
    [
        ("any.lock", lock(), 2),
        ("python-default.lock", HEADER + lock(), 2),
        ("any.lock", "\n// x\n" + lock(), 2),
        ("any.lock", "\ufeff" + lock(), 2),
        ("python-default.lock", "", 1),
        ("app.lock.json", "[]", 1),
        ("package-lock.json", '{"lockfileVersion": 3}', 0),
        ("uv.lock", 'version = 1\n# "locked_resolves"', 0),
    ],
)
def test_it_is_known_by_its_content_and_then_by_its_name(name: str, content: str, score: int) -> None:
    assert FORMAT.score(document(name, content)) == score


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("", "", "empty"),
        ("{}", "", "this is no PEX lock"),
        ("[]", "top level", "must be an object"),
        ("// only\n// comments\n", "", "empty"),
        (HEADER + "{", f"line {HEADER.count(chr(10)) + 1}, column 2", "invalid JSON"),
        (HEADER + '{"a": 1 // inside\n}', f"line {HEADER.count(chr(10)) + 1}, column 9", "invalid JSON"),
        (lock(resolve(entry(artifacts=[]))), "locked_resolves[0].locked_requirements[0].artifacts", "none"),
        (lock(resolve({"version": "1"})), "locked_resolves[0].locked_requirements[0]", "project_name is"),
        (lock(requirements=None), "", "requirements is missing"),
        (
            lock(resolve(entry(requires_dists=None))),
            "locked_resolves[0].locked_requirements[0]",
            "requires_dists is missing",
        ),
        (lock(resolve(tag=["cp311"])), "locked_resolves[0].platform_tag", "an interpreter, an ABI"),
        (lock(target_systems=["amiga"]), "target_systems[0]", 'no system that pex knows: "amiga"'),
        (lock(requires_python=["==3.x"]), "requires_python[0]", "invalid version specifier"),
        (lock(*[resolve()] * 101), "locked_resolves", "more than 100"),
        (lock(requires_python=[">=3"] * 101), "requires_python", "more than 100"),
        (
            lock(requires_python=[f">=3.{n}" for n in range(40)], target_systems=["linux", "mac", "windows"]),
            "",
            "made for more than 100 environments",
        ),
    ],
)
def test_what_is_refused_names_its_place(text: str, place: str, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        read(text)
    assert caught.value.place == place


@pytest.mark.parametrize(
    "name", ["../../x", "a b", "\x1b[2J", "\u202eevil", "<b>x</b>", "::error::x", "", "a" * 300, "é"]
)
def test_a_hostile_name_stops_the_reading_and_is_never_echoed_raw(name: str) -> None:
    with pytest.raises(InputError, match="invalid package name") as caught:
        one(entry(name))
    assert caught.value.message.isprintable()


@pytest.mark.parametrize(
    "url", [f"{FILES}/%2e%2e%2fa.whl", f"{FILES}/", f"{FILES}/\x1b[2J.whl", "..", "C:\\.."]
)
def test_an_artifact_without_a_file_s_name_is_refused(url: str) -> None:
    with pytest.raises(InputError, match="must be a file name"):
        one(entry(artifacts=[artifact(url)]))


# -- the header of Pants --


def test_the_header_is_cut_and_the_lines_are_those_of_the_file() -> None:
    text = HEADER + lock(resolve(entry("a"), entry("b")))
    for pin in read(text).pins:
        line = origin(pin).line
        assert line is not None
        assert f'"project_name": "{pin.name}"' in text.splitlines()[line - 1]


def test_an_entry_that_cannot_be_told_in_the_text_has_no_line() -> None:
    text = lock(resolve(entry("a"))).replace('"project_name"', '"project\\u005fname"')
    assert origin(only(read(text))).line is None


# -- pins --


def test_a_pin_with_its_files_edges_and_roots() -> None:
    wheel, sdist = artifact(), artifact(f"{FILES}/A-1.0.tar.gz#x", "b" * 64)
    a = entry("A", "1.0", "b[X]>=1; os_name == 'nt'", "c; extra == 'y'", artifacts=[wheel, sdist])
    a["requires_python"] = ">=3.9"
    reading = one(a, entry("b"), requirements=["A[y]>=1"])
    pin = named(reading, "a")
    assert [(file.name, file.sha256) for file in pin.files] == [
        ("a-1.0-py3-none-any.whl", "a" * 64),
        ("A-1.0.tar.gz", "b" * 64),
    ]
    assert pin.requires_python == ">=3.9"
    assert pin.dependencies is not None
    assert [(e.name, e.extras, e.marker, e.extra) for e in pin.dependencies] == [
        ("b", ("x",), 'os_name == "nt"', None),
        ("c", (), 'extra == "y"', "y"),
    ]
    assert [(o.direct, o.marker) for o in (origin(p) for p in reading.pins)] == [(True, None), (False, None)]
    assert reading.closed
    assert reading.roots is not None
    assert [(root.name, root.extras) for root in reading.roots] == [("a", ("y",))]
    assert problem(reading).message == "a 1.0 needs c, which is not pinned"


def test_what_only_an_extra_brings_in_is_missed_only_where_it_is_asked_for() -> None:
    a = entry("a", "1.0", "b[all]; extra == 'x'")
    b = entry("b", "1.0", "c; extra == 'all'")
    assert one(a, b, requirements=["a"]).problems == ()
    assert problem(one(a, b, requirements=["a[x]"])).message == "b 1.0 needs c, which is not pinned"


@pytest.mark.parametrize(
    ("url", "requirement", "expected"),
    [
        (f"{FILES}/a-1.0.zip", "a", Source(kind=SourceKind.INDEX)),
        ("file:///wheels/a-1.0-py3-none-any.whl", "a", Source(kind=SourceKind.INDEX)),
        ("file://${WHEELS}/a-1.0-py3-none-any.whl#x", "a", Source(kind=SourceKind.INDEX)),
        (
            f"{FILES}/a-1.0.zip",
            f"a @ {FILES}/a-1.0.zip",
            Source(kind=SourceKind.URL, location=f"{FILES}/a-1.0.zip"),
        ),
        (
            "file:///wheels/a-1.0.zip",
            "a @ file:///wheels/a-1.0.zip",
            Source(kind=SourceKind.PATH, location="file:///wheels/a-1.0.zip"),
        ),
        ("file:///src/a", "a @ file:///src/a", Source(kind=SourceKind.PATH, location="file:///src/a")),
        (
            "git+https://u:secret@git.example/a@abc",
            "a @ git+https://git.example/a",
            Source(kind=SourceKind.GIT, location="git+https://git.example/a@abc"),
        ),
        (
            "hg+https://hg.example/a.zip@abc",
            "a",
            Source(kind=SourceKind.URL, location="hg+https://hg.example/a.zip@abc"),
        ),
    ],
)
def test_every_kind_of_artifact(url: str, requirement: str, expected: Source) -> None:
    reading = one(entry(artifacts=[artifact(url)]), requirements=[requirement])
    pin = only(reading)
    assert pin.source == expected
    assert bool(pin.files) == (url.partition("#")[0].endswith((".whl", ".zip")) and "hg+" not in url)
    assert origin(pin).direct
    assert reading.problems == ()


def test_a_requirement_on_a_url_is_met_by_what_is_locked_under_the_name() -> None:
    b = entry("b", artifacts=[artifact("git+https://git.example/b@abc")])
    reading = one(entry("a", "1.0", "b @ git+https://git.example/b"), b, requirements=["a"])
    assert reading.problems == ()
    assert named(reading, "b").source.kind is SourceKind.GIT


def test_what_does_not_parse_is_a_problem_and_the_pin_stays() -> None:
    reading = one(entry("a", "one", "b >>> 1"), requirements=["a", "="])
    assert only(reading).version == "one"
    assert {(found.rule, found.message.partition(":")[0]) for found in reading.problems} == {
        ("invalid-version", "locked_resolves[0].locked_requirements[0].version"),
        ("dependencies-not-known", "locked_resolves[0].locked_requirements[0].requires_dists[0]"),
        ("dependencies-not-known", "requirements[1]"),
    }


def test_a_lock_without_what_its_pins_need_is_not_closed() -> None:
    assert not one(entry("a", "1.0", "b"), transitive=False).closed
    assert one(entry("a"), transitive=True).closed


def test_an_entry_that_stands_there_twice_is_counted_once() -> None:
    reading = one(entry("a"), entry("A"))
    assert (only(reading).name, problem(reading).rule) == ("a", "duplicate-package")


# -- what it was made for --


@pytest.mark.parametrize(
    ("tag", "made_for"),
    [
        (LINUX, MadeFor(python="3.11", platform="linux-x86_64")),
        (["cp314", "cp314t", "musllinux_1_2_aarch64"], MadeFor(python="3.14t", platform="musllinux-aarch64")),
        (["cp314", "abi3", "macosx_14_0_arm64"], MadeFor(python="3.14", platform="macos-arm64")),
        (["pp311", "pypy311_pp73", "win_amd64"], MadeFor(python=None, platform="windows-amd64")),
        (["py3", "none", "linux_riscv64"], MadeFor(python=None, platform="linux_riscv64")),
        (None, None),
        ([], None),
    ],
)
def test_a_strict_lock_is_made_for_its_platform(tag: object, made_for: MadeFor | None) -> None:
    reading = read(lock(resolve(entry(), tag=tag), style="strict"))
    assert reading.made_for == made_for
    assert origin(only(reading)).marker is None


def test_what_only_another_platform_needs_is_not_missed_in_a_strict_lock() -> None:
    a = entry("a", "1.0", "b; sys_platform == 'win32'")
    assert read(lock(resolve(a, tag=LINUX))).problems == ()
    windows = ["cp311", "cp311", "win_amd64"]
    assert problem(read(lock(resolve(a, tag=windows)))).rule == "dependency-not-pinned"


@pytest.mark.parametrize(
    ("requires_python", "specifier", "made_for"),
    [
        ([">=3.11,<3.15"], ">=3.11,<3.15", None),
        (["CPython==3.12.*"], "==3.12.*", MadeFor(python="3.12")),
        (["CPython[free-threaded]==3.14.*"], "==3.14.*", MadeFor(python="3.14")),
        (["CPython+t>=3.14"], ">=3.14", None),
        ([], None, None),
        (["==3.11.*", "==3.14.*"], None, None),
    ],
)
def test_the_interpreter_constraints(
    requires_python: list[str], specifier: str | None, made_for: MadeFor | None
) -> None:
    reading = one(requires_python=requires_python)
    assert (reading.requires_python, reading.made_for) == (specifier, made_for)


def test_alternatives_and_systems_are_environments() -> None:
    reading = one(requires_python=["<3.12,>=3.11", "==3.14.*"], target_systems=["linux", "mac"])
    assert reading.environments == (
        "(sys_platform == 'linux') and (python_full_version < '3.12' and python_full_version >= '3.11')",
        "(sys_platform == 'linux') and (python_full_version == '3.14.*')",
        "(sys_platform == 'darwin') and (python_full_version < '3.12' and python_full_version >= '3.11')",
        "(sys_platform == 'darwin') and (python_full_version == '3.14.*')",
    )
    assert one(requires_python=["===3.11", ">=3.12"]).environments == ()


def test_a_system_that_it_is_not_for_needs_nothing() -> None:
    a = entry("a", "1.0", "b; sys_platform == 'win32'")
    assert one(a, target_systems=["linux", "mac"]).problems == ()
    assert problem(one(a, target_systems=["linux", "windows"])).rule == "dependency-not-pinned"


LINUX_3_14T, MACOS_3_15T = target("3.14t", "linux-x86_64"), target("3.15t", "macos-arm64")
WINDOWS_3_14T, MUSL_3_14T = target("3.14t", "windows-amd64"), target("3.14t", "musllinux-x86_64")


def applying(reading: Reading, target: Target) -> list[str]:
    """The versions of the pins whose own markers hold on *target*."""
    return [
        pin.version
        for pin in reading.pins
        if any(could_hold(place.marker, target.environment) for place in pin.origins)
    ]


def test_several_resolves_are_told_apart_by_platform() -> None:
    resolves = [
        resolve(entry(version="1"), tag=["cp311", "cp311", "manylinux_2_36_x86_64"]),
        resolve(entry(version="2"), tag=["cp311", "cp311", "macosx_14_0_arm64"]),
        resolve(entry(version="3"), tag=["cp311", "cp311", "musllinux_1_2_x86_64"]),
    ]
    reading = read(lock(*resolves, style="strict"))
    assert reading.made_for is None
    assert reading.environments == (
        "(sys_platform == 'linux' and platform_machine == 'x86_64') and (python_version == '3.11')",
        "(sys_platform == 'darwin' and platform_machine == 'arm64') and (python_version == '3.11')",
    )
    # No marker tells glibc from musl, so both are judged.
    assert applying(reading, LINUX_3_14T) == applying(reading, MUSL_3_14T) == ["1", "3"]
    assert applying(reading, MACOS_3_15T) == ["2"]
    assert applying(reading, WINDOWS_3_14T) == []


def test_of_several_interpreters_on_a_platform_the_nearest_serves() -> None:
    tags = [["cp312", "cp312", "linux_x86_64"], LINUX, ["cp315", "cp315t", "linux_x86_64"]]
    tags.append(["cp310", "cp310", "macosx_14_0_arm64"])
    reading = read(lock(*[resolve(entry(version=tag[0][2:]), tag=tag) for tag in tags]))
    assert [str(origin(pin).marker).partition("x86_64'")[2] for pin in reading.pins] == [
        " and python_version >= '3.12' and python_version < '3.15'",
        " and python_version < '3.12'",
        " and python_version >= '3.15'",
        "",
    ]
    assert applying(reading, LINUX_3_14T) == ["312"]
    assert applying(reading, MACOS_3_15T) == ["310"]


def test_the_markers_of_a_universal_lock_tell_its_resolves_apart() -> None:
    older, newer = "python_version < '3.15'", "python_version >= '3.15'"
    reading = read(lock(resolve(entry(version="1"), marker=older), resolve(entry(version="2"), marker=newer)))
    assert reading.environments == (older, newer)
    assert (applying(reading, LINUX_3_14T), applying(reading, MACOS_3_15T)) == (["1"], ["2"])
    assert reading.problems == ()


def test_a_pin_of_several_resolves_is_one_with_all_its_places() -> None:
    other = entry(artifacts=[artifact(f"{FILES}/a-1.0-cp314-cp314t-macosx_14_0_arm64.whl")])
    mac = ["cp314", "cp314t", "macosx_14_0_arm64"]
    reading = read(lock(resolve(entry(), tag=LINUX), resolve(other, tag=mac)))
    pin = only(reading)
    assert (len(pin.origins), len(pin.files)) == (2, 2)
    assert reading.problems == ()


def test_a_resolve_that_may_be_for_anything_leaves_all_open() -> None:
    reading = read(lock(resolve(entry(version="1"), tag=LINUX), resolve(entry(version="2"))))
    assert reading.environments == ()
    assert applying(reading, WINDOWS_3_14T) == ["2"]


def test_a_marker_that_does_not_parse_is_a_problem_and_applies_everywhere() -> None:
    reading = read(lock(resolve(entry(), marker="os_name ==")))
    assert origin(only(reading)).marker is None
    assert problem(reading).rule == "invalid-marker"


# -- the corpus --


@pytest.mark.parametrize(
    "file",
    ["pex-tool__pex/mitmproxy.lock.json", "generated/pex/pex.lock.json", "generated/pex/strict.lock.json"],
)
def test_the_locks_of_the_corpus(shared: Path, file: str) -> None:
    reading, expected = read_both(shared, file)
    assert as_expected(reading) == told(expected)
    wheels = [file for pin in reading.pins for file in pin.files if file.name.endswith(".whl")]
    assert len(wheels) == expected["wheels"]
    assert all(file.sha256 for file in wheels)
    assert {pin.source.kind for pin in reading.pins} == {SourceKind.INDEX}
    assert named_on_their_lines(reading, (shared / "corpus/locks" / file).read_text())
    assert reading.problems == ()


def test_the_lock_with_a_header_of_the_corpus(shared: Path) -> None:
    path = shared / "corpus/bad/75_pants_header/python-default.lock"
    found = choose(document_at(path))
    assert found is FORMAT
    reading = FORMAT.read(document_at(path))
    assert len(reading.pins) == 10
    assert named_on_their_lines(reading, path.read_text())
    assert (reading.requires_python, reading.made_for) == ("==3.12.*", MadeFor(python="3.12"))
    assert reading.environments == ("sys_platform == 'linux'", "sys_platform == 'darwin'")
    assert sorted(pin.name for pin in reading.pins if origin(pin).direct) == [
        *("ansicolors", "pytest", "setuptools", "types-setuptools")
    ]
    assert reading.problems == ()


# -- hostile --

WHOLE = lock(
    resolve(entry("a", "1.0", "b>=1; os_name == 'nt'"), entry("b"), tag=LINUX, marker="os_name == 'posix'"),
    resolve(entry("a", "2.0", requires_python=">=3.9")),
    requirements=["a[x]", "b @ git+https://git.example/b"],
    requires_python=[">=3.11"],
    target_systems=["linux"],
    transitive=True,
)


def test_whatever_the_type_of_a_value_it_is_read_or_refused_with_one_line() -> None:
    answers = [bears(FORMAT, text) for text in with_wrong_types(WHOLE)]
    assert True in answers
    assert False in answers


@pytest.mark.parametrize("length", range(1, len(WHOLE), 97))
def test_a_truncated_lock_is_refused_and_still_known(length: int) -> None:
    content = HEADER + WHOLE[:length]
    assert not bears(FORMAT, content)
    assert FORMAT.score(document("x", content)) == (2 if '"locked_resolves"' in content else 0)


@pytest.mark.parametrize("content", ["// x\n" * 10 + "[" * 100_000, "//" + "x" * 2_000_000 + "\n{}"])
def test_neither_depth_nor_length_ends_the_reader(content: str) -> None:
    assert not bears(FORMAT, content)


def test_a_header_of_endless_comments_is_read_in_linear_time() -> None:
    assert bears(FORMAT, "//\n" * 500_000 + WHOLE)
    assert not bears(FORMAT, " " * 900_000 + "/")


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_lock_with_bytes_changed(data: st.DataObject) -> None:
    content = bytearray((HEADER + WHOLE).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place : place + data.draw(st.integers(0, 20))] = data.draw(st.binary(max_size=3))
    bears(FORMAT, bytes(content))


def test_of_several_resolves_each_is_closed_for_itself() -> None:
    mac = ["cp314", "cp314t", "macosx_14_0_arm64"]
    both = read(lock(resolve(entry("a", "1.0", "b"), entry("b"), tag=LINUX), resolve(entry("a"), tag=mac)))
    assert both.problems == ()
    markers = read(lock(resolve(entry("a", "1.0", "b; sys_platform == 'linux'"), entry("b"), tag=LINUX),
                        resolve(entry("a", "1.0", "b; sys_platform == 'linux'"), tag=mac)))  # fmt: skip
    assert markers.problems == ()
    torn = read(lock(resolve(entry("b"), tag=LINUX), resolve(entry("a", "1.0", "b"), tag=mac)))
    assert [p.message for p in torn.problems] == ["a 1.0 needs b, which is not pinned for macos-arm64"]


def test_what_is_asked_for_is_pinned() -> None:
    assert one(entry("a"), requirements=["a", "c; sys_platform == 'cygwin'"]).problems == ()
    (found,) = one(entry("a"), requirements=["a", "b"]).problems
    assert (found.rule, found.message) == (
        "dependency-not-pinned",
        "the project needs b, which is not pinned",
    )
