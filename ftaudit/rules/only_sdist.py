"""Only a source archive fits: installing means building.

Why it matters
    Nothing says that it will build on the target, or what the result declares of the GIL. `cryptography`
    42.0.0 and `PyYAML` 6.0.1 have wheels for GIL builds only; on a free-threaded interpreter an installer
    turns to their sources.

What to do
    Take the upgrade that the remedy names; otherwise build the wheel once, on the target, and audit the
    wheel.

When it is wrong
    A file that came after `--uploaded-before`, or on an index that is not configured, is not seen.

Sources
    PEP 425 and PEP 427 (tags), PEP 703; pip's order of preference in `_internal/index/package_finder.py`.
"""

from __future__ import annotations

from ftaudit.model.case import Case
from ftaudit.model.verdict import Finding, Install, Level
from ftaudit.rules.base import Rule, from_index, none_fits


def check(case: Case) -> Finding | None:
    """A warning that names the archive and counts the wheels that do not fit."""
    chosen = case.installation
    if chosen.install is not Install.SOURCE or chosen.file is None:
        return None
    wheels = sum(file.name.endswith(".whl") for file in chosen.files)
    others = none_fits(wheels) if wheels else "it has no wheels"
    return Finding(
        rule=RULE.name,
        severity=Level.WARNING,
        message=f"{others}; an installer would build {chosen.file.name}",
        evidence=from_index(case),
    )


RULE = Rule(name="only-sdist", page=__doc__, check=check, needs=("installation",))
