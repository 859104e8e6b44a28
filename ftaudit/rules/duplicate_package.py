"""The same name, version and source is locked more than once; it is counted once.

Why it matters
    It usually is a merge gone wrong, and the two entries may differ in what they list.

What to do
    Lock again.

When it is wrong
    Tools repeat a package for its extras (PDM) or its forks (uv); those are not reported.

Sources
    The formats' own documentation.
"""

from __future__ import annotations

from ftaudit.rules.base import Rule

RULE = Rule(name="duplicate-package", page=__doc__)
