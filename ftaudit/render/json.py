"""The report for programs: JSON version 1, as ``report-v1.schema.json`` beside this file describes it.

Keys stand in the order of the schema. Lists are sorted, except that targets, verdicts and summary keep the
order in which the targets were asked for. Only ASCII is written, everything else is escaped.
"""

from __future__ import annotations

from ftaudit.model.evidence import IndexFile
from ftaudit.model.project import FoundInterpreter, MadeFor, Origin, Problem
from ftaudit.model.report import InputRow, PackageRow, Report, Summary
from ftaudit.model.verdict import EvidenceRef, Finding, Module, Remedy, StableAbi, Status, Undecided, Verdict
from ftaudit.render.base import RenderOptions
from ftaudit.render.document import Row, in_order, time, written

SCHEMA_VERSION = 1


def render(report: Report, options: RenderOptions) -> str:
    """*report* as one JSON document; the options change nothing."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "ftaudit", "version": report.version},
        "created": time(report.created),
        "inputs": in_order(map(_input, report.inputs), "path", "format", "sha256"),
        "targets": [{"python": row.python, "platform": row.platform} for row in report.targets],
        "packages": in_order(map(_package, report.packages), "name", "version", "source", "location"),
        "summary": [_summary(row) for row in report.summary],
        "problems": in_order(map(_problem, report.problems), "input", "line", "rule", "message"),
    }
    return written(document)


def _input(row: InputRow) -> Row:
    return {
        "path": row.path,
        "format": row.format,
        "sha256": row.sha256,
        "pins": row.pins,
        "unpinned": row.unpinned,
        "made_for": _made_for(row.made_for),
        "interpreter": _interpreter(row.interpreter),
    }


def _made_for(made_for: MadeFor | None) -> Row | None:
    return None if made_for is None else {"python": made_for.python, "platform": made_for.platform}


def _interpreter(interpreter: FoundInterpreter | None) -> Row | None:
    if interpreter is None:
        return None
    return {
        "python": interpreter.python,
        "version": interpreter.version,
        "free_threaded": interpreter.free_threaded,
        "gil": interpreter.gil,
        "python_gil": interpreter.python_gil,
    }


def _package(row: PackageRow) -> Row:
    return {
        "name": row.name,
        "version": row.version,
        "source": row.source,
        "location": row.location,
        "origins": in_order(map(_origin, row.origins), "input", "path", "line", "groups", "extras", "marker"),
        "direct": row.direct,
        "required_by": sorted(row.required_by),
        "verdicts": [_verdict(verdict) for verdict in row.verdicts],
    }


def _origin(origin: Origin) -> Row:
    return {
        "input": origin.input,
        "path": origin.path,
        "line": origin.line,
        "groups": sorted(origin.groups),
        "extras": sorted(origin.extras),
        "marker": origin.marker,
        "direct": origin.direct,
    }


def _verdict(verdict: Verdict) -> Row:
    return {
        "python": verdict.python,
        "platform": verdict.platform,
        "applies": verdict.applies,
        "status": verdict.status,
        "install": verdict.install,
        "gil": verdict.gil,
        "basis": {"install": verdict.install_basis, "gil": verdict.gil_basis},
        "file": verdict.file and _file(verdict.file),
        "verified": verdict.verified,
        "declared": verdict.declared,
        "stable_abi": verdict.stable_abi and _stable_abi(verdict.stable_abi),
        "modules": in_order(map(_module, verdict.modules), "name", "path"),
        "findings": in_order(map(_finding, verdict.findings), "rule", "message"),
        "undecided": in_order(map(_undecided, verdict.undecided), "rule", "missing", "why"),
        "remedy": _remedy(verdict.remedy),
    }


def _file(file: IndexFile) -> Row:
    return {
        "name": file.name,
        "sha256": file.sha256,
        "size": file.size,
        "uploaded": time(file.uploaded),
        "index": file.index,
    }


def _stable_abi(abi: StableAbi) -> Row:
    return {
        "claimed": abi.claimed,
        "true_to_tag": abi.true_to_tag,
        "from": abi.from_version,
        "claimed_from": abi.claimed_from,
        "beyond": list(abi.beyond),
    }


def _module(module: Module) -> Row:
    return {
        "name": module.name,
        "path": module.path,
        "gil": module.gil,
        "declaration": module.declaration,
        "confidence": module.confidence,
        "format": module.format,
        "arch": module.arch,
        "hook": module.hook,
        "how": module.how,
        "reason": module.reason,
        "why": module.why,
        "generator": module.generator,
        "optional": module.optional,
    }


def _finding(finding: Finding) -> Row:
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "message": finding.message,
        "evidence": in_order(map(_evidence, finding.evidence), "kind", "source", "sha256", "as_of"),
    }


def _evidence(reference: EvidenceRef) -> Row:
    return {
        "kind": reference.kind,
        "source": reference.source,
        "sha256": reference.sha256,
        "as_of": time(reference.as_of),
    }


def _undecided(undecided: Undecided) -> Row:
    return {"rule": undecided.rule, "missing": undecided.missing, "why": undecided.why}


def _remedy(remedy: Remedy) -> Row:
    return {
        "kind": remedy.kind,
        "version": remedy.version,
        "version_all_targets": remedy.version_all_targets,
        "latest": remedy.latest,
        "basis": remedy.basis,
        "basis_all_targets": remedy.basis_all_targets,
        "note": remedy.note,
    }


def _summary(summary: Summary) -> Row:
    return {
        "python": summary.python,
        "platform": summary.platform,
        "verdict": summary.verdict,
        "complete": summary.complete,
        "counts": {status: summary.counts.get(status, 0) for status in Status},
        "oldest_evidence": time(summary.oldest_evidence),
        "knowledge_as_of": summary.knowledge_as_of or None,
    }


def _problem(problem: Problem) -> Row:
    return {
        "input": problem.input,
        "line": problem.line,
        "rule": problem.rule,
        "message": problem.message,
        "severity": problem.severity,
    }
