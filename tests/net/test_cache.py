"""The cache across runs: what is kept, for how long, and that two runs do each other no harm."""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ftaudit.errors import UsageError
from ftaudit.model.evidence import Missing
from ftaudit.net import cache as caching
from ftaudit.net.cache import Cache, cache_key, clear, decoded, freshness, prune, status
from ftaudit.net.session import Answer, Known
from tests.builders.index_server import IndexServer, Response, index_server
from tests.builders.index_world import http

LIMIT = 100_000
T = 1_800_000_000.0
HOUR = 3600.0


@pytest.fixture
def server() -> Iterator[IndexServer]:
    with index_server() as running:
        yield running


def get(
    server: IndexServer,
    folder: Path,
    path: str,
    at: float = T,
    *,
    offline: bool = False,
    known: Known | None = None,
) -> Answer | Missing:
    with http(folder, clock=lambda: at, offline=offline) as net:
        return net.get(server.url + path, limit=LIMIT, known=known)


def age_of(answer: Answer | Missing, now: float) -> float:
    assert isinstance(answer, Answer), answer
    return now - answer.as_of.timestamp()


@pytest.mark.parametrize(
    ("headers", "fresh_for"),
    [
        ({}, 600),
        ({"cache-control": "max-age=60"}, 60),
        ({"cache-control": "max-age=60, public", "age": "20"}, 40),
        ({"cache-control": "no-cache, max-age=60"}, 0),
        ({"cache-control": "public"}, 600),
        ({"expires": "Thu, 01 Jan 2026 01:00:00 GMT", "date": "Thu, 01 Jan 2026 00:00:00 GMT"}, 3600),
        ({"expires": "Thu, 01 Jan 1970 00:00:00 GMT"}, 0),
        ({"expires": "0"}, 0),
    ],
)
def test_how_long_a_response_is_fresh(headers: dict[str, str], fresh_for: float) -> None:
    assert freshness(headers, T) - T == fresh_for


@pytest.mark.parametrize("headers", [{}, {"Cache-Control": "max-age=600"}, {"Date": "nonsense"}])
@pytest.mark.parametrize("etag", [None, '"1"'])
def test_a_fresh_entry_makes_no_request(
    server: IndexServer, tmp_path: Path, headers: dict[str, str], etag: str | None
) -> None:
    server.pages["/a"] = Response(body=b"page", headers=headers, etag=etag)
    assert age_of(get(server, tmp_path, "/a"), T) == 0
    assert age_of(get(server, tmp_path, "/a", T + 500), T + 500) == 500
    assert server.seen["/a"] == 1


def test_an_old_entry_without_a_validator_is_fetched_again(server: IndexServer, tmp_path: Path) -> None:
    server.pages["/a"] = [Response(body=b"old"), Response(body=b"new")]
    get(server, tmp_path, "/a")
    answer = get(server, tmp_path, "/a", T + HOUR)
    assert isinstance(answer, Answer)
    assert (answer.body, age_of(answer, T + HOUR)) == (b"new", 0)


@pytest.mark.parametrize("validator", ["etag", "last-modified"])
def test_an_old_entry_is_revalidated(server: IndexServer, tmp_path: Path, validator: str) -> None:
    if validator == "etag":
        server.pages["/a"] = Response(body=b"page", etag='"1"')
    else:
        date = "Thu, 01 Jan 2026 00:00:00 GMT"
        server.pages["/a"] = [
            Response(body=b"page", headers={"Last-Modified": date}),
            Response(status=304),
        ]
    get(server, tmp_path, "/a")
    answer = get(server, tmp_path, "/a", T + HOUR)
    assert isinstance(answer, Answer)
    assert (answer.body, age_of(answer, T + HOUR)) == (b"page", 0)
    # what the 304 renewed is fresh again
    again = get(server, tmp_path, "/a", T + HOUR + 100)
    assert isinstance(again, Answer)
    assert (again.body, age_of(again, T + HOUR + 100), server.seen["/a"]) == (b"page", 100, 2)


