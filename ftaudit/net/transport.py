"""Requests that really go out: one requests session per worker, retries, redirects, credentials, limits.

Imported only when the cache has no answer: importing requests takes longer than a whole warm run.
"""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit, urlunsplit

import requests
import urllib3
from requests.auth import HTTPBasicAuth

from ftaudit.concurrency import Deadline, Scope
from ftaudit.model.evidence import Missing
from ftaudit.model.text import short, without_credentials
from ftaudit.net.auth import Credentials, Keys, origin
from ftaudit.net.cache import http_date
from ftaudit.net.options import NetOptions
from ftaudit.net.worker import CHUNK, Worker

RETRIED = frozenset({429, 500, 502, 503, 504})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
REFUSED = frozenset({401, 403})
MAX_REDIRECTS = 10
_NUMBER = re.compile(r"[0-9]{1,18}")
_NO_ADDRESS = (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema)
_FAILURES = (requests.RequestException, urllib3.exceptions.HTTPError, OSError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A response read whole. ``raw`` is the body as it came, ``headers`` have names in lower case, ``url`` is
    the one that answered."""

    status: int
    url: str
    headers: Mapping[str, str]
    raw: bytes = field(repr=False)


class _TooSlowError(Exception):
    """The answer takes longer than one may. No OSError: urllib3 would take it for a broken connection."""


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
        self._idle: deque[Worker] = deque()
        self._workers: deque[Worker] = deque()
        if options.trusted_hosts:  # each request would warn of what the user asked for
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)

    def close(self) -> None:
        while self._workers:
            self._workers.pop().session.close()

    def get(self, url: str, headers: Mapping[str, str], *, limit: int) -> Reply | Missing:
        """The answer to a GET of *url* (without credentials), its body at most *limit* bytes as sent.

        Connection failures and `RETRIED` answers are tried again, an answer that takes too long is not.
        Raises `DeadlineExceededError` and `CancelledError`; every other failure is `Missing`.
        """
        last = ""
        for attempt in range(self._options.attempts):
            delay = self._options.backoff_seconds * 2**attempt
            try:
                reply = self._follow(url, headers, limit)
            except _TooSlowError:
                last = f"no whole answer within {self._options.request_seconds:g} s"
                break
            except _FAILURES as error:
                self._scope.check()
                last = _reason(error)
                if isinstance(error, _NO_ADDRESS):
                    break
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
        number = _NUMBER.fullmatch(text)
        at = None if number else http_date(text)
        if at is None and not number:
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
        why_not = self._keys.hint(url)
        hint = f" ({why_not})" if why_not else ""
        return Missing(
            what=shown(url), why=f"the server refuses {said} ({reply.status}){hint}", kind="index-refused"
        )

    def _send(
        self, url: str, headers: Mapping[str, str], credentials: Credentials | None, limit: int
    ) -> Reply | Missing:
        self._scope.check()
        self._count(shown(url))
        end = Deadline(self._options.request_seconds)

        def patience() -> float:
            self._scope.check()
            if end.passed:
                raise _TooSlowError
            return max(0.001, self._scope.deadline.within(end.within(self._options.read_seconds)))

        with self._worker() as worker, self._scope.on_cancel(worker.sockets.shut):
            worker.sockets.patience = patience
            worker.sockets.limit(patience())
            response = worker.session.get(
                url,
                headers=dict(headers),
                auth=_basic(credentials) if credentials else None,
                stream=True,
                allow_redirects=False,
                timeout=(min(self._options.connect_seconds, patience()), patience()),
                verify=self._options.verify(url),
                cert=self._options.client_cert,
                proxies=self._options.proxies_for(url),
            )
            with response:
                body = self._body(response, limit)
        if isinstance(body, Missing):
            return body
        return Reply(
            status=response.status_code,
            url=url,
            headers={name.lower(): value for name, value in response.headers.items()},
            raw=body,
        )

    def _body(self, response: requests.Response, limit: int) -> bytes | Missing:
        wanted = response.status_code in {200, 206}
        length = response.headers.get("content-length", "")
        if _NUMBER.fullmatch(length) and int(length) > (limit if wanted else CHUNK):
            return _too_large(response, limit) if wanted else b""
        chunks: list[bytes] = []
        size = 0
        while True:
            chunk = response.raw.read1(CHUNK, decode_content=False)
            if not chunk:
                self._scope.check()  # a socket that was shut reads as an end too
                return b"".join(chunks)
            size += len(chunk)
            if size > (limit if wanted else CHUNK):
                return _too_large(response, limit) if wanted else b""
            chunks.append(chunk)

    @contextmanager
    def _worker(self) -> Iterator[Worker]:
        """A session that nobody else uses: as many are made as threads ask at once, and all are kept."""
        try:
            worker = self._idle.pop()
        except IndexError:
            worker = Worker()
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
    *((kind, "the address is not valid") for kind in _NO_ADDRESS),
)
"""The first that any error of the chain is."""
