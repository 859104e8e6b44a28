"""What importing a wheel's modules does on a target: which files count, and what they come to together."""

from __future__ import annotations

import pytest

from ftaudit.judge.modules import all_imported, dragged_in, gil_of, imported, native
from ftaudit.knowledge.targets import target
from ftaudit.model.binary import Contents, Declaration, SharedObject, Slice
from ftaudit.model.evidence import Missing
from ftaudit.model.project import PinKey, SourceKind
from ftaudit.model.verdict import Gil, Imported, Install, Installation
from tests.builders.modules import declared, file

T314, T315 = target("3.14t", "linux-x86_64"), target("3.15t", "linux-x86_64")
WINDOWS, MAC = target("3.14t", "windows-amd64"), target("3.14t", "macos-arm64")
NOT_USED, USED, ABSENT, UNKNOWN = (
    Declaration.NOT_USED,
    Declaration.USED,
    Declaration.ABSENT,
    Declaration.UNKNOWN,
)
FT = ".cpython-314t-x86_64-linux-gnu.so"
GIL = ".cpython-314-x86_64-linux-gnu.so"


def on(*files: SharedObject, judged: object = T314) -> Imported:
    return imported(Contents(modules=files), judged, _nobody)  # type: ignore[arg-type]


def _nobody(name: str) -> Missing:
    return Missing(what="modules", why=f"{name} is not pinned", kind="provider-not-pinned")


@pytest.mark.parametrize(
    ("what", "gil"),
    [
        (NOT_USED, Gil.OFF),
        (Declaration.SINGLE_PHASE_NOT_USED, Gil.OFF),
        (USED, Gil.ON),
        (ABSENT, Gil.ON),
        (Declaration.SINGLE_PHASE_USED, Gil.ON),
        (Declaration.SINGLE_PHASE_SILENT, Gil.ON),
        (UNKNOWN, Gil.UNKNOWN),
        (Declaration.NOT_A_MODULE, Gil.NONE),
        (Declaration.DELEGATED, Gil.UNKNOWN),
    ],
)
def test_each_declaration(what: Declaration, gil: Gil) -> None:
    assert on(file("x" + FT, what)).gil is gil


def test_every_declaration_is_judged() -> None:
    for what in Declaration:
        assert on(file("x" + FT, what)).gil in Gil


@pytest.mark.parametrize(
    ("files", "gil"),
    [
        ([file("a" + FT, NOT_USED), file("b" + FT, NOT_USED)], Gil.OFF),
        ([file("a" + FT, NOT_USED), file("b" + FT, USED), file("c" + FT, UNKNOWN)], Gil.ON),
        ([file("a" + FT, NOT_USED), file("c" + FT, UNKNOWN)], Gil.UNKNOWN),
        ([file("a" + FT, NOT_USED), file("lib.so")], Gil.OFF),
        ([file("lib.so")], Gil.NONE),
        ([], Gil.NONE),
    ],
)
def test_the_union(files: list[SharedObject], gil: Gil) -> None:
    found = on(*files)
    assert found.gil is gil
    assert (found.why is not None) == (gil is Gil.UNKNOWN)


def test_a_stray_file_of_a_gil_build_beside_the_right_one_does_not_count() -> None:
    found = on(file("pkg/x" + FT, NOT_USED), file("pkg/x" + GIL, ABSENT))
    assert (found.gil, found.shadowed) == (Gil.OFF, ("pkg/x" + GIL,))


def test_only_files_that_it_would_not_load_are_unknown_never_none() -> None:
    for path in ("x" + GIL, "x.cpython-314t-darwin.so", "x.abi3t.so", "x.cp314t-win_amd64.pyd"):
        found = on(file(path, NOT_USED))
        assert found.gil is Gil.UNKNOWN
        assert found.why is not None
        assert found.why.kind == "no-loadable-module"


def test_one_module_that_no_file_fits_is_named() -> None:
    found = on(file("pkg/a" + FT, NOT_USED), file("pkg/b" + GIL, NOT_USED))
    assert (found.gil, found.not_loadable) == (Gil.OFF, ("pkg/b" + GIL,))


def test_an_abi3_file_is_tried_by_3_14t_and_cannot_work() -> None:
    found = on(file("x.abi3.so", NOT_USED))
    assert found.why is not None
    assert found.why.kind == "abi3-on-free-threaded"
    assert on(file("x" + FT, NOT_USED), file("x.abi3.so", NOT_USED)).gil is Gil.OFF
    later = on(file("x.abi3.so", NOT_USED), judged=T315)
    assert later.why is not None
    assert later.why.kind == "no-loadable-module"


def test_abi3t_loads_from_3_15_on() -> None:
    exported = declared(NOT_USED, "PyModExport_x", layout="")
    assert on(file("x.abi3t.so", exported), judged=T315).gil is Gil.OFF
    assert on(file("x.so", exported), judged=T315).gil is Gil.OFF
    found = on(file("x.so", exported))
    assert found.why is not None
    assert found.why.kind == "hook-not-known-there"


def test_the_export_hook_goes_before_init_from_3_15_on() -> None:
    both = file("x.so", declared(NOT_USED, "PyModExport_x"), declared(USED, "PyInit_x"))
    assert on(both, judged=T315).gil is Gil.OFF
    assert on(both, judged=T314).gil is Gil.ON


