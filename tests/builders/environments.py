"""Installed environments as files: ``install(folder, "numpy", "2.5.5", tag="cp314-cp314t-win_amd64")``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.builders.wheels import metadata, wheel_file


def venv(folder: Path, *, version: str = "3.14.0", library: str = "lib/python3.14t", extra: str = "") -> Path:
    """A virtual environment without a package; returns its ``site-packages``."""
    site = folder / library / "site-packages"
    site.mkdir(parents=True)
    (folder / "pyvenv.cfg").write_text(f"home = /usr/bin\nversion = {version}\n{extra}")
    return site


def install(
    site: Path,
    name: str = "x",
    version: str = "1.0",
    *,
    tag: str = "py3-none-any",
    requires: Sequence[str] = (),
    direct_url: Mapping[str, object] | None = None,
    installer: str = "pip",
    requested: bool = False,
    text: str | None = None,
) -> Path:
    """What pip leaves of an installed wheel, without its files; returns the ``dist-info`` folder."""
    info = site / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    content = metadata(name, version, requires=requires) if text is None else text
    (info / "METADATA").write_text(content)
    (info / "WHEEL").write_text(wheel_file(tag, pure=tag.endswith("-any")))
    (info / "INSTALLER").write_text(f"{installer}\n")
    if requested:
        (info / "REQUESTED").write_text("")
    if direct_url is not None:
        (info / "direct_url.json").write_text(json.dumps(direct_url))
    return info
