"""The client over loopback: pages, metadata, several indexes, and every fault with its `Missing`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from packaging.version import Version

from ftaudit.concurrency import Scope, run_all
from ftaudit.index.versions import candidates, release
from ftaudit.knowledge.targets import parse_interpreter
from ftaudit.model.evidence import CoreMetadata, IndexFile, Missing, ProjectPage, ProjectStatus, Release
from ftaudit.model.project import INDEX, DeclaredIndex, Reading, Source, SourceKind
from ftaudit.model.requires_python import allows, allows_without_upper_bound
from tests.builders.index_server import HTML, IndexServer, Response, file_entry, index_server
from tests.builders.index_world import World, http
from tests.builders.wheels import wheel

WHEEL = "x-1-py3-none-any.whl"


@pytest.fixture
def server() -> Iterator[IndexServer]:
    with index_server() as running:
        yield running


@pytest.fixture
def other() -> Iterator[IndexServer]:
    with index_server() as running:
        yield running


@pytest.fixture
def world(tmp_path: Path, server: IndexServer) -> World:
    """Its public index is the server."""
    return World(folder=tmp_path, public=lambda: server.simple)


def names(page: ProjectPage | Missing) -> list[str]:
    assert isinstance(page, ProjectPage), page
    return [file.name for file in page.files]


def kind(found: object) -> str:
    assert isinstance(found, Missing), found
    return found.kind


def at(url: str) -> Source:
    return Source(kind=SourceKind.INDEX, location=url)


def test_a_page_of_the_public_index(server: IndexServer, world: World) -> None:
    server.project("x", file_entry(WHEEL, size=3), file_entry("x-2.tar.gz"))
    page = world.page("X")
    assert isinstance(page, ProjectPage)
    assert (page.name, page.indexes, page.as_of, page.unread) == ("x", (server.simple,), world.now, ())
    found = release(page, "1.0")
    assert isinstance(found, Release)
    assert [(file.name, file.url, file.index) for file in found.files] == [
        (WHEEL, f"{server.url}/files/{WHEEL}", server.simple)
    ]


def test_relative_urls_are_of_the_page_that_answered(server: IndexServer, world: World) -> None:
    server.project("y", file_entry(WHEEL))
    server.pages["/moved/x/"] = server.pages["/simple/y/"]
    server.pages["/simple/x/"] = Response(status=301, headers={"Location": "/moved/x/?token=s3cret"})
    for _ in range(2):
        page = world.page("x")
        assert isinstance(page, ProjectPage)
        assert page.files[0].url == f"{server.url}/files/{WHEEL}"


@pytest.mark.parametrize("redirected", [False, True])
def test_a_login_page_is_no_answer(server: IndexServer, world: World, redirected: bool) -> None:
    login = Response(body=b"<title>Log in</title><a href='/help'>help</a>", content_type="text/html")
    server.pages["/simple/x/"] = Response(status=302, headers={"Location": "/login"}) if redirected else login
    server.pages["/login"] = login
    assert kind(world.page("x")) == "bad-page"


def test_html(server: IndexServer, world: World) -> None:
    server.pages["/simple/x/"] = Response(body=f'<a href="{WHEEL}">w</a>'.encode(), content_type=HTML)
    assert names(world.page("x")) == [WHEEL]


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (Response(status=404), "name-not-listed"),
        (Response(status=401), "index-refused"),
        (Response(status=403), "index-refused"),
        (Response(status=418), "index-unreachable"),
        (Response(body=b"{}"), "bad-page"),
        (Response(body=b"{}", content_type="text/plain"), "bad-page"),
        (Response(body=b"x", length=40_000_000), "too-large"),
        (Response(status=302, headers={"Location": "file:///etc/passwd"}), "redirect-refused"),
        (Response(body=b"x", headers={"Content-Encoding": "br"}), "bad-page"),
        (Response(body=b"x", headers={"Content-Encoding": "gzip"}), "bad-page"),
    ],
)
def test_faults(server: IndexServer, world: World, response: Response, expected: str) -> None:
    server.pages["/simple/x/"] = response
    assert kind(world.page("x")) == expected


def test_offline(server: IndexServer, world: World) -> None:
    server.project("x", file_entry(WHEEL))
    assert kind(world.page("x", offline=True)) == "offline"
    assert server.connections == 0
    world.page("x")
    world.now = datetime(2030, 1, 1, tzinfo=UTC)
    assert names(world.page("x", offline=True)) == [WHEEL]
    assert server.connections == 1


@pytest.mark.parametrize("name", ["../../etc", "x/y", "x?y", "", "x y", "é"])
def test_a_name_that_is_none_asks_nobody(server: IndexServer, world: World, name: str) -> None:
    assert kind(world.page(name)) == "bad-name"
    assert not server.requests


@pytest.mark.parametrize("source", [SourceKind.GIT, SourceKind.PATH, SourceKind.WORKSPACE])
def test_other_sources_ask_nobody(server: IndexServer, world: World, source: SourceKind) -> None:
    with world.client() as client:
        assert kind(client.page("x", Source(kind=source, location=server.simple))) == "source-not-an-index"
    assert not server.requests


# -- several indexes --


def test_a_private_name_never_reaches_the_default_index(
    server: IndexServer, other: IndexServer, world: World
) -> None:
    server.project("x", file_entry("x-99-py3-none-any.whl"))
    with world.client() as client:
        assert kind(client.page("x", at(other.simple))) == "name-not-listed"
    assert (server.requests, other.seen["/simple/x/"]) == ([], 1)
    other.project("y", file_entry("y-1-py3-none-any.whl"))
    with world.client() as client:
        assert names(client.page("y", at(other.simple))) == ["y-1-py3-none-any.whl"]
    assert not server.requests


@pytest.mark.parametrize("location", ["", "named"])
def test_credentials_go_where_they_belong(
    server: IndexServer, other: IndexServer, world: World, location: str
) -> None:
    other.project("x", file_entry(WHEEL, core_metadata=True), auth="bWU6czNjcmV0")
    other.pages[f"/files/{WHEEL}.metadata"] = Response(body=b"Name: x\nVersion: 1\n", auth="bWU6czNjcmV0")
    world.environ = {"PIP_INDEX_URL": other.simple.replace("//", "//me:s3cret@")}
    with world.client() as client:
        page = client.page("x", at(other.simple) if location else INDEX)
        assert names(page) == [WHEEL]
        assert isinstance(page, ProjectPage)
        found = client.metadata(page.files[0])
    assert isinstance(found, CoreMetadata)
    assert "s3cret" not in repr(page) + repr(list(page.files)) + repr(found)
    assert not server.requests


def test_pip_merges(server: IndexServer, other: IndexServer, world: World) -> None:
    server.project("x", file_entry(WHEEL), file_entry("x-2-py3-none-any.whl"))
    other.project("x", file_entry(WHEEL), file_entry("x-3-py3-none-any.whl"))
    world.environ = {"PIP_EXTRA_INDEX_URL": other.simple}
    page = world.page("x")
    assert names(page) == [WHEEL, "x-2-py3-none-any.whl", "x-3-py3-none-any.whl"]
    assert isinstance(page, ProjectPage)
    assert [file.index for file in page.files] == [server.simple, server.simple, other.simple]
    assert page.indexes == (server.simple, other.simple)


def test_merging_with_an_index_that_does_not_answer(
    server: IndexServer, other: IndexServer, world: World
) -> None:
    server.project("x", file_entry(WHEEL))
    other.pages["/simple/x/"] = other.pages["/simple/y/"] = Response(status=403)
    world.environ = {"PIP_EXTRA_INDEX_URL": other.simple}
    page = world.page("x")
    assert names(page) == [WHEEL]
    assert isinstance(page, ProjectPage)
    assert [missing.kind for missing in page.unread] == ["index-refused"]
    assert kind(world.page("y")) == "index-refused"


def test_uv_takes_the_first_that_has_the_name(server: IndexServer, other: IndexServer, world: World) -> None:
    other.project("x", file_entry(WHEEL))
    other.pages["/simple/z/"] = Response(status=403)
    for name in "xyz":
        server.project(name, file_entry(f"{name}-9-py3-none-any.whl"))
    world.environ = {"UV_INDEX": other.simple}
    assert names(world.page("x")) == [WHEEL]
    assert names(world.page("y")) == ["y-9-py3-none-any.whl"]
    assert kind(world.page("z")) == "index-refused"  # not "ask the next": the name may be private
    assert server.seen == {"/simple/y/": 1}
    assert names(world.page("x", index_strategy="merge")) == [WHEEL, "x-9-py3-none-any.whl"]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("quarantined", "active", ProjectStatus.ACTIVE),
        ("quarantined", "quarantined", ProjectStatus.QUARANTINED),
        ("active", "deprecated", ProjectStatus.DEPRECATED),
    ],
)
def test_the_status_of_several(
    server: IndexServer, other: IndexServer, world: World, first: str, second: str, expected: ProjectStatus
) -> None:
    for index, status in ((server, first), (other, second)):
        index.project("x", page={"project-status": {"status": status}})
    world.environ = {"PIP_EXTRA_INDEX_URL": other.simple}
    page = world.page("x")
    assert isinstance(page, ProjectPage)
    assert page.status is expected


def test_an_index_map_to_the_default(server: IndexServer, world: World) -> None:
    server.project("x", file_entry(WHEEL))
    lock = "https://index.example/simple"
    with world.client(index_map=(f"{lock}=default",)) as client:
        assert names(client.page("x", at(lock))) == [WHEEL]


def test_inputs_with_different_indexes_ask_nobody(
    server: IndexServer, other: IndexServer, world: World
) -> None:
    """Whose files the pin gets, and whether the other's index may hear its name, is not known."""
    for index in (server, other):
        index.project("x", file_entry(WHEEL))
    private = DeclaredIndex(url=other.simple, replaces_default=True, tool="uv")
    world.readings = [
        Reading(input="a", format="", sha256="", indexes=(private,)),
        Reading(input="b", format="", sha256=""),
    ]
    with world.client() as client:
        for inputs in (["a", "b"], ["b", "a"], []):
            found = client.page("x", INDEX, inputs)
            assert isinstance(found, Missing)
            assert (found.kind, found.why) == (
                "indexes-differ", "the inputs that hold it declare different indexes",
            )  # fmt: skip
        assert not server.requests
        assert not other.requests
        assert names(client.page("x", INDEX, ["a"])) == [WHEEL]
        assert names(client.page("x", at(other.simple), ["a", "b"])) == [WHEEL]


