"""Project pages and find-links pages in HTML (PEP 503, 592, 629, 658, 714, 792). Pure: bytes to `Listing`."""

from __future__ import annotations

from dataclasses import dataclass, field
from email.message import Message
from html.parser import HTMLParser
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

from ftaudit.index.pages import (
    MAX_FILES,
    MAX_REQUIRES_PYTHON,
    TOO_LONG,
    BadPageError,
    Listing,
    build_file,
    check_version,
    is_file_name,
    is_sha256,
    project_status,
)
from ftaudit.model.evidence import FileList, ProjectStatus
from ftaudit.model.text import short
from ftaudit.model.wheel_name import is_sdist, wheel_name

_PIECE = 64 * 1024
_MAX_UNFINISHED = 256 * 1024
"""Characters of one tag, comment or script."""
_MAX_TAIL = 1024
"""Characters of a tag that the page ends in."""
_CHARSETS = frozenset({"utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "latin-1", "windows-1252"})
"""Python has encodings that take time without bound to read, and some that are none (``rot13``)."""


def parse_html(body: bytes, content_type: str, url: str, index: str) -> Listing:
    """The page's links to files; a page without a version is of version 1.0.

    Raises `BadPageError`, also for a page that neither names its version nor lists a file: a server that
    wants a login may answer every address with one.
    """
    reader = _read(body, content_type)
    meta = reader.meta
    if "pypi:repository-version" in meta:
        check_version(meta["pypi:repository-version"])
    base = _joined(url, reader.base) or url
    entries = [entry for attributes in reader.links if (entry := _entry(base, attributes)) is not None]
    names = (entry["filename"] for entry in entries)
    if "pypi:repository-version" not in meta and not any(
        wheel_name(name) or is_sdist(name) for name in names
    ):
        raise BadPageError("it lists no file of a project")
    if any(len(entry["requires-python"] or "") > MAX_REQUIRES_PYTHON for entry in entries):
        raise BadPageError(TOO_LONG)
    usable = [entry for entry in entries if is_file_name(entry["filename"])]
    return Listing(
        files=FileList(
            [entry["filename"] for entry in usable], lambda number: build_file(usable[number], url, index)
        ),
        status=project_status(meta.get("pypi:project-status", ProjectStatus.ACTIVE)),
        status_reason=short(meta.get("pypi:project-status-reason", ""), 200),
        skipped=len(entries) - len(usable),
        entries=usable,
    )


def _read(body: bytes, content_type: str) -> _Reader:
    """Raises `BadPageError` for what html.parser would read again and again in search of its end."""
    reader = _Reader()
    try:
        text = body.decode(_charset(content_type), "replace")
        for start in range(0, len(text), _PIECE):
            reader.feed(text[start : start + _PIECE])
            if len(reader.rawdata) > _MAX_UNFINISHED:
                raise BadPageError("it has a tag, comment or script without an end")
        if len(reader.rawdata) > _MAX_TAIL:
            raise BadPageError("it ends in the middle of a tag")
        reader.close()
    except (AssertionError, ValueError) as error:  # a broken declaration; a character of too many digits
        raise BadPageError("it is not HTML") from error
    return reader


@dataclass
class _Reader(HTMLParser):
    base: str = ""
    links: list[dict[str, str]] = field(default_factory=list)
    meta: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # of an attribute that is given twice the first counts, as in browsers
        attributes = {name: value or "" for name, value in reversed(attrs)}
        if tag == "a" and "href" in attributes:
            self.links.append(attributes)
            if len(self.links) > MAX_FILES:
                raise BadPageError(f"it lists more than {MAX_FILES} files")
        elif tag == "base" and not self.base:
            self.base = attributes.get("href", "")
        elif tag == "meta" and "name" in attributes:
            self.meta.setdefault(attributes["name"].lower(), attributes.get("content", ""))


def _charset(content_type: str) -> str:
    message = Message()
    message["content-type"] = content_type
    charset = str(message.get_param("charset") or "utf-8").lower()
    if charset not in _CHARSETS:
        raise BadPageError("its encoding is not one of an index")
    return charset


def _joined(base: str, href: str) -> str:
    """*href* made absolute; empty where it is no URL."""
    href = href.strip()
    try:
        urlsplit(href)
        return href if href.startswith(("https://", "http://")) else urljoin(base, href)
    except ValueError:
        return ""


def _entry(base: str, attributes: dict[str, str]) -> dict[str, Any] | None:
    """The link as an entry of a JSON page (PEP 691); None for a link to a folder ("../" is common).

    ``data-upload-time`` is of no specification: mirrors that turn a JSON page into HTML keep PEP 700's
    ``upload-time`` in it.
    """
    href = attributes["href"]  # what is no URL still lists a file of that name
    url, _, fragment = (_joined(base, href) or href).partition("#")
    name = unquote(url.partition("?")[0].rpartition("/")[2])
    if not name:
        return None
    algorithm, _, digest = fragment.partition("&")[0].partition("=")
    entry: dict[str, Any] = {
        "filename": name,
        "url": url,
        "hashes": {"sha256": digest} if algorithm == "sha256" and is_sha256(digest) else {},
        "requires-python": attributes.get("data-requires-python"),
        "upload-time": attributes.get("data-upload-time"),
        "core-metadata": _core_metadata(attributes),
    }
    if "data-yanked" in attributes:
        entry["yanked"] = attributes["data-yanked"]
    return entry


def _core_metadata(attributes: dict[str, str]) -> bool | dict[str, str]:
    """PEP 714: ``true`` or ``sha256=…``, under the new name or the old one."""
    text = attributes.get("data-core-metadata", attributes.get("data-dist-info-metadata"))
    if text is None:
        return False
    algorithm, _, digest = text.partition("=")
    if algorithm == "sha256":
        return {"sha256": digest}
    return algorithm.strip().lower() == "true" or bool(digest)
