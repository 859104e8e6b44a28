"""Requests over loopback: every way in which a server misbehaves has its `Missing`, and nothing leaks."""

from __future__ import annotations

import base64
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from ftaudit.concurrency import Deadline, Scope, run_all
from ftaudit.errors import CancelledError
from ftaudit.model.evidence import Missing
from ftaudit.net.auth import Credentials, Keys, origin
from ftaudit.net.session import Answer
from tests.builders.index_server import HTML, IndexServer, Response, index_server
from tests.builders.index_world import http, netrc_keys

LIMIT = 100_000


@pytest.fixture
def server() -> Iterator[IndexServer]:
    with index_server() as running:
        yield running


def body_of(answer: Answer | Missing) -> bytes:
    assert isinstance(answer, Answer), answer
    return answer.body


def kind_of(answer: Answer | Missing) -> str:
    assert isinstance(answer, Missing), answer
    return answer.kind


def test_a_page_is_read_with_its_type(server: IndexServer, tmp_path: Path) -> None:
    server.pages["/a"] = Response(body=b"hello", content_type=HTML)
    with http(tmp_path) as net:
        answer = net.get(f"{server.url}/a", limit=LIMIT)
    assert body_of(answer) == b"hello"
    assert isinstance(answer, Answer)
    assert (answer.content_type, answer.url) == (HTML, f"{server.url}/a")
    assert answer.as_of.timestamp() == 1_800_000_000.0


def test_gzip_is_unpacked(server: IndexServer, tmp_path: Path) -> None:
    server.pages["/a"] = Response(body=b"x" * 5000, gzipped=True)
    with http(tmp_path) as net:
        assert body_of(net.get(f"{server.url}/a", limit=LIMIT)) == b"x" * 5000
        assert body_of(net.get(f"{server.url}/a", limit=LIMIT)) == b"x" * 5000  # from the cache


def test_a_gzip_bomb_is_too_large(server: IndexServer, tmp_path: Path) -> None:
    server.pages["/a"] = Response(body=b"x" * (LIMIT + 1), gzipped=True)
    with http(tmp_path) as net:
        assert kind_of(net.get(f"{server.url}/a", limit=LIMIT)) == "too-large"


@pytest.mark.parametrize("said", [None, 10])
def test_a_body_over_the_limit_is_refused(server: IndexServer, tmp_path: Path, said: int | None) -> None:
    server.pages["/a"] = Response(body=b"x" * 11)
    server.pages["/b"] = Response(body=b"x" * 10, length=said)
    with http(tmp_path) as net:
        assert kind_of(net.get(f"{server.url}/a", limit=10)) == "too-large"
        assert body_of(net.get(f"{server.url}/b", limit=10)) == b"x" * 10


def test_a_body_cut_short_is_tried_again_and_then_missing(server: IndexServer, tmp_path: Path) -> None:
    cut = Response(body=b"x", length=9, headers={"Connection": "close"})
    server.pages["/a"] = cut
    server.pages["/b"] = [cut, Response(body=b"whole")]
    with http(tmp_path) as net:
        assert kind_of(net.get(f"{server.url}/a", limit=LIMIT)) == "index-unreachable"
        assert body_of(net.get(f"{server.url}/b", limit=LIMIT)) == b"whole"
    assert server.seen == {"/a": 4, "/b": 2}


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_may_be_retried_is(server: IndexServer, tmp_path: Path, status: int) -> None:
    server.pages["/a"] = [Response(status=status, headers={"Retry-After": "0"}), Response(body=b"ok")]
    with http(tmp_path) as net:
        assert body_of(net.get(f"{server.url}/a", limit=LIMIT)) == b"ok"
        assert net.requests_made == 2


def test_retries_end(server: IndexServer, tmp_path: Path) -> None:
    server.pages["/a"] = Response(status=503)
    with http(tmp_path) as net:
        answer = net.get(f"{server.url}/a", limit=LIMIT)
    assert kind_of(answer) == "index-unreachable"
    assert isinstance(answer, Missing)
    assert "503" in answer.why
    assert server.seen["/a"] == 4


