"""What the package index has of the release that a conda package is built of.

Why it matters
    A conda package is judged by its own archive. Where the lock says which project of the index it is built
    of (`purls`), what that project's files say of the target helps: the same version with a free-threaded
    wheel there can most likely be built so for conda too, and can be installed from there meanwhile.

What to do
    Nothing by itself: it changes no verdict.

When it is wrong
    conda packages may be built from other sources or with patches, and the lock's mapping is made by a tool
    that may guess.

Sources
    The purl specification (`pkg:pypi/…`); pixi's mapping of conda names.
"""

from __future__ import annotations

from ftaudit.model.case import Case, OnIndex
from ftaudit.model.text import short
from ftaudit.model.verdict import EvidenceRef, Finding, Install, Level
from ftaudit.rules.base import LONGEST_NAME, Rule

_HAS = {
    Install.WHEEL: "with a wheel for {python}",
    Install.PURE: "with a pure wheel",
    Install.FALLBACK: "with nothing but its pure wheel for {python}",
    Install.SOURCE: "with nothing but a source archive for {python}",
    Install.NONE: "with no file that fits {python}",
}


def check(case: Case) -> Finding | None:
    """A note on a conda pin whose name on the index the lock gives."""
    beside = case.on_index
    if not isinstance(beside, OnIndex):
        return None
    chosen, release = beside.installation, beside.release
    has = _HAS[chosen.install].format(python=case.target.python)
    name = f": {short(chosen.file.name, LONGEST_NAME)}" if chosen.file else ""
    return Finding(
        rule=RULE.name,
        severity=Level.NOTE,
        message=f"the index lists {short(release.name)} {short(release.version)} (purl) {has}{name}",
        evidence=tuple(
            EvidenceRef(
                kind="index-page",
                source=index,
                sha256=chosen.file.sha256 if chosen.file else None,
                as_of=release.as_of,
            )
            for index in release.indexes
        ),
    )


RULE = Rule(name="same-release-on-index", page=__doc__, check=check, needs=("on_index",))
