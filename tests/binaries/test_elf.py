from __future__ import annotations

import mmap
import os
import struct
from itertools import product
from pathlib import Path

import pytest

from ftaudit.binaries import elf_relocations
from ftaudit.binaries.elf import IFUNC, Elf
from ftaudit.binaries.elf_relocations import FEW, SMALL
from ftaudit.binaries.image import Address, BadBinaryError, Import
from tests.builders.elf_image import DATA, MACHINES, TABLES, TEXT, elf

HOOKS = {
    "PyInit_x": TEXT,
    "PyModExport_x": TEXT + 0x40,
    "PyInitU_eckzbwbhk6tpdb": TEXT + 0x80,
    "other": TEXT + 8,
}
KINDS = [(arch, False) for arch in MACHINES] + [("s390x", True), ("ppc64", True), ("arm", True)]
POINTERS: dict[int, int | str] = {DATA: DATA + 0x40, DATA + 8: "PyModule_Type", DATA + 16: TEXT}


def with_relocations(count: int) -> bytes:
    """A file with so many pointers, each to the word behind it."""
    return elf(pointers={DATA + 8 * index: DATA + 8 * index + 8 for index in range(count)})


def patched(data: bytes, place: int, value: bytes) -> bytes:
    return data[:place] + value + data[place + len(value) :]


def symbol(data: bytes, name: str) -> int:
    """Where the symbol of *name* is in a 64-bit file."""
    names = next(value for tag, value in dynamic(data) if tag == 5)
    symbols = next(value for tag, value in dynamic(data) if tag == 6)
    wanted = data.index(b"\0" + name.encode() + b"\0", names) + 1 - names
    return next(p for p in range(symbols, names, 24) if struct.unpack_from("<I", data, p)[0] == wanted)


def dynamic(data: bytes) -> list[tuple[int, int]]:
    """The dynamic section of a 64-bit file, which is at its end."""
    start = struct.unpack_from("<Q", data, 64 + 4 * 56 + 8)[0]
    return [struct.unpack_from("<QQ", data, place) for place in range(start, len(data), 16)]


@pytest.mark.parametrize(("arch", "big_endian"), KINDS)
def test_identity(arch: str, big_endian: bool) -> None:
    image = Elf(elf(arch=arch, big_endian=big_endian, hooks=HOOKS, needed=["libc.so.6", "libpython3.so"]))
    assert (image.arch, image.bits, image.big_endian) == (arch, MACHINES[arch][1], big_endian)
    assert image.format == "elf"
    assert image.needed == ("libc.so.6", "libpython3.so")
    assert image.hooks == {name: address for name, address in HOOKS.items() if name != "other"}


@pytest.mark.parametrize(
    ("arch", "big_endian", "relocations"),
    [(*kind, how) for kind, how in product(KINDS, ("rela", "rel", "relr"))],
)
def test_words(arch: str, big_endian: bool, relocations: str) -> None:
    data = elf(
        arch=arch,
        big_endian=big_endian,
        pointers=POINTERS,
        relocations=relocations,
        content={DATA + 24: b"\7" * 8},
    )
    image = Elf(data)
    assert image.word(DATA) == DATA + 0x40
    assert isinstance(image.word(DATA), Address)
    assert image.word(DATA + 8) == Import("PyModule_Type")
    assert image.word(DATA + 24) == int.from_bytes(b"\7" * image.pointer_size, "big")
    assert not isinstance(image.word(DATA + 24), Address)
    assert image.word(len(data) + 0x1000) is None
    assert list(image.pointers_to(DATA + 0x40)) == [DATA]
    assert list(image.pointers_to(TEXT)) == [DATA + 16]
    assert list(image.pointers_to(TEXT + 1)) == []


@pytest.mark.parametrize("hashes", [("gnu",), ("sysv",), ("gnu", "sysv")])
@pytest.mark.parametrize(("arch", "big_endian"), KINDS)
def test_names(arch: str, big_endian: bool, hashes: tuple[str, ...]) -> None:
    data = elf(
        arch=arch, big_endian=big_endian, hooks=HOOKS, imports=["PyB", "_PyA", "memcpy", "PyB"], hashes=hashes
    )
    image = Elf(data)
    assert image.export("other") == TEXT + 8
    assert image.export("PyB") is None
    assert image.export("absent") is None
    assert image.imports("memcpy")
    assert not image.imports("other")
    assert image.python_imports() == {"PyB", "_PyA"}
    assert image.function_size(TEXT) == 32
    assert image.function_size(TEXT + 4) is None


@pytest.mark.parametrize("hashes", [("gnu",), ()])
def test_imports_of_a_file_that_exports_nothing(hashes: tuple[str, ...]) -> None:
    """An empty GNU hash table says that the second symbol is its first, whatever the number of symbols."""
    image = Elf(elf(imports=["PyA", "PyB", "PyC"], hashes=hashes))
    assert image.python_imports() == {"PyA", "PyB", "PyC"}
    assert image.hooks == {}


def test_a_name_that_is_the_end_of_another() -> None:
    data = elf(hooks={"PyInit_x": TEXT, "Wrapped_PyInit_x": TEXT + 8})
    names = next(value for tag, value in dynamic(data) if tag == 5)
    merged = data.index(b"Wrapped_PyInit_x", names) + len("Wrapped_") - names
    image = Elf(patched(data, symbol(data, "PyInit_x"), struct.pack("<I", merged)))
    assert image.hooks == {"PyInit_x": TEXT}
    assert Elf(data).hooks == {"PyInit_x": TEXT}


