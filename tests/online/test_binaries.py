"""What wheels of the real index declare, read through ranges in an audit: every generator, both answers.

`tests/online/test_truth_sample.py` has more packages, below the audit; `tests/online/test_index.py` one whose
modules are built for the stable ABI of free-threaded builds.
"""

from __future__ import annotations

import pytest

from ftaudit.errors import Exit
from tests.builders.online import Audit, Report, verdict

pytestmark = pytest.mark.online

READY, ENABLES = "ready", "enables-gil"
DECLARED = [
    ("h3 4.5.0", ENABLES, "Cython", {"used"}),
    ("yarl 1.25.1", READY, "Cython", {"not-used"}),
    ("cffi 2.1.1", READY, "cffi", {"single-phase-not-used"}),
    ("pynacl 1.6.2", READY, "cffi", {"delegated"}),
    ("numpy 2.5.5", READY, "Cython", {"not-used", "single-phase-not-used"}),
    ("pydantic-core 2.50.4", READY, "PyO3", {"not-used"}),
    ("tomli 2.5.0", READY, "mypyc", {"not-used"}),
    ("dm-tree 0.1.10", READY, "pybind11", {"not-used"}),
    ("pyopencl 2026.1.4", ENABLES, "nanobind", {"absent"}),
    ("pyshtools 4.14.1", ENABLES, "f2py", {"single-phase-used"}),
    ("sentencepiece 0.2.1", READY, "SWIG", {"single-phase-not-used"}),
    ("lru-dict 1.4.1", ENABLES, "", {"single-phase-silent"}),
]
PINS = "".join(f"{pin.replace(' ', '==')}\n" for pin, *_ in DECLARED)
PYTHON = "3.14t"


@pytest.fixture(scope="module")
def report(audit: Audit) -> Report:
    status, report = audit("--python", PYTHON, requirements_txt=PINS)
    assert status == Exit.INCOMPLETE, "their dependencies are not pinned"
    return report


@pytest.mark.parametrize(("pin", "status", "generator", "declarations"), DECLARED)
def test_each_generator(
    report: Report, pin: str, status: str, generator: str, declarations: set[str]
) -> None:
    found = verdict(report, pin, PYTHON)
    assert (found["status"], found["install"], found["basis"]["gil"]) == (status, "wheel", "read")
    assert {module["declaration"] for module in found["modules"]} == declarations
    assert generator in {module["generator"] for module in found["modules"]}


def test_the_modules_that_enable_the_gil_are_named(report: Report) -> None:
    found = verdict(report, "h3 4.5.0", PYTHON)
    names = {module["name"] for module in found["modules"] if module["gil"] == "on"}
    assert names == {
        "h3._cy.cells",
        "h3._cy.edges",
        "h3._cy.error_system",
        "h3._cy.latlng",
        "h3._cy.memory",
        "h3._cy.to_multipoly",
        "h3._cy.util",
        "h3._cy.vertex",
    }
    (finding,) = [one for one in found["findings"] if one["rule"] == "gil-enabled-by-module"]
    assert "h3._cy.cells" in finding["message"]


def test_the_stack_is_as_bad_as_its_worst(report: Report) -> None:
    (summary,) = report["summary"]
    assert (summary["verdict"], summary["complete"]) == (ENABLES, False)


def test_what_cffi_made_is_unknown_without_cffi(report: Report, audit: Audit) -> None:
    _, alone = audit("--python", PYTHON, "--offline", requirements_txt="pynacl==1.6.2\n")
    found = verdict(alone, "pynacl 1.6.2", PYTHON)
    assert (found["status"], found["gil"]) == ("unknown", "unknown")
    (module,) = found["modules"]
    assert (module["declaration"], module["reason"]) == ("delegated", "provider-not-pinned")