def test_a_name_that_pdm_keeps_for_a_source_never_reaches_the_public_index(
    server: IndexServer, other: IndexServer, world: World
) -> None:
    for index in (server, other):
        index.project("corp-x", file_entry("corp_x-1-py3-none-any.whl"))
    source = DeclaredIndex(url=other.simple, tool="pdm", only=("corp-*",), never=("*",))
    world.readings = [Reading(input="pdm.lock", format="", sha256="", indexes=(source,))]
    with world.client() as client:
        assert isinstance(client.page("Corp_X", INDEX, ["pdm.lock"]), ProjectPage)
        assert not server.requests
        assert kind(client.page("y", INDEX, ["pdm.lock"])) == "name-not-listed"
    assert (server.seen, other.seen) == ({"/simple/y/": 1}, {"/simple/corp-x/": 1})


# -- folders --


def test_a_folder_as_an_index(world: World) -> None:
    root = world.folder / "index"
    (root / "x").mkdir(parents=True)
    (root / "x" / WHEEL).write_bytes(b"w")
    (root / "y").mkdir()
    (root / "y" / "index.html").write_text('<a href="../x/y-1.tar.gz#sha256=' + "a" * 64 + '">y</a>')
    world.environ = {"PIP_INDEX_URL": root.as_uri()}
    page = world.page("x")
    assert isinstance(page, ProjectPage)
    assert (page.files[0].name, page.files[0].path, page.files[0].size) == (WHEEL, str(root / "x" / WHEEL), 1)
    page = world.page("y")
    assert isinstance(page, ProjectPage)
    assert (page.files[0].sha256, page.files[0].path) == ("a" * 64, str(root / "x" / "y-1.tar.gz"))
    assert kind(world.page("z")) == "name-not-listed"


