"""Fetches named wheels from the index that is configured, each once, and only what its digest proves."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import requests

from ftaudit.concurrency import Scope
from ftaudit.index.client import open_client
from ftaudit.index.config import IndexOptions
from ftaudit.model.evidence import Missing
from ftaudit.model.project import INDEX

SECONDS = 60


def download(wheels: Mapping[str, tuple[str, str]], folder: Path) -> None:
    """*wheels* are file names with project and SHA-256; those that are in *folder* already are left alone."""
    folder.mkdir(parents=True, exist_ok=True)
    missing = {name: of for name, of in wheels.items() if not (folder / name).exists()}
    options = IndexOptions()
    where = {"environ": os.environ, "home": Path.home(), "cwd": Path.cwd()}
    with open_client(options, (), scope=Scope(), **where) as client, requests.Session() as session:  # type: ignore[arg-type]
        for name, (project, sha256) in missing.items():
            page = client.page(project, INDEX)
            if isinstance(page, Missing):
                sys.stderr.write(f"{name}: {page.why}\n")
                continue
            url = next((file.url for file in page.files if file.name == name), "")
            content = session.get(url, timeout=SECONDS).content if url else b""
            if hashlib.sha256(content).hexdigest() != sha256:
                sys.stderr.write(f"{name}: {'is not what its digest says' if url else 'is not listed'}\n")
                continue
            (folder / name).write_bytes(content)
