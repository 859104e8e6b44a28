"""A page or a file of an index should have been had and was not.

Why it matters
    The verdicts that rest on it are unknown, and the exit status is 4. An index that does not answer
    proves nothing.

What to do
    Look at the reason: give credentials (netrc, keyring), another `--index-url`, more time
    (`--deadline`), or drop `--offline`.

When it is wrong
    Never wrong about this run; the next one may succeed.

Sources
    PEP 503, PEP 691.
"""

from __future__ import annotations

from ftaudit.rules.base import Rule

RULE = Rule(name="index-not-read", page=__doc__)
