"""From what was seen of a hook to what its module declares: pure, one small function for each way."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace

from ftaudit.binaries.definition import Answer
from ftaudit.binaries.memory import Value
from ftaudit.model.binary import Confidence, Declaration, Declared, How, Phase

CFFI_PROVIDER = "_cffi_backend"
NOT_FOLLOWED = "its initialisation could not be followed"

_SINGLE = {1: Declaration.SINGLE_PHASE_NOT_USED, 0: Declaration.SINGLE_PHASE_USED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What following a hook and searching for its definition brought up.

    ``definitions`` and ``exports`` are the answers on all paths, ``searched`` those of the search by name.
    ``followed`` is False for a processor whose code is not followed; ``whole`` tells that every path was
    followed to its end. ``set_gil`` are the arguments of ``PyUnstable_Module_SetGIL`` (None: not known),
    ``ends`` the last of them on each path that returned its module (``silent`` for none), ``call_sites``
    those found by reading straight through the code. The ``imports_…`` say what the file takes from the
    interpreter, ``custom_create`` what a ``Py_mod_create`` function returns (`creation.returns`), by its
    address.
    """

    exported: bool = False
    followed: bool = True
    whole: bool = True
    steps: int = 0
    limit: str = ""
    definitions: tuple[Answer, ...] = ()
    exports: tuple[Answer, ...] = ()
    searched: frozenset[Answer] = frozenset()
    created: int = 0
    set_gil: tuple[int | None, ...] = ()
    ends: frozenset[Value | str] = frozenset()
    call_sites: frozenset[int] = frozenset()
    returned_null: bool = False
    returned_other: bool = False
    returned_another_object: bool = False
    called_anything: bool = False
    delegates_to_cffi: bool = False
    delegate: str = ""
    imports_init: bool = False
    imports_create: bool = False
    imports_set_gil: bool = False
    custom_create: dict[int, str] = field(default_factory=dict)


def conclude(hook: str, seen: Seen) -> Declared:
    """What the module of *hook* declares."""
    if seen.exported:
        return _defined(hook, seen, seen.exports, Phase.EXPORT)
    if seen.definitions:
        found = _defined(hook, seen, seen.definitions, Phase.MULTI)
        return _unlike(hook, seen, found) if seen.ends else found
    if seen.created or seen.set_gil:
        return _single(hook, seen)
    if seen.delegates_to_cffi:
        confidence = Confidence.HIGH if seen.called_anything else Confidence.MEDIUM
        return _declared(
            hook,
            seen,
            Declaration.DELEGATED,
            confidence,
            How.EXECUTION if seen.called_anything else How.IMPORTS,
            Phase.SINGLE,
            why="cffi's backend makes the module, and decides",
            provider=CFFI_PROVIDER,
        )
    if _only_fails(seen):
        why = "its initialisation only returns NULL: it is loaded in another way than by import"
        return _declared(
            hook, seen, Declaration.NOT_A_MODULE, Confidence.HIGH, How.EXECUTION, Phase.NONE, why=why
        )
    return _not_reached(hook, seen)


def _only_fails(seen: Seen) -> bool:
    """Whether the hook is there for the linker's sake. One that could make a module may only seem to: what
    runs when the file is loaded (C++'s static initialisers) is not followed."""
    fails = seen.followed and seen.returned_null and not (seen.called_anything or seen.returned_other)
    return fails and seen.whole and not (seen.imports_init or seen.imports_create)


