"""XML to a tree of frozen elements, within limits: no DOCTYPE, so no entity but XML's own five.

The bytes are decoded here, so that the parser sees UTF-8 only, and the whole text at once: expat takes
quadratic time over a long token that comes in pieces (CVE-2023-52425). Comments and processing instructions
are left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

from ftaudit.errors import InputError
from ftaudit.model.text import short
from ftaudit.sources import limits
from ftaudit.sources.reading.decode import text_of

_UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")
_ENCODINGS = frozenset({"utf-8", "utf8", "us-ascii", "utf-16", "utf-16le", "utf-16be"})
_SEPARATOR = " "
"""Between a namespace and a name; expat refuses a namespace that holds it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """An element. ``line`` counts from 1; ``text`` is its own character data without space around it.

    Attributes of a namespace have it before their name, with a space between.
    """

    namespace: str
    name: str
    line: int
    attributes: Mapping[str, str]
    children: tuple[Element, ...]
    text: str


def parse_xml(path: str, content: bytes) -> Element:
    """The root element of an XML document in UTF-8 or, with a byte order mark, UTF-16.

    Raises `InputError` naming the line.
    """
    text = _text(path, content)
    if not text.strip():
        raise InputError(path, "the file is empty")
    # One tag is parsed as a whole, with all its attributes, before anything can be counted.
    if long := re.search(rf"(?:\A|<)[^<]{{{limits.LINE}}}", text):
        place = f"line {text.count(chr(10), 0, long.start()) + 1}"
        raise InputError(path, f"a tag or a text longer than {limits.LINE} characters", place=place)
    builder = _Builder(path)
    try:
        builder.parser.Parse(text.encode(), True)
    except expat.ExpatError as error:
        why = expat.ErrorString(error.code)
        raise InputError(path, f"invalid XML: {why}", place=f"line {error.lineno}") from None
    except MemoryError:
        raise InputError(path, "too large to be read") from None
    return builder.root


def _text(path: str, content: bytes) -> str:
    if not content.startswith(_UTF16_BOMS):
        return text_of(path, content, line_limit=limits.FILE)
    try:
        return content.decode("utf-16")
    except UnicodeDecodeError:
        raise InputError(path, "not UTF-16 text, as its first bytes say") from None


@dataclass(slots=True)
class _Open:
    """An element whose end has not been seen."""

    namespace: str
    name: str
    line: int
    attributes: Mapping[str, str]
    children: list[Element] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)


class _Builder:
    root: Element

    def __init__(self, path: str) -> None:
        self.path = path
        self.nodes = 0
        self.open: list[_Open] = []
        # The encoding given here goes before the one that the document declares.
        self.parser = expat.ParserCreate("utf-8", _SEPARATOR)
        self.parser.buffer_text = True
        self.parser.XmlDeclHandler = self.declaration
        self.parser.StartDoctypeDeclHandler = self.doctype
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.characters

    def error(self, message: str) -> InputError:
        return InputError(self.path, message, place=f"line {self.parser.CurrentLineNumber}")

    def declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and encoding.lower() not in _ENCODINGS:
            raise self.error(f"the encoding {short(encoding)}: only UTF-8 and UTF-16 are read")

    def doctype(self, *_: object) -> None:
        raise self.error("a DOCTYPE: it could define entities, and none are accepted")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.nodes += 1 + len(attributes)
        if self.nodes > limits.NODES:
            raise self.error(f"more than {limits.NODES} elements and attributes")
        if len(self.open) == limits.DEPTH:
            raise self.error(f"nested more than {limits.DEPTH} levels deep")
        namespace, _, local = name.rpartition(_SEPARATOR)
        self.open.append(_Open(namespace, local, self.parser.CurrentLineNumber, attributes))

    def characters(self, text: str) -> None:
        self.open[-1].pieces.append(text)

    def end(self, _name: str) -> None:
        closed = self.open.pop()
        element = Element(
            namespace=closed.namespace,
            name=closed.name,
            line=closed.line,
            attributes=closed.attributes,
            children=tuple(closed.children),
            text="".join(closed.pieces).strip(),
        )
        if self.open:
            self.open[-1].children.append(element)
        else:
            self.root = element
