"""From what was seen of a hook to what it declares. A wrong "off" would be the worst bug."""

from __future__ import annotations

from itertools import product

import pytest

from ftaudit.binaries.declaration import Seen, conclude
from ftaudit.binaries.definition import Answer
from ftaudit.model.binary import Confidence, Declaration, Declared, How, Phase

OFF = {Declaration.NOT_USED, Declaration.SINGLE_PHASE_NOT_USED}
NOT_USED, USED, ABSENT = (
    Answer(declaration) for declaration in (Declaration.NOT_USED, Declaration.USED, Declaration.ABSENT)
)
BLANK = Answer(Declaration.UNKNOWN, "blank-slots", "filled in at run time")
LOST = Answer(Declaration.UNKNOWN, "unreadable-slots", "could not be read")
OPEN = Answer(Declaration.UNKNOWN, "decided-at-run-time", "its value is decided at run time")


def seen(**values: object) -> Declared:
    return conclude("PyInit_x", Seen(**values))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("answers", "searched", "declaration", "confidence"),
    [
        ([NOT_USED], [], Declaration.NOT_USED, Confidence.HIGH),
        ([NOT_USED], [NOT_USED], Declaration.NOT_USED, Confidence.HIGH),
        ([USED, USED], [], Declaration.USED, Confidence.HIGH),
        ([ABSENT], [], Declaration.ABSENT, Confidence.HIGH),
        ([NOT_USED, LOST], [], Declaration.NOT_USED, Confidence.MEDIUM),
        ([NOT_USED, LOST], [NOT_USED], Declaration.NOT_USED, Confidence.HIGH),
        ([BLANK], [NOT_USED], Declaration.NOT_USED, Confidence.MEDIUM),
        ([BLANK], [], Declaration.ABSENT, Confidence.HIGH),
        ([NOT_USED], [NOT_USED, USED], Declaration.NOT_USED, Confidence.HIGH),
    ],
)
def test_definitions(
    answers: list[Answer], searched: list[Answer], declaration: Declaration, confidence: Confidence
) -> None:
    found = seen(definitions=tuple(answers), searched=frozenset(searched))
    assert (found.declaration, found.phase) == (declaration, Phase.MULTI)
    if searched != [NOT_USED, USED]:
        assert found.confidence is confidence


@pytest.mark.parametrize(
    ("answers", "searched", "reason"),
    [
        ([NOT_USED, USED], [], "decided-at-run-time"),
        ([NOT_USED, ABSENT], [], "decided-at-run-time"),
        ([NOT_USED, OPEN], [], "decided-at-run-time"),
        ([NOT_USED], [USED], "analysers-disagree"),
        ([USED], [NOT_USED], "analysers-disagree"),
        ([NOT_USED], [ABSENT], "analysers-disagree"),
        ([LOST], [], "unreadable-slots"),
        ([LOST], [NOT_USED, USED], "unreadable-slots"),
        ([LOST], [NOT_USED], "unreadable-slots"),
    ],
)
def test_what_differs_is_unknown(answers: list[Answer], searched: list[Answer], reason: str) -> None:
    for order in (answers, answers[::-1]):
        found = seen(definitions=tuple(order), searched=frozenset(searched))
        assert (found.declaration, found.reason) == (Declaration.UNKNOWN, reason)
        assert found.confidence is Confidence.NONE
        assert found.why


def test_no_combination_of_answers_is_off_unless_one_path_says_so_and_none_speaks_against() -> None:
    everything = (NOT_USED, USED, ABSENT, BLANK, LOST, OPEN)
    for first, second, searched in product(everything, everything, (None, NOT_USED, USED, ABSENT)):
        found = seen(
            definitions=(first, second), searched=frozenset({searched} if searched else ()), whole=False
        )
        if found.declaration in OFF:
            told = {answer.declaration for answer in (first, second, searched) if answer}
            assert Declaration.NOT_USED in told
            assert not told & {Declaration.USED, Declaration.ABSENT}
            assert OPEN not in (first, second)


@pytest.mark.parametrize("way", ["definitions", "exports"])
def test_a_path_that_returned_what_is_not_known_makes_it_less_sure(way: str) -> None:
    values: dict[str, object] = {way: (NOT_USED,), "exported": way == "exports"}
    assert seen(**values).confidence is Confidence.HIGH
    assert seen(**values, returned_other=True).confidence is Confidence.MEDIUM
    ended = {"created": 1, "set_gil": (1,), "ends": frozenset({1})}
    assert seen(**ended).confidence is Confidence.HIGH
    assert seen(**ended, returned_other=True).confidence is Confidence.MEDIUM


@pytest.mark.parametrize("limit", ["steps", "states"])
def test_an_empty_array_is_not_absent_where_the_run_was_cut_short(limit: str) -> None:
    assert seen(definitions=(BLANK,), limit=limit, whole=False).declaration is Declaration.UNKNOWN


