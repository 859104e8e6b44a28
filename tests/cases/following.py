"""From an input to everything that is written of it: the report in every format, or the error."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]

import ftaudit.render
from ftaudit.cli.messages import LONGEST
from ftaudit.concurrency import Scope
from ftaudit.knowledge.targets import target
from ftaudit.model.text import short
from ftaudit.pipeline import audit
from ftaudit.render.base import RenderOptions
from ftaudit.render.registry import RENDERERS
from ftaudit.sources.collect import Collected, collect
from ftaudit.sources.scratch import Scratch
from tests.builders.values import NOW, FakeIndex
from tests.cases.words import plain, wrong_with, wrong_with_markdown

TARGETS = (target("3.14t", "linux-x86_64"),)
_NARROW = RenderOptions(width=30, verbose=True)
_TERMINAL = RenderOptions(width=100, colour=True, encoding="ascii")
"""In which colours are the only control sequences."""
SCHEMA: Any = json.loads((Path(ftaudit.render.__file__).parent / "report-v1.schema.json").read_text("utf-8"))
_VALID = jsonschema.Draft202012Validator(SCHEMA)


def collected(*paths: str, folder: Path, python_gil: str | None = None) -> Collected:
    """What is read of *paths* in *folder*."""
    with Scratch() as scratch:
        return collect(paths, cwd=folder, scratch=scratch, python_gil=python_gil)


def outputs(found: Collected) -> dict[str, str]:
    """All that is written of what was *found*, by a name for it."""
    told = {}
    for number, error in enumerate(found.errors):
        told[f"error {number}"] = f"error: {short(error.message, LONGEST)}"
        told[f"help {number}"] = f"help: {short(error.advice, LONGEST)}"
    if not found.readings:
        return told
    done = audit(
        found.readings,
        found.errors,
        TARGETS,
        FakeIndex(),
        jobs=1,
        scope=Scope(),
        now=NOW,
        version="0",
        problems=found.problems,
    )
    written = {renderer.name: renderer.render(done.report, RenderOptions()) for renderer in RENDERERS}
    (text,) = [renderer for renderer in RENDERERS if renderer.name == "text"]
    narrow, terminal = (text.render(done.report, options) for options in (_NARROW, _TERMINAL))
    return {**told, **written, "narrow text": narrow, "terminal": plain(terminal)}


def followed(found: Collected) -> list[str]:
    """What is wrong with any of the outputs, each with the name of the output."""
    written = outputs(found)
    wrong = [f"{name}: {one}" for name, output in written.items() for one in wrong_with(output)]
    wrong += [f"markdown: {one}" for one in wrong_with_markdown(written.get("markdown", ""))]
    if "json" in written:
        report = json.loads(written["json"])
        wrong += [f"json: {error.message[:200]}" for error in _VALID.iter_errors(report)]
    return wrong


def errors(found: Collected) -> Sequence[str]:
    """The errors, each of which must be one line of a length that can be read, whatever is in the input."""
    lines = [error.message for error in found.errors]
    assert all(line.isprintable() and len(line) < 600 for line in lines)
    return lines
