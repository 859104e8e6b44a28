"""A requirements file has an option that ftaudit does not know.

Why it matters
    pip would stop there, or do something that this report does not take into account.

What to do
    Remove the option, or check what it does to the set.

When it is wrong
    Options that newer versions of pip added look the same.

Sources
    pip's requirements file format.
"""

from __future__ import annotations

from ftaudit.rules.base import Rule

RULE = Rule(name="unknown-option", page=__doc__)
