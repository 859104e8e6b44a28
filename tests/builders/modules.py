"""Extension modules as they are read from a file, in one line."""

from __future__ import annotations

from ftaudit.model.binary import Confidence, Contents, Declaration, Declared, How, SharedObject, Slice


def declared(what: Declaration, hook: str = "PyInit_x", **values: str) -> Declared:
    return Declared(
        hook=hook,
        declaration=what,
        confidence=Confidence.HIGH,
        how=How.EXECUTION,
        layout=values.get("layout", "free-threaded"),
        provider=values.get("provider", ""),
        reason=values.get("reason", ""),
        why=values.get("why", ""),
    )


def file(
    path: str, *what: Declaration | Declared, of: tuple[str, str] = ("elf", "x86_64"), problem: str = ""
) -> SharedObject:
    found = tuple(each if isinstance(each, Declared) else declared(each) for each in what)
    part = Slice(format=of[0], arch=of[1], hooks=tuple(each.hook for each in found), declared=found)
    if problem:
        return SharedObject(path=path, size=1, problem=problem, problem_kind="bad-binary")
    return SharedObject(path=path, size=1, slices=(part,))


def contents(*modules: SharedObject, **values: str) -> Contents:
    """What a wheel holds; without modules it is pure."""
    return Contents(modules=modules, sha256=values.get("sha256"), source=values.get("source", ""))