def test_an_undefined_hook_is_none() -> None:
    assert Elf(elf(imports=["PyInit_x"], hooks={"PyInit_y": TEXT})).hooks == {"PyInit_y": TEXT}


@pytest.fixture(params=[SMALL, 0])
def _small(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables count as small, which have one index, and as large."""
    monkeypatch.setattr(elf_relocations, "SMALL", request.param)


@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize("count", [FEW, 200])
def test_many_relocations(count: int) -> None:
    """The first look-ups in large tables search, the others use an index: with the same answers."""
    image = Elf(with_relocations(count))
    for _ in range(2):
        found = [image.word(DATA + 8 * index) for index in range(count + 1)]
        assert found == [DATA + 8 * index + 8 for index in range(count)] + [0]
        assert sum(isinstance(word, Address) for word in found) == count


@pytest.mark.usefixtures("_small")
def test_the_index_answers_for_every_block() -> None:
    image = Elf(with_relocations(512))
    for block in reversed(range(16)):
        for word in range(32):
            address = DATA + 256 * block + 8 * word
            assert isinstance(image.word(address), Address), hex(address)


@pytest.mark.usefixtures("_small")
def test_the_last_of_two_relocations_counts() -> None:
    data = elf(pointers={DATA: DATA + 0x40, DATA + 8: DATA + 0x80})
    table = next(value for tag, value in dynamic(data) if tag == 7)
    assert Elf(patched(data, table + 24, struct.pack("<Q", DATA))).word(DATA) == DATA + 0x80


@pytest.mark.parametrize(
    ("kind", "number", "addend", "word"),
    [
        (6, 1, 0, Import("PyA")),  # GLOB_DAT
        (7, 1, 0x30, Import("PyA")),  # JUMP_SLOT: the addend is not used
        (1, 1, 8, None),  # beyond an import
        (1, 2, 8, Address(TEXT + 8)),  # its own symbol
        (1, 0, 0x2040, Address(0x2040)),  # no symbol: the image's base
        (37, 0, TEXT, Import(IFUNC)),
        (16, 1, 0, None),  # DTPMOD64: no pointer
    ],
)
def test_relocation_types(kind: int, number: int, addend: int, word: object) -> None:
    data = elf(hooks={"own": TEXT}, imports=["PyA"], pointers={DATA: DATA})
    table = next(value for tag, value in dynamic(data) if tag == 7)
    image = Elf(patched(data, table + 8, struct.pack("<QQ", number << 32 | kind, addend)))
    assert image.word(DATA) == word
    assert type(image.word(DATA)) is type(word)


def test_a_processor_without_known_relocations() -> None:
    image = Elf(patched(elf(pointers={DATA: DATA}), 18, struct.pack("<H", 8)))
    assert image.arch == "machine-0x8"
    assert image.word(DATA) is None
    assert image.word(DATA + 8) == 0


def test_packed_relocations_with_bit_maps() -> None:
    data = elf(pointers={DATA: 1, DATA + 8: 2}, relocations="relr", content={DATA + 8 * 65: b"\5"})
    table = next(value for tag, value in dynamic(data) if tag == 36)
    image = Elf(patched(data, table + 8, struct.pack("<Q", 1 | 1 << 3 | 1 << 63)))
    related = [n for n in range(80) if isinstance(image.word(DATA + 8 * n), Address)]
    assert related == [0, 3, 63]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\x7fELF" + bytes(60), "neither 32 nor 64 bits"),
        (elf()[:TABLES], "dynamic section: .* end beyond the ELF file"),
        (patched(elf(), 64 + 4 * 56, b"\0"), "no dynamic section"),
        (patched(elf(), 54, b"\x39"), "program headers of 57 bytes"),
        (elf(extra={0x6000000F: TABLES}), "Android relocations are not read"),
        (elf(extra={5: 0x7000_0000}), "symbol names: not in the file"),
        (elf(extra={11: 16}), "entries of another size"),
        (elf(extra={10: 1 << 40}), "symbol names: 1099511627776 bytes"),
        (elf(extra={7: TABLES, 8: 1 << 40}), "relocations: 1099511627776 bytes"),
    ],
)
def test_refused(data: bytes, message: str) -> None:
    with pytest.raises(BadBinaryError, match=message):
        Elf(data)


def test_a_hook_that_is_chosen_at_run_time_is_refused() -> None:
    data = elf(hooks={"PyInit_x": TEXT})
    with pytest.raises(BadBinaryError, match="PyInit_x is chosen while the file is loaded"):
        Elf(patched(data, symbol(data, "PyInit_x") + 4, b"\x1a"))


def test_a_map_of_a_large_file_is_not_copied(tmp_path: Path) -> None:
    """A gigabyte with holes: only what is asked for is read."""
    path = tmp_path / "large.so"
    data = elf(hooks=HOOKS, pointers=POINTERS)
    path.write_bytes(data)
    os.truncate(path, 1 << 30)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        image = Elf(content)
        assert image.hooks["PyInit_x"] == TEXT
        assert image.word(DATA) == DATA + 0x40
        assert list(image.pointers_to(DATA + 0x40)) == [DATA]
