"""Root file systems as folders: links stay inside, and what would lead out here is read inside."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ftaudit.errors import FtauditError, InputError, NothingToAuditError
from ftaudit.model.project import MadeFor, Reading
from ftaudit.sources import limits
from ftaudit.sources.archives.root_folder import HOLDER
from ftaudit.sources.archives.rooted_tree import RootedTree
from ftaudit.sources.base import Document
from ftaudit.sources.collect import Collected, collect
from ftaudit.sources.reading.links import resolved
from ftaudit.sources.scratch import Scratch
from ftaudit.sources.tree import DiskTree
from tests.builders.environments import install, venv

LINUX = "cp314-cp314t-manylinux_2_28_x86_64"


@pytest.fixture
def scratch() -> Iterator[Scratch]:
    with Scratch() as opened:
        yield opened


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root as Debian has it: ``lib`` is a link."""
    made = tmp_path / "rootfs"
    (made / "usr/lib").mkdir(parents=True)
    (made / "etc").mkdir()
    (made / "lib").symlink_to("usr/lib")
    return made


def read(root: Path, scratch: Scratch) -> Collected:
    return collect([root.name], cwd=root.parent, scratch=scratch)


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


def place(found: Collected) -> Path:
    """The folder of packages that the only pin's modules are read from."""
    (pin,) = only(found).pins
    return Path(str(pin.files[0].path)).parent


def test_every_environment_is_read_in_place(root: Path, scratch: Scratch) -> None:
    install(venv(root / "opt/venv"), "numpy", "2.1", tag=LINUX)
    install(root / "usr/lib/python3/dist-packages", "six")
    install(root / "usr/local/lib/python3.14/site-packages", "pip")
    install(root / "proc/1/root/site-packages", "elsewhere")
    install(root / "var/task", "flask")
    found = read(root, scratch)
    assert sets(found) == {
        "rootfs/opt/venv": ["numpy 2.1"],
        "rootfs/usr": ["six 1.0"],
        "rootfs/usr/local": ["pip 1.0"],
        "rootfs/var/task": ["flask 1.0"],
    }
    numpy = found.readings[0]
    assert numpy.made_for == MadeFor(python="3.14t", platform="linux-x86_64")
    assert numpy.pins[0].files[0].path == str(
        root.resolve() / "opt/venv/lib/python3.14t/site-packages/numpy-2.1.dist-info"
    )
    assert (
        numpy.pins[0].origins[0].path == "rootfs/opt/venv/lib/python3.14t/site-packages/numpy-2.1.dist-info"
    )


def test_links_that_stay_inside_are_read_in_place(root: Path, scratch: Scratch) -> None:
    site = venv(root / "opt/venv")
    install(site)
    (root / "x.so").write_bytes(b"inside")
    (site / "x.so").symlink_to("../../../../../x.so")
    assert place(read(root, scratch)) == site.resolve()


@pytest.mark.parametrize("target", ["/x.so", "../../../../../../../../../x.so", "absolute"])
def test_a_link_that_leads_elsewhere_on_this_machine(target: str, root: Path, scratch: Scratch) -> None:
    site = venv(root / "opt/venv")
    install(site)
    (root / "x.so").write_bytes(b"inside")
    outside = root.parent / "x.so"
    outside.write_bytes(b"outside")
    (site / "pkg").mkdir()
    (site / "pkg/x.so").symlink_to(outside if target == "absolute" else target)
    there = place(read(root, scratch))
    assert there != site.resolve()
    module = there / "pkg/x.so"
    assert not module.is_symlink()
    assert (module.read_bytes() if module.exists() else None) == (None if target == "absolute" else b"inside")


def test_links_to_folders_are_gone_into_once(root: Path, scratch: Scratch) -> None:
    site = venv(root / "opt/venv")
    install(site)
    (root / "shared/deep").mkdir(parents=True)
    (root / "shared/deep/z.so").write_bytes(b"deep")
    (root / "shared/again").symlink_to("/shared")
    (root / "shared/large.bin").write_bytes(b"1" * 100)
    (site / "pkg").symlink_to("/shared")
    (site / "loop.so").symlink_to("loop.so")
    there = place(read(root, scratch))
    unpacked = {path.relative_to(there).as_posix() for path in there.rglob("*.*") if path.is_file()}
    assert "pkg/deep/z.so" in unpacked
    assert not any(name.endswith("large.bin") or name.startswith("loop") for name in unpacked)


