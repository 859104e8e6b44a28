"""Requests that really go out: one requests session per worker, retries, redirects, credentials, limits.

Imported only when the cache has no answer: importing requests takes longer than a whole warm run.
"""

from __future__ import annotations

import socket
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import Any, cast
from urllib.parse import urljoin, urlsplit, urlunsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.auth import HTTPBasicAuth
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool

from ftaudit import __version__
from ftaudit.concurrency import Scope
from ftaudit.model.evidence import Missing
from ftaudit.model.text import short, without_credentials
from ftaudit.net.auth import Credentials, Keys, origin
from ftaudit.net.cache import http_date
from ftaudit.net.options import NetOptions

RETRIED = frozenset({429, 500, 502, 503, 504})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
REFUSED = frozenset({401, 403})
MAX_REDIRECTS = 10
CHUNK = 64 * 1024
_FAILURES = (requests.RequestException, urllib3.exceptions.HTTPError, OSError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A response read whole. ``raw`` is the body as it came, ``headers`` have names in lower case, ``url`` is
    the one that answered."""

    status: int
    url: str
    headers: Mapping[str, str]
    raw: bytes = field(repr=False)


class _Sockets:
    """The open sockets of one session: made to time out, or shut down from another thread."""

    def __init__(self) -> None:
        self._open: list[socket.socket] = []

    def add(self, sock: socket.socket) -> None:
        self._open = [other for other in self._open if other.fileno() != -1 and other is not sock] + [sock]

    def limit(self, seconds: float) -> None:
        for sock in self._open:
            if sock.fileno() != -1:
                sock.settimeout(seconds)

    def shut(self) -> None:
        for sock in self._open:
            with suppress(OSError):
                # Not SSLSocket.shutdown, which takes the TLS state away from under the blocked thread.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)


class _Adapter(HTTPAdapter):
    """Registers the socket of every connection with *sockets*."""

    def __init__(self, sockets: _Sockets) -> None:
        class Plain(HTTPConnection):
            def connect(self) -> None:
                super().connect()
                sockets.add(self.sock)

        class Secure(HTTPSConnection):
            def _new_conn(self) -> socket.socket:
                sock = super()._new_conn()
                sockets.add(sock)  # a handshake can block too
                return sock

            def connect(self) -> None:
                super().connect()
                sockets.add(self.sock)

        self._classes: dict[str, Any] = {"http": Plain, "https": Secure}
        super().__init__(pool_connections=8, pool_maxsize=1)

    def get_connection_with_tls_context(self, *given: Any, **named: Any) -> HTTPConnectionPool:
        pool = cast(HTTPConnectionPool, super().get_connection_with_tls_context(*given, **named))
        pool.ConnectionCls = self._classes[pool.scheme or "http"]
        return pool


class _Worker:
    """A requests session that one thread at a time uses."""

    def __init__(self) -> None:
        self.sockets = _Sockets()
        self.session = requests.Session()
        self.session.trust_env = (
            False  # netrc, proxies and bundles come from the options, not from os.environ
        )
        self.session.headers["User-Agent"] = f"ftaudit/{__version__}"
        self.session.headers["Accept-Encoding"] = "gzip"
        self.session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        adapter = _Adapter(self.sockets)
        self.session.mount("http://", adapter)
        self.session.mount("https://", adapter)


class _WaitTooLongError(Exception):
    """The server asks to be left alone for longer than this run can wait; ``seconds`` is how long."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class Transport:
    """Sends GET requests. Thread-safe; *count* is called once for each request, with its shown URL."""

    def __init__(
        self, options: NetOptions, keys: Keys, scope: Scope, *, count: Callable[[str], None]
    ) -> None:
        self._options, self._keys, self._scope, self._count = options, keys, scope, count
        self._idle: deque[_Worker] = deque()
        self._workers: deque[_Worker] = deque()
        if options.trusted_hosts:  # each request would warn of what the user asked for
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)

    def close(self) -> None:
        while self._workers:
            self._workers.pop().session.close()

    def get(self, url: str, headers: Mapping[str, str], *, limit: int) -> Reply | Missing:
        """The answer to a GET of *url* (without credentials), its body at most *limit* bytes as sent.

        Connection failures and `RETRIED` answers are tried again. Raises `DeadlineExceededError` and
        `CancelledError`; every other failure is `Missing`.
        """
        last = ""
        for attempt in range(self._options.attempts):
            delay = self._options.backoff_seconds * 2**attempt
            try:
                reply = self._follow(url, headers, limit)
            except _FAILURES as error:
                self._scope.check()
                last = _reason(error)
            else:
                if isinstance(reply, Missing) or reply.status not in RETRIED:
                    return reply
                last = f"the server answered {reply.status}"
                try:
                    delay = self._asked_delay(reply) or delay
                except _WaitTooLongError as wait:
                    last += f" and asks to wait {wait.seconds:.0f} s, longer than this run can"
                    break
            if attempt + 1 < self._options.attempts:
                self._scope.wait(delay)
        return Missing(what=shown(url), why=last, kind="index-unreachable")

    def _asked_delay(self, reply: Reply) -> float | None:
        text = reply.headers.get("retry-after", "").strip()
        at = None if text.isdigit() else http_date(text)
        if at is None and not text.isdigit():
            return None
        seconds = max(0.0, float(text) if at is None else at - time.time())
        left = self._scope.deadline.remaining()
        if seconds > self._options.longest_wait_seconds or (left is not None and seconds >= left):
            raise _WaitTooLongError(seconds)
        return seconds

    def _follow(self, url: str, headers: Mapping[str, str], limit: int) -> Reply | Missing:
        at = url
        for _ in range(MAX_REDIRECTS + 1):
            reply = self._ask(at, headers, limit)
            if isinstance(reply, Missing) or reply.status not in REDIRECTS or "location" not in reply.headers:
                return reply
            target = redirect_target(at, reply.headers["location"])
            if target is None:
                return Missing(
                    what=shown(url),
                    why="redirects to an address that is not followed (another scheme, or https to http)",
                    kind="redirect-refused",
                )
            at = target
        return Missing(
            what=shown(url), why=f"redirects more than {MAX_REDIRECTS} times", kind="redirect-refused"
        )

    def _ask(self, url: str, headers: Mapping[str, str], limit: int) -> Reply | Missing:
        known = self._keys.known(url)
        reply = self._send(url, headers, known, limit)
        if isinstance(reply, Missing) or reply.status not in REFUSED:
            return reply
        found = self._keys.from_keyring(url)
        if found is not None and found != known:
            reply = self._send(url, headers, found, limit)
            if isinstance(reply, Missing) or reply.status not in REFUSED:
                return reply
        said = "the credentials given" if known or found else "a request without credentials"
        hint = f" ({self._keys.hint})" if self._keys.hint else ""
        return Missing(
            what=shown(url), why=f"the server refuses {said} ({reply.status}){hint}", kind="index-refused"
        )

    def _send(
        self, url: str, headers: Mapping[str, str], credentials: Credentials | None, limit: int
    ) -> Reply | Missing:
        self._scope.check()
        self._count(shown(url))
        within = self._scope.deadline.within
        with self._worker() as worker, self._scope.on_cancel(worker.sockets.shut):
            worker.sockets.limit(max(0.001, within(self._options.read_seconds)))
            response = worker.session.get(
                url,
                headers=dict(headers),
                auth=_basic(credentials) if credentials else None,
                stream=True,
                allow_redirects=False,
                timeout=(
                    max(0.001, within(self._options.connect_seconds)),
                    max(0.001, within(self._options.read_seconds)),
                ),
                verify=self._options.verify(url),
                cert=self._options.client_cert,
                proxies=self._options.proxies_for(url),
            )
            with response:
                body = self._body(response, worker, limit)
        if isinstance(body, Missing):
            return body
        return Reply(
            status=response.status_code,
            url=url,
            headers={name.lower(): value for name, value in response.headers.items()},
            raw=body,
        )

    def _body(self, response: requests.Response, worker: _Worker, limit: int) -> bytes | Missing:
        wanted = response.status_code in {200, 206}
        length = response.headers.get("content-length", "")
        if length.isdigit() and int(length) > (limit if wanted else CHUNK):
            return _too_large(response, limit) if wanted else b""
        chunks: list[bytes] = []
        size = 0
        while True:
            self._scope.check()
            worker.sockets.limit(max(0.001, self._scope.deadline.within(self._options.read_seconds)))
            chunk = response.raw.read1(CHUNK, decode_content=False)
            if not chunk:
                self._scope.check()  # a socket that was shut reads as an end too
                return b"".join(chunks)
            size += len(chunk)
            if size > (limit if wanted else CHUNK):
                return _too_large(response, limit) if wanted else b""
            chunks.append(chunk)

    @contextmanager
    def _worker(self) -> Iterator[_Worker]:
        """A session that nobody else uses: as many are made as threads ask at once, and all are kept."""
        try:
            worker = self._idle.pop()
        except IndexError:
            worker = _Worker()
            self._workers.append(worker)
        try:
            yield worker
        finally:
            self._idle.append(worker)


