"""Some environments of the lock are free-threaded, and others are not.

Why it matters
    A conda package is judged for a free-threaded target by the environments that have that interpreter.
    What only the others hold is not judged, and stays unknown.

What to do
    Audit the free-threaded environments alone: `--group NAME`.

When it is wrong
    It is a note and changes nothing.

Sources
    The build strings of conda-forge's `python` (`…_cp314`, `…_cp314t`).
"""

from __future__ import annotations

from ftaudit.rules.base import Rule

RULE = Rule(name="free-threaded-environments", page=__doc__)
