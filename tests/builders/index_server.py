"""An index on loopback, for tests and benchmarks: what it serves and how it misbehaves is set by path."""

from __future__ import annotations

import gzip
import hashlib
import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

JSON = "application/vnd.pypi.simple.v1+json"
HTML = "application/vnd.pypi.simple.v1+html"


@dataclass(frozen=True, kw_only=True)
class Response:
    """What a path answers. ``drip`` sends a byte every so many seconds, ``hang`` waits for the server's end
    before the body. ``auth`` is the ``user:password`` that must be given, in base64 as it is sent."""

    body: bytes = b""
    status: int = 200
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    etag: str | None = None
    gzipped: bool = False
    ranges: bool = False
    drip: float = 0.0
    hang: bool = False
    length: int | None = None
    auth: str | None = None


@dataclass
class IndexServer:
    """``pages`` maps a path to its response, or to several: one a request, the last for all after it.

    ``seen`` counts the requests of each path, ``requests`` keeps their headers in order. ``served`` is how
    many bytes of bodies went out.
    """

    latency: float = 0.0
    pages: dict[str, Response | Sequence[Response]] = field(default_factory=dict)
    seen: Counter[str] = field(default_factory=Counter)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    closed: threading.Event = field(default_factory=threading.Event)
    connections: int = 0
    served: int = 0
    port: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def simple(self) -> str:
        return f"{self.url}/simple"

    def project(self, name: str, *files: dict[str, Any], **settings: Any) -> str:
        """Lists *files* (see `file_entry`) as the project *name*, in JSON; gives the path of the page."""
        extra = settings.pop("page", {})
        page = {"meta": {"api-version": "1.1"}, "name": name, "files": list(files), **extra}
        path = f"/simple/{name}/"
        self.pages[path] = Response(body=json.dumps(page).encode(), **settings)
        return path

    def answer(self, path: str, headers: dict[str, str]) -> Response:
        with self.lock:
            number = self.seen[path]
            self.seen[path] += 1
            self.requests.append((path, headers))
            page = self.pages.get(path, Response(status=404, content_type="text/plain"))
        return page if isinstance(page, Response) else page[min(number, len(page) - 1)]


def file_entry(name: str, **fields: Any) -> dict[str, Any]:
    """An entry of a JSON page."""
    sha256 = hashlib.sha256(name.encode()).hexdigest()
    entry = {"filename": name, "url": f"../../files/{name}", "hashes": {"sha256": sha256}}
    return {**entry, **{key.replace("_", "-"): value for key, value in fields.items()}}


@contextmanager
def index_server(*, latency: float = 0.0) -> Iterator[IndexServer]:
    """A server that answers after *latency* seconds."""
    state = IndexServer(latency=latency)

    class Handler(_Handler):
        server_state = state

    server = _Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield state
    finally:
        state.closed.set()
        server.shutdown()
        server.socket.close()
        thread.join()


class _Server(ThreadingHTTPServer):
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), OSError):  # a client that left is what some tests are about
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server_state: IndexServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def setup(self) -> None:
        super().setup()
        with self.server_state.lock:
            self.server_state.connections += 1

    def log_message(self, *_: object) -> None:
        pass

    def send_response(self, code: int, message: str | None = None) -> None:
        self.send_response_only(code, message)  # neither Server nor Date: a test sets what it needs

    def do_GET(self) -> None:
        state = self.server_state
        headers = {name.lower(): value for name, value in self.headers.items()}
        response = state.answer(self.path.partition("?")[0], headers)
        if state.latency:
            time.sleep(state.latency)
        try:
            self._respond(response, headers)
            self.wfile.flush()
        except OSError:
            self.close_connection = True  # the client left, as some tests make it

    def _respond(self, response: Response, headers: dict[str, str]) -> None:
        if response.auth is not None and headers.get("authorization") != f"Basic {response.auth}":
            response = Response(status=401, headers={"WWW-Authenticate": "Basic"})
        if response.etag is not None and headers.get("if-none-match") == response.etag:
            response = replace(response, status=304, body=b"")
        body, extra = _body(response, headers.get("range"))
        with self.server_state.lock:
            self.server_state.served += len(body)
        self.send_response(extra.pop("status", response.status))
        self.send_header("Content-Type", response.content_type)
        if response.status != 304:
            self.send_header("Content-Length", str(len(body) if response.length is None else response.length))
        if response.etag is not None:
            self.send_header("ETag", response.etag)
        for name, value in {**extra, **response.headers}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self._send(response, body)

    def _send(self, response: Response, body: bytes) -> None:
        self.wfile.flush()
        if response.hang:
            self.server_state.closed.wait(30)
        if not response.drip:
            self.wfile.write(body)
            return
        for number in range(len(body)):
            if self.server_state.closed.wait(response.drip):
                return
            self.wfile.write(body[number : number + 1])
            self.wfile.flush()


def _body(response: Response, wanted: str | None) -> tuple[bytes, dict[str, Any]]:
    body = response.body
    if response.gzipped:
        return gzip.compress(body), {"Content-Encoding": "gzip"}
    if wanted is None or not response.ranges:
        return body, {}
    first, _, last = wanted.removeprefix("bytes=").partition("-")
    start = int(first) if first else max(0, len(body) - int(last))
    end = min(len(body), int(last) + 1) if first and last else len(body)
    content_range = f"bytes {start}-{end - 1}/{len(body)}"
    return body[start:end], {"status": 206, "Content-Range": content_range}
