"""Cheap questions that tell one format from another, before anything is parsed."""

from __future__ import annotations

from fnmatch import fnmatchcase

from ftaudit.sources.base import Document


def named(document: Document, patterns: tuple[str, ...]) -> bool:
    """Whether the document's name is one of the format's, in any case: some file systems tell none."""
    name = document.name.lower()
    return any(fnmatchcase(name, pattern.lower()) for pattern in patterns)


def has_line(content: bytes, start: bytes) -> bool:
    """Whether a line of *content* begins with *start*."""
    return content.removeprefix(b"\xef\xbb\xbf").startswith(start) or b"\n" + start in content


def head_of(content: bytes) -> bytes:
    """What a TOML file has before its first table."""
    return content.partition(b"\n[")[0]