def test_find_links_are_read_or_named(server: IndexServer, other: IndexServer, world: World) -> None:
    links = world.folder / "links"
    links.mkdir()
    (links / WHEEL).write_bytes(b"w")
    other.pages["/links.html"] = Response(body=b'<a href="x-5.tar.gz">x</a>', content_type="text/html")
    server.project("x", file_entry("x-9.tar.gz"))
    gone = world.folder / "gone"
    world.environ = {"PIP_FIND_LINKS": f"{links} {other.url}/links.html {gone}"}
    with world.client() as client:
        pages = run_all(lambda name: client.page(name, INDEX), ["x", "y", "x"], jobs=2, scope=Scope())
    assert names(pages[0]) == [WHEEL, "x-5.tar.gz", "x-9.tar.gz"]
    assert isinstance(pages[0], ProjectPage)
    assert [(missing.kind, missing.what) for missing in pages[0].unread] == [("index-unreachable", str(gone))]
    assert kind(pages[1]) == "index-unreachable"
    assert other.seen["/links.html"] == 1


def test_a_wheelhouse_asks_nobody_else(server: IndexServer, world: World) -> None:
    name, content = wheel(name="x", version="1", requires=("y>=2",))
    (world.folder / name).write_bytes(content)
    house = DeclaredIndex(url=str(world.folder), find_links=True, tool="wheelhouse")
    world.readings = [Reading(input="w", format="wheels", sha256="", indexes=(house,))]
    with world.client() as client:
        page = client.page("x", INDEX, ["w"])
        assert names(page) == [name]
        assert isinstance(page, ProjectPage)
        found = client.metadata(page.files[0])
        assert kind(client.page("y", INDEX, ["w"])) == "name-not-listed"
    assert isinstance(found, CoreMetadata)
    assert found.requires_dist == ("y>=2",)
    assert not server.requests


