"""An inspection for people: for each file a table of its modules, below it what to do and what it comes to.

Where a row would not fit, how it was read becomes a heading over the rows that were read in the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from rich.console import Group, RenderableType
from rich.text import Text

from ftaudit.model.binary import Confidence
from ftaudit.model.inspection import FileRow, Inspection, ModuleRow
from ftaudit.model.text import short
from ftaudit.model.verdict import Gil
from ftaudit.render import inspect_view as view
from ftaudit.render.base import RenderOptions
from ftaudit.render.page import Page

FEW = 10
MANY = 40
"""Modules that keep the GIL off and are listed without ``--verbose``."""

_SIGNS = {
    Gil.OFF: ("✓", "green"),
    Gil.ON: ("!", "red"),
    Gil.UNKNOWN: ("?", "magenta"),
    Gil.NONE: ("–", "dim"),
}


def render(inspection: Inspection, options: RenderOptions) -> str:
    """*inspection* as lines of at most ``options.width`` columns."""
    page = _Page(options, inspection)
    return page.printed(page.sections())


@dataclass(frozen=True, slots=True)
class _Column:
    heading: str
    of: Callable[[ModuleRow], str]

    def width(self, rows: Iterable[ModuleRow]) -> int:
        return max(len(self.heading), *(len(self.of(row)) for row in rows))


_HOW_READ = (
    _Column("confidence", lambda row: str(row.declared.confidence) if row.declared else ""),
    _Column("how", lambda row: str(row.declared.how) if row.declared else ""),
    _Column("generator", lambda row: short(row.generator)),
)


@dataclass(frozen=True, slots=True)
class _Page(Page):
    inspection: Inspection

    def sections(self) -> Iterator[RenderableType | None]:
        """Each file, then what could not be read, then all files together."""
        for file in self.inspection.files:
            yield self.file(file)
        yield self.problems()
        if len(self.inspection.files) > 1:
            sign, style = _SIGNS[self.inspection.gil]
            yield self.item(sign, view.together(self.inspection), f"bold {style}")

    def file(self, file: FileRow) -> RenderableType:
        rows = sorted(file.counted, key=lambda row: view.WORST_FIRST.index(row.gil))
        parts: list[RenderableType] = [
            self.text(short(file.path, 200), "bold"),
            self.text(view.about(file), "dim"),
        ]
        if self.options.verbose and file.sha256:
            parts.append(self.text(f"sha256 {file.sha256}", "dim"))
        if rows:
            parts += [Text(), *self.modules(rows), Text()]
        sign, style = _SIGNS[file.gil]
        parts += [*self.what_to_do(rows), *self.left_out(file), *self.beside(file)]
        return Group(*parts, self.item(sign, view.conclusion(file, self.inspection.target), f"bold {style}"))

    def item(self, sign: str, words: str, style: str = "") -> RenderableType:
        """A line behind a sign; *style* is for the sign, and bold for both."""
        return self.hanging([(self.text(sign, style), self.text(words, "bold" if "bold" in style else ""))])

    # -- the modules --

    def modules(self, rows: Sequence[ModuleRow]) -> Iterator[RenderableType]:
        """One table with how each was read, or where that does not fit one for each way of reading."""
        shown = (
            rows if self.options.verbose else [row for n, row in enumerate(rows) if n < MANY or _guilty(row)]
        )
        columns = _columns(shown)
        if sum(column.width(shown) + 1 for column in (*columns, *_HOW_READ)) - 1 <= self.width:
            yield self.tabulated([*columns, *_HOW_READ], shown)
        else:
            for number, (ways, alike) in enumerate(groupby(sorted(shown, key=_worst_way(shown)), key=_ways)):
                yield from [Text()] if number else []
                yield self.text(", ".join(filter(None, ways)), "dim")
                yield self.tabulated(columns, alike)
        if len(shown) < len(rows):
            yield self.text(f"… and {len(rows) - len(shown)} more that keep the GIL off: --verbose", "dim")

    def tabulated(self, columns: Sequence[_Column], rows: Iterable[ModuleRow]) -> RenderableType:
        table = self.table(expand=False)
        for column in columns:
            table.add_column(column.heading, overflow="fold", no_wrap=column is not columns[0])
        for row in rows:
            style = _SIGNS[row.gil][1]
            table.add_row(*(self.text(c.of(row), style if c.heading == "gil" else "") for c in columns))
        return table

    # -- what to do --

    def what_to_do(self, rows: Sequence[ModuleRow]) -> Iterator[RenderableType]:
        """Why modules enable the GIL or are unknown, alike ones together, each with the advice for it."""
        name = view.names(rows)
        alike: dict[tuple[Gil, str, str], list[str]] = {}
        for row in filter(_guilty, rows):
            alike.setdefault((row.gil, view.because(row), view.advice(row)), []).append(
                _optional(name(row), row)
            )
        for (gil, why, advice), who in alike.items():
            sign, style = _SIGNS[gil]
            yield self.item(sign, f"{why}: {self.listed(who)}", style)
            if advice:
                yield self.indented(self.item("→", advice), 2)
        remarks: dict[str, list[str]] = {}
        for row in rows:
            if row.why and row.gil is not Gil.UNKNOWN:
                remarks.setdefault(short(row.why, view.SENTENCE), []).append(name(row))
        for why, who in remarks.items():
            yield self.item("·", f"{why}: {self.listed(who)}")

    def left_out(self, file: FileRow) -> Iterator[RenderableType]:
        """What is there and does not count."""
        by_why: dict[str, list[str]] = {}
        for row in file.modules:
            if row.loaded is False:
                by_why.setdefault(short(row.why, view.SENTENCE), []).append(row.path)
        for why, who in by_why.items():
            yield self.item("·", f"not loaded, {why}: {self.listed(list(dict.fromkeys(who)))}", "dim")

    def beside(self, file: FileRow) -> Iterator[RenderableType]:
        """The stable ABI, and libraries."""
        for line in view.stable_abi(file, verbose=self.options.verbose):
            yield self.item("·", line)
        if file.libraries:
            number = view.several(len(file.libraries), "bundled library", "bundled libraries")
            told = f": {view.listed(file.libraries, None)}" if self.options.verbose else ""
            yield self.item("·", f"{number}, no concern of the GIL{told}")

    def listed(self, names: Sequence[str]) -> str:
        return view.listed(names, None if self.options.verbose else FEW)

    # -- what could not be read --

    def problems(self) -> RenderableType | None:
        found = self.inspection.problems
        if not found:
            return None
        shown = found if self.options.verbose else found[:FEW]
        lines: list[RenderableType] = [
            self.item("✗", f"{short(row.path, 200)}: {short(row.message, view.SENTENCE)}", "red")
            for row in shown
        ]
        if len(shown) < len(found):
            lines.append(self.text(f"… and {len(found) - len(shown)} more: --verbose"))
        return Group(self.text(f"Not read ({len(found)})", "bold"), *lines)


def _columns(rows: Sequence[ModuleRow]) -> list[_Column]:
    """What every table has; the processor and the hook only where they tell rows apart."""
    columns = [_Column("module", view.names(rows))]
    if len({(row.format, row.arch) for row in rows if row.arch}) > 1:
        columns.append(_Column("arch", lambda row: row.arch))
    if len({(row.path, row.arch) for row in rows}) < len(rows):
        columns.append(_Column("hook", lambda row: row.hook.partition("_")[0]))
    return [
        *columns,
        _Column("gil", lambda row: f"{_SIGNS[row.gil][0]} {row.gil}"),
        _Column("declaration", lambda row: str(row.declared.declaration) if row.declared else ""),
    ]


def _ways(row: ModuleRow) -> tuple[str, ...]:
    confidence, how, generator = (column.of(row) for column in _HOW_READ)
    if not row.declared or row.declared.confidence is Confidence.NONE:
        return "not decided", "", generator
    return f"{confidence} confidence", how, generator


def _worst_way(rows: Iterable[ModuleRow]) -> Callable[[ModuleRow], tuple[int, tuple[str, ...]]]:
    """Orders rows by how they were read, those ways first in which the worst were."""
    worst: dict[tuple[str, ...], int] = {}
    for row in rows:
        rank = view.WORST_FIRST.index(row.gil)
        worst[_ways(row)] = min(rank, worst.get(_ways(row), rank))
    return lambda row: (worst[_ways(row)], _ways(row))


def _guilty(row: ModuleRow) -> bool:
    return row.gil in (Gil.ON, Gil.UNKNOWN)


def _optional(name: str, row: ModuleRow) -> str:
    return f"{name} (optional)" if row.optional else name
