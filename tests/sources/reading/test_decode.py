"""Bytes to text, TOML and JSON: every limit, and a passing case beside each."""

from __future__ import annotations

import json
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ftaudit.errors import InputError
from ftaudit.sources import limits
from ftaudit.sources.reading.decode import (
    entry_lines,
    key_lines,
    parse_json,
    parse_toml,
    text_of,
)


def refused(error: pytest.ExceptionInfo[InputError]) -> tuple[str, str]:
    return error.value.place, error.value.reason


# -- text --


@pytest.mark.parametrize(
    ("content", "place", "words"),
    [
        (b"\x1f\x8b\x08rest", "offset 0", "gzip"),
        (b"a\nb\0c", "line 2", "NUL"),
        (b"\xff\xfea\0", "line 1", "UTF-16"),
        (b"\xfe\xff\0a", "line 1", "UTF-16"),
        (b"a\nb\n\xff", "line 3", "not UTF-8"),
        (b"a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> x\n", "line 2", "merge conflict"),
        (b"<<<<<<< HEAD\n", "line 1", "merge conflict"),
        (b"a\n" + b"b" * (limits.LINE + 1), "line 2", "longer than"),
    ],
)
def test_what_is_no_text_is_refused_with_its_place(content: bytes, place: str, words: str) -> None:
    with pytest.raises(InputError) as error:
        text_of("f", content)
    assert refused(error)[0] == place
    assert words in refused(error)[1]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", ""),
        (b"\xef\xbb\xbfa", "a"),
        ("é\r\n".encode(), "é\r\n"),
        (b"a <<<<<<< b", "a <<<<<<< b"),
        (b"a\n" + b"b" * limits.LINE, "a\n" + "b" * limits.LINE),
    ],
)
def test_text_is_read(content: bytes, text: str) -> None:
    assert text_of("f", content) == text


def test_a_line_of_50_mb_is_refused_without_being_repeated() -> None:
    with pytest.raises(InputError) as error:
        text_of("uv.lock", b'version = 1\nrequires-python = "' + b"x" * 50_000_000 + b'"')
    assert error.value.message == f"uv.lock: line 2: a line longer than {limits.LINE} characters"


# -- limits before parsing --


