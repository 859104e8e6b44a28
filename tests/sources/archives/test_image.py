"""Container images: what they hold once their layers are put on each other, and every way to lie about it."""

from __future__ import annotations

import gzip
import json
import sys
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftaudit.errors import FtauditError, InputError, NothingToAuditError
from ftaudit.model.project import MadeFor, Reading, Severity
from ftaudit.sources import limits
from ftaudit.sources.archives.image import HOLDER
from ftaudit.sources.base import Document
from ftaudit.sources.collect import Collected, collect
from ftaudit.sources.scratch import Scratch
from ftaudit.sources.tree import DiskTree
from tests.builders.images import (
    Built,
    Member,
    blob,
    device,
    docker_save,
    f,
    folder,
    gone,
    hard,
    image,
    installed,
    layer,
    link,
    manifest,
    oci,
    oci_members,
)

SITE = "opt/venv/lib/python3.14t/site-packages"
LINUX = "cp314-cp314t-manylinux_2_28_x86_64"


@pytest.fixture
def scratch() -> Iterator[Scratch]:
    with Scratch() as opened:
        yield opened


def read(content: bytes, folder: Path, scratch: Scratch, name: str = "image.tar") -> Collected:
    (folder / name).write_bytes(content)
    return collect([name], cwd=folder, scratch=scratch)


def sets(found: Collected) -> dict[str, list[str]]:
    assert found.errors == ()
    return {one.input: [f"{pin.name} {pin.version}" for pin in one.pins] for one in found.readings}


def only(found: Collected) -> Reading:
    assert found.errors == ()
    (reading,) = found.readings
    return reading


def error(found: Collected) -> FtauditError:
    assert found.readings == ()
    (one,) = found.errors
    return one


def packages(*layers: Sequence[Member], folder: Path, scratch: Scratch) -> list[str]:
    """What is installed in the image of *layers*, all of it in one environment."""
    found = sets(read(docker_save(image(*(layer(*members) for members in layers))), folder, scratch))
    return [name for names in found.values() for name in names]


def modules(found: Collected) -> dict[str, bytes]:
    """The content of every shared object that lies at hand for the only reading."""
    places = {Path(str(file.path)).parent for pin in only(found).pins for file in pin.files}
    (site,) = places
    return {path.relative_to(site).as_posix(): path.read_bytes() for path in sorted(site.rglob("*.so"))}


# -- what is in it --

BASE = [
    *installed(SITE, "numpy", "2.0.0", tag=LINUX, files={"numpy/old.so": b"old"}),
    *installed(SITE, "idna", "3.10"),
]
UPGRADE = [
    gone(f"{SITE}/numpy-2.0.0.dist-info"),
    gone(f"{SITE}/numpy/old.so"),
    *installed(SITE, "numpy", "2.1.0", tag=LINUX, files={"numpy/new.so": b"new"}),
]
STORED = {
    "docker": lambda one: docker_save(one),
    "oci": lambda one: oci(one),
    "nested": lambda one: oci(one, nested=True),
    "both": lambda one: oci(one, extra=[f("manifest.json", "[]")]),
}


@pytest.mark.parametrize("stored", STORED)
@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("outer", ["image.tar", "image.tar.gz"])
def test_an_upgrade_in_a_layer_of_its_own(
    stored: str, compressed: bool, outer: str, tmp_path: Path, scratch: Scratch
) -> None:
    content = STORED[stored](image(layer(*BASE), layer(*UPGRADE), compressed=compressed))
    packed = gzip.compress(content) if outer.endswith(".gz") else content
    found = read(packed, tmp_path, scratch, outer)
    assert sets(found) == {f"{outer}!/opt/venv": ["idna 3.10", "numpy 2.1.0"]}
    assert modules(found) == {"numpy/new.so": b"new"}
    assert found.problems == ()
    assert only(found).problems == ()


