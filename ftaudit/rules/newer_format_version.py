"""The file is of a newer minor version of its format than this version of ftaudit knows.

Why it matters
    A minor version may add what is not understood here; what is known was read.

What to do
    Upgrade ftaudit.

When it is wrong
    The additions may not matter to the audit.

Sources
    PEP 751: a newer minor version is read with a warning, a newer major one refused.
"""

from __future__ import annotations

from ftaudit.rules.base import Rule

RULE = Rule(name="newer-format-version", page=__doc__)
