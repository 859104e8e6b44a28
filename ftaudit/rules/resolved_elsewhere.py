"""The input was made for another interpreter or platform than the target.

Why it matters
    An environment or a single-platform lock says nothing of what a resolver would choose elsewhere. Pins
    that only other platforms need are left out, and a root that does not fit is unknown instead of
    blocked.

What to do
    Resolve or install for the target and audit that.

When it is wrong
    The versions are often the same on every platform, and then so are the verdicts.

Sources
    PEP 508 markers; DESIGN, section 1.
"""

from __future__ import annotations

from ftaudit.rules.base import Rule

RULE = Rule(name="resolved-elsewhere", page=__doc__)
