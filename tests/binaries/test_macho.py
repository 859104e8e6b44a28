from __future__ import annotations

import struct
from typing import Any

import pytest

from ftaudit.binaries.image import Address, BadBinaryError, Import, Segment
from ftaudit.binaries.macho import MachO, read
from ftaudit.binaries.macho_exports import MAX_NODES, ExportTrie
from ftaudit.binaries.macho_opcodes import OpcodeFixups, Streams
from ftaudit.binaries.macho_symbols import LAZY_POINTERS, Section
from ftaudit.binaries.view import View
from tests.builders.macho_image import DATA, LIBRARY, STUB, STUBS, TEXT, WEAK, fat, macho

HOOKS = {"PyInit_x": TEXT, "PyModExport_x": TEXT + 0x40, "other": TEXT + 8}
FIXUPS: tuple[int | str, ...] = ("opcodes", "weak", "lazy", 1, 2, 6, 9, 12)
POINTERS: dict[int, int | str] = {DATA: DATA + 0x40, DATA + 8: "PyModule_Type", DATA + 24: TEXT}
NUMBER = {DATA + 16: (DATA + 0x40).to_bytes(8, "little")}
BASE = 0x1_0000_0000


def macho_image(data: bytes) -> MachO:
    return MachO(data, 0, len(data))


@pytest.mark.parametrize("arch", ["x86_64", "arm64"])
@pytest.mark.parametrize("trie", [True, False])
@pytest.mark.parametrize("base", [0, BASE])
def test_identity(arch: str, trie: bool, base: int) -> None:
    image = macho_image(
        macho(arch=arch, hooks=HOOKS, trie=trie, base=base, needed=[LIBRARY, "@rpath/libx.dylib"])
    )
    assert (image.format, image.arch, image.bits, image.big_endian) == ("mach-o", arch, 64, False)
    assert image.hooks == {"PyInit_x": base + TEXT, "PyModExport_x": base + TEXT + 0x40}
    assert image.needed == (LIBRARY, "@rpath/libx.dylib")
    assert image.export("other") == base + TEXT + 8
    assert image.export("othe") is None


@pytest.mark.parametrize("fixups", FIXUPS)
@pytest.mark.parametrize("base", [0, BASE])
def test_words(fixups: int | str, base: int) -> None:
    """A number that looks like an address is none unless dyld changes it."""
    image = macho_image(macho(pointers=POINTERS, content=NUMBER, fixups=fixups, base=base))
    assert image.word(base + DATA) == base + DATA + 0x40
    assert isinstance(image.word(base + DATA), Address)
    assert image.word(base + DATA + 8) == Import("PyModule_Type")
    assert image.word(base + DATA + 16) == DATA + 0x40
    assert not isinstance(image.word(base + DATA + 16), Address)
    assert isinstance(image.word(base + DATA + 24), Address)
    assert image.word(base + 0x100000) is None
    assert list(image.pointers_to(base + DATA + 0x40)) == [base + DATA]
    assert list(image.pointers_to(base + TEXT)) == [base + DATA + 24]


@pytest.mark.parametrize("fixups", FIXUPS)
def test_a_name_of_any_image_is_its_own_if_it_has_it(fixups: int | str) -> None:
    pointers: dict[int, int | str] = {DATA: "own", DATA + 8: "PyA"}
    image = macho_image(macho(hooks={"own": TEXT}, pointers=pointers, fixups=fixups, library=WEAK))
    assert image.word(DATA) == Address(TEXT)
    assert image.word(DATA + 8) == Import("PyA")


def test_words_without_fixups_are_told_by_value() -> None:
    content = {DATA: (DATA + 8).to_bytes(8, "little"), DATA + 8: (20).to_bytes(8, "little")}
    image = macho_image(macho(content=content, fixups="none", trie=False))
    assert isinstance(image.word(DATA), Address)
    assert not isinstance(image.word(DATA + 8), Address)


@pytest.mark.parametrize("fixups", ["opcodes", 6])
def test_imports(fixups: int | str) -> None:
    image = macho_image(macho(imports=["PyB", "_PyA", "memcpy"], stubs=["PyS"], hooks=HOOKS, fixups=fixups))
    assert image.python_imports() == {"PyB", "PyS", "_PyA"}
    assert image.imports("memcpy")
    assert not image.imports("other")


