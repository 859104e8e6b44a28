"""What an installer would pick: every trap of the design, with the case beside it that passes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ftaudit.judge.install import choose
from ftaudit.knowledge.targets import target
from ftaudit.model.evidence import Missing, ProjectStatus
from ftaudit.model.project import ListedFile, Pin, Source, SourceKind
from ftaudit.model.verdict import Basis, Install, Installation
from tests.builders.values import file, metadata, pin, release

T314 = target("3.14t", "linux-x86_64")
T315 = target("3.15t", "linux-x86_64")
WIN = target("3.14t", "windows-amd64")
ARM = target("3.14t", "linux-aarch64")
MUSL = target("3.14t", "musllinux-x86_64")

SDIST = "x-1.0.tar.gz"
PURE = "x-1.0-py3-none-any.whl"
GIL = "x-1.0-cp312-cp312-manylinux_2_17_x86_64.whl"
ABI3 = "x-1.0-cp39-abi3-manylinux_2_17_x86_64.whl"
FT314 = "x-1.0-cp314-cp314t-manylinux_2_17_x86_64.whl"
ABI3T = "x-1.0-cp315-abi3t-manylinux_2_17_x86_64.whl"
BOTH = "x-1.0-cp315-abi3.abi3t-manylinux_2_17_x86_64.whl"
OFFLINE = Missing(what="release", why="offline", kind="offline")


@pytest.mark.parametrize(
    ("files", "on", "install"),
    [
        ([PURE], T314, Install.PURE),
        ([PURE, SDIST], T314, Install.PURE),
        ([PURE, "x-1.0-cp312-cp312-win_amd64.whl"], T314, Install.PURE),
        ([PURE, "x-1.0-cp312-cp312-win_amd64.whl"], WIN, Install.FALLBACK),
        ([PURE, GIL], T314, Install.FALLBACK),
        ([PURE, ABI3], T314, Install.FALLBACK),
        ([PURE, FT314], T315, Install.FALLBACK),
        ([PURE, FT314], T314, Install.WHEEL),
        ([GIL, FT314, SDIST], T314, Install.WHEEL),
        ([GIL, FT314, SDIST], T315, Install.SOURCE),
        ([GIL, FT314], T315, Install.NONE),
        ([FT314], ARM, Install.NONE),
        ([FT314], MUSL, Install.NONE),
        ([FT314], WIN, Install.NONE),
        ([ABI3], T314, Install.NONE),
        ([ABI3], T315, Install.NONE),
        ([ABI3T], T315, Install.WHEEL),
        ([BOTH], T315, Install.WHEEL),
        ([BOTH], T314, Install.NONE),
        (["x-1.0-cp315-abi3-manylinux_2_17_x86_64.whl"], T315, Install.NONE),
        (["x-1.0-py3-none-manylinux_2_17_x86_64.whl"], T314, Install.WHEEL),
        (["x-1.0-cp314-cp314t-manylinux_2_34_x86_64.whl"], T314, Install.WHEEL),
        (["x-1.0-cp314-cp314t-manylinux_2_35_x86_64.whl"], T314, Install.NONE),
        ([SDIST], T314, Install.SOURCE),
        ([GIL], T314, Install.NONE),
    ],
)
def test_the_files_of_a_release_decide(files: list[str], on: object, install: Install) -> None:
    assert choose(pin(), release(*files), on).install is install  # type: ignore[arg-type]


def test_the_best_tag_wins_then_the_highest_build_then_a_source_archive_last() -> None:
    older = "x-1.0-cp314-cp314t-manylinux_2_17_x86_64.whl"
    newer = "x-1.0-cp314-cp314t-manylinux_2_28_x86_64.whl"
    rebuilt = "x-1.0-2-cp314-cp314t-manylinux_2_28_x86_64.whl"
    assert _name(choose(pin(), release(SDIST, older, newer), T314)) == newer
    assert _name(choose(pin(), release(SDIST, rebuilt, newer), T314)) == rebuilt


def test_a_yanked_file_installs_but_comes_last() -> None:
    yanked = file(FT314, yanked=True)
    assert choose(pin(), release(yanked), T314).install is Install.WHEEL
    assert choose(pin(), release(yanked, SDIST), T314).install is Install.SOURCE


def test_requires_python_is_that_of_pip_at_the_micro_version_asked_for() -> None:
    bound = release(file(FT314, requires_python="<3.14"))
    assert choose(pin(), bound, T314).install is Install.NONE
    assert _names(choose(pin(), bound, T314).excluded) == [FT314]
    late = release(file(FT314, requires_python=">=3.14.1"))
    assert choose(pin(), late, T314).install is Install.NONE
    assert choose(pin(), late, target("3.14.3t", "linux-x86_64")).install is Install.WHEEL


def test_requires_python_that_only_the_metadata_has_counts() -> None:
    read = {FT314: metadata(requires_python="<3.14")}
    assert choose(pin(), release(FT314), T314, read).install is Install.NONE
    assert choose(pin(), release(FT314), T314, {FT314: metadata()}).install is Install.WHEEL


def test_a_requires_python_that_does_not_parse_is_ignored_as_pip_does() -> None:
    assert choose(pin(), release(file(FT314, requires_python="3.x or so")), T314).install is Install.WHEEL


def test_a_quarantined_project_offers_nothing() -> None:
    held = release(FT314, status=ProjectStatus.QUARANTINED)
    assert choose(pin(), held, T314).install is Install.NONE


@pytest.mark.parametrize("kind", [SourceKind.GIT, SourceKind.URL, SourceKind.PATH, SourceKind.UNKNOWN])
def test_no_index_judges_other_sources(kind: SourceKind) -> None:
    chosen = choose(pin(kind=kind, listed=[FT314]), OFFLINE, T314)
    assert chosen.install is Install.UNKNOWN
    assert chosen.why is not None
    assert chosen.why.kind == f"{'vcs' if kind is SourceKind.GIT else kind.value}-source"


class TestWithoutTheIndex:
    """Nothing missing ever counts as ready."""

    def test_nothing_known_is_unknown(self) -> None:
        assert choose(pin(), OFFLINE, T314) == Installation(install=Install.UNKNOWN, why=OFFLINE)

    def test_a_wheel_that_the_lock_lists_exists(self) -> None:
        chosen = choose(pin(listed=[GIL, FT314]), OFFLINE, T314)
        assert (chosen.install, chosen.basis) == (Install.WHEEL, Basis.LOCK)

    def test_a_list_without_a_fitting_wheel_proves_nothing(self) -> None:
        assert choose(pin(listed=[GIL]), OFFLINE, T314).install is Install.UNKNOWN
        assert choose(pin(listed=[GIL, SDIST]), OFFLINE, T314).install is Install.UNKNOWN

    def test_a_pure_wheel_alone_in_the_list_may_be_a_fallback(self) -> None:
        assert choose(pin(listed=[PURE]), OFFLINE, T314).install is Install.UNKNOWN
        assert choose(pin(listed=[PURE, GIL]), OFFLINE, T314).install is Install.FALLBACK

    def test_one_index_unread_among_several(self) -> None:
        partly = release(PURE, unread=(OFFLINE,))
        assert choose(pin(), partly, T314).install is Install.UNKNOWN
        assert choose(pin(), release(FT314, unread=(OFFLINE,)), T314).install is Install.WHEEL


class TestBytesAtHand:
    def test_what_is_installed_and_fits_counts(self) -> None:
        chosen = choose(_installed(FT314), OFFLINE, T314)
        assert (chosen.install, chosen.basis) == (Install.WHEEL, Basis.LOCAL)

    def test_what_is_installed_for_another_interpreter_is_asked_of_the_index(self) -> None:
        assert choose(_installed(GIL), OFFLINE, T314).install is Install.UNKNOWN
        assert choose(_installed(GIL), release(FT314), T314).basis is Basis.TAG

    def test_an_installed_pure_wheel_may_be_a_fallback(self) -> None:
        assert choose(_installed(PURE), OFFLINE, T314).install is Install.UNKNOWN
        assert choose(_installed(PURE), release(PURE, GIL), T314).install is Install.FALLBACK
        assert choose(_installed(PURE), release(PURE), T314).install is Install.PURE


def test_a_root_made_for_another_target_is_unknown_and_not_blocked() -> None:
    assert choose(pin(), release(GIL), T314).install is Install.NONE
    forgiven = choose(pin(), release(GIL), T314, doubt="made elsewhere")
    assert forgiven.install is Install.UNKNOWN
    assert forgiven.why is not None
    assert forgiven.why.kind == "made-for-another-target"


def test_requires_python_of_the_index_and_of_the_metadata_both_count() -> None:
    read = {FT314: metadata(requires_python="<3.14")}
    assert choose(pin(), release(file(FT314, requires_python=">=3.8")), T314, read).install is Install.NONE


def test_where_neither_tells_its_requires_python_the_file_is_not_picked() -> None:
    missing = Missing(what="metadata", why="too large", kind="too-large")
    chosen = choose(pin(), release(PURE), T314, {PURE: missing})
    assert chosen.install is Install.UNKNOWN
    assert chosen.why is not None
    assert chosen.why.kind == "too-large"
    told = release(file(PURE, requires_python=">=3.8"))
    assert choose(pin(), told, T314, {PURE: missing}).install is Install.PURE


def test_a_wheel_that_only_the_lock_knows_was_admitted_by_the_resolver() -> None:
    missing = Missing(what="metadata", why="the lock names no index", kind="no-metadata")
    assert choose(pin(listed=[FT314]), OFFLINE, T314, {FT314: missing}).install is Install.WHEEL


@pytest.mark.parametrize(("name", "install"), [(PURE, Install.UNKNOWN), (FT314, Install.WHEEL)])
def test_an_installed_project_of_another_source(name: str, install: Install) -> None:
    chosen = choose(replace(_installed(name), source=Source(kind=SourceKind.PATH)), OFFLINE, T314)
    assert chosen.install is install
    assert chosen.why is None or chosen.why.kind == "path-source"


def test_bytes_at_hand_must_admit_the_interpreter_too() -> None:
    at_hand = replace(_installed(FT314), requires_python="<3.14")
    assert choose(at_hand, OFFLINE, T314).install is Install.UNKNOWN


@pytest.mark.parametrize(
    ("compiled", "on"),
    [
        ("x-1.0-cp312-cp312-manylinux_2_39_x86_64.whl", "linux-x86_64"),
        ("x-1.0-cp312-cp312-manylinux_2_28_x86_64.whl", "linux-x86_64@2.17"),
        ("x-1.0-cp312-cp312-macosx_15_0_arm64.whl", "macos-arm64"),
        ("x-1.0-py3-none-manylinux_2_39_x86_64.whl", "linux-x86_64"),
        ("x-1.0-pp311-pypy311_pp73-manylinux_2_17_x86_64.whl", "linux-x86_64"),
        ("x-1.0-cp312-cp312-linux_x86_64_gnu.whl", "linux-x86_64"),
    ],
)
def test_what_is_compiled_for_the_platform_in_any_version_makes_a_pure_wheel_a_fallback(
    compiled: str, on: str
) -> None:
    assert choose(pin(), release(PURE, compiled), target("3.14t", on)).install is Install.FALLBACK


@pytest.mark.parametrize(
    "elsewhere", ["win_amd64", "manylinux_2_17_aarch64", "musllinux_1_2_x86_64", "win32"]
)
def test_what_is_compiled_for_other_platforms_does_not(elsewhere: str) -> None:
    other = f"x-1.0-cp312-cp312-{elsewhere}.whl"
    assert choose(pin(), release(PURE, other), T314).install is Install.PURE


class TestHashes:
    def test_any_listed_file_that_the_index_serves_otherwise_is_a_contradiction(self) -> None:
        lying = pin(listed=[ListedFile(name=SDIST, sha256="0" * 64)])
        assert choose(lying, release(PURE, SDIST), T314).install is Install.UNKNOWN

    def test_two_inputs_that_disagree_are_one_too(self) -> None:
        right = ListedFile(name=PURE, sha256=file(PURE).sha256)
        wrong = ListedFile(name=PURE, sha256="0" * 64)
        assert choose(pin(listed=[right, wrong]), release(PURE), T314).install is Install.UNKNOWN
        assert choose(pin(listed=[right]), release(PURE), T314).install is Install.PURE

    def test_hashes_without_names_must_match_some_file(self) -> None:
        squatted = choose(pin(hashes=frozenset({"0" * 64})), release(PURE), T314)
        assert squatted.why is not None
        assert squatted.why.kind == "hash-mismatch"
        own = file(PURE).sha256
        assert own is not None
        assert choose(pin(hashes=frozenset({"0" * 64, own})), release(PURE), T314).install is Install.PURE


def test_a_hash_that_differs_from_the_lock_is_a_contradiction() -> None:
    lying = pin(listed=[ListedFile(name=FT314, sha256="0" * 64)])
    chosen = choose(lying, release(FT314), T314)
    assert chosen.install is Install.UNKNOWN
    assert chosen.why is not None
    assert chosen.why.kind == "hash-mismatch"
    same = pin(listed=[ListedFile(name=FT314, sha256=file(FT314).sha256)])
    assert choose(same, release(FT314), T314).install is Install.WHEEL


def _installed(name: str) -> Pin:
    return pin(listed=[ListedFile(name=name, path="/env/x")], installed=True)


def _name(chosen: Installation) -> str:
    assert chosen.file is not None
    return chosen.file.name


def _names(files: object) -> list[str]:
    return [f.name for f in files]  # type: ignore[attr-defined]
