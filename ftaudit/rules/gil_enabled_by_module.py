"""Importing a module of the picked wheel makes the interpreter enable the GIL, for the whole process.

Why it matters
    A wheel with a free-threaded tag promises only that it loads. Whether the GIL stays off is declared by
    each module; one that declares nothing, or says that it needs the GIL, turns it on for every thread
    until the process ends. Most such modules were never looked at by their authors: Cython writes "needs
    the GIL" unless it is told otherwise, pybind11 and nanobind write nothing.

What to do
    Upgrade where the remedy names a release. Where all that is named is optional, the package may do without
    it: its own code goes on after an `ImportError`. Otherwise ask the project to review its code and to
    declare `Py_mod_gil`; `docs/binaries.md` has the one line for each generator.

When it is wrong
    A module that is never imported in your process enables nothing. Where the modules were not read, the
    rule says so and the status is `unknown`: a tag alone is never `ready`.

Sources
    PEP 703; CPython's `Python/import.c`, `_PyImport_CheckGILForModule`.
"""

from __future__ import annotations

from collections.abc import Sequence

from ftaudit.model.binary import Declaration
from ftaudit.model.case import Case
from ftaudit.model.pages import in_words
from ftaudit.model.verdict import Finding, Gil, Level, Module
from ftaudit.rules.base import Rule, from_wheel, listed, modules


def check(case: Case) -> Finding | None:
    """An error where the modules were read and at least one enables the GIL."""
    if case.gil is not Gil.ON:
        return None
    return Finding(
        rule=RULE.name,
        severity=Level.ERROR,
        message=_message([module for module in modules(case) if module.gil is Gil.ON]),
        evidence=from_wheel(case),
    )


def _message(enabling: Sequence[Module]) -> str:
    """Those that say the same together."""
    said: dict[tuple[str, bool], list[str]] = {}
    for module in enabling:
        said.setdefault((_words(module), module.optional), []).append(module.name)
    clauses = [_clause(*words, names) for words, names in said.items()]
    return "; ".join(clauses) or "importing it enables the GIL"


def _words(module: Module) -> str:
    """What it declares. One that "uses" the GIL against its own slot (`Py_mod_create`) has a remark."""
    used_because = module.why if module.declaration == Declaration.USED else ""
    return used_because or in_words(module.declaration, "declaration")


def _clause(words: str, optional: bool, names: Sequence[str]) -> str:
    enable, each = ("enables", "") if len(names) == 1 else ("enable", "each ")
    return f"{listed(names)}{' (optional)' if optional else ''} {enable} the GIL: {each}{words}"


RULE = Rule(name="gil-enabled-by-module", page=__doc__, check=check, needs=("gil",))
