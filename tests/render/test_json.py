"""JSON version 1: it validates, strictly, and the published schema says what the values can be."""

from __future__ import annotations

import copy
import dataclasses
import json
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

import ftaudit.render
from ftaudit.model.project import Severity, SourceKind
from ftaudit.model.verdict import Basis, Gil, Install, Level, RemedyKind, Status
from ftaudit.render.base import RenderOptions
from ftaudit.render.json import render
from tests.render.scenarios import NOT_READ, NOW, SCENARIOS, YANKED, package, report, verdict

SCHEMA: dict[str, Any] = json.loads(
    (Path(ftaudit.render.__file__).parent / "report-v1.schema.json").read_text(encoding="utf-8")
)
DEFS = SCHEMA["$defs"]


def strict(schema: Any) -> Any:
    """The schema as our own output must meet it: no unknown key, no unknown value of an enumeration."""
    if isinstance(schema, list):
        return [strict(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    arms = schema.get("anyOf", [])
    if arms and "enum" in arms[0]:
        nullable = [{"type": "null"}] if arms[1]["type"] == ["string", "null"] else []
        return {"anyOf": [arms[0], *nullable]}
    made = {key: strict(inner) for key, inner in schema.items()}
    if "properties" in schema and "required" in schema:
        made["additionalProperties"] = False
        made["required"] = list(schema["properties"])
    return made


STRICT = jsonschema.Draft202012Validator(strict(SCHEMA))
PUBLISHED = jsonschema.Draft202012Validator(SCHEMA)


def made(scenario: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(render(SCENARIOS[scenario](), RenderOptions()))
    return document


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.Draft202012Validator.check_schema(strict(SCHEMA))


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_output_validates(scenario: str) -> None:
    document = made(scenario)
    STRICT.validate(document)
    PUBLISHED.validate(document)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("schema_version",), 2),
        (("created",), "2026-11-22T09:30:00+00:00"),
        (("packages", 0, "verdicts", 0, "status"), "fine"),
        (("packages", 0, "verdicts", 0, "declared"), 5),
        (("packages", 0, "verdicts", 0, "remedy", "kind"), "pray"),
        (("packages", 0, "origins", 0, "line"), 0),
        (("packages", 0, "surprise"), 1),
        (("summary", 0, "counts", "blocked"), -1),
    ],
)
def test_the_strict_schema_refuses(path: tuple[Any, ...], value: object) -> None:
    document = made("each-status")
    place: Any = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    assert not STRICT.is_valid(document)


def test_the_published_schema_lets_keys_and_enumerations_grow() -> None:
    document = copy.deepcopy(made("each-status"))
    document["packages"][0]["verdicts"][0]["status"] = "to-be-invented"
    document["packages"][0]["to-be-invented"] = 1
    PUBLISHED.validate(document)
    assert not STRICT.is_valid(document)


@pytest.mark.parametrize(
    ("enumeration", "schema"),
    [
        (Status, DEFS["status"]),
        (Install, DEFS["install"]),
        (Gil, DEFS["gil"]),
        (Basis, DEFS["basis"]),
        (SourceKind, DEFS["package"]["properties"]["source"]),
        (Level, DEFS["finding"]["properties"]["severity"]),
        (Severity, DEFS["problem"]["properties"]["severity"]),
        (RemedyKind, DEFS["remedy"]["properties"]["kind"]),
    ],
)
def test_enumerations_are_those_of_the_model(enumeration: type[StrEnum], schema: dict[str, Any]) -> None:
    assert schema["anyOf"][0]["enum"] == [str(member) for member in enumeration]
    assert list(DEFS["summary"]["properties"]["counts"]["properties"]) == [str(status) for status in Status]


def test_every_key_is_described_and_in_the_order_of_the_schema() -> None:
    def check(value: Any, schema: dict[str, Any]) -> None:
        schema = DEFS[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
        if isinstance(value, dict):
            assert list(value) == list(schema["properties"])
            for key, inner in schema["properties"].items():
                assert inner.get("description") or "$ref" in inner, key
                arms = inner.get("anyOf", [inner])
                check(value[key], arms[0])
        elif isinstance(value, list) and value:
            check(value[0], schema["items"])

    check(made("each-status"), SCHEMA)


def test_order_of_facts_does_not_matter() -> None:
    row = package(
        "a",
        "1",
        verdict(findings=(YANKED, dataclasses.replace(YANKED, rule="a")), undecided=(NOT_READ,)),
        required_by=("y", "x"),
    )
    first = report(row, package("b"), problems=SCENARIOS["not-complete"]().problems)
    turned = dataclasses.replace(
        row,
        required_by=row.required_by[::-1],
        verdicts=(dataclasses.replace(row.verdicts[0], findings=row.verdicts[0].findings[::-1]),),
    )
    second = dataclasses.replace(
        first, packages=(first.packages[1], turned), problems=first.problems[::-1], inputs=first.inputs[::-1]
    )
    assert render(first, RenderOptions()) == render(second, RenderOptions())


@pytest.mark.parametrize(
    ("moment", "written"),
    [
        (NOW, "2026-11-22T09:30:00Z"),
        (datetime(2026, 11, 22, 10, 30, tzinfo=timezone(timedelta(hours=1))), "2026-11-22T09:30:00Z"),
        (datetime(2026, 11, 22, 9, 30), "2026-11-22T09:30:00Z"),  # noqa: DTZ001
        (datetime(2026, 1, 2, 3, 4, 5, 60, tzinfo=UTC), "2026-01-02T03:04:05.000060Z"),
    ],
)
def test_times_are_utc(moment: datetime, written: str) -> None:
    assert json.loads(render(report(created=moment), RenderOptions()))["created"] == written


def test_options_change_nothing() -> None:
    first = render(SCENARIOS["unicode"](), RenderOptions())
    assert first == render(
        SCENARIOS["unicode"](), RenderOptions(width=40, colour=True, verbose=True, encoding="ascii")
    )
    assert first.isascii()
