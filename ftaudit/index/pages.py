"""Project pages: the simple repository API in JSON (PEP 691, 700, 714, 792). Pure: bytes to `Listing`.

Every entry is checked when the page is read; an `IndexFile` is built when it is looked at. The HTML form
is in `ftaudit.index.html_page`, which a run that meets none does not import.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urljoin, urlsplit, urlunsplit

from ftaudit.model.evidence import FileList, IndexFile, Missing, ProjectStatus
from ftaudit.model.text import mask, short, without_credentials

ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01"
MAX_PAGE = 32 * 1024 * 1024
MAX_FILES = 100_000
JSON = frozenset({"application/vnd.pypi.simple.v1+json", "application/vnd.pypi.simple.latest+json"})
_HTML = frozenset(
    {"application/vnd.pypi.simple.v1+html", "application/vnd.pypi.simple.latest+html", "text/html"}
)
_FILE_NAME = re.compile(r'[^. /\\:<>|?*"][^/\\:<>|?*"]{0,254}')
_TEXT = frozenset({str, type(None)})
_FLAG_OR_TEXT = frozenset({bool, str})
_FLAG_OR_TABLE = frozenset({bool, dict})
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
MAX_REQUIRES_PYTHON = 1000
"""Characters; Python refuses to read a number of more than 4,300 digits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What one page or folder lists. ``skipped`` counts entries whose name is not that of a file.

    ``entries`` are those of the page as PEP 691 has them, checked, in the order of ``files``; empty for a
    folder.
    """

    files: FileList
    status: ProjectStatus = ProjectStatus.ACTIVE
    status_reason: str = ""
    skipped: int = 0
    entries: Sequence[dict[str, Any]] = field(default=(), repr=False)


TOO_LONG = f"an entry has a requires-python of more than {MAX_REQUIRES_PYTHON} characters"


class BadPageError(Exception):
    """The page is not what its content type says; the message ends a sentence."""


def parse_page(body: bytes, content_type: str, url: str, index: str) -> Listing | Missing:
    """The page that was got from *url* of the index shown as *index*.

    Missing (``bad-page``) where the content type is another one, the version is not 1.x, or any entry is
    not as the specification has it: part of a page proves nothing.
    """
    kind = content_type.partition(";")[0].strip().lower()
    try:
        if kind in JSON:
            return _parse_json(body, url, index)
        if kind in _HTML:
            from ftaudit.index.html_page import parse_html

            return parse_html(body, content_type, url, index)
        raise BadPageError(f"its content type {short(kind, 40) or 'is missing and'} is not that of an index")
    except BadPageError as error:
        return Missing(what=mask(url), why=f"the page is not usable: {error}", kind="bad-page")


def _parse_json(body: bytes, url: str, index: str) -> Listing:
    try:
        page = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadPageError("it is not JSON") from error
    if not isinstance(page, dict) or not isinstance(page.get("files"), list):
        raise BadPageError("it has no list of files")
    meta = page.get("meta")
    check_version(meta.get("api-version") if isinstance(meta, dict) else None)
    files = page["files"]
    if len(files) > MAX_FILES:
        raise BadPageError(f"it lists more than {MAX_FILES} files")
    usable = _usable(files)
    names = [entry["filename"] for entry in usable]
    status, reason = _status(page.get("project-status"))
    return Listing(
        files=FileList(names, lambda number: build_file(usable[number], url, index)),
        status=status,
        status_reason=reason,
        skipped=len(files) - len(usable),
        entries=usable,
    )


def check_version(text: object) -> None:
    """PEP 629: a reader must refuse another major version."""
    if not isinstance(text, str) or text.partition(".")[0] != "1":
        raise BadPageError("its API version is not 1.x")


def is_file_name(name: str) -> bool:
    """Whether *name* is that of one file: no path, nothing invisible, no longer than a file system takes."""
    return _FILE_NAME.fullmatch(name) is not None and name.isprintable()


def _usable(entries: list[Any]) -> list[dict[str, Any]]:
    """The entries whose name is that of a file; raises `BadPageError` where anything is of a wrong type.

    Done for every one of thousands of entries, so written out: a loop over a table of types takes three
    times as long.
    """
    usable = []
    for entry in entries:
        if type(entry) is not dict:
            raise BadPageError("an entry is not an object")
        get = entry.get
        name, hashes = get("filename"), get("hashes")
        if type(name) is not str or type(get("url")) is not str or type(hashes) is not dict:
            raise BadPageError("an entry has no filename, url or hashes")
        sha256 = hashes.get("sha256")
        if sha256 is not None and (type(sha256) is not str or not is_sha256(sha256)):
            raise BadPageError("an entry has a sha256 that is none")
        size = get("size")
        if size is not None and (type(size) is not int or size < 0):
            raise BadPageError("an entry has a size that is no number")
        requires = get("requires-python")
        if type(requires) not in _TEXT or type(get("upload-time")) not in _TEXT:
            raise BadPageError("an entry has a requires-python or upload-time that is no text")
        if requires and len(requires) > MAX_REQUIRES_PYTHON:
            raise BadPageError(TOO_LONG)
        if type(get("yanked", False)) not in _FLAG_OR_TEXT:
            raise BadPageError("an entry is neither yanked nor not")
        if type(get("core-metadata", False)) not in _FLAG_OR_TABLE:
            raise BadPageError("an entry has a core-metadata of a wrong type")
        if _FILE_NAME.fullmatch(name) is not None and name.isprintable():
            usable.append(entry)
    return usable


def is_sha256(text: str) -> bool:
    """Whether *text* is a SHA-256 in hexadecimal."""
    return _SHA256.fullmatch(text) is not None


def build_file(entry: dict[str, Any], page_url: str, index: str) -> IndexFile:
    """The file of an *entry* that was checked."""
    offered, metadata_hash = core_metadata(entry.get("core-metadata", entry.get("dist-info-metadata", False)))
    yanked = entry.get("yanked", False)
    sha256 = entry["hashes"].get("sha256")
    return IndexFile(
        name=entry["filename"],
        url=absolute(page_url, entry["url"]),
        index=index,
        sha256=sha256.lower() if sha256 else None,
        size=entry.get("size"),
        requires_python=entry.get("requires-python") or None,
        yanked=yanked is not False,
        yanked_reason=short(yanked, 200) if isinstance(yanked, str) else "",
        uploaded=upload_time(entry.get("upload-time")),
        core_metadata=offered,
        core_metadata_sha256=metadata_hash,
    )


def absolute(page_url: str, url: str) -> str:
    """*url* of a file as a page at *page_url* has it, without fragment and credentials."""
    try:
        if url.startswith("/") and not url.startswith("//") and "/." not in url:
            url = _origin(page_url) + url  # what urljoin makes of it; a page may have thousands
        elif not url.startswith(("https://", "http://")):
            url = urljoin(page_url, url)
        return without_credentials(url.partition("#")[0]) if "@" in url else url.partition("#")[0]
    except ValueError:
        return ""


@lru_cache(maxsize=64)
def _origin(url: str) -> str:
    """Scheme, host and port of *url*."""
    scheme, netloc, *_ = urlsplit(url)
    return urlunsplit((scheme, netloc, "", "", ""))


def core_metadata(value: object) -> tuple[bool, str | None]:
    """Whether metadata is served beside the file, and its sha256 (PEP 714: true, or a table of hashes)."""
    if isinstance(value, dict):
        sha256 = value.get("sha256")
        return True, sha256.lower() if isinstance(sha256, str) and is_sha256(sha256) else None
    return value is True, None


def upload_time(text: str | None) -> datetime | None:
    """PEP 700: ``yyyy-mm-ddThh:mm:ss.ffffffZ``, in UTC; None for anything else."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):  # an offset may lead before the year 1
        return None


def _status(value: object) -> tuple[ProjectStatus, str]:
    """PEP 792: a table of ``status`` and ``reason``; absent means active."""
    if value is None:
        return ProjectStatus.ACTIVE, ""
    if not isinstance(value, dict):
        raise BadPageError("its project status is of a wrong type")
    reason = value.get("reason")
    return project_status(value.get("status", "active")), short(reason, 200) if isinstance(
        reason, str
    ) else ""


def project_status(text: object) -> ProjectStatus:
    """The PEP 792 status that *text* names; raises `BadPageError` for any other."""
    try:
        return ProjectStatus(str(text))
    except ValueError as error:
        raise BadPageError("it has a project status that is not known") from error
