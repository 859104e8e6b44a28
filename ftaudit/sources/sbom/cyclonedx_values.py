"""What single values of a CycloneDX document say, in its JSON shape."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ftaudit.model.project import INDEX, ListedFile, Source, SourceKind
from ftaudit.model.wheel_name import SDIST_SUFFIXES
from ftaudit.sources.reading.assemble import checked_file_name, checked_location, file_name, sha256_of
from ftaudit.sources.reading.table import Table

_DISTRIBUTIONS = (".whl", *SDIST_SUFFIXES)


def tools(metadata: Table) -> set[str | None]:
    """The names of the tools that made the document: a list, or from 1.5 on an object with components."""
    if isinstance(metadata.values.get("tools"), list):
        found = metadata.tables("tools")
    else:
        found = metadata.table("tools").tables("components")
    return {tool.maybe_text("name") for tool in found}


def with_nested(components: Iterable[Table]) -> Iterator[Table]:
    """*components* and those within them, in file order."""
    waiting = [*components][::-1]
    while waiting:
        component = waiting.pop()
        yield component
        waiting += reversed(component.tables("components"))


def values(component: Table, name: str) -> Iterator[str]:
    """The values of the properties *name*."""
    for found in component.tables("properties"):
        if found.maybe_text("name") == name:
            yield found.maybe_text("value") or ""


def source_of(qualifiers: Table) -> Source:
    """Where the package URL says that the package comes from.

    https://github.com/package-url/purl-spec (known qualifiers)
    """
    if "vcs_url" in qualifiers:
        return Source(kind=SourceKind.GIT, location=checked_location(qualifiers, "vcs_url"))
    if "download_url" in qualifiers:
        location = checked_location(qualifiers, "download_url")
        if location.startswith("git+"):
            return Source(kind=SourceKind.GIT, location=location)
        kind = SourceKind.PATH if location.startswith("file:") else SourceKind.URL
        return Source(kind=kind, location=location)
    if "repository_url" in qualifiers:
        location = checked_location(qualifiers, "repository_url")
        return Source(kind=SourceKind.INDEX, location=location)
    return INDEX


def own_file(qualifiers: Table, digests: list[str]) -> Iterator[ListedFile]:
    """The file that the package URL names, with the component's hash if it has one only."""
    if "file_name" in qualifiers:
        name = checked_file_name(qualifiers, qualifiers.text("file_name"), "file_name")
        yield ListedFile(name=name, sha256=digests[0] if len(digests) == 1 else None)


def distributions(component: Table) -> tuple[list[ListedFile], set[str]]:
    """The files that the component lists, and the hashes that it has without a file's name.

    cyclonedx-py writes the hashes of a requirement to the address of its project's page.
    """
    files: list[ListedFile] = []
    hashes: set[str] = set()
    for reference in component.tables("externalReferences"):
        if reference.maybe_text("type") != "distribution":
            continue
        digests = digests_of(reference)
        if re.split(r"[?#]", reference.text("url"), maxsplit=1)[0].lower().endswith(_DISTRIBUTIONS):
            url = checked_location(reference, "url")
            name = file_name(reference, url, "url")
            files.append(ListedFile(name=name, url=url, sha256=digests[0] if len(digests) == 1 else None))
        else:
            hashes.update(digests)
    return files, hashes


def digests_of(owner: Table) -> list[str]:
    """The SHA-256 of a component or a reference."""
    found = (
        sha256_of(f"sha256:{entry.text('content')}")
        for entry in owner.tables("hashes")
        if entry.maybe_text("alg") == "SHA-256"
    )
    return [digest for digest in found if digest is not None]