def _defined(hook: str, seen: Seen, answers: Collection[Answer], phase: Phase) -> Declared:
    """A definition, or an array of slots: all paths must come to the same, and the search may not differ."""
    known = {answer.declaration for answer in answers} - {Declaration.UNKNOWN}
    reasons = [answer for answer in answers if answer.declaration is Declaration.UNKNOWN]
    decided = next((answer for answer in reasons if answer.reason in _DECISIVE), None)
    if decided is not None:
        return _unknown(hook, seen, phase, decided.reason, decided.why)
    if len(known) > 1:
        what = " and ".join(sorted(known))
        why = f"paths through its initialisation come to {what}"
        return _unknown(hook, seen, phase, "decided-at-run-time", why)
    if not known:
        return _only_searched(hook, seen, phase, reasons)
    declaration = known.pop()
    searched = {answer.declaration for answer in seen.searched}
    if searched and declaration not in searched:
        why = f"following it says {declaration}, its data say {' and '.join(sorted(searched))}"
        return _unknown(hook, seen, phase, "analysers-disagree", why)
    agreed = searched == {declaration}
    sure = agreed or (seen.whole and not reasons and not seen.returned_other)
    return _created(
        _declared(
            hook,
            seen,
            declaration,
            Confidence.HIGH if sure else Confidence.MEDIUM,
            How.EXECUTION_AND_SEARCH if agreed else How.EXECUTION,
            phase,
            answer=next(answer for answer in answers if answer.declaration is declaration),
        )
    )


def _created(found: Declared) -> Declared:
    """The same, where a ``Py_mod_create`` function makes the object: one that is no module enables the GIL,
    whatever the slot says (``Python/import.c``, ``_PyImport_CheckGILForModule``)."""
    if found.declaration is not Declaration.NOT_USED or found.custom_create in ("", "module"):
        return found
    if found.phase is Phase.EXPORT:  # the slot alone counts there: 3.15's Objects/moduleobject.c
        return found
    if found.custom_create == "other":
        why = "its Py_mod_create returns an object that is not a module, which enables the GIL"
        return replace(found, declaration=Declaration.USED, why=why)
    either = found.custom_create == "either"
    return replace(
        found,
        declaration=Declaration.UNKNOWN,
        confidence=Confidence.NONE,
        reason="decided-at-run-time" if either else "creates-unknown-object",
        why="what its Py_mod_create returns is a module on some paths only"
        if either
        else "it says that it does not need the GIL, and what its Py_mod_create returns could not be told",
    )


_DECISIVE = frozenset({"decided-at-run-time", "duplicate-slot"})
"""What is unknown on one path and makes the whole unknown: the slot is there, its value is not."""


def _only_searched(hook: str, seen: Seen, phase: Phase, reasons: list[Answer]) -> Declared:
    """No path gave an answer: the search's, if it has exactly one; an array that stays empty says nothing.

    Where a definition was found whose slots are not known, the file's data are not what the interpreter sees.
    """
    searched = {answer.declaration for answer in seen.searched}
    overwritten = any(answer.reason == "unreadable-slots" for answer in reasons)
    if len(searched) == 1 and not overwritten:
        answer = next(iter(seen.searched))
        return _declared(hook, seen, answer.declaration, Confidence.MEDIUM, How.SEARCH, phase, answer=answer)
    blank = {answer.reason for answer in reasons} == {"blank-slots"}
    if blank and seen.followed and not seen.limit and (seen.whole or seen.steps < _FEW_STEPS):
        return _declared(
            hook,
            seen,
            Declaration.ABSENT,
            Confidence.HIGH if seen.whole else Confidence.MEDIUM,
            How.EXECUTION,
            phase,
            why="its slot array is empty",
            answer=reasons[0],
        )
    if reasons:
        return _unknown(hook, seen, phase, reasons[0].reason, reasons[0].why)
    if not seen.followed:
        return _unknown(hook, seen, phase, "processor-not-followed", "code for its processor is not followed")
    return _unknown(hook, seen, phase, "not-followed", _with_limit(seen))


_FEW_STEPS = 400


