"""The report for programs: JSON version 1, as ``report-v1.schema.json`` beside this file describes it.

Keys stand in the order of the schema. Lists are sorted, except that targets, verdicts and summary keep the
order in which the targets were asked for. Only ASCII is written, everything else is escaped.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, TypeAlias

from ftaudit.model.evidence import IndexFile
from ftaudit.model.project import MadeFor, Origin, Problem
from ftaudit.model.report import InputRow, PackageRow, Report, Summary
from ftaudit.model.text import mask
from ftaudit.model.verdict import EvidenceRef, Finding, Module, Remedy, StableAbi, Status, Undecided, Verdict
from ftaudit.render.base import RenderOptions

Row: TypeAlias = dict[str, Any]
SCHEMA_VERSION = 1


def render(report: Report, options: RenderOptions) -> str:
    """*report* as one JSON document; the options change nothing."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "ftaudit", "version": report.version},
        "created": _time(report.created),
        "inputs": _sorted(map(_input, report.inputs), "path", "format", "sha256"),
        "targets": [{"python": row.python, "platform": row.platform} for row in report.targets],
        "packages": _sorted(map(_package, report.packages), "name", "version", "source", "location"),
        "summary": [_summary(row) for row in report.summary],
        "problems": _sorted(map(_problem, report.problems), "input", "line", "rule", "message"),
    }
    return _lines(_clean(document))


def _lines(document: Row) -> str:
    """*document* with each element of its lists on a line: a difference shows the packages that differ. (With
    ``indent`` the standard library's encoder is the one written in Python, and takes ten times as long.)"""
    parts = []
    for key, value in document.items():
        if isinstance(value, list) and value:
            rows = ",\n".join(f"    {_encoded(row)}" for row in value)
            parts.append(f"  {_encoded(key)}: [\n{rows}\n  ]")
        else:
            parts.append(f"  {_encoded(key)}: {_encoded(value)}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _encoded(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True, allow_nan=False)


def _input(row: InputRow) -> Row:
    return {
        "path": row.path,
        "format": row.format,
        "sha256": row.sha256,
        "pins": row.pins,
        "unpinned": row.unpinned,
        "made_for": _made_for(row.made_for),
    }


def _made_for(made_for: MadeFor | None) -> Row | None:
    return None if made_for is None else {"python": made_for.python, "platform": made_for.platform}


def _package(row: PackageRow) -> Row:
    return {
        "name": row.name,
        "version": row.version,
        "source": row.source,
        "location": row.location,
        "origins": _sorted(map(_origin, row.origins), "input", "path", "line", "groups", "extras", "marker"),
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
        "declared": verdict.declared,
        "stable_abi": verdict.stable_abi and _stable_abi(verdict.stable_abi),
        "modules": _sorted(map(_module, verdict.modules), "name", "path"),
        "findings": _sorted(map(_finding, verdict.findings), "rule", "message"),
        "undecided": _sorted(map(_undecided, verdict.undecided), "rule", "missing", "why"),
        "remedy": _remedy(verdict.remedy),
    }


def _file(file: IndexFile) -> Row:
    return {
        "name": file.name,
        "sha256": file.sha256,
        "size": file.size,
        "uploaded": _time(file.uploaded),
        "index": file.index,
    }


def _stable_abi(abi: StableAbi) -> Row:
    return {"claimed": abi.claimed, "true_to_tag": abi.true_to_tag, "from": abi.from_version}


def _module(module: Module) -> Row:
    return {
        "name": module.name,
        "path": module.path,
        "gil": module.gil,
        "declaration": module.declaration,
        "confidence": module.confidence,
        "format": module.format,
        "arch": module.arch,
    }


def _finding(finding: Finding) -> Row:
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "message": finding.message,
        "evidence": _sorted(map(_evidence, finding.evidence), "kind", "source", "sha256", "as_of"),
    }


def _evidence(reference: EvidenceRef) -> Row:
    return {
        "kind": reference.kind,
        "source": reference.source,
        "sha256": reference.sha256,
        "as_of": _time(reference.as_of),
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
        "note": remedy.note,
    }


def _summary(summary: Summary) -> Row:
    return {
        "python": summary.python,
        "platform": summary.platform,
        "verdict": summary.verdict,
        "complete": summary.complete,
        "counts": {status: summary.counts.get(status, 0) for status in Status},
        "oldest_evidence": _time(summary.oldest_evidence),
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


def _time(moment: datetime | None) -> str | None:
    """RFC 3339 in UTC. A time without a zone is one that an index served, and PEP 700 says UTC."""
    if moment is None:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def _sorted(rows: Iterable[Row], *keys: str) -> list[Row]:
    """*rows* by the values of *keys*, None first."""
    return sorted(rows, key=lambda row: [((value := row[key]) is not None, value) for key in keys])


def _clean(value: Any) -> Any:
    """*value* with credentials masked and lone surrogates (undecodable file names), which strict readers
    refuse, written as text."""
    match value:
        case str():
            masked = mask(value)
            if masked.isascii():
                return masked
            return masked.encode("utf-8", "backslashreplace").decode("utf-8")
        case dict():
            return {str(key): _clean(inner) for key, inner in value.items()}
        case list():
            return [_clean(inner) for inner in value]
        case _:
            return value
