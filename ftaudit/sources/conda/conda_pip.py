"""What pip installs into a conda environment: conda-lock locks it by the URL of its file."""

from __future__ import annotations

import re
from urllib.parse import unquote

from packaging.utils import parse_sdist_filename, parse_wheel_filename

from ftaudit.model.project import ListedFile
from ftaudit.sources.reading.assemble import sha256_of


def of_index(name: str, url: str, sha256: str | None) -> ListedFile | None:
    """The file of an index at *url*, or None where that is no wheel or sdist of *name* (normalised).

    conda-lock writes where it found a file, not on which index; what was asked for by its URL mostly is no
    release (an archive of a branch).
    """
    path, _, fragment = url.partition("#")
    if not re.match("https?://", path):
        return None
    file = unquote(path.partition("?")[0].rpartition("/")[2])
    try:
        named = parse_wheel_filename(file)[0] if file.endswith(".whl") else parse_sdist_filename(file)[0]
    except ValueError:
        return None
    digest = sha256 or (fragment.removeprefix("sha256=") if fragment.startswith("sha256=") else None)
    return ListedFile(name=file, url=path, sha256=sha256_of(f"sha256:{digest}")) if named == name else None
