"""What of a lock is audited: the groups and extras that the user names, as the format's own tool means them.

Without a choice everything that is locked counts. With one, the set is what that tool would install with it:
its defaults and what is named beside them (``--group``, ``--extra``), or nothing but what is named
(``--only``), less what is left out (``--no-dev``, ``--exclude``: they win over all others).

A pin is left out only when every place that holds it says that it belongs to what was not chosen.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from packaging.utils import canonicalize_name

from ftaudit.errors import UsageError
from ftaudit.model.conda import CondaRecord
from ftaudit.model.markers import could_be_chosen
from ftaudit.model.project import (
    Choices,
    Edge,
    Origin,
    Pin,
    PinKey,
    Problem,
    Reading,
    Severity,
    Source,
    SourceKind,
)
from ftaudit.model.text import short
from ftaudit.sources.reading.applies import Applies
from ftaudit.sources.reading.assemble import open_ends, pins_by_name, resolve

_CONDA = Source(kind=SourceKind.CONDA)
_SHOWN = 10
"""Groups and extras that a message names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The options of the command line, names as the user wrote them.

    Raises `UsageError` for options that contradict each other.
    """

    groups: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    all_extras: bool = False
    no_dev: bool = False
    only: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.only and (self.groups or self.extras or self.all_extras or self.no_dev):
            raise UsageError(
                "--only takes nothing but what it names: "
                "it cannot stand beside --group, --extra, --all-extras and --no-dev",
                advice="give --only for each group and extra that is meant",
            )


EVERYTHING = Selection()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chosen:
    """What is taken: the project's own requirements (``main``), and groups and extras by normalised name.

    ``main_name`` is what stands for the former among the groups of a pin, None where a group has that name,
    and empty where they cannot be left out. ``unlabelled`` tells that what names neither group nor extra is
    taken. ``extra_is_open`` tells that the format offers no extras: one in a marker is another package's.
    """

    main: bool
    groups: frozenset[str]
    extras: frozenset[str]
    main_name: str | None
    unlabelled: bool
    extra_is_open: bool

    def place(self, origin: Origin) -> bool:
        """Whether the place *origin* is taken."""
        decided = could_be_chosen(origin.marker, self.extras, self.groups, extra_is_open=self.extra_is_open)
        if decided is False or (decided and self.main_name == ""):
            return decided
        if not origin.groups and not origin.extras:
            return self.unlabelled
        return self.labelled(origin.groups, origin.extras, extras_decided=bool(decided))

    def labelled(self, groups: Iterable[str], extras: Iterable[str], *, extras_decided: bool = False) -> bool:
        """Whether what belongs to *groups* or *extras* is taken.

        Where the project's own requirements stand beside extras, they bring it in with one of those only
        (poetry's optional packages), unless its marker has said already that they do (*extras_decided*), or
        the extras are but another name of its groups (conda-lock's categories).
        """
        groups, extras = _names(groups), _names(extras)
        if groups & self.groups or extras & self.extras:
            return True
        own = self.main_name in groups or not (groups or extras)
        return own and self.main and (extras_decided or extras <= groups)

    def edge(self, edge: Edge) -> bool:
        """Whether *edge*, of the project's own code, is taken."""
        return self.labelled((edge.group,) if edge.group else (), (edge.extra,) if edge.extra else ())


def chosen(
    readings: Sequence[Reading], selection: Selection, *, all_read: bool = True
) -> tuple[Reading, ...]:
    """What *selection* leaves of *readings*, each with a note that says what that is.

    Raises `UsageError` for a name that no input knows, unless an input could not be read that may know it
    (not *all_read*). An input without groups and extras is taken whole (``nothing-to-choose``).
    """
    if selection == EVERYTHING:
        return tuple(readings)
    if readings and all_read:
        _check([reading.choices for reading in readings if reading.choices is not None], selection)
    return tuple(_left(reading, selection) for reading in readings)


def _check(offered: Sequence[Choices], selection: Selection) -> None:
    groups = {name for choices in offered for name in _names((choices.main, *choices.groups)) if name}
    extras = {name for choices in offered for name in _names(choices.extras)}
    for option, kind, named, known in (
        ("--group", "group", selection.groups, groups),
        ("--extra", "extra", selection.extras, extras),
        ("--only", "group or extra", selection.only, groups | extras),
        ("--exclude", "group or extra", selection.exclude, groups | extras),
    ):
        for name in named:
            if canonicalize_name(name) not in known:
                there = (_listed(sorted(names), "none") for names in (groups, extras))
                raise UsageError(
                    f"{option} {short(name)}: no input has such {'an' if kind == 'extra' else 'a'} {kind}",
                    advice="groups: {}; extras: {}".format(*there),
                )


def _left(reading: Reading, selection: Selection) -> Reading:
    if reading.choices is None:
        why = "it has no groups and no extras to choose from, and is audited whole"
        return _with_note(reading, "nothing-to-choose", why)
    taken = _taken(reading, reading.choices, selection)
    own = _own_edges(reading, taken)
    pins = tuple(kept for pin in reading.pins if (kept := _pin(pin, taken, own)))
    roots = reading.roots
    if roots is not None:
        values = {edge for _, edge in own}
        roots = tuple(edge for edge in roots if taken.edge(edge) or edge in values)
        pins = _with_direct(pins, roots)
    left = replace(reading, pins=pins, roots=roots)
    left = replace(left, problems=(*_still_true(reading, left), *_torn(reading, left)))
    return _with_note(left, "chosen-in-part", _said(reading, left, reading.choices, taken))


def _with_note(reading: Reading, rule: str, message: str) -> Reading:
    note = Problem(input=reading.input, rule=rule, message=message, severity=Severity.NOTE)
    return replace(reading, problems=(*reading.problems, note))


def _taken(reading: Reading, choices: Choices, selection: Selection) -> _Chosen:
    every_group, every_extra = _names(choices.groups), _names(choices.extras)
    # Where a group has the name, the name is the group's, as in the tool itself.
    main_name = None if _names([choices.main]) <= every_group else canonicalize_name(choices.main)
    if selection.only:
        only = _names(selection.only)
        main, groups, extras = main_name in only, only & every_group, only & every_extra
    else:
        named = _names(selection.groups)
        main = main_name in named or not (choices.exclusive and named & every_group)
        groups = (named & every_group) | (_names(choices.default_groups) if main else frozenset())
        extras = every_extra if selection.all_extras else _names(selection.extras) & every_extra
    left_out = _names(selection.exclude)
    developing = _names(choices.dev_groups) if selection.no_dev else frozenset()
    main = main_name == "" or (main and main_name not in left_out)
    # Where pins are labelled as the project's own, one without any label is one of which nothing is known.
    labels = any(main_name in _names(origin.groups) for pin in reading.pins for origin in pin.origins)
    return _Chosen(
        main=main,
        groups=groups - left_out - developing,
        extras=extras - left_out,
        main_name=main_name,
        unlabelled=main or labels,
        extra_is_open=not every_extra,
    )


def _pin(pin: Pin, taken: _Chosen, own: frozenset[tuple[str, Edge]]) -> Pin | None:
    """*pin* with the places that are taken; the project's own code always stays, with its chosen edges."""
    if pin.local:
        edges = pin.dependencies
        taken_edges = None if edges is None else tuple(edge for edge in edges if (pin.name, edge) in own)
        return replace(pin, dependencies=taken_edges)
    origins = tuple(origin for origin in pin.origins if taken.place(origin))
    if not origins:
        return None
    asked, left = ({extra for origin in of for extra in origin.asks} for of in (pin.origins, origins))
    return replace(
        pin,
        origins=origins,
        extras=tuple(extra for extra in pin.extras if extra in left or extra not in asked),
        conda=tuple(kept for record in pin.conda if (kept := _record(record, taken))),
    )


def _record(record: CondaRecord, taken: _Chosen) -> CondaRecord | None:
    """*record* in the environments that are taken: those without a name are not chosen among."""
    left = tuple(env for env in record.environments if not env.name or taken.labelled((env.name,), ()))
    return replace(record, environments=left) if left else None


def _own_edges(reading: Reading, taken: _Chosen) -> frozenset[tuple[str, Edge]]:
    """The edges of the project's own code that are taken, each with its owner's name: the chosen ones, and
    those of the extras that members ask of each other."""
    waiting: list[tuple[str, Edge]] = []
    by_extra: dict[tuple[str, str], list[Edge]] = defaultdict(list)
    for pin in reading.pins:
        for edge in (pin.dependencies or ()) if pin.local else ():
            if taken.edge(edge):
                waiting.append((pin.name, edge))
            elif edge.extra:
                by_extra[pin.name, edge.extra].append(edge)
    found = set(waiting)
    while waiting:
        _, edge = waiting.pop()
        for extra in edge.extras:
            more = {(edge.name, other) for other in by_extra.pop((edge.name, extra), ())}
            waiting += more
            found |= more
    return frozenset(found)


def _with_direct(pins: tuple[Pin, ...], roots: tuple[Edge, ...]) -> tuple[Pin, ...]:
    """*pins*, of which those are not asked for directly any more that none of *roots* leads to."""
    by_name = pins_by_name(pins)
    direct = {id(pin) for edge in roots for pin in resolve(edge, by_name)}
    return tuple(
        pin
        if id(pin) in direct
        else replace(pin, origins=tuple(replace(o, direct=False) if o.direct else o for o in pin.origins))
        for pin in pins
    )


def _still_true(before: Reading, after: Reading) -> tuple[Problem, ...]:
    """The problems of *before* without the open ends of what is not in *after*."""
    applies = Applies(before.requires_python, before.environments)
    told, still = (
        {message for _, message in open_ends(one.pins, one.roots or (), applies)} for one in (before, after)
    )
    gone = told - still
    return tuple(p for p in before.problems if p.rule != "dependency-not-pinned" or p.message not in gone)


def _torn(before: Reading, after: Reading) -> Iterator[Problem]:
    """The open ends that the choice made: labels that leave out what a pin that stays needs are wrong, and
    its tool would install a broken set. conda's edges are those of every platform, and tell nothing of it."""
    if not before.closed:
        return
    applies = Applies(before.requires_python, before.environments)
    told, now = (
        {message: pin for pin, message in open_ends(tuple(map(_plain, one.pins)), one.roots or (), applies)}
        for one in (before, after)
    )
    for message, pin in now.items():
        if message not in told:
            yield Problem(
                input=before.input,
                rule="dependency-not-pinned",
                message=f"{message} by what is chosen",
                line=next((origin.line for origin in pin.origins), None) if pin else None,
            )


def _plain(pin: Pin) -> Pin:
    """*pin* without the edges of its extras, which another version of it may be asked for, and conda's; the
    project's own code, which always stays, without any."""
    if pin.local or pin.source.kind is SourceKind.CONDA:
        return replace(pin, dependencies=None)
    edges = (edge for edge in pin.dependencies or () if not edge.extra and edge.source != _CONDA)
    return replace(pin, dependencies=tuple(edges))


def _said(before: Reading, after: Reading, choices: Choices, taken: _Chosen) -> str:
    """What is audited, and what is not with the number of pins that this leaves out."""
    kept = {pin.key for pin in after.pins}
    gone: dict[str, set[PinKey]] = defaultdict(set)
    for pin in before.pins:
        for origin in pin.origins if pin.key not in kept else ():
            for label in _labels(origin, taken.main_name):
                gone[label].add(pin.key)
    origins = (origin for pin in before.pins for origin in pin.origins)
    has_own = bool(taken.main_name) or any("" in _labels(origin, taken.main_name) for origin in origins)
    offered = {"": taken.main} if has_own else {}
    offered |= {f"group {name}": name in taken.groups for name in sorted(_names(choices.groups))}
    offered |= {f"extra {name}": name in taken.extras for name in sorted(_names(choices.extras))}
    own = choices.main if taken.main_name else "the project's own requirements"
    audited = [label or own for label, is_taken in offered.items() if is_taken]
    left_out = [
        f"{label or own} ({_pins(len(gone[label]))})" for label, is_taken in offered.items() if not is_taken
    ]
    return f"audited: {_listed(audited)}; left out: {_listed(left_out)}"


def _labels(origin: Origin, main_name: str | None) -> set[str]:
    """What of the offered *origin* belongs to; an empty text stands for the project's own requirements."""
    labels = {f"group {name}" for name in _names(origin.groups) if name != main_name}
    return labels | {f"extra {name}" for name in _names(origin.extras)} or {""}


def _pins(number: int) -> str:
    return "1 pin" if number == 1 else f"{number} pins"


def _listed(names: Sequence[str], nothing: str = "nothing") -> str:
    others = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return (", ".join(short(name) for name in names[:_SHOWN]) or nothing) + others


def _names(texts: Iterable[str]) -> frozenset[str]:
    return frozenset(canonicalize_name(text) for text in texts)