def test_no_index_at_all(server: IndexServer, world: World) -> None:
    world.environ = {"PIP_NO_INDEX": "1"}
    assert kind(world.page("x")) == "no-index"
    assert not server.requests


# -- what is left out --


def test_uploaded_before(server: IndexServer, world: World) -> None:
    old, new = "2026-01-01T00:00:00Z", "2026-06-01T00:00:00.5Z"
    server.project(
        "x",
        file_entry("x-1.tar.gz", upload_time=old),
        file_entry("x-2.tar.gz", upload_time=new),
        file_entry("x-3.tar.gz"),
    )
    page = world.page("x", uploaded_before=datetime(2026, 6, 1, tzinfo=UTC))
    assert isinstance(page, ProjectPage)
    old_one, new_one, undated = (release(page, version) for version in ("1", "2", "3"))
    assert isinstance(old_one, Release)
    assert [file.name for file in old_one.files] == ["x-1.tar.gz"]
    assert isinstance(new_one, Missing)
    assert new_one.kind == "version-not-listed"
    assert isinstance(undated, Missing)
    assert undated.kind == "upload-time-missing"
    assert {version: len(tuple(files())) for version, files in candidates(page).items()} == {
        Version("1"): 1,
        Version("2"): 0,
        Version("3"): 0,
    }


def test_without_uploaded_before_every_file_counts(server: IndexServer, world: World) -> None:
    server.project(
        "x", file_entry("x-1.tar.gz", upload_time="2026-01-01T00:00:00Z"), file_entry("x-2.tar.gz")
    )
    page = world.page("x")
    assert isinstance(page, ProjectPage)
    assert isinstance(release(page, "2"), Release)


def test_names_that_are_none_are_counted(server: IndexServer, world: World) -> None:
    server.project("x", file_entry(WHEEL), file_entry("../x-2.tar.gz"))
    page = world.page("x")
    assert isinstance(page, ProjectPage)
    assert [missing.kind for missing in page.unread] == ["bad-file-name"]


# -- metadata --


def metadata(server: IndexServer, world: World, name: str, **fields: Any) -> CoreMetadata | Missing:
    file = IndexFile(name=name, url=f"{server.url}/files/{name}", index=server.simple, **fields)
    with world.client() as client:
        return client.metadata(file)


TEXT = b"Metadata-Version: 2.4\nName: x\nVersion: 1\nRequires-Dist: y\n"