@pytest.mark.parametrize(
    "headers", [{}, {"Cache-Control": "no-cache"}, {"Cache-Control": "max-age=0"}, {"Expires": "0"}]
)
def test_offline_uses_an_entry_of_any_age_and_opens_no_socket(
    server: IndexServer, tmp_path: Path, headers: dict[str, str]
) -> None:
    server.pages["/a"] = Response(body=b"page", headers=headers)
    get(server, tmp_path, "/a")
    answer = get(server, tmp_path, "/a", T + 1000 * HOUR, offline=True)
    assert age_of(answer, T + 1000 * HOUR) == 1000 * HOUR
    missing = get(server, tmp_path, "/b", offline=True)
    assert isinstance(missing, Missing)
    assert missing.kind == "offline"
    assert server.connections == 1


def test_what_may_not_be_stored_is_not(server: IndexServer, tmp_path: Path) -> None:
    server.pages["/a"] = Response(body=b"page", headers={"Cache-Control": "no-store"}, etag='"1"')
    get(server, tmp_path, "/a")
    get(server, tmp_path, "/a")
    assert server.seen["/a"] == 2


def test_a_name_that_is_not_listed_is_remembered_too(server: IndexServer, tmp_path: Path) -> None:
    for now in (T, T + 10):
        answer = get(server, tmp_path, "/none", now)
        assert isinstance(answer, Answer)
        assert answer.status == 404
    assert server.seen["/none"] == 1


