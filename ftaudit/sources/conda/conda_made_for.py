"""What a conda lock was made for: the interpreter that all its environments have."""

from __future__ import annotations

from collections.abc import Collection

from ftaudit.model.conda import CondaEnvironment
from ftaudit.model.project import FoundInterpreter


def agreed(environments: Collection[CondaEnvironment]) -> FoundInterpreter | None:
    """The interpreter of every one of *environments*; None where they differ, or one of them has none."""
    pythons = {environment.python for environment in environments}
    python = pythons.pop() if len(pythons) == 1 else None
    return None if python is None else FoundInterpreter(python=python, free_threaded=python.endswith("t"))
