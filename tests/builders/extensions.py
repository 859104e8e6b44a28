"""Extension modules in memory that can be followed and searched: ``extension("x", {GIL: NOT_USED})``."""

from __future__ import annotations

import struct
from collections.abc import Mapping

from tests.builders.elf_image import DATA, TEXT, elf
from tests.builders.wheels import wheel

GIL, USED, NOT_USED = 4, 0, 1
"""``Py_mod_gil`` and its values."""
ENDING = "cpython-314t-x86_64-linux-gnu.so"
_GOT, _DEFINITION, _SLOTS, _EXPORTED, _NAME = DATA, DATA + 0x40, DATA + 0x100, DATA + 0x200, DATA + 0x300
_EXPORT_CODE = TEXT + 0x100
_GIL_315 = 87


def extension(
    name: str = "x",
    slots: Mapping[int, int] | None = None,
    *,
    exported: int | None = None,
    imports: tuple[str, ...] = (),
) -> bytes:
    """A multi-phase module for free-threaded Linux on x86-64, with *slots* by id.

    With *exported* it has a ``PyModExport_`` hook too, whose ``Py_mod_gil`` has that value.
    """
    definition = bytearray(120)
    struct.pack_into("<I", definition, 12, 0xFFFFFFFF)  # ob_ref_local of a static object: immortal
    content = {
        TEXT: _lea(0x3D, TEXT, _DEFINITION) + b"\xff\x25" + struct.pack("<i", _GOT - TEXT - 13),
        _DEFINITION: bytes(definition),
        _SLOTS: b"".join(struct.pack("<iIQ", id_, 0, value) for id_, value in (slots or {}).items())
        + bytes(16),
        _NAME: name.encode() + b"\0",
    }
    pointers: dict[int, int | str] = {
        _GOT: "PyModuleDef_Init",
        _DEFINITION + 56: _NAME,
        _DEFINITION + 88: _SLOTS,
    }
    hooks = {f"PyInit_{name}": TEXT}
    if exported is not None:
        hooks[f"PyModExport_{name}"] = _EXPORT_CODE
        content[_EXPORT_CODE] = _lea(0x05, _EXPORT_CODE, _EXPORTED) + b"\xc3"
        content[_EXPORTED] = struct.pack("<HHIQ", _GIL_315, 0, 0, exported) + bytes(16)
    return elf(hooks=hooks, pointers=pointers, content=content, imports=imports)


def _lea(register: int, at: int, target: int) -> bytes:
    """``lea register, [rip + …]`` at the address *at*."""
    return b"\x48\x8d" + bytes([register]) + struct.pack("<i", target - at - 7)


def library() -> bytes:
    """A shared object without a hook."""
    return elf(hooks={"helper": TEXT})


def delegated(name: str = "x") -> bytes:
    """A module that cffi's backend makes."""
    return elf(
        hooks={f"PyInit_{name}": TEXT},
        content={
            TEXT: b"\xff\x25" + struct.pack("<i", _GOT - TEXT - 6),
            _NAME: b"_init_cffi_1_0_external_module\0",
        },
        pointers={_GOT: "PyImport_ImportModule"},
    )


def native_wheel(
    name: str = "x", tag: str = "cp314-cp314t-manylinux_2_28_x86_64", **files: bytes
) -> tuple[str, bytes]:
    """A wheel that holds *files*, each an extension module in a folder of the wheel's name."""
    return wheel(name=name, tag=tag, files={f"{name}/{stem}.{ENDING}": data for stem, data in files.items()})
