"""A distribution of the environment lacks its metadata, or it cannot be read.

Why it matters
    What is installed there is not known. It is counted and never ready.

What to do
    Install the package again.

When it is wrong
    Left-overs of an interrupted uninstall (`~name`) look the same, and are harmless.

Sources
    PEP 376 and PEP 427 (`*.dist-info`); the core metadata specification.
"""

from __future__ import annotations

from ftaudit.rules.base import Rule

RULE = Rule(name="broken-installation", page=__doc__)