@pytest.mark.parametrize(
    ("create", "declaration", "confidence"),
    [
        ("module", Declaration.NOT_USED, Confidence.HIGH),
        ("perhaps-module", Declaration.UNKNOWN, Confidence.NONE),
        ("either", Declaration.UNKNOWN, Confidence.NONE),
        ("unknown", Declaration.UNKNOWN, Confidence.NONE),
        ("other", Declaration.USED, Confidence.HIGH),
    ],
)
def test_what_creates_the_module(create: str, declaration: Declaration, confidence: Confidence) -> None:
    answer = Answer(Declaration.NOT_USED, create=0x1000)
    found = seen(definitions=(answer,), custom_create={0x1000: create})
    assert (found.declaration, found.confidence, found.custom_create) == (declaration, confidence, create)


@pytest.mark.parametrize("create", ["module", "perhaps-module", "either", "unknown", "other"])
def test_what_creates_an_exported_module_does_not_matter(create: str) -> None:
    answer = Answer(Declaration.NOT_USED, create=0x1000)
    found = seen(exported=True, exports=(answer,), custom_create={0x1000: create})
    assert (found.declaration, found.confidence) == (Declaration.NOT_USED, Confidence.HIGH)


@pytest.mark.parametrize(
    ("values", "declaration"),
    [
        ({"set_gil": (1,), "ends": frozenset({1})}, Declaration.SINGLE_PHASE_NOT_USED),
        ({"set_gil": (0,), "ends": frozenset({0})}, Declaration.SINGLE_PHASE_USED),
        ({"set_gil": (1,), "ends": frozenset({1, "silent"})}, Declaration.UNKNOWN),
        ({"set_gil": (1,), "ends": frozenset({"silent"})}, Declaration.SINGLE_PHASE_SILENT),
        ({"set_gil": (1,), "ends": frozenset({"silent"}), "whole": False}, Declaration.UNKNOWN),
        ({"set_gil": (1,), "ends": frozenset({None})}, Declaration.UNKNOWN),
        ({"set_gil": (1, 0), "ends": frozenset({0, 1})}, Declaration.UNKNOWN),
        ({"set_gil": (None,), "ends": frozenset({None})}, Declaration.UNKNOWN),
        ({"set_gil": (2,), "ends": frozenset({2})}, Declaration.UNKNOWN),
        ({"set_gil": (1,), "returned_other": True}, Declaration.SINGLE_PHASE_NOT_USED),
        ({"set_gil": (1,), "returned_another_object": True}, Declaration.UNKNOWN),
        ({"set_gil": (1,), "ends": frozenset({1}), "returned_another_object": True}, Declaration.UNKNOWN),
        ({}, Declaration.SINGLE_PHASE_SILENT),
        ({"imports_set_gil": True}, Declaration.UNKNOWN),
        ({"imports_set_gil": True, "call_sites": frozenset({0})}, Declaration.SINGLE_PHASE_USED),
        ({"imports_set_gil": True, "call_sites": frozenset({1})}, Declaration.SINGLE_PHASE_NOT_USED),
        ({"imports_set_gil": True, "call_sites": frozenset({0, 1})}, Declaration.UNKNOWN),
    ],
)
def test_single_phase(values: dict[str, object], declaration: Declaration) -> None:
    found = seen(created=1, **values)
    assert (found.declaration, found.phase) == (declaration, Phase.SINGLE)


def test_a_definition_on_one_path_and_a_module_on_another() -> None:
    assert seen(definitions=(NOT_USED,), ends=frozenset({1})).declaration is Declaration.NOT_USED
    assert seen(definitions=(NOT_USED,), ends=frozenset({"silent"})).reason == "decided-at-run-time"
    assert seen(definitions=(USED,), ends=frozenset({1})).reason == "decided-at-run-time"


def test_cffi_leaves_it_to_its_backend() -> None:
    found = seen(delegates_to_cffi=True, called_anything=True)
    assert (found.declaration, found.provider) == (Declaration.DELEGATED, "_cffi_backend")


def test_a_hook_that_only_returns_null_makes_no_module() -> None:
    assert seen(returned_null=True).declaration is Declaration.NOT_A_MODULE
    assert seen(returned_null=True, called_anything=True).declaration is Declaration.UNKNOWN
    assert seen(returned_null=True, whole=False).declaration is Declaration.UNKNOWN
    assert seen(returned_null=True, imports_init=True).declaration is Declaration.UNKNOWN
    assert seen(returned_null=True, imports_create=True).declaration is Declaration.SINGLE_PHASE_SILENT


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"followed": False, "whole": False}, "processor-not-followed"),
        ({"limit": "steps", "whole": False}, "not-followed"),
        ({"delegate": "Wrapped_PyInit_x", "called_anything": True}, "delegate-not-found"),
    ],
)
def test_what_was_not_reached(values: dict[str, object], reason: str) -> None:
    assert seen(**values).reason == reason


def test_without_an_executor_the_search_alone_decides_and_is_less_sure() -> None:
    found = seen(followed=False, whole=False, searched=frozenset({NOT_USED}))
    assert (found.declaration, found.how, found.confidence) == (
        Declaration.NOT_USED,
        How.SEARCH,
        Confidence.MEDIUM,
    )


def test_a_file_that_can_only_make_modules_at_once_and_cannot_say_anything_is_silent() -> None:
    found = seen(followed=False, whole=False, imports_create=True)
    assert (found.declaration, found.how) == (Declaration.SINGLE_PHASE_SILENT, How.IMPORTS)
