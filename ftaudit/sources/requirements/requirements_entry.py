"""One requirement as a line of a requirements file has it: what it names, and whether it fixes a version."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import (
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import Version

from ftaudit.model.markers import MarkerError
from ftaudit.model.markers import parse as parse_marker
from ftaudit.model.project import INDEX, Source, SourceKind
from ftaudit.model.text import mask, printable, short
from ftaudit.model.wheel_name import SDIST_SUFFIXES
from ftaudit.sources import limits

UNNAMED = "unnamed"
"""The name of a path that gives none."""

_URL = re.compile(r"(?:(?:git|hg|svn|bzr)\+)?[a-z][a-z0-9+.-]*://|file:", re.IGNORECASE)
_NAMED_URL = re.compile(r"[A-Za-z0-9][\w.-]*+\s*+(?:\[[^\]]*+\]\s*+)?+@")
_LOOSE = re.compile(r"([A-Za-z0-9][\w.-]*+\s*+(?:\[[^\]]*+\])?+)\s*+==\s*+([^\s=,;*<>!~]++)$")
_EXTRAS = re.compile(r"([^\[]+)\[([^\]]*)\]$")
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
_VARIABLE = re.compile(r"\$\{[A-Z0-9_]+\}")
_ARCHIVES = (".whl", *SDIST_SUFFIXES)


class EntryError(ValueError):
    """Not a requirement; the message says why and repeats nothing of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """``version`` is None where the requirement fixes none, empty where a source of its own leaves it open.

    ``pep440`` is False for a version that no index can be asked for (``pytz==2004d``). ``name`` is empty
    where only an environment variable would tell it.
    """

    name: str
    version: str | None = None
    specifier: str = ""
    source: Source = INDEX
    extras: tuple[str, ...] = ()
    marker: str | None = None
    pep440: bool = True


def parse(text: str) -> Entry:
    """The requirement in *text*: PEP 508, or as pip allows beside it a URL or a path. Raises `EntryError`."""
    of_url = bool(_URL.match(text) or _NAMED_URL.match(text))
    at = _marker_at(text, of_url)
    head, marker = (text, None) if at < 0 else (text[:at].strip(), text[at + 1 :].strip())
    if len(head) > limits.REQUIREMENT:
        raise EntryError(f"a requirement longer than {limits.REQUIREMENT} characters")
    if marker is not None:
        marker = marker.replace("\t", " ")
        if not marker.isprintable():
            raise EntryError("invalid marker: a control character")
        try:
            parse_marker(marker)
        except MarkerError as error:
            raise EntryError(str(error)) from error
    if _URL.match(head):
        return _from_url(head, marker)
    if not of_url and (head.startswith(".") or "/" in head or "\\" in head or head.endswith(_ARCHIVES)):
        return _from_path(head, marker)
    return _named(head, marker)


def _marker_at(text: str, of_url: bool) -> int:
    """Where the ``;`` of the marker is, or -1; in a URL it is one with white space beside it."""
    at = text.find(";")
    while of_url and at >= 0 and not (text[at - 1 : at].isspace() or text[at + 1 : at + 2].isspace()):
        at = text.find(";", at + 1)
    return at


def _named(head: str, marker: str | None) -> Entry:
    if "${" in head and "@" not in head and _VARIABLE.search(head):
        return Entry(name="", marker=marker)
    # A version from before PEP 440 is legal behind `===` only: newer tools refuse it, older ones wrote it.
    loose = _LOOSE.match(head)
    pep440 = loose is None or _is_version(loose[2])
    try:
        requirement = Requirement(head if pep440 or loose is None else f"{loose[1]}==={loose[2]}")
    except InvalidRequirement as error:
        raise EntryError("not a valid requirement") from error
    name = canonicalize_name(requirement.name)
    if len(name) > limits.NAME:
        raise EntryError(f"a name longer than {limits.NAME} characters")
    extras = tuple(sorted(canonicalize_name(extra) for extra in requirement.extras))
    if requirement.url is not None:
        version = _of_file(requirement.url)[1]
        return Entry(
            name=name, version=version, source=_source(requirement.url), extras=extras, marker=marker
        )
    fixed = {
        short(s.version)
        for s in requirement.specifier
        if s.operator in ("==", "===") and s.version[-2:] != ".*"
    }
    if len(fixed) > 1:
        raise EntryError("two versions for one requirement")
    return Entry(
        name=name,
        version=fixed.pop() if fixed else None,
        specifier=printable(str(requirement.specifier)),
        extras=extras,
        marker=marker,
        pep440=pep440,
    )


def _is_version(text: str) -> bool:
    try:
        Version(text)
    except ValueError:  # InvalidVersion, or a number of too many digits
        return False
    return True


def _from_url(text: str, marker: str | None) -> Entry:
    url, extras = _with_extras(text)
    name, version = _of_file(url)
    egg = dict(pair.partition("=")[::2] for pair in url.partition("#")[2].split("&")).get("egg", "")
    if egg:
        egg, more = _with_extras(egg)
        name, extras = canonicalize_name(egg), extras or more
    return Entry(name=_name(name), version=version, source=_source(url), extras=extras, marker=marker)


def _from_path(text: str, marker: str | None) -> Entry:
    path, extras = _with_extras(text)
    name, version = _of_file(path)
    source = Source(kind=SourceKind.PATH, location=printable(mask(path)))
    return Entry(name=_name(name), version=version, source=source, extras=extras, marker=marker)


def _with_extras(text: str) -> tuple[str, tuple[str, ...]]:
    if not (found := _EXTRAS.match(text)):
        return text, ()
    names = [canonicalize_name(extra.strip()) for extra in found[2].split(",") if extra.strip()]
    if not all(_NAME.fullmatch(name) for name in names):
        raise EntryError("not a valid extra")
    return found[1], tuple(sorted(names))


def _source(url: str) -> Source:
    scheme = url.partition(":")[0].lower() if ":" in url else ""
    kind = {"file": SourceKind.PATH, "": SourceKind.PATH}.get(scheme, SourceKind.URL)
    return Source(kind=SourceKind.GIT if scheme.startswith("git+") else kind, location=printable(mask(url)))


def _of_file(location: str) -> tuple[str, str]:
    """Name and version that a wheel's or an sdist's file name gives; else the last word, and no version."""
    try:
        path = unquote(urlsplit(location).path)
    except ValueError as error:
        raise EntryError("not a valid URL") from error
    last = posixpath.basename(path.replace("\\", "/").rstrip("/"))
    version: Version
    try:
        if last.endswith(".whl"):
            name, version, _, _ = parse_wheel_filename(last)
            return name, str(version)
        name, version = parse_sdist_filename(last)
    except ValueError:  # what packaging raises of its own, or for a number of too many digits
        return canonicalize_name(last.partition("@")[0].removesuffix(".git")), ""
    return name, str(version)


def _name(text: str) -> str:
    """*text* where it may be a normalised name; ``.`` and the like have none."""
    return text if len(text) <= limits.NAME and _NAME.fullmatch(text) else UNNAMED