def test_metadata_beside_the_file(server: IndexServer, world: World) -> None:
    server.pages[f"/files/{WHEEL}.metadata"] = Response(body=TEXT, content_type="text/plain")
    sha = hashlib.sha256(TEXT).hexdigest()
    for _ in range(2):
        found = metadata(server, world, WHEEL, core_metadata=True, core_metadata_sha256=sha)
        assert isinstance(found, CoreMetadata)
        assert (found.requires_dist, found.as_of) == (("y",), world.now)
        assert found.source == f"{server.url}/files/{WHEEL}.metadata"
    assert len(server.requests) == 1


def test_metadata_that_is_not_what_the_page_says(server: IndexServer, world: World) -> None:
    server.pages[f"/files/{WHEEL}.metadata"] = Response(body=TEXT)
    assert (
        kind(metadata(server, world, WHEEL, core_metadata=True, core_metadata_sha256="0" * 64))
        == "hash-mismatch"
    )
    assert kind(metadata(server, world, "y-1-py3-none-any.whl", core_metadata=True)) == "metadata-not-offered"
    server.pages["/files/z-1.tar.gz.metadata"] = Response(body=TEXT)
    assert kind(metadata(server, world, "z-1.tar.gz", core_metadata=True)) == "bad-metadata"


def test_metadata_out_of_the_wheel(server: IndexServer, world: World) -> None:
    noise = {"x/noise": hashlib.shake_128(b"x").digest(200_000)}
    name, content = wheel(name="x", version="1", requires=("y",), files=noise)
    server.pages[f"/files/{name}"] = Response(body=content, ranges=True)
    for _ in range(2):
        found = metadata(server, world, name, sha256="0" * 64, size=len(content))
        assert isinstance(found, CoreMetadata)
        assert found.requires_dist == ("y",)
    assert len(server.requests) <= 2
    assert kind(metadata(server, world, name, size=len(content) + 1)) == "hash-mismatch"


def test_what_is_kept_of_a_wheel_speaks_for_no_other_address(
    server: IndexServer, other: IndexServer, world: World
) -> None:
    """The page claims the hash; nobody has seen the whole file."""
    for index, needs in ((server, "evil"), (other, "good")):
        content = wheel(name="x", version="1", requires=(needs,))[1]
        index.pages[f"/files/{WHEEL}"] = Response(body=content, ranges=True)
        found = metadata(index, world, WHEEL, sha256="0" * 64)
        assert isinstance(found, CoreMetadata)
        assert found.requires_dist == (needs,)
    for times in (1, 2):
        server.seen.clear()
        assert isinstance(metadata(server, world, WHEEL), CoreMetadata)
        assert server.seen[f"/files/{WHEEL}"] > 0, times  # without a hash nothing is kept


@pytest.mark.parametrize(("large", "expected"), [(False, ""), (True, "no-ranges")])
def test_a_server_without_ranges(server: IndexServer, world: World, large: bool, expected: str) -> None:
    noise = {"x/noise": hashlib.shake_128(b"x").digest(2_000_000)} if large else {}
    name, content = wheel(name="x", version="1", requires=("y",), files=noise)
    server.pages[f"/files/{name}"] = Response(body=content)
    found = metadata(server, world, name, sha256=hashlib.sha256(content).hexdigest())
    assert (found.kind if isinstance(found, Missing) else "") == expected
    if not large:
        assert kind(metadata(server, world, name, sha256="0" * 64)) == "hash-mismatch"


@pytest.mark.parametrize(
    ("name", "response", "expected"),
    [
        (WHEEL, Response(body=b"no zip" * 99, ranges=True), "bad-wheel"),
        (WHEEL, Response(status=404), "index-unreachable"),
        (WHEEL, Response(status=403), "index-refused"),
        (WHEEL, Response(body=b"x", status=206, headers={"Content-Range": "bytes 0-0/9"}), "bad-page"),
        ("x-1.tar.gz", Response(body=b""), "metadata-not-offered"),
        ("x.exe", Response(body=b""), "bad-metadata"),
    ],
)
def test_metadata_that_cannot_be_had(
    server: IndexServer, world: World, name: str, response: Response, expected: str
) -> None:
    server.pages[f"/files/{name}"] = response
    assert kind(metadata(server, world, name)) == expected


def test_metadata_offline(server: IndexServer, world: World) -> None:
    file = IndexFile(name=WHEEL, url=f"{server.url}/files/{WHEEL}", index="i")
    with world.client(offline=True) as client:
        assert kind(client.metadata(file)) == "offline"
    assert server.connections == 0


