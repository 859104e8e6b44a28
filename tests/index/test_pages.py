"""Project pages in JSON and HTML, well made and hostile."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from ftaudit.index.pages import MAX_FILES, Listing, parse_page
from ftaudit.model.evidence import IndexFile, Missing, ProjectStatus
from tests.builders.index_server import HTML, JSON, file_entry

URL = "https://index.example/simple/x/"
SHA = "a" * 64


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
    listing = parsed((meta.format("", status) + meta.format("-reason", "so")).encode(), HTML)
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
    "body", [b"", b"\xff\xfe\x00", b"<![bad", b"<a href='http://[x'>", b"<a" * 5000, b"<!--"]
)
def test_html_that_is_broken_lists_nothing(body: bytes) -> None:
    assert len(parsed(body, HTML).files) == 0


def test_html_in_an_unknown_encoding() -> None:
    assert refused(b"<a href='x-1.tar.gz'>", "text/html; charset=nonsense") == (
        "the page is not usable: it is not HTML"
    )
