"""What a wheel holds that could be imported as an extension module, in one line each."""

from __future__ import annotations

from ftaudit.model.binary import (
    Confidence,
    Contents,
    Declaration,
    Declared,
    How,
    LimitedApi,
    SharedObject,
    Slice,
)
from tests.builders.values import NOW

FT314 = ".cpython-314t-x86_64-linux-gnu.so"
FT315 = ".cpython-315t-x86_64-linux-gnu.so"
GIL314 = ".cpython-314-x86_64-linux-gnu.so"
TRUE = LimitedApi(since="3.9", since_t="3.15")


def module(
    path: str,
    declaration: Declaration = Declaration.NOT_USED,
    *,
    hook: str = "",
    confidence: Confidence = Confidence.HIGH,
    how: How = How.EXECUTION,
    api: LimitedApi | None = TRUE,
    arch: str = "x86_64",
    layout: str = "free-threaded",
    optional: bool = False,
) -> SharedObject:
    """An extension module for Linux that exports *hook*, by default ``PyInit_`` with its own name."""
    stem = path.rpartition("/")[2].partition(".")[0]
    own = hook in ("", f"PyInit_{stem}", f"PyModExport_{stem}")
    said = Declared(
        hook=hook or f"PyInit_{stem}",
        declaration=declaration,
        confidence=confidence,
        how=how,
        layout="" if hook.startswith("PyModExport") else layout,
        provider="_cffi_backend" if declaration is Declaration.DELEGATED else "",
    )
    part = Slice(
        format="elf", arch=arch, hooks=(said.hook,), declared=(said,) if own else (), limited_api=api
    )
    return SharedObject(path=path, size=1, slices=(part,), optional=optional)


def library(path: str) -> SharedObject:
    return SharedObject(path=path, size=1, slices=(Slice(format="elf", arch="x86_64"),))


def contents(*files: SharedObject) -> Contents:
    """A wheel that was read from the example index."""
    return Contents(
        modules=files,
        source="https://files.example/x.whl",
        sha256="ab" * 32,
        verified="sha256",
        as_of=NOW,
    )
