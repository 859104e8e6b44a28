"""``ftaudit inspect`` from end to end, over modules and wheels made here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

import ftaudit.inspection.reading
import ftaudit.render
from tests.builders import zips
from tests.builders.command import JSON, Done, Run
from tests.builders.elf_image import TEXT, elf
from tests.builders.extensions import (
    ENDING,
    GIL,
    NOT_USED,
    USED,
    delegated,
    extension,
    library,
    native_wheel,
)
from tests.builders.macho_image import fat, macho
from tests.builders.wheels import wheel

OFF, ON = extension("x", {GIL: NOT_USED}), extension("x", {GIL: USED})
FOR_314T = ("--python", "3.14t", "--platform", "linux-x86_64")
FOR_315T = ("--python", "3.15t", "--platform", "linux-x86_64")
SCHEMA = json.loads(
    (Path(ftaudit.render.__file__).parent / "inspect-v1.schema.json").read_text(encoding="utf-8")
)


@pytest.fixture
def inspect(run: Run, cache: Path, folder: Path) -> Run:
    """``ftaudit inspect`` in `folder`."""

    def inspect(*arguments: str) -> Done:
        kept = () if "--cache-dir" in arguments else ("--cache-dir", str(cache))
        return run("inspect", *arguments, *kept)

    return inspect


def put(folder: Path, **files: bytes) -> None:
    """Writes *files*; ``__`` in a name stands for a dot."""
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_bytes(content)


def placed(folder: Path, made: tuple[str, bytes]) -> str:
    (folder / made[0]).write_bytes(made[1])
    return made[0]


def files(done: Done) -> list[dict[str, Any]]:
    jsonschema.Draft202012Validator(SCHEMA).validate(done.report)
    found: list[dict[str, Any]] = done.report["files"]
    return found


# -- one file --


def test_a_wheel(folder: Path, inspect: Run) -> None:
    name = placed(folder, native_wheel("pkg", y=extension("y", {GIL: NOT_USED}), x=ON))
    done = inspect(name)
    assert (done.status, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0] == name
    assert "pkg.x   ! on   used         high        execution+search" in lines
    assert "pkg.y   ✓ off  not-used     high        execution+search" in lines
    assert lines[-1] == "! importing this wheel enables the GIL: 1 of 2 modules"
    assert "  → {Py_mod_gil, Py_MOD_GIL_NOT_USED}" in done.out


@pytest.mark.parametrize("name", [f"x.{ENDING}", "x.bin", "renamed.so"])
def test_a_shared_object_whatever_its_name(name: str, folder: Path, inspect: Run) -> None:
    (folder / name).write_bytes(OFF)
    done = inspect(name, *JSON)
    [found] = files(done)
    [module] = found["modules"]
    assert (found["kind"], found["gil"], found["verified"]) == ("shared-object", "off", "none")
    assert (module["hook"], module["declaration"], module["slots"]) == ("PyInit_x", "not-used", [4])
    assert ("a file named x" in module["why"]) is (name == "renamed.so")


def test_an_initialiser_of_a_package_is_looked_up_by_the_packages_name(folder: Path, inspect: Run) -> None:
    (folder / "x").mkdir()
    (folder / "x" / "__init__.so").write_bytes(OFF)
    [found] = files(inspect("x/__init__.so", *JSON))
    assert (found["gil"], found["modules"][0]["name"]) == ("off", "x")


def test_each_architecture_of_a_fat_file_has_a_row(folder: Path, inspect: Run) -> None:
    both = [macho(arch=arch, hooks={"PyInit_x": TEXT}) for arch in ("arm64", "x86_64")]
    (folder / "x.so").write_bytes(fat(*both))
    done = inspect("x.so", *JSON)
    assert [row["arch"] for row in files(done)[0]["modules"]] == ["arm64", "x86_64"]


def test_both_hooks_are_told_and_a_target_calls_one(folder: Path, inspect: Run) -> None:
    (folder / "x.so").write_bytes(extension("x", {GIL: USED}, exported=NOT_USED))
    [found] = files(inspect("x.so", *JSON))
    assert found["gil"] == "on"
    assert [(row["hook"], row["gil"], row["loaded"]) for row in found["modules"]] == [
        ("PyModExport_x", "off", None),
        ("PyInit_x", "on", None),
    ]
    assert files(inspect("x.so", *JSON, *FOR_314T))[0]["gil"] == "on"
    [newer] = files(inspect("x.so", *JSON, *FOR_315T))
    assert (newer["gil"], [row["loaded"] for row in newer["modules"]]) == ("off", [True, False])


def test_the_symbols_that_stand_between_a_module_and_the_stable_abi(folder: Path, inspect: Run) -> None:
    (folder / "x.so").write_bytes(extension("x", {GIL: NOT_USED}, imports=("_PyFoo_Bar",)))
    assert "1 symbol outside of it is needed: _PyFoo_Bar" in inspect("x.so").out
    [found] = files(inspect("x.so", *JSON))
    assert found["modules"][0]["limited_api"]["beyond"] == ["_PyFoo_Bar"]


# -- a target --


def test_only_what_the_target_loads_counts(folder: Path, inspect: Run) -> None:
    stray = ENDING.replace("314t", "314")
    members = {f"pkg/x.{ENDING}": OFF, f"pkg/x.{stray}": ON}
    name = placed(folder, wheel(name="pkg", tag="cp314-cp314t-manylinux_2_28_x86_64", files=members))
    done = inspect(name, *FOR_314T, "--exit-code")
    assert (done.status, done.err) == (0, "")
    assert f"· not loaded, 3.14t takes another file for the module: pkg/x.{stray}" in done.out
    assert done.out.endswith("✓ importing this wheel keeps the GIL off on 3.14t\n")
    other = inspect(name, *FOR_315T)
    assert "? unknown on 3.15t, linux-x86_64: it holds extension modules" in other.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--platform", "linux-x86_64"), "--platform says nothing without --python"),
        (("--python", "3.14"), "3.14 is an interpreter with the GIL"),
        (("--python", "3.14t", "--platform", "linux"), "unknown platform 'linux'"),
        (("--format", "markdown"), "unknown format 'markdown'"),
        (("--output", "x.doc"), "no format goes by the name of x.doc"),
        (("--deadline", "0"), "--deadline"),
    ],
)
def test_a_command_line_that_cannot_be_carried_out(
    arguments: tuple[str, ...], message: str, folder: Path, inspect: Run
) -> None:
    (folder / "x.so").write_bytes(OFF)
    done = inspect("x.so", *arguments)
    assert (done.status, done.out) == (2, "")
    assert message in done.lines[0]
    assert inspect("x.so").status == 0


# -- a module that cffi's backend makes --


def test_cffi_is_unknown_until_its_backend_is_given(folder: Path, inspect: Run) -> None:
    put(folder, x__so=delegated(), _cffi_backend__so=extension("_cffi_backend", {GIL: NOT_USED}))
    alone = inspect("x.so")
    assert "_cffi_backend decides, which is not among the files given: that of cffi 2.0" in alone.out
    done = inspect("x.so", "_cffi_backend.so", *JSON)
    assert {found["path"]: found["gil"] for found in files(done)} == {
        "_cffi_backend.so": "off",
        "x.so": "off",
    }


# -- folders --


def test_a_folder_is_walked_and_its_wheels_are_opened(folder: Path, inspect: Run) -> None:
    site = folder / "env" / "lib" / "python3.14t" / "site-packages"
    (site / "pkg.libs").mkdir(parents=True)
    (site / "pkg").mkdir()
    (site / "pkg" / f"x.{ENDING}").write_bytes(OFF)
    (site / "pkg" / "libz.so").write_bytes(library())
    (site / "pkg.libs" / "libq.so").write_bytes(b"not read")
    placed(folder / "env", native_wheel("pkg", x=ON))
    done = inspect("env", *JSON)
    assert done.status == 0
    site_row, wheel_row = files(done)
    assert (wheel_row["kind"], wheel_row["gil"]) == ("wheel", "on")
    assert (site_row["kind"], site_row["path"]) == ("folder", "env/lib/python3.14t/site-packages")
    assert [row["name"] for row in site_row["modules"]] == ["pkg.x"]
    assert site_row["libraries"] == ["pkg.libs/libq.so", "pkg/libz.so"]
    assert site_row["sha256"] is None


def test_a_folder_without_any_is_nothing(folder: Path, inspect: Run) -> None:
    (folder / "env").mkdir()
    done = inspect("env")
    assert (done.status, done.out) == (3, "")
    assert done.lines[0] == "error: nothing found: there is no shared object in it"
    assert done.lines[1].startswith("help: ")


def test_a_pure_wheel_is_nothing_and_one_with_a_library_alone_is_not(folder: Path, inspect: Run) -> None:
    pure = inspect(placed(folder, wheel(name="a", files={"a.py": ""})))
    assert (pure.status, pure.out.splitlines()[-1]) == (3, "– it holds no extension module")
    other = placed(
        folder, wheel(name="b", tag="py3-none-manylinux_2_28_x86_64", files={"b/libz.so.1": library()})
    )
    assert (inspect(other).status, inspect(other).err) == (0, "")


# -- what is broken --


def test_what_is_no_wheel_and_no_shared_object_and_the_others_all_the_same(
    folder: Path, inspect: Run
) -> None:
    put(folder, a__txt=b"hello", empty__so=b"", empty__whl=b"", cut__whl=native_wheel("p", x=OFF)[1][:200])
    put(folder, cut__so=OFF[:0x3100], ok__so=extension("ok", {GIL: NOT_USED}))
    os.mkfifo(folder / "pipe")
    names = ("a.txt", "empty.so", "empty.whl", "cut.whl", "cut.so", "pipe", "missing.so")
    done = inspect("ok.so", *names, *JSON)
    assert done.status == 2
    assert [found["path"] for found in files(done)] == ["ok.so"]
    assert sorted(problem["path"] for problem in done.report["problems"]) == sorted(names)
    errors = done.lines[::2]
    assert [line.split(":")[1].strip() for line in errors] == list(names)
    assert all(line.startswith("error: ") for line in errors)
    assert all(line.startswith("help: ") for line in done.lines[1::2])


def test_a_file_that_is_none_is_told_once(folder: Path, inspect: Run) -> None:
    (folder / "a.txt").write_bytes(b"hello")
    done = inspect("a.txt")
    assert (done.status, done.out, len(done.lines)) == (2, "", 2)


def test_a_broken_member_makes_it_incomplete_and_is_named(folder: Path, inspect: Run) -> None:
    parts = [
        zips.member(f"pkg/x.{ENDING}", OFF),
        zips.member(f"pkg/y.{ENDING}", OFF, crc=1),
        zips.member(f"pkg/z.{ENDING}", OFF[:0x3100]),
    ]
    name = placed(folder, ("pkg-1-cp314-cp314t-linux_x86_64.whl", zips.zipped(*parts)))
    done = inspect(name, *JSON)
    assert done.status == 4
    assert [row["reason"] for row in files(done)[0]["modules"]] == ["", "bad-wheel", "bad-binary"]
    assert [problem["path"] for problem in done.report["problems"]] == [
        f"{name}: pkg/y.{ENDING}",
        f"{name}: pkg/z.{ENDING}",
    ]
    assert done.lines == ["warning: 2 files were not read; the result names each"]
    assert inspect(name, *JSON, "--quiet").err == ""


@pytest.mark.parametrize("name", ["../x.so", "/x.so", "a\\x.so", "C:x.so"])
def test_a_wheel_that_leads_out_of_itself_is_refused(name: str, folder: Path, inspect: Run) -> None:
    hostile = placed(folder, ("pkg-1-py3-none-any.whl", zips.zipped(zips.member(name, OFF))))
    done = inspect(hostile)
    assert (done.status, done.out) == (2, "")
    assert done.lines[0].startswith(f"error: {hostile}: ")


def test_every_truncation_of_a_shared_object_is_one_line(folder: Path, inspect: Run) -> None:
    for size in range(0, len(OFF), 509):
        (folder / "x.so").write_bytes(OFF[:size])
        done = inspect("x.so")
        assert done.status in (0, 2), size
        assert "Traceback" not in done.err
        assert len(done.lines) == (2 if done.status else 0)


def test_any_file_of_the_corpus_is_refused_in_one_line(shared: Path, inspect: Run) -> None:
    broken = [path for path in sorted((shared / "corpus" / "bad").rglob("*")) if path.is_file()]
    assert broken
    for path in broken:
        done = inspect(str(path))
        assert done.status == 2, path
        assert [line.split(":")[0] for line in done.lines] == ["error", "help"], path


def test_after_the_deadline_what_was_not_read_is_named(folder: Path, inspect: Run) -> None:
    # More than anybody reads within the millisecond that is the least that can be asked for.
    put(folder, **{f"x{number}__so": extension(f"x{number}", {GIL: NOT_USED}) for number in range(200)})
    done = inspect(".", "x199.so", "--deadline", "0.001", *JSON)
    assert done.status == 4
    assert {problem["message"] for problem in done.report["problems"]} == {"not read: the deadline passed"}
    assert not any(found["gil"] == "off" for found in done.report["files"])
    assert inspect(".", "x199.so", "--deadline", "60").status == 0


# -- the exit status as a decision --


@pytest.mark.parametrize(
    ("content", "decided"),
    [
        (OFF, 0),
        (ON, 1),
        (extension("x"), 1),
        (delegated(), 4),
        (elf(hooks={"PyInit_y": TEXT, "PyInit_z": TEXT}), 4),
    ],
)
def test_exit_code(content: bytes, decided: int, folder: Path, inspect: Run) -> None:
    (folder / "x.so").write_bytes(content)
    assert inspect("x.so").status == 0
    assert inspect("x.so", "--exit-code").status == decided


def test_a_file_that_cannot_be_read_outweighs_the_decision(folder: Path, inspect: Run) -> None:
    (folder / "x.so").write_bytes(ON)
    assert inspect("x.so", "missing.so", "--exit-code").status == 2
    (folder / "d").mkdir()
    put(folder / "d", x__so=ON, y__so=b"broken")
    assert inspect("d", "--exit-code").status == 1
    assert inspect("d").status == 4


# -- where it goes, and what is kept --


def test_two_formats_in_one_run(folder: Path, inspect: Run) -> None:
    (folder / "x.so").write_bytes(OFF)
    done = inspect("x.so", "--format", "json", "--output", "a.json", "--output", "b.txt")
    assert (done.status, done.out) == (0, "")
    assert json.loads((folder / "a.json").read_text(encoding="utf-8"))["files"][0]["gil"] == "off"
    assert (folder / "b.txt").read_text(encoding="utf-8").startswith("x.so\n")


def test_the_digest_of_a_shared_object_is_for_json_only(
    folder: Path, inspect: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "x.so").write_bytes(OFF)
    assert len(files(inspect("x.so", *JSON))[0]["sha256"]) == 64

    def refused(*_: object) -> str:
        raise AssertionError("it was read to the end")

    monkeypatch.setattr(ftaudit.inspection.reading, "_sha256", refused)
    assert inspect("x.so").status == 0


def test_a_wheel_is_analysed_once(folder: Path, inspect: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    name = placed(folder, native_wheel("pkg", x=ON))
    first = inspect(name)

    def refused(*_: object) -> object:
        raise AssertionError("it was analysed again")

    monkeypatch.setattr(ftaudit.inspection.reading, "analyse", refused)
    assert inspect(name).out == first.out
    assert inspect(name).status == 0


def test_a_cache_folder_that_is_none_is_refused(folder: Path, inspect: Run) -> None:
    put(folder, x__so=OFF)
    name = placed(folder, native_wheel("pkg", x=ON))
    done = inspect(name, "--cache-dir", ".")
    assert done.status == 2
    assert "not a cache of ftaudit" in done.err
    assert inspect("x.so", "--cache-dir", ".").status == 0  # nothing is kept of shared objects


def test_names_from_outside_cannot_reach_the_terminal(folder: Path, inspect: Run) -> None:
    (folder / "e\x1b[31m.so").write_bytes(OFF)
    done = inspect("e\x1b[31m.so", "missing\x1b]0;x\x07.so")
    assert "\x1b" not in done.out + done.err
    assert done.out.startswith("e\\x1b[31m.so\n")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="asks /proc")
def test_a_large_shared_object_is_not_read_into_memory(folder: Path) -> None:
    """200 MB, most of them behind the tables; the peak is that of the process, with all its imports."""
    path = folder / "x.so"
    path.write_bytes(OFF)
    with path.open("r+b") as file:
        file.truncate(200 * 1024**2)
    script = (
        "from ftaudit.cli.app import run; status = run(['inspect', 'x.so']);"
        "lines = open('/proc/self/status').read().splitlines();"
        "print(status, *[int(line.split()[1]) // 1024 for line in lines if line.startswith('VmHWM')])"
    )
    source = str(Path(ftaudit.__file__).parent.parent)
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": source, "HOME": str(folder)},
    )
    status, megabytes = map(int, done.stdout.splitlines()[-1].split())
    assert status == 0
    assert megabytes < 70
