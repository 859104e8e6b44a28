"""The release carries a Free Threading classifier, and importing its wheel enables the GIL.

Why it matters
    The classifier is what the maintainers claim, the modules are what the interpreter obeys. A release that
    calls itself ready and enables the GIL gives no parallelism to anybody, and nobody notices: everything
    works.

What to do
    Tell the project: a declaration was forgotten in some modules, or the classifier came too early. For
    this pin the modules decide.

When it is wrong
    The classifier may be meant for what the package does without the modules that are named.

Sources
    The trove classifiers `Programming Language :: Python :: Free Threading :: 1 - Unstable` to `4 -
    Resilient`; PEP 703.
"""

from __future__ import annotations

from ftaudit.model.case import Case
from ftaudit.model.evidence import Missing
from ftaudit.model.verdict import EvidenceRef, Finding, Gil, Level
from ftaudit.rules.base import Rule, from_wheel


def check(case: Case) -> Finding | None:
    """A warning on the contradiction."""
    metadata = case.metadata
    if isinstance(metadata, Missing) or metadata.free_threading is None or case.gil is not Gil.ON:
        return None
    claim = EvidenceRef(kind="metadata", source=metadata.source, as_of=metadata.as_of)
    return Finding(
        rule=RULE.name,
        severity=Level.WARNING,
        message=f"declares free threading at level {metadata.free_threading}, and enables the GIL",
        evidence=(claim, *from_wheel(case)),
    )


RULE = Rule(name="declared-support-contradicted", page=__doc__, check=check, needs=("gil", "metadata"))
