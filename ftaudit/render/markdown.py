"""The report for a comment on a pull request: GitHub-flavoured Markdown, never longer than a comment may be.

Text from outside is shown as plain words only where no character of it means anything to Markdown, HTML or
GitHub's own links (mentions, issue numbers, addresses); everything else becomes a code span, in which none of
them does: https://github.github.com/gfm/#code-spans.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from ftaudit.model.pages import summary
from ftaudit.model.project import Problem, Severity
from ftaudit.model.report import PackageRow, Report
from ftaudit.model.text import short
from ftaudit.model.verdict import Status, Verdict
from ftaudit.render import problem_line, view
from ftaudit.render.alike import Alike, fold
from ftaudit.render.base import RenderOptions
from ftaudit.render.input_line import told_of

LIMIT = 60_000
"""Bytes. A comment on GitHub may have 65,536 characters, and other text may go with it."""

PROBLEMS = 12_000
READY = 6_000
INPUTS = 3_000
"""Bytes that are kept for a section, at most; what is not ready takes all that the others leave."""

_SIGNS = {
    Status.READY: "✅",
    Status.DEGRADED: "🟡",
    Status.NEEDS_BUILD: "🔨",
    Status.UNKNOWN: "❔",
    Status.ENABLES_GIL: "🔒",
    Status.BLOCKED: "❌",
}
_SEVERITY = {
    Severity.ERROR: "❌",
    Severity.INCOMPLETE: "❔",
    Severity.WARNING: "⚠️",
    Severity.NOTE: "ℹ️",
}

_PLAIN = re.compile(
    r"""(?: [^\W_] | (?<=[^\W_])_(?=[^\W_])   # letters and digits; an underscore only inside a word
          | [ .,;'"()/%+=>…→–-] | :(?=\ |$) )*""",
    re.VERBOSE,
)
_LINKED = re.compile(r"www\.|GH-\d", re.IGNORECASE)


def render(report: Report, options: RenderOptions) -> str:
    """*report* in at most `LIMIT` bytes of UTF-8; what does not fit is counted."""
    found = view.parts(report)
    head = _verdicts(report)
    inputs = _fit(_inputs(report), INPUTS, "- … and {} more inputs")
    title = view.titles(report)
    heading = f"### {problem_line.heading(report.problems)} ({{}})"
    problems = _section(_problems(report), PROBLEMS, heading, "- … and {} more")
    rows, alike = fold(report, found.pending)
    folded = _folded(found, alike, title)
    room = LIMIT - _size([*head, *inputs, *problems, *folded]) - 500
    pending = _pending(report, rows, len(found.pending), room, title)
    lines = [*head, *pending, *problems, *folded, *inputs]
    return options.writable("\n".join(lines).strip("\n") + "\n")


def prose(text: str) -> str:
    """*text* (a sentence of ours with names from outside in it), fit for a table cell."""
    plain = short(text, view.MESSAGE)
    return plain if _PLAIN.fullmatch(plain) and not _LINKED.search(plain) else _span(plain)


def code(text: str) -> str:
    """*text* (a name, a version, a path) as a code span, fit for a table cell."""
    return _span(short(text, 120))


def _span(plain: str) -> str:
    inner = plain.replace("`", "\\x60").replace("|", "\\x7c")
    return f"`{inner}`" if inner.strip() else ""


def _verdicts(report: Report) -> list[str]:
    worst = max(
        (row.verdict for row in report.summary), key=lambda status: status.rank, default=Status.UNKNOWN
    )
    lines = [f"## {_SIGNS[worst]} Free-threading audit: {worst}", ""]
    lines += ["| target | verdict | pins | picture | evidence |", "|---|---|---|---|---|"]
    for row in report.summary:
        cells = (
            f"{code(row.python)} on {code(row.platform)}",
            f"{_SIGNS[row.verdict]} **{row.verdict}**",
            view.counts(row),
            "complete" if row.complete else "**incomplete**",
            view.age(report, row),
        )
        lines.append(_row(cells))
    return [*lines, ""]


def _pending(
    report: Report,
    packages: Sequence[PackageRow],
    count: int,
    room: int,
    title: Callable[[PackageRow], str],
) -> list[str]:
    """A row for each of *packages*, under the heading of all the *count* that are not ready."""
    if not packages:
        return []
    one = len(report.targets) == 1
    columns = ["verdict"] if one else [code(label) for label in view.labels(report)]
    heads = ("package", *columns, "why", "what helps", "asked for")
    lines = [f"### Not ready ({count})", "", _row(heads), "|" + "---|" * len(heads)]
    rows = (_package(report, package, title(package)) for package in packages)
    return [*lines, *_fit(rows, room - _size(lines), "\n… and {} more that are not ready"), ""]


def _package(report: Report, package: PackageRow, title: str) -> str:
    reasons: dict[str, list[str]] = {}
    remedies: dict[str, list[str]] = {}
    for group in view.groups(report, package):
        if group.verdict.status is not Status.READY:
            reasons.setdefault(group.why, []).extend(group.labels)
        if group.remedy:
            remedies.setdefault(group.remedy, []).extend(group.labels)
    cells = (
        code(title),
        *(_status(verdict) for verdict in package.verdicts),
        _told(reasons),
        _told(remedies),
        prose("; ".join(view.where(report, package))),
    )
    return _row(cells)


def _status(verdict: Verdict) -> str:
    if verdict.status is None:
        return "not judged" if verdict.applies else "n/a"
    return f"{_SIGNS[verdict.status]} {verdict.status}"


def _told(said: dict[str, list[str]]) -> str:
    """What is said of the targets, which are named where not the same is said of all."""
    if len(said) == 1:
        return prose(next(iter(said)))
    return "<br>".join(f"{', '.join(map(code, labels))}: {prose(text)}" for text, labels in said.items())


def _problems(report: Report) -> list[str]:
    return [
        f"- {_SEVERITY[problem.severity]} **{problem.severity}** {_placed(problem)}"
        f"{prose(problem_line.said(problem))} ({code(problem.rule)})"
        for problem in problem_line.in_order(report)
    ]


def _placed(problem: Problem) -> str:
    place = code(problem_line.place(problem))
    return f"{place}: " if place else ""


def _folded(found: view.Parts, alike: Sequence[Alike], title: Callable[[PackageRow], str]) -> list[str]:
    lines = []
    for packages, summed, told in (
        # Nothing from outside stands in a summary: that is HTML, where a code span means nothing.
        *((one.packages, one.summary, one.why) for one in alike),
        (found.ready, f"{len(found.ready)} ready", summary(Status.READY)),
        (found.not_judged, f"{len(found.not_judged)} not judged", "built here"),
        (found.elsewhere, f"{len(found.elsewhere)} not for these targets", ""),
    ):
        if packages:
            names = [f"- {code(title(package))}" for package in packages]
            about = [prose(told), ""] if told else []
            fitted = _fit(names, READY, "- … and {} more")
            lines += ["<details>", f"<summary>{summed}</summary>", "", *about, *fitted, "", "</details>", ""]
    return lines


def _inputs(report: Report) -> list[str]:
    rows = [f"- {code(row.path)}: {prose(told_of(row))}" for row in report.inputs]
    made = report.created.strftime("%Y-%m-%d %H:%M UTC")
    return [
        f"Made by ftaudit {code(report.version)} on {made} from:" if rows else f"Made on {made}.",
        "",
        *rows,
    ]


def _section(lines: list[str], limit: int, heading: str, more: str) -> list[str]:
    return [heading.format(len(lines)), "", *_fit(lines, limit, more), ""] if lines else []


def _fit(lines: Iterable[str], limit: int, more: str) -> list[str]:
    """As many of *lines* as fit in *limit* bytes, and *more* with the number of the others."""
    kept: list[str] = []
    left_out = 0
    for line in lines:
        limit -= _size([line])
        if limit >= 0 and not left_out:
            kept.append(line)
        else:
            left_out += 1
    return [*kept, more.format(left_out)] if left_out else kept


def _size(lines: Iterable[str]) -> int:
    return sum(len(line.encode("utf-8", "backslashreplace")) + 1 for line in lines)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
