"""The command line as a test runs it: in this process, or in one of its own, over a stocked index."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ftaudit
from tests.builders.index_server import IndexServer, Response, file_entry
from tests.builders.wheels import metadata, wheel

LOCK_INDEX = "https://index.example/simple"
"""The index that the locks of tests and of the corpus name."""

DEFAULT = ("--index-map", f"{LOCK_INDEX}=default")
"""Asks the index of the command line for what a lock pins from `LOCK_INDEX`."""

JSON = ("--format", "json")
PASSWORD = "s3cr3t-of-the-test"  # noqa: S105


@dataclass(frozen=True)
class Done:
    """How a run ended and what it wrote."""

    status: int
    out: str
    err: str

    @property
    def report(self) -> dict[str, Any]:
        """What it wrote on stdout as JSON."""
        report: dict[str, Any] = json.loads(self.out)
        return report

    @property
    def statuses(self) -> dict[str, str | None]:
        """The status of each package of the report on the first target."""
        return {package["name"]: package["verdicts"][0]["status"] for package in self.report["packages"]}

    @property
    def rules(self) -> list[str]:
        """The rules of the report's problems."""
        return [problem["rule"] for problem in self.report["problems"]]

    @property
    def lines(self) -> list[str]:
        """The lines on stderr."""
        return self.err.splitlines()


Run = Callable[..., Done]
"""Runs ``ftaudit`` with these arguments."""


def stock(
    server: IndexServer, *pins: str, tag: str = "py3-none-any", whole: bool = False, **fields: Any
) -> None:
    """Lists a wheel with its metadata for each of *pins* (``name==version``; several of a name together).

    The wheel itself is served, with its hash, only where *whole*: otherwise it is listed and cannot be had.
    """
    for name in dict.fromkeys(pin.partition("==")[0] for pin in pins):
        versions = [pin.partition("==")[2] for pin in pins if pin.partition("==")[0] == name]
        entries = []
        for version in versions:
            file = f"{name.replace('-', '_')}-{version}-{tag}.whl"
            text = metadata(name, version, **fields).encode()
            server.pages[f"/files/{file}.metadata"] = Response(body=text, content_type="text/plain")
            # No hashes: locks of other files are judged against this index.
            hashes = {}
            if whole:
                _, content = wheel(name=name, version=version, tag=tag, metadata_text=text.decode())
                server.pages[f"/files/{file}"] = Response(body=content, content_type="application/zip")
                hashes = {"sha256": hashlib.sha256(content).hexdigest()}
            uploaded = _uploaded(version)
            entries.append(file_entry(file, core_metadata=True, upload_time=uploaded, hashes=hashes))
        server.project(name, *entries)


def _uploaded(version: str) -> str:
    """Version 3 came out in 2003."""
    return f"{2000 + int(version.partition('.')[0]):04}-01-01T00:00:00Z"


def uv_lock(*pins: str, registry: str = LOCK_INDEX) -> str:
    """The text of a ``uv.lock`` of *pins* (``name==version``)."""
    packages = "".join(
        f'[[package]]\nname = "{name}"\nversion = "{version}"\nsource = {{ registry = "{registry}" }}\n'
        for name, _, version in (pin.partition("==") for pin in pins)
    )
    return f'version = 1\nrevision = 3\nrequires-python = ">=3.11"\n\n{packages}'


def start(
    arguments: Sequence[str], *, home: Path, prelude: str = "", **settings: Any
) -> subprocess.Popen[str]:
    """``ftaudit`` in a process of its own, with nothing of the user's; *prelude* is Python run before it."""
    source = Path(ftaudit.__file__).parent.parent
    environ = {"HOME": str(home), "PIP_CONFIG_FILE": "/dev/null", "PYTHONPATH": str(source)}
    return subprocess.Popen(
        [sys.executable, "-c", f"{prelude}\nfrom ftaudit.cli import main; main()", *arguments],
        **{
            "cwd": home,
            "env": environ,
            "text": True,
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            **settings,
        },
    )


def finish(process: subprocess.Popen[str], *, seconds: float = 30.0) -> Done:
    """The end of *process*, which is killed where it does not come in time."""
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    return Done(process.returncode, out or "", err or "")
