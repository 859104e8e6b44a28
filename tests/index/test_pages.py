"""Project pages in JSON and HTML, well made and hostile."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin

import pytest

from ftaudit.index.pages import MAX_FILES, Listing, absolute, parse_page
from ftaudit.model.evidence import IndexFile, Missing, ProjectStatus
from ftaudit.model.text import without_credentials
from tests.builders.index_server import HTML, JSON, file_entry
from tests.shared import ROOT

URL = "https://index.example/simple/x/"
SHA = "a" * 64
VERSION = b'<meta name="pypi:repository-version" content="1.1">'


def parsed(body: bytes, kind: str = JSON) -> Listing:
    listing = parse_page(body, kind, URL, "https://index.example/simple")
    assert isinstance(listing, Listing), listing
    return listing


def refused(body: bytes, kind: str = JSON) -> str:
    missing = parse_page(body, kind, URL, "https://index.example/simple")
    assert isinstance(missing, Missing)
    assert missing.kind == "bad-page"
    return missing.why


def page(*files: Any, **more: Any) -> bytes:
    return json.dumps({"meta": {"api-version": "1.4"}, "name": "x", "files": list(files), **more}).encode()


def test_a_file_with_everything() -> None:
    entry = {
        "filename": "x-1-py3-none-any.whl",
        "url": "https://user:s3cret@files.example/x-1-py3-none-any.whl#sha256=0",
        "hashes": {"sha256": SHA.upper(), "md5": "0"},
        "size": 5,
        "yanked": "broken\n",
        "requires-python": ">=3.9",
        "upload-time": "2026-01-02T03:04:05.123456Z",
        "core-metadata": {"sha256": SHA},
    }
    (file,) = parsed(page(entry)).files
    assert file == IndexFile(
        name="x-1-py3-none-any.whl",
        url="https://files.example/x-1-py3-none-any.whl",
        index="https://index.example/simple",
        sha256=SHA,
        size=5,
        requires_python=">=3.9",
        yanked=True,
        yanked_reason="broken\\x0a",
        uploaded=datetime(2026, 1, 2, 3, 4, 5, 123456, UTC),
        core_metadata=True,
        core_metadata_sha256=SHA,
    )


def test_a_file_with_the_least() -> None:
    (file,) = parsed(page({"filename": "x-1.tar.gz", "url": "../../f/x-1.tar.gz", "hashes": {}})).files
    assert file == IndexFile(
        name="x-1.tar.gz", url="https://index.example/f/x-1.tar.gz", index="https://index.example/simple"
    )


@pytest.mark.parametrize(
    ("offered", "expected"),
    [
        ({"core-metadata": True}, True),
        ({"core-metadata": False, "dist-info-metadata": True}, False),
        ({"dist-info-metadata": {"sha256": SHA}}, True),
        ({}, False),
    ],
)
def test_metadata_under_the_new_and_the_old_name(offered: dict[str, Any], expected: bool) -> None:
    (file,) = parsed(page({**file_entry("x-1.tar.gz"), **offered})).files
    assert file.core_metadata is expected


@pytest.mark.parametrize("status", list(ProjectStatus))
def test_project_status(status: ProjectStatus) -> None:
    listing = parsed(page(**{"project-status": {"status": status.value, "reason": "so"}}))
    assert (listing.status, listing.status_reason) == (status, "so")
    meta = '<meta name="pypi:project-status{}" content="{}">'
    listing = parsed(VERSION + (meta.format("", status) + meta.format("-reason", "so")).encode(), HTML)
    assert (listing.status, listing.status_reason) == (status, "so")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"[" * 100_000,
        b"[]",
        b"{}",
        b'{"files": {}}',
        b'{"files": []}',
        b'{"meta": {"api-version": "2.0"}, "files": []}',
        b'{"meta": {"api-version": 1}, "files": []}',
        page(1),
        page({}),
        page({**file_entry("a"), "hashes": []}),
        page({**file_entry("a"), "hashes": {"sha256": "../../etc"}}),
        page({**file_entry("a"), "hashes": {"sha256": "é" * 64}}),
        page({**file_entry("a"), "requires-python": ">=" + "9" * 5000}),
        page({**file_entry("a"), "url": 3}),
        page({**file_entry("a"), "size": "5"}),
        page({**file_entry("a"), "size": -5}),
        page({**file_entry("a"), "size": True}),
        page({**file_entry("a"), "requires-python": 3}),
        page({**file_entry("a"), "upload-time": 3}),
        page({**file_entry("a"), "yanked": None}),
        page({**file_entry("a"), "core-metadata": "yes"}),
        page(**{"project-status": "quarantined"}),
        page(**{"project-status": {"status": "evil"}}),
    ],
)
def test_a_page_with_anything_of_a_wrong_type_is_no_evidence(body: bytes) -> None:
    assert refused(body)


def test_too_many_files() -> None:
    body = b'{"meta": {"api-version": "1.0"}, "files": [' + b"0," * MAX_FILES + b"0]}"
    assert "more than" in refused(body)


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "", "image/png"])
def test_another_content_type_is_refused(kind: str) -> None:
    assert "content type" in refused(page(), kind)


@pytest.mark.parametrize("kind", [JSON, f"{JSON}; charset=utf-8", "Application/vnd.PyPI.simple.latest+json"])
def test_content_types_of_the_api(kind: str) -> None:
    assert len(parsed(page(), kind).files) == 0


@pytest.mark.parametrize(
    "name", ["../x-1.tar.gz", "a/b", "a\\b", "..", "", "x\0", "x" * 256, "c:x", " x", ".x"]
)
def test_a_name_that_is_no_file_name_is_skipped_and_counted(name: str) -> None:
    listing = parsed(page(file_entry(name), file_entry("x-1.tar.gz")))
    assert (listing.files.names, listing.skipped) == (["x-1.tar.gz"], 1)


def test_html() -> None:
    body = f"""<!DOCTYPE html><html><head><meta name="pypi:repository-version" content="1.1"></head><body>
    <a href="../../f/x-1-py3-none-any.whl#sha256={SHA}" data-requires-python="&gt;=3.9,&lt;4" data-yanked=""
       data-core-metadata="sha256={SHA}">x-1-py3-none-any.whl</a>
    <a href="https://user:s3cret@files.example/x%2B1-1.tar.gz" data-dist-info-metadata="true">x</a>
    <a href="../">up</a><a name="no link">no</a>
    """.encode()
    first, second = parsed(body, "text/html; charset=utf-8").files
    assert first == IndexFile(
        name="x-1-py3-none-any.whl",
        url="https://index.example/f/x-1-py3-none-any.whl",
        index="https://index.example/simple",
        sha256=SHA,
        requires_python=">=3.9,<4",
        yanked=True,
        core_metadata=True,
        core_metadata_sha256=SHA,
    )
    assert (second.name, second.url) == ("x+1-1.tar.gz", "https://files.example/x%2B1-1.tar.gz")
    assert (second.yanked, second.core_metadata, second.core_metadata_sha256) == (False, True, None)


def test_html_base() -> None:
    bases = b'<base href="https://files.example/d/"><base href="https://other.example/">'
    body = bases + b'<a href="x-1.tar.gz">x</a>'
    assert parsed(body, HTML).files[0].url == "https://files.example/d/x-1.tar.gz"


@pytest.mark.parametrize(
    "body",
    [
        b'<meta name="pypi:repository-version" content="2.0">',
        b'<meta name="pypi:project-status" content="?">',
    ],
)
def test_html_that_is_refused(body: bytes) -> None:
    assert refused(body, HTML)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe\x00",
        b"<![bad",
        b"<a href='http://[x'>",
        b"<a " * 100,
        b"<!--",
        b"<title>Links for x</title>",
        b'<title>Log in</title><a href="/help">help</a><a href="/app.exe">get</a>',
    ],
)
def test_html_that_lists_no_file_is_no_answer(body: bytes) -> None:
    """A server that wants a login says 200 too; only a page of the API may be empty."""
    assert refused(body, HTML).endswith("it lists no file of a project")
    assert len(parsed(VERSION + b"<title>Links for x</title>", HTML).files) == 0


def test_html_with_a_file_is_an_answer_whatever_else_it_links() -> None:
    body = b'<a href="/">home</a><a href="http://[/x-2.zip">no URL</a><a href="x-1.zip">x</a>'
    listing = parsed(body, HTML)
    assert list(listing.files.names) == ["x-2.zip", "x-1.zip"]
    assert listing.files[1].url == f"{URL}x-1.zip"


@pytest.mark.parametrize(
    "text",
    [
        f'<a href="x-1.tar.gz" data-requires-python="&gt;={"9" * 5000}">',
        f'<a href="x-1.tar.gz">&#{"9" * 5000};</a>',
    ],
)
def test_html_with_a_number_without_end(text: str) -> None:
    assert refused(text.encode(), HTML)


@pytest.mark.parametrize("charset", ["nonsense", "rot13", "punycode", "idna", "undefined", "\0"])
def test_html_in_another_encoding(charset: str) -> None:
    body = b"<a href='x-1.tar.gz'>"
    assert refused(body, f"text/html; charset={charset}").endswith("its encoding is not one of an index")
    assert len(parsed(body, 'text/html; charset="UTF-8"').files) == 1


ENDLESS = (
    "<a ",
    "<a href='",
    "<!--",
    "<!-- >",
    "<![",
    "<![CDATA[ >",
    "<!d",
    "<?",
    "</",
    "&",
    "&#",
    "<a x=\"'>",
)


def test_html_that_is_read_again_and_again() -> None:
    """A megabyte of each takes minutes where the reader looks for each end anew."""
    script = (
        "import resource, sys\n"
        "from ftaudit.index.pages import parse_page\n"
        "resource.setrlimit(resource.RLIMIT_CPU, (20, 20))\n"
        f"for text in ({ENDLESS!r}):\n"
        "    for end in ('', '>', '<script>'):\n"
        "        body = b'<a href=x-1.zip>' + (end + text * (1_000_000 // len(text)) + end).encode()\n"
        "        parse_page(body, 'text/html', 'https://index.example/x/', 'i')\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")


WITHOUT_END = ("it has a tag, comment or script without an end", "it ends in the middle of a tag")
"""Which of the two depends on how much of a comment or a script the version's html.parser keeps back."""


