"""What is to be said of the interpreter that an input belongs to, whatever is in it."""

from __future__ import annotations

from collections.abc import Iterator

from ftaudit.model.project import Problem, Reading, Severity
from ftaudit.model.text import short

_MEANS = {
    "0": "a module that needs the GIL does not enable it: the defect is hidden, and such a module may crash",
    "1": "a free-threaded build runs with the GIL on, whatever its modules declare",
}


def interpreter_problems(reading: Reading) -> Iterator[Problem]:
    """A warning where ``PYTHON_GIL`` overrules what the modules declare.

    https://docs.python.org/3/using/cmdline.html#envvar-PYTHON_GIL: on a GIL build ``0`` is a fatal error.
    """
    found = reading.interpreter
    if found is None or not found.python_gil:
        return
    if found.free_threaded is False:
        means = "a GIL build does not start with it" if found.python_gil == "0" else "a GIL build ignores it"
    else:
        means = _MEANS.get(found.python_gil, "a free-threaded build does not start with such a value")
    yield Problem(
        input=reading.input,
        rule="python-gil-set",
        message=f"PYTHON_GIL={short(found.python_gil, 20)} is set where this is used: {means}",
        severity=Severity.WARNING,
    )
