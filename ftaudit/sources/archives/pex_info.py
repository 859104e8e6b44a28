"""What a PEX file says of itself in ``PEX-INFO``: for which interpreters, and what it takes from elsewhere.

https://docs.pex-tool.org/api/vars.html and pex/pex_info.py of https://github.com/pex-tool/pex
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from ftaudit.model.project import Problem
from ftaudit.model.text import short
from ftaudit.sources.reading.table import Table

NAME = "PEX-INFO"
_EXACT = re.compile(r"(?:CPython)?(\+t|-t|\[free-threaded\]|\[gil\])?==(3\.\d+)(?:\.\*|\.\d+)")
_SHOWN = 3


def library(info: Table | None) -> tuple[str, ...]:
    """The folder that the libraries of its interpreter lie in, where its constraints name just one."""
    constraints = info.texts("interpreter_constraints") if info else ()
    match = _EXACT.fullmatch(constraints[0].replace(" ", "")) if len(constraints) == 1 else None
    if match is None:
        return ()
    return ("lib", f"python{match[2]}{'t' if match[1] in ('+t', '[free-threaded]') else ''}")


def problems(info: Table, held: Collection[str], path: str) -> Iterator[Problem]:
    """What the picture of the PEX file *path* leaves out, whose ``.deps`` holds the names *held*."""
    missing = [name for name in info.table("distributions") if name not in held]
    if missing:
        shown = ", ".join(short(name) for name in missing[:_SHOWN])
        more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
        message = f"its PEX-INFO lists what is not in it: {shown}{more}"
        yield Problem(input=path, rule="unreadable-input", message=message)
    if info.texts("pex_paths") or info.maybe_text("pex_path"):
        message = "it also loads other PEX files, which are not read: name them as well"
        yield Problem(input=path, rule="unreadable-input", message=message)
    if "inherit_path" in info and info.text("inherit_path") != "false":
        message = "it also sees the packages of the interpreter that it is started with: not read"
        yield Problem(input=path, rule="system-site-packages", message=message)