@pytest.mark.parametrize("after", ["3600", "Fri, 01 Jan 2100 00:00:00 GMT"])
def test_a_retry_after_longer_than_the_run_is_not_waited_for(
    server: IndexServer, tmp_path: Path, after: str
) -> None:
    server.pages["/a"] = Response(status=429, headers={"Retry-After": after})
    with http(tmp_path, scope=Scope(Deadline(30.0))) as net:
        answer = net.get(f"{server.url}/a", limit=LIMIT)
    assert isinstance(answer, Missing)
    assert "asks to wait" in answer.why
    assert server.seen["/a"] == 1


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    with index_server() as gone:
        url = gone.url
    with http(tmp_path) as net:
        answer = net.get(f"{url}/a", limit=LIMIT)
    assert isinstance(answer, Missing)
    assert (answer.kind, answer.why) == ("index-unreachable", "the connection was refused")


@pytest.mark.parametrize(("status", "known"), [(401, True), (403, True), (401, False)])
def test_refused(server: IndexServer, tmp_path: Path, status: int, known: bool) -> None:
    server.pages["/a"] = Response(status=status)
    keys = Keys(configured={origin(server.url): Credentials("me", "s3cret")} if known else {})
    with http(tmp_path, keys=keys) as net:
        answer = net.get(f"{server.url}/a", limit=LIMIT)
    assert kind_of(answer) == "index-refused"
    assert "s3cret" not in repr(answer) + repr(keys)


def test_credentials_of_the_configuration_and_of_netrc(server: IndexServer, tmp_path: Path) -> None:
    token = base64.b64encode(b"me:s3cret").decode()
    server.pages["/a"] = Response(body=b"mine", auth=token)
    configured = Keys(configured={origin(server.url): Credentials("me", "s3cret")})
    netrc = netrc_keys(tmp_path / "netrc", "machine 127.0.0.1 login me password s3cret\n")
    for number, keys in enumerate((configured, netrc)):
        (folder := tmp_path / str(number)).mkdir()
        with http(folder, keys=keys) as net:
            assert body_of(net.get(f"{server.url}/a", limit=LIMIT)) == b"mine"
        kept = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
        assert b"mine" in kept
        assert b"s3cret" not in kept
        assert token.encode() not in kept


NETRC = "machine index.example login me password s3cret\nmachine 127.0.0.1 login me password s3cret\n"


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://index.example/simple", True),
        ("http://index.example/simple", False),
        ("http://index.example:8080/simple", True),
        ("http://127.0.0.1:1/simple", True),
        ("http://127.0.0.1.index.example/simple", False),
    ],
)
def test_netrc_is_told_in_clear_only_to_whom_the_user_named(tmp_path: Path, url: str, told: bool) -> None:
    known = netrc_keys(tmp_path / "netrc", NETRC)
    keys = replace(known, trusted=frozenset({origin("http://index.example:8080")}))
    assert keys.known(url) == (Credentials("me", "s3cret") if told else None)
    assert ("plain http" in keys.hint(url)) is not told


def test_what_the_configuration_names_for_plain_http_is_sent(tmp_path: Path) -> None:
    """The user wrote it into the address itself."""
    own = Credentials("me", "s3cret")
    keys = replace(netrc_keys(tmp_path / "netrc", NETRC), configured={origin("http://index.example"): own})
    assert keys.known("http://index.example/simple") == own


def test_a_broken_netrc_is_named_without_its_content(server: IndexServer, tmp_path: Path) -> None:
    server.pages["/a"] = Response(status=401)
    with http(tmp_path, keys=netrc_keys(tmp_path / "netrc", "machine h login me pass s3cret\n")) as net:
        answer = net.get(f"{server.url}/a", limit=LIMIT)
    assert isinstance(answer, Missing)
    assert "netrc is not readable at line 1" in answer.why
    assert "s3cret" not in answer.why


