"""The file breaks the specification of pylock.toml and was read all the same.

Why it matters
    Some tools write locks that the standard's own reader refuses (names that are not normalised, packages
    without a file). Refusing them would leave their users with nothing.

What to do
    Upgrade the tool that wrote it and lock again.

When it is wrong
    The reading may differ from what the tool meant; the message says where the file breaks the
    specification.

Sources
    PEP 751; `packaging.pylock`.
"""

from __future__ import annotations

from ftaudit.rules.base import Rule

RULE = Rule(name="lenient-pylock", page=__doc__)
