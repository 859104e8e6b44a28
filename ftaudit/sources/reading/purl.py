"""Package URLs: `pkg:type/namespace/name@version?qualifiers#subpath`.

Parsed as the specification says: https://github.com/package-url/purl-spec (How to parse). What it wants
percent-encoded and some tools leave as it is (a URL in a qualifier) is taken too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from ftaudit.model.text import short

_TYPE = re.compile(r"[a-z][a-z0-9.+-]*")
_KEY = re.compile(r"[a-z][a-z0-9._-]*")


class PurlError(ValueError):
    """A text is no package URL; the message is fit to be shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageUrl:
    """A package URL, percent-decoded: every part may hold any character.

    ``type`` and the keys of ``qualifiers`` are in lower case. A part that is not there is empty.
    """

    type: str
    name: str
    namespace: str = ""
    version: str = ""
    qualifiers: tuple[tuple[str, str], ...] = ()
    subpath: str = ""


def parse_purl(text: str) -> PackageUrl:
    """The package URL *text*; raises `PurlError`."""
    rest, _, subpath = text.strip().partition("#")
    rest, _, qualifiers = rest.partition("?")
    scheme, colon, rest = rest.partition(":")
    if not colon or scheme.lower() != "pkg":
        raise PurlError(f'"{short(text)}" is no package URL')
    kind, _, path = rest.strip("/").partition("/")
    namespace, _, last = path.strip("/").rpartition("/")
    name, at, version = last.rpartition("@")
    name, version = (name, version) if at else (last, "")
    if not _TYPE.fullmatch(kind.lower()) or not name:
        raise PurlError(f'"{short(text)}" is no package URL')
    return PackageUrl(
        type=kind.lower(),
        namespace=_segments(namespace),
        name=_decoded(name),
        version=_decoded(version),
        qualifiers=_qualifiers(qualifiers),
        subpath=_segments(subpath),
    )


def _qualifiers(text: str) -> tuple[tuple[str, str], ...]:
    found: dict[str, str] = {}
    for pair in filter(None, text.split("&")):
        key, _, value = pair.partition("=")
        key = key.lower()
        if not _KEY.fullmatch(key):
            raise PurlError(f'"{short(key)}" is no qualifier of a package URL')
        if key in found:
            raise PurlError(f"the qualifier {short(key)} stands twice in a package URL")
        found[key] = _decoded(value)
    return tuple((key, value) for key, value in found.items() if value)


def _segments(text: str) -> str:
    return "/".join(_decoded(segment) for segment in text.split("/") if segment)


def _decoded(text: str) -> str:
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise PurlError(f'"{short(text)}" in a package URL is not UTF-8') from None
