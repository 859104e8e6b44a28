"""What is said of the interpreter that an environment belongs to."""

from __future__ import annotations

import pytest

from ftaudit.judge.interpreter import interpreter_problems
from ftaudit.model.project import FoundInterpreter
from tests.builders.values import reading


@pytest.mark.parametrize(
    ("free_threaded", "value", "means"),
    [
        (True, "0", "a module that needs the GIL does not enable it: the defect is hidden, and"),
        (True, "1", "a free-threaded build runs with the GIL on, whatever its modules declare"),
        (True, "x", "a free-threaded build does not start with such a value"),
        (False, "0", "a GIL build does not start with it"),
        (False, "1", "a GIL build ignores it"),
        (None, "1", "a free-threaded build runs with the GIL on, whatever its modules declare"),
    ],
)
def test_a_variable_that_overrules_the_modules_is_said(
    free_threaded: bool | None, value: str, means: str
) -> None:
    found = FoundInterpreter(python="3.14t", free_threaded=free_threaded, python_gil=value)
    (problem,) = interpreter_problems(reading(interpreter=found))
    assert problem.rule == "python-gil-set"
    assert problem.message.startswith(f"PYTHON_GIL={value} is set where this is used: {means}")


@pytest.mark.parametrize("found", [None, FoundInterpreter(python="3.14t", free_threaded=True)])
def test_nothing_is_said_without_it(found: FoundInterpreter | None) -> None:
    assert list(interpreter_problems(reading(interpreter=found))) == []


@pytest.mark.parametrize(
    ("free_threaded", "value", "gil"),
    [(True, None, False), (True, "0", False), (True, "1", True), (False, None, True), (None, "1", None)],
)
def test_the_gil_at_the_start(free_threaded: bool | None, value: str | None, gil: bool | None) -> None:
    assert FoundInterpreter(free_threaded=free_threaded, python_gil=value).gil is gil
