"""Compiled modules of known shapes: the reader's answer, the table's and the interpreter's own must agree."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

import pytest

from ftaudit.binaries.analysis import analyse
from ftaudit.binaries.image import Image
from ftaudit.binaries.registry import load
from ftaudit.model.binary import Confidence, Declaration, Declared, Slice
from tests.fixtures.binaries import interpreter
from tests.fixtures.binaries.make import SHAPES, THIN, Built, build, fat, missing
from tests.fixtures.binaries.shape import Answer
from tests.fixtures.binaries.variants import NATIVE, VARIANTS, Variant

OFF = {Declaration.NOT_USED, Declaration.SINGLE_PHASE_NOT_USED}
ON = {Declaration.USED, Declaration.ABSENT, Declaration.SINGLE_PHASE_USED, Declaration.SINGLE_PHASE_SILENT}
ASKED = tuple(variant for variant in VARIANTS if variant.target == NATIVE and variant.free_threaded)
"""What an interpreter on this kind of machine can load."""
SURE = {Confidence.HIGH}


def beside(path: Path) -> Callable[[str], tuple[Image, ...]]:
    """The siblings of a module: files in its folder."""

    def sibling(name: str) -> tuple[Image, ...]:
        found = path.parent / name
        return load(found.read_bytes()) if found.is_file() else ()

    return sibling


@functools.cache
def read(path: Path) -> tuple[Slice, ...]:
    return analyse(path.name, path.read_bytes(), beside(path))


def said(one: Slice, version: tuple[int, int]) -> Declared | None:
    """What an interpreter of *version* takes (``PyModExport_*`` from 3.15 on); None: there is no hook."""
    found = (d for d in one.declared if version >= (3, 15) or not d.hook.startswith("PyModExport"))
    return next(found, None)


def declaration(found: Declared | None) -> Declaration:
    return found.declaration if found else Declaration.NOT_A_MODULE


def built(variant: Variant) -> list[Built]:
    if why := missing(variant):
        pytest.skip(f"no compiled fixtures of {variant.directory}: {why}")
    return build([variant])


def only(name: str, variant: Variant) -> Built:
    return next(fixture for fixture in built(variant) if fixture.shape.name == name)


def each(variants: tuple[Variant, ...]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("variant", variants, ids=[variant.directory for variant in variants])


# -- the table --


def test_the_table_never_calls_off_what_the_interpreter_calls_on() -> None:
    assert [shape.name for shape in SHAPES if shape.answer is Answer.ON and shape.expected & OFF] == []
    assert [shape.name for shape in SHAPES if shape.answer is Answer.OFF and shape.expected & ON] == []


def test_names_are_given_once() -> None:
    for names in ([shape.name for shape in SHAPES], [variant.directory for variant in VARIANTS]):
        assert len(set(names)) == len(names)


# -- the reader --


def right(fixture: Built, found: Declared | None) -> bool:
    """Whether *found* may be said of *fixture*.

    Where a processor's code is not followed, the definition in the file is all there is to go by: that code
    changes it, or that its own ``Py_mod_create`` decides, cannot be seen. The confidence has to say so.
    """
    if declaration(found) in fixture.expected:
        return True
    unseen = fixture.shape.misleading or fixture.shape.custom_create == "unknown"
    return not fixture.variant.followed and unseen and found is not None and found.confidence not in SURE


@each(VARIANTS)
def test_the_reader_says_what_the_table_says(variant: Variant) -> None:
    wrong = []
    for fixture in built(variant):
        slices = read(fixture.path)
        assert len(slices) == (2 if variant.arch == "universal2" else 1)
        for one in slices:
            found = said(one, variant.version)
            if not right(fixture, found):
                why = f"{found.reason} {found.why}" if found else ""
                wrong.append(f"{fixture.shape.name} ({one.arch}): {declaration(found)} {why}")
    assert wrong == []


@each(VARIANTS)
def test_the_format_and_processor_are_named(variant: Variant) -> None:
    arches = {variant.arch} if variant.arch != "universal2" else {thin.arch for thin in THIN}
    for fixture in built(variant):
        assert {(one.format, one.arch) for one in read(fixture.path)} == {(variant.format, a) for a in arches}


@each(VARIANTS)
def test_the_layout_is_that_of_the_headers(variant: Variant) -> None:
    layouts = {
        found.layout for fixture in built(variant) for one in read(fixture.path) for found in one.declared
    }
    assert layouts - {""} <= {"free-threaded" if variant.free_threaded else "gil"}


@pytest.mark.parametrize("name", ["c_module", "c_cython_like", "c_dict", "c_env", "c_module_type"])
def test_a_create_function_is_told_of(name: str) -> None:
    fixture = only(name, VARIANTS[0])
    found = said(read(fixture.path)[0], fixture.variant.version)
    assert found is not None
    assert (found.custom_create == "module") is (fixture.shape.custom_create == "module")
    assert declaration(found) in fixture.expected


def test_both_hooks_are_told_the_exporting_one_first() -> None:
    fixture = only("e_both", next(v for v in VARIANTS if v.version == (3, 15)))
    declared = [(found.hook, found.declaration) for found in read(fixture.path)[0].declared]
    assert declared == [
        ("PyModExport_e_both", Declaration.NOT_USED),
        ("PyInit_e_both", Declaration.ABSENT),
    ]


def test_a_missing_sibling_leaves_the_answer_open() -> None:
    fixture = only("w_free", VARIANTS[0])
    (alone,) = analyse(fixture.path.name, fixture.path.read_bytes())
    assert declaration(said(alone, fixture.variant.version)) is Declaration.UNKNOWN
    assert declaration(said(read(fixture.path)[0], fixture.variant.version)) is Declaration.NOT_USED


def test_slices_that_differ_are_told_apart() -> None:
    first, second = (only(name, thin) for name, thin in zip(("m_notused", "m_absent"), THIN, strict=True))
    made = fat([(fixture.variant.arch, fixture.path.read_bytes()) for fixture in (first, second)])
    names = {one.arch: one.hooks for one in analyse("m_notused.so", made)}
    assert names == {first.variant.arch: ("PyInit_m_notused",), second.variant.arch: ("PyInit_m_absent",)}


# -- the interpreter --


@each(ASKED)
def test_the_interpreter_agrees(variant: Variant) -> None:
    python = interpreter.find(f"3.{variant.version[1]}")
    if python is None:
        pytest.skip(f"there is no free-threaded 3.{variant.version[1]} to ask")
    modules = [fixture for fixture in built(variant) if not fixture.shape.executable]
    answers = interpreter.ask(python, [(fixture.shape.name, fixture.path) for fixture in modules])
    said_otherwise = {
        fixture.shape.name: answers[fixture.path]
        for fixture in modules
        if answers[fixture.path] != fixture.shape.answer
    }
    assert said_otherwise == {}
    wrong_off = [
        fixture.shape.name
        for fixture in modules
        if answers[fixture.path] == Answer.ON
        and declaration(said(read(fixture.path)[0], variant.version)) in OFF
    ]
    assert wrong_off == []
