"""A module's declaration says that the GIL stays off, and was found in a way that is less sure than others.

Why it matters
    Most declarations are read by two methods that share nothing and agree. Here one method alone gave the
    answer, or a path through the code was not followed to its end. The verdict stands on it all the same;
    this is where to look first if a process turns out to have the GIL enabled.

What to do
    Where it matters, import the module once on that interpreter and look at `sys._is_gil_enabled()`; a gate
    can ask for more than this.

When it is wrong
    It is a remark on the evidence, not on the module: most of these answers are right. `reports/truth.md` has
    how often, `docs/binaries.md` what each way of finding a declaration can miss.

Sources
    `ftaudit explain how`; `docs/binaries.md`; `reports/truth.md`.
"""

from __future__ import annotations

from ftaudit.model.binary import Confidence
from ftaudit.model.case import Case
from ftaudit.model.pages import in_words
from ftaudit.model.verdict import Finding, Gil, Level
from ftaudit.rules.base import Rule, from_wheel, listed, modules


def check(case: Case) -> Finding | None:
    """A note that names the modules and how their declarations were found."""
    unsure: dict[str, list[str]] = {}
    for module in modules(case):
        if module.gil is Gil.OFF and module.confidence == Confidence.MEDIUM:
            unsure.setdefault(in_words(module.how, "how"), []).append(module.name)
    if not unsure:
        return None
    return Finding(
        rule=RULE.name,
        severity=Level.NOTE,
        message="declarations found " + "; ".join(f"{how}: {listed(names)}" for how, names in unsure.items()),
        evidence=from_wheel(case),
    )


RULE = Rule(name="declaration-less-sure", page=__doc__, check=check)
