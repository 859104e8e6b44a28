"""The time and the memory that reading takes, as whole processes: ``python -m tests.bench.reading``.

The larger locks of the shared corpus (``--shared DIR``), each beside a bare parse of the same file; documents
of every format made for it, each growing in one direction and in two sizes, of which the quotient of the
times shows what grows faster than the document; and documents of nearly the largest size that is read. Times
are of the processor, user's and system's, with the start of Python and all imports. Prints Markdown; results
go to ``reports/benchmark-reading.md``.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.bench.audit import FTAUDIT, LOCK, Run, paired, run
from tests.bench.large import LARGE, PACKAGES, Large
from tests.shared import SHARED

SMALLEST = 300_000
"""Bytes of the smallest lock of the corpus that is timed: to read others takes no longer than to start."""
LARGEST = 60.0
"""MB, a little less than the limit for a file."""
REFUSED = 9

READ = f"""
import sys
from pathlib import Path
from ftaudit.sources.collect import collect
from ftaudit.sources.scratch import Scratch
with Scratch() as scratch:
    sys.exit({REFUSED} if collect(sys.argv[1:], cwd=Path.cwd(), scratch=scratch).errors else 0)
"""
PARSE = {
    "toml": "import sys, tomllib; tomllib.load(open(sys.argv[1], 'rb'))",
    "json": "import sys, json, re; json.loads(re.sub('(?m)^//.*', '', open(sys.argv[1]).read()))",
    "yaml": "import sys, yaml; yaml.load(open(sys.argv[1]), yaml.CSafeLoader)",
    "xml": "import sys; from xml.etree import ElementTree; ElementTree.parse(sys.argv[1])",
    "lines": "import sys; open(sys.argv[1]).read().splitlines()",
}
"""The plainest program that reads a file of that kind."""


def kind_of(path: Path) -> str:
    """The key of `PARSE` for a file, by its name and its content."""
    start = path.read_bytes().lstrip()
    if start.startswith(b"<"):
        return "xml"
    if start.startswith((b"{", b"//")):
        return "json"
    if path.suffix in (".yml", ".yaml") or path.name == "pixi.lock":
        return "yaml"
    return "toml" if path.suffix == ".toml" or b"\n[[package" in start else "lines"


def reading(path: Path) -> Run:
    return run((sys.executable, "-c", READ, str(path)))


def parsing(path: Path) -> Run:
    return run((sys.executable, "-c", PARSE[kind_of(path)], str(path)))


def median(runs: Sequence[Run]) -> float:
    """Of the processor time: other programs may run beside."""
    return statistics.median(run.processor for run in runs)


def peak(runs: Sequence[Run]) -> str:
    return f"{max(run.megabytes for run in runs):.0f} MB"


def beside(what: str, ours: Sequence[Run], theirs: Sequence[Run]) -> str:
    ratio = f"{median(ours) / median(theirs):.1f}"
    times = (f"{median(ours):.2f} s", peak(ours), f"{median(theirs):.2f} s", peak(theirs), ratio)
    return f"| {what} | {' | '.join(times)} |"


def of_corpus(shared: Path | None, times: int) -> Iterator[str]:
    if shared is None:
        return
    yield "| lock | read | memory | bare parse | memory | ratio |\n|---|---|---|---|---|---|"
    corpus = shared / "corpus/locks"
    files = [path for path in corpus.rglob("*") if path.is_file() and path.stat().st_size >= SMALLEST]
    for path in sorted(files, key=lambda path: -path.stat().st_size):
        ours, theirs = paired(lambda path=path: reading(path), lambda path=path: parsing(path), times)  # type: ignore[misc]
        assert {one.status for one in ours} == {0}, f"{path} was not read"
        yield beside(f"`{path.relative_to(corpus)}`, {path.stat().st_size / 1e6:.1f} MB", ours, theirs)


def made(large: Large, shape: str, megabytes: float, work: Path) -> tuple[Run, Run]:
    """One run of each over a document of that size."""
    path = work / large.name
    path.write_text(large.text(shape, int(megabytes * 1e6)), "utf-8")
    return reading(path), parsing(path)


def growing(larges: Sequence[Large], size: float, work: Path) -> Iterator[str]:
    yield f"| document | many | {size:g} MB | {4 * size:g} MB | quotient | memory | bare parse | |"
    yield "|---|---|---|---|---|---|---|---|"
    for large in larges:
        for shape in large.shapes:
            (small, _), (big, bare) = (made(large, shape, each, work) for each in (size, 4 * size))
            outcome = "refused" if big.status == REFUSED else "" if big.status == 0 else "FAILED"
            numbers = (
                f"{small.processor:.2f} s",
                f"{big.processor:.2f} s",
                f"{big.processor / small.processor:.1f}",
            )
            yield (
                f"| `{large.name}` | {shape} | {' | '.join(numbers)} | {peak([big])} "
                f"| {bare.processor:.2f} s | {outcome} |"
            )


def largest(larges: Sequence[Large], work: Path) -> Iterator[str]:
    yield f"| document of {LARGEST:g} MB | read or refused | memory | bare parse | memory | ratio |"
    yield "|---|---|---|---|---|---|"
    for large in larges:
        ours, theirs = made(large, PACKAGES, LARGEST, work)
        said = {0: "read", REFUSED: "refused"}.get(ours.status, "FAILED")
        yield beside(f"`{large.name}`: {said}", [ours], [theirs])


def start_up(work: Path, times: int) -> Iterator[str]:
    """An audit without an index of one lock, and of a folder of twelve projects that hold it."""
    folder = work / "twelve"
    for number in range(12):
        (folder / f"project{number}").mkdir(parents=True)
        (folder / f"project{number}" / "uv.lock").write_bytes(LOCK.read_bytes())
    yield "| | median | memory |\n|---|---|---|"
    for what, path in (("a uv.lock of this project's tests", LOCK), ("a folder of twelve of them", folder)):
        options = ("--offline", "--platform", "linux-x86_64", "--cache-dir", str(work / "cache"))
        runs = [run((*FTAUDIT, "audit", str(path), *options)) for _ in range(times)]
        yield f"| `ftaudit audit --offline`: {what} | {median(runs):.2f} s | {peak(runs)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=SHARED)
    parser.add_argument("--size", type=float, default=1.0, help="MB of the smaller of two documents")
    parser.add_argument("--times", type=int, default=5, help="runs of which the median counts")
    parser.add_argument("--format", action="append", help="the documents of this name only; repeatable")
    asked = parser.parse_args()
    larges = [large for large in LARGE if not asked.format or large.name in asked.format]
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        for part in (
            start_up(work, asked.times),
            of_corpus(asked.shared, asked.times),
            growing(larges, asked.size, work),
            largest(larges, work),
        ):
            for line in part:
                sys.stdout.write(f"{line}\n")
                sys.stdout.flush()
            sys.stdout.write("\n")


if __name__ == "__main__":
    main()
