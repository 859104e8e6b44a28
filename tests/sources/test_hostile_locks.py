"""Whatever the bytes are, a reader gives a reading or an error of ours, and says nothing that is not text."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ftaudit.errors import FtauditError, InputError
from ftaudit.model.project import Reading
from ftaudit.sources.base import Format
from ftaudit.sources.pdm_lock import FORMAT as PDM
from ftaudit.sources.pipfile_lock import FORMAT as PIPFILE
from ftaudit.sources.poetry_lock import FORMAT as POETRY
from ftaudit.sources.pylock import FORMAT as PYLOCK
from ftaudit.sources.uv_lock import FORMAT as UV
from tests.builders.documents import document

PROJECT = """
[project]
name = "app"
dependencies = ["a[x]>=1; os_name == 'nt'"]
[project.optional-dependencies]
x = ["b"]
[dependency-groups]
dev = ["b", {include-group = "test"}]
test = ["c"]
[tool.poetry.dependencies]
python = "^3.11"
a = {version = "^1", extras = ["x"], python = "<3.12", platform = "win32"}
[tool.poetry.group.docs.dependencies]
b = [{version = "1"}, "2"]
[[tool.poetry.source]]
name = "s"
url = "https://index.example/simple"
priority = "explicit"
[tool.pdm.dev-dependencies]
lint = ["b"]
[[tool.pdm.source]]
url = "https://index.example/simple"
[[tool.uv.index]]
url = "https://index.example/simple"
default = true
"""

LOCKS: dict[Format, str] = {
    UV: """version = 1
revision = 5
requires-python = ">=3.11"
resolution-markers = ["os_name == 'nt'"]
supported-markers = ["os_name == 'nt'"]
[manifest]
members = ["app"]
requirements = [{ name = "a", specifier = ">=1" }]
[[package]]
name = "app"
source = { virtual = "." }
dependencies = [{ name = "a", extra = ["x"], marker = "os_name == 'nt'" }]
[package.optional-dependencies]
x = [{ name = "a", version = "1.0", source = { registry = "https://index.example/simple" } }]
[package.dev-dependencies]
dev = [{ name = "a" }]
[[package]]
name = "a"
version = "1.0"
source = { registry = "https://index.example/simple" }
resolution-markers = ["os_name == 'nt'"]
sdist = { url = "https://files.example/a-1.0.tar.gz", hash = "sha256:0", size = 1 }
wheels = [{ path = "a-1.0-py3-none-any.whl", upload-time = "2026-01-02T03:04:05Z" }]
""",
    POETRY: """[[package]]
name = "a"
version = "1.0"
optional = true
python-versions = ">=3.11"
groups = ["main", "dev"]
markers = {main = "os_name == 'nt'", dev = "extra == 'x'"}
files = [{file = "a-1.0.tar.gz", hash = "sha256:0"}]
[package.dependencies]
b = {version = "*", optional = true, markers = "extra == 'x'"}
c = [{version = ">=1", markers = "os_name == 'nt'"}]
[package.extras]
x = ["b (>=1)"]
[package.source]
type = "git"
url = "https://git.example/a"
resolved_reference = "abc"
[extras]
x = ["a"]
[metadata]
lock-version = "1.1"
python-versions = "^3.11"
[metadata.files]
a = [{file = "a-1.0.tar.gz", hash = "sha256:0"}]
""",
    PDM: """[metadata]
groups = ["default"]
strategy = ["inherit_metadata"]
lock_version = "4.5.1"
[[metadata.targets]]
requires_python = "==3.12.*"
platform = "manylinux_2_28_x86_64"
[metadata.files]
"a 1.0" = [{url = "https://files.example/a.whl", hash = "sha256:0"}]
[[package]]
name = "a"
version = "1.0"
extras = ["x"]
requires_python = ">=3.8"
groups = ["default"]
marker = "os_name == 'nt'"
dependencies = ["b>=1; os_name == 'nt'"]
[[package]]
name = "b"
git = "https://git.example/b"
revision = "abc"
files = [{file = "b.whl", hash = "sha256:0"}]
""",
    PIPFILE: """{"_meta": {"pipfile-spec": 6, "requires": {"python_version": "3.11"},
"sources": [{"name": "s", "url": "https://index.example/simple", "verify_ssl": true}]},
"default": {"a": {"version": "==1.0", "index": "s", "markers": "os_name == 'nt'", "extras": ["x"]},
"b": {"git": "https://git.example/b", "ref": "abc"}, "c": {"file": "c.whl"}},
"develop": {"a": {"version": "==1.0", "hashes": ["sha256:0"]}}}
""",
    PYLOCK: """lock-version = "1.0"
