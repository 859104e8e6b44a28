"""A real file of the shared corpus as our reader and as an independent one has it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ftaudit.model.project import Reading
from ftaudit.sources.registry import choose
from tests.builders.documents import document_at


def read_both(shared: Path, file: str) -> tuple[Reading, dict[str, Any]]:
    """The reading of *file* in the format that its content chooses, and what is expected of it."""
    expected = json.loads((shared / f"corpus/locks/expected/{file.replace('/', '__')}.json").read_text())
    document = document_at(shared / "corpus/locks" / file)
    chosen = choose(document)
    assert chosen is not None
    assert chosen.name == expected["format"]
    return chosen.read(document), expected


def as_expected(reading: Reading) -> dict[str, object]:
    """What is expected of every format: packages, edges as they stand, direct marks."""
    return {
        "packages": sorted([pin.name, pin.version] for pin in reading.pins),
        "edges": sum(len(pin.dependencies or ()) for pin in reading.pins),
        "direct": sorted(pin.name for pin in reading.pins if any(place.direct for place in pin.origins)),
    }


def told(expected: dict[str, Any]) -> dict[str, object]:
    """The same of the independent reader; its kinds of source are its own."""
    packages = sorted([name, version] for name, version, _ in expected["packages"])
    return {"packages": packages, "edges": expected["edges"], "direct": expected["direct"]}


def named_on_their_lines(reading: Reading, text: str) -> bool:
    """Whether every line that a pin gives names it."""
    lines = [line.lower().replace("_", "-").replace(".", "-") for line in text.splitlines()]
    places = [(pin.name, place.line) for pin in reading.pins for place in pin.origins]
    return all(line is not None and name in lines[line - 1] for name, line in places)
