"""The bytes of a file's core metadata: served beside it (PEP 658, 714), or a part of the wheel itself."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ftaudit.index.metadata import MAX_METADATA, parse_metadata
from ftaudit.index.versions import name_and_version
from ftaudit.model.evidence import CoreMetadata, IndexFile, Missing
from ftaudit.model.text import short
from ftaudit.net.session import GONE, Answer, Http
from ftaudit.wheels.zip_ranges import TAIL, BadWheelError, read_metadata

MAX_WHOLE_WHEEL = 1024 * 1024
"""Bytes of a wheel that is fetched whole for its metadata, where the server does not serve parts."""


class _UnavailableError(Exception):
    """Metadata that cannot be had, raised through `zipfile` too."""

    def __init__(self, why: str, kind: str) -> None:
        super().__init__(why)
        self.why, self.kind = why, kind


@dataclass(frozen=True, slots=True)
class _Bytes:
    content: bytes
    source: str
    as_of: datetime


def read(file: IndexFile, http: Http, now: Callable[[], datetime]) -> CoreMetadata | Missing:
    """The core metadata of *file*, or Missing."""
    what = f"metadata of {short(file.name)}"
    named = name_and_version(file.name)
    if named is None:
        return Missing(what=what, why="its name is not that of a wheel or an sdist", kind="bad-metadata")
    try:
        found = _find(file, http, now)
    except _UnavailableError as error:
        return Missing(what=what, why=error.why, kind=error.kind)
    except BadWheelError as error:
        return Missing(what=what, why=str(error), kind="bad-wheel")
    except OSError as error:
        return Missing(what=what, why=(error.strerror or "not readable").lower(), kind="bad-wheel")
    name, version = named
    return parse_metadata(
        found.content,
        name=name,
        version=version,
        source=found.source,
        as_of=found.as_of,
        sdist=not file.name.endswith(".whl"),
    )


def _find(file: IndexFile, http: Http, now: Callable[[], datetime]) -> _Bytes:
    wheel = file.name.endswith(".whl")
    if file.path is not None and wheel:
        return _Bytes(_on_disk(file.name, Path(file.path)), file.name, now())
    if not file.url.startswith(("https://", "http://")):
        raise _UnavailableError("its address is not one to ask", "metadata-not-offered")
    if file.core_metadata:
        return _beside(file, http)
    if wheel:
        return _within(file, http)
    raise _UnavailableError("the index offers none for an sdist", "metadata-not-offered")


def _on_disk(name: str, path: Path) -> bytes:
    with path.open("rb") as wheel:

        def fetch(start: int, end: int) -> bytes:
            wheel.seek(start)
            return wheel.read(end - start)

        return read_metadata(name, wheel.seek(0, 2), fetch)


def _beside(file: IndexFile, http: Http) -> _Bytes:
    url = f"{file.url}.metadata"
    answer = _had(http.get(url, limit=MAX_METADATA))
    if answer.status in GONE:
        raise _UnavailableError("the index offers it, and does not serve it", "metadata-not-offered")
    _verify(answer.body, file.core_metadata_sha256)
    return _Bytes(answer.body, url, answer.as_of)


def _within(file: IndexFile, http: Http) -> _Bytes:
    # The hash is only what the page claims: bound to the address, it cannot speak for another index's file.
    key = f"{file.url} {file.sha256}" if file.sha256 else None
    kept = http.cache.load_derived(key) if key else None
    if kept is not None:
        return _Bytes(kept[0], file.url, kept[1])
    tail = _had(http.part(file.url, -TAIL, None, whole_limit=MAX_WHOLE_WHEEL))
    if tail.status in GONE:
        raise _UnavailableError("the index lists the wheel, and does not serve it", "index-unreachable")
    content = (
        _from_whole(file, tail.body) if tail.total is None else _from_parts(file, http, tail, tail.total)
    )
    if key:
        http.cache.store_derived(key, content)
    return _Bytes(content, file.url, tail.as_of)


def _from_whole(file: IndexFile, body: bytes) -> bytes:
    """From a server that answers a request for a part with everything."""
    _verify(body, file.sha256)
    return read_metadata(file.name, len(body), lambda start, end: body[start:end])


def _from_parts(file: IndexFile, http: Http, tail: Answer, size: int) -> bytes:
    if file.size is not None and size != file.size:
        raise _UnavailableError("the size of its wheel is not the one on the page", "hash-mismatch")
    at = size - len(tail.body)

    def fetch(start: int, end: int) -> bytes:
        if start >= at:
            return tail.body[start - at : end - at]
        return _had(http.part(file.url, start, end, whole_limit=end - start)).body

    return read_metadata(file.name, size, fetch)


def _had(answer: Answer | Missing) -> Answer:
    if isinstance(answer, Missing):
        raise _UnavailableError(answer.why, answer.kind)
    return answer


def _verify(content: bytes, sha256: str | None) -> None:
    if sha256 is not None and hashlib.sha256(content).hexdigest() != sha256:
        raise _UnavailableError("its sha256 is not the one on the page", "hash-mismatch")
