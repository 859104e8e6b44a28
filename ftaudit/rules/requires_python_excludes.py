"""The release says by `Requires-Python` that it does not run on this interpreter, and nothing else of it
fits.

Why it matters
    pip refuses such a file whatever its tags. The pin blocks the target.

What to do
    Upgrade to a release that admits the version; the remedy names the lowest.

When it is wrong
    `Requires-Python` is judged at x.y.0 of the target. `--python 3.14.3t` asks about another micro
    version.

Sources
    PEP 345 and PEP 503 (`data-requires-python`); pip's `_check_link_requires_python`.
"""

from __future__ import annotations

from ftaudit.model.case import Case
from ftaudit.model.verdict import Finding, Install, Level
from ftaudit.rules.base import Rule, from_index, is_quarantined


def check(case: Case) -> Finding | None:
    """A finding where files fit by their tags and ``Requires-Python`` shuts them all out."""
    chosen = case.installation
    if chosen.install is not Install.NONE or not chosen.excluded or is_quarantined(case):
        return None
    asked = sorted({file.requires_python or "its metadata" for file in chosen.excluded})
    return Finding(
        rule=RULE.name,
        severity=Level.ERROR,
        message=f"requires Python {', '.join(asked)}; the target is {case.target.interpreter.full_version}",
        evidence=from_index(case),
    )


RULE = Rule(name="requires-python-excludes", page=__doc__, check=check, needs=("installation",))