def _too_large(response: requests.Response, limit: int) -> Missing:
    what = shown(response.url or "")
    return Missing(what=what, why=f"larger than {limit // 1024} kB, the limit for it", kind="too-large")


def _basic(credentials: Credentials) -> HTTPBasicAuth:
    return HTTPBasicAuth(credentials.user.encode(), credentials.password.encode())


def shown(url: str) -> str:
    """*url* fit for a message: no credentials, no query, one line."""
    parts = urlsplit(without_credentials(url))
    return short(urlunsplit(parts._replace(query="", fragment="")), 200)


def redirect_target(url: str, location: str) -> str | None:
    """Where a redirect from *url* leads, or None where it is not followed."""
    try:
        target = without_credentials(urljoin(url, location))
        scheme, host, _ = origin(target)
    except ValueError:
        return None
    if scheme not in {"http", "https"} or not host or (origin(url)[0] == "https" and scheme == "http"):
        return None
    return target


def _reason(error: Exception) -> str:
    """What went wrong in our own words: the libraries' texts repeat URLs, proxies and their passwords."""
    chain: list[BaseException] = []
    seen: object = error
    while isinstance(seen, BaseException) and seen not in chain:
        chain.append(seen)
        inner = getattr(seen, "reason", None) or (seen.args[0] if seen.args else None)
        seen = inner if isinstance(inner, BaseException) else seen.__cause__ or seen.__context__
    return next(
        (words for kind, words in _REASONS if any(isinstance(one, kind) for one in chain)),
        "the connection failed",
    )


_REASONS: tuple[tuple[type[BaseException], str], ...] = (
    (requests.exceptions.ProxyError, "the proxy does not let it through"),
    (urllib3.exceptions.NameResolutionError, "the name of the host is not known"),
    (requests.exceptions.SSLError, "the secure connection could not be made or verified"),
    (ConnectionRefusedError, "the connection was refused"),
    (urllib3.exceptions.NewConnectionError, "no connection could be made"),  # urllib3 calls it a time-out too
    (requests.exceptions.Timeout, "no answer in time"),
    (urllib3.exceptions.TimeoutError, "no answer in time"),
    (urllib3.exceptions.IncompleteRead, "the answer was cut short"),
    (requests.exceptions.InvalidURL, "the address is not valid"),
    (requests.exceptions.InvalidSchema, "the address is not valid"),
)
"""The first that any error of the chain is."""
