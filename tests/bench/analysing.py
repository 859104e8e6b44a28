"""Runs in a process of its own, and prints one line of JSON: what analysing costs.

``analysing.py file PATH…`` takes each file as a memory map: seconds, and the memory held beyond what was held
before it; a small file comes first and imports the analyser. ``analysing.py threads FOLDER`` takes all shared
objects below a folder, in turn with one thread and with two. ``analysing.py wheels FOLDER`` takes every
extension module of the wheels in a folder, three times: how many there are, and milliseconds of processor
time for the median one and at 90 and 99 %, inflating not counted.
"""

from __future__ import annotations

import json
import mmap
import statistics
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from zipfile import ZipFile

from ftaudit.binaries.analysis import analyse

TIMES = 9


def mapped(path: Path) -> mmap.mmap:
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def seconds(path: Path) -> float:
    begun = time.perf_counter()
    with mapped(path) as data:
        analyse(path.name, data)
        return time.perf_counter() - begun


def peak() -> float:
    """The most memory that this process held so far, in MB; Linux only, since ``ru_maxrss`` begins with
    what the process that started this one held."""
    lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) / 1e3 for line in lines if line.startswith("VmHWM:"))


def of_file(path: Path) -> dict[str, float]:
    before = peak()
    first = seconds(path)
    more = peak() - before
    return {
        "first": first,
        "median": statistics.median(seconds(path) for _ in range(TIMES)),
        "megabytes": more,
        "size": path.stat().st_size / 1e6,
    }


def with_threads(contents: Sequence[tuple[str, bytes]], threads: int) -> float:
    begun = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(lambda one: analyse(*one), contents):
            pass
    return time.perf_counter() - begun


def scaling(folder: Path) -> list[float]:
    """How many times as fast two threads are as one, for each of `TIMES` pairs."""
    paths = sorted(path for path in folder.rglob("*") if path.suffix in (".so", ".pyd"))
    contents = [(path.name, path.read_bytes()) for path in paths]
    with_threads(contents, 1)
    return [with_threads(contents, 1) / with_threads(contents, 2) for _ in range(TIMES)]


def quickest(path: str, content: bytes) -> float | None:
    """Milliseconds; None for a library."""
    needed = []
    for _ in range(3):
        begun = time.process_time()
        slices = analyse(path, content)
        needed.append(time.process_time() - begun)
    return 1e3 * min(needed) if any(found.hooks for found in slices) else None


def of_wheels(folder: Path) -> dict[str, float]:
    needed: list[float] = []
    for wheel in sorted(folder.glob("*.whl")):
        with ZipFile(wheel) as members:
            names = [name for name in members.namelist() if name.endswith((".so", ".pyd"))]
            found = [quickest(name, members.read(name)) for name in names]
            needed += [one for one in found if one is not None]
    shares = statistics.quantiles(needed, n=100)
    return {"modules": len(needed), "median": shares[49], "p90": shares[89], "p99": shares[98]}


if __name__ == "__main__":
    what, *arguments = sys.argv[1:]
    made: object
    if what == "file":
        made = [of_file(Path(one)) for one in arguments]
    else:
        made = (of_wheels if what == "wheels" else scaling)(Path(arguments[0]))
    sys.stdout.write(json.dumps(made) + "\n")