def test_what_it_was_made_for(tmp_path: Path, scratch: Scratch) -> None:
    config = f("opt/venv/pyvenv.cfg", "home = /usr/local/bin\nversion = 3.14.2\n")
    content = docker_save(image(layer(config, *BASE), env=["A=1", "PYTHON_GIL=0"], architecture="arm64"))
    found = only(read(content, tmp_path, scratch))
    assert found.made_for == MadeFor(python="3.14t", platform="linux-x86_64")  # the tags know better
    assert found.interpreter is not None
    assert (found.interpreter.version, found.interpreter.python_gil) == ("3.14.2", "0")
    assert found.pins[0].origins[0].path == f"image.tar!/{SITE}/idna-3.10.dist-info"


@pytest.mark.parametrize(
    ("system", "architecture", "more", "platform"),
    [
        ("linux", "arm64", [], "linux-aarch64"),
        ("linux", "amd64", [folder("lib"), f("lib/ld-musl-x86_64.so.1")], "musllinux-x86_64"),
        ("linux", "amd64", [link("lib", "usr/lib"), f("usr/lib/ld-musl-x86_64.so.1")], "musllinux-x86_64"),
        ("windows", "amd64", [], "windows-amd64"),
        ("linux", "s390x", [], None),
        ("", "", [], None),
    ],
)
def test_the_platform_of_pure_packages_is_that_of_the_image(
    system: str, architecture: str, more: list[Member], platform: str | None, tmp_path: Path, scratch: Scratch
) -> None:
    content = docker_save(
        image(layer(*more, *installed(SITE, "idna")), system=system, architecture=architecture)
    )
    assert only(read(content, tmp_path, scratch)).made_for == MadeFor(python="3.14t", platform=platform)


def test_every_environment_is_one_of_its_own(tmp_path: Path, scratch: Scratch) -> None:
    vendored = f"{SITE}/setuptools/_vendor/wheel-0.4.dist-info/METADATA"
    content = docker_save(
        image(
            layer(
                *installed(SITE, "idna"),
                f(vendored, "Name: wheel\nVersion: 0.4\n"),
                *installed("usr/lib/python3/dist-packages", "six"),
                *installed("usr/local/lib/python3.13/dist-packages", "attrs"),
                *installed("usr/local/lib/python3.14/site-packages", "pip"),
                *installed("usr/lib64/python3.9/site-packages", "rpm"),
                *installed("usr/lib/python3.9/site-packages", "dnf"),
                *installed("opt/conda/lib/python3.13/site-packages", "boltons"),
                *installed("opt/conda/pkgs/x-1/lib/python3.13/site-packages", "unused"),
                f("opt/conda/pkgs/urls.txt"),
                *installed("root/.cache/uv/archive-v0/x", "cached"),
                f("root/.cache/uv/CACHEDIR.TAG"),
                *installed("var/task", "flask"),
                folder("srv/lib/python3.12/site-packages"),
                link("srv/venv/lib/python3.12/site-packages", "/var/task"),
            )
        )
    )
    assert sets(read(content, tmp_path, scratch)) == {
        "image.tar!/opt/conda": ["boltons 1.0"],
        "image.tar!/opt/venv": ["idna 1.0"],
        "image.tar!/srv/venv": ["flask 1.0"],
        "image.tar!/usr (dist-packages)": ["six 1.0", "attrs 1.0"],
        "image.tar!/usr (python3.9)": ["dnf 1.0", "rpm 1.0"],
        "image.tar!/usr/local": ["pip 1.0"],
        "image.tar!/var/task": ["flask 1.0"],
    }


def test_an_editable_project_in_the_image_is_the_project_itself(tmp_path: Path, scratch: Scratch) -> None:
    url = {"url": "file:///app", "dir_info": {"editable": True}}
    members = [*installed(SITE, "app"), f(f"{SITE}/app-1.0.dist-info/direct_url.json", json.dumps(url))]
    there, elsewhere = (
        only(read(docker_save(image(layer(*members, *more))), tmp_path, scratch)).pins[0]
        for more in ([folder("app")], [])
    )
    assert (there.local, elsewhere.local) == (True, False)


