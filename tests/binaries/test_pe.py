from __future__ import annotations

import struct

import pytest

from ftaudit.binaries.image import Address, BadBinaryError, Import
from ftaudit.binaries.pe import Pe
from tests.builders.pe_image import DATA, MACHINES, TABLES, TEXT, pe, slot

BASE = 0x10000000
HOOKS = {"PyInit_x": TEXT, "PyModExport_x": TEXT + 0x40, "other": TEXT + 8}
IMPORTS = {"python314t.dll": ["PyB", "_PyA", "helper"], "KERNEL32.dll": ["PyNotPython", "Sleep"]}


@pytest.mark.parametrize("arch", MACHINES)
@pytest.mark.parametrize("base", [0, BASE])
def test_identity(arch: str, base: int) -> None:
    image = Pe(pe(arch=arch, base=base, hooks=HOOKS, imports=IMPORTS, delayed={"python3.dll": ["PyC"]}))
    assert (image.format, image.arch, image.bits, image.big_endian) == ("pe", arch, MACHINES[arch][1], False)
    assert image.hooks == {"PyInit_x": base + TEXT, "PyModExport_x": base + TEXT + 0x40}
    assert image.needed == ("python314t.dll", "KERNEL32.dll", "python3.dll")
    assert image.export("other") == base + TEXT + 8
    assert image.export("absent") is None


@pytest.mark.parametrize("arch", MACHINES)
def test_imports(arch: str) -> None:
    data = pe(arch=arch, base=BASE, imports=IMPORTS, delayed={"python3.dll": ["PyC"]})
    image = Pe(data)
    assert image.python_imports() == {"PyB", "PyC", "_PyA"}
    assert image.imports("Sleep")
    assert not image.imports("sleep")
    for name in ("PyB", "_PyA", "Sleep", "PyC"):
        assert image.word(BASE + slot(data, name)) == Import(name)


def test_imports_by_number() -> None:
    image = Pe(pe(imports={"python3.dll": ["PyA", 7], "other.dll": [9]}))
    assert image.python_imports() == {"PyA", "python3.dll#7"}
    assert image.imports("other.dll#9")


@pytest.mark.parametrize(
    ("library", "python"),
    [
        ("PYTHON314T.DLL", True),
        ("libpython3.14.dll", True),
        ("pythoncom314.dll", False),
        ("mypython3.dll", False),
    ],
)
def test_libraries_of_the_interpreter(library: str, python: bool) -> None:
    assert Pe(pe(imports={library: ["PyA"]})).python_imports() == ({"PyA"} if python else set())


@pytest.mark.parametrize("arch", MACHINES)
def test_words(arch: str) -> None:
    """With base relocations a number is an address only where they say so."""
    number = (BASE + DATA).to_bytes(4, "little")
    image = Pe(pe(arch=arch, base=BASE, pointers={DATA: DATA + 0x40}, content={DATA + 16: number}))
    assert image.word(BASE + DATA) == BASE + DATA + 0x40
    assert isinstance(image.word(BASE + DATA), Address)
    assert image.word(BASE + DATA + 16) == BASE + DATA
    assert not isinstance(image.word(BASE + DATA + 16), Address)
    assert image.word(BASE + 0x100000) is None
    assert list(image.pointers_to(BASE + DATA + 0x40)) == [BASE + DATA]
    assert list(image.pointers_to(BASE + DATA)) == []


def test_words_of_a_file_that_cannot_be_moved() -> None:
    image = Pe(pe(base=BASE, pointers={DATA: DATA + 0x40, DATA + 8: 0x100000}, relocated=False))
    assert isinstance(image.word(BASE + DATA), Address)
    assert not isinstance(image.word(BASE + DATA + 8), Address)


def test_a_forwarded_export_has_no_address() -> None:
    assert Pe(pe(hooks={"PyInit_x": TEXT, "other": "library.name"})).export("other") is None
    with pytest.raises(BadBinaryError, match="PyInit_x is forwarded to another library"):
        Pe(pe(hooks={"PyInit_x": "library.PyInit_x"}))


def test_code_for_two_processors() -> None:
    assert Pe(pe(hybrid=True)).arch == "arm64ec"
    assert Pe(pe(arch="arm64", hybrid=True)).arch == "arm64"


def test_what_the_file_does_not_have_is_zero() -> None:
    data = bytearray(pe())
    struct.pack_into("<I", data, data.index(b".rdata") + 8, 0x10000)
    assert Pe(bytes(data)).word(TABLES + 0x8000) == 0


def patched(place: int, value: int, **named: object) -> bytes:
    data = bytearray(pe(**named))  # type: ignore[arg-type]
    struct.pack_into("<I", data, place, value)
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"MZ" + bytes(20), "PE file: cut short at 0x3c"),
        (patched(0x3C, 0), "a DOS program"),
        (patched(0x3C, 0x7FFFFFFF), "cut short at 0x7fffffff"),
        (patched(0x58, 0x107), "an unknown kind"),
        (pe()[: TABLES - 1], "ends beyond the file"),
        (patched(0x58 + 112, 0x500000), "export table: not in the file"),
        (patched(0x58 + 112 + 8, 0x500000), "import table: not in the file"),
    ],
)
def test_refused(data: bytes, message: str) -> None:
    with pytest.raises(BadBinaryError, match=message):
        Pe(data)
