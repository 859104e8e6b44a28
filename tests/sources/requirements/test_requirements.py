"""Requirements files: lines, encodings, includes, constraints, notes, and the shared corpus."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pip_requirements_parser import RequirementsFile  # type: ignore[import-untyped]

from ftaudit.errors import InputError
from ftaudit.model.project import Pin, Reading, SourceKind
from ftaudit.sources import limits
from ftaudit.sources.base import Document
from ftaudit.sources.requirements.requirements import FORMAT, read
from ftaudit.sources.tree import DiskTree
from tests.shared import SHARED

NAME = "requirements.txt"


def reading(folder: Path, files: Mapping[str, str | bytes], name: str = NAME) -> Reading:
    """The reading of *name* in a folder made of *files*."""
    for place, content in files.items():
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    document = Document(
        path=name, place=name, tree=DiskTree(folder.resolve()), content=(folder / name).read_bytes()
    )
    return read(document)


def one(folder: Path, text: str | bytes) -> Reading:
    return reading(folder, {NAME: text})


def names(found: Reading) -> list[tuple[str, str]]:
    return [(pin.name, pin.version) for pin in found.pins]


def pin_of(found: Reading, name: str) -> Pin:
    (pin,) = [pin for pin in found.pins if pin.name == name]
    return pin


def rules(found: Reading) -> list[tuple[str, int | None]]:
    return [(problem.rule, problem.line) for problem in found.problems]


# -- lines --


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("idna==3.20", [("idna", "3.20")]),
        ("Foo_Bar.baz == 1.0", [("foo-bar-baz", "1.0")]),
        ("idna===3.20", [("idna", "3.20")]),
        ("idna===whatever_v1", [("idna", "whatever_v1")]),
        ("numpy==2.5.5,>=2", [("numpy", "2.5.5")]),
        ("idna \\\n  ==3.20", [("idna", "3.20")]),
        ("idna==3.20 \\\n # the comment ends it\nnumpy==2", [("idna", "3.20"), ("numpy", "2")]),
        ("idna==3.20 # why", [("idna", "3.20")]),
        ("idna==3.20\r\nnumpy==2\rfoo==1", [("idna", "3.20"), ("numpy", "2"), ("foo", "1")]),
        ("idna==3.20 --hash=sha256:00 --hash sha256:01", [("idna", "3.20")]),
        ("idna==3.20;python_version>'3'", [("idna", "3.20")]),
        ("idna==3.20\nidna==3.20", [("idna", "3.20")]),
        ("sphinx==8 ; python_version<'3.11'\nsphinx==9", [("sphinx", "8"), ("sphinx", "9")]),
        ("# only a comment\n\n", []),
        ("--pre\n--no-binary :all:\n--only-bin=:none:\n", []),
    ],
)
def test_lines_that_pin(text: str, expected: list[tuple[str, str]], tmp_path: Path) -> None:
    found = one(tmp_path, text)
    assert names(found) == expected
    assert (found.problems, found.unpinned) == ((), 0)


@pytest.mark.parametrize("text", ["numpy", "numpy>=2", "numpy~=2.0", "numpy==2.*", "x==${V}", "numpy<3,>2"])
def test_lines_that_pin_nothing_are_counted(text: str, tmp_path: Path) -> None:
    found = one(tmp_path, f"idna==3.20\n{text}\n")
    assert names(found) == [("idna", "3.20")]
    assert found.unpinned == 1
    assert rules(found) == [("unpinned-requirement", 2)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("idna==3.20 ; python_version >=", "line 1: invalid marker"),
        ("\nidna 3.20", "line 2: not a valid requirement"),
        ("idna==1,==2", "line 1: two versions"),
        ("<<<<<<< HEAD\nidna==3.20", "line 1: unresolved merge conflict"),
        ("idna==3.20\n=======\n", "line 2: unresolved merge conflict"),
        ("-e 'x", "line 1: a quotation"),
        ("idna==3\0.20", "line 1: NUL byte"),
        (f"idna==3.20 ; {'(' * 60}", "line 1: marker nested"),
        ("https://[x/y.whl", "line 1: not a valid URL"),
        (b"# coding: punycode\nidna==3.20", "line 1: its coding line"),
        (b"# coding: nonsense\nidna==3.20", "line 1: its coding line"),
        (b"idna==3.20\n# \xff", "line 2: not UTF-8"),
        ("i\0d\0n\0a\0", "line 1: looks like UTF-16"),
    ],
)
def test_broken_lines_are_named(text: str | bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        one(tmp_path, text)


def test_an_error_never_repeats_the_line(tmp_path: Path) -> None:
    with pytest.raises(InputError) as raised:
        one(tmp_path, "SECRET=hunter2 and more")
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32", "utf-16-be"])
def test_byte_order_marks(encoding: str, tmp_path: Path) -> None:
    text = "\ufeffidna==3.20\nnumpy==2" if encoding == "utf-16-be" else "idna==3.20\nnumpy==2"
    assert names(one(tmp_path, text.encode(encoding))) == [("idna", "3.20"), ("numpy", "2")]


def test_a_coding_line(tmp_path: Path) -> None:
    assert names(one(tmp_path, b"# -*- coding: latin-1 -*-\nidna==3.20 # caf\xe9")) == [("idna", "3.20")]


def test_a_version_from_before_pep_440(tmp_path: Path) -> None:
    found = one(tmp_path, "pytz==2004d\nidna==3.20")
    assert names(found) == [("pytz", "2004d"), ("idna", "3.20")]
    assert rules(found) == [("invalid-version", 1)]


def test_an_option_that_is_not_known_leaves_a_gap(tmp_path: Path) -> None:
    found = one(tmp_path, "--requirements other.txt\nidna==3.20")
    assert rules(found) == [("unknown-option", 1), ("unknown-option", 1)]
    assert names(found) == [("idna", "3.20")]


def test_extras_and_markers_are_kept(tmp_path: Path) -> None:
    (pin,) = one(tmp_path, "\nPsycopg[Binary,c_1]==3.3 ; sys_platform == 'win32'").pins
    assert pin.extras == ("binary", "c-1")
    assert [(origin.line, origin.marker) for origin in pin.origins] == [(2, "sys_platform == 'win32'")]


# -- sources of their own --


@pytest.mark.parametrize(
    ("text", "name", "version", "kind", "location"),
    [
        (
            "idna @ https://${TOKEN}:x@files.example/idna-3.20-py3-none-any.whl",
            *("idna", "3.20", SourceKind.URL, "https://****@files.example/idna-3.20-py3-none-any.whl"),
        ),
        ("-e git+https://git.example/r@v2#egg=Re_q", "re-q", "", SourceKind.GIT, None),
        ("-e git+https://git.example/r@v2#egg=r ; python_version>'3'", "r", "", SourceKind.GIT, None),
        ("git+ssh://git@git.example/some/repo.git@abc", "repo", "", SourceKind.GIT, None),
        ("hg+https://hg.example/x#egg=x", "x", "", SourceKind.URL, None),
        ("./local/pkg", "pkg", "", SourceKind.PATH, "./local/pkg"),
        ("./dist/x-1.0-py3-none-any.whl[a,b]", "x", "1.0", SourceKind.PATH, None),
        ("file:///abs/x-1.0.tar.gz", "x", "1.0", SourceKind.PATH, "file:///abs/x-1.0.tar.gz"),
        ("y @ file:///abs/y", "y", "", SourceKind.PATH, "file:///abs/y"),
        ("https://files.example/x-1.0-py3-none-any.whl ; os_name > 'a'", "x", "1.0", SourceKind.URL, None),
        ("-e .", "mine", "", SourceKind.WORKSPACE, "."),
        ("--editable=./member[x]", "member", "", SourceKind.WORKSPACE, "./member"),
        ("-e ../elsewhere", "elsewhere", "", SourceKind.PATH, "../elsewhere"),
        ("./member", "member", "", SourceKind.PATH, "./member"),
    ],
)  # fmt: skip
def test_sources_of_their_own_are_never_dropped(
    text: str, name: str, version: str, kind: SourceKind, location: str | None, tmp_path: Path
) -> None:
    files = {NAME: text, "pyproject.toml": '[project]\nname = "Mine"', "member/x.py": ""}
    (pin,) = reading(tmp_path, files).pins
    assert (pin.name, pin.version, pin.source.kind) == (name, version, kind)
    assert location in (None, pin.source.location)


def test_declared_indexes_are_pips(tmp_path: Path) -> None:
    lines = (
        *("--extra-index-url https://a.example", "-i https://u:p@b.example"),
        *("--extra-index-url=https://c.example", "-f links"),
    )
    found = reading(tmp_path, {NAME: "\n".join(lines), "links/x": ""})
    shown = [(index.url, index.replaces_default, index.find_links) for index in found.indexes]
    assert shown == [
        ("https://u:p@b.example", True, False),
        ("https://c.example", False, False),
        (str((tmp_path / "links").resolve()), False, True),
    ]
    assert "u:p" not in repr(found)


def test_no_index_leaves_only_the_links(tmp_path: Path) -> None:
    found = one(tmp_path, "-i https://b.example\n--no-index\n-f https://links.example")
    assert [(index.url, index.replaces_default) for index in found.indexes] == [
        ("https://links.example", True)
    ]


def test_no_index_alone_does_not_fall_through_to_another(tmp_path: Path) -> None:
    (index,) = one(tmp_path, "--no-index\nidna==3.20").indexes
    assert (index.find_links, index.replaces_default) == (True, True)


# -- includes --


def test_includes_are_relative_to_the_file_that_has_them(tmp_path: Path) -> None:
    files = {NAME: "-r sub/a.txt\nidna==3.20", "sub/a.txt": "-rb.txt\n", "sub/b.txt": "\nnumpy==2"}
    found = reading(tmp_path, files)
    assert names(found) == [("numpy", "2"), ("idna", "3.20")]
    assert [(o.path, o.line) for pin in found.pins for o in pin.origins] == [("sub/b.txt", 2), (NAME, 2)]
    assert found.problems == ()


@pytest.mark.parametrize(
    ("include", "message"),
    [
        ("-r requirements.txt", "includes itself"),
        ("-r ../../outside.txt", "outside the project"),
        ("-r /dev/zero", "outside the project"),
        ("-r pipe", "not a regular file"),
        ("-r sub", "is a directory"),
        ("-r missing.txt", "no such file"),
        ("-r link.txt", "outside the project"),
        ("-r https://u:secret@files.example/r.txt", "is not fetched"),
        ("-c file:///etc/hostname", "is not fetched"),
        ("-r", "names no file"),
        ("-r ${HOME}/x.txt", "no such file"),
    ],
)
def test_a_refused_include_is_a_gap_and_the_rest_is_read(include: str, message: str, tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / "sub").mkdir(parents=True)
    os.mkfifo(project / "pipe")
    (tmp_path / "target").write_text("top-secret==1")
    (project / "link.txt").symlink_to(tmp_path / "target")
    found = one(project, f"{include}\nidna==3.20")
    assert names(found) == [("idna", "3.20")]
    ((rule, line),) = rules(found)
    assert (rule, line) == ("refused-include", 1)
    assert message in found.problems[0].message
    assert "secret" not in found.problems[0].message


def test_a_cycle_is_told(tmp_path: Path) -> None:
    files = {NAME: "-r a.txt\nidna==3.20", "a.txt": "-r b.txt\nx==1", "b.txt": "y==1\n-r requirements.txt"}
    found = reading(tmp_path, files)
    assert names(found) == [("y", "1"), ("x", "1"), ("idna", "3.20")]
    (problem,) = found.problems
    told = "b.txt: line 2: cyclic include: requirements.txt -> a.txt -> b.txt -> requirements.txt"
    assert problem.message == told


def test_includes_end(tmp_path: Path) -> None:
    files = {f"r{n}.txt": f"-r r{n + 1}.txt\n" * 2 for n in range(60)} | {
        "r60.txt": "idna==3.20",
        NAME: "-r r0.txt",
    }
    found = reading(tmp_path, files)
    assert names(found) == []
    assert {rule for rule, _ in rules(found)} == {"refused-include"}
    assert names(reading(tmp_path, {NAME: "-r r55.txt\n-r r57.txt"})) == [("idna", "3.20")]


def test_a_broken_line_in_an_include_names_that_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^a\.txt: line 2: not a valid requirement$"):
        reading(tmp_path, {NAME: "-r a.txt", "a.txt": "idna==3.20\nx y"})


# -- constraints --


def test_a_constraint_is_no_package_and_pins_what_is_open(tmp_path: Path) -> None:
    files = {NAME: "-c c.txt\nnumpy>=2 ; os_name == 'nt'\nidna==3.20", "c.txt": "\nnumpy==2.5\nidna==1\nx==1"}
    found = reading(tmp_path, files)
    assert names(found) == [("numpy", "2.5"), ("idna", "3.20")]
    (origin,) = pin_of(found, "numpy").origins
    assert (origin.path, origin.line, origin.marker) == ("c.txt", 2, "os_name == 'nt'")
    assert (found.unpinned, found.problems) == (0, ())


@pytest.mark.parametrize("constraint", ["numpy==1.0", "numpy>=2.4", "other==1"])
def test_a_constraint_that_does_not_fit_pins_nothing(constraint: str, tmp_path: Path) -> None:
    found = reading(tmp_path, {NAME: "-c c.txt\nnumpy>=2", "c.txt": constraint})
    assert (found.pins, found.unpinned) == ((), 1)


def test_a_constraint_with_a_marker_leaves_a_gap(tmp_path: Path) -> None:
    found = reading(tmp_path, {NAME: "-c c.txt\nnumpy", "c.txt": "numpy==2 ; os_name == 'nt'"})
    assert names(found) == [("numpy", "2")]
    assert rules(found) == [("unpinned-requirement", 2)]


# -- notes --


def test_notes_give_edges_and_direct_marks(tmp_path: Path) -> None:
    text = (
        "a==1\n    # via -r requirements.in\n"
        "b==1 \\\n    --hash=sha256:00\n    # via\n    #   -c c.txt\n    #   a\n    #   C_c[x]\n"
        "c-c==1  # via a, b\n"
        "d==1\n    # via proj (pyproject.toml:dev)\n"
        "e==1\n"
    )
    found = one(tmp_path, text)
    edges = {pin.name: [edge.name for edge in pin.dependencies or ()] for pin in found.pins}
    assert edges == {"a": ["b", "c-c"], "b": ["c-c"], "c-c": ["b"], "d": [], "e": []}
    direct = {pin.name: pin.origins[0].direct for pin in found.pins}
    assert direct == {"a": True, "b": False, "c-c": False, "d": True, "e": None}


def test_without_notes_nothing_is_known_of_edges(tmp_path: Path) -> None:
    (pin,) = one(tmp_path, "a==1\n# an ordinary comment").pins
    assert (pin.dependencies, pin.origins[0].direct) == (None, None)


# -- limits --


def test_a_line_of_50_mb_is_refused_at_once(tmp_path: Path) -> None:
    started = time.process_time()
    with pytest.raises(InputError, match=r"larger than 8 MB"):
        one(tmp_path, b"idna==3.20 ; " + b"x" * 52_428_800)
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    "text",
    [
        "idna==3.20 ; " + " or ".join(["python_version > '3'"] * 50_000),
        "idna==3.20" + " " * 1_000_000 + "x",
        "#" * 1_000_000 + "\nidna 3",
        "\\\n" * 1_000_000,
        "a[" + "b," * 400_000,
        "a" * 1_000_000 + " @",
        "x==" + "1." * 400_000,
        "-" * 1_000_000,
        "-e " + "'" * 1_000_000 + "\n",
        "a" + " " * 60_000 + "b",
        "a==1" + ";" * 1_000_000,
        "${A}" * 200_000,
    ],
    ids=lambda text: text[:12],
)
def test_hostile_lines_take_bounded_time(text: str, tmp_path: Path) -> None:
    started = time.process_time()
    with suppress(InputError):
        one(tmp_path, text[: limits.REQUIREMENTS_FILE])
    assert time.process_time() - started < 5


class EmptyTree:
    """A tree with nothing in it."""

    def read(self, place: str, *, asked_by: str = "", line: int | None = None, limit: int = 0) -> bytes:
        raise InputError(place, "nothing here")

    def entries(self, place: str) -> tuple[str, ...]:
        return ()

    def is_file(self, place: str) -> bool:
        return False

    def is_folder(self, place: str) -> bool:
        return False

    def real_path(self, place: str) -> str | None:
        return None


WORDS = st.sampled_from(
    [
        b"idna",
        b"==",
        b"3.20",
        b"-r ",
        b"-e ",
        b"--hash=",
        b" ;",
        b"'",
        b"(",
        b" # via ",
        b"\\\n",
        b"\n",
        b"@ ",
        b"://",
        b"[",
    ]
)


@given(st.binary(max_size=200) | st.lists(WORDS | st.binary(max_size=3), max_size=30).map(b"".join))
@example(b"\xff\xfe\xd8")
@example(b"# coding: utf-7\n+AD")
@example(b"file://[")
@example(b"-e x @ http://[")
def test_any_bytes_give_a_reading_or_our_own_error(content: bytes) -> None:
    document = Document(path=NAME, place=NAME, tree=EmptyTree(), content=content)
    assert FORMAT.score(document) in (1, 2)
    try:
        found = read(document)
    except InputError:
        return
    assert len(found.pins) <= content.count(b"\n") + content.count(b"\r") + 200


# -- recognising --


@pytest.mark.parametrize(
    ("name", "content", "score"),
    [
        (NAME, "", 1),
        ("requirements-dev.txt", "numpy", 1),
        ("dev-requirements.txt", "??", 1),
        ("requirements/base.in", "numpy", 1),
        ("constraints.txt", "x==1", 2),
        ("freeze.txt", "idna==3.20\nx @ file:///x", 2),
        ("notes.txt", "hello\nworld", 0),
        ("notes.txt", "hello, world", 0),
        ("package-lock.json", '{"name":"x","lockfileVersion":3,"packages":{}}', 0),
        ("x.toml", "[a]\nb = 1", 0),
        ("empty.txt", "", 0),
    ],
)
def test_scores(name: str, content: str, score: int) -> None:
    assert FORMAT.score(Document(path=name, place=name, tree=EmptyTree(), content=content.encode())) == score


# -- the shared corpus --


def expected_files() -> list[str]:
    if SHARED is None:
        return ["generated/pip/freeze.txt"]
    found = (
        json.loads(path.read_bytes()) for path in sorted((SHARED / "corpus/locks/expected").glob("*.json"))
    )
    return [each["file"] for each in found if each.get("format") == NAME]


def of_corpus(shared: Path, file: str) -> Reading:
    folder = shared / "corpus/locks" / file.split("/")[0]
    place = file.partition("/")[2]
    return read(
        Document(path=place, place=place, tree=DiskTree(folder), content=(folder / place).read_bytes())
    )


@pytest.mark.parametrize("file", expected_files())
def test_the_corpus_gives_the_expected_pins(file: str, shared: Path) -> None:
    expected = json.loads((shared / f"corpus/locks/expected/{file.replace('/', '__')}.json").read_bytes())
    whole = expected.get("following_includes", expected)
    found = of_corpus(shared, file)
    assert sorted(names(found)) == sorted((name, version) for name, version, _ in whole["packages"])
    assert found.unpinned == whole["n_unpinned"]
    assert {pin.source.kind for pin in found.pins} <= {SourceKind.INDEX}


@pytest.mark.parametrize("file", expected_files())
def test_the_corpus_as_pip_requirements_parser_reads_it(file: str, shared: Path) -> None:
    parsed = RequirementsFile.from_file(str(shared / "corpus/locks" / file), include_nested=False)
    pinned = {(r.name.lower(), r.get_pinned_version) for r in parsed.requirements if r.is_pinned}
    place = file.partition("/")[2]
    own = {
        (pin.name, pin.version) for pin in of_corpus(shared, file).pins
        if any(origin.path == place for origin in pin.origins)
    }  # fmt: skip
    assert {(name.replace("_", "-").replace(".", "-"), version) for name, version in pinned} == own


BAD = {
    "07_merge_conflict": "line 2: unresolved merge conflict",
    "33_nul_bytes": "line 2: NUL byte",
    "38_utf16_nobom": "line 1: looks like UTF-16",
    "60_bad_marker": "line 1: invalid marker",
    "61_marker_depth": "line 1: marker nested",
}
READ = {
    "35_bom_utf8": (2, []),
    "37_utf16_bom": (2, []),
    "39_latin1": (2, []),
    "41_crlf_cr": (3, []),
    "43_cyclic": (3, ["refused-include"]),
    "44_self_include": (0, ["refused-include"]),
    "45_outside": (1, ["refused-include"]),
    "46_devzero": (1, ["refused-include"]),
    "47_fifo": (1, ["refused-include"]),
    "48_url_include": (1, ["refused-include"] * 2),
    "49_missing_include": (1, ["refused-include"]),
    "50_include_dir": (1, ["refused-include"]),
    "51_wide_includes": (1, []),
    "58_bad_version": (3, ["invalid-version"]),
    "70_env_var": (2, []),
    "71_editable": (5, []),
    "72_no_pins": (0, ["unpinned-requirement"] * 4),
}


@pytest.mark.parametrize(("folder", "message"), BAD.items())
def test_bad_files_are_one_line(folder: str, message: str, shared: Path) -> None:
    with pytest.raises(InputError, match=message):
        of_bad(shared, folder)


@pytest.mark.parametrize(("folder", "expected"), READ.items())
def test_odd_files_are_read(folder: str, expected: tuple[int, list[str]], shared: Path) -> None:
    found = of_bad(shared, folder)
    assert (len(found.pins), [problem.rule for problem in found.problems]) == expected
    assert "s3cr3t" not in repr(found)


def of_bad(shared: Path, folder: str) -> Reading:
    root = shared / "corpus/bad" / folder
    return read(Document(path=NAME, place=NAME, tree=DiskTree(root), content=(root / NAME).read_bytes()))
