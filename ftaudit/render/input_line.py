"""An input in one line: what it is, what it holds, what it was made for, and on what it runs."""

from __future__ import annotations

from ftaudit.model.project import FoundInterpreter
from ftaudit.model.report import InputRow
from ftaudit.model.text import short


def told_of(row: InputRow) -> str:
    """``environment, 12 pins, made for 3.14t on linux-x86_64; CPython 3.14.3, free-threaded build, …``."""
    told = [f"{short(row.format)}, {row.pins} {'pin' if row.pins == 1 else 'pins'}"]
    if row.unpinned:
        told.append(f"{row.unpinned} not pinned")
    if row.made_for:
        made = " on ".join(filter(None, (row.made_for.python, row.made_for.platform)))
        told.append(f"made for {short(made)}" if made else "made for one target")
    return ", ".join(told) + (f"; {_interpreter(row.interpreter)}" if row.interpreter else "")


def _interpreter(found: FoundInterpreter) -> str:
    version = found.version or (found.python or "").rstrip("t")
    told = [f"CPython {short(version, 20)}" if version else "CPython of a version that is not known"]
    if found.free_threaded is None:
        told.append("which build is not known")
    else:
        told.append("free-threaded build" if found.free_threaded else "GIL build")
    if found.gil is not None:
        told.append(f"GIL {'on' if found.gil else 'off'}")
    if found.python_gil is not None:
        told.append(f"PYTHON_GIL={short(found.python_gil, 20)} is set")
    return ", ".join(told)
