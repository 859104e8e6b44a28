"""A project page in a form that is quick to read again: checked, grouped by version, unpacked on demand.

Reading a page of 2 MB takes 30 ms, and ten times as long in HTML; a run over hundreds of pins that finds all
of them in the cache would do little else. The packed form is kept beside the response
(`Cache.store_derived`) under the hash of the body that it was made from, so that it can never speak for
another page.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ftaudit.index.pages import Listing, build_file, parse_page
from ftaudit.index.versions import group
from ftaudit.model.evidence import FileList, Missing, ProjectStatus
from ftaudit.net.cache import Cache
from ftaudit.net.session import Answer

_FORM = "page 4"
"""Counted up whenever the form or what is checked changes."""


class PageReader:
    """Reads the page of the project *name*, from its packed form where there is one."""

    def __init__(self, cache: Cache, name: str) -> None:
        self._cache, self._name = cache, name
        self._kept: _Packed | None = None

    def known(self, digest: str, content_type: str) -> bool:
        """Whether the page whose body has this SHA-256 is kept in its packed form."""
        kept = self._cache.load_derived(self._key(digest, content_type))
        self._kept = _unpack(kept[0]) if kept is not None else None
        return self._kept is not None

    def read(self, answer: Answer, index: str) -> Listing | Missing:
        """The page in *answer* of the index shown as *index*."""
        if self._kept is not None:
            return self._kept.listing(answer.url, index)
        parsed = parse_page(answer.body, answer.content_type, answer.url, index)
        if isinstance(parsed, Missing):
            return parsed
        groups = group(self._name, parsed.files.names)
        packed = _pack(parsed, groups)
        if packed is not None:
            self._cache.store_derived(self._key(answer.digest, answer.content_type), packed)
        return replace(parsed, files=parsed.files.grouped(groups), entries=())

    def _key(self, digest: str, content_type: str) -> str:
        return f"{_FORM} {self._name} {content_type.strip().lower()} {digest}"


def _pack(listing: Listing, groups: dict[str, list[int]]) -> bytes | None:
    """None where an entry holds what JSON can say and msgpack cannot (large numbers, half a surrogate)."""
    import msgpack  # type: ignore[import-untyped, unused-ignore]

    head = (listing.status.value, listing.status_reason, listing.skipped)
    try:
        entries = [msgpack.packb(entry) for entry in listing.entries]
        packed: bytes = msgpack.packb((head, list(listing.files.names), groups, entries))
    except (ValueError, OverflowError):
        return None
    return packed


@dataclass(frozen=True, slots=True)
class _Packed:
    """A page as it was kept: each entry is packed for itself, and unpacked when its file is looked at."""

    status: ProjectStatus
    reason: str
    skipped: int
    names: list[str]
    groups: dict[str, list[int]]
    entries: list[bytes]

    def listing(self, url: str, index: str) -> Listing:
        import msgpack

        files = FileList(
            self.names,
            lambda number: build_file(msgpack.unpackb(self.entries[number]), url, index),
            self.groups,
        )
        return Listing(files=files, status=self.status, status_reason=self.reason, skipped=self.skipped)


def _unpack(content: bytes) -> _Packed | None:
    """None where *content* is of another form."""
    import msgpack

    try:
        (status, reason, skipped), names, groups, entries = msgpack.unpackb(content)
        return _Packed(ProjectStatus(status), reason, skipped, names, groups, entries)
    except (ValueError, TypeError):
        return None
