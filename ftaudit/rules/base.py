"""What a rule is.

A rule is one file in this folder: its module docstring is its page (fixed headings: the first line says what
it says; then ``Why it matters``, ``What to do``, ``When it is wrong``, ``Sources``), and ``RULE`` is what the
registry lists. The name says what is wrong and reads after "allow".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ftaudit.model.case import Case
from ftaudit.model.verdict import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """``needs`` names attributes of `Case` that may be Missing: with one missing the rule is not run and the
    verdict says so. ``check`` is None for rules about an input as a whole, which readers and the closure
    report as problems.
    """

    name: str
    page: str
    check: Callable[[Case], Finding | None] | None = None
    needs: tuple[str, ...] = ()
