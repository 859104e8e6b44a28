"""A shared object without a file format: code at an address, and the words that the linker would fill."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ftaudit.binaries.image import Address, Image, Import, Segment, Word


class FlatImage(Image):
    """*code*, executable, at *base*, and *data* at *data_base*; *words* are the relocated words."""

    def __init__(
        self,
        code: bytes,
        base: int = 0x1000,
        words: Mapping[int, Import | Address] | None = None,
        *,
        data: bytes = b"",
        data_base: int = 0x10_0000,
        arch: str = "x86_64",
        object_format: str = "elf",
    ) -> None:
        super().__init__(code + data)
        self.format, self.arch, self.bits, self.big_endian = object_format, arch, 64, False
        self.hooks = {"PyInit_flat": base}
        self.needed = ()
        self.words = dict(words or {})
        self.segments = [
            Segment(base, len(code), 0, len(code), True),
            Segment(data_base, len(data), len(code), len(data), False),
        ]

    def word(self, address: int) -> Word:
        if address in self.words:
            return self.words[address]
        return self.number(address, self.pointer_size)

    def export(self, name: str) -> int | None:
        return self.hooks.get(name)

    def imports(self, name: str) -> bool:
        return any(isinstance(word, Import) and word.name == name for word in self.words.values())

    def python_imports(self) -> frozenset[str]:
        return frozenset()

    def pointers_to(self, address: int) -> Iterator[int]:
        return (at for at, word in self.words.items() if isinstance(word, Address) and word == address)
