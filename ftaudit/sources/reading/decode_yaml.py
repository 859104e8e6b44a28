"""YAML to plain values, out of the parser's events alone: nothing is loaded, constructed or followed.

Only what locks use is taken. Aliases, anchors, tags, merge keys and a second document are refused, as are
duplicate keys, so a document cannot grow beyond its own text; nesting stops at the limit before anything
could recurse with it (libyaml's loader dies of 100,000 brackets, its parser does not).

Plain scalars are those of YAML 1.2's core schema, without floats and timestamps: a version stays the text
that it is. https://yaml.org/spec/1.2.2/#103-core-schema
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

from ftaudit.errors import InputError
from ftaudit.model.text import short
from ftaudit.sources import limits

# The C parser where PyYAML was built with it: ten times as fast, and the same events.
_LOADER: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_INTEGER = re.compile(r"[-+]?[0-9]+")
_WORDS: dict[str, object] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


class Mapping(dict[str, object]):
    """A mapping that knows the line it begins on, counted from 1."""

    __slots__ = ("line",)
    line: int


def parse_yaml(path: str, text: str) -> object:
    """The value of a YAML document that `text_of` gave, made of `Mapping`, list, str, int, bool and None;
    raises `InputError` naming the line."""
    try:
        return _Builder(path).build(yaml.parse(text, Loader=_LOADER))
    except yaml.reader.ReaderError as error:
        place = f"line {text.count(chr(10), 0, error.position) + 1}"
        raise InputError(path, "invalid YAML: a character that it does not allow", place=place) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"line {mark.line + 1}" if mark else ""
        why = short(error.problem or error.context or "cannot be parsed")
        raise InputError(path, f"invalid YAML: {why}", place=place) from None
    except (yaml.YAMLError, RecursionError, MemoryError):
        raise InputError(path, "invalid YAML: cannot be parsed") from None


class _Builder:
    def __init__(self, path: str) -> None:
        self.path = path
        self.nodes = 0

    def build(self, events: Iterator[yaml.Event]) -> object:
        """The one document of *events*."""
        # What is open: each a mapping with the key that waits for its value, or a list.
        open_nodes: list[tuple[Mapping | list[object], list[str]]] = []
        documents = 0
        result: object = None
        for event in events:
            if isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
                open_nodes.pop()
                continue
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self._error(event, "a second document")
            if not isinstance(event, yaml.NodeEvent):
                continue
            value = self._value(event)
            if not open_nodes:
                result = value
            else:
                self._put(event, value, *open_nodes[-1])
            if isinstance(value, (Mapping, list)):
                open_nodes.append((value, []))
                if len(open_nodes) > limits.DEPTH:
                    raise self._error(event, f"nested more than {limits.DEPTH} levels deep")
        return result

    def _put(
        self, event: yaml.NodeEvent, value: object, parent: Mapping | list[object], waiting: list[str]
    ) -> None:
        if isinstance(parent, list):
            parent.append(value)
        elif waiting:
            parent[waiting.pop()] = value
        else:
            waiting.append(self._key(event, parent))

    def _key(self, event: yaml.NodeEvent, parent: Mapping) -> str:
        if not isinstance(event, yaml.ScalarEvent):
            raise self._error(event, "a key that is no text")
        key: str = event.value
        if key == "<<" and event.implicit[0]:
            raise self._error(event, "a merge key, which no lock uses")
        if key in parent:
            raise self._error(event, f"duplicate key {short(key)}")
        return key

    def _value(self, event: yaml.NodeEvent) -> object:
        self.nodes += 1
        if self.nodes > limits.NODES:
            raise self._error(event, f"more than {limits.NODES} values")
        if isinstance(event, yaml.AliasEvent):
            raise self._error(event, "an alias, which no lock uses")
        if event.anchor is not None:
            raise self._error(event, "an anchor, which no lock uses")
        if not isinstance(event, (yaml.ScalarEvent, yaml.CollectionStartEvent)):
            raise self._error(event, "neither a scalar nor a collection")
        if event.tag is not None:
            raise self._error(event, f"the tag {short(event.tag)}: tags are not accepted")
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event)
        if isinstance(event, yaml.SequenceStartEvent):
            return []
        made = Mapping()
        made.line = _line(event)
        return made

    def _scalar(self, event: yaml.ScalarEvent) -> object:
        text: str = event.value
        if not event.implicit[0]:  # quoted, or a block
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _INTEGER.fullmatch(text):
            if len(text) > limits.DIGITS:
                raise self._error(event, f"a number of more than {limits.DIGITS} digits")
            return int(text)
        return text

    def _error(self, event: yaml.Event, message: str) -> InputError:
        return InputError(self.path, message, place=f"line {_line(event)}")


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 0