@pytest.mark.parametrize(
    "damage", [b"", b"cc=4,", b"cc=4,\x81", b"cc=4,\x93\x01\x02\x03", b"cc=9,x", b"\0" * 99]
)
def test_a_damaged_entry_is_ignored_and_written_anew(
    server: IndexServer, tmp_path: Path, damage: bytes
) -> None:
    server.pages["/a"] = Response(body=b"page")
    get(server, tmp_path, "/a")
    path = Cache(tmp_path / "cache").response_path(cache_key(f"{server.url}/a"))
    whole = path.read_bytes()
    for damaged in (damage, whole[: len(whole) // 2]):
        path.write_bytes(damaged)
        assert age_of(get(server, tmp_path, "/a", T + 60), T + 60) == 0
        assert age_of(get(server, tmp_path, "/a", T + 61), T + 61) == 1
    assert server.seen["/a"] == 3


def test_headers_that_name_the_user_are_not_kept(server: IndexServer, tmp_path: Path) -> None:
    headers = {"Set-Cookie": "id=s3cret", "Vary": "Authorization, Cookie", "X-Request-Id": "s3cret"}
    server.pages["/a"] = Response(body=b"page", headers=headers)
    get(server, tmp_path, "/a")
    get(server, tmp_path, "/a")
    assert server.seen["/a"] == 1
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"page" in kept
    assert b"s3cret" not in kept


def test_a_server_cannot_set_our_own_headers(server: IndexServer, tmp_path: Path) -> None:
    server.pages["/a"] = Response(
        body=b"page", headers={caching.FRESH_UNTIL: "9e99", caching.FETCHED: "9e99"}
    )
    get(server, tmp_path, "/a")
    get(server, tmp_path, "/a", T + HOUR)
    assert server.seen["/a"] == 2


def _write_many(folder: str, number: int) -> None:
    cache = Cache(Path(folder))
    for turn in range(50):
        cache.store_derived("key", bytes([number]) * 10_000)
        found = cache.load_derived("key")
        if found is not None and len(set(found[0])) != 1:
            os._exit(3)
        if turn == 0 and found is None:
            os._exit(4)


def test_two_processes_write_the_same_entry(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    runs = [context.Process(target=_write_many, args=(str(tmp_path), number)) for number in (1, 2)]
    for run in runs:
        run.start()
    for run in runs:
        run.join(60)
    assert [run.exitcode for run in runs] == [0, 0]
    found = Cache(tmp_path).load_derived("key")
    assert found is not None
    assert found[0] in (b"\1" * 10_000, b"\2" * 10_000)
    assert not [path for path in tmp_path.rglob("tmp*") if path.is_file()]


def test_derived_bytes_are_kept_and_checked(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    assert cache.load_derived("sha") is None
    cache.store_derived("sha", b"METADATA")
    found = cache.load_derived("sha")
    assert found is not None
    assert found[0] == b"METADATA"
    assert found[1].tzinfo is UTC
    next(path for path in (tmp_path / "derived").rglob("*") if path.is_file()).write_bytes(b"x" * 40)
    assert cache.load_derived("sha") is None


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_the_folder_is_private_and_tagged(tmp_path: Path) -> None:
    Cache(tmp_path / "new")
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700
    assert (
        (tmp_path / "new" / "CACHEDIR.TAG")
        .read_text()
        .startswith("Signature: 8a477f597d28d172789f06886806bc55")
    )


def test_a_folder_of_somebody_else_is_neither_used_nor_emptied(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(UsageError, match="not empty"):
        Cache(tmp_path)
    for remove in (clear, lambda folder: prune(folder, older_than_seconds=0, now=time.time())):
        with pytest.raises(UsageError, match="not a cache"):
            remove(tmp_path)
    assert (tmp_path / "thesis.tex").exists()


def test_status_prune_and_clear(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    for key in ("old", "new"):
        cache.store_derived(key, b"0123456789")
    (tmp_path / "mine.txt").write_text("not of the cache")
    assert (status(tmp_path).entries, status(tmp_path).size) == (2, 84)
    old = caching._file(tmp_path / "derived", "old")
    os.utime(old, (1e9, 1e9))
    assert prune(tmp_path, older_than_seconds=100, now=time.time()).entries == 1
    assert cache.load_derived("old") is None
    assert cache.load_derived("new") is not None
    assert clear(tmp_path).entries == 1
    assert status(tmp_path).entries == 0
    assert (tmp_path / "mine.txt").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="symbolic links need rights there")
def test_clear_follows_no_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "thesis.tex").write_text("years of work")
    folder = tmp_path / "cache"
    Cache(folder)
    (folder / "derived").symlink_to(tmp_path / "elsewhere")
    clear(folder)
    prune(folder, older_than_seconds=0, now=time.time() + 99)
    assert (tmp_path / "elsewhere" / "thesis.tex").exists()


def test_decoding() -> None:
    assert decoded(b"x", "", 1) == b"x"
    assert decoded(b"xx", "", 1) is None
    for encoding in ("gzip", "deflate", "br"):
        with pytest.raises(ValueError, match="encoding"):
            decoded(b"not it", encoding, 9)


def test_the_time_of_a_response_is_in_utc(server: IndexServer, tmp_path: Path) -> None:
    server.pages["/a"] = Response(body=b"page")
    answer = get(server, tmp_path, "/a")
    assert isinstance(answer, Answer)
    assert answer.as_of == datetime.fromtimestamp(T, UTC)


def test_keys_are_those_of_cachecontrol() -> None:
    from cachecontrol import CacheController

    url = "HTTP://Index.Example?x=1#y"
    assert cache_key(url) == CacheController.cache_url(url)


def test_a_body_of_which_all_is_known_is_neither_kept_nor_read(server: IndexServer, tmp_path: Path) -> None:
    server.pages["/a"] = Response(body=b"page", etag='"1"', headers={"Cache-Control": "max-age=60"})
    made: set[str] = set()

    def known(digest: str, kind: str) -> bool:
        return digest in made

    first = get(server, tmp_path, "/a", known=known)
    assert isinstance(first, Answer)
    assert first.body == b"page"
    made.add(first.digest)
    again = get(server, tmp_path, "/a", known=known)
    assert isinstance(again, Answer)
    assert (again.body, again.digest, server.seen["/a"]) == (b"", first.digest, 1)
    made.clear()  # what was made of it is gone: asked for anew, and not whether it changed
    anew = get(server, tmp_path, "/a", known=known)
    assert isinstance(anew, Answer)
    assert (anew.body, server.seen["/a"]) == (b"page", 2)
