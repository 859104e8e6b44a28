"""What an installed distribution holds, by its RECORD."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ftaudit.binaries.image import BadBinaryError, Buffer, Image
from ftaudit.model.binary import Contents, Declaration, Slice
from ftaudit.wheels.installed import installed, mapped
from ftaudit.wheels.source import BadWheelError
from tests.builders import modules


def analyse(path: str, data: Buffer, sibling: Callable[[str], tuple[Image, ...]]) -> tuple[Slice, ...]:
    if bytes(data[:3]) == b"bad":
        raise BadBinaryError("cut short")
    return (Slice(format="elf", arch=bytes(data[:]).decode(), generator=str(len(sibling("no.so")))),)


def environment(folder: Path, record: str | bytes | None, **files: bytes) -> Path:
    for name, content in files.items():
        path = folder / name.replace("__", "/").replace("_so", ".so")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    info = folder / "x-1.dist-info"
    info.mkdir()
    if record is not None:
        (info / "RECORD").write_bytes(record if isinstance(record, bytes) else record.encode())
    return info


def read(info: Path) -> Contents:
    return installed(info, analyse, lambda: None)


def test_modules_are_read_in_place_and_libraries_are_named(tmp_path: Path) -> None:
    info = environment(tmp_path, "x/a.so,sha256=,1\nx.libs/b.so,,\nx/a.py,,\n", x__a_so=b"elf")
    found = read(info)
    assert [(m.path, m.size, m.slices[0].arch, m.slices[0].generator) for m in found.modules] == [
        ("x/a.so", 3, "elf", "0")
    ]
    assert (found.libraries, found.members) == (("x.libs/b.so",), 3)


def test_paths_elsewhere_are_not_followed(tmp_path: Path) -> None:
    info = environment(
        tmp_path, "../a.so,,\n/etc/a.so,,\nx/../../a.so,,\n..\\a.so,,\nx/a.so,,\n", x__a_so=b"e"
    )
    assert [module.path for module in read(info).modules] == ["x/a.so"]


def test_what_cannot_be_read_is_said_of_that_file_alone(tmp_path: Path) -> None:
    info = environment(tmp_path, "a.so,,\nb.so,,\nc.so,,\n", a_so=b"elf", b_so=b"bad")
    found = {module.path: module.problem for module in read(info).modules}
    assert found == {"a.so": "", "b.so": "cut short", "c.so": "no such file or directory"}


@pytest.mark.parametrize(
    ("record", "kind"), [(None, "no-record"), (b"\xff\xfe", "bad-wheel"), (b'a,"\0', "bad-wheel")]
)
def test_without_a_record_nothing_is_known(tmp_path: Path, record: bytes | None, kind: str) -> None:
    if record == b'a,"\0':
        record = b"x" * 140_000  # longer than a field may be
    with pytest.raises(BadWheelError) as error:
        read(environment(tmp_path, record))
    assert error.value.kind == kind


def test_a_run_that_has_ended_stops_it(tmp_path: Path) -> None:
    def ended() -> None:
        raise TimeoutError

    info = environment(tmp_path, "a.so,,\n", a_so=b"elf")
    with pytest.raises(TimeoutError):
        installed(info, analyse, ended)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_only_regular_files_are_mapped(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="not a regular file"):
        mapped(tmp_path / "pipe")
    (tmp_path / "empty").touch()
    assert mapped(tmp_path / "empty") == b""


def test_a_library_beside_a_module_is_a_binary_or_the_module_cannot_be_judged(tmp_path: Path) -> None:
    info = environment(tmp_path, "a.so,,\n", a_so=b"elf", no_so=b"not one")
    assert read(info).modules[0].problem


def test_what_a_package_can_do_without_is_said(tmp_path: Path) -> None:
    code = "try:\n    from . import _fast\nexcept ImportError:\n    pass\n"
    (tmp_path / "x").mkdir()
    (tmp_path / "x/__init__.py").write_text(code)
    info = environment(tmp_path, "x/_fast.so,,\nx/__init__.py,,\n../../bin/x.py,,\n", x___fast_so=b"elf")

    def enabling(path: str, data: Buffer, sibling: Callable[[str], tuple[Image, ...]]) -> tuple[Slice, ...]:
        return modules.file(path, Declaration.USED).slices

    def found() -> list[bool]:
        return [module.optional for module in installed(info, enabling, lambda: None).modules]

    assert found() == [True]
    assert [module.optional for module in read(info).modules] == [False], "it keeps the GIL off"
    (tmp_path / "x/__init__.py").unlink()
    assert found() == [False], "half a package proves nothing"
