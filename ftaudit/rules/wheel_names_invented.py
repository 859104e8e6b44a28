"""The lock holds made-up wheel names, which were ignored.

Why it matters
    pipenv 2026.0.0 to 2026.9.1 wrote a `py3-none-any` name for every hash. Read as they stand, compiled
    packages look pure.

What to do
    Upgrade pipenv and lock again; the verdicts rest on the index meanwhile.

When it is wrong
    Only a lock that pipenv wrote and that lists the same name twice in a package is treated so.

Sources
    Read in pypa/pipenv's own pylock.toml of 2026-08-20; fixed in 2026.10.
"""

from __future__ import annotations

from ftaudit.rules.base import Rule

RULE = Rule(name="wheel-names-invented", page=__doc__)