def _single(hook: str, seen: Seen) -> Declared:
    """Single-phase initialisation: the argument of ``PyUnstable_Module_SetGIL``, or that it is not called."""
    values = set(seen.set_gil)
    if not values:
        return _silent(hook, seen)
    if seen.returned_another_object:
        why = "its initialisation returns another object than the module that it made"
        return _unknown(hook, seen, Phase.SINGLE, "returns-another-object", why)
    if len(values) > 1 or None in values | seen.ends or len(seen.ends) > 1 or not values <= {0, 1}:
        why = "whether it calls PyUnstable_Module_SetGIL, and with what, is decided at run time"
        return _unknown(hook, seen, Phase.SINGLE, "decided-at-run-time", why)
    value = next(iter(values))
    if seen.ends == {"silent"}:
        if seen.whole and not seen.returned_other:
            why = "it calls PyUnstable_Module_SetGIL, and not for the module that it returns"
            return _declared(
                hook,
                seen,
                Declaration.SINGLE_PHASE_SILENT,
                Confidence.HIGH,
                How.EXECUTION,
                Phase.SINGLE,
                why=why,
            )
        why = "PyUnstable_Module_SetGIL is called on some paths only"
        return _unknown(hook, seen, Phase.SINGLE, "decided-at-run-time", why)
    return _declared(
        hook,
        seen,
        _SINGLE[value or 0],
        Confidence.HIGH if seen.ends and seen.whole and not seen.returned_other else Confidence.MEDIUM,
        How.EXECUTION,
        Phase.SINGLE,
    )


def _silent(hook: str, seen: Seen) -> Declared:
    """No call of ``PyUnstable_Module_SetGIL`` was followed: perhaps there is none."""
    if not seen.imports_set_gil:
        return _declared(
            hook, seen, Declaration.SINGLE_PHASE_SILENT, Confidence.HIGH, How.EXECUTION, Phase.SINGLE
        )
    if len(seen.call_sites) == 1:
        return _call_site(hook, seen)
    why = "it imports PyUnstable_Module_SetGIL, and no call of it could be reached"
    return _unknown(hook, seen, Phase.SINGLE, "not-followed", why)


def _call_site(hook: str, seen: Seen) -> Declared:
    return _declared(
        hook,
        seen,
        _SINGLE[next(iter(seen.call_sites))],
        Confidence.MEDIUM,
        How.CALL_SITE,
        Phase.SINGLE,
        why="read at the one call of PyUnstable_Module_SetGIL, without following the code before it",
    )


def _not_reached(hook: str, seen: Seen) -> Declared:
    """Nothing that makes a module was reached: what the file imports limits what it can be."""
    if seen.imports_create and not seen.imports_init and not seen.imports_set_gil:
        return _declared(
            hook, seen, Declaration.SINGLE_PHASE_SILENT, Confidence.MEDIUM, How.IMPORTS, Phase.SINGLE
        )
    if len(seen.call_sites) == 1:
        return _call_site(hook, seen)
    if seen.delegate:
        why = f"it leaves its initialisation to {seen.delegate}, which is not in this file"
        return _unknown(hook, seen, Phase.NONE, "delegate-not-found", why)
    return _only_searched(hook, seen, Phase.MULTI if seen.searched else Phase.NONE, [])


def _unlike(hook: str, seen: Seen, found: Declared) -> Declared:
    """Some paths give a definition, others a module made at once: both must come to the same."""
    off = found.declaration is Declaration.NOT_USED
    if all((end == 1) is off for end in seen.ends):
        return found
    why = "some paths give a definition and others a module, and they differ"
    return _unknown(hook, seen, found.phase, "decided-at-run-time", why)


def _with_limit(seen: Seen) -> str:
    return f"{NOT_FOLLOWED} ({seen.limit} used up)" if seen.limit else NOT_FOLLOWED


def _unknown(hook: str, seen: Seen, phase: Phase, reason: str, why: str) -> Declared:
    return Declared(
        hook=hook,
        declaration=Declaration.UNKNOWN,
        confidence=Confidence.NONE,
        how=How.NOT_FOUND,
        phase=phase,
        reason=reason,
        why=why,
        steps=seen.steps,
    )


def _declared(
    hook: str,
    seen: Seen,
    declaration: Declaration,
    confidence: Confidence,
    how: How,
    phase: Phase,
    *,
    why: str = "",
    answer: Answer | None = None,
    provider: str = "",
) -> Declared:
    create = answer.create if answer else None
    return Declared(
        hook=hook,
        declaration=declaration,
        confidence=confidence,
        how=how,
        phase=phase,
        why=why or (answer.why if answer else ""),
        layout=answer.layout if answer else "",
        slots=answer.slots if answer else (),
        steps=seen.steps,
        custom_create="" if create is None else seen.custom_create.get(create, ""),
        provider=provider,
    )
