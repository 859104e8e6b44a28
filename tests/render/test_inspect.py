"""An inspection as text and as JSON: what is told, in any window, and that the schema describes it."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

import ftaudit.render
from ftaudit.model.binary import Confidence, Declaration, Declared, How, LimitedApi, Phase
from ftaudit.model.inspection import FileKind, FileRow, Inspection, ModuleRow, Unread
from ftaudit.model.report import TargetRow
from ftaudit.model.verdict import Gil, StableAbi
from ftaudit.render import inspect_json, inspect_text
from ftaudit.render.base import RenderOptions
from ftaudit.render.registry import INSPECTION_RENDERERS
from tests.builders.values import NOW
from tests.render.test_json import strict

SCHEMA = json.loads(
    (Path(ftaudit.render.__file__).parent / "inspect-v1.schema.json").read_text(encoding="utf-8")
)
STRICT = jsonschema.Draft202012Validator(strict(SCHEMA))
TARGET = TargetRow(python="3.14t", platform="linux-x86_64")
FT = ".cpython-314t-x86_64-linux-gnu.so"
D = Declaration
GIL_OF = {D.NOT_USED: Gil.OFF, D.USED: Gil.ON, D.ABSENT: Gil.ON, D.UNKNOWN: Gil.UNKNOWN}


def module(name: str = "pkg.x", what: Declaration = D.NOT_USED, **values: Any) -> ModuleRow:
    how = {"confidence": Confidence.HIGH, "how": How.EXECUTION_AND_SEARCH, "phase": Phase.MULTI}
    given = {
        "gil": GIL_OF.get(what, Gil.UNKNOWN),
        "path": name.replace(".", "/") + FT,
        "format": "elf",
        "arch": "x86_64",
        "generator": "Cython",
        "declared": Declared(hook=f"PyInit_{name.split('.')[-1]}", declaration=what, slots=(4,), **how),  # type: ignore[arg-type]
        **values,
    }
    return ModuleRow(name=name, **given)


def file(*modules: ModuleRow, gil: Gil = Gil.OFF, **values: Any) -> FileRow:
    given = {
        "path": "pkg-1-cp314-cp314t-linux_x86_64.whl",
        "kind": FileKind.WHEEL,
        "size": 1_234_567,
        **values,
    }
    return FileRow(gil=gil, modules=modules, **given)


def inspection(
    *files: FileRow, target: TargetRow | None = None, problems: tuple[Unread, ...] = ()
) -> Inspection:
    return Inspection(version="1.0", created=NOW, target=target, files=files, problems=problems)


EVERYTHING = inspection(
    file(
        module("pkg.used", D.USED, advice="# cython: on", advice_note="3.1 or newer", loaded=True),
        module(
            "pkg.off",
            loaded=True,
            limited_api=LimitedApi(since=None, since_t=None, beyond=("_PyX",), beyond_count=1),
        ),
        module("pkg.other", loaded=False, why="3.14t takes no file of this name"),
        ModuleRow(
            name="pkg.bad",
            path="pkg/bad.so",
            gil=Gil.UNKNOWN,
            reason="bad-binary",
            why="cut short",
            loaded=True,
        ),
        gil=Gil.ON,
        sha256="ab" * 32,
        verified="crc",
        libraries=("pkg.libs/libz.so",),
        stable_abi=StableAbi(claimed="abi3", claimed_from="3.11", true_to_tag=False, beyond=("_PyX",)),
    ),
    file(gil=Gil.NONE, path="pure-1-py3-none-any.whl"),
    target=TARGET,
    problems=(Unread(path="pkg.whl: pkg/bad.so", message="cut short"),),
)


def text(*files: FileRow, width: int = 120, verbose: bool = False, **values: Any) -> str:
    return inspect_text.render(inspection(*files, **values), RenderOptions(width=width, verbose=verbose))


# -- both --


@pytest.mark.parametrize("renderer", INSPECTION_RENDERERS, ids=lambda renderer: str(renderer.name))
def test_the_same_facts_give_the_same_bytes(renderer: Any) -> None:
    first = renderer.render(EVERYTHING, RenderOptions())
    assert first == renderer.render(replace(EVERYTHING), RenderOptions())
    assert first.endswith("\n")


@pytest.mark.parametrize("renderer", INSPECTION_RENDERERS, ids=lambda renderer: str(renderer.name))
def test_no_foreign_text_reaches_the_terminal_as_it_is(renderer: Any) -> None:
    evil = "\x1b[31m\u202e[bold]\n"
    hostile = file(
        module(f"m{evil}", D.UNKNOWN, why=evil, generator=evil, advice=evil, path=evil, arch=evil),
        module("pkg.y", loaded=False, why=evil, path=evil),
        gil=Gil.UNKNOWN,
        path=evil,
        why=evil,
        libraries=(evil,),
        stable_abi=StableAbi(claimed="abi3", true_to_tag=False, beyond=(evil,)),
    )
    done = inspection(hostile, file(gil=Gil.NONE), problems=(Unread(path=evil, message=evil),))
    for width in (30, 80, 240):
        shown = renderer.render(done, RenderOptions(width=width, verbose=True))
        assert "\x1b" not in shown
        assert "\u202e" not in shown


# -- text --


def test_a_wheel_that_keeps_the_gil_off() -> None:
    assert text(file(module("pkg.a"), module("pkg.b", generator="")), width=100).splitlines() == [
        "pkg-1-cp314-cp314t-linux_x86_64.whl",
        f"wheel, 1.2 MB, 2 modules, elf x86_64, {FT}",
        "",
        "module  gil    declaration  confidence  how               generator",
        "───────────────────────────────────────────────────────────────────",
        "pkg.a   ✓ off  not-used     high        execution+search  Cython",
        "pkg.b   ✓ off  not-used     high        execution+search",
        "",
        "✓ importing this wheel keeps the GIL off, by what it declares",
    ]


def test_what_enables_the_gil_comes_first_with_its_reason_and_advice() -> None:
    on = module("pkg.z", D.ABSENT, advice="# cython: on", advice_note="3.1 or newer")
    shown = text(file(module("pkg.a"), on, replace(on, name="pkg.y"), gil=Gil.ON), target=TARGET)
    lines = shown.splitlines()
    assert [line.split()[0] for line in lines[5:8]] == ["pkg.z", "pkg.y", "pkg.a"]
    assert "! declares nothing (Cython): pkg.z, pkg.y" in lines
    assert "  → # cython: on – 3.1 or newer" in lines
    assert lines[-1].startswith("! importing this wheel enables the GIL on 3.14t")


def test_unknown_says_why() -> None:
    shown = text(file(module("pkg.z", D.UNKNOWN, why="it asks getenv", optional=True), gil=Gil.UNKNOWN))
    assert "? it asks getenv (Cython): pkg.z (optional)" in shown
    assert shown.endswith("? unknown: 1 of 1 module\n")


def test_unknown_as_a_whole_says_why() -> None:
    shown = text(file(gil=Gil.UNKNOWN, why="none that this interpreter would load"), target=TARGET)
    assert shown.endswith("? unknown on 3.14t, linux-x86_64: none that this interpreter would load\n")


def test_where_the_table_does_not_fit_how_it_was_read_becomes_a_heading() -> None:
    name = "package.subpackage.module_with_a_name"
    other = replace(module(name + "2").declared or never(), confidence=Confidence.MEDIUM)
    rows = module(name), module(name + "2", declared=other), module(name + "3", D.USED)
    shown = text(file(*rows, gil=Gil.ON), width=80).splitlines()
    assert all(len(line) <= 80 for line in shown)
    headings = [line for line in shown if "confidence" in line]
    assert headings == [
        "high confidence, execution+search, Cython",
        "medium confidence, execution+search, Cython",
    ]
    assert [line.split()[0] for line in shown if line.startswith("package.")] == [
        name + "3",
        name,
        name + "2",
    ]


def never() -> Declared:
    raise AssertionError


@pytest.mark.parametrize("width", [30, 80, 120, 240])
def test_no_line_is_wider_than_the_window(width: int) -> None:
    shown = inspect_text.render(EVERYTHING, RenderOptions(width=width, verbose=True))
    assert all(len(line) <= width for line in shown.splitlines())


def test_colour_only_where_it_is_asked_for() -> None:
    assert "\x1b[" in inspect_text.render(EVERYTHING, RenderOptions(colour=True))
    assert "\x1b" not in inspect_text.render(EVERYTHING, RenderOptions())


def test_an_encoding_without_the_signs_gets_stand_ins() -> None:
    shown = inspect_text.render(EVERYTHING, RenderOptions(encoding="ascii"))
    assert "-> # cython: on - 3.1 or newer" in shown
    assert shown.isascii()


def test_the_processor_and_the_hook_are_shown_where_they_tell_rows_apart() -> None:
    exported = replace(module().declared or never(), hook="PyModExport_x")
    shown = text(file(module(), module(declared=exported), module(arch="arm64")))
    assert shown.splitlines()[3].split() == [
        "module", "arch", "hook", "gil", "declaration", "confidence", "how", "generator",
    ]  # fmt: skip
    assert "PyModExport" in shown
    assert "arch" not in text(file(module())).splitlines()[3]


def test_files_with_modules_of_one_name_are_told_apart_by_their_paths() -> None:
    shown = text(file(module(path="a/x.so"), module(path="b/x.so")))
    assert "a/x.so " in shown
    assert "b/x.so " in shown


def test_what_is_not_loaded_is_told_with_its_reason() -> None:
    stray = module("pkg.a", D.ABSENT, path="pkg/a.so", loaded=False, why="3.14t takes another file")
    shown = text(file(module("pkg.a", loaded=True), stray), target=TARGET)
    assert "· not loaded, 3.14t takes another file: pkg/a.so" in shown
    assert "wheel, 1.2 MB, 1 module, " in shown
    assert "absent" not in shown


def test_many_modules_that_keep_it_off_are_cut_and_verbose_has_all() -> None:
    rows = [module(f"pkg.m{number:02}") for number in range(60)]
    on = module("pkg.on", D.USED)
    assert "… and 21 more that keep the GIL off: --verbose" in text(file(*rows, on, gil=Gil.ON))
    assert "pkg.on " in text(file(*rows, on, gil=Gil.ON))
    assert "pkg.m59" in text(file(*rows), verbose=True)


def test_libraries_are_counted_and_verbose_names_them() -> None:
    both = file(module(), libraries=("pkg.libs/a.so", "pkg.libs/b.so"), sha256="ab" * 32)
    assert "· 2 bundled libraries, no concern of the GIL\n" in text(both)
    assert "pkg.libs/a.so" not in text(both)
    assert "pkg.libs/a.so, pkg.libs/b.so" in text(both, verbose=True)
    assert f"sha256 {'ab' * 32}" in text(both, verbose=True)


def limited(since: str | None, *beyond: str, count: int = 0) -> LimitedApi:
    return LimitedApi(since=since, since_t=None, beyond=beyond, beyond_count=count or len(beyond))


@pytest.mark.parametrize(
    ("api", "line"),
    [
        (limited("3.9"), "stable ABI: not claimed; all symbols that are needed are in that of 3.9"),
        (limited(None, "_PyA"), "stable ABI: not claimed; 1 symbol outside of it is needed: _PyA"),
        (limited(None, *"abcdefg"), "7 symbols outside of it are needed: a, b, c, d, e and 2 more"),
        (limited(None, *"ab", count=9), "more than 2 symbols outside of it are needed: a, b"),
    ],
)
def test_what_keeps_a_version_specific_wheel_from_the_stable_abi(api: LimitedApi, line: str) -> None:
    assert line in text(file(module(limited_api=api)))


@pytest.mark.parametrize(
    ("abi", "line"),
    [
        (
            {"true_to_tag": True, "from_version": "3.9"},
            "claims abi3 from 3.11 on, and no symbol speaks against it (they are all in that of 3.9)",
        ),
        (
            {"true_to_tag": False, "from_version": "3.13"},
            "claims abi3 from 3.11 on, and is not: its symbols are in that of 3.13 only",
        ),
        (
            {"true_to_tag": False, "beyond": ("_PyX", "_PyY")},
            "claims abi3 from 3.11 on, and is not: it needs _PyX, _PyY",
        ),
        ({"claimed_from": ""}, "claims abi3, which was not checked"),
    ],
)
def test_a_claim_is_said_to_be_true_or_not(abi: dict[str, Any], line: str) -> None:
    claim = StableAbi(**{"claimed": "abi3", "claimed_from": "3.11", **abi})
    assert line in text(file(module(), stable_abi=claim), width=200)


def test_what_could_not_be_read_and_all_files_together() -> None:
    unread = tuple(Unread(path=f"f{number}", message="cut short") for number in range(12))
    off, on = file(module()), file(module(what=D.USED), gil=Gil.ON)
    shown = text(off, off, on, problems=unread)
    assert "Not read (12)\n✗ f0: cut short\n" in shown
    assert "… and 2 more: --verbose" in shown
    assert shown.endswith("\n! 3 inspected: 1 enables the GIL, 2 keep the GIL off\n")
    assert "inspected" not in text(off)
    assert "Not read" not in text(off)


# -- JSON --


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.Draft202012Validator.check_schema(strict(SCHEMA))


@pytest.mark.parametrize("done", [EVERYTHING, inspection(), inspection(file(module(), sha256=None))])
def test_it_is_as_the_schema_says(done: Inspection) -> None:
    document = json.loads(inspect_json.render(done, RenderOptions()))
    STRICT.validate(document)
    assert list(document) == list(SCHEMA["properties"])
    for found in document["files"]:
        assert list(found) == list(SCHEMA["$defs"]["file"]["properties"])
        for row in found["modules"]:
            assert list(row) == list(SCHEMA["$defs"]["module"]["properties"])


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("schema_version",), 2),
        (("files", 0, "gil"), "safe"),
        (("files", 0, "kind"), "egg"),
        (("files", 0, "modules", 0, "declaration"), "maybe"),
        (("files", 0, "modules", 0, "loaded"), "yes"),
        (("problems", 0, "path"), None),
        (("target",), "3.14t"),
    ],
)
def test_the_schema_refuses(path: tuple[Any, ...], value: object) -> None:
    document = json.loads(inspect_json.render(EVERYTHING, RenderOptions()))
    inner = document
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    assert not STRICT.is_valid(document)


def test_every_enumeration_is_in_the_schema() -> None:
    properties = SCHEMA["$defs"]["module"]["properties"]
    for key, kind in (
        ("declaration", Declaration),
        ("confidence", Confidence),
        ("how", How),
        ("phase", Phase),
    ):
        assert known(properties[key]) == [member.value for member in kind]
    assert set(known(SCHEMA["$defs"]["gil"])) == {member.value for member in Gil}
    assert known(SCHEMA["$defs"]["file"]["properties"]["kind"]) == [member.value for member in FileKind]


def known(schema: dict[str, Any]) -> Any:
    """The values of today; the published schema lets them grow."""
    listed, more = schema["anyOf"]
    assert more == {"type": "string"}
    return listed["enum"]


def test_every_fact_of_a_module_is_told() -> None:
    told = set(SCHEMA["$defs"]["module"]["properties"])
    known = {field.name for kind in (ModuleRow, Declared) for field in fields(kind)} - {"declared"}
    assert known == told