@pytest.mark.parametrize(
    ("tail", "words"),
    [
        ("<a " * 400, "it ends in the middle of a tag"),
        ("<!--" + "x" * 300_000, WITHOUT_END),
        ("<script>" + "x" * 300_000, WITHOUT_END),
    ],
)
def test_html_without_an_end(tail: str, words: str | tuple[str, ...]) -> None:
    assert refused(f'<a href="x-1.zip">{tail}'.encode(), HTML).endswith(words)
    assert len(parsed(b'<a href="x-1.zip">x' + b"<p>text</p>" * 50_000 + b"<a", HTML).files) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-02T03:04:05+02:00", datetime(2026, 1, 2, 1, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("0001-01-01T00:00:00+23:59", None),
        ("9999-12-31T23:59:59-23:59", None),
        ("yesterday", None),
    ],
)
def test_upload_times_are_in_utc(text: str, expected: datetime | None) -> None:
    (file,) = parsed(page(file_entry("x-1.zip", upload_time=text))).files
    assert file.uploaded == expected
    assert file.uploaded is None or file.uploaded.tzinfo is UTC


@pytest.mark.parametrize(
    "page", ["https://u:p@index.example:8443/simple/x/", "http://index.example/simple/x/?a=/b"]
)
@pytest.mark.parametrize(
    "url",
    [
        "/files/x.whl",
        "/files/a%20b.whl?c=d#sha256=e",
        "//files.example/x.whl",
        "/a/../x.whl",
        "/./x.whl",
        "/",
        "x.whl",
    ],
)
def test_addresses_are_those_that_urljoin_makes(page: str, url: str) -> None:
    joined = urljoin(page, url).partition("#")[0]
    assert absolute(page, url) == (without_credentials(joined) if "@" in joined else joined)
