"""What a file that only asks for packages comes to: requirements, and not one pin."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from itertools import islice

from ftaudit.errors import InputError
from ftaudit.model.project import Choices, Edge, Problem, Reading
from ftaudit.sources import limits
from ftaudit.sources.base import Document

RULE = "unpinned-requirement"


def unlocked(
    document: Document,
    format_name: str,
    asked: Iterable[Edge],
    *,
    advice: str,
    own_name: str | None = None,
    requires_python: str | None = None,
    choices: Choices | None = None,
    problems: tuple[Problem, ...] = (),
) -> Reading:
    """The reading of a file that asks for *asked*, and the problem that says so, with *advice*.

    Even ``==`` is no pin here: what it leads to is pinned nowhere. A requirement counts once, however many
    groups it stands in, and what the project *own_name* asks of itself not at all. Raises `InputError` for
    more than `limits.PROJECT_REQUIREMENTS`.
    """
    roots = tuple(islice(asked, limits.PROJECT_REQUIREMENTS + 1))
    if len(roots) > limits.PROJECT_REQUIREMENTS:
        raise InputError(document.path, f"more than {limits.PROJECT_REQUIREMENTS} requirements")
    of_others = (edge for edge in roots if edge.name != own_name)
    count = len({(edge.name, edge.specifier, edge.marker, edge.extras) for edge in of_others})
    if count:
        what = "1 requirement is no pin" if count == 1 else f"{count} requirements are not pins"
        problems = (Problem(input=document.path, rule=RULE, message=f"{what}: {advice}"), *problems)
    return Reading(
        input=document.path,
        format=format_name,
        sha256=sha256(document.content).hexdigest(),
        roots=roots,
        problems=problems,
        unpinned=count,
        requires_python=requires_python,
        choices=choices,
    )
