"""Bytes from outside to text, TOML and JSON, within limits.

Whatever is wrong with a file becomes one `InputError` that names the line. The standard parsers are handed
only what they can bear: tomllib takes hours and gigabytes over one dotted key of many thousand parts
(https://github.com/hukkin/tomli, guarded there since 2.5.0), and both recurse with the nesting.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, pairwise

from ftaudit.errors import InputError
from ftaudit.model.text import short
from ftaudit.sources import limits

_GZIP = b"\x1f\x8b"
_UTF8_BOM = b"\xef\xbb\xbf"
_UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")
_CONFLICT = b"\n<<<<<<<"

# Strings and comments are taken out before brackets are counted. Every quantifier is possessive, so that the
# time is linear whatever the text; an unclosed string matches nothing and is left to the parser.
_BASIC = r'"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+"'
_TOML_OPAQUE = re.compile(
    r'"""[^"\\]*+(?:(?:\\.|"(?!""))[^"\\]*+)*+"""'
    r"|'''[^']*+(?:'(?!'')[^']*+)*+'''"
    rf"|{_BASIC}|'[^'\n]*+'|\#[^\n]*+",
    re.DOTALL,
)
_JSON_OPAQUE = re.compile(_BASIC)
# What is most of a lock: long plain strings, and inline tables of plain strings and numbers.
_LONG = r'"([^"\\\x00-\x1f\x7f]{16,}+)"(?=[ \t]*+[,\r\n])'
_PAIRED = r'[ \t]*+[\w-]++[ \t]*+=[ \t]*+(?:"[^"\\\x00-\x1f\x7f]*+"|0|[1-9][0-9]{0,17}+)[ \t]*+'
_BULK = re.compile(rf"{_LONG}|{_TOML_OPAQUE.pattern}|(\{{{_PAIRED}(?:,{_PAIRED})*+\}})", re.DOTALL | re.ASCII)
_MEMBER = re.compile(r'([\w-]++)[ \t]*+=[ \t]*+(?:"([^"]*+)"|([0-9]++))', re.ASCII)
_TAKEN_OUT = "+0e"
_NOT_BRACKET = re.compile(r"[^\[\]{}]++")
_PAIR = re.compile(r"\[\]|\{\}")
_OPENED = r"(?:[\[{][ \t\r\n]*+)"
_DOTTED = re.compile(rf"(?<![\w-])(?:[\w-]++[ \t]*+\.[ \t]*+){{{limits.KEY_PARTS}}}")
_TOML_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)\Z")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_TO_OBJECT = r"[ \t\r\n]*+:[ \t\r\n]*+\{"
_OBJECT_KEY = re.compile(
    rf'(?:[^"]++|{_BASIC}(?!{_TO_OBJECT}))*+"([^"\\\n]*+(?:\\.[^"\\\n]*+)*+)"{_TO_OBJECT}'
)


def text_of(path: str, content: bytes, *, line_limit: int = limits.LINE) -> str:
    """The UTF-8 text of *content* without its BOM; raises `InputError` for what is no such text.

    *line_limit* is in characters; formats that tools write on one line have none of their own.
    """
    if content.startswith(_GZIP):
        raise InputError(path, "a binary file (gzip), not text", place="offset 0")
    if content.startswith(_UTF16_BOMS):
        raise InputError(path, "UTF-16 text, where UTF-8 is expected", place="line 1")
    content = content.removeprefix(_UTF8_BOM)
    if (offset := content.find(b"\0")) >= 0:
        raise InputError(
            path, "a NUL byte: this is a binary file", place=_line(content.count(b"\n", 0, offset))
        )
    if (offset := (b"\n" + content).find(_CONFLICT)) >= 0:
        raise InputError(
            path,
            "an unresolved merge conflict (<<<<<<<)",
            place=_line(content.count(b"\n", 0, offset)),
            advice="resolve the conflict and lock again",
        )
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(path, "not UTF-8 text", place=_line(content.count(b"\n", 0, error.start))) from None
    if len(text) > line_limit:
        for number, line in enumerate(text.split("\n"), 1):
            if len(line) > line_limit:
                raise InputError(path, f"a line longer than {line_limit} characters", place=f"line {number}")
    return text


def parse_toml(path: str, text: str) -> dict[str, object]:
    """The table of a TOML document that `text_of` gave; raises `InputError` naming the line."""
    plain = _TOML_OPAQUE.sub('""', text)
    _refuse_deep(path, text, plain)
    _refuse_many(path, plain, "=,[")
    _refuse_dotted(path, text)
    try:
        return _loaded(text)
    except tomllib.TOMLDecodeError as error:
        raise _toml_error(path, text, str(error)) from None
    except (RecursionError, MemoryError):
        raise InputError(path, "nested too deep, or too large to be read") from None
    except ValueError:
        raise InputError(path, f"invalid TOML: a number of more than {limits.DIGITS} digits") from None


class _TakenOut(int):
    """Stands where a table was that tomllib was not shown: its number."""


def _loaded(text: str) -> dict[str, object]:
    """What tomllib makes of *text*, in half the time.

    It goes through strings character by character, and they are most of a lock. So the plain ones are taken
    out, and it is handed a float in the place of each: with a sign it can stand nowhere but where a value
    can. What it does not accept that way, it is shown as it is.
    """
    if _TAKEN_OUT in text:
        return tomllib.loads(text)
    found: list[str | dict[str, object]] = []

    def taken_out(match: re.Match[str]) -> str:
        value = match[1] or _table(match[2] or "")
        if not value:
            return match[0]
        found.append(value)
        return f" {_TAKEN_OUT}{len(found) - 1} "

    def number(digits: str) -> object:
        if not digits.startswith(_TAKEN_OUT):
            return float(digits)
        place = int(digits.removeprefix(_TAKEN_OUT))
        value = found[place]
        return value if isinstance(value, str) else _TakenOut(place)

    try:
        top = tomllib.loads(_BULK.sub(taken_out, text), parse_float=number)
    except tomllib.TOMLDecodeError:
        return tomllib.loads(text)
    _put_back(top, found)
    return top


def _table(text: str) -> dict[str, object] | None:
    """The inline table *text* of plain strings and numbers, or None where a key stands there twice."""
    members = _MEMBER.findall(text)
    table: dict[str, object] = {key: int(digits) if digits else plain for key, plain, digits in members}
    return table if len(table) == len(members) else None


def _put_back(top: dict[str, object], tables: Sequence[object]) -> None:
    waiting: list[dict[str, object] | list[object]] = [top]
    while waiting:
        found = waiting.pop()
        if isinstance(found, dict):
            found.update((k, tables[v]) for k, v in found.items() if isinstance(v, _TakenOut))
            waiting += (value for value in found.values() if isinstance(value, (dict, list)))
        else:
            found[:] = [tables[value] if isinstance(value, _TakenOut) else value for value in found]
            waiting += (value for value in found if isinstance(value, (dict, list)))


def parse_json(path: str, text: str) -> object:
    """The value of a JSON document that `text_of` gave; raises `InputError` naming the line or the key."""
    plain = _JSON_OPAQUE.sub('""', text)
    _refuse_deep(path, text, plain)
    _refuse_many(path, plain, ",[{")
    hooks = _Hooks()
    try:
        value: object = json.loads(
            text,
            object_pairs_hook=hooks.table,
            parse_int=hooks.integer,
            parse_constant=hooks.constant,
        )
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise InputError(path, f"invalid JSON: {error.msg}", place=place) from None
    except (RecursionError, MemoryError):
        raise InputError(path, "nested too deep, or too large to be read") from None
    if _SURROGATE.search(text):
        _refuse_surrogates(path, value)
    for place, found in _walk(value) if hooks.refused else ():
        for refused, key, why in hooks.refused:
            if found is refused:
                raise InputError(path, why, place=f"{place}.{key}".strip("."))
    return value


class _Hooks:
    """Notes what JSON may not hold, so that it can be refused once it is known where it is."""

    def __init__(self) -> None:
        self.refused: list[tuple[object, str, str]] = []

    def _refuse(self, value: object, key: str, why: str) -> None:
        if not self.refused:
            self.refused.append((value, key, why))

    def table(self, items: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(items)
        if len(found) != len(items):
            counted = Counter(key for key, _ in items)
            key = short(next(key for key, count in counted.items() if count > 1))
            self._refuse(found, key, f"duplicate key {key}")
        return found

    def integer(self, digits: str) -> object:
        if len(digits) <= limits.DIGITS:
            return int(digits)
        return self.constant(f"a number of more than {limits.DIGITS} digits")

    def constant(self, text: str) -> object:
        value = object()
        self._refuse(value, "", f"{text} is not accepted in JSON")
        return value


def entry_lines(text: str, header: str, count: int) -> tuple[int | None, ...]:
    """The line of the ``name`` of each of *count* ``[[header]]`` entries, or of the header without one.

    All None where the entries are not written that way (an inline array). Linear in the text.
    """
    text = "\n" + text
    starts = [match.start() for match in re.finditer(rf"\n[ \t]*+\[\[[ \t]*+{header}[ \t]*+\]\]", text)]
    if len(starts) != count:
        return (None,) * count
    name = re.compile(r"\n[ \t]*+name[ \t]*+=")
    places = []
    for start, end in pairwise([*starts, len(text)]):
        match = name.search(text, start, end)
        places.append(match.start() if match else start)
    counts = (text.count("\n", begin, end) for begin, end in pairwise([0, *places]))
    return tuple(newlines + 1 for newlines in accumulate(counts))


def key_lines(text: str) -> Iterator[tuple[str, int]]:
    """Every key of a JSON text that has an object as its value, in file order, with its line."""
    line, position = 1, 0
    while match := _OBJECT_KEY.match(text, position):
        line += text.count("\n", position, match.start(1))
        yield match[1], line
        line += text.count("\n", match.start(1), match.end())
        position = match.end()


def member_lines(text: str, key: str, count: int) -> tuple[int | None, ...]:
    """The line of each of *count* members named *key* in a JSON text, in file order.

    All None where there are more or fewer of them. In a string the quotes round a name are escaped, so no
    text can pass for a member. Linear in the text.
    """
    places = [match.start() for match in re.finditer(rf'"{key}"[ \t\r\n]*+:', text)]
    if len(places) != count:
        return (None,) * count
    newlines = (text.count("\n", begin, end) for begin, end in pairwise([0, *places]))
    return tuple(before + 1 for before in accumulate(newlines))


def _line(newlines_before: int) -> str:
    return f"line {newlines_before + 1}"


def _refuse_deep(path: str, text: str, plain: str) -> None:
    """Raises for brackets nested more than `limits.DEPTH` deep: pairs are taken out once for each level."""
    brackets = _NOT_BRACKET.sub("", plain)
    for _ in range(limits.DEPTH):
        shorter = _PAIR.sub("", brackets)
        if len(shorter) == len(brackets):
            break
        brackets = shorter
    # What is left of a balanced text is its deeper levels; of a broken one, what the parser will refuse.
    if _PAIR.search(brackets) or re.search(rf"[\[{{]{{{limits.DEPTH + 1}}}", brackets):
        opened = re.search(rf"{_OPENED}{{{limits.DEPTH}}}", text)
        place = _line(text.count("\n", 0, opened.start())) if opened else ""
        raise InputError(path, f"nested more than {limits.DEPTH} levels deep", place=place)


def _refuse_many(path: str, plain: str, marks: str) -> None:
    """Raises for more than `limits.NODES` values; *marks* are what stands before or after each of them."""
    if sum(map(plain.count, marks)) > limits.NODES:
        raise InputError(path, f"more than {limits.NODES} values")


def _refuse_dotted(path: str, text: str) -> None:
    """Raises for a dotted key of more than `limits.KEY_PARTS` parts (a key ends with its line)."""
    for number, line in enumerate(text.split("\n"), 1):
        if line.count(".") >= limits.KEY_PARTS and _DOTTED.search(_TOML_OPAQUE.sub("s", line)):
            raise InputError(path, f"a key of more than {limits.KEY_PARTS} parts", place=f"line {number}")


def _toml_error(path: str, text: str, message: str) -> InputError:
    place = _TOML_PLACE.search(message)
    reason = message[: place.start()] if place else message
    if reason == "Cannot overwrite a value":
        reason = "duplicate key"
    line = int(place[1]) if place and place[1] else text.count("\n") + 1
    if line == 1 and text.lstrip().startswith("{"):
        return InputError(path, "not TOML: this looks like JSON", place="line 1")
    return InputError(path, f"invalid TOML: {short(reason)}", place=f"line {line}")


def _refuse_surrogates(path: str, value: object) -> None:
    """Half of a surrogate pair is no character: it could not be written to any report."""
    for place, found in _walk(value):
        for text in found if isinstance(found, dict) else [found]:
            if isinstance(text, str) and any("\ud800" <= character <= "\udfff" for character in text):
                raise InputError(path, "half of a surrogate pair is no character", place=place)


def _walk(value: object) -> Iterator[tuple[str, object]]:
    """Every value below *value* with its place (``default.numpy``), parents first."""
    waiting: list[tuple[str, object]] = [("", value)]
    while waiting:
        place, found = waiting.pop()
        yield place, found
        if isinstance(found, Mapping):
            waiting += [(f"{place}.{short(str(k))}" if place else short(str(k)), v) for k, v in found.items()]
        elif isinstance(found, list):
            waiting += [(f"{place}[{index}]", item) for index, item in enumerate(found)]
