"""The results of reading files, in one SQLite file of the cache folder: ``results.sqlite3``.

Several processes and threads may use it at once (WAL; each thread has a connection to itself while it asks).
Rows carry the version of the analyser that made them: those of another are not used, and go when a result is
added. A row is believed only with its own checksum. The store never fails a run: what cannot be read counts
as absent, and where the file is damaged or of an older form it is made anew, with a notice.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar
from urllib.parse import quote

from ftaudit.concurrency import Once
from ftaudit.store.codec import decode, encode

T = TypeVar("T")

FILE = "results.sqlite3"
SCHEMA = 1
"""``PRAGMA user_version``; counted up with the table below."""
BUSY_SECONDS = 2.0
"""How long a run waits for another program that has the file locked, before it does without the store."""

_TABLE = """
CREATE TABLE IF NOT EXISTS results (
  key TEXT PRIMARY KEY,
  analyser TEXT NOT NULL,
  value BLOB NOT NULL,
  checksum BLOB NOT NULL,
  kept REAL NOT NULL
)"""
_BESIDE = ("-wal", "-shm", "")
_DAMAGED = frozenset(
    {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_MISMATCH}
)
_LOCKED = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})


class _OtherFormError(Exception):
    """The file is of another form; ``newer`` where a later version of ftaudit made it."""

    def __init__(self, newer: bool) -> None:
        super().__init__(newer)
        self.newer = newer


class Results(Generic[T]):
    """Values of type *kind* by key, made by the *analyser* of that version. Thread-safe. `close` it.

    Nothing is opened before the first question, and nothing written where it is not *writable*. *notice* is
    told, once, what a user should know.
    """

    def __init__(
        self,
        folder: Path,
        kind: type[T],
        *,
        analyser: str,
        writable: bool,
        notice: Callable[[str], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._path, self._kind, self._analyser = folder / FILE, kind, analyser
        self._writable, self._notice, self._clock = writable, notice, clock
        self._idle: deque[tuple[int, sqlite3.Connection]] = deque()
        self._file = 0  # counts the files that this run has used: a damaged one is replaced once
        self._replaced: Once[int, None] = Once()
        self._given_up = False
        self._swept = False

    def load(self, key: str) -> T | None:
        """The value kept for *key*."""
        rows = self._ask(
            "SELECT value, checksum FROM results WHERE key = ? AND analyser = ?", (key, self._analyser)
        )
        for value, checksum in rows or ():
            if isinstance(value, bytes) and checksum == self._checksum(key, value):
                return decode(value, self._kind)
        return None

    def save(self, key: str, value: T) -> None:
        """Keeps *value*, where that can be done."""
        if not self._writable:
            return
        if not self._swept:
            self._swept = True
            self._ask("DELETE FROM results WHERE analyser <> ?", (self._analyser,))
        try:
            content = encode(value)
        except (ValueError, OverflowError):  # a number of a hostile file that msgpack has no form for
            return
        row = (key, self._analyser, content, self._checksum(key, content), self._clock())
        self._ask("INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?, ?)", row)

    def close(self) -> None:
        """Ends all connections that are not in use."""
        while self._idle:
            self._idle.pop()[1].close()

    def _checksum(self, key: str, value: bytes) -> bytes:
        return hashlib.blake2b(value, digest_size=16, key=hashlib.sha256(key.encode()).digest()).digest()

    def _ask(self, statement: str, values: tuple[object, ...]) -> list[tuple[object, ...]] | None:
        """The rows, or None where the store cannot answer; a damaged one is made anew and asked again."""
        for _ in range(2):
            if self._given_up:
                return None
            file = self._file
            try:
                with self._connection(file) as connection:
                    return connection.execute(statement, values).fetchall()
            except _OtherFormError as error:
                self._other_form(file, newer=error.newer)
            except sqlite3.Error as error:
                self._failed(file, _code(error))
        return None

    @contextmanager
    def _connection(self, file: int) -> Iterator[sqlite3.Connection]:
        """A connection that nobody else uses; it is kept for the next question unless this one fails."""
        connection = self._kept_open(file) or _open(self._path, writable=self._writable)
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        self._idle.append((file, connection))

    def _kept_open(self, file: int) -> sqlite3.Connection | None:
        with suppress(IndexError):
            while True:
                opened, connection = self._idle.pop()
                if opened == file:
                    return connection
                connection.close()
        return None

    def _other_form(self, file: int, *, newer: bool) -> None:
        if newer:
            self._give_up("was made by a later version of ftaudit, and is not used")
        else:
            self._replaced.get(file, lambda: self._replace("is of an older form"))

    def _failed(self, file: int, code: int) -> None:
        if code in _LOCKED:
            self._give_up("is locked by another program, and is not used in this run")
        elif code in _DAMAGED:
            self._replaced.get(file, lambda: self._replace("is damaged"))
        else:
            # A disk that is full or may not be written: the next run does the work again. Or the file went
            # from under this thread because another one is making it anew: that is waited for.
            self._replaced.get(file, self._leave)

    def _replace(self, what: str) -> None:
        if not self._writable:
            self._give_up(f"{what}, and is not used")
            return
        if not _sound(self._path):  # else another program was quicker
            _remove(self._path)
            self._notice(f"{self._path} {what}: it is made anew, and wheels are read again")
        self._file += 1

    def _leave(self) -> None:
        self._given_up = True

    def _give_up(self, why: str) -> None:
        if not self._given_up:
            self._given_up = True
            self._notice(f"{self._path} {why}")


def _open(path: Path, *, writable: bool) -> sqlite3.Connection:
    """A connection to the store, which is made where there is none. Raises `_OtherFormError` or SQLite's."""
    if not writable:
        # with no log beside it nobody is writing, and SQLite must not want to make one
        alone = "" if path.with_name(f"{FILE}-wal").exists() else "&immutable=1"
        connection = _connect(f"file:{quote(str(path))}?mode=ro{alone}")
    else:
        with suppress(OSError):
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))  # only for the user's eyes
        connection = _connect(f"file:{quote(str(path))}?mode=rw")
    try:
        version = _version(connection)
        if version == 0 and writable:
            with suppress(sqlite3.OperationalError):  # another program is doing the same
                connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(_TABLE)
            connection.execute(f"PRAGMA user_version = {SCHEMA:d}")
            connection.execute("COMMIT")
        elif version != SCHEMA:
            raise _OtherFormError(version > SCHEMA)
        if writable:
            connection.execute("PRAGMA synchronous = NORMAL")  # in WAL that cannot damage it
    except BaseException:
        connection.close()
        raise
    return connection