def test_only_what_is_read_is_unpacked(tmp_path: Path, scratch: Scratch) -> None:
    wanted = {"a/__init__.py": b"", "a/x.abi3.so": b"1", "a.libs/libz.so.1": b"2"}
    found = read(
        docker_save(
            image(
                layer(
                    *installed(SITE, "idna", files={"a.txt": b"", "data/weights.bin": b"1" * 100, **wanted}),
                    f(f"{SITE}/idna-1.0.dist-info/licenses/LICENSE"),
                    f("usr/bin/secret.so"),
                )
            )
        ),
        tmp_path,
        scratch,
    )
    (file,) = only(found).pins[0].files
    info = Path(str(file.path))
    unpacked = {path.relative_to(info.parent).as_posix() for path in info.parent.rglob("*") if path.is_file()}
    about = {f"idna-1.0.dist-info/{name}" for name in ("METADATA", "WHEEL", "INSTALLER", "RECORD")}
    assert unpacked == {*wanted, *about}
    assert sorted(path.name for path in info.parents[4].iterdir()) == ["venv"]


def test_several_images_are_named(tmp_path: Path, scratch: Scratch) -> None:
    one, two = layer(*installed(SITE, "idna")), layer(*installed(SITE, "six"))
    names = sets(
        read(docker_save(image(one), image(two, tag="b:2"), image(one, tag=None)), tmp_path, scratch)
    )
    assert names == {
        "image.tar[app:1.0]!/opt/venv": ["idna 1.0"],
        "image.tar[b:2]!/opt/venv": ["six 1.0"],
        "image.tar[linux/amd64]!/opt/venv": ["idna 1.0"],
    }
    platforms = oci(image(one), image(two, architecture="arm64"))
    assert list(sets(read(platforms, tmp_path, scratch))) == [
        "image.tar[app:1.0 linux/amd64]!/opt/venv",
        "image.tar[app:1.0 linux/arm64]!/opt/venv",
    ]


def test_what_is_no_image_is_passed_over(tmp_path: Path, scratch: Scratch) -> None:
    one = image(layer(*installed(SITE, "idna")))
    attested, about = blob("{}", platform={"os": "unknown", "architecture": "unknown"})
    chart, about_chart = manifest(one, config=blob("{}", mediaType="application/vnd.example.chart")[1])
    signed, about_signed = manifest(one, artifactType="application/vnd.example.signature")
    extra = [attested, *chart, *signed]
    content = oci(one, extra=extra, entries=[about, about_chart, about_signed])
    assert sets(read(content, tmp_path, scratch)) == {"image.tar!/opt/venv": ["idna 1.0"]}


def test_a_platform_that_is_listed_and_not_there_is_said(tmp_path: Path, scratch: Scratch) -> None:
    _, about = blob("elsewhere", platform={"os": "linux", "architecture": "arm64"})
    found = read(oci(image(layer(*installed(SITE, "idna"))), entries=[about]), tmp_path, scratch)
    assert list(sets(found)) == ["image.tar!/opt/venv"]
    (problem,) = found.problems
    assert "linux/arm64 is listed and not in the archive" in problem.message
    alone = read(oci(entries=[about]), tmp_path, scratch)
    assert "linux/arm64 is not in the archive" in str(error(alone))


def test_a_broken_image_does_not_lose_the_others(tmp_path: Path, scratch: Scratch) -> None:
    good = image(layer(*installed(SITE, "idna")))
    found = read(docker_save(image(b"broken", tag="a"), good, image(layer(), tag="c")), tmp_path, scratch)
    assert list(sets(found)) == ["image.tar[app:1.0]!/opt/venv"]
    assert [(problem.input, problem.severity) for problem in found.problems] == [
        ("image.tar[a]!", Severity.ERROR),
        ("image.tar[c]!", Severity.WARNING),
    ]


def test_a_layout_that_is_a_folder(tmp_path: Path, scratch: Scratch) -> None:
    for member in oci_members(image(layer(*installed(SITE, "idna")), compressed=True)):
        path = tmp_path / "layout" / member.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(member.content)
    found = collect(["layout"], cwd=tmp_path, scratch=scratch)
    assert sets(found) == {"layout!/opt/venv": ["idna 1.0"]}
    largest = max((tmp_path / "layout/blobs/sha256").iterdir(), key=lambda path: path.stat().st_size)
    largest.unlink()
    assert "no such file" in str(error(collect(["layout"], cwd=tmp_path, scratch=scratch)))


