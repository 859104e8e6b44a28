"""What is wrong with the picture as a whole: inputs not read, pages not had, ends left open."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from ftaudit.errors import Exit, FtauditError, InputError
from ftaudit.gather import Gathered
from ftaudit.judge import conda_inputs
from ftaudit.judge.inputs import Inputs
from ftaudit.judge.interpreter import interpreter_problems
from ftaudit.judge.made_for import made_elsewhere
from ftaudit.model.evidence import Missing
from ftaudit.model.project import PinKey, Problem, Reading, Severity
from ftaudit.model.target import Target

HOLES = (Severity.ERROR, Severity.INCOMPLETE)
"""The severities that leave a picture incomplete."""

ANSWERS = frozenset({"name-not-listed", "version-not-listed", "local-version-not-listed", "not-asked",
                     "invalid-version", "no-metadata", "metadata-not-offered", "metadata-dynamic",
                     "made-for-another-target"})  # fmt: skip
"""Kinds of Missing that are answers: the index was there and said no. All others leave the run incomplete."""


def known_problems(
    inputs: Inputs, errors: Sequence[FtauditError], gathered: Mapping[PinKey, Gathered]
) -> list[Problem]:
    """All problems but the open ends of the sets (`ftaudit.judge.closure`)."""
    problems = [_error(error) for error in errors]
    for reading in inputs.readings:
        problems += reading.problems
        problems += conda_inputs.problems(reading)
        problems += _elsewhere(reading, inputs.targets)
        problems += interpreter_problems(reading)
    return problems + _unread(inputs, gathered)


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """*problems*, each once, by input and line."""
    return tuple(sorted(set(problems), key=lambda p: (p.input, p.line or 0, p.rule, p.message)))


def _error(error: FtauditError) -> Problem:
    wrong = error.exit_status is Exit.WRONG_INPUT
    return Problem(
        input=error.path if isinstance(error, InputError) else "",
        rule="unreadable-input",
        message=error.message,
        severity=Severity.ERROR if wrong else Severity.INCOMPLETE,
    )


def _elsewhere(reading: Reading, targets: Sequence[Target]) -> list[Problem]:
    """One problem for each thing that the input was made for and a target is not."""
    by_words: dict[str, list[str]] = defaultdict(list)
    for target in targets:
        if words := made_elsewhere(reading, target):
            by_words[words].append(str(target))
    return [
        Problem(
            input=reading.input,
            rule="resolved-elsewhere",
            message=f"made for {words}, and judged for {', '.join(judged)}",
            severity=Severity.WARNING,
        )
        for words, judged in by_words.items()
    ]


def _unread(inputs: Inputs, gathered: Mapping[PinKey, Gathered]) -> list[Problem]:
    """What should have been had from an index and was not, one line for each reason."""
    by_reason: dict[str, set[PinKey]] = defaultdict(set)
    for key, found in gathered.items():
        for missing in _missing_of(found):
            by_reason[missing.why].add(key)
    problems = []
    for why, keys in by_reason.items():
        shown = sorted(keys)
        others = f" and {len(shown) - 3} more" if len(shown) > 3 else ""
        origins = inputs.pins[shown[0]].origins
        problems.append(
            Problem(
                input=origins[0].input if origins else "",
                rule="index-not-read",
                message=f"{', '.join(str(key) for key in shown[:3])}{others}: {why}",
            )
        )
    return problems


def _missing_of(found: Gathered) -> list[Missing]:
    release = found.evidence.release
    candidates = [release] if isinstance(release, Missing) else list(release.unread)
    candidates += [metadata for metadata in found.metadata.values() if isinstance(metadata, Missing)]
    candidates += [chosen.why for chosen in found.installations.values() if chosen.why is not None]
    return [missing for missing in candidates if missing.kind not in ANSWERS | NOT_JUDGED]


NOT_JUDGED = frozenset({"vcs-source", "url-source", "path-source", "conda-source", "conda-not-read",
                        "unknown-source"})  # fmt: skip
"""Kinds of Missing that no index could tell: said on the pin itself."""