def test_a_definition_of_a_gil_build_does_not_load() -> None:
    found = on(file("x.so", declared(NOT_USED, layout="gil")))
    assert found.why is not None
    assert found.why.kind == "built-for-gil"


def test_another_machine_or_format_does_not_load() -> None:
    for of in (("elf", "aarch64"), ("mach-o", "x86_64")):
        found = on(file("x" + FT, NOT_USED, of=of))
        assert found.why is not None
        assert found.why.kind == "wrong-architecture"


def test_a_fat_file_is_judged_by_the_part_for_the_target() -> None:
    path = "x.cpython-314t-darwin.so"
    arm, intel = file(path, NOT_USED, of=("mach-o", "arm64")), file(path, USED, of=("mach-o", "x86_64"))
    fat = SharedObject(path=path, size=1, slices=arm.slices + intel.slices)
    assert on(fat, judged=MAC).gil is Gil.OFF
    assert on(fat, judged=target("3.14t", "macos-x86_64")).gil is Gil.ON


def test_windows_does_not_mind_the_case_of_a_suffix() -> None:
    found = on(file("X.CP314T-win_amd64.PYD", USED, of=("pe", "amd64")), judged=WINDOWS)
    assert found.gil is Gil.ON


def test_what_could_not_be_read_is_unknown_where_it_would_be_loaded() -> None:
    assert on(file("x" + FT, problem="cut short")).gil is Gil.UNKNOWN
    assert on(file("x" + FT, NOT_USED), file("x" + GIL, problem="cut short")).gil is Gil.OFF


def test_a_hook_of_another_name_is_unknown() -> None:
    part = Slice(format="elf", arch="x86_64", hooks=("PyInit_y",))
    found = on(SharedObject(path="x" + FT, size=1, slices=(part,)))
    assert found.why is not None
    assert found.why.kind == "hook-name-differs"


def test_names_are_those_that_import_uses() -> None:
    found = on(file("pkg/sub/x" + FT, NOT_USED), file("pkg/__init__" + FT, NOT_USED))
    assert sorted(module.name for module in found.modules) == ["pkg", "pkg.sub.x"]


def key(name: str) -> PinKey:
    return PinKey(name, "1", SourceKind.INDEX, "")


def test_a_delegated_module_is_what_its_provider_is() -> None:
    user = Contents(modules=(file("b" + FT, declared(Declaration.DELEGATED, provider="_cffi_backend")),))
    for backend, gil in ((NOT_USED, Gil.OFF), (USED, Gil.ON), (UNKNOWN, Gil.UNKNOWN)):
        provider = Contents(modules=(file("_cffi_backend" + FT, backend),))
        found = all_imported({key("b"): user, key("cffi"): provider}, T314)[key("b")]
        assert isinstance(found, Imported)
        assert found.gil is gil
    others: list[dict[PinKey, Contents | Missing]] = [{}, {key("cffi"): _nobody("x")}]
    for other in others:
        alone = {key("b"): user, **other}
        lonely = all_imported(alone, T314)[key("b")]
        assert isinstance(lonely, Imported)
        assert lonely.gil is Gil.UNKNOWN


def test_two_providers_that_differ_are_unknown() -> None:
    user = Contents(modules=(file("b" + FT, declared(Declaration.DELEGATED, provider="_cffi_backend")),))
    one, two = (Contents(modules=(file("_cffi_backend" + FT, what),)) for what in (NOT_USED, USED))
    for first, second in ((one, two), (two, one)):
        found = all_imported({key("b"): user, key("cffi"): first, key("cffi2"): second}, T314)[key("b")]
        assert isinstance(found, Imported)
        assert found.gil is Gil.UNKNOWN


def test_what_a_wheel_comes_to() -> None:
    wheel, pure = Installation(install=Install.WHEEL), Installation(install=Install.PURE)
    offline = Missing(what="modules", why="offline", kind="offline")
    broken = Missing(what="modules", why="not a zip", kind="bad-wheel")
    assert gil_of(wheel, offline) is offline
    assert gil_of(pure, offline) is Gil.NONE
    assert gil_of(pure, broken) is broken
    assert gil_of(pure, on()) is Gil.NONE
    assert gil_of(pure, on(file("x" + FT, USED))) is Gil.ON
    assert isinstance(gil_of(wheel, on(file("x" + FT, UNKNOWN))), Missing)
    assert gil_of(Installation(install=Install.SOURCE), on()) is Gil.UNKNOWN


def test_a_pure_wheel_with_modules_is_not_pure() -> None:
    pure = Installation(install=Install.PURE)
    assert native(pure, on(file("x" + FT, NOT_USED))).install is Install.WHEEL
    assert native(pure, on(file("x" + GIL, NOT_USED))).install is Install.WHEEL
    assert native(pure, on(file("lib.so"))).install is Install.PURE


def test_what_is_dragged_in() -> None:
    a, b, c, d = map(key, "abcd")
    edges = {a: {b}, b: {c, a}, d: set[PinKey]()}
    assert dragged_in(edges, frozenset({c})) == {a: ("c 1",), b: ("c 1",)}
    assert dragged_in(edges, frozenset({d})) == {}
