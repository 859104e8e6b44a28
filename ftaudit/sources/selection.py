"""What of a lock is audited: the groups and extras that the user names, as the format's own tool means them.

Without a choice everything that is locked counts. With one, the set is what that tool would install with it:
its defaults and what is named beside them (``--group``, ``--extra``), or nothing but what is named
(``--only``), less what is left out (``--no-dev``, ``--exclude``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from packaging.utils import canonicalize_name

from ftaudit.errors import UsageError
from ftaudit.model.project import Choices, Edge, Origin, Pin, Problem, Reading, Severity
from ftaudit.model.text import short


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The options of the command line, names as the user wrote them."""

    groups: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    all_extras: bool = False
    no_dev: bool = False
    only: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    @property
    def named(self) -> frozenset[str]:
        """Every group and extra that is named, normalised."""
        return _names((*self.groups, *self.extras, *self.only, *self.exclude))


EVERYTHING = Selection()


@dataclass(frozen=True, slots=True)
class _Chosen:
    """What is taken: the project's own requirements (``main``), and groups and extras by normalised name."""

    main: bool
    groups: frozenset[str]
    extras: frozenset[str]

    def takes(self, groups: Iterable[str], extras: Iterable[str]) -> bool:
        groups, extras = _names(groups), _names(extras)
        if not groups and not extras:
            return self.main
        return bool(groups & self.groups or extras & self.extras)


def chosen(readings: Sequence[Reading], selection: Selection) -> tuple[Reading, ...]:
    """What *selection* leaves of *readings*.

    Raises `UsageError` for a name that no input knows. An input without groups and extras is taken whole,
    with the note ``nothing-to-choose``.
    """
    if selection == EVERYTHING:
        return tuple(readings)
    offered = [reading.choices for reading in readings if reading.choices is not None]
    known = {name for choices in offered for name in _all_names(choices)}
    unknown = sorted(selection.named - known)
    if unknown and readings:
        names = ", ".join(short(name) for name in sorted(known)) or "none at all"
        raise UsageError(
            f"no input has a group or an extra named {short(unknown[0])}", advice=f"there are: {names}"
        )
    return tuple(_left(reading, selection) for reading in readings)


def _left(reading: Reading, selection: Selection) -> Reading:
    if reading.choices is None:
        why = "it has no groups and no extras to choose from, and is audited whole"
        note = Problem(input=reading.input, rule="nothing-to-choose", message=why, severity=Severity.NOTE)
        return replace(reading, problems=(*reading.problems, note))
    taken = _taken(reading.choices, selection)
    roots = reading.roots
    return replace(
        reading,
        pins=tuple(left for pin in reading.pins if (left := _pin(pin, taken))),
        roots=None if roots is None else tuple(edge for edge in roots if _follows(edge, taken)),
    )


def _taken(choices: Choices, selection: Selection) -> _Chosen:
    main_name = canonicalize_name(choices.main)
    every_extra = _names(choices.extras)
    if selection.only:
        only = _names(selection.only)
        main, groups, extras = main_name in only, only & _names(choices.groups), only & every_extra
    else:
        named = _names(selection.groups)
        main = not (choices.exclusive and named)
        groups = named | (_names(choices.default_groups) if main else frozenset())
        extras = every_extra if selection.all_extras else _names(selection.extras)
    left_out = _names(selection.exclude) | (_names(choices.dev_groups) if selection.no_dev else frozenset())
    return _Chosen(main and main_name not in left_out, groups - left_out, extras - left_out)


def _pin(pin: Pin, taken: _Chosen) -> Pin | None:
    """*pin* with the places that are taken; the project's own code always stays, with its chosen edges."""
    if pin.local:
        edges = pin.dependencies
        kept = None if edges is None else tuple(edge for edge in edges if _follows(edge, taken))
        return replace(pin, dependencies=kept)
    origins: tuple[Origin, ...] = tuple(o for o in pin.origins if taken.takes(o.groups, o.extras))
    return replace(pin, origins=origins) if origins else None


def _follows(edge: Edge, taken: _Chosen) -> bool:
    return taken.takes((edge.group,) if edge.group else (), (edge.extra,) if edge.extra else ())


def _all_names(choices: Choices) -> frozenset[str]:
    return _names((*choices.groups, *choices.extras, choices.main))


def _names(texts: Iterable[str]) -> frozenset[str]:
    return frozenset(canonicalize_name(text) for text in texts)
