"""Typed access to a TOML table or a JSON object: a value of the wrong type is one error naming its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from ftaudit.errors import InputError
from ftaudit.model.text import short
from ftaudit.sources import limits
from ftaudit.sources.base import Document
from ftaudit.sources.reading.decode import parse_json, parse_toml, text_of

T = TypeVar("T")

_KINDS: dict[type, str] = {
    str: "a string",
    bool: "true or false",
    int: "an integer",
    dict: "a table or an object",
    list: "an array",
}


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the file at ``path``; ``place`` is where in it (``package[0]``), empty for the top.

    An accessor whose name begins with ``maybe_`` gives None for an absent key, `texts`, `table` and `tables`
    give an empty value; all others raise `InputError`. A value of the wrong type always does.
    """

    path: str
    place: str = ""
    values: Mapping[str, object] = field(default_factory=dict, repr=False)

    def __contains__(self, key: str) -> bool:
        return key in self.values

    def __iter__(self) -> Iterator[str]:
        return iter(self.values)

    @property
    def line(self) -> int | None:
        """The line that the table begins on, where its format was read with lines (YAML); else None."""
        return getattr(self.values, "line", None)

    def error(self, message: str, key: str = "") -> InputError:
        """The error to raise about this table, or about *key* of it."""
        return InputError(self.path, message, place=self.at(key))

    def at(self, key: str) -> str:
        """The place of *key*, fit to be shown."""
        # Almost every key is a plain word of the reader's own; `short` is for those of the file.
        name = key if key.isalnum() and len(key) < 80 else short(key)
        return f"{self.place}.{name}" if self.place and name else self.place or name

    def text(self, key: str) -> str:
        value = self.maybe_text(key)
        if value is None:
            raise self.error(f"{key} is missing")
        return value

    def maybe_text(self, key: str) -> str | None:
        return self._typed(key, str)

    def maybe_flag(self, key: str) -> bool | None:
        return self._typed(key, bool)

    def maybe_integer(self, key: str) -> int | None:
        return self._typed(key, int)

    def maybe_time(self, key: str) -> datetime | None:
        """A date-time, or a string that holds one (RFC 3339), in UTC; without a zone it is taken as UTC."""
        value = self.values.get(key)
        if value is None:
            return None
        try:
            moment = datetime.fromisoformat(value) if isinstance(value, str) else value
            if isinstance(moment, datetime):
                return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            pass  # said below, as for a value of another type
        raise self.error("must be a date and a time", key)

    def texts(self, key: str) -> tuple[str, ...]:
        """The strings of an array."""
        found = self._typed(key, list) or ()
        for index, item in enumerate(found):
            if not isinstance(item, str):
                raise self.error("must be a string", f"{key}[{index}]")
        return tuple(found)

    def table(self, key: str) -> Table:
        return Table(self.path, self.at(key), self._typed(key, dict) or {})

    def tables(self, key: str) -> tuple[Table, ...]:
        """The tables of an array of tables."""
        found = self.values.get(key, [])
        if not isinstance(found, list):
            raise self.error("must be an array of tables", key)
        return as_tables(self, key, found)

    def groups(self, key: str) -> Iterator[tuple[str, tuple[Table, ...]]]:
        """The arrays of tables in the table at *key*, by name."""
        within = self.table(key)
        for name in within:
            yield name, within.tables(name)

    def _typed(self, key: str, kind: type[T]) -> T | None:
        value = self.values.get(key)
        if value is None and key not in self.values:
            return None
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise self.error(f"must be {_KINDS[kind]}", key)
        return value


def as_tables(owner: Table, key: str, items: list[object]) -> tuple[Table, ...]:
    """*items*, found at *key* of *owner*, each of which must be a table."""
    place = owner.at(key)
    found = []
    for index, item in enumerate(items):
        if not isinstance(item, dict):
            raise owner.error("must be a table or an object", f"{key}[{index}]")
        found.append(Table(owner.path, f"{place}[{index}]", item))
    return tuple(found)


def load_toml(path: str, content: bytes) -> tuple[Table, str]:
    """The top table of a TOML file and its text; raises `InputError`."""
    text = text_of(path, content)
    if not text.strip():
        raise InputError(path, "the file is empty")
    return Table(path, "", parse_toml(path, text)), text


def load_json(path: str, content: bytes, *, line_limit: int = limits.LINE) -> tuple[Table, str]:
    """The top object of a JSON file and its text; raises `InputError`."""
    text = text_of(path, content, line_limit=line_limit)
    if not text.strip():
        raise InputError(path, "the file is empty")
    value = parse_json(path, text)
    if not isinstance(value, dict):
        raise InputError(path, "must be an object", place="top level")
    return Table(path, "", value), text


def load_yaml(path: str, content: bytes) -> Table:
    """The top mapping of a YAML file; every table in it knows its line. Raises `InputError`."""
    from ftaudit.sources.reading.decode_yaml import parse_yaml  # imports yaml, which most runs do not need

    text = text_of(path, content)
    if not text.strip():
        raise InputError(path, "the file is empty")
    value = parse_yaml(path, text)
    if not isinstance(value, dict):
        raise InputError(path, "must be a mapping", place="top level")
    return Table(path, "", value)


def beside(document: Document, name: str) -> Table | None:
    """The TOML file *name* in the folder of *document*, or None where there is none.

    Raises `InputError` when it cannot be parsed and `ftaudit.errors.RefusedError` when it may not be read:
    what it declares decides which index is asked for a name, so it is never guessed.
    """
    folder, _, own = document.place.rpartition("/")
    if name not in document.tree.entries(folder):
        return None
    shown = document.path.removesuffix(own) + name if document.path.endswith(own) else name
    place = f"{folder}/{name}" if folder else name
    content = document.tree.read(place, asked_by=document.path, limit=limits.PROJECT_FILE)
    text = text_of(shown, content)
    return Table(shown, "", parse_toml(shown, text))
