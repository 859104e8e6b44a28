"""Reading binaries: what it costs, and what beside. ``python -m tests.bench.binaries --wheels FOLDER …``

Writes ``reports/benchmark-binaries.md``. FOLDER is that of `tests.truth.check`; ``--numpy`` is a wheel of
numpy, ``--abi3audit`` that program (in an environment of its own), ``--free-threaded`` an interpreter without
GIL that has ftaudit installed. What is not given is left out, and the report says so.
"""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.bench.audit import ENVIRONMENT, FTAUDIT, Run, median, paired, run
from tests.fixtures.binaries.make import build
from tests.shared import ROOT, SHARED
from tests.truth.check import KINDS
from tests.truth.rows import read_rows

REPORT = ROOT / "reports" / "benchmark-binaries.md"
HERE = Path(__file__).parent
LARGEST = 6
COMPARED = 5
METADATA = {
    "METADATA": "Metadata-Version: 2.1\nName: empty\nVersion: 1.0\n",
    "WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: cp39-abi3-manylinux_2_17_x86_64\n",
    "RECORD": "",
}
TIMES = 9
SEEDS = ("m_notused", "m_runtime", "s_late", "s_f2py_like", "c_cython_like", "e_nested", "g_nanobind")


def modules(wheels: Path) -> Iterator[str]:
    """Each set of the truth: the median, and what lies above it."""
    assert SHARED is not None, "main() asks"
    yield from ("| set | modules | median | p90 | p99 | max |", "|---|---|---|---|---|---|")
    rows = read_rows(SHARED)
    for kind, (_, compare) in KINDS.items():
        times = [one.seconds * 1e3 for one in compare(rows, wheels / kind)]
        cuts = statistics.quantiles(times, n=100, method="inclusive")
        figures = (cuts[49], cuts[89], cuts[98], max(times))
        yield f"| {kind} | {len(times)} | {' | '.join(f'{figure:.2f} ms' for figure in figures)} |"


def members(wheels: Path) -> list[tuple[int, Path, str]]:
    """The largest shared objects of the wheels in *wheels*, one of each name."""
    found: dict[str, tuple[int, Path, str]] = {}
    for path in wheels.glob("*.whl"):
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                if info.filename.endswith(".so") and ".libs/" not in info.filename:
                    found[info.filename.partition(".")[0]] = (info.file_size, path, info.filename)
    return sorted(found.values(), reverse=True)