def test_a_dist_info_that_is_a_link_is_read_inside(root: Path, scratch: Scratch) -> None:
    site = venv(root / "opt/venv")
    info = install(root / "store")
    (site / info.name).symlink_to(f"/store/{info.name}")
    (root / "store").rename(root / "pool")
    (root / "store").symlink_to("/pool")
    found = read(root, scratch)
    assert sets(found)["rootfs/opt/venv"] == ["x 1.0"]


def test_an_editable_project_inside_is_the_project_itself(root: Path, scratch: Scratch) -> None:
    (root / "app").mkdir()
    for name, url in (("app", "file:///app"), ("other", "file:///not-there")):
        direct_url = {"url": url, "dir_info": {"editable": True}}
        site = root / "opt/venv/lib/python3.14t/site-packages"
        install(site, name, direct_url=direct_url)
    assert [pin.local for pin in only(read(root, scratch)).pins] == [True, False]


def test_a_root_without_an_environment(root: Path, scratch: Scratch) -> None:
    found = error(read(root, scratch))
    assert isinstance(found, NothingToAuditError)
    assert str(found) == "rootfs: no Python environment in this root file system"


@pytest.mark.parametrize(
    ("limit", "value", "says"),
    [("TREE_ENTRIES", 4, "more than 4 files"), ("TREE_DEPTH", 3, "more than 3 deep")],
)
def test_every_limit_is_kept(
    limit: str, value: int, says: str, root: Path, scratch: Scratch, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(venv(root / "opt/venv"))
    monkeypatch.setattr(limits, limit, value)
    found = error(read(root, scratch))
    assert isinstance(found, InputError)
    assert says in str(found)


def test_a_folder_that_cannot_be_read_is_a_gap(
    root: Path, scratch: Scratch, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(venv(root / "opt/venv"))
    (root / "root").mkdir()
    real = __import__("os").scandir

    def scandir(path: Path | str) -> object:
        if Path(path).name == "root":
            raise PermissionError(13, "permission denied")
        return real(path)

    monkeypatch.setattr("ftaudit.sources.archives.root_folder.os.scandir", scandir)
    found = read(root, scratch)
    assert sets(found) == {"rootfs/opt/venv": ["x 1.0"]}
    (problem,) = found.problems
    assert problem.message == "1 folders cannot be read, among them root"


@pytest.mark.parametrize(
    ("names", "score"),
    [
        (["usr", "etc"], 2),
        (["usr", "bin"], 2),
        (["usr", "lib"], 2),
        (["usr"], 0),
        (["etc", "bin", "lib"], 0),
        (["usr", "etc", "pyproject.toml"], 0),
        (["usr", "etc", ".git"], 0),
    ],
)
def test_the_score(names: list[str], score: int, tmp_path: Path) -> None:
    for name in names:
        (tmp_path / name).mkdir()
    tree = DiskTree(tmp_path.resolve())
    assert HOLDER.score(Document(path=".", place=".", tree=tree, folder=True)) == score
    assert HOLDER.score(Document(path="usr", place="usr", tree=tree)) == 0


# -- links --

LINKS = {
    ("lib",): "usr/lib",
    ("a",): "/b/../lib/x",
    ("usr", "lib", "up"): "../../../../etc",
    ("loop",): "pool",
    ("pool",): "loop",
}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("usr/x", "usr/x"),
        ("lib/x", "usr/lib/x"),
        ("a/y", "usr/lib/x/y"),
        ("lib/up/x", "etc/x"),
        ("../../etc/./x", "etc/x"),
        ("/etc//x", "etc/x"),
        ("loop/x", None),
        ("", ""),
    ],
)
def test_where_a_path_leads(path: str, expected: str | None) -> None:
    found = resolved(path.split("/"), LINKS.get)
    assert (None if found is None else "/".join(found)) == expected


def test_a_rooted_tree(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/x").write_bytes(b"inside")
    (tmp_path / "passwd").symlink_to("/etc/x")
    (tmp_path / "loop").symlink_to("loop")
    tree = RootedTree(tmp_path.resolve())
    assert tree.read("passwd") == b"inside"
    assert tree.real_path("/passwd") == str(tmp_path.resolve() / "etc/x")
    assert (tree.is_file("passwd"), tree.is_folder("/etc"), tree.entries("etc")) == (True, True, ("x",))
    assert (tree.is_file("loop"), tree.is_folder("loop"), tree.entries("loop")) == (False, False, ())
    assert tree.real_path("loop") is None
    for name, says in (
        ("loop", "links without an end"),
        ("etc/passwd", "no such file"),
        ("etc", "directory"),
    ):
        with pytest.raises(InputError, match=says) as raised:
            tree.read(name, asked_by="asker", line=3)
        assert (raised.value.path, raised.value.place) == ("asker", "line 3")
