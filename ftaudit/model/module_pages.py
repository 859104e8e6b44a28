"""The pages of what an extension module says of the GIL, and of how that was found."""

from __future__ import annotations

from ftaudit.model.binary import Declaration, How
from ftaudit.model.page import pages

DECLARATIONS = pages(
    "declaration",
    (
        Declaration.NOT_USED,
        "says that it does not need the GIL",
        "Its definition has the slot `Py_mod_gil` with the value `Py_MOD_GIL_NOT_USED`: the GIL stays off.",
    ),
    (
        Declaration.USED,
        "says that it needs the GIL",
        """\
Its definition has the slot `Py_mod_gil` with the value `Py_MOD_GIL_USED`, as Cython writes it without its
directive; or its `Py_mod_create` returns an object that is no module, which comes to the same. Importing it
enables the GIL.""",
    ),
    (
        Declaration.ABSENT,
        "declares nothing",
        "Its definition has no slot `Py_mod_gil`. The interpreter takes that for a need: the GIL is enabled.",
    ),
    (
        Declaration.SINGLE_PHASE_NOT_USED,
        "says that it does not need the GIL by a call",
        "It makes its module at once and calls `PyUnstable_Module_SetGIL` with `Py_MOD_GIL_NOT_USED`.",
    ),
    (
        Declaration.SINGLE_PHASE_USED,
        "says that it needs the GIL by a call",
        """\
It makes its module at once and calls `PyUnstable_Module_SetGIL` with `Py_MOD_GIL_USED`, as f2py does without
its option. Importing it enables the GIL.""",
    ),
    (
        Declaration.SINGLE_PHASE_SILENT,
        "declares nothing (single-phase initialisation)",
        """\
It makes its module at once and does not call `PyUnstable_Module_SetGIL`. The interpreter takes that for a
need: the GIL is enabled.""",
    ),
    (
        Declaration.DELEGATED,
        "leaves it to another package's code",
        """\
Another module, `_cffi_backend` for those made with cffi, makes the module and decides. What that one does, as
it is pinned beside it, counts; where it is not pinned or was not read, it is unknown.""",
    ),
    (
        Declaration.NOT_A_MODULE,
        "is no module",
        "Its initialisation only returns NULL: it is loaded in another way, and does not count.",
    ),
    (
        Declaration.UNKNOWN,
        "what it declares could not be decided",
        """\
The report says why: the file could not be read, the answer is computed at run time, its code was not followed
to the end, or the two ways of reading it contradict each other. It is never counted as ready.""",
    ),
)

HOWS = pages(
    "how",
    (
        How.EXECUTION,
        "by following its initialisation",
        "Its code was followed, not run, until it handed over its definition or its module.",
    ),
    (
        How.EXECUTION_AND_SEARCH,
        "by following its initialisation, and by its data",
        "Two methods that share nothing but the layouts of CPython's structures came to the same.",
    ),
    (
        How.SEARCH,
        "by its data alone",
        """\
The definition was found by the module's name, without following any code: the code could not be followed to
it, or is for a processor that is not followed.""",
    ),
    (
        How.CALL_SITE,
        "by its one call of PyUnstable_Module_SetGIL",
        "The argument was read where the call stands, without following the code before it.",
    ),
    (
        How.IMPORTS,
        "by what it takes from the interpreter",
        "No code was followed to an answer; the functions that it imports leave only one.",
    ),
    (How.NOT_FOUND, "not at all", "Nothing was found, and the reason is said."),
)
