"""Corrupt input, seeded: ``python -m tests.bench.corrupt FILE…`` prints what it came to, as Markdown.

Two runs over the files (of every format) and what is made of them: truncations, bit flips and overwritten
words at random; then the same guided by coverage, where an input that reaches a new line of ours is kept and
mutated further. `BadBinaryError` is the only exception that is allowed: any other is counted, and ends with
status 1. The second run takes ``sys.monitoring``, so Python 3.12.
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType
from typing import Any

import ftaudit.binaries
from ftaudit.binaries.analysis import analyse
from ftaudit.binaries.image import BadBinaryError

SEED = 20261122
RANDOM = 12_000
GUIDED = 6_000
MAX_SIZE = 1 << 20
OURS = str(Path(ftaudit.binaries.__file__).parent)
WORDS = (0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 1 << 63, (1 << 64) - 1, 0x1000)


@dataclass(slots=True)
class Tally:
    """``slowest`` is in seconds; ``other`` the exceptions that must not be, with where they came from."""

    inputs: int = 0
    refused: int = 0
    slowest: float = 0.0
    slowest_of: str = ""
    other: Counter[str] = field(default_factory=Counter)

    def row(self, what: str, remark: str) -> str:
        return (
            f"| {what} | {self.inputs} | {self.refused} | {sum(self.other.values())} | "
            f"{self.slowest:.2f} s ({self.slowest_of}) | {remark} |"
        )


def mutated(content: bytes, chance: random.Random) -> bytes:
    """One of: cut short, a few bits flipped, a word overwritten, a stretch copied elsewhere."""
    made = bytearray(content)
    kind = chance.randrange(4)
    # what a reader goes by is at the front and in tables; half of the changes go to the first 4 KB
    reach = min(len(made), 4096) if chance.random() < 0.5 else len(made)
    if kind == 0:
        return bytes(made[: chance.randrange(len(made))])
    if kind == 1:
        for _ in range(chance.randint(1, 8)):
            made[chance.randrange(reach)] ^= 1 << chance.randrange(8)
    elif kind == 2:
        at, width = chance.randrange(reach) & ~3, chance.choice((2, 4, 8))
        made[at : at + width] = (chance.choice(WORDS) & ((1 << 8 * width) - 1)).to_bytes(width, "little")
    else:
        start, at, size = chance.randrange(len(made)), chance.randrange(reach), chance.randint(1, 64)
        made[at : at + size] = made[start : start + size]
    return bytes(made)


def attempt(name: str, content: bytes, tally: Tally) -> None:
    begun = time.perf_counter()
    try:
        analyse(name, content)
    except BadBinaryError:
        tally.refused += 1
    except Exception as error:
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        where = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
        tally.other[f"{type(error).__name__} at {where}"] += 1
    seconds = time.perf_counter() - begun
    tally.inputs += 1
    if seconds > tally.slowest:
        tally.slowest, tally.slowest_of = seconds, name


def at_random(seeds: Sequence[tuple[str, bytes]], count: int) -> Tally:
    chance, tally = random.Random(SEED), Tally()  # noqa: S311 - repeatable, not secret
    for _ in range(count):
        name, content = chance.choice(seeds)
        attempt(name, mutated(content, chance), tally)
    return tally


def guided(seeds: Sequence[tuple[str, bytes]], count: int) -> tuple[Tally, int, int]:
    """The tally, how many inputs were kept, and how many lines were reached."""
    monitoring: Any = sys.monitoring  # type: ignore[attr-defined, unused-ignore]
    tool, lines = monitoring.COVERAGE_ID, set[tuple[str, int]]()

    def reached(code: CodeType, line: int) -> object:
        if code.co_filename.startswith(OURS):
            lines.add((code.co_filename, line))
        return monitoring.DISABLE  # each line is told of once: what is added is new

    monitoring.use_tool_id(tool, "corrupt")
    monitoring.register_callback(tool, monitoring.events.LINE, reached)
    monitoring.set_events(tool, monitoring.events.LINE)
    try:
        return guided_by(lambda: len(lines), seeds, count)
    finally:
        monitoring.set_events(tool, 0)
        monitoring.free_tool_id(tool)


def guided_by(
    covered: Callable[[], int], seeds: Sequence[tuple[str, bytes]], count: int
) -> tuple[Tally, int, int]:
    chance, tally, corpus = random.Random(SEED), Tally(), list(seeds)  # noqa: S311
    for name, content in seeds:
        attempt(name, content, tally)
    for _ in range(count):
        # the newest are tried most: they are where the last new line was
        recent = corpus[-8:] if chance.random() < 0.5 else corpus
        name, content = chance.choice(recent)
        before = covered()
        for _ in range(chance.randint(1, 3)):
            content = mutated(content, chance) or content
        attempt(name, content, tally)
        if covered() > before:
            corpus.append((name, content))
    return tally, len(corpus) - len(seeds), covered()


def main() -> int:
    seeds = [(path.name, path.read_bytes()) for path in map(Path, sys.argv[1:])]
    seeds = [(name, content) for name, content in seeds if 0 < len(content) <= MAX_SIZE]
    tallies = [at_random(seeds, RANDOM)]
    lines = [
        "| run | inputs | refused | other exceptions | slowest | |",
        "|---|---|---|---|---|---|",
        tallies[0].row("random", f"{len(seeds)} files"),
    ]
    if hasattr(sys, "monitoring"):
        tally, kept, reached = guided(seeds, GUIDED)
        tallies.append(tally)
        lines.append(tally.row("guided by coverage", f"{kept} inputs kept, {reached} lines reached"))
    lines += [f"- {count} × {what}" for tally in tallies for what, count in sorted(tally.other.items())]
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if any(tally.other for tally in tallies) else 0


if __name__ == "__main__":
    sys.exit(main())
