"""From pins to verdicts where the wheels are looked into, on an index that is a dictionary."""

from __future__ import annotations

from ftaudit.concurrency import Scope
from ftaudit.knowledge.targets import target
from ftaudit.model.binary import Confidence, Contents, Declaration, How, LimitedApi
from ftaudit.model.project import Pin
from ftaudit.model.target import Target
from ftaudit.model.verdict import Basis, Gil, Install, RemedyKind, StableAbi, Status, Verdict
from ftaudit.pipeline import audit
from tests.builders.native import FT314, GIL314, contents, module
from tests.builders.values import NOW, FakeIndex, edge, metadata, page, pin, reading

T314, T315 = target("3.14t", "linux-x86_64"), target("3.15t", "linux-x86_64")
ABSENT = Declaration.ABSENT


def wheel(name: str = "x", version: str = "1.0", tag: str = "cp314-cp314t-manylinux_2_17_x86_64") -> str:
    return f"{name}-{version}-{tag}.whl"


def judged(
    *pins: Pin,
    wheels: dict[str, Contents],
    on: Target = T314,
    claims: int | None = None,
    binaries: bool = True,
) -> dict[str, Verdict]:
    """The verdicts by name; the index lists *wheels*, and each is read as given."""
    names = {file.partition("-")[0] for file in wheels}
    index = FakeIndex(
        pages={name: page(*(f for f in wheels if f.startswith(f"{name}-")), name=name) for name in names},
        metadatas={name: metadata(name=name, free_threading=claims) for name in names},
        wheels=dict(wheels),
    )
    done = audit(
        [reading(*pins)], [], [on], index, jobs=1, scope=Scope(), now=NOW, version="0", binaries=binaries
    )
    return {row.name: row.verdicts[0] for row in done.report.packages}


def rules(verdict: Verdict) -> set[str]:
    return {finding.rule for finding in verdict.findings}


def test_what_was_read_decides_and_is_shown() -> None:
    off = judged(pin(), wheels={wheel(): contents(module("x/_a" + FT314))})["x"]
    assert (off.status, off.gil, off.gil_basis, off.verified) == (
        Status.READY, Gil.OFF, Basis.READ, "sha256",
    )  # fmt: skip
    assert [one.name for one in off.modules] == ["x._a"]
    assert not off.findings
    on = judged(pin(), wheels={wheel(): contents(module("x/_a" + FT314, ABSENT))}, claims=3)["x"]
    assert (on.status, on.gil) == (Status.ENABLES_GIL, Gil.ON)
    assert rules(on) == {"gil-enabled-by-module", "declared-support-contradicted"}


def test_without_binaries_nothing_is_known_and_it_is_said_once() -> None:
    found = judged(pin(), wheels={wheel(): contents(module("x/_a" + FT314))}, binaries=False)["x"]
    assert (found.status, found.verified, found.modules) == (Status.UNKNOWN, None, ())
    assert [(item.rule, item.why) for item in found.undecided] == [
        ("gil-enabled-by-module", "modules not read")
    ]
    assert not found.findings


def test_modules_that_are_not_loaded_are_no_reason_to_call_it_ready() -> None:
    found = judged(pin(), wheels={wheel(): contents(module("x/_a" + GIL314))})["x"]
    assert (found.status, found.gil) == (Status.UNKNOWN, Gil.UNKNOWN)
    assert rules(found) == {"no-loadable-module", "tag-and-file-disagree"}


def test_a_pure_wheel_with_modules_is_judged_by_them() -> None:
    name = wheel(tag="py3-none-any")
    found = judged(pin(), wheels={name: contents(module("x/_a.so", ABSENT))})["x"]
    assert (found.install, found.status) == (Install.WHEEL, Status.ENABLES_GIL)
    assert rules(found) == {"native-code-in-pure-wheel", "gil-enabled-by-module"}
    assert judged(pin(), wheels={name: contents()})["x"].install is Install.PURE


def test_what_is_free_by_itself_names_the_dependency_that_is_not() -> None:
    found = judged(
        pin("app", needs=[edge("lib")]),
        pin("lib", needs=[edge("x")]),
        pin("x", needs=[]),
        wheels={
            wheel("app", tag="py3-none-any"): contents(),
            wheel("lib"): contents(module("lib/_a" + FT314)),
            wheel("x"): contents(module("x/_a" + FT314, ABSENT)),
        },
    )
    assert [found[name].status for name in ("app", "lib", "x")] == [
        Status.READY, Status.READY, Status.ENABLES_GIL,
    ]  # fmt: skip
    for name in ("app", "lib"):
        (finding,) = found[name].findings
        assert finding.message == "free by itself; its dependency x 1.0 enables the GIL"
    assert rules(found["x"]) == {"gil-enabled-by-module"}


def test_a_claim_of_the_stable_abi_is_held_against_the_modules() -> None:
    name = wheel(tag="cp315-abi3.abi3t-manylinux_2_17_x86_64")
    later = LimitedApi(since="3.16", since_t="3.16")
    broken = module("x.abi3t.so", hook="PyModExport_x", api=later)
    found = judged(pin(), wheels={name: contents(broken)}, on=T315)["x"]
    assert found.stable_abi == StableAbi(
        claimed="abi3t", claimed_from="3.15", true_to_tag=False, from_version="3.16"
    )
    assert rules(found) == {"stable-abi-violated"}


def test_a_less_sure_declaration_is_ready_with_a_note() -> None:
    unsure = module("x/_a" + FT314, confidence=Confidence.MEDIUM, how=How.SEARCH)
    found = judged(pin(), wheels={wheel(): contents(unsure)})["x"]
    assert (found.status, rules(found)) == (Status.READY, {"declaration-less-sure"})


def test_the_way_out_was_read() -> None:
    found = judged(
        pin(),
        wheels={
            wheel(): contents(module("x/_a" + FT314, ABSENT)),
            wheel(version="1.1"): contents(module("x/_a" + FT314, ABSENT)),
            wheel(version="1.2"): contents(module("x/_a" + FT314)),
        },
    )["x"]
    way = found.remedy
    assert (way.kind, way.version, way.basis, way.basis_all_targets) == (
        RemedyKind.UPGRADE, "1.2", "read", "read",
    )  # fmt: skip
