"""Only the pure wheel fits, while the release ships a compiled one for this platform.

Why it matters
    On a GIL build the compiled modules are used; here they are not. The package may be slower, may lack
    features, or may not work without them: none of that was checked. `frozenlist` 1.8.0 on 3.15t is such
    a case.

What to do
    Take the upgrade that the remedy names, or measure whether the pure version is good enough for you.

When it is wrong
    Where the compiled part is an optional speed-up and the pure version is well tested, the pin works as
    it is.

Sources
    PEP 425 (order of tags); PEP 427.
"""

from __future__ import annotations

from ftaudit.model.case import Case
from ftaudit.model.verdict import Finding, Install, Level
from ftaudit.rules.base import Rule, from_index


def check(case: Case) -> Finding | None:
    """A warning that names both wheels."""
    chosen = case.installation
    if chosen.install is not Install.FALLBACK or chosen.file is None or chosen.compiled is None:
        return None
    return Finding(
        rule=RULE.name,
        severity=Level.WARNING,
        message=f"{chosen.file.name} would be used in place of a compiled {chosen.compiled.name}",
        evidence=from_index(case),
    )


RULE = Rule(name="pure-fallback", page=__doc__, check=check, needs=("installation",))
