"""A case to its verdict: the rules are run, what they could not see is said, the status follows."""

from __future__ import annotations

from ftaudit.judge import conda
from ftaudit.judge.remedy import remedy
from ftaudit.model.binary import Contents
from ftaudit.model.case import Case
from ftaudit.model.evidence import CoreMetadata, Missing
from ftaudit.model.project import SourceKind
from ftaudit.model.verdict import (
    Basis,
    Finding,
    Gil,
    Imported,
    Install,
    Remedy,
    Status,
    Undecided,
    Verdict,
)
from ftaudit.rules.base import Rule
from ftaudit.rules.registry import RULES


def status_of(install: Install, gil: Gil) -> Status:
    """The table of the design: what installing and importing come to together."""
    if install is Install.NONE:
        return Status.BLOCKED
    if install is Install.UNKNOWN:
        return Status.UNKNOWN
    if install is Install.SOURCE:
        return Status.NEEDS_BUILD
    if gil is Gil.ON:
        return Status.ENABLES_GIL
    if gil is Gil.UNKNOWN:
        return Status.UNKNOWN
    return Status.DEGRADED if install is Install.FALLBACK else Status.READY


def judge(case: Case, rules: tuple[Rule, ...] = RULES) -> Verdict:
    """The verdict of a pin that applies on its target."""
    findings: list[Finding] = []
    undecided: dict[tuple[str, str], Undecided] = {}
    for rule in rules:
        missing = next((found for need in rule.needs if (found := _missing(case, need))), None)
        if missing is not None:
            # Several rules may lack the same fact; it is said once, for the first of them.
            undecided.setdefault(
                (missing.what, missing.why), Undecided(rule=rule.name, missing=missing.what, why=missing.why)
            )
        elif rule.check is not None and (finding := rule.check(case)) is not None:
            findings.append(finding)
    chosen = case.installation
    gil = Gil.UNKNOWN if isinstance(case.gil, Missing) else case.gil
    status = status_of(chosen.install, gil)
    return Verdict(
        python=case.target.python,
        platform=case.target.platform,
        applies=True,
        status=status,
        install=chosen.install,
        gil=gil,
        install_basis=chosen.basis,
        gil_basis=_gil_basis(case, gil),
        stable_abi=case.stable_abi,
        modules=case.imported.modules if isinstance(case.imported, Imported) else (),
        file=chosen.file,
        verified=case.contents.verified if isinstance(case.contents, Contents) else None,
        declared=case.metadata.free_threading if isinstance(case.metadata, CoreMetadata) else None,
        findings=tuple(findings),
        undecided=tuple(undecided.values()),
        remedy=_remedy(case, status),
    )


def _remedy(case: Case, status: Status) -> Remedy:
    if case.pin.source.kind is SourceKind.CONDA:
        return conda.remedy(status)
    return remedy(status, case.installation, case.evidence.upgrades.get(str(case.target)))


def _gil_basis(case: Case, gil: Gil) -> Basis:
    if isinstance(case.imported, Imported) and gil is not Gil.UNKNOWN:
        return Basis.READ
    return Basis.TAG if gil is Gil.NONE else Basis.NONE


def _missing(case: Case, need: str) -> Missing | None:
    value = case.installation.why if need == "installation" else getattr(case, need)
    return value if isinstance(value, Missing) else None
