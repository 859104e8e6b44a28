"""Wheels that an index lists, opened through HTTP ranges; the tail of one is there for the next question."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ftaudit.model.evidence import IndexFile, Missing
from ftaudit.net.session import GONE, Answer, Http
from ftaudit.wheels.pieces import TAIL, Pieces

MAX_KEPT = 128
"""Wheels whose tails are kept during a run."""
MAX_KEPT_BYTES = 128 * 1024
"""Of one wheel."""
WEB = ("https://", "http://")


class UnavailableError(Exception):
    """What was asked for cannot be had: raised through whatever reads."""

    def __init__(self, why: str, kind: str) -> None:
        super().__init__(why)
        self.why, self.kind = why, kind


@dataclass(frozen=True, slots=True)
class _Tail:
    size: int
    pieces: Sequence[tuple[int, bytes]]
    as_of: datetime


class RemoteWheels:
    """Opens wheels at their addresses. Thread-safe.

    A wheel is mostly asked for its metadata and then for its modules: its tail, which has the directory, is
    kept in between, for the last `MAX_KEPT` wheels.
    """

    def __init__(self, http: Http) -> None:
        self._http = http
        # without a lock: each step is one operation of a built-in type
        self._tails: dict[tuple[str, str | None], _Tail] = {}
        self._order: deque[tuple[str, str | None]] = deque()

    def open(self, file: IndexFile, *, whole_limit: int) -> tuple[Pieces, datetime]:
        """The bytes of *file*, fetched as they are read, and when it was asked for.

        A server that serves no ranges gives the whole, at most *whole_limit* bytes, which is then held, and
        its digest is the one of the page. Raises `UnavailableError`, here and where bytes are read.
        """
        key = (file.url, file.sha256)
        kept = self._tails.get(key)
        if kept is None:
            answer = had(self._http.part(file.url, -TAIL, None, whole_limit=whole_limit))
            if answer.status in GONE:
                raise UnavailableError(
                    "the index lists the wheel, and does not serve it", "index-unreachable"
                )
            if answer.total is None:
                verify(answer.body, file.sha256)
                return _opened(_Tail(len(answer.body), [(0, answer.body)], answer.as_of), file, self._http)
            kept = _Tail(answer.total, [(answer.total - len(answer.body), answer.body)], answer.as_of)
        if file.size is not None and kept.size != file.size:
            raise UnavailableError("the size of its wheel is not the one on the page", "hash-mismatch")
        return _opened(kept, file, self._http)

    def keep(self, file: IndexFile, pieces: Pieces, as_of: datetime) -> None:
        """Keeps what *pieces* hold of *file* for when it is opened again."""
        if sum(len(content) for _, content in pieces.held) > MAX_KEPT_BYTES:
            return
        key = (file.url, file.sha256)
        self._tails[key] = _Tail(pieces.size, pieces.held, as_of)
        self._order.append(key)
        if len(self._order) > MAX_KEPT:
            self._tails.pop(self._order.popleft(), None)


def _opened(tail: _Tail, file: IndexFile, http: Http) -> tuple[Pieces, datetime]:
    def fetch(start: int, end: int) -> bytes:
        answer = had(http.part(file.url, start, end, whole_limit=end - start))
        if answer.total is not None and answer.total != tail.size:
            raise UnavailableError("its wheel changed while it was read", "index-unreachable")
        return answer.body

    return Pieces(tail.size, fetch, tail.pieces), tail.as_of


def had(answer: Answer | Missing) -> Answer:
    """*answer*; raises `UnavailableError` where there is none."""
    if isinstance(answer, Missing):
        raise UnavailableError(answer.why, answer.kind)
    return answer


def verify(content: bytes, sha256: str | None) -> None:
    """Raises `UnavailableError` where *content* is not what the page says."""
    if sha256 is not None and hashlib.sha256(content).hexdigest() != sha256:
        raise UnavailableError("its sha256 is not the one on the page", "hash-mismatch")
