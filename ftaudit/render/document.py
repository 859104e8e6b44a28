"""What the JSON formats share: only ASCII, a row on a line, the same bytes for the same facts."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, TypeAlias

from ftaudit.model.text import mask

Row: TypeAlias = dict[str, Any]


def written(document: Row) -> str:
    """*document* with each element of its lists on a line: a difference shows what differs. (With ``indent``
    the standard library's encoder is the one written in Python, and takes ten times as long.)"""
    parts = []
    for key, value in _clean(document).items():
        if isinstance(value, list) and value:
            rows = ",\n".join(f"    {_encoded(row)}" for row in value)
            parts.append(f"  {_encoded(key)}: [\n{rows}\n  ]")
        else:
            parts.append(f"  {_encoded(key)}: {_encoded(value)}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def time(moment: datetime | None) -> str | None:
    """RFC 3339 in UTC. A time without a zone is one that an index served, and PEP 700 says UTC."""
    if moment is None:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def in_order(rows: Iterable[Row], *keys: str) -> list[Row]:
    """*rows* by the values of *keys*, None first."""
    return sorted(rows, key=lambda row: [((value := row[key]) is not None, value) for key in keys])


def _encoded(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=True, allow_nan=False)
    # To whoever parses it the same string; to a CI service that reads the log no command: `model.text.short`
    return text.replace("##", r"#\u0023")


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
