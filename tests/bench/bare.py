"""The same requests with a bare pool and no processing: what the audit is measured against.

``bare.py JOBS FILE``: FILE has one URL path a line, with the range where there is one, after a first line
with the server's address.
"""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests

local = threading.local()


def get(line: str) -> int:
    url, _, wanted = line.partition(" ")
    if not hasattr(local, "session"):
        local.session = requests.Session()
    return len(local.session.get(url, headers={"Range": wanted or None}, timeout=30).content)


if __name__ == "__main__":
    base, *paths = Path(sys.argv[2]).read_text("utf-8").splitlines()
    with ThreadPoolExecutor(int(sys.argv[1])) as pool:
        total = sum(pool.map(get, [base + path for path in paths]))
    sys.stdout.write(f"{len(paths)} requests, {total} bytes\n")
