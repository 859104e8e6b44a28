"""Files of this machine, read whole within a limit."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from ftaudit.errors import ConfigError

MAX_CONFIG = 1024 * 1024


def read_file(path: Path, limit: int) -> bytes | None:
    """The content of *path*, or None where it is more than *limit* bytes. Raises OSError."""
    with path.open("rb") as file:
        entry = os.fstat(file.fileno())
        # read(limit) would set aside as much as the limit each time; only a pipe does not tell its size
        wanted = entry.st_size if stat.S_ISREG(entry.st_mode) else limit + 1
        content = file.read(wanted) if wanted <= limit + 1 else None
    return content if content is not None and len(content) <= limit else None


def read_config(path: Path) -> bytes:
    """The content of a configuration file. Raises `ConfigError`."""
    try:
        content = read_file(path, MAX_CONFIG)
    except OSError as error:
        raise ConfigError(f"{path}: {(error.strerror or 'not readable').lower()}") from error
    if content is None:
        raise ConfigError(f"{path}: larger than {MAX_CONFIG // 1024**2} MB")
    return content
