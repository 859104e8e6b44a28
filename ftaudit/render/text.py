"""The report for people: the verdict first, then what stands in the way, then the rest folded to counts.

A status is always a sign and a word, and the table becomes a list where it would not fit (`render.page` has
what else holds in any window).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ftaudit.model.project import Severity
from ftaudit.model.report import PackageRow, Report, Summary
from ftaudit.model.text import short
from ftaudit.model.verdict import Status, Verdict
from ftaudit.render import problem_line, view
from ftaudit.render.alike import Alike, fold
from ftaudit.render.base import RenderOptions
from ftaudit.render.input_line import told_of
from ftaudit.render.page import Page

WIDE = 150
FEW = 10
NAMES = 24
"""How many packages are named in the line that stands for them."""

_SIGNS = {
    Status.READY: ("✓", "green"),
    Status.DEGRADED: ("~", "cyan"),
    Status.NEEDS_BUILD: ("*", "yellow"),
    Status.UNKNOWN: ("?", "magenta"),
    Status.ENABLES_GIL: ("!", "red"),
    Status.BLOCKED: ("✗", "bold red"),
}
_SEVERITY = {
    Severity.ERROR: ("✗", "bold red"),
    Severity.INCOMPLETE: ("?", "magenta"),
    Severity.WARNING: ("!", "yellow"),
    Severity.NOTE: ("-", ""),
}


def render(report: Report, options: RenderOptions) -> str:
    """*report* as lines of at most ``options.width`` columns (single words that are longer are broken)."""
    page = _Page(options, report, view.titles(report))
    return page.printed(page.sections())


@dataclass(frozen=True, slots=True)
class _Page(Page):
    report: Report
    title: Callable[[PackageRow], str]

    def sections(self) -> list[RenderableType | None]:
        """Every section that has something to say, in reading order."""
        found = view.parts(self.report)
        return [
            self.verdicts(),
            self.inputs(),
            self.packages(found),
            self.folded(found),
            self.problems(),
            self.next_steps(found),
        ]

    def status(self, verdict: Verdict) -> Text:
        if verdict.status is None:
            return self.text("· not judged" if verdict.applies else "– n/a", "dim")
        sign, style = _SIGNS[verdict.status]
        return self.text(f"{sign} {verdict.status}", style)

    def verdicts(self) -> RenderableType:
        """One row for each target: the verdict of the whole stack. Where a row would not fit, two lines."""
        rows = [self.verdict(row) for row in self.report.summary]
        if not rows:
            return self.text("no target was judged", "bold")
        widths = [max(cell.cell_len for cell in column) for column in zip(*rows, strict=True)]
        if sum(widths) + 2 * (len(widths) - 1) <= self.width:
            grid = Table.grid(padding=(0, 2, 0, 0))
            for row in rows:
                grid.add_row(*row)
            return grid
        gap = Text("  ", overflow="fold")
        return Group(
            *(
                part
                for word, target, counts, complete, age in rows
                for part in (gap.join((word, target, complete, age)), Padding(counts, (0, 0, 0, 2)))
            )
        )

    def verdict(self, row: Summary) -> tuple[Text, ...]:
        sign, style = _SIGNS[row.verdict]
        return (
            self.text(f"{sign} {row.verdict}", f"bold {style}"),
            self.text(short(f"{row.python} on {row.platform}"), "bold"),
            self.text(view.counts(row)),
            self.text("complete" if row.complete else "incomplete", "" if row.complete else "bold magenta"),
            self.text(view.age(self.report, row), "dim"),
        )

    def inputs(self) -> RenderableType | None:
        shown = self.report.inputs if self.options.verbose else self.report.inputs[:FEW]
        lines = [self.text(f"read {short(row.path, 120)} ({told_of(row)})", "dim") for row in shown]
        if len(shown) < len(self.report.inputs):
            lines.append(self.text(f"… and {len(self.report.inputs) - len(shown)} more inputs", "dim"))
        return Group(*lines) if lines else None

    def packages(self, found: view.Parts) -> RenderableType | None:
        """What is not ready, alike ones folded; with ``verbose`` everything, each in a row."""
        if self.options.verbose:
            every = (*found.pending, *found.ready, *found.not_judged, *found.elsewhere)
            return self.listing(f"Packages ({len(every)})", every, ())
        heading = f"Not ready ({len(found.pending)} of {len(self.report.packages)})"
        return self.listing(heading, *fold(self.report, found.pending))

    def listing(
        self, heading: str, rows: tuple[PackageRow, ...], folded: tuple[Alike, ...]
    ) -> RenderableType | None:
        body: list[RenderableType] = []
        if rows:
            body += [Text(), self.tabulated(rows) if self.table_fits() else self.stack(rows)]
        for alike in folded:
            body += [Text(), *self.alike(alike)]
        return Group(self.text(heading, "bold"), *body) if body else None

    def alike(self, found: Alike) -> Iterable[RenderableType]:
        sign, style = _SIGNS[Status.UNKNOWN]
        yield self.text(f"{sign} {found.summary}: {found.why}", style)
        names = view.listed((self.title(package) for package in found.packages), NAMES)
        yield self.indented(self.text(names), 2)

    def table_fits(self) -> bool:
        columns = sum(max(len(label), 13) + 2 for label in view.labels(self.report))
        return self.width >= 24 + columns + 24

    def tabulated(self, rows: tuple[PackageRow, ...]) -> Table:
        """Packages × targets. Where there is room, reason, remedy and who asks have their own columns."""
        table = self.table(expand=True)
        table.add_column("package", min_width=20, max_width=max(24, self.width // 4), overflow="fold")
        one = len(self.report.targets) == 1
        for label in view.labels(self.report):
            table.add_column(self.text("verdict" if one else label), no_wrap=True)
        wide = self.width >= WIDE
        for heading in ("why", "what helps", "asked for") if wide else ("why and what helps",):
            table.add_column(heading, ratio=4, overflow="fold")
        for package in rows:
            name, asked = self.text(self.title(package), "bold"), self.asked(package)
            cells = [self.status(verdict) for verdict in package.verdicts]
            reasons, remedies = self.reasons(package), self.remedies(package)
            if wide:
                table.add_row(name, *cells, self.lines(reasons), self.lines(remedies), asked)
            else:
                left = Group(name, self.indented(asked, 2)) if asked else name
                table.add_row(left, *cells, self.lines([*reasons, *remedies]))
        return table

    def stack(self, rows: tuple[PackageRow, ...]) -> Group:
        """The same as a list, for narrow windows and for more targets than fit beside each other."""
        lines: list[RenderableType] = []
        for package in rows:
            lines.append(self.text(self.title(package), "bold"))
            asked = self.asked(package)
            if asked:
                lines.append(self.indented(asked, 2))
            for group in self.groups(package):
                status = self.status(group.verdict)
                if len(group.labels) < len(self.report.targets):
                    status = self.text(" on ").join((status, self.text(", ".join(group.labels))))
                lines.append(self.indented(status, 2))
                lines += [self.indented(line, 4) for line in self.explained(group)]
        return Group(*lines)

    def lines(self, texts: list[Text]) -> Text:
        return Text("\n", overflow="fold").join(texts)

    def asked(self, package: PackageRow) -> Text:
        told = view.where(self.report, package, limit=50 if self.options.verbose else 3)
        return self.text("; ".join(told), "dim")

    def reasons(self, package: PackageRow) -> list[Text]:
        """Why *package* is not ready, once where the targets agree; with ``verbose`` all that is known."""
        told: dict[tuple[str, ...], list[str]] = {}
        for group in self.told(package):
            told.setdefault(self.because(group), []).extend(group.labels)
        return self.labelled(told, behind=len(told) > 1)

    def remedies(self, package: PackageRow) -> list[Text]:
        """What helps: without a target's name where it helps on all that are not ready."""
        groups = self.told(package)
        offered: dict[tuple[str, ...], list[str]] = {}
        for group in groups:
            if group.remedy:
                offered.setdefault((group.remedy,), []).extend(group.labels)
        everywhere = len(offered) == 1 and all(group.remedy for group in groups)
        return [self.text("→ ").append_text(line) for line in self.labelled(offered, behind=not everywhere)]

    def told(self, package: PackageRow) -> list[view.Group]:
        """What there is to tell of: the targets on which *package* is not ready, with ``verbose`` all."""
        return [
            group
            for group in self.groups(package)
            if self.options.verbose or group.verdict.status is not Status.READY
        ]

    def groups(self, package: PackageRow) -> tuple[view.Group, ...]:
        return view.groups(self.report, package, detailed=self.options.verbose)

    def labelled(self, told: dict[tuple[str, ...], list[str]], *, behind: bool) -> list[Text]:
        """The lines of *told*, *behind* the names of the targets that they are about or without them."""
        return [
            self.text(f"{', '.join(labels)}: {line}" if behind and number == 0 else line)
            for lines, labels in told.items()
            for number, line in enumerate(lines)
        ]

    def because(self, group: view.Group) -> tuple[str, ...]:
        """The reason of one verdict; with ``verbose`` also what was picked, its modules and every finding."""
        known = view.details(group.verdict) if self.options.verbose else ()
        ready = group.verdict.status is Status.READY
        return known if ready or any(group.why in line for line in known) else (group.why, *known)

    def explained(self, group: view.Group) -> list[Text]:
        remedy = (f"→ {group.remedy}",) if group.remedy else ()
        return [self.text(line) for line in (*self.because(group), *remedy)]

    def folded(self, found: view.Parts) -> RenderableType | None:
        """What needs no line of its own, as counts."""
        lines = []
        if found.ready:
            told = ", ".join(
                filter(None, (f"{len(found.ready)} ready wherever they apply", view.beside(found.ready)))
            )
            sign, style = _SIGNS[Status.READY]
            lines.append(self.text(f"{sign} {told}", style))
        if found.not_judged:
            names = view.listed(self.title(package) for package in found.not_judged)
            lines.append(self.text(f"· {len(found.not_judged)} not judged (built here): {names}", "dim"))
        if found.elsewhere:
            names = view.listed(self.title(package) for package in found.elsewhere)
            lines.append(self.text(f"– {len(found.elsewhere)} not for these targets: {names}", "dim"))
        return Group(*lines) if lines else None

    def problems(self) -> RenderableType | None:
        found = problem_line.in_order(self.report)
        if not found:
            return None
        shown = found if self.options.verbose else found[:FEW]
        rows = []
        for problem in shown:
            sign, style = _SEVERITY[problem.severity]
            message = f"{short(problem_line.said(problem), view.MESSAGE)} [{short(problem.rule)}]"
            told = ": ".join(filter(None, (problem_line.place(problem), message)))
            rows.append((self.text(f"{sign} {problem.severity}", style), self.text(told)))
        more = len(found) - len(shown)
        rest = [self.text(f"… and {more} more: --verbose")] if more else []
        return Group(
            self.text(f"{problem_line.heading(found)} ({len(found)})", "bold"), self.hanging(rows), *rest
        )

    def next_steps(self, found: view.Parts) -> RenderableType | None:
        """What a reader can do now, in the order in which it helps."""
        steps = []
        names, unread = view.upgrades(self.report, found.pending)
        if names:
            basis = " (chosen by their tags, their modules were not read)" if unread else ""
            steps.append(f"upgrade to {view.listed(names, FEW)}{basis}")
        if not all(row.complete for row in self.report.summary):
            steps.append("settle what is incomplete: until then the stack is not called ready")
        seen = sorted({view.worst(package) or Status.READY for package in found.pending}, key=_worst_first)
        if seen:
            steps.append(
                f"read what a status means: {', '.join(f'ftaudit explain {status}' for status in seen[:2])}"
            )
        if self.report.summary and all(row.verdict is Status.READY for row in self.report.summary):
            steps.append("run your tests on the target: ready says what was seen, not that there is no race")
        if not self.options.verbose and (found.ready or found.pending):
            steps.append("see every package, file and finding: --verbose")
        if not steps:
            return None
        return Group(self.text("Next", "bold"), self.hanging((Text("-"), self.text(step)) for step in steps))


def _worst_first(status: Status) -> int:
    return view.WORST_FIRST.index(status)
