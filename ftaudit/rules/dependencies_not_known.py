"""What a pin requires could not be learned, so whether the set is closed is open.

Why it matters
    A source archive without metadata, or a git, path or url pin, hides its dependencies until it is
    built.

What to do
    Use a lock format that records the closure, or a release that offers its metadata.

When it is wrong
    The set may well be complete; nothing proves it.

Sources
    PEP 658 and PEP 714 (metadata served beside the file); PEP 643 (metadata of source archives).
"""

from __future__ import annotations

from ftaudit.rules.base import Rule

RULE = Rule(name="dependencies-not-known", page=__doc__)