def test_layers_that_two_images_share_as_a_link(tmp_path: Path, scratch: Scratch) -> None:
    one = image(layer(*installed(SITE, "idna")))
    for way in (link("again/layer.tar", "../0-0/layer.tar"), hard("again/layer.tar", "0-0/layer.tar")):
        content = docker_save(one, extra=[way], Layers=["again/layer.tar"])
        assert list(sets(read(content, tmp_path, scratch))) == ["image.tar!/opt/venv"]


def test_an_image_without_an_environment(tmp_path: Path, scratch: Scratch) -> None:
    found = error(read(docker_save(image(layer(f("bin/sh")))), tmp_path, scratch))
    assert isinstance(found, NothingToAuditError)
    assert str(found) == "image.tar: no Python environment in the image"
    assert "dist-info" in found.advice


# -- layers --

A, B, C = (installed(SITE, name) for name in "abc")


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ([A, B], "a b"),
        ([[*A, *B], [gone(f"{SITE}/a-1.0.dist-info")]], "b"),
        ([A, [gone(SITE), *B]], "b"),
        ([A, [*B, gone(SITE)]], "b"),
        ([A, [*B, gone("opt")]], "b"),
        ([A, [f(f"{SITE}/.wh..wh..opq"), *B]], "b"),
        ([A, [*B, f(f"{SITE}/.wh..wh..opq")]], "b"),
        ([A, [*B, f("opt/venv/.wh..wh..opq")]], "b"),
        ([A, [gone("opt")], B], "b"),
        ([A, [f(f"{SITE}/a-1.0.dist-info", "a file now")], [gone(f"{SITE}/a-1.0.dist-info"), *B]], "b"),
        ([[*A, f("opt/x")], [*B, folder("opt/x"), gone("nothing/here")]], "a b"),
        ([[link("opt/venv", "../srv")], A], "a"),
        ([[link("opt/venv", "/srv"), folder("srv")], A, [gone("srv/lib")], B], "b"),
        ([A, [link("opt/venv/lib", "/gone")], B], "b"),
        ([A, [*B, f(".wh..wh.plnk/1.2"), f(".wh..wh.aufs")]], "a b"),
        ([[f(f"//./{member.name}", member.content) for member in A]], "a"),
        ([[*A, device(f"{SITE}/b-1.0.dist-info"), device(f"{SITE}/x.so")]], "a b"),
    ],
)
def test_layers_on_each_other(
    layers: list[list[Member]], expected: str, tmp_path: Path, scratch: Scratch
) -> None:
    found = packages(*layers, folder=tmp_path, scratch=scratch)
    assert [name.split()[0] for name in found] == expected.split()


def test_links_of_all_kinds_are_what_they_lead_to(tmp_path: Path, scratch: Scratch) -> None:
    lower = [*A, f("cache/x.so", b"cached"), f("cache/pkg/deep/z.so", b"deep"), link("cache/pkg/up", "..")]
    upper = [
        hard(f"{SITE}/one.so", "cache/x.so"),
        hard(f"{SITE}/same.so", f"{SITE}/one.so"),
        link(f"{SITE}/absolute.so", "/cache/x.so"),
        link(f"{SITE}/relative.so", "../../../../../cache/x.so"),
        link(f"{SITE}/clamped.so", "../../../../../../../../../cache/x.so"),
        link(f"{SITE}/twice.so", "absolute.so"),
        link(f"{SITE}/pkg", "/cache/pkg"),
        link(f"{SITE}/loop.so", "loop.so"),
        link(f"{SITE}/self", "."),
        link(f"{SITE}/dangling.so", "/etc/not-there"),
    ]
    found = read(docker_save(image(layer(*lower), layer(*upper))), tmp_path, scratch)
    names = ("one", "same", "absolute", "relative", "clamped", "twice")
    assert modules(found) == {
        **{f"{name}.so": b"cached" for name in names},
        "pkg/deep/z.so": b"deep",
        "pkg/up/x.so": b"cached",
    }


def test_names_that_are_not_utf8_are_written_as_escapes(tmp_path: Path, scratch: Scratch) -> None:
    members = [f(member.name.replace("venv", "v\udcff"), member.content) for member in A]
    found = read(docker_save(image(layer(*members, form=tarfile.GNU_FORMAT))), tmp_path, scratch)
    assert list(sets(found)) == [r"image.tar!/opt/v\xff"]