environments = ["os_name == 'nt'"]
requires-python = "==3.12.*"
created-by = "pip"
[[packages]]
name = "a"
version = "1.0"
marker = "'dev' in dependency_groups"
index = "https://index.example/simple"
dependencies = [{ name = "b", version = "1.0" }]
sdist = { name = "a-1.0.tar.gz", url = "https://files.example/a-1.0.tar.gz", hashes = { sha256 = "0" } }
wheels = [{ name = "a-1.0-cp313-cp313t-win_amd64.whl", path = "a.whl", upload-time = 2026-01-02T03:04:05Z }]
[packages.tool.pdm]
dependencies = ["b>=1"]
[[packages]]
name = "b"
vcs = { type = "git", url = "https://git.example/b", commit-id = "abc" }
""",
}
VALUE = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'|\b\d[\d.:TZ-]*\b|\[[^\[\]\n]*\]|\{[^{}\n]*\}|\btrue\b")
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


def read(reader: Format, content: bytes | str, **beside: str) -> Reading | None:
    """The reading, or None after an error of ours; neither may hold what cannot be shown."""
    reading, told = None, []
    try:
        reading = reader.read(document(reader.file_names[0], content, **beside))
        told = [problem.message for problem in reading.problems]
    except FtauditError as error:
        told = [error.message]
    assert all(message.isprintable() and len(message) < 1000 for message in told)
    for pin in reading.pins if reading else ():
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", pin.name)
        assert pin.version.isprintable()
        assert pin.source.location.isprintable()
        assert pin.origins
        assert all(file.name.isprintable() and "/" not in file.name for file in pin.files)
        shown = [(*o.groups, *o.extras, o.marker or "") for o in pin.origins]
        assert all(text.isprintable() for texts in shown for text in texts)
    return reading


@pytest.fixture(params=LOCKS, ids=lambda reader: reader.name)
def reader(request: pytest.FixtureRequest) -> Format:
    found = request.param
    assert isinstance(found, Format)
    return found


def test_the_samples_are_read(reader: Format) -> None:
    reading = read(reader, LOCKS[reader], pyproject_toml=PROJECT)
    assert reading is not None
    assert len(reading.pins) == {UV: 2, POETRY: 1, PDM: 2, PIPFILE: 3, PYLOCK: 2}[reader]


@pytest.mark.parametrize("reader", LOCKS, ids=lambda reader: reader.name)
@HOSTILE
@given(content=st.binary(max_size=300))
def test_any_bytes(reader: Format, content: bytes) -> None:
    assert reader.score(document("x", content)) in (0, 2)
    read(reader, content)


@pytest.mark.parametrize("reader", LOCKS, ids=lambda reader: reader.name)
@HOSTILE
@given(data=st.data())
def test_a_real_looking_lock_with_odd_values(reader: Format, data: st.DataObject) -> None:
    text = data.draw(changed(LOCKS[reader]))
    read(reader, text.encode("utf-8", "replace"), pyproject_toml=PROJECT)


@pytest.mark.parametrize("reader", [UV, POETRY, PDM], ids=lambda reader: reader.name)
@HOSTILE
@given(data=st.data())
def test_a_real_looking_project_with_odd_values(reader: Format, data: st.DataObject) -> None:
    read(reader, LOCKS[reader], pyproject_toml=data.draw(changed(PROJECT)))


@pytest.mark.parametrize("reader", LOCKS, ids=lambda reader: reader.name)
@HOSTILE
@given(data=st.data())
def test_a_lock_that_is_cut_or_has_bytes_changed(reader: Format, data: st.DataObject) -> None:
    content = bytearray(LOCKS[reader].encode())
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place : place + data.draw(st.integers(0, 20))] = data.draw(st.binary(max_size=3))
        if not content:
            break
    read(reader, bytes(content))


@pytest.mark.parametrize("reader", LOCKS, ids=lambda reader: reader.name)
def test_neither_depth_nor_length_ends_a_reader(reader: Format) -> None:
    json = reader is PIPFILE
    deep = '{"default": ' + "[" * 100_000 + "}" if json else "version = 1\nx = " + "[" * 100_000
    for content in (deep, LOCKS[reader] + "#" * 2_000_000, "x" * 50_000_000):
        with pytest.raises(InputError, match=r"levels deep|longer than"):
            reader.read(document(reader.file_names[0], content))