def large(wheels: Path) -> Iterator[str]:
    """The largest files, on disk, as memory maps, each in a fresh process."""
    yield from ("| file | size | first | median | memory |", "|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as temporary:
        *ordered, (_, smallest_wheel, smallest) = members(wheels)
        small = extracted(smallest_wheel, smallest, Path(temporary))
        for _, wheel, member in ordered[:LARGEST]:
            path = extracted(wheel, member, Path(temporary))
            _, made = analysing(sys.executable, "file", small, path)
            yield (
                f"| {member} | {made['size']:.0f} MB | {made['first'] * 1e3:.0f} ms | "
                f"{made['median'] * 1e3:.0f} ms | +{made['megabytes']:.0f} MB |"
            )
            path.unlink()


def extracted(wheel: Path, member: str, folder: Path) -> Path:
    path = folder / Path(member).name
    with zipfile.ZipFile(wheel) as archive, archive.open(member) as packed, path.open("wb") as file:
        shutil.copyfileobj(packed, file)
    return path


def analysing(python: str, *arguments: object) -> list[dict[str, float]]:
    command = [python, "-m", "tests.bench.analysing", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, env=ENVIRONMENT)
    made: list[dict[str, float]] = json.loads(done.stdout)
    return made


@contextmanager
def inspecting() -> Iterator[Callable[[Path], Run]]:
    """``ftaudit inspect`` with a new cache each time: nothing is remembered."""
    with tempfile.TemporaryDirectory() as temporary:
        numbers = iter(range(1 << 20))

        def inspect(wheel: Path) -> Run:
            cache = Path(temporary, str(next(numbers)))
            return run((*FTAUDIT, "inspect", str(wheel), "--quiet", "--cache-dir", str(cache)))

        yield inspect


def numpy(wheel: Path) -> Iterator[str]:
    yield from ("| what | whole process | start-up | after start-up |", "|---|---|---|---|")
    with inspecting() as inspect:
        ours, start = paired(lambda: inspect(wheel), lambda: run((*FTAUDIT, "--version")), TIMES)
    yield (
        f"| `ftaudit inspect` of {wheel.name.split('-')[0]} {wheel.name.split('-')[1]} "
        f"({wheel.stat().st_size / 1e6:.0f} MB) | {median(ours):.3f} s | {median(start):.3f} s | "
        f"{median(ours) - median(start):.3f} s |"
    )


def beside_abi3audit(wheels: Path, abi3audit: str) -> Iterator[str]:
    """The same wheels, in turn; start-up is what either needs for a wheel without any module."""
    yield from (
        "| wheel | `ftaudit inspect` | `abi3audit` | times, whole | times, after start-up |",
        "|---|---|---|---|---|",
    )
    with inspecting() as inspect, tempfile.TemporaryDirectory() as temporary:

        def both(wheel: Path, times: int) -> tuple[float, float]:
            runs = paired(lambda: inspect(wheel), lambda: run((abi3audit, str(wheel))), times)
            return median(runs[0]), median(runs[1])

        empty = Path(temporary, "empty-1.0-cp39-abi3-manylinux_2_17_x86_64.whl")
        with zipfile.ZipFile(empty, "w") as archive:
            for name, text in METADATA.items():
                archive.writestr(f"empty-1.0.dist-info/{name}", text)
        start = both(empty, TIMES)
        yield f"| one without modules | {start[0]:.3f} s | {start[1]:.3f} s | {start[1] / start[0]:.1f} | |"
        by_size = sorted(wheels.glob("*-abi3-*.whl"), key=lambda path: path.stat().st_size)
        for wheel in by_size[-COMPARED:]:
            ours, theirs = both(wheel, 3)
            after = (theirs - start[1]) / (ours - start[0])
            yield (
                f"| {'-'.join(wheel.name.split('-')[:2])} ({wheel.stat().st_size / 1e6:.1f} MB) | "
                f"{ours:.3f} s | {theirs:.3f} s | {theirs / ours:.1f} | {after:.1f} |"
            )


def threads(wheels: Path, python: str) -> str:
    """Two threads against one, on the modules of middle-sized wheels."""
    with tempfile.TemporaryDirectory() as temporary:
        chosen = [path for path in sorted(wheels.glob("*-cp314t-*.whl")) if 1e6 < path.stat().st_size < 8e6]
        for path in chosen[:40]:
            with zipfile.ZipFile(path) as archive:
                for name in archive.namelist():
                    if name.endswith(".so") and ".libs/" not in name:
                        target = Path(temporary, path.stem, Path(name).name)
                        target.parent.mkdir(exist_ok=True)
                        target.write_bytes(archive.read(name))
        ratios = sorted(float(one) for one in analysing(python, "threads", temporary))  # type: ignore[arg-type]
        count = sum(1 for _ in Path(temporary).rglob("*.so"))
    return (
        f"{count} modules, two threads against one, {len(ratios)} interleaved pairs: median "
        f"{statistics.median(ratios):.2f} times as fast (lowest {ratios[0]:.2f}, highest {ratios[-1]:.2f})."
    )


def corrupt(python: str) -> str:
    paths = [
        str(built.path)
        for built in build()
        if built.shape.name in SEEDS and built.variant.setting == "-O2" and built.variant.linking == ""
    ]
    command = [python, "-m", "tests.bench.corrupt", *paths]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    return done.stdout or done.stderr


def sections(options: argparse.Namespace) -> Iterator[tuple[str, str]]:
    linux = options.wheels / "linux"
    if SHARED is not None:
        yield "One module: analysis alone, one thread", "\n".join(modules(options.wheels))
    yield "Large files: from disk, memory beyond what the interpreter held", "\n".join(large(linux))
    if options.numpy:
        yield "A whole wheel", "\n".join(numpy(options.numpy))
    if options.abi3audit:
        yield "Beside abi3audit", "\n".join(beside_abi3audit(linux, options.abi3audit))
    if options.free_threaded:
        yield "Threads, the GIL off", threads(linux, options.free_threaded)
    yield "Corrupt input", corrupt(options.free_threaded or sys.executable)


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--wheels", type=Path, required=True)
    parser.add_argument("--numpy", type=Path)
    parser.add_argument("--abi3audit")
    parser.add_argument("--free-threaded")
    return parser.parse_args(given)


def main() -> None:
    options = arguments()
    left_out = [name for name in ("numpy", "abi3audit", "free_threaded") if not getattr(options, name)]
    lines = [
        "# Benchmark: reading binaries",
        "",
        f"Made by `python -m tests.bench.binaries` with Python {platform.python_version()}.",
        "Medians; what is compared runs in turn. Files are warm in the page cache.",
        *([f"Left out: {', '.join(left_out)}."] if left_out else []),
        "",
    ]
    for title, text in sections(options):
        lines += [f"## {title}", "", text, ""]
    REPORT.write_text("\n".join(lines).rstrip() + "\n", "utf-8")


if __name__ == "__main__":
    main()
