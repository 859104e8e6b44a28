"""A pin requires a package that no pin provides on this target.

Why it matters
    The picture has a hole: what is missing may be the very part that is compiled. `polars` alone looks
    like pure Python; its compiled half is another distribution. A set with such a hole is never called
    ready.

What to do
    Lock the whole set, or add the package that the message names.

When it is wrong
    An installer may have it from elsewhere (system packages, a base image). Audit that environment as
    well.

Sources
    `Requires-Dist` of the pinned version (PEP 345, PEP 508), or the edges that the lock itself records.
"""

from __future__ import annotations

from ftaudit.rules.base import Rule

RULE = Rule(name="dependency-not-pinned", page=__doc__)
