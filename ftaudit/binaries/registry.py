"""The object formats that can be read: one line each, and no second list anywhere.

A module is imported when a file begins with its format's magic.
"""

from __future__ import annotations

from importlib import import_module

from ftaudit.binaries.image import BadBinaryError, Buffer, Image

_MODULES: tuple[tuple[str, tuple[bytes, ...]], ...] = (
    ("elf", (b"\x7fELF",)),
    ("pe", (b"MZ",)),
    (
        "macho",
        (
            *(b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xfe\xed\xfa\xcf", b"\xfe\xed\xfa\xce"),
            *(b"\xca\xfe\xba\xbe", b"\xca\xfe\xba\xbf"),
        ),
    ),
)
"""Each with what its files begin with."""


def load(data: Buffer) -> tuple[Image, ...]:
    """The images in *data*: one, or one for each architecture of a universal Mach-O file.

    Nothing is read but what finds the initialisation functions; *data* has to stay as it is (a memory map
    open) as long as an image is used. `BadBinaryError` is the only exception that anything in a file can
    cause, here and in all methods of an image.
    """
    start = bytes(data[:4])
    for module, magics in _MODULES:
        if start.startswith(magics):
            images: tuple[Image, ...] = import_module(f"ftaudit.binaries.{module}").read(data)
            return images
    raise BadBinaryError("not an ELF, PE or Mach-O file")
