"""Whatever the bytes are, a reader gives a reading or an error of ours, and says nothing that is not text."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ftaudit.errors import FtauditError, InputError
from ftaudit.model.project import Reading, SourceKind
from ftaudit.sources.base import Opens
from ftaudit.sources.registry import formats
from tests.builders.documents import document, document_beside
from tests.builders.samples import PROJECT, SAMPLES, Sample

VALUE = re.compile(
    r"\"[^\"\n]*\"|'[^'\n]*'|\b\d[\d.:TZ-]*\b|\[[^\[\]\n]*\]|\{[^{}\n]*\}|\btrue\b"
    r"|(?<=[:\-] )\S.*|(?<=>)[^<\n]+"  # YAML, XML
)
ODD = (
    *("1", "-1", "1.5", "true", "[]", "[1]", "[[]]", "{}", "{a = 1}", '{"a": 1}', "null", '""', '"x"', "nan"),
    *('"../../x"', '"\\u001b[2J"', '"\\u202e"', '"' + "9" * 5000 + '"', "9" * 5000, '"https://["', '"::"'),
    *(
        '"==="',
        '"=== \\u0007"',
        '">="',
        '"1 2"',
        '"os_name"',
        '"' + "(" * 200 + '"',
        '"a@b://c"',
        '"\\ud800"',
    ),
    *('"a; extra"', "2026-01-02", "25:00:00", '"a.b"', "'", '"', "[", "]", "{", "}", "\x00", "é", "#", ""),
)

FORMATS = {form.name: form for form in formats(Opens.CONTENT)}
NAME = {
    False: re.compile(r"[a-z0-9]+(-[a-z0-9]+)*"),
    True: re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*"),
}
"""A package's name on an index, and one of conda's."""
TOO_MUCH = r"levels deep|longer than|larger than|not a valid requirement|invalid JSON|no metadata found"

HOSTILE = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def changed(draw: st.DrawFn, text: str) -> str:
    """*text* with some of its values replaced by what does not belong there."""
    for _ in range(draw(st.integers(1, 4))):
        tokens = list(VALUE.finditer(text))
        if not tokens:
            break
        token = draw(st.sampled_from(tokens))
        text = text[: token.start()] + draw(st.sampled_from(ODD)) + text[token.end() :]
    return text


def read(sample: Sample, content: bytes | str, beside: dict[str, str] | None = None) -> Reading | None:
    """The reading, or None after an error of ours; neither may hold what cannot be shown."""
    reading, told = None, []
    try:
        reading = FORMATS[sample.format].read(document_beside(sample.name, content, beside or {}))
        told = [problem.message for problem in reading.problems]
    except FtauditError as error:
        told = [error.message]
    assert all(message.isprintable() and len(message) < 1000 for message in told)
    for pin in reading.pins if reading else ():
        assert NAME[pin.source.kind is SourceKind.CONDA].fullmatch(pin.name)
        assert pin.version.isprintable()
        assert pin.source.location.isprintable()
        assert pin.origins
        assert all(file.name.isprintable() and "/" not in file.name for file in pin.files)
        assert all(record.url.isprintable() and record.build.isprintable() for record in pin.conda)
        shown = [(*o.groups, *o.extras, o.marker or "") for o in pin.origins]
        assert all(text.isprintable() for texts in shown for text in texts)
    return reading


def test_every_format_has_a_sample() -> None:
    assert {sample.format for sample in SAMPLES} == set(FORMATS)


each_sample = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: f"{sample.format}-{sample.name}")


@each_sample
def test_the_samples_are_read(sample: Sample) -> None:
    reading = read(sample, sample.text, dict(sample.beside))
    assert reading is not None
    assert len(reading.pins) == sample.pins
    assert "secret" not in repr(reading.pins)


@each_sample
@HOSTILE
@given(content=st.binary(max_size=300))
def test_any_bytes(sample: Sample, content: bytes) -> None:
    assert FORMATS[sample.format].score(document("x", content)) in (0, 2)
    read(sample, content)


@each_sample
@HOSTILE
@given(data=st.data())
def test_a_real_looking_lock_with_odd_values(sample: Sample, data: st.DataObject) -> None:
    text = data.draw(changed(sample.text))
    read(sample, text.encode("utf-8", "replace"), dict(sample.beside))


@pytest.mark.parametrize("sample", [s for s in SAMPLES if s.beside], ids=lambda sample: sample.format)
@HOSTILE
@given(data=st.data())
def test_a_real_looking_project_with_odd_values(sample: Sample, data: st.DataObject) -> None:
    read(sample, sample.text, {"pyproject.toml": data.draw(changed(PROJECT))})


@each_sample
@HOSTILE
@given(data=st.data())
def test_a_lock_that_is_cut_or_has_bytes_changed(sample: Sample, data: st.DataObject) -> None:
    content = bytearray(sample.text.encode())
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place : place + data.draw(st.integers(0, 20))] = data.draw(st.binary(max_size=3))
        if not content:
            break
    read(sample, bytes(content))


@each_sample
def test_neither_depth_nor_length_ends_a_reader(sample: Sample) -> None:
    for content in (deep(sample), long(sample), "x" * 50_000_000):
        with pytest.raises(InputError, match=TOO_MUCH):
            FORMATS[sample.format].read(document(sample.name, content))


def deep(sample: Sample) -> str:
    """What is nested 100,000 levels deep in the syntax of *sample*."""
    if sample.name.endswith(".xml"):
        return "<bom xmlns='http://cyclonedx.org/schema/bom/1.6'>" + "<a>" * 100_000
    if sample.text.startswith(("{", "//")):
        return '{"default": ' + "[" * 100_000 + "}"
    nested = "a: " if sample.name.endswith((".yml", ".yaml")) or sample.format == "pixi.lock" else "x = "
    lines = f"version = 1\n{nested}" if nested == "x = " else nested
    if sample.format == "conda explicit":
        return "@EXPLICIT\nhttps://conda.example/" + "[" * 2_000_000
    text = lines + "[" * 100_000
    return f"# /// script\n# {nested}{'[' * 100_000}\n# ///\n" if sample.format == "PEP 723 script" else text


def long(sample: Sample) -> str:
    """*sample* with a line of two million characters, which of a script must be one of its metadata."""
    if sample.format == "PEP 723 script":
        return f"# /// script\n# {'#' * 2_000_000}\n# ///\n"
    return sample.text + "#" * 2_000_000
