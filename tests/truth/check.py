"""Holds our answers against the truth, module by module: ``python -m tests.truth.check --wheels FOLDER``.

FOLDER has the wheels of the truth file in ``linux``, and in ``mac`` and ``win`` those of the same releases
for these platforms, which have to do what they do on Linux. Writes ``reports/truth.md``; the exit status is 1
where an answer is wrong. ``--download`` first fetches the wheels for Linux that are not there, from the index
that is configured, each held against its digest.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.shared import ROOT, SHARED, VARIABLE
from tests.truth.rows import Found, Row, elsewhere, grouped, own, read_rows
from tests.truth.sample import SAMPLE

REPORT = ROOT / "reports" / "truth.md"
KINDS: dict[str, tuple[str, Callable[[Sequence[Row], Path], list[Found]]]] = {
    "linux": ("Linux x86-64: against the interpreter", own),
    "mac": ("macOS arm64 and universal2: the same releases, against the interpreter on Linux", elsewhere),
    "win": ("Windows amd64: the same releases, against the interpreter on Linux", elsewhere),
}
OUTCOMES = ("off/off", "on/on", "wrong", "unknown")


def table(what: str, groups: dict[str, list[Found]]) -> list[str]:
    lines = [
        f"| {what} | wheels | modules | off/off | on/on | wrong | unknown |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, found in (
        *sorted(groups.items()),
        ("all", [one for group in groups.values() for one in group]),
    ):
        counts = Counter(one.outcome for one in found)
        wheels = len({one.wheel for one in found})
        cells = (name, wheels, len(found), *(counts[outcome] for outcome in OUTCOMES))
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return lines


def timing(found: Sequence[Found]) -> str:
    times = sorted(one.seconds * 1e3 for one in found)
    if len(times) < 2:
        return ""
    cuts = statistics.quantiles(times, n=100, method="inclusive")
    slowest = max(found, key=lambda one: one.seconds)
    return (
        f"Analysis alone, one thread, Python {sys.version_info[0]}.{sys.version_info[1]}: "
        f"median {statistics.median(times):.2f} ms a module, p90 {cuts[89]:.1f}, p99 {cuts[98]:.0f}, "
        f"max {times[-1]:.0f} ms ({slowest.row.package}, {slowest.size / 1e6:.1f} MB); "
        f"{sum(times) / 1e3:.1f} s for {sum(one.size for one in found) / 1e9:.2f} GB of code."
    )


def listed(title: str, found: Sequence[Found]) -> list[str]:
    """Every answer that is not plainly right, with its reason."""
    rows = [
        f"- {one.wheel}: `{one.member}`, {one.said}, is {one.row.answer} ({one.why or '-'})" for one in found
    ]
    return ["", f"{title}: {len(rows)}", "", *rows] if rows else ["", f"{title}: none"]


def section(title: str, found: Sequence[Found]) -> list[str]:
    ways = Counter(f"{d.how}, {d.confidence}" for one in found for d in one.declared)
    doubtful = [
        one
        for one in found
        if one.said == "off" and any(d.custom_create not in ("", "module") for d in one.declared)
    ]
    return [
        f"## {title}",
        "",
        *table("tag", grouped((one.row.python, one) for one in found)),
        "",
        *table("made with", grouped((one.row.generator, one) for one in found)),
        "",
        timing(found),
        "",
        "How: " + "; ".join(f"{way}: {count}" for way, count in ways.most_common()) + ".",
        *listed("Wrong", [one for one in found if one.outcome == "wrong"]),
        *listed("Unknown", [one for one in found if one.outcome == "unknown"]),
        *listed("Off, with a `Py_mod_create` that was not seen to return a module", doubtful),
        "",
    ]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--wheels", type=Path, required=True, help="the folder with linux, mac and win")
    parser.add_argument("--kind", choices=KINDS, action="append", help="only these; nothing is written")
    parser.add_argument("--sample", action="store_true", help="only the fixed sample; nothing is written")
    parser.add_argument("--download", action="store_true", help="fetch wheels for Linux that are not there")
    return parser.parse_args()


def main() -> int:
    options = arguments()
    if SHARED is None:
        sys.stderr.write(f"the truth is not here: {VARIABLE} names no folder\n")
        return 2
    rows = read_rows(SHARED)
    if options.sample:
        wanted = {sample[:3] for sample in SAMPLE}
        rows = [row for row in rows if row.release in wanted]
    if options.download:
        from tests.truth.download import download

        download({row.wheel: (row.package, row.sha256) for row in rows}, options.wheels / "linux")
    lines, wrong = [], 0
    for kind in options.kind or KINDS:
        title, compare = KINDS[kind]
        found = compare(rows, options.wheels / kind)
        wrong += sum(one.outcome == "wrong" for one in found)
        lines += section(title, found)
    text = "\n".join(["# Our answers, and what the interpreter did", "", *INTRODUCTION, "", *lines])
    if options.kind or options.sample:
        sys.stdout.write(text)
    else:
        REPORT.write_text(text.rstrip() + "\n", "utf-8")
    return 1 if wrong else 0


INTRODUCTION = (
    "Made by `python -m tests.truth.check --wheels FOLDER` from released wheels and a file that says what a",
    "free-threaded interpreter did when it created each of their modules. off/off and on/on are right: what",
    "we say, and what it did. Files that the interpreter of that tag would not load are left out, like those",
    "that could not be imported. cffi's modules count as off: its backend declares since 2.0.",
)

if __name__ == "__main__":
    sys.exit(main())
