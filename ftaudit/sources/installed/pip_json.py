"""What ``pip inspect`` and ``pip install --report`` share: the metadata of a package, the environment of pip.

https://pip.pypa.io/en/stable/reference/inspect-report/ and
https://pip.pypa.io/en/stable/reference/installation-report/
"""

from __future__ import annotations

import re

from ftaudit.model.project import Pin, Source, SourceKind
from ftaudit.model.text import mask, short
from ftaudit.sources import limits
from ftaudit.sources.base import Document
from ftaudit.sources.installed.dist_info import in_project
from ftaudit.sources.reading.assemble import Assembly, checked_location, checked_name
from ftaudit.sources.reading.decode import member_lines
from ftaudit.sources.reading.platforms import platform_name
from ftaudit.sources.reading.requires_dist import listed_edges
from ftaudit.sources.reading.table import Table, load_json

VERSION = "1"

_SYSTEMS = {"linux": "linux", "darwin": "macos", "win32": "windows"}
_FEATURE_VERSION = re.compile(r"3\.\d{1,3}")
_WHOLE_VERSION = re.compile(r"3\.\d{1,3}\.\d{1,3}[\w.+]{0,20}")
_FIELDS = {
    "Requires-Python": "requires_python",
    "Requires-Dist": "requires_dist",
    "Provides-Extra": "provides_extra",
    "Classifier": "classifier",
}
"""What is used of the core metadata, and its names in the JSON form (PEP 566)."""


def looks_like(document: Document, key: bytes) -> bool:
    """Whether the document is pip's JSON with the member *key*."""
    content = document.content
    start = content.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    return start == b"{" and b'"pip_version"' in content and bool(re.search(rb'"%b"\s*+:' % key, content))


def items(document: Document, name: str, key: str) -> tuple[Table, list[tuple[Table, int | None]]]:
    """The top object of *document* and the packages at *key*, each with its line.

    Raises `InputError` for what is no such document, or of another version than the format *name* has.
    """
    top, text = load_json(document.path, document.content, line_limit=limits.FILE)
    for needed in ("version", key):
        if needed not in top:
            raise top.error(f"{needed} is missing: this is no {name}")
    version = top.text("version")
    if version != VERSION:
        message = f"unsupported version {short(version)} of {name} (ftaudit reads {VERSION})"
        raise top.error(message, "version")
    found = top.tables(key)
    return top, list(zip(found, member_lines(text, "name", len(found)), strict=True))


def described(assembly: Assembly, item: Table, line: int | None) -> Pin:
    """The pin that the metadata of *item* describes, from an index as far as that says.

    What the metadata has of an interest to a verdict is put into the form of a METADATA again.
    """
    metadata = item.table("metadata")
    name = checked_name(metadata, metadata.text("name"))
    version = assembly.version(metadata, name, metadata.text("version"), line)
    return Pin(
        name=name,
        version=version,
        dependencies=listed_edges(assembly, metadata, "requires_dist", line),
        requires_python=_requires_python(metadata),
        metadata=_as_core_metadata(metadata, name, version),
    )


def direct_source(document: Document, table: Table) -> Source:
    """Where the direct URL *table* (PEP 610) says that a package is from.

    What is editable is the user's own only where it lies in the project. Nothing there is opened.
    """
    location = mask(checked_location(table, "url"))
    if "vcs_info" in table:
        vcs = table.table("vcs_info")
        system = vcs.text("vcs")
        kind = SourceKind.GIT if system == "git" else SourceKind.URL
        revision = f"{system}+{location}@{vcs.text('commit_id')}"
        return Source(kind=kind, location=short(revision, limits.LOCATION))
    editable = table.table("dir_info").maybe_flag("editable")
    if editable and in_project(document.tree, table.text("url")):
        return Source(kind=SourceKind.WORKSPACE, location=location)
    return Source(kind=SourceKind.PATH if location.startswith("file:") else SourceKind.URL, location=location)


def python_of(top: Table) -> str | None:
    """The feature version of the CPython that pip ran on, without the ``t`` that no marker has."""
    environment = top.table("environment")
    if environment.maybe_text("implementation_name") != "cpython":
        return None
    version = environment.maybe_text("python_version") or ""
    return version if _FEATURE_VERSION.fullmatch(version) else None


def whole_version_of(top: Table) -> str | None:
    """The whole version of that interpreter."""
    version = top.table("environment").maybe_text("python_full_version") or ""
    return version if _WHOLE_VERSION.fullmatch(version) else None


def pip_platform(top: Table) -> str | None:
    """The platform that pip ran on: our name where we have one. glibc stands for musl, which markers hide."""
    environment = top.table("environment")
    system = environment.maybe_text("sys_platform")
    machine = environment.maybe_text("platform_machine")
    if not system or not machine:
        return None
    return platform_name(f"{_SYSTEMS.get(system, system)}_{machine.lower()}")


def _requires_python(metadata: Table) -> str | None:
    """As it stands: pip installed it whatever it says, and what does not parse is ignored by installers."""
    text = metadata.maybe_text("requires_python")
    if text and (len(text) > limits.SPECIFIER or not text.isprintable()):
        raise metadata.error("no version specifier", "requires_python")
    return text or None


def _as_core_metadata(metadata: Table, name: str, version: str) -> str:
    lines = [f"Name: {name}", f"Version: {version}"]
    for field, key in _FIELDS.items():
        value = metadata.maybe_text(key) if key == "requires_python" else metadata.texts(key)
        values = (value,) if isinstance(value, str) else value or ()
        # One line each: a line break in a value would begin another field.
        lines += [f"{field}: {' '.join(text.split())}" for text in values]
    return "\n".join(lines) + "\n"