@pytest.mark.parametrize("name", ["\x1b[31mred", "\u202egpj", "<b>", "::error::x"])
def test_names_to_frighten_a_terminal(name: str, tmp_path: Path, scratch: Scratch) -> None:
    members = [f(member.name.replace("venv", name), member.content) for member in A]
    (shown,) = sets(read(docker_save(image(layer(*members))), tmp_path, scratch))
    assert shown.isprintable()


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
def test_long_names_in_every_format(form: int, tmp_path: Path, scratch: Scratch) -> None:
    site = f"{'long/' * 20}{SITE}" if form == tarfile.USTAR_FORMAT else f"{'long/' * 50}{SITE}"
    content = docker_save(image(layer(*installed(site, "idna"), form=form)))
    assert list(sets(read(content, tmp_path, scratch)).values()) == [["idna 1.0"]]


# -- what is refused --


def header(name: bytes = b"x", *, size: bytes = b"00000000000", flag: bytes = b"0", **more: bytes) -> bytes:
    """The header of a member, as a liar writes it."""
    block = bytearray(512)
    block[: len(name)] = name
    block[124 : 124 + len(size)] = size
    block[156:157] = flag
    block[257:265] = b"ustar\00000"
    block[157 : 157 + len(more.get("target", b""))] = more.get("target", b"")
    block[148:156] = b"%06o\0 " % (sum(block) + 8 * 0x20)
    return bytes(block)


END = bytes(1024)
GOOD = layer(*A)
HUGE = b"%011o" % (5 << 30)

BAD_LAYERS: dict[str, tuple[bytes, str]] = {
    "above": (layer(f("../../etc/x")), "leads out of the image"),
    "inside": (layer(f("a/../../x")), "leads out of the image"),
    "empty": (b"", "cut short"),
    "text": (b"hello" * 200, "not a tar archive"),
    "cut": (GOOD[:700], "cut short"),
    "no end": (GOOD[: GOOD.rindex(b"ustar") - 257 + 512], "cut short"),
    "cut gzip": (gzip.compress(GOOD)[:-20], "broken or cut short"),
    "no gzip": (gzip.compress(GOOD)[:20] + b"x" * 100, "broken or cut short"),
    "after gzip": (gzip.compress(GOOD) + b"tail", "broken or cut short"),
    "checksum": (GOOD[:148] + b"0000000\0" + GOOD[156:], "checksum"),
    "size": (header(size=b"9" * 11) + END, "not a tar archive"),
    "beyond": (header(size=HUGE) + END, "cut short"),
    "negative": (header(size=b"\xff" * 12) + END, "not a tar archive"),
    "long name": (header(b"././@LongLink", size=HUGE, flag=b"L") + END, "a header larger than"),
    "long path": (header(flag=b"L", size=b"00000020000") + b"x" * 8192 + END, "more than 4096 bytes"),
    "pax": (header(flag=b"x", size=HUGE) + END, "a header larger than"),
    "pax words": (header(flag=b"x", size=b"%011o" % 9) + b"not a pax".ljust(512) + END, "pax header"),
    "pax length": (header(flag=b"x", size=b"%011o" % 9) + b"99 path=x\n"[:9].ljust(512) + END, "pax header"),
    "pax size": (header(flag=b"x", size=b"%011o" % 11) + b"11 size=-1\n".ljust(512) + header() + END, "size"),
    "pax alone": (header(flag=b"x", size=b"%011o" % 9) + b"9 path=x\n".ljust(512, b"\0") + END, "cut short"),
    "pax NUL": (header(flag=b"x", size=b"%011o" % 10) + b"10 path=\0\n".ljust(512) + header() + END, "NUL"),
    "global": (header(flag=b"g", size=b"%011o" % 9) + b"9 path=x\n".ljust(512) + END, "global header"),
    "type": (header(flag=b"Z") + END, "type Z"),
    "map": (header(flag=b"S")[:482] + b"\1" + header(flag=b"S")[483:] + b"\1" * 9999, "checksum"),
    "hard link": (layer(hard("a", "not/there")), "a hard link to a file that is not there"),
    "hard link out": (layer(hard("a", "../../etc/passwd")), "a hard link to a file that is not there"),
    "hard link to a folder": (layer(folder("d"), hard("a", "d")), "a hard link to a file that is not there"),
}


