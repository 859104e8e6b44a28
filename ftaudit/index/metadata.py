"""Core metadata files, as far as ftaudit uses them. Pure: bytes to `CoreMetadata`."""

from __future__ import annotations

import re
from datetime import datetime
from email.parser import HeaderParser
from email.policy import compat32

from packaging.utils import canonicalize_name
from packaging.version import Version

from ftaudit.model.evidence import CoreMetadata, Missing
from ftaudit.model.text import mask, short

MAX_METADATA = 4 * 1024 * 1024
MAX_FIELDS = 20_000
_FREE_THREADING = re.compile(
    r"Programming Language :: Python :: Free Threading :: ([1-4]) - (?:Unstable|Beta|Stable|Resilient)"
)
_BLANK = re.compile(rb"\r?\n\r?\n|\r\r")
_LONG_NUMBER = re.compile(r"\d{1000}")
"""Python refuses to read numbers of more than 4,300 digits, and no version has one."""
_METADATA_VERSION = re.compile(r"([0-9]{1,4})\.([0-9]{1,4})")


def parse_metadata(
    content: bytes,
    *,
    name: str,
    version: str | None,
    source: str,
    as_of: datetime | None,
    sdist: bool = False,
) -> CoreMetadata | Missing:
    """The metadata of *name* at *version* (not compared where None), got from *source*.

    Missing (``bad-metadata``) where it belongs to something else, names no project or has a line that is no
    field (what follows it would be lost, requirements too), (``metadata-dynamic``)
    where an sdist leaves its dependencies to the build (PEP 643). Of several Free Threading classifiers the
    lowest counts.
    """
    what = f"metadata of {short(name)}"
    end = _BLANK.search(content)
    text = content[: end.start() if end else len(content)].decode("utf-8", "replace")
    if text.count("\n") > MAX_FIELDS:
        return Missing(what=what, why="it has too many fields", kind="bad-metadata")
    # what follows the header is the description: not read
    header = HeaderParser(policy=compat32).parsestr(text, headersonly=True)
    if header.defects or _LONG_NUMBER.search(text):  # a line that is no field hides those after it
        return Missing(
            what=what, why="a line of it is not a field, or a number has no end", kind="bad-metadata"
        )
    own_name, own_version = str(header.get("Name", "")).strip(), str(header.get("Version", "")).strip()
    if canonicalize_name(own_name) != canonicalize_name(name) or not _same(version, own_version):
        return Missing(
            what=what,
            why=f"{mask(source)} is that of {short(own_name)} {short(own_version)}",
            kind="bad-metadata",
        )
    dynamic = {str(value).strip().lower() for value in header.get_all("Dynamic", [])}
    if sdist and ("requires-dist" in dynamic or not _static(str(header.get("Metadata-Version", "")))):
        return Missing(
            what=what, why="its sdist leaves its dependencies to the build", kind="metadata-dynamic"
        )
    levels = [_FREE_THREADING.fullmatch(str(value).strip()) for value in header.get_all("Classifier", [])]
    requires_python = header.get("Requires-Python")
    return CoreMetadata(
        name=own_name,
        version=own_version,
        requires_dist=_texts(header.get_all("Requires-Dist", [])),
        requires_python=" ".join(str(requires_python).split()) or None if requires_python else None,
        provides_extra=_texts(header.get_all("Provides-Extra", [])),
        free_threading=min((int(level[1]) for level in levels if level), default=None),
        source=mask(source),
        as_of=as_of,
    )


def _texts(values: list[str]) -> tuple[str, ...]:
    return tuple(" ".join(str(value).split()) for value in values)


def _same(wanted: str | None, own: str) -> bool:
    try:
        return wanted is None or Version(wanted) == Version(own)
    except ValueError:
        return wanted == own


def _static(metadata_version: str) -> bool:
    """Only from 2.2 on does an sdist say which fields a build may change."""
    match = _METADATA_VERSION.fullmatch(metadata_version.strip())
    return match is not None and (int(match[1]), int(match[2])) >= (2, 2)
