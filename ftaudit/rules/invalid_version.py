"""A version does not parse, so no index can be asked for it.

Why it matters
    `===` takes any string, and old locks hold such versions. The pin is unknown, never ready.

What to do
    Move to a version that PEP 440 knows.

When it is wrong
    Never: a version that does not parse cannot be compared.

Sources
    PEP 440.
"""

from __future__ import annotations

from ftaudit.rules.base import Rule

RULE = Rule(name="invalid-version", page=__doc__)
