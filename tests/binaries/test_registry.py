from __future__ import annotations

import mmap
import sysconfig
from pathlib import Path
from typing import Any

import pytest

from ftaudit.binaries.image import HOOKS as PREFIXES
from ftaudit.binaries.image import Address, BadBinaryError, Image, Import
from ftaudit.binaries.registry import load
from tests.builders import elf_image, macho_image, pe_image
from tests.builders.elf_image import DATA, TEXT
from tests.builders.hostile import flips, survives, truncations

HOOKS = {"PyInit_x": TEXT, "PyModExport_x": TEXT + 0x40}
POINTERS: dict[int, int | str] = {DATA: DATA + 0x40, DATA + 8: "PyB", DATA + 16: TEXT}


def elf(arch: str, relocations: str, *hashes: str) -> bytes:
    return elf_image.elf(
        arch=arch,
        big_endian=arch == "s390x",
        hooks=HOOKS,
        imports=["PyA", "memcpy"],
        needed=["libc.so.6"],
        pointers=POINTERS,
        relocations=relocations,
        hashes=hashes,
    )


def pe(arch: str) -> bytes:
    return pe_image.pe(
        arch=arch,
        hooks=HOOKS,
        imports={"python314t.dll": ["PyA", 7], "KERNEL32.dll": ["Sleep"]},
        delayed={"python3.dll": ["PyB"]},
        pointers={DATA: DATA + 0x40, DATA + 0x18: TEXT},
    )


def macho(fixups: int | str) -> bytes:
    return macho_image.macho(
        hooks=HOOKS, imports=["PyA"], stubs=["PyS"], pointers=POINTERS, fixups=fixups, needed=["libc.dylib"]
    )


IMAGES = {
    "elf-64": elf("x86_64", "rela", "gnu"),
    "elf-32": elf("i386", "rel", "sysv"),
    "elf-big": elf("s390x", "relr", "gnu", "sysv"),
    "elf-bare": elf("arm64", "relr"),
    "pe-64": pe("x86_64"),
    "pe-32": pe("i386"),
    **{f"mach-o-{fixups}": macho(fixups) for fixups in ("opcodes", "weak", "lazy", "none", 6, 12)},
    "mach-o-fat": macho_image.fat(macho(2), macho("opcodes")),
}
EACH = pytest.mark.parametrize("name", IMAGES)


@EACH
def test_by_its_magic(name: str) -> None:
    images = load(IMAGES[name])
    assert {image.format for image in images} == {name.rpartition("-")[0]}
    assert len(images) == (2 if name == "mach-o-fat" else 1)


@EACH
def test_any_buffer(name: str, tmp_path: Path) -> None:
    """Bytes, a view of them and a map of a file give the same answers."""
    data = IMAGES[name]
    path = tmp_path / "image"
    path.write_bytes(data)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        assert answers(load(content)) == answers(load(data)) == answers(load(memoryview(data)))


def answers(images: tuple[Image, ...]) -> list[object]:
    return [
        (
            dict(image.hooks),
            image.needed,
            image.python_imports(),
            [image.word(DATA + 8 * index) for index in range(8)],
            list(image.pointers_to(DATA + 0x40)),
            image.export("PyInit_x"),
        )
        for image in images
    ]


@pytest.mark.parametrize("data", [b"", b"M", b"\x7fEL", b"#!/bin/sh\n", b"!<arch>\n", b"PK\3\4" + bytes(100)])
def test_no_format(data: bytes) -> None:
    with pytest.raises(BadBinaryError, match=r"^not an ELF, PE or Mach-O file$"):
        load(data)


@EACH
def test_files_that_are_cut_short(name: str) -> None:
    assert survives(IMAGES[name])
    assert False in {survives(data) for data in truncations(IMAGES[name])}


@EACH
def test_files_with_changed_bits(name: str) -> None:
    assert {survives(data) for data in flips(IMAGES[name], 800, seed=3)} == {True, False}


# -- a second opinion --


NOT_FOR_LIEF = {"elf-big", "elf-bare", "mach-o-none", "mach-o-fat"}
"""It wants 4-byte hash tables in ELF and export tries in Mach-O, and gives one image of several."""


def lief() -> Any:
    return pytest.importorskip("lief", reason="lief, the second opinion on object formats, is not installed")


@pytest.mark.parametrize("name", sorted(IMAGES.keys() - NOT_FOR_LIEF))
def test_names_as_lief_reads_them(name: str) -> None:
    parsed, image = lief().parse(IMAGES[name]), load(IMAGES[name])[0]
    functions = parsed.exported_functions if image.format == "pe" else parsed.exported_symbols
    assert set(image.hooks) == {plain(image, found.name) for found in functions}
    assert set(python_names(image)) == {
        found for found in lief_imports(image, parsed) if found.startswith(("Py", "_Py"))
    }


@pytest.mark.parametrize("fixups", ["opcodes", 1, 2, 6, 9, 12])
def test_binds_as_lief_reads_them(fixups: int | str) -> None:
    data = macho(fixups)
    image = load(data)[0]
    bound = {found.address: found.symbol.name.removeprefix("_") for found in lief().parse(data).bindings}
    words = {address: image.word(address) for address in range(DATA, DATA + 0x100, 8)}
    assert {place: word.name for place, word in words.items() if isinstance(word, Import)} == bound


def own_modules() -> list[Path]:
    """The extension modules of the interpreter that runs the tests."""
    folder = sysconfig.get_config_var("DESTSHARED")
    return sorted(Path(folder).glob("_[a-d]*.so")) if folder else []


@pytest.mark.parametrize("path", own_modules(), ids=lambda path: path.name.partition(".")[0])
def test_modules_of_this_interpreter_as_lief_reads_them(path: Path) -> None:
    image, parsed = load(path.read_bytes())[0], lief().parse(str(path))
    assert "PyInit_" + path.name.partition(".")[0] in image.hooks
    assert set(image.hooks) == {
        plain(image, found.name)
        for found in parsed.exported_symbols
        if plain(image, found.name).startswith(PREFIXES)
    }
    assert set(python_names(image)) == {
        found for found in lief_imports(image, parsed) if found.startswith(("Py", "_Py"))
    }
    for found in parsed.relocations:
        word = image.word(found.address)
        if "RELATIVE" in str(found.type):
            assert isinstance(word, Address)
            assert word == found.addend


def plain(image: Image, name: str) -> str:
    return name.removeprefix("_") if image.format == "mach-o" else name


def python_names(image: Image) -> list[str]:
    return [name for name in image.python_imports() if "#" not in name]


def lief_imports(image: Image, parsed: Any) -> set[str]:
    if image.format == "elf":
        return {found.name for found in parsed.dynamic_symbols if not found.shndx}
    if image.format == "pe":
        libraries = [*parsed.imports, *parsed.delay_imports]
        return {found.name for library in libraries for found in library.entries}
    return {plain(image, found.name) for found in parsed.imported_symbols}
