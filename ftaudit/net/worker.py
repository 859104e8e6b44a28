"""One requests session: its sockets can be shut from another thread, and each read of them has its time."""

from __future__ import annotations

import io
import socket
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPResponse
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, cast

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool

from ftaudit import __version__

CHUNK = 64 * 1024
"""Bytes of one read."""

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class Sockets:
    """The open sockets of one session: made to time out, or shut down from another thread.

    ``patience`` tells the seconds that the next byte may take, or raises; it is asked before each read.
    """

    def __init__(self) -> None:
        self._open: list[socket.socket] = []
        self.patience: Callable[[], float] = float

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


class _Paced(io.RawIOBase):
    """What comes from a socket: the patience holds for headers and chunks too, a byte at a time as they may
    come."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, sockets: Sockets) -> None:
        super().__init__()
        self._raw, self._sock, self._sockets = raw, sock, sockets

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int | None:
        self._sock.settimeout(self._sockets.patience())
        try:
            return self._raw.readinto(buffer)
        except TimeoutError:
            self._sockets.patience()  # raises where it is not this read but the whole that took too long
            raise

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Adapter(HTTPAdapter):
    """Registers the socket of every connection with *sockets*, and has it read with their patience."""

    def __init__(self, sockets: Sockets) -> None:
        class Paced(HTTPResponse):
            def __init__(self, sock: socket.socket, *given: Any, **named: Any) -> None:
                super().__init__(sock, *given, **named)
                # The usual 8 kB would mean ten times as many calls of the system for a large page.
                self.fp = io.BufferedReader(_Paced(self.fp.detach(), sock, sockets), CHUNK)

        class Plain(HTTPConnection):
            response_class = Paced

            def connect(self) -> None:
                super().connect()
                sockets.add(self.sock)

        class Secure(HTTPSConnection):
            response_class = Paced

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


class _Session(requests.Session):
    """Leaves redirects alone: requests reads the whole body of one, however large, even not to follow it."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        return None


class Worker:
    """A requests session that one thread at a time uses."""

    def __init__(self) -> None:
        self.sockets = Sockets()
        self.session = _Session()
        self.session.trust_env = (
            False  # netrc, proxies and bundles come from the options, not from os.environ
        )
        self.session.headers["User-Agent"] = f"ftaudit/{__version__}"
        self.session.headers["Accept-Encoding"] = "gzip"
        self.session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        adapter = _Adapter(self.sockets)
        self.session.mount("http://", adapter)
        self.session.mount("https://", adapter)
