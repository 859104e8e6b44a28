"""XML within limits: what is read of it, and what is refused with its line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ftaudit.errors import InputError
from ftaudit.sources import limits
from ftaudit.sources.reading.decode_xml import Element, parse_xml


def parse(text: str, encoding: str = "utf-8") -> Element:
    return parse_xml("f.xml", text.encode(encoding))


def test_elements_attributes_and_texts() -> None:
    root = parse(
        '<a xmlns="urn:x" b="1 &amp; 2">\n <c/>\n <p:d xmlns:p="urn:y" p:e="3"> x <!-- y -->z\n</p:d></a>'
    )
    assert (root.namespace, root.name, root.line, root.attributes) == ("urn:x", "a", 1, {"b": "1 & 2"})
    c, d = root.children
    assert (c.namespace, c.name, c.line, c.text, c.children) == ("urn:x", "c", 2, "", ())
    assert (d.namespace, d.name, d.line, d.text, d.attributes) == ("urn:y", "d", 3, "x z", {"urn:y e": "3"})


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_utf_8_and_utf_16_are_read(encoding: str) -> None:
    declared = encoding.removesuffix("-sig")
    assert parse(f'<?xml version="1.0" encoding="{declared}"?><a>é</a>', encoding).text == "é"


def test_references_and_cdata_are_text_and_instructions_are_left_out() -> None:
    root = parse('<?xml version="1.0"?><?php x ?><a>&#65;&lt;<![CDATA[<b>]]><?x y?></a>')
    assert root.text == "A<<b>"
    assert root.children == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        (" \n", "the file is empty"),
        ("x", "line 1: invalid XML: syntax error"),
        ("<a>\n<b>\n</a>", "line 3: invalid XML: mismatched tag"),
        ("<a>\n", "line 2: invalid XML: no element found"),
        ("<a/>\n<b/>", "line 2: invalid XML: junk after document element"),
        ("<a b='1'\nb='2'/>", "line 2: invalid XML: duplicate attribute"),
        ("<p:a/>", "line 1: invalid XML: unbound prefix"),
        ("<a>\n&x;</a>", "line 2: invalid XML: undefined entity"),
        ("<a>&#27;</a>", "line 1: invalid XML: reference to invalid character number"),
        ("<a>\x1b</a>", "line 1: invalid XML: not well-formed"),
        ("<a>\0</a>", "line 1: a NUL byte"),
        ("<a>\n<<<<<<< ours\n</a>", "line 2: an unresolved merge conflict"),
        ("\n<!DOCTYPE a>\n<a/>", "line 2: a DOCTYPE"),
        ('<!DOCTYPE a SYSTEM "file:///secret"><a/>', "line 1: a DOCTYPE"),
        ('<!DOCTYPE a [<!ENTITY % x SYSTEM "http://x.example/"> %x;]><a/>', "line 1: a DOCTYPE"),
        ('<?xml version="1.0" encoding="ISO-8859-1"?><a/>', "line 1: the encoding ISO-8859-1: only"),
        ("<a>" * 51, "line 1: nested more than 50 levels deep"),
    ],
)
def test_what_is_refused_with_its_line(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(text)
    assert str(caught.value).startswith(f"f.xml: {message}")
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("start", "padding", "end"), [("<a", " ", "/>"), ("<a>", "x", "</a>"), ("", "x", "")]
)
def test_a_tag_and_a_text_have_a_longest_length(start: str, padding: str, end: str) -> None:
    with pytest.raises(InputError, match=r"^f\.xml: line 1: a tag or a text longer than 1048576 characters$"):
        parse(start + padding * limits.LINE + end)


def test_many_tags_on_one_line_are_read() -> None:
    text = "x" * 1024
    assert len(parse("<a>" + f"<b>{text}</b>" * 2000 + "</a>").children) == 2000


def test_depth_does_not_end_the_parser() -> None:
    with pytest.raises(InputError, match="nested more than 50 levels deep"):
        parse("<a>" * 1_000_000)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<a>\n\xff</a>", "line 2: not UTF-8 text"),
        (b"\xff\xfe\x00\xd8<", "not UTF-16 text"),
        (b"\x1f\x8b\x08", "offset 0: a binary file"),
        ("<a>é</a>".encode("utf-16-le"), "line 1: a NUL byte"),
    ],
)
def test_bytes_that_are_no_text_are_refused(content: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_xml("f.xml", content)


def test_fifty_levels_are_read() -> None:
    element = parse("<a>" * limits.DEPTH + "</a>" * limits.DEPTH)
    for _ in range(limits.DEPTH - 1):
        (element,) = element.children
    assert element.children == ()


@pytest.mark.parametrize("many", ["<b/>" * 10, "<b c='1'/>" * 5, "<b c='1' d='2' e='3' f='4'/>" * 2])
def test_too_many_elements_and_attributes_are_refused(monkeypatch: pytest.MonkeyPatch, many: str) -> None:
    monkeypatch.setattr(limits, "NODES", 10)
    assert parse("<a>" + "<b/>" * 9 + "</a>").children
    with pytest.raises(InputError, match="more than 10 elements and attributes"):
        parse(f"<a>{many}<b/></a>")


@given(st.binary(max_size=60) | st.text(alphabet="<>/ab='\"!?[]&;x-\n ", max_size=60).map(str.encode))
def test_any_bytes_give_a_tree_or_one_line(content: bytes) -> None:
    try:
        told = f"f: {parse_xml('f', content).line}"
    except InputError as error:
        told = error.message
    assert told.startswith("f: ")
    assert told.isprintable()
