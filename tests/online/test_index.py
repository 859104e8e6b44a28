"""What holds on the real index as it was on 22 November 2026, whatever was uploaded later."""

from __future__ import annotations

from typing import Any

import pytest

from ftaudit.errors import Exit
from tests.builders.online import BOTH, Audit, Report, rows, verdict

pytestmark = pytest.mark.online

PINS = """\
cryptography==42.0.0
PyYAML==6.0.1
orjson==3.13.0
grpcio==1.85.1
psycopg-binary==3.2.3
numpy==2.5.5
h3==4.5.0
frozenlist==1.8.0
requests==2.34.2
polars==2.1.0
"""
WITH_RUNTIME = """\
lock-version = "1.0"
created-by = "hand"

[[packages]]
name = "polars"
version = "2.1.0"
dependencies = [{ name = "polars-runtime-32" }]

[[packages]]
name = "polars-runtime-32"
version = "2.1.0"
"""

VERDICTS = [
    ("cryptography 42.0.0", ("needs-build", "source"), ("needs-build", "source")),
    ("pyyaml 6.0.1", ("needs-build", "source"), ("needs-build", "source")),
    ("orjson 3.13.0", ("needs-build", "source"), ("needs-build", "source")),
    ("grpcio 1.85.1", ("needs-build", "source"), ("needs-build", "source")),
    ("psycopg-binary 3.2.3", ("blocked", "none"), ("blocked", "none")),
    ("numpy 2.5.5", ("ready", "wheel"), ("ready", "wheel")),
    ("h3 4.5.0", ("enables-gil", "wheel"), ("needs-build", "source")),
    ("frozenlist 1.8.0", ("ready", "wheel"), ("degraded", "fallback")),
    ("cryptography 50.0.2", ("ready", "wheel"), ("ready", "wheel")),
    ("requests 2.34.2", ("ready", "pure"), ("ready", "pure")),
    ("polars 2.1.0", ("ready", "pure"), ("ready", "pure")),
]


@pytest.fixture(scope="module")
def pins(audit: Audit) -> Report:
    """Two inputs, since no requirements file can pin one name twice.

    One request at a time: an index that answers the same question now with JSON, now with HTML, is asked for
    the page that both inputs need once only, and what is kept of it is what was judged.
    """
    newer = "cryptography==50.0.2\n"
    status, report = audit("--jobs", "1", requirements_txt=PINS, newer_requirements_txt=newer)
    assert status == Exit.INCOMPLETE, "their dependencies are not pinned"
    return report


def test_every_pin_has_its_row(pins: Report) -> None:
    assert sorted(rows(pins)) == sorted(pin for pin, *_ in VERDICTS)
    assert [(target["python"], target["platform"]) for target in pins["targets"]] == [
        (python, "linux-x86_64") for python in BOTH
    ]


@pytest.mark.parametrize(("pin", "on_314t", "on_315t"), VERDICTS, ids=[pin for pin, *_ in VERDICTS])
def test_verdicts(pins: Report, pin: str, on_314t: tuple[str, str], on_315t: tuple[str, str]) -> None:
    found = [verdict(pins, pin, python) for python in BOTH]
    assert [(one["status"], one["install"]) for one in found] == [on_314t, on_315t]


@pytest.mark.parametrize(
    ("pin", "python"),
    [
        *((pin, python) for pin in ("numpy 2.5.5", "cryptography 50.0.2") for python in BOTH),
        ("h3 4.5.0", "3.14t"),
        ("frozenlist 1.8.0", "3.14t"),
    ],
)
def test_a_wheel_that_fits_is_judged_by_its_modules(pins: Report, pin: str, python: str) -> None:
    found = verdict(pins, pin, python)
    assert found["basis"] == {"install": "tag", "gil": "read"}
    assert found["gil"] == ("on" if pin == "h3 4.5.0" else "off")
    assert found["verified"] in ("sha256", "crc")
    assert found["modules"]
    assert not found["undecided"]