def _connect(uri: str) -> sqlite3.Connection:
    return sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _code(error: sqlite3.Error) -> int:
    """SQLite's primary result code; errors of the module itself have none."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_MISUSE) & 0xFF


def _sound(path: Path) -> bool:
    """Whether the store is of our form and not damaged, or just being made."""
    try:
        with closing(_connect(f"file:{quote(str(path))}?mode=ro")) as connection:
            if (version := _version(connection)) != SCHEMA:
                return version == 0
            connection.execute("SELECT key, analyser, value, checksum, kept FROM results LIMIT 1")
            return bool(connection.execute("PRAGMA quick_check(1)").fetchone() == ("ok",))
    except sqlite3.Error:
        return False


def _remove(path: Path) -> None:
    for end in _BESIDE:
        with suppress(OSError):
            path.with_name(path.name + end).unlink()


# -- ftaudit cache --


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What ``ftaudit cache`` shows of the store. ``size`` is in bytes."""

    entries: int
    size: int


def status(folder: Path) -> Kept:
    """How many results are kept in *folder*, and how large the store is; nothing is made."""
    path = folder / FILE
    entries = 0
    if path.is_file():
        with suppress(sqlite3.Error, _OtherFormError), closing(_open(path, writable=False)) as connection:
            entries = int(connection.execute("SELECT count(*) FROM results").fetchone()[0])
    return Kept(entries=entries, size=_size(path))


def prune(folder: Path, *, older_than_seconds: float, now: float) -> Kept:
    """Removes results that were kept longer ago than that. Tells what was removed."""
    path = folder / FILE
    before, entries = _size(path), 0
    if path.is_file():
        with suppress(sqlite3.Error, _OtherFormError), closing(_open(path, writable=True)) as connection:
            old = (now - older_than_seconds,)
            entries = connection.execute("DELETE FROM results WHERE kept < ?", old).rowcount
            if entries:
                connection.execute("VACUUM")
    return Kept(entries=entries, size=max(0, before - _size(path)))


def clear(folder: Path) -> Kept:
    """Removes the store. Tells what was removed."""
    before = status(folder)
    _remove(folder / FILE)
    return Kept(entries=before.entries, size=before.size - _size(folder / FILE))


def _size(path: Path) -> int:
    total = 0
    for end in _BESIDE:
        with suppress(OSError):
            total += path.with_name(path.name + end).stat().st_size
    return total
