"""What may stand in no file of the repository, asked of the machine at run time and so written nowhere."""

from __future__ import annotations

import fnmatch
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from pip._internal.models.index import PyPI, TestPyPI

APT = ("etc/apt/sources.list", "etc/apt/sources.list.d")
HOME = str(Path.home())
"""The user's; taken while modules are imported, since a test has a home of its own."""


def index_hosts() -> frozenset[str]:
    """The hosts of the public index and its files, and the domains that they belong to."""
    hosts = {host for index in (PyPI, TestPyPI) for host in (index.netloc, index.file_storage_domain)}
    return frozenset(hosts | {".".join(host.split(".")[-2:]) for host in hosts})


def archive_hosts(root: Path = Path("/")) -> frozenset[str]:
    """The hosts of the distribution's archive, as apt is configured; none where there is no apt."""
    texts = []
    for place in APT:
        path = root / place
        files = path.iterdir() if path.is_dir() else [path] if path.is_file() else []
        texts += [file.read_text(encoding="utf-8", errors="replace") for file in files]
    hosts = {urlsplit(url).hostname or "" for url in re.findall(r"\bhttps?://[^\s\"']+", "\n".join(texts))}
    return frozenset(host for host in hosts if "." in host)


def machine_paths(checkout: Path, *others: Path | None) -> frozenset[str]:
    """Folders of this machine that a file may give away: the checkout's, the user's, the temporary ones."""
    paths = {str(checkout), HOME, tempfile.gettempdir(), *(str(path) for path in others if path)}
    return frozenset(path for path in paths if len(path) > 1)


def present_files(root: Path) -> Iterator[Path]:
    """Every file of the checkout that its .gitignore lets in."""
    lines = (root / ".gitignore").read_text(encoding="utf-8").splitlines()
    ignored = [line.rstrip("/") for line in lines if line and not line.startswith("#")] + [".git"]
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if not _matches(name, ignored)]
        yield from (Path(folder, name) for name in names if not _matches(name, ignored))


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatch(name, pattern) for pattern in patterns)


def written(files: Iterable[Path], words: Iterable[str]) -> list[str]:
    """``file: word`` for each of *words* (hosts or paths) that stands in one of *files* as a whole."""
    choice = b"|".join(re.escape(word.encode().lower()) for word in sorted(words, reverse=True))
    pattern = re.compile(rb"(?<![\w-])(?:" + choice + rb")(?![\w-])")
    found = []
    for file in files:
        hits = {match[0].decode() for match in pattern.finditer(file.read_bytes().lower())}
        found += [f"{file}: {hit}" for hit in sorted(hits)]
    return found