@pytest.mark.parametrize("case", BAD_LAYERS)
def test_a_bad_layer_is_one_line(case: str, tmp_path: Path, scratch: Scratch) -> None:
    content, says = BAD_LAYERS[case]
    found = error(read(docker_save(image(GOOD, content)), tmp_path, scratch))
    assert isinstance(found, InputError)
    assert found.path == "image.tar"
    assert says in str(found)
    assert found.place
    assert str(found).isprintable()


def test_a_digest_that_is_not_that_of_the_content(tmp_path: Path, scratch: Scratch) -> None:
    content = oci(image(GOOD))
    at = content.index(b"Version: 1.0")
    found = error(read(content[:at] + b"Version: 9.0" + content[at + 12 :], tmp_path, scratch))
    assert str(found).startswith("image.tar: sha256:")
    assert "does not have this digest" in str(found)
    swapped = content.replace(b'"PYTHON_GIL', b'"').replace(
        b'"architecture": "amd64"', b'"architecture": "arm64"', 1
    )
    assert "does not have this digest" in str(error(read(swapped, tmp_path, scratch)))


def test_a_file_with_holes_is_not_read(tmp_path: Path, scratch: Scratch) -> None:
    record = b"22 GNU.sparse.major=1\n"
    sparse = header(flag=b"x", size=b"%011o" % len(record)) + record.ljust(512, b"\0")
    sparse += header(f"{SITE}/x.so".encode(), size=b"00000001000") + bytes(512)
    found = read(docker_save(image(sparse + GOOD)), tmp_path, scratch)
    assert modules(found) == {}


def test_a_bomb_is_not_inflated(tmp_path: Path, scratch: Scratch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "INFLATED_FREELY", 1 << 20)
    bomb = image(layer(f("x", bytes(3 << 20)), *A), compressed=True)
    assert "inflates to more" in str(error(read(docker_save(bomb), tmp_path, scratch)))
    assert "inflates to more" in str(
        error(read(gzip.compress(bytes(3 << 20)), tmp_path, scratch, "x.tar.gz"))
    )
    monkeypatch.setattr(limits, "INFLATED_FREELY", 4 << 20)
    assert list(sets(read(docker_save(bomb), tmp_path, scratch))) == ["image.tar!/opt/venv"]