@pytest.fixture
def _no_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limits hold before a parser sees the text: neither its time nor its memory is spent."""

    def called(*args: object, **named: object) -> object:
        raise AssertionError("a parser was called")

    monkeypatch.setattr(tomllib, "loads", called)
    monkeypatch.setattr(json, "loads", called)


@pytest.mark.usefixtures("_no_parser")
@pytest.mark.parametrize(
    "text",
    [
        "version = 1\nx = " + "[" * 100_000,
        "version = 1\nx = " + "[" * 100_000 + "]" * 100_000,
        "version = 1\nx = " + "[{a = " * 100_000,
        "version = 1\nx = " + "[" * (limits.DEPTH + 1) + "]" * (limits.DEPTH + 1),
        "version = 1\nx = " + "[[], " * (limits.DEPTH + 1) + "]" * (limits.DEPTH + 1),
        "version = 1\n" + ".".join(["a"] * 400_000) + " = 1",
        "version = 1\n[" + ".".join(["a"] * 400_000) + "]",
        "version = 1\n" + " . ".join(['"a b"'] * 150_000) + " = 1",
        "version = 1\nx = {" + ".".join(["a"] * (limits.KEY_PARTS + 1)) + " = 1}",
    ],
    ids=range(9),
)
def test_deep_toml_is_refused_before_it_is_parsed(text: str) -> None:
    with pytest.raises(InputError) as error:
        parse_toml("uv.lock", text)
    assert error.value.place in ("line 2", "")
    assert "levels deep" in error.value.reason or "parts" in error.value.reason


@pytest.mark.usefixtures("_no_parser")
@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, "[" * 100_000 + "]" * 100_000, '{"a":' * 100_000 + "1" + "}" * 100_000],
    ids=range(3),
)
def test_deep_json_is_refused_before_it_is_parsed(text: str) -> None:
    with pytest.raises(InputError, match="nested more than 50 levels deep"):
        parse_json("Pipfile.lock", text)


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "[" * limits.DEPTH + "]" * limits.DEPTH,
        "x = [" + "[], {}, " * 1000 + "]",
        f'x = "{"[" * 1000}" # {"[" * 1000}',
        f"x = '{'[' * 1000}'",
        f'x = """\n"{"{" * 1000}\n""\\"""" # "',
        f"x = '''\n'{'{' * 1000}\n'''",
        ".".join(["a"] * limits.KEY_PARTS) + " = 1",
        f'x = "{"a." * 1000}"',
        f"x = [{'1.5, ' * 1000}]",
        "x = 1 # " + "a." * 1000,
    ],
    ids=range(10),
)
def test_what_only_looks_deep_is_read(text: str) -> None:
    assert parse_toml("f", text) == tomllib.loads(text)


def test_brackets_in_json_strings_do_not_count() -> None:
    text = json.dumps({"a": "[" * 1000, 'b"\\': ["{" * 1000]})
    assert parse_json("f", text) == json.loads(text)


# -- TOML --


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("a = 1\nb = [\n", "line 3", "invalid TOML"),
        ("a = 1\na = 2\n", "line 2", "duplicate key"),
        ("[a]\nb = 1\n[a]\n", "line 3", "invalid TOML"),
        ("a = 1\n\nb = \x01", "line 3", "invalid TOML"),
        ('{"a": 1}', "line 1", "not TOML: this looks like JSON"),
        ("a = " + "9" * 5000, "", "digits"),
    ],
)
def test_broken_toml_is_refused_with_its_line(text: str, place: str, words: str) -> None:
    with pytest.raises(InputError) as error:
        parse_toml("f", text)
    assert refused(error)[0] == place
    assert words in refused(error)[1]


# -- JSON --


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ('{"a": 1,\n "b" 2}', "line 2, column 6", "invalid JSON"),
        ('{"a": 1, "a": 2}', "a", "duplicate key a"),
        ('{"a": [{"b": {}}, {"b": {"c": 1, "c": 1}}]}', "a[1].b.c", "duplicate key c"),
        ('{"a": [1, ' + "9" * 5000 + "]}", "a[1]", "4300 digits"),
        ('{"a": NaN}', "a", "NaN"),
        ('{"a": -Infinity}', "a", "-Infinity"),
    ],
)
def test_broken_json_is_refused_with_its_place(text: str, place: str, words: str) -> None:
    with pytest.raises(InputError) as error:
        parse_json("f", text)
    assert refused(error)[0] == place
    assert words in refused(error)[1]


def test_json_is_read() -> None:
    text = '{"a": [1, -2.5, null, "NaN", true], "b": {"a": {"a": 12345678901234567890}}}'
    assert parse_json("f", text) == json.loads(text)


# -- lines --


def test_the_line_of_each_entry_is_that_of_its_name() -> None:
    text = '[[package]]\nname = "a"\n\n[[ package ]]\nversion = "1"\n name="b"\n[[package]]\n[x]\n'
    assert entry_lines(text, "package", 3) == (2, 6, 7)


@pytest.mark.parametrize("text", ['package = [{name = "a"}]', 'x = """\n[[package]]\n[[package]]\n"""'])
def test_entries_that_are_written_otherwise_have_no_line(text: str) -> None:
    assert entry_lines(text, "package", 1) == (None,)


def test_the_lines_of_keys_with_an_object() -> None:
    text = '{"a": {"b": "c: {",\n\n "d\\"": {}},\n"e" :\n {"f": 1, "g": [{}]}}'
    assert list(key_lines(text)) == [("a", 1), ('d\\"', 3), ("e", 4)]


# -- what is read here in the place of tomllib --

FRAGMENTS = (
    *(
        "{",
        "}",
        "[",
        "]",
        "\n[[",
        "]]",
        "a",
        "key-1",
        " = ",
        "=",
        ".",
        ",",
        ", ",
        "\n",
        "\r\n",
        "#",
        " ",
        "\t",
    ),
    *(
        '"',
        "'",
        '"""',
        "'''",
        "\\",
        '\\"',
        '""',
        '"x"',
        '"a long text with = and {b}"',
        '"é, sixteen or more"',
    ),
    *("1", "0", "12", "-", "+", "_", "e5", "0e1", "1e", "+0e", "+0e1", "true", "2026-01-02", "{}", "{ }"),
    *('{ a = "x", b = 1 }', '{a="long enough to be one",b=2}', '{ a = "x", a = "y" }', "{ a.b = 1 }"),
    *("\n[a]\n", "\n[[a]]\n", "\n[a.c]\n", "a.c = 1\n", '"a very long quoted key" = 1\n'),
    *('\na = { url = "https://files.example/x", size = 12 }\n', '\nb = "https://files.example/a-long-one"\n'),
    '\nx = [\n{ a = "x" },\n"a long text in an array",\n]\n',
)


@given(text=st.lists(st.sampled_from(FRAGMENTS), max_size=9).map("".join), valued=st.booleans())
def test_every_toml_is_read_as_tomllib_reads_it(text: str, valued: bool) -> None:
    text = f"k = {text}" if valued else text
    try:
        expected = repr(tomllib.loads(text))
    except tomllib.TOMLDecodeError:
        with pytest.raises(InputError):
            parse_toml("f", text)
    else:
        assert repr(parse_toml("f", text)) == expected


def test_long_texts_and_plain_tables_are_read_and_floats_beside_them() -> None:
    text = 'a = [{ n = "x", m = 1 }, "a text that is long", 1.5, +0.5]\n[b]\nc = "another that is long"\n'
    assert parse_toml("f", text) == tomllib.loads(text)
    assert parse_toml("f", text + "d = +0e1\n") == tomllib.loads(text + "d = +0e1\n")


@pytest.mark.parametrize("number", [9, 10])
def test_more_values_than_the_limit_are_refused(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "NODES", 10)
    toml = "\n".join(f'k{n} = "=,["' for n in range(number + 1))
    json_text = json.dumps(["[{,"] * number + [1])
    if number == 9:
        assert len(parse_toml("f", toml)) == 10
        assert parse_json("f", json_text) == json.loads(json_text)
    else:
        with pytest.raises(InputError, match="more than 10 values"):
            parse_toml("f", toml)
        with pytest.raises(InputError, match="more than 10 values"):
            parse_json("f", json_text)
