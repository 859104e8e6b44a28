"""The wheel's tag, the name of a file in it and what that file exports do not go together.

Why it matters
    The tag decides what is installed, the file's name what is imported, its hook how. A wheel in which they
    disagree was put together from several builds or by a tool that does not know free threading: part of it
    is dead weight, is refused by the interpreter, or crashes it.

What to do
    Where the pin is `ready`, nothing: the named files are not used. Otherwise tell the project; a clean
    build folder for each interpreter mostly cures it.

When it is wrong
    Files for other builds can lie in a wheel on purpose, to be loaded by their path.

Sources
    PEP 3149 (file names), PEP 425 (tags), PEP 793 (`PyModExport`), PEP 803 (`abi3t`); CPython's
    `Python/importdl.c`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ftaudit.model.binary import SharedObject
from ftaudit.model.case import Case
from ftaudit.model.evidence import Missing
from ftaudit.model.target import Target
from ftaudit.model.verdict import Finding, Level
from ftaudit.model.wheel_name import wheel_name
from ftaudit.rules.base import Rule, from_wheel, listed

EXPORT = "PyModExport"
_BUILD = re.compile(r"\.(?:cpython-|cp)(\d+t?)(?=[.-])|\.(abi3t?)(?=[.-])", re.ASCII)
_UNFIT = frozenset({"built-for-gil", "hook-name-differs", "hook-not-known-there", "slots-not-known-there"})
"""Why a module cannot be loaded although its file's name fits (`Module.reason`)."""


def check(case: Case) -> Finding | None:
    """A note that names the files of each kind of disagreement."""
    file = case.installation.file
    name = wheel_name(file.name) if file is not None else None
    if name is None:
        return None
    disagreements = list(_disagreements(case, frozenset(tag.abi for tag in name.tags)))
    if not disagreements:
        return None
    return Finding(
        rule=RULE.name, severity=Level.NOTE, message="; ".join(disagreements), evidence=from_wheel(case)
    )


def _disagreements(case: Case, abis: frozenset[str]) -> Iterator[str]:
    found, contents = case.imported, case.contents
    if isinstance(contents, Missing) or isinstance(found, Missing):
        return
    # A wheel of no ABI (py3-none-PLATFORM) may hold a file for each interpreter.
    if "none" not in abis:
        others = [file.path for file in contents.modules if _other_build(file, abis, found.shadowed)]
        yield from _said("for another build than its tag says", sorted(others))
    for module in found.modules:
        if module.reason in _UNFIT:
            yield f"{listed([module.path])}: {module.why}"
    if "abi3t" in abis:
        lacking = [file.path for file in contents.modules if _lacks_export(file, case.target)]
        yield from _said(f"without a {EXPORT} hook, which abi3t needs", sorted(lacking))


def _other_build(file: SharedObject, abis: frozenset[str], shadowed: Sequence[str]) -> bool:
    """Whether a module's name claims an ABI that the wheel does not, or none while a better file is there."""
    build = _build(file.path)
    stray = build not in abis if build else file.path in shadowed
    return stray and any(part.hooks for part in file.slices)


def _lacks_export(file: SharedObject, target: Target) -> bool:
    """Whether a module for ``abi3t``, where ``PyModuleDef`` has no layout, has only hooks that return one."""
    if _build(file.path) not in ("", "abi3t"):
        return False
    own = [part for part in file.slices if (part.format, part.arch) == target.binary]
    return any(part.hooks and not any(hook.startswith(EXPORT) for hook in part.hooks) for part in own)


def _said(what: str, paths: Sequence[str]) -> Iterator[str]:
    if paths:
        yield f"{'file' if len(paths) == 1 else 'files'} {what}: {listed(paths)}"


def _build(path: str) -> str:
    """The ABI that a file's name claims (``cp314t``, ``abi3``), or empty where it claims none."""
    found = _BUILD.search(path.rpartition("/")[2])
    if found is None:
        return ""
    return f"cp{found[1]}" if found[1] else found[2]


RULE = Rule(name="tag-and-file-disagree", page=__doc__, check=check)
