"""What the index stage asks for bytes: the cache first, then the network, or `Missing` and why."""

from __future__ import annotations

import hashlib
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ftaudit.concurrency import Once, Scope
from ftaudit.errors import DeadlineExceededError
from ftaudit.model.evidence import Missing
from ftaudit.model.text import mask, short
from ftaudit.net.auth import Keys, is_address
from ftaudit.net.cache import FINAL_URL, Cache, Stored, body_path, decoded
from ftaudit.net.options import NetOptions

if TYPE_CHECKING:
    from ftaudit.net.transport import Reply, Transport

GONE = frozenset({404, 410})
_CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A response: ``status`` is 200, 206, 404 or 410. ``url`` is the one that answered, without credentials.

    ``digest`` is the SHA-256 of the body as it came. ``body`` is empty where it was known. ``as_of`` is when
    it was fetched or revalidated, UTC. ``total`` is the size of the whole file where ``status`` is 206.
    """

    status: int
    url: str
    content_type: str
    body: bytes = field(repr=False)
    digest: str = ""
    as_of: datetime
    total: int | None = None


Known = Callable[[str, str], bool]
"""Whether all that is wanted of a body is known, by its SHA-256 and its content type: it is then not read.

Who gives one keeps what it makes of a body (`Cache.store_derived`), so the body itself is not kept.
"""


class Http:
    """GET, through the cache. Thread-safe. `close` ends the connections.

    Each call gives an `Answer` or `Missing` (``offline``, ``deadline``, ``index-unreachable``,
    ``index-refused``, ``redirect-refused``, ``too-large``, ``bad-page``); `CancelledError` goes through.
    """

    def __init__(self, options: NetOptions, scope: Scope, *, keys: Keys, cache: Cache) -> None:
        self.cache = cache
        self._options, self._scope, self._keys = options, scope, keys
        self._once: Once[str, Transport] = Once()
        self._opened: deque[Transport] = deque()
        self._sent: deque[str] = deque()
        self._served: deque[None] = deque()

    @property
    def requests_made(self) -> int:
        """Requests that went out, retries and redirects included."""
        return len(self._sent)

    @property
    def served_from_cache(self) -> int:
        return len(self._served)

    def close(self) -> None:
        while self._opened:
            self._opened.pop().close()

    def get(
        self, url: str, *, accept: str = "*/*", limit: int, known: Known | None = None
    ) -> Answer | Missing:
        """*url* (without credentials), its body at most *limit* bytes."""
        if not is_address(url):
            return _not_an_address(url)
        stored = self.cache.load(url)
        if stored is not None and (self._options.offline or self.cache.fresh(stored)):
            answer = self._from_cache(url, stored, limit, known)
            if answer is not None:
                self._served.append(None)
                return answer
            stored = None
        if self._options.offline:
            return _offline(url)
        if stored is not None and not self._at_hand(stored, known):
            stored = None
        headers = {"Accept": accept, **_conditions(stored)}
        reply = self._send(url, headers, limit)
        if not isinstance(reply, Missing) and reply.status == 304 and stored is not None:
            return self._revalidated(url, stored, reply, limit, known)
        if isinstance(reply, Missing) or (reply.status != 200 and reply.status not in GONE):
            return reply if isinstance(reply, Missing) else _unexpected(url, reply.status)
        fetched = self.cache.clock()
        if self.cache.writable:
            from ftaudit.net.storing import store

            store(self.cache, url, reply, fetched, with_body=known is None)
        now = datetime.fromtimestamp(fetched, UTC)
        encoding, kind = reply.headers.get("content-encoding", ""), reply.headers.get("content-type", "")
        return _answer(reply.status, reply.url, kind, reply.raw, encoding, now, limit)

    def _at_hand(self, stored: Stored, known: Known | None) -> bool:
        """Whether a server may be asked if *stored* still holds: what it stands for is here."""
        kind = stored.headers.get("content-type", "")
        return (known is not None and known(stored.digest, kind)) or body_path(stored.path).is_file()

    def _from_cache(
        self, url: str, stored: Stored, limit: int, known: Known | None, *, as_of: datetime | None = None
    ) -> Answer | Missing | None:
        """None where the entry turns out to be damaged."""
        fetched = as_of or datetime.fromtimestamp(stored.fetched, UTC)
        encoding, kind = stored.headers.get("content-encoding", ""), stored.headers.get("content-type", "")
        final = stored.headers.get(FINAL_URL, url)
        if stored.status in GONE or (known is not None and known(stored.digest, kind)):
            return Answer(
                status=stored.status,
                url=final,
                content_type=kind,
                body=b"",
                digest=stored.digest,
                as_of=fetched,
            )
        raw = self.cache.body(stored)
        if raw is None:
            return None
        return _answer(stored.status, final, kind, raw, encoding, fetched, limit)

    def part(self, url: str, start: int, end: int | None, *, whole_limit: int) -> Answer | Missing:
        """Bytes *start* to *end* (exclusive), or the last *-start* bytes where *end* is None.

        A server without ranges answers 200 with the whole file, which is `Missing` (``no-ranges``) where it
        is larger than *whole_limit*. Nothing is cached.
        """
        if not is_address(url):
            return _not_an_address(url)
        if self._options.offline:
            return _offline(url)
        wanted = f"bytes={start}-{end - 1}" if end is not None else f"bytes={start}"
        length = -start if end is None else end - start
        reply = self._send(url, {"Accept-Encoding": "identity", "Range": wanted}, max(length, whole_limit))
        if isinstance(reply, Missing):
            if reply.kind != "too-large":
                return reply
            return Missing(what=reply.what, why="the server does not serve parts of a file", kind="no-ranges")
        if reply.status != 200 and reply.status != 206 and reply.status not in GONE:
            return _unexpected(url, reply.status)
        total = None
        if reply.status == 206:
            total = _total(reply.headers.get("content-range", ""), start, end, len(reply.raw))
            if total is None:
                return Missing(what=mask(url), why="the server sent another part than asked", kind="bad-page")
        now = datetime.fromtimestamp(self.cache.clock(), UTC)
        kind = reply.headers.get("content-type", "")
        return Answer(
            status=reply.status, url=reply.url, content_type=kind, body=reply.raw, as_of=now, total=total
        )

    def _send(self, url: str, headers: dict[str, str], limit: int) -> Reply | Missing:
        try:
            return self._transport().get(url, headers, limit=limit)
        except DeadlineExceededError as error:
            return Missing(what=mask(url), why=error.message, kind="deadline")

    def _transport(self) -> Transport:
        return self._once.get("transport", self._open)

    def _open(self) -> Transport:
        from ftaudit.net.transport import Transport  # imports requests: only a request that goes out pays

        transport = Transport(self._options, self._keys, self._scope, count=self._sent.append)
        self._opened.append(transport)
        return transport

    def _revalidated(
        self, url: str, stored: Stored, reply: Reply, limit: int, known: Known | None
    ) -> Answer | Missing:
        from ftaudit.net.storing import revalidate

        now = datetime.fromtimestamp(self.cache.clock(), UTC)
        answer = self._from_cache(url, stored, limit, known, as_of=now)
        if answer is None:
            why = "the server says that nothing changed, and what was kept is damaged: try again"
            return Missing(what=mask(url), why=why, kind="index-unreachable")
        if self.cache.writable:
            revalidate(self.cache, url, stored, reply)
        return answer


def _not_an_address(url: str) -> Missing:
    return Missing(what=short(url), why="the address is not valid", kind="index-unreachable")


def _offline(url: str) -> Missing:
    return Missing(what=mask(url), why="not in the cache, and --offline asks nobody", kind="offline")


def _unexpected(url: str, status: int) -> Missing:
    return Missing(what=mask(url), why=f"the server answered {status}", kind="index-unreachable")


def _conditions(stored: Stored | None) -> dict[str, str]:
    """The request headers with which a server may say that *stored* still holds."""
    if stored is None or stored.status != 200:
        return {}
    pairs = (("If-None-Match", "etag"), ("If-Modified-Since", "last-modified"))
    return {header: stored.headers[name] for header, name in pairs if name in stored.headers}


def _answer(
    status: int, url: str, kind: str, raw: bytes, encoding: str, as_of: datetime, limit: int
) -> Answer | Missing:
    if status in GONE:
        return Answer(status=status, url=url, content_type=kind, body=b"", as_of=as_of)
    try:
        body = decoded(raw, encoding.strip().lower(), limit)
    except ValueError as error:
        return Missing(what=mask(url), why=f"the answer is {error}", kind="bad-page")
    if body is None:
        return Missing(
            what=mask(url), why=f"larger than {limit // 1024} kB, the limit for it", kind="too-large"
        )
    digest = hashlib.sha256(raw).hexdigest()
    return Answer(status=status, url=url, content_type=kind, body=body, digest=digest, as_of=as_of)


def _total(content_range: str, start: int, end: int | None, length: int) -> int | None:
    """The whole size that ``Content-Range`` gives, or None where it is not of the part that was asked for."""
    match = _CONTENT_RANGE.fullmatch(content_range)
    if match is None:
        return None
    first, last, size = (int(number) for number in match.groups())
    wanted_first = start if end is not None else max(0, size + start)
    wanted_last = min(size, end) - 1 if end is not None else size - 1
    if (first, last) != (wanted_first, wanted_last) or length != wanted_last - wanted_first + 1:
        return None
    return size
