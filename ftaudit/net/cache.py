"""Responses kept across runs, in the format and the files of CacheControl.

CacheControl writes the entries (`ftaudit.net.storing`: its ``CacheController`` decides what may be stored and
merges what a 304 says). They are read here without it, since importing it imports requests, and a run that
finds everything in the cache has no need of either: an entry is ``cc=4,`` and a msgpack map, in a file named
for the hash of its URL, its body beside it. An entry of any other format counts as absent, and is written
anew.

Four headers of our own are kept with each response: when it was fetched, until when it is fresh, the URL that
answered, and the hash of the body, which is read only when it is asked for. Freshness is decided once, when a
response is stored; an entry that is no longer fresh stays, for ``--offline`` and revalidation. Two runs at
once do not harm each other: every file is written beside its place and then renamed, and a body that is not
the one of its entry is not believed.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from ftaudit.errors import UsageError

FETCHED = "x-ftaudit-fetched"
FRESH_UNTIL = "x-ftaudit-fresh-until"
FINAL_URL = "x-ftaudit-url"
DIGEST = "x-ftaudit-sha256"

HEURISTIC_SECONDS = 600.0
"""How long a response is fresh whose server says nothing about it (RFC 9111, 4.2.2 leaves that to us)."""
MAX_ENTRY = 64 * 1024 * 1024
_PREFIX = b"cc=4,"
_TAG = "CACHEDIR.TAG"
_TAG_TEXT = """\
Signature: 8a477f597d28d172789f06886806bc55
# This folder is the cache of ftaudit; `ftaudit cache clear` empties it.
# See https://bford.info/cachedir/ for what this file is.
"""
_FOLDERS = ("responses", "derived")
_TEMPORARY = "tmp"
_ABANDONED_SECONDS = 24 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A response of the cache. ``headers`` have names in lower case, ``digest`` is the body's SHA-256."""

    status: int
    headers: Mapping[str, str]
    digest: str
    path: Path
    fetched: float
    fresh_until: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheStatus:
    """What ``ftaudit cache`` shows. ``size`` is in bytes."""

    location: Path
    entries: int
    size: int


class Cache:
    """The cache folder: ``responses`` (CacheControl's) and ``derived`` (bytes made from ranges of files).

    Raises `UsageError` where *folder* holds something else. A cache that cannot be written is only read.
    """

    def __init__(self, folder: Path, *, clock: Callable[[], float] = time.time) -> None:
        self.folder, self.clock = folder, clock
        self.responses, self.derived = (folder / name for name in _FOLDERS)
        self.writable = _prepare(folder)

    def load(self, url: str) -> Stored | None:
        """The entry of *url*, fresh or not. A damaged one is removed."""
        path = self.response_path(cache_key(url))
        data = read_file(path)
        if data is None:
            return None
        stored = _parse(data, path)
        if stored is None:
            _remove(path)
        return stored

    def body(self, stored: Stored) -> bytes | None:
        """The body as it came; None, and the entry is removed, where it is not the one of the entry."""
        raw = read_file(body_path(stored.path))
        if raw is not None and hashlib.sha256(raw).hexdigest() == stored.digest:
            return raw
        _remove(stored.path)
        return None

    def response_path(self, key: str) -> Path:
        """The file of the entry with this key (`cache_key`)."""
        return _file(self.responses, key)

    def fresh(self, stored: Stored) -> bool:
        """An entry from the future (a clock that was wrong) is not fresh."""
        return stored.fetched - 60.0 <= self.clock() < stored.fresh_until

    def load_derived(self, key: str) -> tuple[bytes, datetime] | None:
        """The bytes kept for *key*, and when they were made."""
        path = _file(self.derived, key)
        data = read_file(path)
        if data is None:
            return None
        digest, content = data[:32], data[32:]
        if hashlib.sha256(content).digest() != digest:
            _remove(path)
            return None
        with suppress(OSError):
            return content, datetime.fromtimestamp(path.stat().st_mtime, UTC)
        return None

    def store_derived(self, key: str, content: bytes) -> None:
        """Keeps *content*; a disk that is full or read-only only costs the next run the work."""
        if self.writable:
            path = _file(self.derived, key)
            with suppress(OSError):
                write_file(path, hashlib.sha256(content).digest() + content)