@pytest.mark.parametrize(
    ("limit", "value", "says"),
    [
        ("LAYER", 1 << 10, "inflates to more"),
        ("TREE_ENTRIES", 3, "more than 3 files"),
        ("LAYERS", 0, "more than 0 layers"),
        ("IMAGES", 0, "more than 0 images"),
        ("ARCHIVE_MEMBERS", 2, "more than 2 members"),
        ("IMAGE_DOCUMENT", 10, "larger than"),
        ("TREE_DEPTH", 0, "without an end"),
    ],
)
def test_every_limit_is_kept(
    limit: str, value: int, says: str, tmp_path: Path, scratch: Scratch, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = layer(*A, f(f"{SITE}/x/y/z.py"))
    monkeypatch.setattr(limits, limit, value)
    assert says in str(error(read(docker_save(image(deep)), tmp_path, scratch)))


def test_the_budget_of_what_is_unpacked(tmp_path: Path) -> None:
    content = docker_save(
        image(layer(*A, f("x.so", bytes(5000)), *(link(f"{SITE}/{n}.so", "/x.so") for n in range(9))))
    )
    with Scratch(budget=20_000) as small:
        assert "would have to be unpacked" in str(error(read(content, tmp_path, small)))
    with Scratch(budget=60_000) as enough:
        assert len(modules(read(content, tmp_path, enough))) == 9


def test_links_that_multiply_come_to_an_end(
    tmp_path: Path, scratch: Scratch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "TREE_ENTRIES", 5000)
    doubling = [link(f"d{n}/{side}", f"/d{n + 1}") for n in range(30) for side in "lr"]
    content = docker_save(image(layer(*A, *doubling, folder("d30"), link(f"{SITE}/d", "/d0"))))
    assert "without an end" in str(error(read(content, tmp_path, scratch)))


# -- the documents in it --

WRONG: list[Any] = [None, 1, "text", [], {}, [1], [None], {"a": 1}, True]


@pytest.mark.parametrize("value", WRONG)
@pytest.mark.parametrize("key", ["Config", "Layers", "RepoTags"])
def test_a_wrong_type_in_manifest_json(key: str, value: Any, tmp_path: Path, scratch: Scratch) -> None:
    for one in read(docker_save(image(GOOD), **{key: value}), tmp_path, scratch).errors:
        assert isinstance(one, InputError | NothingToAuditError)
        assert str(one).startswith("image.tar")


@pytest.mark.parametrize("value", WRONG)
@pytest.mark.parametrize("key", ["config", "os", "architecture", "Env"])
def test_a_wrong_type_in_the_configuration(key: str, value: Any, tmp_path: Path, scratch: Scratch) -> None:
    config = {"config": {"Env": value}} if key == "Env" else {key: value}
    found = read(docker_save(Built(layers=[GOOD], config=config)), tmp_path, scratch)
    for one in found.errors:
        assert isinstance(one, InputError)
        assert str(one).startswith("image.tar!/0.json: ")
    assert found.errors or value is None or key in ("os", "architecture", "config", "Env")


@pytest.mark.parametrize("value", WRONG)
@pytest.mark.parametrize(
    "key", ["manifests", "digest", "platform", "annotations", "config", "layers", "mediaType"]
)
def test_a_wrong_type_in_an_index(key: str, value: Any, tmp_path: Path, scratch: Scratch) -> None:
    one = image(GOOD)
    changes = {key: value} if key in ("config", "layers") else {}
    if key == "mediaType":
        changes = {"config": blob("{}", mediaType=value)[1]}
    blobs, about = manifest(one, **changes)
    if key in ("digest", "platform", "annotations"):
        about[key] = value
    index = {"manifests": value if key == "manifests" else [about]}
    content = layer(*blobs, f("index.json", json.dumps(index)))
    for found in read(content, tmp_path, scratch).errors:
        assert isinstance(found, InputError | NothingToAuditError)
        assert str(found).startswith("image.tar")


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ([f("x")], "no container image: neither manifest.json nor index.json"),
        ([f("manifest.json", "{}")], "must be an array"),
        ([f("manifest.json", "[")], "invalid JSON"),
        ([f("manifest.json", "[[]]")], "must be a table or an object"),
        ([f("manifest.json", "[" * 60 + "]" * 60)], "nested more than"),
        ([f("manifest.json", "[]")], "no container image"),
        ([f("index.json", "[]")], "must be an object"),
        ([f("index.json", '{"manifests": []}')], "lists no image"),
        ([f("index.json", '{"manifests": [{"digest": "sha256:../../x"}]}')], "not a SHA-256"),
        ([f("index.json", '{"manifests": [{"digest": "md5:00"}]}')], "not a SHA-256"),
        ([f("manifest.json", '[{"Config": "../../etc/passwd", "Layers": []}]')], "is not in the archive"),
        ([f("manifest.json", '[{"Config": "\\u001b[31m", "Layers": []}]')], r"\x1b[31m: is not in"),
    ],
)  # fmt: skip
def test_documents_that_say_nothing(
    members: list[Member], says: str, tmp_path: Path, scratch: Scratch
) -> None:
    found = error(read(layer(*members), tmp_path, scratch))
    assert isinstance(found, InputError)
    assert says in str(found)
    assert str(found).isprintable()


def test_an_index_in_itself_is_read_once(tmp_path: Path, scratch: Scratch) -> None:
    one = image(GOOD)
    blobs, about = manifest(one)
    index = f("index.json", json.dumps({"manifests": [about, about]}))
    assert list(sets(read(layer(*blobs, index), tmp_path, scratch))) == ["image.tar!/opt/venv"]
    for _ in range(9):
        inner, about = blob(json.dumps({"manifests": [about]}))
        blobs = [*blobs, inner]
    index = f("index.json", json.dumps({"manifests": [about]}))
    assert "indexes without an end" in str(error(read(layer(*blobs, index), tmp_path, scratch)))


