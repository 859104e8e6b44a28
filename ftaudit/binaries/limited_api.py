"""What a module imports from the interpreter, held against the stable ABI (PEP 384, PEP 652, PEP 803).

Names prove that a module steps outside the stable ABI; they cannot prove that it stays inside. A macro that
reads a field of an object leaves no name behind.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from itertools import repeat

from ftaudit.binaries.image import HOOKS
from ftaudit.knowledge.stable_abis import STABLE_ABIS
from ftaudit.model.binary import LimitedApi

MAX_NAMES = 20
"""Names of symbols beyond the stable ABI that are kept; the others are counted."""

Version = tuple[int, int]

FIRST: Version = (3, 2)
"""The first stable ABI (PEP 384)."""
EXPORT: Version = (3, 15)
"""The first version that knows ``PyModExport_*`` (PEP 793), and the first of ``abi3t`` (PEP 803)."""

_NEEDS_DEFINITION = frozenset({"PyModuleDef_Init", "PyModule_Create2", "PyModule_FromDefAndSpec2"})
"""They take a ``PyModuleDef``, which has no layout in abi3t.
https://peps.python.org/pep-0803/#opaque-pyobject"""
_INLINED_COUNT = frozenset({"_Py_Dealloc", "_Py_NegativeRefcount", "_Py_RefTotal"})
"""Called by a ``Py_DECREF`` that was compiled in, and so knows where the reference count is; abi3t calls
``_Py_DecRef``. https://github.com/python/cpython/blob/3.15/Include/refcount.h"""
NOT_IN_ABI3T = _NEEDS_DEFINITION | _INLINED_COUNT


def held_against(names: Collection[str], hooks: Sequence[str]) -> LimitedApi:
    """What *names*, imported from the interpreter, and *hooks*, exported, say of the stable ABI.

    A module that has no hook but ``PyModExport_*`` needs 3.15, whatever it imports. Imported hooks are other
    modules' and say nothing. Without any name the answer is empty talk: a stub that leaves all to a library.
    """
    added, taken = stable_abi(), frozenset(names)
    beyond = sorted(name for name in taken.difference(added) if not name.startswith(HOOKS))
    beyond_t = tuple(sorted(taken & NOT_IN_ABI3T))
    since = _newest(taken)
    if hooks and all(hook.startswith("PyModExport") for hook in hooks):
        since = max(since, EXPORT)
    return LimitedApi(
        since=None if beyond else _text(since),
        since_t=None if beyond or beyond_t else _text(max(since, EXPORT)),
        beyond=tuple(beyond[:MAX_NAMES]),
        beyond_count=len(beyond),
        beyond_t=beyond_t,
    )


@cache
def stable_abi() -> Mapping[str, Version]:
    """The symbols of the stable ABI and the version that added each."""
    return {name: _version(row.version) for row in STABLE_ABIS for name in row.symbols.split()}


def _newest(names: frozenset[str]) -> Version:
    """The latest of the versions that added *names*, of which some are unknown."""
    versions, added_by = _by_version()
    return versions[max(map(added_by.get, names, repeat(0)), default=0)]


@cache
def _by_version() -> tuple[Sequence[Version], Mapping[str, int]]:
    """The versions in their order, `FIRST` at least, and for each symbol the number of its own: numbers are
    compared several times as fast, and each module takes hundreds of symbols."""
    added = stable_abi()
    versions = sorted({FIRST, *added.values()})
    return versions, {name: versions.index(version) for name, version in added.items()}


def _version(text: str) -> Version:
    major, _, minor = text.partition(".")
    return int(major), int(minor)


def _text(version: Version) -> str:
    return f"{version[0]}.{version[1]}"
