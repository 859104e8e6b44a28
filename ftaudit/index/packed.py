"""A project page in a form that is quick to read again: checked, grouped by version, unpacked on demand.

Reading a page of 2 MB takes 30 ms, and ten times as long in HTML; a run over hundreds of pins that finds all
of them in the cache would do little else. The packed form is kept beside the response
(`Cache.store_derived`) under the hash of the body that it was made from, so that it can never speak for
another page.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

from ftaudit.index.pages import Listing, build_file, parse_page
from ftaudit.index.versions import group
from ftaudit.model.evidence import FileList, Missing, ProjectStatus
from ftaudit.net.cache import Cache
from ftaudit.net.session import Answer

_FORM = "page 2"
"""Counted up whenever the form or what is checked changes."""


def read_page(answer: Answer, name: str, index: str, cache: Cache) -> Listing | Missing:
    """The page of the project *name* in *answer*, from its packed form where there is one."""
    kind = answer.content_type.strip().lower()
    key = f"{_FORM} {name} {kind} {hashlib.sha256(answer.body).hexdigest()}"
    kept = cache.load_derived(key)
    listing = _unpack(kept[0], answer.url, index) if kept is not None else None
    if listing is not None:
        return listing
    parsed = parse_page(answer.body, answer.content_type, answer.url, index)
    if isinstance(parsed, Missing):
        return parsed
    groups = group(name, parsed.files.names)
    packed = _pack(parsed, groups)
    if packed is not None:
        cache.store_derived(key, packed)
    return replace(parsed, files=parsed.files.grouped(groups), entries=())


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


def _unpack(content: bytes, url: str, index: str) -> Listing | None:
    """None where *content* is of another form."""
    import msgpack

    try:
        (status, reason, skipped), names, groups, entries = msgpack.unpackb(content)
        listed = ProjectStatus(status)
    except (ValueError, TypeError):
        return None
    files = FileList(names, lambda number: build_file(msgpack.unpackb(entries[number]), url, index), groups)
    return Listing(files=files, status=listed, status_reason=reason, skipped=skipped)
