"""A pin requires a version of another package that is not the one pinned.

Why it matters
    An installer would refuse this set, or change it, so the verdicts may be about versions that are never
    installed.

What to do
    Resolve again with the tool that wrote the file.

When it is wrong
    Tools that override a dependency on purpose (uv's `override-dependencies`) export such sets knowingly.

Sources
    `Requires-Dist` of the pinned version; PEP 440 (specifiers).
"""

from __future__ import annotations

from ftaudit.rules.base import Rule

RULE = Rule(name="dependency-not-satisfied", page=__doc__)
