"""What is seen of a hook that makes its module at once, of functions that create one, of calls in a row."""

from __future__ import annotations

import pytest

from ftaudit.binaries.call_sites import set_gil_arguments
from ftaudit.binaries.calls import HookWatcher
from ftaudit.binaries.creation import returns
from ftaudit.binaries.x86_64 import X8664
from tests.builders.program import BASE, FIRST_IS_RESULT, KEEP, KEPT, NULL, RET, if_zero, program, second

MAKE, SET = "PyModule_Create2", "PyUnstable_Module_SetGIL"
TELL = (FIRST_IS_RESULT, second(1), SET)


def watched(*parts: bytes | str) -> HookWatcher:
    image = program(*parts)
    watcher = HookWatcher(image, "flat", exported=False)
    X8664(image, watcher).run(BASE)
    return watcher


def test_a_module_that_says_nothing() -> None:
    found = watched(MAKE, RET)
    assert (found.created, found.set_gil, found.definitions) == (1, [], [])


@pytest.mark.parametrize("value", [0, 1])
def test_the_argument_is_read(value: int) -> None:
    found = watched(MAKE, KEEP, FIRST_IS_RESULT, second(value), SET, KEPT, RET)
    assert (found.set_gil, found.ends) == ([value], {value})


def test_an_argument_that_comes_from_elsewhere_is_not_known() -> None:
    found = watched("getenv", b"\x89\xc6", MAKE, KEEP, FIRST_IS_RESULT, b"\x89\xee", SET, KEPT, RET)
    assert (found.set_gil, found.ends) == ([None], {None})


def test_a_call_on_one_path_only_shows_on_the_other() -> None:
    found = watched(MAKE, KEEP, "getenv", *if_zero(FIRST_IS_RESULT, second(1), SET), KEPT, RET)
    assert found.ends == {1, "silent"}


def test_what_is_returned_is_looked_at() -> None:
    found = watched(MAKE, *TELL, "PyDict_New", RET)
    assert found.returned_another_object
    assert not found.ends


def test_what_is_returned_may_be_lost_on_the_way() -> None:
    found = watched(MAKE, *TELL, "unknown_function", RET)
    assert (found.ends, found.likely_ends) == (set(), {1})


def test_another_module_is_told_apart() -> None:
    found = watched(MAKE, KEEP, "PyImport_ImportModule", *TELL, KEPT, RET)
    assert found.ends == {"silent"}


def test_a_module_made_from_a_definition_says_what_that_says() -> None:
    found = watched("PyModule_FromDefAndSpec2", RET)
    assert (found.created, found.set_gil, found.ends, found.definitions) == (1, [None], {None}, [])


def test_a_definition_counts_where_it_is_returned() -> None:
    found = watched("PyModuleDef_Init", MAKE, RET)
    assert (found.definitions, len(found.initialised), found.ends) == ([], 1, {"silent"})
    found = watched("PyModuleDef_Init", RET)
    assert len(found.definitions) == len(found.initialised) == 1


def test_failing_makes_no_end() -> None:
    found = watched(MAKE, KEEP, *TELL, "getenv", *if_zero(NULL, RET), KEPT, RET)
    assert (found.ends, found.returned_null) == ({1}, True)


def test_failing_with_a_message_is_failing() -> None:
    found = watched(MAKE, KEEP, *TELL, "getenv", *if_zero("PyErr_Format", RET), KEPT, RET)
    assert (found.ends, found.returned_null, found.returned_other) == ({1}, True, False)
    found = watched(MAKE, KEEP, *TELL, "getenv", *if_zero("unknown_function", RET), KEPT, RET)
    assert (found.ends, found.returned_other) == ({1}, True)


def test_a_hook_that_only_fails() -> None:
    found = watched(NULL, RET)
    assert (found.returned_null, found.called_anything, found.returned_other) == (True, False, False)


@pytest.mark.parametrize(
    ("parts", "what"),
    [
        (("PyModule_NewObject", RET), "module"),
        (("PyModule_NewObject", KEEP, "getenv", *if_zero(NULL, RET), KEPT, RET), "module"),
        (("PyDict_New", RET), "other"),
        (("getenv", *if_zero("PyModule_NewObject", RET), "PyDict_New", RET), "either"),
        (("getenv", *if_zero("PyModule_NewObject", RET), "PyObject_GetItem", RET), "perhaps-module"),
        (("PyObject_GetAttrString", RET), "unknown"),
        (("getenv", RET), "unknown"),
        ((NULL, RET), "unknown"),
        ((b"\xff\xe0",), "unknown"),
    ],
)
def test_what_a_create_function_returns(parts: tuple[bytes | str, ...], what: str) -> None:
    assert returns(program(*parts), X8664, BASE) == what


def test_a_create_function_that_is_not_code_is_unknown() -> None:
    image = program("PyModule_NewObject", RET)
    assert returns(image, X8664, 0) == "unknown"
    assert returns(image, None, BASE) == "unknown"


@pytest.mark.parametrize(
    ("parts", "found"),
    [
        (("PyDict_New",) * 50 + (*TELL, RET), {1}),
        (("PyDict_New", KEPT, second(0), SET, RET), {0}),
        ((second(0), SET, second(1), SET, RET), {0, 1}),
        ((second(1), SET, b"\x89\xee", "getenv", b"\x89\xc6", SET, RET), set()),
        ((second(7), SET, RET), set()),
        (("PyDict_New", RET), set()),
    ],
)
def test_calls_in_a_row(parts: tuple[bytes | str, ...], found: set[int]) -> None:
    assert set_gil_arguments(program(*parts), X8664, BASE) == found
