"""Folders below the one that was named were not looked into.

Why it matters
    What lies in them is no part of the report. As a note it is by design: hidden folders, environments,
    installed packages and links hold no project's own lock. Where a folder could not be read, or there is
    more than the limits allow, a lock may have been missed, and the report is incomplete.

What to do
    Name what you mean beside the folder: `ftaudit audit services services/api/.venv`. Where a limit was
    reached, audit the projects in several runs.

When it is wrong
    A link to a folder whose projects lie elsewhere is not followed: name where it leads to.

Sources
    The documentation of inputs has the order of choice and the limits.
"""

from __future__ import annotations

from ftaudit.rules.base import Rule

RULE = Rule(name="folders-passed-over", page=__doc__)