def test_imports_that_only_the_fixups_name() -> None:
    data = bytearray(macho(pointers={DATA: "PyB"}, fixups=6))
    place = data.index(struct.pack("<II", 2, 24))
    struct.pack_into("<I", data, place + 12, 0)
    assert macho_image(bytes(data)).python_imports() == {"PyB"}


def test_stubs() -> None:
    image = macho_image(macho(stubs=["PyA", "PyB"], base=BASE))
    assert [image.stub(BASE + STUBS + STUB * n) for n in range(3)] == ["PyA", "PyB", None]
    assert image.stub(BASE + STUBS + 4) is None


def test_a_hook_of_another_library_is_refused() -> None:
    assert macho_image(macho(reexported=["other"])).export("other") is None
    with pytest.raises(BadBinaryError, match="PyInit_x is in another library"):
        macho_image(macho(reexported=["PyInit_x"]))


@pytest.mark.parametrize("wide", [False, True])
def test_universal_files(wide: bool) -> None:
    images = read(
        fat(macho(arch="x86_64", hooks=HOOKS, pointers=POINTERS), macho(hooks=HOOKS, fixups=6), wide=wide)
    )
    assert [image.arch for image in images] == ["x86_64", "arm64"]
    assert [image.hooks["PyInit_x"] for image in images] == [TEXT, TEXT]
    assert images[0].word(DATA) == DATA + 0x40
    assert images[1].word(DATA) == 0


def opcodes(stream: bytes, kind: str) -> bytes:
    """A file whose stream of *kind* is *stream*, which follows all else."""
    data = bytearray(macho())
    place = data.index(struct.pack("<II", 0x80000022, 48)) + {"rebase": 8, "bind": 16}[kind]
    struct.pack_into("<II", data, place, len(data), len(stream))
    grow = len(stream)
    place = data.index(b"__LINKEDIT")
    for at in (place + 24, place + 40):
        size = struct.unpack_from("<Q", data, at)[0]
        struct.pack_into("<Q", data, at, size + grow)
    return bytes(data) + stream


@pytest.mark.parametrize(
    ("stream", "words"),
    [
        (b"\x11\x21\x00\x53", [0, 1, 2]),  # three
        (b"\x11\x21\x08\x60\x02", [1, 2]),  # counted in a number of its own
        (b"\x11\x21\x00\x80\x03\x08", [0, 2, 4]),  # with gaps
        (b"\x11\x21\x00\x70\x10\x51", [0, 3]),  # and then on
        (b"\x11\x21\x00\x42\x51\x30\x08\x51", [2, 4]),  # moved
        (b"\x11\x21\x00\x51\x00\x51", [0]),  # ends
    ],
)
def test_rebase_opcodes(stream: bytes, words: list[int]) -> None:
    image = macho_image(opcodes(stream, "rebase"))
    assert [n for n in range(8) if isinstance(image.word(DATA + 8 * n), Address)] == words


@pytest.mark.parametrize(
    ("stream", "words"),
    [
        (b"\x11\x40_PyA\0\x71\x00\x90\x90", [0, 1]),
        (b"\x11\x40_PyA\0\x71\x08\xa0\x08\x90", [1, 3]),
        (b"\x20\x01\x40_PyA\0\x71\x00\xb2\x90", [0, 3]),
        (b"\x3e\x40_PyA\0\x71\x00\xc0\x03\x08", [0, 2, 4]),
        (b"\x11\x40_PyA\0\x71\x00\x80\x10\x90\x00\x90", [2]),
    ],
)
def test_bind_opcodes(stream: bytes, words: list[int]) -> None:
    image = macho_image(opcodes(stream, "bind"))
    assert [n for n in range(8) if image.word(DATA + 8 * n) == Import("PyA")] == words


def test_lazy_opcodes_are_about_lazy_pointers() -> None:
    """They are not even run for other words, and are for all where no section has lazy pointers."""
    data = b"\x71\x00\x11\x40_PyA\0\x90\xd0"  # binds the second segment's first word; then what is refused
    streams = Streams(*(View(data, 0, size, "opcodes") for size in (0, 0, 0, len(data))))
    segments = [Segment(0, DATA, 0, 0, True), Segment(DATA, 64, 0, 64, False)]
    lazy = [Section(DATA + 32, 8, LAZY_POINTERS, 0, 0), Section(DATA + 48, 8, LAZY_POINTERS, 0, 0)]
    assert [OpcodeFixups(streams, segments, lazy).at(DATA + at, 0) for at in (0, 24, 56)] == [None] * 3
    for address, sections in ((DATA + 32, lazy), (DATA + 48, lazy), (DATA, [])):
        with pytest.raises(BadBinaryError, match="bind opcode 0xd0"):
            OpcodeFixups(streams, segments, sections).at(address, 0)