# -- zstd --

ZSTD = b"\x28\xb5\x2f\xfd"


class FakeZstd:
    """Takes off the magic number, and knows what is broken by its first byte."""

    def __init__(self, file: Any) -> None:
        self.file = file
        self.file.read(4)

    def read(self, size: int) -> bytes:
        data: bytes = self.file.read(size)
        if data.startswith(b"broken"):
            raise KeyError("what zstd raises")
        return data


def test_zstd_needs_a_python_that_has_it(
    tmp_path: Path, scratch: Scratch, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = docker_save(image(ZSTD + GOOD))
    monkeypatch.setitem(sys.modules, "compression.zstd", None)
    found = error(read(content, tmp_path, scratch))
    assert "needs Python 3.14" in str(found)
    assert found.advice
    module = ModuleType("compression.zstd")
    vars(module).update(ZstdFile=FakeZstd, ZstdError=KeyError)
    monkeypatch.setitem(sys.modules, "compression", ModuleType("compression"))
    monkeypatch.setitem(sys.modules, "compression.zstd", module)
    assert list(sets(read(content, tmp_path, scratch))) == ["image.tar!/opt/venv"]
    assert "broken or cut short" in str(error(read(docker_save(image(ZSTD + b"broken")), tmp_path, scratch)))


# -- what is taken for an image --


@pytest.mark.parametrize(
    ("name", "content", "score"),
    [
        ("image", GOOD, 2),
        ("x.tar.gz", gzip.compress(b"", mtime=0), 1),
        ("x.tar.zst", ZSTD, 1),
        ("x.gz", gzip.compress(b"", mtime=0), 0),
        ("x.tar", b"", 0),
        ("uv.lock", b"version = 1\n", 0),
    ],
)
def test_the_score(name: str, content: bytes, score: int, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    tree = DiskTree(tmp_path.resolve())
    assert HOLDER.score(Document(path=name, place=name, tree=tree)) == score
    assert HOLDER.score(Document(path="missing", place="missing", tree=tree)) == 0


@settings(max_examples=60, deadline=None)
@given(
    cuts=st.lists(st.tuples(st.integers(0, 8000), st.binary(min_size=1, max_size=8)), min_size=1, max_size=6)
)
def test_any_bytes_give_an_image_or_our_own_error(
    cuts: list[tuple[int, bytes]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    content = bytearray(docker_save(image(GOOD)))
    for at, data in cuts:
        content[at : at + len(data)] = data
    with Scratch() as scratch:
        found = read(bytes(content), tmp_path_factory.mktemp("any"), scratch)
    assert found.readings or found.errors


def test_two_folders_that_look_the_same_are_two_environments(tmp_path: Path, scratch: Scratch) -> None:
    """A control character is shown as an escape, which may be the name of another folder."""
    sites = [f"opt/{name}/lib/python3.14t/site-packages" for name in ("v\x01", r"v\x01")]
    content = docker_save(image(layer(*installed(sites[0], "a"), *installed(sites[1], "b"))))
    found = read(content, tmp_path, scratch)
    assert sorted(pin.name for one in found.readings for pin in one.pins) == ["a", "b"]


@pytest.mark.parametrize("place", [SITE, "opt/venv", "opt", ""])
def test_a_mark_of_a_cache_alone_hides_no_environment(place: str, tmp_path: Path, scratch: Scratch) -> None:
    mark = f(f"{place}/CACHEDIR.TAG" if place else "CACHEDIR.TAG")
    content = docker_save(image(layer(*installed(SITE, "a"), mark)))
    assert [pin.name for pin in only(read(content, tmp_path, scratch)).pins] == ["a"]


def test_path_files_of_an_image_are_read(tmp_path: Path, scratch: Scratch) -> None:
    content = docker_save(image(layer(*installed(SITE, "a"), f(f"{SITE}/x.pth", "/srv/more\n"))))
    assert [p.rule for p in only(read(content, tmp_path, scratch)).problems] == ["other-import-path"]