def _parse(data: bytes, path: Path) -> Stored | None:
    """An entry as CacheControl's ``Serializer`` writes it, or None where it is not one of ours."""
    import msgpack  # type: ignore[import-untyped, unused-ignore]

    if not data.startswith(_PREFIX):
        return None
    try:
        response = msgpack.unpackb(memoryview(data)[len(_PREFIX) :], raw=False)["response"]
        headers = {str(name).lower(): str(value) for name, value in response["headers"].items()}
        return Stored(
            status=int(response["status"]),
            headers=headers,
            digest=headers[DIGEST],
            path=path,
            fetched=float(headers[FETCHED]),
            fresh_until=float(headers[FRESH_UNTIL]),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def cache_key(url: str) -> str:
    """*url* as CacheControl's ``CacheController.cache_url`` has it: no fragment, scheme and host lowered."""
    scheme, netloc, path, query, _ = urlsplit(url)
    return urlunsplit((scheme.lower(), netloc.lower(), path or "/", query, ""))


def body_path(path: Path) -> Path:
    """Where the body of the entry at *path* lies."""
    return path.with_name(path.name + ".body")


def freshness(headers: Mapping[str, str], now: float) -> float:
    """Until when a response with *headers* (names in lower case), got *now*, need not be asked for again."""
    control = headers.get("cache-control", "").lower()
    if re.search(r"\bno-(cache|store)\b", control):
        return now
    age = re.fullmatch(r"\s*(\d{1,9})\s*", headers.get("age", ""))
    gone = float(age[1]) if age else 0.0
    limit = re.search(r"\bmax-age\s*=\s*\"?(\d{1,9})", control)
    if limit:
        return now + float(limit[1]) - gone
    expires = http_date(headers.get("expires"))
    if expires is not None:
        made = http_date(headers.get("date"))
        return now + max(0.0, expires - (now if made is None else made))
    return now if "expires" in headers else now + HEURISTIC_SECONDS


def http_date(text: str | None) -> float | None:
    """The POSIX time of an HTTP date, or None where it is none."""
    from email.utils import parsedate_to_datetime

    try:
        return parsedate_to_datetime(text).timestamp() if text else None
    except (ValueError, OverflowError):
        return None


def decoded(raw: bytes, encoding: str, limit: int) -> bytes | None:
    """*raw* without its content encoding (gzip, deflate or none), or None where it is over *limit* bytes.

    Raises ValueError where the encoding is another one or the bytes are not of it.
    """
    if encoding in {"", "identity"}:
        return raw if len(raw) <= limit else None
    if encoding not in {"gzip", "x-gzip", "deflate"}:
        raise ValueError("unknown content encoding")
    engine = zlib.decompressobj(wbits=zlib.MAX_WBITS | (0 if encoding == "deflate" else 16))
    try:
        content = engine.decompress(raw, limit + 1)
    except zlib.error as error:
        raise ValueError("not of its content encoding") from error
    if len(content) > limit:
        return None
    if not engine.eof:
        raise ValueError("cut short")
    return content


def _prepare(folder: Path) -> bool:
    """Makes the cache folder, private to the user. Whether it can be written to."""
    tag = folder / _TAG
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if is_cache(folder):
            return os.access(folder, os.W_OK)
        if any(not entry.name.startswith(_TEMPORARY) for entry in folder.iterdir()) and not is_cache(folder):
            raise UsageError(
                f"{folder} is not empty and not a cache of ftaudit",
                advice="name an empty folder with --cache-dir",
            )
        folder.chmod(0o700)
        write_file(tag, _TAG_TEXT.encode())
    except OSError:
        return False
    return True


def is_cache(folder: Path) -> bool:
    """Whether *folder* carries our own marker."""
    try:
        return (folder / _TAG).read_text(errors="replace") == _TAG_TEXT
    except OSError:
        return False


def _file(folder: Path, key: str) -> Path:
    """Two levels do for as many entries as anybody keeps, and are quicker made than CacheControl's six."""
    name = hashlib.sha256(key.encode()).hexdigest()
    return folder / name[:2] / name


def write_file(path: Path, content: bytes) -> None:
    """Beside its place first, then renamed, so that no reader sees half of it; only for the user's eyes."""
    import tempfile

    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=_TEMPORARY)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).replace(path)
    except OSError:
        _remove(Path(name))
        raise


def read_file(path: Path) -> bytes | None:
    """The whole file; None where there is none, or more than an entry may have."""
    try:
        with path.open("rb") as file:
            # read(limit) would set aside as much as the limit each time
            size = os.fstat(file.fileno()).st_size
            return file.read(size) if size <= MAX_ENTRY else None
    except OSError:
        return None


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()


# -- ftaudit cache --


def default_location() -> Path:
    """The user's cache folder for ftaudit, by the platform's rules."""
    import platformdirs

    return Path(platformdirs.user_cache_dir("ftaudit", appauthor=False))


def status(folder: Path) -> CacheStatus:
    """Where the cache is and how large; nothing is made."""
    files = list(_files(folder)) if is_cache(folder) else []
    return CacheStatus(
        location=folder,
        entries=sum(not path.name.startswith(_TEMPORARY) for path, _ in files),
        size=sum(entry.st_size for _, entry in files),
    )


def prune(folder: Path, *, older_than_seconds: float, now: float) -> CacheStatus:
    """Removes entries that were stored or revalidated longer ago than that. Tells what was removed."""
    entries = size = 0
    for path, entry in _files(_own(folder)):
        abandoned = path.name.startswith(_TEMPORARY)
        if now - entry.st_mtime > (_ABANDONED_SECONDS if abandoned else older_than_seconds):
            _remove(path)
            entries, size = entries + (not abandoned), size + entry.st_size
    return CacheStatus(location=folder, entries=entries, size=size)


def clear(folder: Path) -> CacheStatus:
    """Removes everything that ftaudit keeps in *folder*, and nothing else. Tells what was removed."""
    import shutil

    removed = status(_own(folder))
    for name in _FOLDERS:
        if not (folder / name).is_symlink():
            shutil.rmtree(folder / name, ignore_errors=True)
    return removed


def _own(folder: Path) -> Path:
    if folder.exists() and not is_cache(folder):
        raise UsageError(f"{folder} is not a cache of ftaudit, nothing in it is removed")
    return folder


def _files(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """The files of our two folders; links are not followed."""
    for name in _FOLDERS:
        if (folder / name).is_symlink():
            continue
        for place, _, names in os.walk(folder / name):
            for file in names:
                path = Path(place, file)
                with suppress(OSError):
                    yield path, path.lstat()
