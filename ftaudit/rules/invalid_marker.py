"""A marker does not parse; the package counts as applying everywhere.

Why it matters
    Whether the pin matters on the target cannot be told, so it is judged as if it did.

What to do
    Mend the marker at the place that the message names, or lock again.

When it is wrong
    A marker of a newer specification than this version knows looks the same.

Sources
    PEP 508; the dependency specifiers specification.
"""

from __future__ import annotations

from ftaudit.rules.base import Rule

RULE = Rule(name="invalid-marker", page=__doc__)
