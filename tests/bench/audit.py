"""The audit against a loopback index, as whole processes: ``python -m tests.bench.audit``.

Cold and warm runs of 300 and 3,000 pins, a real lock offline, and the start-up; each beside what it is
measured against, in turn, so that a noisy machine slows both. Prints Markdown; results go to
``reports/benchmark.md``. Numbers of pins can be given in place of 300 and 3,000.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.serve import names, pinned

HERE = Path(__file__).parent
LOCK = HERE.parent / "fixtures" / "locks" / "uv.lock"
JOBS = 16
FTAUDIT = (sys.executable, "-m", "ftaudit")


@dataclass(frozen=True)
class Run:
    seconds: float
    megabytes: float
    status: int
    processor: float
    """Seconds of processor time, user's and system's."""


ENVIRONMENT = {
    name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_", "XDG_"))
} | {"PIP_CONFIG_FILE": os.devnull, "HOME": tempfile.gettempdir()}
"""Without the user's own configuration: what indexes it names would be asked too."""


def run(command: Sequence[str]) -> Run:
    """A whole process: wall time, and the most memory it held (``wait4``)."""
    begun = time.perf_counter()
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, stdout=quiet, stderr=quiet, env=ENVIRONMENT) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    scale = 1e6 if sys.platform == "darwin" else 1e3
    busy = usage.ru_utime + usage.ru_stime
    return Run(time.perf_counter() - begun, usage.ru_maxrss / scale, process.returncode, busy)


def paired(one: Callable[[], Run], other: Callable[[], Run], times: int) -> tuple[list[Run], list[Run]]:
    """Both in turn, after one of each that does not count."""
    one(), other()
    pairs = [(one(), other()) for _ in range(times)]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def median(runs: Sequence[Run]) -> float:
    return statistics.median(run.seconds for run in runs)


@contextmanager
def index(count: int) -> Iterator[str]:
    command = (sys.executable, "-m", "tests.bench.serve", str(count))
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=HERE.parent.parent) as server:
        assert server.stdout is not None
        try:
            yield f"http://127.0.0.1:{server.stdout.readline().strip()}"
        finally:
            server.kill()


def lock(folder: Path, count: int, base: str) -> Path:
    """A closed lock of *count* pins, in the plainest format there is."""
    lines = ['lock-version = "1.0"', 'created-by = "bench"']
    for number, name in enumerate(names(count)):
        sdist = f"{name.replace('-', '_')}-{pinned(number)}.tar.gz"
        lines += [
            "[[packages]]",
            f'name = "{name}"',
            f'version = "{pinned(number)}"',
            f'index = "{base}/simple/"',
            "[packages.sdist]",
            f'name = "{sdist}"',
            f'url = "{base}/x/{sdist}"',
            f'hashes = {{ sha256 = "{hashlib.sha256(sdist.encode()).hexdigest()}" }}',
        ]
    path = folder / f"pylock.bench{count}.toml"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def audit(path: Path, cache: Path, *options: str) -> Run:
    command = (*FTAUDIT, "audit", str(path), "--platform", "linux-x86_64", "--quiet")
    return run((*command, "--jobs", str(JOBS), "--cache-dir", str(cache), "--format", "json", *options))


def requested(path: Path, cache: Path, base: str, options: Sequence[str]) -> list[str]:
    """The paths that a cold audit asks for, as the server noted them."""
    audit(path, cache, *options)
    with urllib.request.urlopen(f"{base}/asked") as answer:  # noqa: S310 - loopback
        asked: list[str] = json.load(answer)
    return asked


def network(count: int, times: int, work: Path, *options: str) -> list[str]:
    with index(count) as base:
        path, cache = lock(work, count, base), work / "-".join(("cache", str(count), *options))
        asked = requested(path, cache, base, options)
        listing = work / "urls"
        listing.write_text("\n".join([base, *asked]), "utf-8")

        fresh = (cache.with_name(f"{cache.name}-{number}") for number in itertools.count())

        def cold() -> Run:
            # A new folder each time: what file systems do after thousands of deletions is not measured.
            return audit(path, next(fresh), *options)

        ours, bare = paired(
            cold, lambda: run((sys.executable, str(HERE / "bare.py"), str(JOBS), str(listing))), times
        )
    warm = [
        audit(path, cache, *options) for _ in range(times)
    ]  # the server is gone: not one request can be made
    assert all(one.status in (0, 4) for one in (*ours, *warm)), "an audit failed"
    what = f"{count} pins{', `--no-binaries`' if options else ', wheels looked into'}"
    return [
        row(f"{what}, cold: {len(asked)} requests", ours, f"bare pool of {JOBS}", bare),
        row(f"{what}, warm, the server gone", warm),
    ]


def row(what: str, ours: Sequence[Run], against: str = "", theirs: Sequence[Run] = ()) -> str:
    """A row of the table: medians of whole processes, their ratio, the largest peak of ours."""
    other = f"{median(theirs):.3f} s | {median(ours) / median(theirs):.2f}" if theirs else "|"
    return (
        f"| {what} | {median(ours):.3f} s | {against} | {other} | {max(r.megabytes for r in ours):.0f} MB |"
    )


def start_up(times: int, work: Path) -> list[str]:
    importing = (sys.executable, "-c", "import typer, rich")
    ours, theirs = paired(lambda: run((*FTAUDIT, "--version")), lambda: run(importing), times)
    offline = [audit(LOCK, work / "none", "--offline") for _ in range(times)]
    pins = LOCK.read_text("utf-8").count("[[package]]")
    return [
        row("`ftaudit --version`", ours, "`python -c 'import typer, rich'`", theirs),
        row(f"{pins} pins of a real uv.lock, `--offline`", offline),
    ]


def main() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    show = sys.stdout.write
    show("| what | median | against | median | ratio | peak memory |\n|---|---|---|---|---|---|\n")
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        show("\n".join(start_up(9, work)) + "\n")
        sizes = [int(size) for size in sys.argv[1:]] or [300, 3000]
        for count, options in ((size, options) for size in sizes for options in ((), ("--no-binaries",))):
            show("\n".join(network(count, 5 if count <= 300 else 3, work, *options)) + "\n")


if __name__ == "__main__":
    main()
