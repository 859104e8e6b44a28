"""An inspection for programs: JSON version 1, as ``inspect-v1.schema.json`` beside this file describes it.

Keys stand in the order of the schema, lists are sorted. Only ASCII is written, everything else is escaped.
"""

from __future__ import annotations

from ftaudit.model.binary import Confidence, Declaration, How, LimitedApi, Phase
from ftaudit.model.inspection import FileRow, Inspection, ModuleRow
from ftaudit.model.verdict import StableAbi
from ftaudit.render.base import RenderOptions
from ftaudit.render.document import Row, in_order, time, written

SCHEMA_VERSION = 1


def render(inspection: Inspection, options: RenderOptions) -> str:
    """*inspection* as one JSON document; the options change nothing."""
    target = inspection.target
    problems = [{"path": problem.path, "message": problem.message} for problem in inspection.problems]
    return written(
        {
            "schema_version": SCHEMA_VERSION,
            "tool": {"name": "ftaudit", "version": inspection.version},
            "created": time(inspection.created),
            "target": target and {"python": target.python, "platform": target.platform},
            "files": in_order(map(_file, inspection.files), "path", "kind"),
            "problems": in_order(problems, "path", "message"),
        }
    )


def _file(file: FileRow) -> Row:
    return {
        "path": file.path,
        "kind": file.kind,
        "sha256": file.sha256,
        "size": file.size,
        "gil": file.gil,
        "why": file.why,
        "verified": file.verified,
        "modules": [_module(module) for module in file.modules],
        "libraries": sorted(file.libraries),
        "stable_abi": file.stable_abi and _stable_abi(file.stable_abi),
    }


def _module(module: ModuleRow) -> Row:
    declared = module.declared
    return {
        "name": module.name,
        "path": module.path,
        "gil": module.gil,
        "declaration": declared.declaration if declared else Declaration.UNKNOWN,
        "confidence": declared.confidence if declared else Confidence.NONE,
        "format": module.format,
        "arch": module.arch,
        "hook": module.hook,
        "how": declared.how if declared else How.NOT_FOUND,
        "phase": declared.phase if declared else Phase.NONE,
        "reason": module.reason,
        "why": module.why,
        "layout": declared.layout if declared else "",
        "slots": list(declared.slots) if declared else [],
        "steps": declared.steps if declared else 0,
        "custom_create": declared.custom_create if declared else "",
        "provider": declared.provider if declared else "",
        "generator": module.generator,
        "advice": module.advice,
        "advice_note": module.advice_note,
        "optional": module.optional,
        "limited_api": module.limited_api and _limited_api(module.limited_api),
        "loaded": module.loaded,
    }


def _limited_api(api: LimitedApi) -> Row:
    return {
        "since": api.since,
        "since_t": api.since_t,
        "beyond": list(api.beyond),
        "beyond_count": api.beyond_count,
        "beyond_t": list(api.beyond_t),
    }


def _stable_abi(abi: StableAbi) -> Row:
    return {
        "claimed": abi.claimed,
        "true_to_tag": abi.true_to_tag,
        "from": abi.from_version,
        "claimed_from": abi.claimed_from,
        "beyond": list(abi.beyond),
    }
