"""Writes the sample reports of this folder: `python reports/make.py`, by hand; it asks the public index.

pip's and uv's settings are left out, those for certificates and proxies apart. The hosts of the index and of
its files become ``index.example`` and ``files.example``: no registry's name stands in this repository.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from ftaudit.index.default import public_index

HERE = Path(__file__).resolve().parent
COMMAND = (
    "audit docs/example/poetry.lock --platform linux-x86_64 --uploaded-before 2026-11-22 "
    "--format text --output - --format json --output {0}/example.json "
    "--format markdown --output {0}/example.md"
)
COLUMNS = "100"
KEPT = frozenset({"PIP_CERT", "PIP_CLIENT_CERT", "PIP_PROXY"})
_HOST = re.compile(r"(?<=://)[^/\s\"'<>]+")


def anonymous(text: str, index: str) -> str:
    """*text* with the host *index* and all others of addresses in it replaced."""
    return _HOST.sub(lambda host: "index.example" if host[0] == index else "files.example", text)


def environment(home: str) -> dict[str, str]:
    """This process's own, without the user's settings and with an empty *home*."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in KEPT or not name.startswith(("PIP_", "UV_"))
    }
    return {**kept, "HOME": home, "XDG_CONFIG_HOME": home, "PIP_CONFIG_FILE": os.devnull, "COLUMNS": COLUMNS}


def main() -> None:
    index = urlsplit(public_index()).netloc
    with tempfile.TemporaryDirectory() as folder:
        arguments = [*COMMAND.format(folder).split(), "--cache-dir", f"{folder}/cache", "--quiet"]
        done = subprocess.run(  # noqa: S603 - this interpreter, and arguments of our own
            [sys.executable, "-m", "ftaudit", *arguments],
            cwd=HERE.parent,
            env=environment(folder),
            check=True,
            stdout=subprocess.PIPE,
        )
        texts = {"example.txt": done.stdout.decode("utf-8")}
        for name in ("example.json", "example.md"):
            texts[name] = Path(folder, name).read_text(encoding="utf-8")
    for name, text in texts.items():
        (HERE / name).write_text(anonymous(text, index), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