def test_the_keyring_is_asked_only_when_refused(
    server: IndexServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "keyring").mkdir()
    (tmp_path / "keyring" / "__init__.py").write_text(
        "class Found: username, password = 'me', 's3cret'\ndef get_credential(service, user): return Found\n"
    )
    (tmp_path / "keyring" / "errors.py").write_text("class KeyringError(Exception): pass\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    server.pages["/a"] = Response(body=b"mine", auth=base64.b64encode(b"me:s3cret").decode())
    server.pages["/b"] = Response(body=b"all")
    with http(tmp_path) as net:
        assert body_of(net.get(f"{server.url}/b", limit=LIMIT)) == b"all"
        assert body_of(net.get(f"{server.url}/a", limit=LIMIT)) == b"mine"
    assert [("authorization" in headers) for _, headers in server.requests] == [False, False, True]
    assert Keys().from_keyring("https://index.example/") == Credentials("me", "s3cret")
    assert Keys().from_keyring("http://index.example/") is None
    trusting = Keys(trusted=frozenset({origin("http://index.example/")}))
    assert trusting.from_keyring("http://index.example/") == Credentials("me", "s3cret")


def test_redirects_are_followed_and_the_last_url_kept(server: IndexServer, tmp_path: Path) -> None:
    server.pages["/a"] = Response(status=301, headers={"Location": "/b"})
    server.pages["/b"] = Response(body=b"there")
    for _ in range(2):  # from the network, from the cache
        with http(tmp_path) as net:
            answer = net.get(f"{server.url}/a", limit=LIMIT)
        assert body_of(answer) == b"there"
        assert isinstance(answer, Answer)
        assert answer.url == f"{server.url}/b"
    assert server.seen == {"/a": 1, "/b": 1}


@pytest.mark.parametrize("to", ["file:///etc/passwd", "ftp://index.example/a", "/a", "http://"])
def test_redirects_that_are_not_followed(server: IndexServer, tmp_path: Path, to: str) -> None:
    server.pages["/a"] = Response(status=302, headers={"Location": to})
    with http(tmp_path) as net:
        assert kind_of(net.get(f"{server.url}/a", limit=LIMIT)) == "redirect-refused"


def test_credentials_do_not_follow_a_redirect_to_another_origin(server: IndexServer, tmp_path: Path) -> None:
    keys = Keys(configured={origin(server.url): Credentials("me", "s3cret")})
    with index_server() as other:
        server.pages["/a"] = Response(status=302, headers={"Location": f"{other.url}/b"})
        other.pages["/b"] = Response(body=b"there")
        with http(tmp_path, keys=keys) as net:
            assert body_of(net.get(f"{server.url}/a", limit=LIMIT)) == b"there"
        assert "authorization" in server.requests[0][1]
        assert "authorization" not in other.requests[0][1]


def test_cookies_are_not_sent_back(server: IndexServer, tmp_path: Path) -> None:
    server.pages["/a"] = Response(body=b"a", headers={"Set-Cookie": "id=s3cret; Path=/"})
    server.pages["/b"] = Response(body=b"b")
    with http(tmp_path) as net:
        net.get(f"{server.url}/a", limit=LIMIT)
        net.get(f"{server.url}/b", limit=LIMIT)
    assert all("cookie" not in headers for _, headers in server.requests)


def test_one_connection_serves_many_requests(server: IndexServer, tmp_path: Path) -> None:
    paths = [f"/{number}" for number in range(20)]
    server.pages.update({path: Response(body=b"x") for path in paths})
    with http(tmp_path) as net:
        for path in paths:
            net.get(server.url + path, limit=LIMIT)
        assert server.connections == 1
        run_all(lambda path: net.get(server.url + path + "?", limit=LIMIT), paths, jobs=4, scope=Scope())
    assert server.connections <= 4


def test_a_dripping_server_does_not_hold_us_beyond_the_deadline(server: IndexServer, tmp_path: Path) -> None:
    server.pages["/a"] = Response(body=b"x" * 1000, drip=0.02)
    start = time.monotonic()
    with http(tmp_path, scope=Scope(Deadline(0.3))) as net:
        assert kind_of(net.get(f"{server.url}/a", limit=LIMIT)) == "deadline"
    assert time.monotonic() - start < 1.5


class _Dripping(socketserver.ThreadingTCPServer):
    """Sends ``said`` and then ``drop`` again and again, as long as anybody listens."""

    daemon_threads = True
    said = drop = b""
    asked = 0


class _Dripper(socketserver.BaseRequestHandler):
    server: _Dripping

    def handle(self) -> None:
        self.server.asked += 1
        with suppress(OSError):
            self.request.recv(10_000)
            self.request.sendall(self.server.said)
            while True:
                self.request.sendall(self.server.drop)
                time.sleep(0.01)


@contextmanager
def dripping(said: bytes, drop: bytes) -> Iterator[_Dripping]:
    server = _Dripping(("127.0.0.1", 0), _Dripper)
    server.said, server.drop = said, drop
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


OK = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("said", "drop"),
    [
        (b"", b"H"),
        (OK, b"x"),
        (OK, b"X-A: b\r\n"),
        (OK + b"Content-Length: 100000\r\n\r\n", b"x"),
        (OK + b"\r\n", b"x"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"0"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X-A: b\r\n"),
        (b"HTTP/1.1 302 Found\r\nLocation: /b\r\n\r\n", b"x"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
)
def test_an_answer_without_an_end_is_given_up(tmp_path: Path, said: bytes, drop: bytes) -> None:
    """Each byte comes in time, in the headers too; without a deadline of the run it would never end."""
    with dripping(said, drop) as server, http(tmp_path, request_seconds=0.2) as net:
        answer = net.get(f"http://127.0.0.1:{server.server_address[1]}/a", limit=LIMIT)
    assert isinstance(answer, Missing)
    assert answer.kind in {"index-unreachable", "bad-page"}
    assert server.asked <= 4


def test_an_answer_that_takes_too_long_is_not_asked_for_again(tmp_path: Path) -> None:
    with dripping(OK + b"\r\n", b"x") as server, http(tmp_path, request_seconds=0.2) as net:
        answer = net.get(f"http://127.0.0.1:{server.server_address[1]}/a", limit=LIMIT)
        assert isinstance(answer, Missing)
        assert answer.why == "no whole answer within 0.2 s"
        assert (server.asked, net.requests_made) == (1, 1)


def test_a_slow_answer_within_the_time_is_whole(server: IndexServer, tmp_path: Path) -> None:
    server.pages["/a"] = Response(body=b"x" * 10, drip=0.01)
    with http(tmp_path, request_seconds=30.0) as net:
        assert body_of(net.get(f"{server.url}/a", limit=LIMIT)) == b"x" * 10


@pytest.mark.parametrize(
    "header",
    [
        b"Content-Length: \xb2",
        b"Content-Length: " + b"9" * 5000,
        b"Retry-After: \xb2",
        b"Retry-After: " + b"9" * 5000,
        b"Content-Range: bytes \xb2-\xb2/\xb2",
        b"Content-Range: bytes " + b"9" * 5000 + b"-1/2",
        b"Cache-Control: max-age=\xb2, s-maxage=" + b"9" * 5000,
        b"Age: \xb2",
        b"Expires: \xb2\r\nDate: Fri, 99 Abc 99999 99:99:99 +9999",
        b"ETag: \xff\x00\r\nLast-Modified: \xff",
        b"Location: http://[bad",
        b"Content-Type: \xff; charset*=\xff''\xff",
        b"Content-Encoding: \xff",
        b"Transfer-Encoding: chunked",
    ],
)
@pytest.mark.parametrize("status", [b"200", b"206", b"302", b"503", b"\xb2"])
def test_hostile_headers_give_an_answer_or_missing(tmp_path: Path, status: bytes, header: bytes) -> None:
    said = b"HTTP/1.1 " + status + b" X\r\n" + header + b"\r\nConnection: close\r\n\r\n" + b"-5\r\n" * 300
    with dripping(said, b"x" * 100_000) as server, http(tmp_path, attempts=2) as net:
        url = f"http://127.0.0.1:{server.server_address[1]}/a"
        for _ in range(2):
            assert isinstance(net.get(url, limit=1000), Answer | Missing)
        assert isinstance(net.part(url, 0, 10, whole_limit=1000), Answer | Missing)


@pytest.mark.parametrize("drip", [False, True])
def test_the_deadline_ends_every_worker(server: IndexServer, tmp_path: Path, drip: bool) -> None:
    server.pages["/a"] = Response(body=b"x" * 1000, drip=0.02) if drip else Response(body=b"x", hang=True)
    scope = Scope(Deadline(0.3))
    start = time.monotonic()
    with http(tmp_path, scope=scope) as net:
        answers = run_all(
            lambda n: net.get(f"{server.url}/a?{n}", limit=LIMIT), range(6), jobs=3, scope=scope
        )
    assert [kind_of(answer) for answer in answers] == ["deadline"] * 6
    assert time.monotonic() - start < 1.5


def test_cancelling_ends_a_blocked_read_at_once(server: IndexServer, tmp_path: Path) -> None:
    server.pages["/a"] = Response(body=b"x", hang=True)
    scope = Scope()
    timer = threading.Timer(0.2, scope.cancel)
    start = time.monotonic()
    with http(tmp_path, scope=scope) as net:
        timer.start()
        with pytest.raises(CancelledError):
            net.get(f"{server.url}/a", limit=LIMIT)
    assert time.monotonic() - start < 1.0


def test_nothing_is_asked_after_the_end(server: IndexServer, tmp_path: Path) -> None:
    server.pages["/a"] = Response(body=b"x")
    scope = Scope()
    scope.cancel()
    with http(tmp_path, scope=scope) as net, pytest.raises(CancelledError):
        net.get(f"{server.url}/a", limit=LIMIT)
    assert server.seen["/a"] == 0


def test_parts_of_a_file(server: IndexServer, tmp_path: Path) -> None:
    server.pages["/w"] = Response(body=b"0123456789", ranges=True)
    with http(tmp_path) as net:
        for start, end, wanted in ((-4, None, b"6789"), (2, 5, b"234"), (-100, None, b"0123456789")):
            answer = net.part(f"{server.url}/w", start, end, whole_limit=0)
            assert body_of(answer) == wanted
            assert isinstance(answer, Answer)
            assert answer.total == 10


def test_a_server_without_ranges_gives_small_files_whole(server: IndexServer, tmp_path: Path) -> None:
    server.pages["/w"] = Response(body=b"0123456789")
    with http(tmp_path) as net:
        answer = net.part(f"{server.url}/w", -4, None, whole_limit=10)
        assert body_of(answer) == b"0123456789"
        assert isinstance(answer, Answer)
        assert answer.total is None
        assert kind_of(net.part(f"{server.url}/w", -4, None, whole_limit=9)) == "no-ranges"


@pytest.mark.parametrize("claimed", ["bytes 0-3/10", "bytes 6-9/*", "bytes 6-9", "lines 6-9/10", ""])
def test_another_part_than_asked_is_refused(server: IndexServer, tmp_path: Path, claimed: str) -> None:
    server.pages["/w"] = Response(body=b"6789", status=206, headers={"Content-Range": claimed})
    with http(tmp_path) as net:
        assert kind_of(net.part(f"{server.url}/w", -4, None, whole_limit=9)) == "bad-page"


def test_an_untrusted_certificate_and_a_proxy_are_taken_from_the_options(
    server: IndexServer, tmp_path: Path
) -> None:
    server.pages["http://index.example/a"] = Response(body=b"by proxy")
    with http(tmp_path, proxy=server.url.replace("//", "//me:s3cret@")) as net:
        assert body_of(net.get("http://index.example/a", limit=LIMIT)) == b"by proxy"
        assert server.requests[0][1]["proxy-authorization"]
    with http(tmp_path, proxies={"http": server.url, "no": "index.example"}) as net:
        assert net._options.proxies_for("http://index.example/") == {}
        assert net._options.proxies_for("http://other.example/") == {"http": server.url}
