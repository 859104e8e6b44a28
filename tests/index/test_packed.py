"""The packed form of a page says what the page says, and nothing for another one."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ftaudit.index import packed
from ftaudit.index.packed import PageReader
from ftaudit.index.pages import Listing
from ftaudit.model.evidence import Missing
from ftaudit.net.cache import Cache
from ftaudit.net.session import Answer
from tests.builders.index_server import HTML, JSON, file_entry

URL = "https://index.example/simple/x/"
STATUS = {"project-status": {"status": "archived", "reason": "done"}}


def answer(body: bytes, kind: str = JSON) -> Answer:
    digest = hashlib.sha256(body).hexdigest()
    as_of = datetime(2026, 1, 1, tzinfo=UTC)
    return Answer(status=200, url=URL, content_type=kind, body=body, digest=digest, as_of=as_of)


def read_page(given: Answer, name: str, index: str, cache: Cache) -> Listing | Missing:
    """What a run does: whether the body is known is asked before it is read."""
    reader = PageReader(cache, name)
    known = reader.known(given.digest, given.content_type)
    return reader.read(replace(given, body=b"") if known else given, index)


def page(*files: dict[str, Any], **more: Any) -> bytes:
    return json.dumps({"meta": {"api-version": "1.4"}, "files": list(files), **more}).encode()


def listed(body: bytes, cache: Cache, index: str = "i", kind: str = JSON) -> Listing:
    listing = read_page(answer(body, kind), "x", index, cache)
    assert isinstance(listing, Listing), listing
    return listing


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path)


def test_the_second_reading_parses_nothing_and_says_the_same(
    cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = page(
        file_entry(
            "x-1.tar.gz", yanked="why", upload_time="2026-01-02T03:04:05Z", size=5, requires_python=">=3"
        ),
        file_entry("x-2-py3-none-any.whl", core_metadata={"sha256": "a" * 64}),
        file_entry("../bad"),
        **STATUS,
    )
    first = listed(body, cache)
    monkeypatch.setattr(packed, "parse_page", lambda *_: pytest.fail("parsed again"))
    second = listed(body, cache)
    assert tuple(second.files) == tuple(first.files)
    assert second.files.groups == first.files.groups == {"1": [0], "2": [1]}
    assert (second.status, second.status_reason, second.skipped) == ("archived", "done", 1)
    assert listed(body, cache, "other").files[0].index == "other"


def test_another_body_is_another_page(cache: Cache) -> None:
    assert listed(page(file_entry("x-1.tar.gz")), cache).files.names == ["x-1.tar.gz"]
    assert listed(page(file_entry("x-2.tar.gz")), cache).files.names == ["x-2.tar.gz"]


@pytest.mark.parametrize("content", [b"", b"\xc1", b"\x90", b"\x01", b"\x94\x93\x01\x02\x03\x01\x01\x01"])
def test_a_damaged_form_is_made_anew(cache: Cache, monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr(Cache, "load_derived", lambda *_: (content, datetime(2026, 1, 1, tzinfo=UTC)))
    assert listed(page(file_entry("x-1.tar.gz")), cache).files.names == ["x-1.tar.gz"]


@pytest.mark.parametrize("extra", [2**80, "\ud800"])
def test_what_cannot_be_packed_is_read_all_the_same(cache: Cache, extra: object) -> None:
    for _ in range(2):
        assert len(listed(page(file_entry("x-1.tar.gz", provenance=extra)), cache).files) == 1


def test_pages_in_html_are_packed_too(cache: Cache) -> None:
    for _ in range(2):
        body = b'<a href="x-1.tar.gz" data-yanked="broken" data-upload-time="2026-01-01T00:00:00Z">x</a>'
        (file,) = listed(body, cache, kind=HTML).files
        assert (file.name, file.yanked_reason, file.uploaded) == (
            "x-1.tar.gz",
            "broken",
            datetime(2026, 1, 1, tzinfo=UTC),
        )
    assert (cache.folder / "derived").exists()


def test_a_page_that_is_not_usable_is_not_packed(cache: Cache) -> None:
    assert isinstance(read_page(answer(b"{}"), "x", "i", cache), Missing)
    assert not (cache.folder / "derived").exists()
