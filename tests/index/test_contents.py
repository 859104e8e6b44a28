"""What wheels hold, through ranges and from disk, with an analyser that only looks at a word."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ftaudit.binaries.image import BadBinaryError, Buffer
from ftaudit.concurrency import Deadline, Scope, run_all
from ftaudit.errors import CancelledError
from ftaudit.index import remote_wheel, wheel_contents, wheel_reader
from ftaudit.index.client import Analyser, IndexClient
from ftaudit.index.wheel_reader import Sibling
from ftaudit.model.binary import Contents, Declaration, Slice
from ftaudit.model.evidence import CoreMetadata, IndexFile, Missing
from ftaudit.store.results import FILE, Results
from tests.builders import modules
from tests.builders.elf_image import elf
from tests.builders.index_server import IndexServer, Response, index_server
from tests.builders.index_world import World
from tests.builders.wheels import wheel
from tests.builders.zips import STORED, member, zipped

NAME = "x-1-cp314-cp314t-win_amd64.whl"


def noise(size: int, seed: str = "") -> bytes:
    return hashlib.shake_128(seed.encode()).digest(size)


@dataclass
class Fake:
    """An analyser: the first word of a file is the architecture; ``bad`` cannot be read, ``like NAME`` has
    the hooks of the sibling of that name, ``used`` enables the GIL."""

    version: str = "1"
    seen: list[str] = field(default_factory=list)

    def __call__(self) -> Analyser:
        return self.version, self.analyse

    def analyse(self, path: str, data: Buffer, sibling: Sibling) -> tuple[Slice, ...]:
        self.seen.append(path)
        word, _, rest = bytes(data[:40]).partition(b" ")
        if word == b"used":
            return modules.file(path, Declaration.USED).slices
        if word == b"bad":
            raise BadBinaryError("cut short\nat 7")
        if word == b"like":
            images = sibling(rest.partition(b" ")[0].decode())
            word = b" ".join(hook.encode() for image in images for hook in image.hooks) or b"none"
        return (Slice(format="elf", arch=word.decode("latin-1")),)


@dataclass
class Case:
    """An index that serves wheels, and a world that asks it."""

    server: IndexServer
    world: World
    fake: Fake = field(default_factory=Fake)

    def serve(self, content: bytes, name: str = NAME, **settings: Any) -> IndexFile:
        self.server.pages[f"/files/{name}"] = Response(body=content, **{"ranges": True, **settings})
        return self.named(content, name)

    def named(self, content: bytes, name: str = NAME) -> IndexFile:
        return IndexFile(
            name=name,
            url=f"{self.server.url}/files/{name}",
            index="i",
            sha256=hashlib.sha256(content).hexdigest(),
            size=len(content),
        )

    @contextmanager
    def client(self, **options: Any) -> Iterator[IndexClient]:
        self.world.analyser = self.fake
        with self.world.client(**options) as client:
            yield client

    def contents(self, file: IndexFile, **options: Any) -> Contents:
        with self.client(**options) as client:
            found = client.contents(file)
        assert isinstance(found, Contents), found
        return found

    def missing(self, file: IndexFile, **options: Any) -> str:
        with self.client(**options) as client:
            found = client.contents(file)
        assert isinstance(found, Missing), found
        assert "\n" not in found.why
        assert found.what.startswith("contents of ")
        return found.kind

    @property
    def asked(self) -> int:
        return len(self.server.requests)

    @property
    def served(self) -> int:
        return self.server.served

    @property
    def ranges(self) -> list[str]:
        return [headers["range"] for _, headers in self.server.requests]


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    with index_server() as server:
        yield Case(server, World(tmp_path))


def arches(contents: Contents) -> dict[str, str]:
    return {module.path: "".join(part.arch for part in module.slices) for module in contents.modules}


def large(**files: bytes) -> bytes:
    """A wheel with much that nobody wants."""
    others = {f"x/{n}.bin": noise(300_000, str(n)) for n in range(3)}
    return wheel(name="x", files={**others, **files, **{f"y/{n}.bin": noise(300_000) for n in range(3)}})[1]


# -- through ranges --


def test_one_module_takes_few_requests_and_little_more_than_its_size(case: Case) -> None:
    code = b"one " + noise(400_000)
    file = case.serve(large(**{"x/_y.so": code}))
    found = case.contents(file)
    assert arches(found) == {"x/_y.so": "one"}
    assert case.asked <= 4
    assert case.served <= len(code) * 1.1 + 65_536
    assert (found.members, found.libraries) == (10, ())
    assert (found.verified, found.sha256, found.as_of) == ("crc", file.sha256, case.world.now)
    assert found.source == file.url
    assert found.modules[0].size == len(code)


def test_one_module_of_a_wheel_with_a_large_directory(case: Case) -> None:
    code = b"one " + noise(900_000)
    others = {f"x/{number:060}.py": b"" for number in range(600)}
    file = case.serve(wheel(name="x", files={"x/_y.so": code, **others})[1])
    assert arches(case.contents(file)) == {"x/_y.so": "one"}
    assert case.asked <= 4
    assert case.served <= len(code) * 1.1 + 65_536


def test_several_modules_take_few_requests(case: Case) -> None:
    files = {f"x/_{number}.so": b"m%d " % number + noise(50_000, str(number)) for number in range(40)}
    found = case.contents(case.serve(large(**files)))
    assert len(found.modules) == 40
    assert arches(found)["x/_7.so"] == "m7"
    assert [module.path for module in found.modules] == sorted(files)
    assert case.asked == 2


def test_a_wheel_that_is_mostly_modules_is_read_whole_and_verified(case: Case) -> None:
    content = wheel(name="x", files={"a.so": noise(90_000), "b.txt": noise(40_000), "c.so": noise(90_000)})[1]
    file = case.serve(content)
    found = case.contents(file)
    assert (found.verified, found.sha256) == ("sha256", file.sha256)
    assert case.served == len(content)
    assert case.asked == 2
    other = replace(file, sha256="0" * 64)
    assert case.missing(other) == "hash-mismatch"
    assert case.contents(replace(file, sha256=None)).verified == "crc"


def test_a_small_wheel_is_whole_with_its_tail(case: Case) -> None:
    file = case.serve(wheel(name="x", files={"x/_y.so": b"one "})[1])
    found = case.contents(file)
    assert (arches(found), found.verified, case.asked) == ({"x/_y.so": "one"}, "sha256", 1)
    assert case.missing(replace(file, sha256="0" * 64)) == "hash-mismatch"


def test_a_pure_wheel_is_listed_in_one_request(case: Case) -> None:
    content = wheel(name="x", files={"x/a.py": noise(200_000), "x.libs/y.so.1": b"", "x/b.dll": b""})[1]
    found = case.contents(case.serve(content))
    assert (found.modules, found.libraries, found.members) == ((), ("x.libs/y.so.1", "x/b.dll"), 6)
    assert (case.asked, case.fake.seen) == (1, [])


def test_the_tail_is_fetched_once_for_metadata_and_modules(case: Case) -> None:
    file = case.serve(large(**{"x/_y.so": b"one " + noise(200_000)}))
    with case.client() as client:
        assert isinstance(client.metadata(file), CoreMetadata)
        assert case.asked == 1
        found = client.contents(file)
    assert isinstance(found, Contents)
    assert arches(found) == {"x/_y.so": "one"}
    assert case.asked == 2
    assert [wanted.startswith("bytes=-") for wanted in case.ranges] == [True, False]


def test_the_tails_that_are_kept_are_bounded(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_wheel, "MAX_KEPT", 1)
    content = large(**{"x/_y.so": noise(200_000)})
    names = [f"x-{number}-py3-none-any.whl" for number in (1, 2)]
    files = [case.serve(content.replace(b"x-1.dist", name[:3].encode() + b".dist"), name) for name in names]
    with case.client() as client:
        assert all(isinstance(client.metadata(file), CoreMetadata | Missing) for file in files)
        asked = case.asked
        for file, more in zip(files, (2, 1), strict=True):
            assert isinstance(client.contents(file), Contents)
            assert case.asked == asked + more
            asked = case.asked


def test_a_server_without_ranges_gives_the_whole(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    content = large(**{"x/_y.so": b"one " + noise(200_000)})
    file = case.serve(content, ranges=False)
    monkeypatch.setattr(wheel_reader, "MAX_WHOLE_WHEEL", len(content) - 1)
    assert case.missing(file) == "no-ranges"
    monkeypatch.setattr(wheel_reader, "MAX_WHOLE_WHEEL", len(content))
    assert case.missing(replace(file, sha256="0" * 64)) == "hash-mismatch"
    case.server.requests.clear()
    found = case.contents(file)
    assert (arches(found), found.verified, case.asked) == ({"x/_y.so": "one"}, "sha256", 1)


def test_more_than_is_fetched(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    file = case.serve(large(**{"x/_y.so": noise(200_000)}))
    monkeypatch.setattr(wheel_reader, "MAX_FETCHED", 200_000)
    assert case.missing(file) == "too-large"
    assert case.asked == 1
    monkeypatch.setattr(wheel_reader, "MAX_FETCHED", 201_000)
    case.contents(file)


@pytest.mark.parametrize(
    "second",
    [
        Response(status=206, body=b"x" * 200, headers={"Content-Range": "bytes 0-199/200"}),
        Response(status=206, body=b"x" * 200, headers={"Content-Range": "none"}),
        Response(body=b"x" * 200),
        Response(body=noise(2_000_000)),
        Response(status=404),
        Response(status=500),
    ],
)
def test_a_server_that_thinks_better_of_ranges(case: Case, second: Response) -> None:
    file = case.serve(large(**{"x/_y.so": noise(200_000)}))
    whole = case.server.pages[f"/files/{NAME}"]
    assert isinstance(whole, Response)
    case.server.pages[f"/files/{NAME}"] = [whole, second]
    with case.client() as client:
        found = client.contents(file)
    if isinstance(found, Contents):
        assert found.modules[0].problem_kind == "bad-wheel"
    else:
        assert found.kind in {"bad-page", "no-ranges", "index-unreachable", "bad-wheel"}
    case.server.pages[f"/files/{NAME}"] = whole
    assert case.contents(file).modules[0].problem == ""


def test_a_wheel_that_changes_while_it_is_read(case: Case) -> None:
    file = case.serve(large(**{"x/_y.so": noise(200_000)}))
    first = case.server.pages[f"/files/{NAME}"]
    assert isinstance(first, Response)
    second = replace(first, body=first.body + b"more")
    case.server.pages[f"/files/{NAME}"] = [first, second]
    assert case.missing(file) == "index-unreachable"
    assert case.missing(file) == "hash-mismatch"  # not the size on the page


# -- what cannot be had --


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (Response(body=noise(50_000), ranges=True), "bad-wheel"),
        (Response(body=b"", ranges=False), "hash-mismatch"),
        (Response(status=404), "index-unreachable"),
        (Response(status=403), "index-refused"),
        (Response(body=b"x", status=206, headers={"Content-Range": "bytes 0-0/9"}), "bad-page"),
    ],
)
def test_wheels_that_cannot_be_had(case: Case, response: Response, expected: str) -> None:
    file = replace(case.named(b""), size=None)
    case.server.pages[f"/files/{NAME}"] = response
    if expected == "hash-mismatch":
        file = replace(file, sha256="0" * 64)
    assert case.missing(file) == expected


def test_a_hostile_wheel_is_refused_whole(case: Case) -> None:
    content = zipped(member("../x.so", b""), member("y.so", b""))
    assert case.missing(case.serve(content)) == "bad-wheel"
    content = zipped(member("y.so", b"1"), member("x-1.data/platlib/y.so", b"2"))
    assert case.missing(case.serve(content)) == "bad-wheel"
    content = zipped(member("y.so", b"1"), member("x-1.data/platlib/z.so", b"2"))
    assert len(case.contents(case.serve(content)).modules) == 2


def test_more_modules_than_a_wheel_has(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wheel_contents, "MAX_MODULES", 1)
    assert case.missing(case.serve(zipped(member("x.so"), member("y.so")))) == "too-large"
    case.contents(case.serve(zipped(member("x.so"), member("y.so.1"))))


@pytest.mark.parametrize("name", ["x-1.tar.gz", "x.exe", "x-1.zip"])
def test_what_is_no_wheel(case: Case, name: str) -> None:
    assert case.missing(case.serve(b"", name)) == "not-a-wheel"
    assert case.asked == 0


def test_an_address_that_is_none(case: Case) -> None:
    file = case.named(b"")
    assert case.missing(replace(file, url="ftp://files.example/x-1-py3-none-any.whl")) == "index-unreachable"
    assert case.missing(replace(file, url="file:///x-1-py3-none-any.whl")) == "index-unreachable"


def test_offline_only_what_is_kept_is_known(case: Case) -> None:
    file = case.serve(large(**{"x/_y.so": b"one "}))
    assert case.missing(file, offline=True) == "offline"
    assert case.asked == 0
    found = case.contents(file)
    case.server.requests.clear()
    assert case.contents(file, offline=True) == found
    assert case.asked == 0


def test_the_deadline_ends_it(case: Case) -> None:
    file = case.serve(large(**{"x/_y.so": noise(200_000)}), hang=True)
    scope = case.world.scope = Scope(Deadline(0.2))
    with case.client() as client:
        (found,) = run_all(client.contents, [file], jobs=1, scope=scope)
    assert isinstance(found, Missing)
    assert found.kind == "deadline"


def test_the_deadline_ends_the_computing_too(case: Case, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(large(**{"x/_y.so": noise(200_000)}))
    file = IndexFile(name=NAME, url="", index="i", path=str(tmp_path / NAME))
    case.contents(file)
    case.fake.version = "2"
    case.world.scope = Scope(Deadline(0.0))
    assert case.missing(file) == "deadline"


def test_a_cancelled_run_ends_at_once(case: Case, tmp_path: Path) -> None:
    file = local(tmp_path, large(**{"x/_y.so": noise(200_000)}))
    case.world.scope.cancel()
    with pytest.raises(CancelledError):
        case.contents(file)
    assert case.fake.seen == []


# -- members that cannot be read, and those that others need --


def library(name: str) -> bytes:
    return elf(hooks={f"PyInit_{name}": 0x1000})


def test_a_module_that_cannot_be_read_is_a_problem_of_its_own(case: Case) -> None:
    content = zipped(
        member("a.so", b"one "),
        member("b.so", b"bad "),
        member("c.so", b"one ", crc=1),
        member("d.so", b"a.so", attributes=0o120777 << 16),
        member("e.so", b"two ", method=STORED),
    )
    found = case.contents(case.serve(content))
    assert [(one.path, one.problem_kind, bool(one.slices)) for one in found.modules] == [
        ("a.so", "", True),
        ("b.so", "bad-binary", False),
        ("c.so", "bad-wheel", False),
        ("d.so", "bad-wheel", False),
        ("e.so", "", True),
    ]
    assert found.modules[1].problem == "cut short\\x0aat 7"
    assert all(bool(one.problem) is bool(one.problem_kind) for one in found.modules)


def test_a_member_over_the_limit_is_too_large(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ftaudit.wheels.archive.MAX_MEMBER", 1000)
    found = case.contents(case.serve(zipped(member("a.so", bytes(1001)), member("b.so", b"one "))))
    assert [one.problem_kind for one in found.modules] == ["too-large", ""]


def test_a_sibling_is_read_when_it_is_asked_for(case: Case) -> None:
    content = zipped(
        member("x/a.so", b"like libx.so "),
        member("x/b.so", b"like libx.so "),
        member("x/c.so", b"like none.so "),
        member("x/d.so", b"like c.so "),
        member("x/e.so", b"like twice.so "),
        member("x/f.so", b"like liby.so.1 "),
        member("y/libx.so", library("wrong")),
        member("x/libx.so", library("right")),
        member("y/twice.so", library("y")),
        member("z/twice.so", library("z")),
        member("x.libs/liby.so.1", library("bundled")),
        member("x/g.so", b"like broken.so "),
        member("x/broken.so", b"broken ", crc=1),
    )
    found = arches(case.contents(case.serve(content)))
    assert {path: found[path] for path in (f"x/{one}.so" for one in "abcefg")} == {
        "x/a.so": "PyInit_right",
        "x/b.so": "PyInit_right",
        "x/c.so": "none",
        "x/e.so": "none",
        "x/f.so": "PyInit_bundled",
        "x/g.so": "none",
    }
    assert found["x/d.so"] == "none"  # c.so is no shared object


GUARDED = b"try:\n    from . import _y\nexcept ImportError:\n    pass\n"


def test_modules_that_a_package_can_do_without_are_named_where_its_source_is_at_hand(
    case: Case, tmp_path: Path
) -> None:
    files = {"x/_y.so": b"used " + noise(90_000), "x/__init__.py": GUARDED}
    whole, part = wheel(name="x", files=files)[1], large(**files)
    assert [one.optional for one in case.contents(local(tmp_path, part)).modules] == [True]
    assert [one.optional for one in case.contents(case.serve(whole)).modules] == [True]
    served = case.served
    case.fake.version = "2"
    assert [one.optional for one in case.contents(case.serve(part, NAME.replace("1", "2"))).modules] == [
        False
    ]
    assert case.served - served < 130_000


def test_installed_paths_name_what_is_imported_and_damaged_source_proves_nothing(case: Case) -> None:
    module = member("x-1.data/platlib/x/_y.so", b"used ")
    guard = member("x-1.data/purelib/x/__init__.py", GUARDED)
    elsewhere = member("x-1.data/scripts/x/needs.py", b"from x import _y\n")
    fine = zipped(module, guard, elsewhere)
    assert [one.optional for one in case.contents(case.serve(fine)).modules] == [True]
    damaged = zipped(module, guard, member("x/other.py", b"", crc=1))
    assert [one.optional for one in case.contents(case.serve(damaged)).modules] == [False]


def test_a_sibling_of_many_is_fetched_once(case: Case) -> None:
    parts = [member(f"x/_{number}.so", b"like libx.so.1 " + noise(1000)) for number in range(20)]
    others = [member(name, noise(900_000, name)) for name in ("gap", "end")]
    content = zipped(*parts, others[0], member("x/libx.so.1", library("right")), others[1])
    found = arches(case.contents(case.serve(content)))
    assert set(found.values()) == {"PyInit_right"}
    assert case.asked == 3


# -- remembered --


def test_nothing_is_read_twice(case: Case) -> None:
    file = case.serve(large(**{"x/_y.so": b"one "}))
    first = case.contents(file)
    case.server.requests.clear()
    case.fake.seen.clear()
    case.world.now += timedelta(days=1)
    assert case.contents(file) == first
    assert (case.asked, case.fake.seen) == (0, [])
    case.fake.version = "2"
    assert case.contents(file) == replace(first, as_of=case.world.now)
    assert (case.asked, case.fake.seen) == (2, ["x/_y.so"])


def test_without_a_digest_nothing_is_remembered_of_parts(case: Case) -> None:
    file = replace(case.serve(large(**{"x/_y.so": b"one "})), sha256=None)
    for _ in range(2):
        case.contents(file)
    assert case.asked == 4


def test_what_was_read_in_parts_speaks_for_no_other_address(case: Case) -> None:
    """The page claims the digest; nobody has seen the whole file."""
    evil = case.serve(large(**{"x/_y.so": b"off "}), "x-1-cp314-cp314-any.whl")
    good = case.serve(large(**{"x/_y.so": b"on "}))
    assert arches(case.contents(replace(evil, sha256=good.sha256, size=None))) == {"x/_y.so": "off"}
    assert arches(case.contents(good)) == {"x/_y.so": "on"}


def test_what_was_read_whole_serves_every_file_of_that_digest(case: Case, tmp_path: Path) -> None:
    content = large(**{"x/_y.so": b"one "})
    (tmp_path / NAME).write_bytes(content)
    local = IndexFile(name=NAME, url="", index="i", path=str(tmp_path / NAME))
    first = case.contents(local)
    assert (first.verified, first.sha256, first.source) == ("crc", hashlib.sha256(content).hexdigest(), NAME)
    case.fake.seen.clear()
    remote = case.serve(content)
    case.server.pages.clear()
    found = case.contents(remote)
    assert found == replace(first, verified="sha256", source=remote.url)
    again = case.contents(replace(local, sha256=remote.sha256))
    assert again == replace(first, verified="sha256")
    assert case.fake.seen == []


def test_what_an_inspection_kept_of_a_file_counts_as_verified(case: Case, tmp_path: Path) -> None:
    """Whoever keeps something under a digest alone has read the whole file."""
    content = large(**{"x/_y.so": b"one "})
    file = case.serve(content)
    with case.client():
        pass  # makes the cache
    with closing(results_in(tmp_path / "cache")) as results:
        results.save(file.sha256 or "", Contents(modules=(), members=5))
    assert case.contents(file) == Contents(modules=(), members=5, verified="sha256", source=file.url)


def test_a_checksum_that_was_wrong_in_a_part_is_not_remembered(case: Case) -> None:
    others = [member(f"{number}", noise(300_000)) for number in range(3)]
    broken = zipped(member("a.so", b"one ", crc=1), *others)
    file = case.serve(broken)
    assert case.contents(file).modules[0].problem_kind == "bad-wheel"
    asked = case.asked
    assert case.contents(file).modules[0].problem_kind == "bad-wheel"
    assert case.asked == 2 * asked


def results_in(folder: Path) -> Results[Contents]:
    return Results(folder, Contents, analyser="1", writable=True, notice=lambda said: None)


def test_a_damaged_store_is_said_and_made_anew(case: Case, tmp_path: Path) -> None:
    file = case.serve(large(**{"x/_y.so": b"one "}))
    first = case.contents(file)
    (tmp_path / "cache" / FILE).write_bytes(b"damaged" * 99)
    with case.client() as client:
        assert client.contents(file) == first
        assert len(client.notices) == 1
    with case.client() as client:
        assert client.contents(file) == first
        assert client.notices == ()
    assert case.asked == 4


def test_a_cache_that_cannot_be_made_costs_only_requests(case: Case, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("")
    file = case.serve(large(**{"x/_y.so": b"one "}))
    for _ in range(2):
        case.contents(file)
    assert case.asked == 4


# -- from disk --


def local(folder: Path, content: bytes, **fields: Any) -> IndexFile:
    (folder / NAME).write_bytes(content)
    return IndexFile(name=NAME, url="", index="i", path=str(folder / NAME), **fields)


def test_a_wheel_on_disk_is_read_in_place(case: Case, tmp_path: Path) -> None:
    content = large(**{"x/_y.so": b"one "})
    named = hashlib.sha256(content).hexdigest()
    found = case.contents(local(tmp_path, content, sha256=named), offline=True)
    assert (arches(found), found.verified, found.source) == ({"x/_y.so": "one"}, "sha256", NAME)
    assert (found.as_of, found.members) == (case.world.now, 10)
    assert case.missing(local(tmp_path, content, sha256="0" * 64)) == "hash-mismatch"
    assert case.asked == 0


def test_a_wheel_on_disk_that_is_none(case: Case, tmp_path: Path) -> None:
    assert case.missing(local(tmp_path, b"PK")) == "bad-wheel"
    (tmp_path / NAME).unlink()
    assert case.missing(IndexFile(name=NAME, url="", index="i", path=str(tmp_path / NAME))) == "bad-wheel"
    (tmp_path / NAME).mkdir()
    assert case.missing(IndexFile(name=NAME, url="", index="i", path=str(tmp_path / NAME))) == "no-record"


def test_many_at_once(case: Case) -> None:
    files = []
    for number in range(12):
        name = f"x{number}-1-py3-none-any.whl"
        files.append(case.serve(large(**{"x/_y.so": b"m%d " % number}), name))
    with case.client() as client:
        found = run_all(client.contents, files * 2, jobs=8, scope=case.world.scope)
    assert [arches(one)["x/_y.so"] for one in found if isinstance(one, Contents)] == [
        f"m{number}" for number in range(12)
    ] * 2
