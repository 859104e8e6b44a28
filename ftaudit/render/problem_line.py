"""A problem in one line: which come first, where each is, what it says."""

from __future__ import annotations

from collections.abc import Iterable

from ftaudit.model.project import Problem, Severity
from ftaudit.model.report import Report
from ftaudit.model.text import short


def in_order(report: Report) -> tuple[Problem, ...]:
    """The problems, the gravest first, otherwise in the report's order."""
    return tuple(sorted(report.problems, key=lambda problem: list(Severity).index(problem.severity)))


def place(problem: Problem) -> str:
    """``input:line``, as editors and terminals know to open it; empty where it is of no input."""
    return short(problem.input, 120) + (f":{problem.line}" if problem.line is not None else "")


def said(problem: Problem) -> str:
    """The message of *problem*, behind its `place`: what could not be read names its file itself."""
    return problem.message.removeprefix(f"{problem.input}: ") if problem.input else problem.message


def heading(problems: Iterable[Problem]) -> str:
    """What *problems* are called: a choice that ftaudit made is no problem."""
    return "Notes" if all(problem.severity is Severity.NOTE for problem in problems) else "Problems"
