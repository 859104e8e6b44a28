"""The folder holds more that could be audited than what was chosen.

Why it matters
    A project may have several locks, and only one is what you deploy. Below a project there may be others,
    and in a folder of projects there may be requirements beside a lock: the lock counts.

What to do
    Name the file that you mean: `ftaudit audit poetry.lock`.

When it is wrong
    It is a note and changes nothing.

Sources
    The order of choice is in the documentation of inputs.
"""

from __future__ import annotations

from ftaudit.rules.base import Rule

RULE = Rule(name="other-inputs-seen", page=__doc__)
