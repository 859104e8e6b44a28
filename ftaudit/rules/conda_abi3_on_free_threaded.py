"""A free-threaded conda environment holds a package that is compiled for the limited API of GIL builds.

Why it matters
    A free-threaded interpreter does not load `abi3` modules. conda marks such packages by a dependency on
    `_python_abi3_support`; a lock that puts one beside a free-threaded interpreter cannot work.

What to do
    Solve the environment again with current channel data, or ask the package's feedstock for a build for
    the free-threaded interpreter.

When it is wrong
    The package may hold no extension module beside what depends on the limited API: its archive is not read.

Sources
    conda's CEP 20 (`noarch: python` with `_python_abi3_support`); PEP 703 (ABI).
"""

from __future__ import annotations

from ftaudit.model.case import Case
from ftaudit.model.conda import CondaBuild, held
from ftaudit.model.project import SourceKind
from ftaudit.model.text import mask
from ftaudit.model.verdict import EvidenceRef, Finding, Level
from ftaudit.rules.base import Rule, listed


def check(case: Case) -> Finding | None:
    """A finding that names the builds which the target's environments hold and cannot load."""
    if case.pin.source.kind is not SourceKind.CONDA:
        return None
    records = held(case.pin.conda, case.target.platform_name, case.target.interpreter.feature)
    abi3 = sorted((r for r in records if r.kind is CondaBuild.ABI3), key=lambda record: record.url)
    if not abi3:
        return None
    builds = listed(list(dict.fromkeys(record.build for record in abi3)))
    return Finding(
        rule=RULE.name,
        severity=Level.ERROR,
        message=f"build {builds} is for the limited API (abi3), which {case.target.python} does not load",
        evidence=tuple(EvidenceRef(kind="conda-archive", source=mask(record.url)) for record in abi3),
    )


RULE = Rule(name="conda-abi3-on-free-threaded", page=__doc__, check=check, needs=("installation",))
