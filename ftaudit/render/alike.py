"""Packages of which the same is to be said make one line: hundreds of rows would hide the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ftaudit.model.report import PackageRow, Report
from ftaudit.model.verdict import Status
from ftaudit.render.view import FOLDED, groups


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """Packages that are unknown for the same reasons, and that nothing helps: ``everywhere`` that they apply,
    or on some targets, and ready on the others. ``why`` names the targets where not the same is said of all.
    """

    everywhere: bool
    why: str
    packages: tuple[PackageRow, ...]

    @property
    def summary(self) -> str:
        """How many there are, in words of ours alone."""
        where = "wherever they apply" if self.everywhere else "on some targets, ready on the others"
        return f"{len(self.packages)} unknown {where}"


def fold(report: Report, packages: Sequence[PackageRow]) -> tuple[tuple[PackageRow, ...], tuple[Alike, ...]]:
    """Those of *packages* that need a row each, and the others, by what is said of them."""
    alone: list[PackageRow] = []
    by_reason: dict[tuple[bool, str], list[PackageRow]] = {}
    for package in packages:
        said = _said(report, package)
        (alone if said is None else by_reason.setdefault(said, [])).append(package)
    few = {id(package) for alike in by_reason.values() if len(alike) < FOLDED for package in alike}
    kept = {id(package) for package in alone} | few
    return tuple(package for package in packages if id(package) in kept), tuple(
        Alike(everywhere=everywhere, why=why, packages=tuple(alike))
        for (everywhere, why), alike in by_reason.items()
        if len(alike) >= FOLDED
    )


def _said(report: Report, package: PackageRow) -> tuple[bool, str] | None:
    """Whether *package* is unknown everywhere, and why; None where more than that is to be said of it."""
    found = groups(report, package)
    unknown = [group for group in found if group.verdict.status is Status.UNKNOWN]
    others = [group for group in found if group.verdict.status is not Status.UNKNOWN]
    if any(group.remedy for group in unknown) or any(o.verdict.status is not Status.READY for o in others):
        return None
    reasons = {group.why for group in unknown}
    if len(reasons) == 1 and not others:
        return True, reasons.pop()
    return not others, "; ".join(f"{', '.join(group.labels)}: {group.why}" for group in unknown)
