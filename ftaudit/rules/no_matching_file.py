"""No file of the release can be installed on the target: nothing fits, not even a source archive.

Why it matters
    The pin blocks the target. `psycopg-binary` 3.2.3 has wheels for GIL builds only and no source
    archive: an installer stops there, and the whole set cannot be installed.

What to do
    Take the upgrade that the remedy names; otherwise ask the project for a free-threaded wheel, replace
    the package, or drop the extra that brings it in.

When it is wrong
    The index answered and lists this version, so it is wrong only if an index that holds more was not
    configured (`--index-url`, `--extra-index-url`) or the file came after `--uploaded-before`.

Sources
    PEP 425 and PEP 427 (tags), PEP 703 (the `t` ABI flag), PEP 803 (`abi3t`); pip's
    `_internal/index/package_finder.py`.
"""

from __future__ import annotations

from ftaudit.model.case import Case
from ftaudit.model.project import SourceKind
from ftaudit.model.verdict import Finding, Install, Level
from ftaudit.rules.base import Rule, from_index, is_quarantined, none_fits


def check(case: Case) -> Finding | None:
    """A finding where the index proves that nothing fits, for another reason than ``Requires-Python``."""
    chosen = case.installation
    if chosen.install is not Install.NONE or chosen.excluded or is_quarantined(case):
        return None
    if case.pin.source.kind is SourceKind.CONDA:
        return None
    wheels = sum(file.name.endswith(".whl") for file in chosen.files)
    return Finding(
        rule=RULE.name,
        severity=Level.ERROR,
        message=f"{none_fits(wheels)} {case.target}, and there is no source archive",
        evidence=from_index(case),
    )


RULE = Rule(name="no-matching-file", page=__doc__, check=check, needs=("installation",))
