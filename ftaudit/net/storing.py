"""Into the cache, through CacheControl: what may be stored is its decision, and its format.

Imported only when a response came from the network; see `ftaudit.net.cache` for how entries are read.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from contextlib import suppress
from typing import IO
from urllib.parse import urlsplit, urlunsplit

import requests
import urllib3
from cachecontrol import CacheController
from cachecontrol.cache import SeparateBodyBaseCache

from ftaudit.net.cache import (
    DIGEST,
    FETCHED,
    FINAL_URL,
    FRESH_UNTIL,
    Cache,
    Stored,
    body_path,
    cache_key,
    freshness,
    http_date,
    read_file,
    write_file,
)
from ftaudit.net.transport import Reply

_KEPT_HEADERS = (
    "content-type", "content-encoding", "etag", "last-modified", "date", "expires", "cache-control", "age",
)  # fmt: skip
"""What the cache keeps of a response: no cookie, no Vary (which would keep request headers), nothing else."""
_REVALIDATED_HEADERS = ("etag", "last-modified", "date", "expires", "cache-control", "age")


class _Files(SeparateBodyBaseCache):
    """CacheControl's interface to a store, on the files of a `Cache`."""

    def __init__(self, cache: Cache, *, with_body: bool = True) -> None:
        self._cache, self._with_body = cache, with_body

    def get(self, key: str) -> bytes | None:
        return read_file(self._cache.response_path(key))

    def set(self, key: str, value: bytes, expires: object = None) -> None:
        write_file(self._cache.response_path(key), value)

    def get_body(self, key: str) -> IO[bytes] | None:
        body = read_file(body_path(self._cache.response_path(key)))
        return None if body is None else io.BytesIO(body)

    def set_body(self, key: str, body: bytes) -> None:
        if self._with_body:
            write_file(body_path(self._cache.response_path(key)), body)

    def delete(self, key: str) -> None:
        """Nothing: an entry that is no longer fresh is kept for ``--offline``."""


def store(cache: Cache, url: str, reply: Reply, now: float, *, with_body: bool) -> None:
    """Keeps *reply* (200, 404 or 410), got *now*, under *url* as far as its ``Cache-Control`` allows."""
    headers = _kept(reply, now, _KEPT_HEADERS)
    headers[FRESH_UNTIL] = str(freshness(reply.headers, now))
    for name in ("date", "expires"):  # CacheControl stores nothing that has neither a validator nor these
        if http_date(headers.get(name)) is None:
            headers[name] = _LONG_AGO if name in headers else _NOT_SAID
    body = reply.raw if reply.status == 200 else b""
    headers[DIGEST] = hashlib.sha256(body).hexdigest()
    with suppress(OSError):  # a full or read-only disk only costs the next run a request
        _controller(cache, with_body=with_body).cache_response(
            _request(url), _response(reply.status, headers), body=body, status_codes=(200, 404, 410)
        )


def revalidate(cache: Cache, url: str, stored: Stored, reply: Reply) -> None:
    """Renews the entry of *url* by what a 304 says."""
    headers = _kept(reply, cache.clock(), _REVALIDATED_HEADERS)
    old = {name: value for name, value in stored.headers.items() if name != "age" and value != _NOT_SAID}
    headers[FRESH_UNTIL] = str(freshness({**old, **reply.headers}, cache.clock()))
    with suppress(OSError):
        _controller(cache).update_cached_response(_request(url), _response(304, headers))


def _kept(reply: Reply, now: float, names: tuple[str, ...]) -> dict[str, str]:
    headers = {name: reply.headers[name] for name in names if name in reply.headers}
    parts = urlsplit(reply.url)
    headers[FETCHED] = str(now)
    headers[FINAL_URL] = urlunsplit(parts._replace(query="", fragment=""))
    return headers


_LONG_AGO = "Thu, 01 Jan 1970 00:00:00 GMT"
_NOT_SAID = "Thu, 01 Jan 1970 00:00:01 GMT"


def _controller(cache: Cache, *, with_body: bool = True) -> CacheController:
    return CacheController(_Files(cache, with_body=with_body))


def _request(url: str) -> requests.PreparedRequest:
    """Only what names the entry: no header of the real request is kept."""
    request = requests.PreparedRequest()
    request.url = cache_key(url)
    request.headers = requests.structures.CaseInsensitiveDict()
    return request


def _response(status: int, headers: Mapping[str, str]) -> urllib3.HTTPResponse:
    return urllib3.HTTPResponse(body=b"", headers=headers, status=status, version=11, reason="")
