"""What a module imports, held against the stable ABI."""

from __future__ import annotations

import pytest

from ftaudit.binaries.limited_api import MAX_NAMES, NOT_IN_ABI3T, held_against, stable_abi
from ftaudit.model.binary import LimitedApi

INIT = ("PyInit_m",)
EXPORT = ("PyModExport_m",)


def since(*names: str, hooks: tuple[str, ...] = INIT) -> str | None:
    return held_against(names, hooks).since


def since_t(*names: str, hooks: tuple[str, ...] = EXPORT) -> str | None:
    return held_against(names, hooks).since_t


@pytest.mark.parametrize(
    ("names", "version"),
    [
        ((), "3.2"),
        (("PyList_New",), "3.2"),
        (("PyList_New", "PyModuleDef_Init"), "3.5"),
        (("PyType_GetModuleByDef", "PyObject_Vectorcall", "PyList_New"), "3.13"),
        (("Py_REFCNT",), "3.14"),
        (("PyABIInfo_Check",), "3.15"),
        (("PyModule_FromSlotsAndSpec", "PyModule_Exec"), "3.15"),
        (("Py_HashBuffer", "PyList_New"), "3.16"),
    ],
)
def test_since_is_the_first_version_that_has_all(names: tuple[str, ...], version: str) -> None:
    assert since(*names) == version


@pytest.mark.parametrize("name", ["_Py_Dealloc", "_Py_IncRef", "_PyArg_Parse_SizeT", "_PyObject_New"])
def test_private_names_of_the_stable_abi_are_in_it(name: str) -> None:
    assert since(name) is not None


@pytest.mark.parametrize(
    "name", ["PyUnicode_AsUTF8", "_PyLong_Sign", "PyUnstable_Module_SetGIL", "_Py_DecRefShared", "Pyramid"]
)
def test_one_name_beyond_is_enough(name: str) -> None:
    found = held_against(["PyList_New", name], INIT)
    assert found == LimitedApi(since=None, since_t=None, beyond=(name,), beyond_count=1)


def test_the_first_names_beyond_are_kept_and_all_counted() -> None:
    names = [f"PyBeyond_{number:03}" for number in range(MAX_NAMES + 30)]
    found = held_against([*reversed(names), *names], INIT)
    assert (found.beyond, found.beyond_count) == (tuple(names[:MAX_NAMES]), MAX_NAMES + 30)


@pytest.mark.parametrize("hook", ["PyInit_other", "PyModExport_other", "PyInitU_x", "PyModExportU_x"])
def test_the_hook_of_another_module_is_not_the_interpreters(hook: str) -> None:
    assert since(hook, "PyList_New") == "3.2"


def test_a_module_with_no_hook_but_the_new_one_needs_the_version_that_knows_it() -> None:
    assert since("PyList_New", hooks=EXPORT) == "3.15"
    assert since("PyList_New", hooks=("PyModExport_a", "PyModExportU_b")) == "3.15"
    assert since("PyList_New", hooks=(*EXPORT, *INIT)) == "3.2"
    assert since("Py_HashBuffer", hooks=EXPORT) == "3.16"
    assert since("PyList_New", hooks=()) == "3.2"


def test_abi3t_begins_with_its_first_version() -> None:
    assert since_t("PyList_New", "_Py_DecRef") == "3.15"
    assert since_t("Py_HashBuffer") == "3.16"


def test_a_module_made_by_another_needs_no_definition_of_its_own() -> None:
    """cffi's modules export ``PyInit_*`` and leave the rest to its backend, under abi3t too."""
    assert since_t("PyImport_ImportModule", "PyObject_CallMethod", "PyLong_FromVoidPtr", hooks=INIT) == "3.15"


@pytest.mark.parametrize("name", sorted(NOT_IN_ABI3T))
@pytest.mark.parametrize("hooks", [INIT, EXPORT, (*INIT, *EXPORT)])
def test_names_that_tell_of_the_layout_of_objects_are_not_for_abi3t(
    name: str, hooks: tuple[str, ...]
) -> None:
    found = held_against(["PyList_New", name], hooks)
    assert found.since is not None
    assert (found.since_t, found.beyond_t) == (None, (name,))


def test_what_is_not_for_abi3t_is_in_the_stable_abi() -> None:
    assert stable_abi().keys() >= NOT_IN_ABI3T
