"""The bytes of a file's core metadata: served beside it (PEP 658, 714), or a part of the wheel itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ftaudit.index.metadata import MAX_METADATA, parse_metadata
from ftaudit.index.remote_wheel import WEB, RemoteWheels, UnavailableError, had, verify
from ftaudit.index.versions import name_and_version
from ftaudit.model.evidence import CoreMetadata, IndexFile, Missing
from ftaudit.model.text import short
from ftaudit.net.session import GONE, Http
from ftaudit.wheels.archive import Archive
from ftaudit.wheels.metadata import read_metadata
from ftaudit.wheels.on_disk import OnDisk
from ftaudit.wheels.source import BadWheelError

MAX_WHOLE_WHEEL = 1024 * 1024
"""Bytes of a wheel that is fetched whole for its metadata, where the server does not serve parts."""


@dataclass(frozen=True, slots=True)
class _Bytes:
    content: bytes
    source: str
    as_of: datetime


def read(
    file: IndexFile, http: Http, wheels: RemoteWheels, now: Callable[[], datetime]
) -> CoreMetadata | Missing:
    """The core metadata of *file*, or Missing."""
    what = f"metadata of {short(file.name)}"
    named = name_and_version(file.name)
    if named is None:
        return Missing(what=what, why="its name is not that of a wheel or an sdist", kind="bad-metadata")
    try:
        found = _find(file, http, wheels, now)
    except UnavailableError as error:
        return Missing(what=what, why=error.why, kind=error.kind)
    except BadWheelError as error:
        return Missing(what=what, why=error.why, kind=error.kind)
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


def _find(file: IndexFile, http: Http, wheels: RemoteWheels, now: Callable[[], datetime]) -> _Bytes:
    wheel = file.name.endswith(".whl")
    if file.path is not None and wheel:
        with Archive(OnDisk(Path(file.path))) as archive:
            return _Bytes(read_metadata(file.name, archive), file.name, now())
    if not file.url.startswith(WEB):
        raise UnavailableError("its address is not one to ask", "metadata-not-offered")
    if file.core_metadata:
        return _beside(file, http)
    if wheel:
        return _within(file, http, wheels)
    raise UnavailableError("the index offers none for an sdist", "metadata-not-offered")


def _beside(file: IndexFile, http: Http) -> _Bytes:
    url = f"{file.url}.metadata"
    answer = had(http.get(url, limit=MAX_METADATA))
    if answer.status in GONE:
        raise UnavailableError("the index offers it, and does not serve it", "metadata-not-offered")
    verify(answer.body, file.core_metadata_sha256)
    return _Bytes(answer.body, url, answer.as_of)


def _within(file: IndexFile, http: Http, wheels: RemoteWheels) -> _Bytes:
    # The hash is only what the page claims: bound to the address, it cannot speak for another index's file.
    key = f"{file.url} {file.sha256}" if file.sha256 else None
    kept = http.cache.load_derived(key) if key else None
    if kept is not None:
        return _Bytes(kept[0], file.url, kept[1])
    pieces, as_of = wheels.open(file, whole_limit=MAX_WHOLE_WHEEL)
    with Archive(pieces) as archive:
        wheels.keep(file, pieces, as_of)
        content = read_metadata(file.name, archive)
    if key:
        http.cache.store_derived(key, content)
    return _Bytes(content, file.url, as_of)