def test_without_binaries_a_wheel_that_fits_is_unknown(audit: Audit) -> None:
    _, report = audit("--no-binaries", "--offline", "--python", "3.14t", requirements_txt=PINS)
    found = verdict(report, "numpy 2.5.5", "3.14t")
    assert (found["status"], found["gil"], found["modules"]) == ("unknown", "unknown", [])
    assert "modules not read" in [item["why"] for item in found["undecided"]]


def test_the_stable_abi_of_free_threaded_builds_fits_from_315_on(pins: Report) -> None:
    found = verdict(pins, "cryptography 50.0.2", "3.15t")
    assert "-cp315-abi3.abi3t-" in found["file"]["name"]
    assert found["stable_abi"]["true_to_tag"] is True
    (module,) = found["modules"]
    assert module["path"].endswith((".abi3.so", ".abi3t.so"))
    assert (module["declaration"], module["hook"]) == ("not-used", "PyModExport__rust")
    assert "-cp314t-" in verdict(pins, "cryptography 50.0.2", "3.14t")["file"]["name"]


def test_the_remedy_of_cryptography_serves_both(pins: Report) -> None:
    found = [verdict(pins, "cryptography 42.0.0", python)["remedy"] for python in BOTH]
    assert [remedy["version_all_targets"] for remedy in found] == ["50.0.2", "50.0.2"]
    assert found[1]["version"] == "50.0.2"
    assert {(remedy["kind"], remedy["basis_all_targets"]) for remedy in found} == {("upgrade", "read")}


def test_the_remedy_of_pyyaml_serves_one(pins: Report) -> None:
    on_314t, on_315t = (verdict(pins, "pyyaml 6.0.1", python)["remedy"] for python in BOTH)
    assert (on_314t["kind"], on_314t["version"], on_314t["version_all_targets"]) == ("upgrade", "6.0.3", None)
    assert (on_315t["kind"], on_315t["version"], on_315t["version_all_targets"]) == ("build", None, None)


def test_a_lock_with_polars_shows_the_verdict_of_its_runtime_beside_it(audit: Audit) -> None:
    status, report = audit(pylock_toml=WITH_RUNTIME)
    assert status == Exit.OK
    assert rows(report)["polars-runtime-32 2.1.0"]["required_by"] == ["polars"]
    for python, summary in zip(BOTH, report["summary"], strict=True):
        assert verdict(report, "polars 2.1.0", python)["status"] == "ready"
        runtime = verdict(report, "polars-runtime-32 2.1.0", python)
        assert (runtime["status"], runtime["install"]) == ("needs-build", "source")
        assert (summary["verdict"], summary["complete"]) == ("needs-build", True)


def test_polars_alone_is_no_ready_stack(audit: Audit) -> None:
    status, report = audit(requirements_txt="polars==2.1.0\n")
    assert status == Exit.INCOMPLETE
    assert [verdict(report, "polars 2.1.0", python)["status"] for python in BOTH] == ["ready", "ready"]
    assert [(one["verdict"], one["complete"]) for one in report["summary"]] == [("unknown", False)] * 2
    assert any(
        problem["rule"] == "dependency-not-pinned" and "polars-runtime-32" in problem["message"]
        for problem in report["problems"]
    )


def test_requests_alone_is_ready_but_its_dependencies_are_missing(audit: Audit) -> None:
    _, report = audit(requirements_txt="requests==2.34.2\n")
    assert {one["complete"] for one in report["summary"]} == {False}


def comparable(found: Any) -> Any:
    """Without what findings say of dates, and sizes, which the HTML form of a page does not have."""
    file = found["file"] and {**found["file"], "size": None}
    return {**found, "findings": (), "file": file}


def test_what_was_asked_once_answers_offline(pins: Report, audit: Audit) -> None:
    _, again = audit("--offline", requirements_txt=PINS, newer_requirements_txt="cryptography==50.0.2\n")
    for pin, *_ in VERDICTS:
        for python in BOTH:
            before, after = verdict(pins, pin, python), verdict(again, pin, python)
            assert comparable(before) == comparable(after)
            assert [one["rule"] for one in before["findings"]] == [one["rule"] for one in after["findings"]]
    assert again["summary"][0]["counts"] == pins["summary"][0]["counts"]
