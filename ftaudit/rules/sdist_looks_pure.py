"""The release has no wheel at all: it may be pure Python, but nothing proves it.

Why it matters
    Many old releases of pure Python come as a source archive only. Building runs their code, and whether
    that compiles anything is only known afterwards; so the status stays `needs-build`.

What to do
    Build the wheel once. If it is named `py3-none-any`, put it on your own index, and the next audit says
    `pure`.

When it is wrong
    Projects that compile and publish no wheels look the same.

Sources
    DESIGN: an sdist alone is always `source`; PEP 517 (building runs the project's code).
"""

from __future__ import annotations

from ftaudit.model.case import Case
from ftaudit.model.verdict import Finding, Install, Level
from ftaudit.rules.base import Rule, from_index


def check(case: Case) -> Finding | None:
    """A note where the release consists of source archives only."""
    chosen = case.installation
    if chosen.install is not Install.SOURCE or any(file.name.endswith(".whl") for file in chosen.files):
        return None
    return Finding(
        rule=RULE.name,
        severity=Level.NOTE,
        message="no wheel of any kind: it may be pure Python, which only a build can show",
        evidence=from_index(case),
    )


RULE = Rule(name="sdist-looks-pure", page=__doc__, check=check, needs=("installation",))
