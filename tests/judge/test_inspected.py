"""The rows of an inspection: by each module's own declaration, and as a target loads them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ftaudit.judge.inspected import Read, rows
from ftaudit.knowledge.targets import target
from ftaudit.model.binary import Declaration, LimitedApi, SharedObject
from ftaudit.model.inspection import FileKind, FileRow, ModuleRow
from ftaudit.model.verdict import Gil
from tests.builders.modules import contents, declared, file

FT = "x.cpython-314t-x86_64-linux-gnu.so"
GIL = "x.cpython-314-x86_64-linux-gnu.so"
T314, T315 = target("3.14t", "linux-x86_64"), target("3.15t", "linux-x86_64")
D = Declaration


def read(*modules: SharedObject, path: str = "x-1-cp314-cp314t-linux_x86_64.whl", **values: str) -> Read:
    kind = FileKind(values.pop("kind", "wheel"))
    return Read(path=path, kind=kind, size=1, contents=contents(*modules, **values))


def advice(generator: str) -> tuple[str, str]:
    return f"line for {generator or 'C'}", "note"


def row(*modules: SharedObject, on: object = None, **values: str) -> FileRow:
    [found] = rows([read(*modules, **values)], on, advice)  # type: ignore[arg-type]
    return found


def told(found: FileRow) -> list[tuple[str, str, bool | None]]:
    return [(module.path, module.gil, module.loaded) for module in found.modules]


def only(found: FileRow) -> ModuleRow:
    [module] = found.modules
    return module


# -- without a target --


@pytest.mark.parametrize(
    ("what", "gil"),
    [
        (D.NOT_USED, Gil.OFF),
        (D.SINGLE_PHASE_NOT_USED, Gil.OFF),
        (D.USED, Gil.ON),
        (D.ABSENT, Gil.ON),
        (D.SINGLE_PHASE_USED, Gil.ON),
        (D.SINGLE_PHASE_SILENT, Gil.ON),
        (D.NOT_A_MODULE, Gil.NONE),
        (D.UNKNOWN, Gil.UNKNOWN),
    ],
)
def test_each_declaration_decides(what: Declaration, gil: Gil) -> None:
    found = row(file(FT, what))
    assert (found.gil, only(found).gil, only(found).loaded) == (gil, gil, None)
    assert bool(only(found).advice) is (gil in (Gil.ON, Gil.UNKNOWN))


@pytest.mark.parametrize(
    ("others", "gil"),
    [
        ((), Gil.OFF),
        ((D.UNKNOWN,), Gil.UNKNOWN),
        ((D.UNKNOWN, D.ABSENT), Gil.ON),
        ((D.NOT_A_MODULE,), Gil.OFF),
    ],
)
def test_a_file_is_as_good_as_its_worst_module(others: tuple[Declaration, ...], gil: Gil) -> None:
    more = [file(f"y{n}.so", declared(what, hook=f"PyInit_y{n}")) for n, what in enumerate(others)]
    assert row(file(FT, D.NOT_USED), *more).gil is gil


def test_both_hooks_of_a_file_are_told_and_the_worse_counts() -> None:
    both = file("x.abi3t.so", declared(D.NOT_USED, hook="PyModExport_x"), declared(D.ABSENT))
    found = row(both)
    assert [(module.hook, module.gil) for module in found.modules] == [
        ("PyModExport_x", Gil.OFF),
        ("PyInit_x", Gil.ON),
    ]
    assert found.gil is Gil.ON


def test_a_file_for_builds_with_the_gil_beside_the_right_one_does_not_count() -> None:
    found = row(file(FT, D.NOT_USED), file(GIL, D.ABSENT))
    assert (found.gil, told(found)) == (Gil.OFF, [(GIL, "on", False), (FT, "off", None)])


@pytest.mark.parametrize("path", [GIL, "x.abi3.so"])
def test_alone_it_counts_and_has_a_remark(path: str) -> None:
    found = row(file(path, D.ABSENT))
    assert (found.gil, told(found)) == (Gil.ON, [(path, "on", None)])
    assert only(found).why == "only builds with the GIL take a file of this name"
    assert not only(row(file(FT, D.ABSENT))).why


def test_a_definition_compiled_for_the_gil_has_a_remark() -> None:
    found = row(file("x.so", declared(D.NOT_USED, layout="gil")))
    assert only(found).why == "its definition has the layout of a GIL build"


def test_a_hook_of_another_name_is_unknown() -> None:
    part = replace(file(FT, D.NOT_USED).slices[0], declared=())
    found = row(replace(file(FT, D.NOT_USED), slices=(part,)))
    assert (found.gil, only(found).reason, only(found).advice) == (Gil.UNKNOWN, "hook-name-differs", "")


def test_a_member_that_could_not_be_read_makes_the_file_unknown() -> None:
    found = row(file("a/x.so", problem="cut short"), file("b/x.so", D.NOT_USED))
    assert (found.gil, found.why) == (Gil.UNKNOWN, "a/x.so: cut short")


def test_shared_objects_without_a_hook_are_libraries() -> None:
    found = row(file("a/libz.so"), file(FT, D.NOT_USED))
    assert (found.libraries, len(found.modules), found.gil) == (("a/libz.so",), 1, Gil.OFF)


def test_no_module_at_all_is_none() -> None:
    assert row(file("a/libz.so")).gil is Gil.NONE
    assert row(file("a/libz.so"), on=T314).gil is Gil.NONE


# -- a module that another one makes --

CFFI = file("pkg/_x.so", declared(D.DELEGATED, hook="PyInit__x", provider="_cffi_backend"))


def backend(what: Declaration) -> SharedObject:
    return file("_cffi_backend.so", declared(what, hook="PyInit__cffi_backend"))


@pytest.mark.parametrize("on", [None, T314])
def test_delegated_is_unknown_where_its_provider_is_not_given(on: object) -> None:
    found = row(CFFI, on=on)
    assert (found.gil, only(found).reason) == (Gil.UNKNOWN, "provider-not-given")
    assert "cffi 2.0 and later" in only(found).why
    assert only(found).advice


@pytest.mark.parametrize("on", [None, T314])
@pytest.mark.parametrize(
    ("what", "gil"), [(D.NOT_USED, Gil.OFF), (D.ABSENT, Gil.ON), (D.UNKNOWN, Gil.UNKNOWN)]
)
def test_delegated_is_what_the_provider_given_does(on: object, what: Declaration, gil: Gil) -> None:
    first, second = rows([read(CFFI), read(backend(what))], on, advice)  # type: ignore[arg-type]
    assert (first.gil, second.gil) == (gil, gil)


def test_delegated_is_unknown_where_two_providers_differ() -> None:
    files = [read(CFFI), read(backend(D.NOT_USED), path="a.whl"), read(backend(D.USED), path="b.whl")]
    assert rows(files, None, advice)[0].gil is Gil.UNKNOWN


# -- for a target --


def test_only_what_the_target_loads_counts() -> None:
    found = row(file(FT, D.NOT_USED), file(GIL, D.ABSENT), on=T314)
    assert (found.gil, told(found)) == (Gil.OFF, [(GIL, "on", False), (FT, "off", True)])
    assert found.modules[0].why == "3.14t takes another file for the module"
    assert not found.modules[0].advice


def test_a_file_of_no_suffix_of_its_is_not_loaded() -> None:
    found = row(file(FT, D.NOT_USED), on=T315)
    assert (found.gil, told(found)) == (Gil.UNKNOWN, [(FT, "off", False)])
    assert only(found).why == "3.15t takes no file of this name"


@pytest.mark.parametrize(
    ("on", "hook", "gil"), [(T314, "PyInit_x", Gil.ON), (T315, "PyModExport_x", Gil.OFF)]
)
def test_the_target_calls_one_hook(on: object, hook: str, gil: Gil) -> None:
    both = file("x.so", declared(D.NOT_USED, hook="PyModExport_x"), declared(D.ABSENT))
    found = row(both, on=on)
    assert [module.hook for module in found.counted] == [hook]
    assert found.gil is gil


def test_the_target_runs_the_code_for_its_processor() -> None:
    here = file("x.so", D.NOT_USED, of=("mach-o", "arm64")).slices
    there = file("x.so", D.ABSENT, of=("mach-o", "x86_64")).slices
    both = SharedObject(path="x.so", size=1, slices=here + there)
    found = row(both, on=target("3.14t", "macos-arm64"))
    assert (found.gil, [(m.arch, m.loaded) for m in found.modules]) == (
        Gil.OFF,
        [("arm64", True), ("x86_64", False)],
    )
    assert row(both).gil is Gil.ON


@pytest.mark.parametrize(
    ("module", "reason"),
    [
        (file("x.abi3.so", D.NOT_USED), "abi3-on-free-threaded"),
        (file("x.so", declared(D.NOT_USED, layout="gil")), "built-for-gil"),
        (file("x.so", D.NOT_USED, of=("elf", "aarch64")), "wrong-architecture"),
        (file("x.so", problem="cut short"), "bad-binary"),
        (file("x.so", declared(D.NOT_USED, hook="PyModExport_x")), "hook-not-known-there"),
    ],
)
def test_what_the_target_takes_and_cannot_load_is_unknown(module: SharedObject, reason: str) -> None:
    found = row(module, on=T314)
    assert found.gil is Gil.UNKNOWN
    assert [(m.reason, m.loaded) for m in found.counted] == [(reason, True)]
    assert not any(m.advice for m in found.modules)


def test_a_hook_that_makes_no_module_is_loaded_and_comes_to_nothing() -> None:
    found = row(file("x.so", D.NOT_A_MODULE), on=T314)
    assert (found.gil, told(found)) == (Gil.NONE, [("x.so", "none", True)])


# -- the stable ABI --


def limited(path: str, since: str | None = "3.9", since_t: str | None = "3.15", *beyond: str) -> SharedObject:
    api = LimitedApi(since=since, since_t=since_t, beyond=beyond, beyond_count=len(beyond))
    part = replace(file(path, D.NOT_USED).slices[0], limited_api=api)
    return SharedObject(path=path, size=1, slices=(part,))


@pytest.mark.parametrize(
    ("tag", "module", "claimed", "true"),
    [
        ("cp311-abi3", limited("x.abi3.so"), "abi3", True),
        ("cp311-abi3", limited("x.abi3.so", "3.13"), "abi3", False),
        ("cp311-abi3", limited("x.abi3.so", None, None, "_PyFoo"), "abi3", False),
        ("cp315-abi3t", limited("x.abi3t.so"), "abi3t", True),
        ("cp315-abi3.abi3t", limited("x.abi3t.so"), "abi3.abi3t", True),
        ("cp315-abi3.abi3t", limited("x.abi3t.so", "3.9", None), "abi3t", False),
        ("cp311-abi3", file("x.abi3.so", problem="cut short"), "abi3", None),
    ],
)
def test_a_tag_is_held_against_what_the_modules_take(
    tag: str, module: SharedObject, claimed: str, true: bool | None
) -> None:
    found = row(module, path=f"x-1-{tag}-linux_x86_64.whl").stable_abi
    assert found is not None
    assert (found.claimed, found.true_to_tag) == (claimed, true)


def test_a_shared_object_claims_by_its_ending_and_a_version_specific_wheel_nothing() -> None:
    claim = row(limited("x.abi3.so"), path="d/x.abi3.so", kind="shared-object").stable_abi
    assert claim is not None
    assert (claim.claimed, claim.claimed_from, claim.true_to_tag) == ("abi3", "", True)
    assert row(limited(FT)).stable_abi is None
    assert row(limited(FT), path=FT, kind="shared-object").stable_abi is None
