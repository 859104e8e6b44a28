"""``pip install --report``: what pip installed or, with ``--dry-run``, would install, file by file.

What was installed before is not in it, so it is not closed.
https://pip.pypa.io/en/stable/reference/installation-report/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from packaging.tags import Tag
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion

from ftaudit.model.project import ListedFile, MadeFor, Pin, Reading
from ftaudit.model.wheel_name import SDIST_SUFFIXES
from ftaudit.sources.base import Document, Format
from ftaudit.sources.installed.pip_json import (
    described,
    direct_source,
    items,
    looks_like,
    pip_platform,
    python_of,
)
from ftaudit.sources.reading.assemble import Assembly, listed_file, sha256_of
from ftaudit.sources.reading.built_for import only, platform_of, pythons_of
from ftaudit.sources.reading.sniff import named
from ftaudit.sources.reading.table import Table

_FILE_NAMES = ("pip-report.json",)
_ARCHIVES = (".whl", *SDIST_SUFFIXES)


def _score(document: Document) -> int:
    if looks_like(document, b"install"):
        return 2
    return 1 if named(document, _FILE_NAMES) else 0


def _read(document: Document) -> Reading:
    top, found = items(document, FORMAT.name, "install")
    assembly = Assembly(document, FORMAT.name)
    for item, line in found:
        origin = assembly.origin(line, direct=item.maybe_flag("requested"))
        assembly.add(replace(_pin(document, assembly, item, line), origins=(origin,)))
    return assembly.reading(made_for=_made_for(top, assembly.pins), closed=False)


def _pin(document: Document, assembly: Assembly, item: Table, line: int | None) -> Pin:
    pin = described(assembly, item, line)
    info = item.table("download_info")
    if item.maybe_flag("is_direct") or "archive_info" not in info:
        pin = replace(pin, source=direct_source(document, info))
    return replace(
        pin,
        files=tuple(_files(info)),
        extras=tuple(sorted(map(canonicalize_name, item.texts("requested_extras")))),
    )


def _files(info: Table) -> Iterator[ListedFile]:
    """The archive; a direct URL need not name one."""
    url = re.split(r"[?#]", info.text("url"), maxsplit=1)[0]
    if "archive_info" in info and url.endswith(_ARCHIVES):
        archive = info.table("archive_info")
        digest = archive.table("hashes").maybe_text("sha256")
        legacy = (archive.maybe_text("hash") or "").replace("=", ":", 1)
        yield listed_file(
            info,
            name=None,
            digest=sha256_of(f"sha256:{digest}" if digest else legacy),
            time_key="upload_time",
        )


def _made_for(top: Table, pins: Iterable[Pin]) -> MadeFor:
    """What the wheels were picked for, where they agree: ``--platform`` and ``--python-version`` may ask for
    others than pip's own. Else the environment of pip, which does not tell a free-threaded build.
    """
    wheels = [_tags(file.name) for pin in pins for file in pin.files]
    pythons = pythons_of(wheels)
    return MadeFor(
        python=only(pythons) if pythons else python_of(top),
        platform=platform_of(wheels) or pip_platform(top),
    )


def _tags(file_name: str) -> frozenset[Tag]:
    """The tags of a wheel; none for a source archive, or where the name does not parse."""
    try:
        return parse_wheel_filename(file_name)[3] if file_name.endswith(".whl") else frozenset()
    except (InvalidWheelFilename, InvalidVersion):
        return frozenset()


FORMAT = Format(
    name="pip report",
    about="what `pip install --report` says was or would be installed, version 1",
    file_names=_FILE_NAMES,
    score=_score,
    read=_read,
)
