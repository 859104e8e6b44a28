"""What wrote a module: a guess from what it imports and from texts that its generator leaves in it.

It is shown with the advice for that generator (`ftaudit.knowledge.tables.GENERATORS`); nothing is concluded
from it. A few imports decide nearly everything; for the rest the ends of each segment are searched, so that a
large file costs little more than a small one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from ftaudit.binaries.image import Image
from ftaudit.binaries.view import View

WINDOW = 2 << 20
"""Bytes that are searched at each end of a segment."""
MAX_SEARCHED = 8 << 20
"""Bytes that are searched in a file at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What tells of a generator: all of ``imports``, and one of ``texts`` if it has any; or a name alone.

    ``library`` is part of the name of a shared library that only modules of this generator are linked to,
    ``hook`` the end of the name of an initialisation function that only it makes.
    """

    generator: str
    imports: frozenset[str] = frozenset()
    texts: tuple[bytes, ...] = ()
    library: str = ""
    hook: str = ""


MARKS = (
    # nb_internals.cpp: `Py_AtExit(internals_cleanup)`; its types are `nanobind.nb_func` and so on.
    # https://github.com/wjakob/nanobind/blob/master/src/nb_internals.cpp
    Mark(
        generator="nanobind",
        imports=frozenset({"Py_AtExit"}),
        texts=(b"nanobind",),
        library="libnanobind",
    ),
    # pytypes.h and detail/common.h unwrap instance methods wherever they take a function.
    # https://github.com/pybind/pybind11/blob/master/include/pybind11/detail/common.h
    Mark(
        generator="pybind11",
        imports=frozenset({"PyInstanceMethod_New", "PyInstanceMethod_Type"}),
    ),
    # `PanicException` is made in every module, and a panic prints its traceback.
    # https://github.com/PyO3/pyo3/blob/main/src/panic.rs, src/err/mod.rs
    Mark(
        generator="PyO3",
        imports=frozenset({"PyTraceBack_Print", "PyErr_NewExceptionWithDoc", "PyErr_WriteUnraisable"}),
    ),
    # The module `cython_runtime` is for `cline_in_traceback`, `_cython_3_2_1` for types that modules share.
    # https://github.com/cython/cython/blob/master/Cython/Compiler/ModuleNode.py
    Mark(
        generator="Cython",
        imports=frozenset({"PyTraceBack_Here"}),
        texts=(b"cython_runtime", b"_cython_"),
    ),
    # https://github.com/python-cffi/cffi/blob/main/src/cffi/_cffi_include.h
    Mark(
        generator="cffi",
        imports=frozenset({"PyImport_ImportModule", "PyLong_FromVoidPtr", "PyObject_CallMethod"}),
        texts=(b"_init_cffi_1_0_external_module",),
    ),
    # https://github.com/numpy/numpy/blob/main/numpy/f2py/rules.py
    Mark(
        generator="f2py",
        imports=frozenset({"PyDict_SetItemString"}),
        texts=(b"__f2py_numpy_version__",),
    ),
    # https://github.com/swig/swig/blob/master/Lib/python/pyrun.swg
    Mark(
        generator="SWIG",
        imports=frozenset({"PyCapsule_Import", "PyLong_FromVoidPtr"}),
        texts=(b"swig_runtime_data",),
    ),
    # Itanium's name of the namespace, MSVC's; the library is often a shared one.
    # https://www.boost.org/doc/libs/release/libs/python/doc/html/building.html
    Mark(
        generator="Boost.Python",
        imports=frozenset({"PyStaticMethod_New"}),
        texts=(b"N5boost6python", b"@python@boost@@"),
        library="boost_python",
    ),
    # Module groups are compiled to one `hash__mypyc`, whose name is in each member's shim.
    # https://github.com/python/mypy/blob/master/mypyc/codegen/emitmodule.py
    Mark(generator="mypyc", texts=(b"mypyc",), hook="__mypyc"),
)
_NAMED = tuple(mark for mark in MARKS if mark.library or mark.hook)


def guess(image: Image, names: Collection[str]) -> str:
    """The generator of the module, a name in `MARKS`; empty where it is written by hand or not known.

    *names* are what it imports from the interpreter (`Image.python_imports`).
    """
    imported = frozenset(names)
    for mark in _NAMED:
        if _is_named(mark, image):
            return mark.generator
    for mark in MARKS:
        if mark.imports <= imported and (not mark.texts or _holds(image, mark.texts)):
            return mark.generator
    return ""


def _is_named(mark: Mark, image: Image) -> bool:
    """Whether the name of a library that it needs, or of a function that it exports, tells already."""
    by_library = bool(mark.library) and any(mark.library in name for name in image.needed)
    return by_library or (bool(mark.hook) and any(name.endswith(mark.hook) for name in image.hooks))


def _holds(image: Image, texts: tuple[bytes, ...]) -> bool:
    """Whether one of *texts* stands in what `_windows` names."""
    for start, end in _windows(image):
        window = View(image.data, start, end - start, "segment")
        if any(window.find(text) >= 0 for text in texts):
            return True
    return False


def _windows(image: Image) -> Iterator[tuple[int, int]]:
    """Where constants may lie, as offsets in the file: both ends of data, the end of what holds code too.

    Mach-O's ``__TEXT`` and the one read-only segment of older linkers have the constants behind the code.
    """
    left = MAX_SEARCHED
    for segment in sorted(image.segments, key=lambda segment: segment.executable):
        start, end = segment.offset, segment.offset + segment.file_size
        if segment.executable:
            spans = [(max(start, end - WINDOW), end)]
        elif end - start <= 2 * WINDOW:
            spans = [(start, end)]
        else:
            spans = [(start, start + WINDOW), (end - WINDOW, end)]
        for first, last in spans:
            size = min(last - first, left)
            if size > 0:
                yield first, first + size
                left -= size
