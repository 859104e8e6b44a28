"""The environment also sees the packages of the interpreter that it was made from.

Why it matters
    They are imported too, and are not part of this report.

What to do
    Audit that interpreter as well: `ftaudit audit /path/to/python`.

When it is wrong
    Where nothing is imported from there it makes no difference.

Sources
    `pyvenv.cfg`, `include-system-site-packages` (PEP 405).
"""

from __future__ import annotations

from ftaudit.rules.base import Rule

RULE = Rule(name="system-site-packages", page=__doc__)