@pytest.mark.parametrize("children", [1, 255])
def test_a_trie_that_never_ends(children: int) -> None:
    content = b"\0" + bytes([children]) + children * b"\0\0"  # nameless children, which are their own parents
    nodes: list[int] = []

    class Counting(ExportTrie):
        def _node(self, offset: int) -> Any:
            nodes.append(offset)
            return super()._node(offset)

    with pytest.raises(BadBinaryError, match="nodes lead to"):
        list(Counting(View(content, 0, len(content), "export trie")).under((b"_PyInit_",)))
    assert len(nodes) * children <= 2 * MAX_NODES


def test_the_linkers_tables_are_not_its_own() -> None:
    image = macho_image(macho(hooks=HOOKS))
    assert [found.address for found in image.own_segments()] == [0, DATA]
    assert len(image.segments) == 3


def test_a_bind_with_an_addend_is_not_known() -> None:
    assert macho_image(opcodes(b"\x11\x40_PyA\0\x60\x08\x71\x00\x90", "bind")).word(DATA) is None


@pytest.mark.parametrize(
    ("stream", "kind", "message"),
    [
        (b"\x11\x40_PyA\0\x71\x00\xd0\x10", "bind", "bind opcode 0xd0 is not known"),  # threaded
        (b"\x11\x40_PyA\0\x71\x00\xc0\xff\xff\xff\xff\x0f\x08", "bind", "bind more words"),
        (b"\x11\x40_PyA", "bind", "does not end"),
        (b"\x11\x40_PyA\0\x7f\x00\x90", "bind", "binds what is not in the file"),
        (b"\x11\x21\x00\x60\xff\xff\xff\xff\x0f", "rebase", "rebases what is not in the file"),
        (
            b"\x11\x21\x00\x80\x90\x4e\xf8\xff\xff\xff\xff\xff\xff\xff\xff\x01",
            "rebase",
            "rebases what is not",
        ),
        (b"\x91", "rebase", "rebase opcode 0x90 is not known"),
        (b"\x21\xff", "rebase", "does not end"),
    ],
)
def test_opcodes_that_are_refused(stream: bytes, kind: str, message: str) -> None:
    image = macho_image(opcodes(stream, kind))
    for _ in range(2):
        with pytest.raises(BadBinaryError, match=message):
            [image.word(DATA + 8 * n) for n in range(8)]


def header(place: int, value: int) -> bytes:
    data = bytearray(macho())
    struct.pack_into("<I", data, place, value)
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (header(0, 0xFEEDFACE), "32-bit Mach-O files are not read"),
        (header(0, 0xCFFAEDFE), "big-endian Mach-O files are not read"),
        (header(12, 1), r"neither a bundle nor a library \(type 1\)"),
        (header(12, 10), r"type 10"),  # debugging symbols
        (header(16, 1 << 30), "more than 4096 load commands"),
        (header(20, 1 << 30), "load commands: 1073741824 bytes"),
        (header(36, 4), "load commands: one of 4 bytes"),
        (macho()[:DATA], "ends beyond the image"),
        (b"\xca\xfe\xba\xbe\0\0\0\x34" + bytes(100), "not an ELF, PE or Mach-O file"),  # a Java class
        (
            b"\xca\xfe\xba\xbe\0\0\0\1" + struct.pack(">5I", 7, 0, 64, 1 << 30, 0) + bytes(99),
            "image: 1073741824 bytes",
        ),
        (fat(header(12, 1)), "type 1"),
    ],
)
def test_refused(data: bytes, message: str) -> None:
    with pytest.raises(BadBinaryError, match=message):
        read(data)


def test_formats_of_chains_that_are_not_known() -> None:
    data = bytearray(macho(pointers=POINTERS, fixups=6))
    place = data.index(struct.pack("<IHH", 24, 0x1000, 6))
    struct.pack_into("<H", data, place + 6, 5)
    with pytest.raises(BadBinaryError, match="pointers of format 5"):
        macho_image(bytes(data)).word(DATA)