def test_a_file_of_a_folder_that_is_gone(world: World) -> None:
    file = IndexFile(name=WHEEL, url="file:///none", index="i", path=str(world.folder / "none"))
    with world.client() as client:
        assert kind(client.metadata(file)) == "bad-wheel"


def test_what_was_asked_is_counted(server: IndexServer, world: World) -> None:
    server.project("x", file_entry(WHEEL))
    with world.client() as client:
        client.page("x", INDEX)
        client.page("x", INDEX)
        assert (client.requests_made, client.served_from_cache) == (1, 1)


# -- hostile --

LONG = "9" * 5000
HOSTILE: list[dict[str, Any]] = [
    {"requires_python": f">={LONG}"},
    {"requires_python": "===x"},
    {"requires_python": ">=3.9,<4,!=3.*.1"},
    {"upload_time": "0001-01-01T00:00:00+23:59"},
    {"upload_time": "9999-12-31T23:59:59.999999-23:59"},
    {"upload_time": LONG},
    {"hashes": {"sha256": "\u00e9" * 64}},
    {"hashes": {"sha256": None}},
    {"hashes": {"\ud800": "\ud800"}},
    {"size": int("9" * 4000)},
    {"yanked": "\ud800\x00" * 5000},
    {"core_metadata": {"sha256": "\ud800"}},
    {"core_metadata": {"sha256": LONG}},
    {"filename": f"x-{LONG}-py3-none-any.whl"},
    {"filename": "x-1-\ud800-none-any.whl"},
    {"filename": "x-1-²-py3-none-any.whl"},
    {"filename": "x-²-py3-none-any.whl"},
    *(
        {"url": url, "core_metadata": beside}
        for url in (
            "https://[bad/x.whl", "http://127.0.0.1:99999/x", "http://h:abc/x", "https://a@[bad/", "//[", "",
            "http://", "http:///x", "http://\ud800/", "x\ud800", "\x00", "data:,", "file:///etc/passwd",
            "http://" + "a" * 300 + "/", "http://a..b/", "http://xn--/", "http://\u2100/", "http://[::1%25a]/x",
            "http://127.0.0.1:0/x", "http://%zz/", "http://127.0.0.1 /x", "http://a\\b/",
        )
        for beside in (True, False)
    ),
]  # fmt: skip


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda entry: repr(entry)[:60])
def test_a_hostile_entry_gives_values_or_missing(
    server: IndexServer, world: World, hostile: dict[str, Any]
) -> None:
    server.project("x", file_entry(WHEEL, **hostile))
    interpreter = parse_interpreter("3.14t")
    for uploaded_before in (None, world.now):
        for _ in range(2):  # from the network, from the cache
            with world.client(uploaded_before=uploaded_before) as client:
                page = client.page("x", INDEX)
                if isinstance(page, Missing):
                    assert page.kind == "bad-page"
                    continue
                for version in ("1", LONG, "²"):
                    assert isinstance(release(page, version), Release | Missing)
                for files in candidates(page).values():
                    for file in files():
                        assert allows(file.requires_python, interpreter) in {True, False}
                        assert allows_without_upper_bound(file.requires_python, interpreter) in {True, False}
                        assert file.uploaded is None or file.uploaded.timestamp() < 1e12


LOOKED_UP = ("http://a\\b/", "http://xn--/")
"""Only a name server can tell that there are no such hosts."""


@pytest.mark.parametrize(
    "url", sorted({entry["url"] for entry in HOSTILE if "//" in entry.get("url", "")} - {*LOOKED_UP})
)
def test_a_hostile_address_is_missing(world: World, tmp_path: Path, url: str) -> None:
    with http(tmp_path) as net:
        assert isinstance(net.get(url, limit=1), Missing)
        assert isinstance(net.part(url, 0, 1, whole_limit=1), Missing)
    with world.client(offline=True) as client:
        assert isinstance(client.page("x", at(url)), Missing)
        for beside in (True, False):
            file = IndexFile(name=WHEEL, url=url, index="i", core_metadata=beside)
            assert isinstance(client.metadata(file), Missing)
