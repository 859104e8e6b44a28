"""The components of a CycloneDX document: those with a package URL of the package index are pins.

What is another ecosystem's is counted, and so is what may be a Python package and does not say so. The
format promises no completeness, so a reading is never closed.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from packaging.utils import canonicalize_name
from packaging.version import Version

from ftaudit.errors import InputError
from ftaudit.model.project import (
    Choices,
    Edge,
    Pin,
    PinKey,
    Problem,
    Reading,
    Severity,
    Source,
    SourceKind,
)
from ftaudit.model.text import short
from ftaudit.sources.base import Document
from ftaudit.sources.reading.assemble import Assembly, checked_name
from ftaudit.sources.reading.purl import PackageUrl, PurlError, parse_purl
from ftaudit.sources.reading.table import Table
from ftaudit.sources.sbom.cyclonedx_values import (
    digests_of,
    distributions,
    own_file,
    source_of,
    tools,
    values,
    with_nested,
)

T = TypeVar("T")

_CONDA = "conda"
_LIBRARIES = frozenset({"library", "framework"})
_SCOPES = ("optional", "excluded")
"""The scopes that are shown as groups; a component without one is ``required``."""
_SHOWN = 5

# Properties: what uv's export writes (crates/uv-resolver/src/lock/export/cyclonedx_json.rs), and
# https://github.com/CycloneDX/cyclonedx-property-taxonomy/blob/main/cdx/python.md
_MARKER = "uv:package:marker"
_MEMBER = "uv:workspace:path"
_EXTRA = "cdx:python:package:required-extra"


def read_components(
    document: Document,
    format_name: str,
    top: Table,
    lines: Mapping[str, deque[int]],
    problems: tuple[Problem, ...],
) -> Reading:
    """The reading of the document whose object is *top*, with the *problems* that are known already.

    *lines* are those of every package URL, in file order, where the objects do not know theirs. Raises
    `InputError` for values of the wrong type. What a package URL says wrongly is ``invalid-package-url``.
    """
    reading = _Reader(Assembly(document, format_name), top, lines).reading()
    return replace(reading, problems=(*problems, *reading.problems))


class _Reader:
    def __init__(self, assembly: Assembly, top: Table, lines: Mapping[str, deque[int]]) -> None:
        self.assembly = assembly
        self.lines = lines
        self.components = top.tables("components")
        metadata = top.table("metadata")
        self.subject = metadata.table("component")
        # All that uv exports are Python packages, whatever their package URLs say, if they have one.
        self.made_by_uv = "uv" in tools(metadata)
        self.graph: dict[str, list[str]] = defaultdict(list)
        for entry in top.tables("dependencies"):
            self.graph[entry.text("ref")] += entry.texts("dependsOn")
        self.places: dict[PinKey, list[Pin]] = defaultdict(list)
        self.pins_of_name: Counter[str] = Counter()
        self.by_ref: dict[str, PinKey] = {}
        self.others: Counter[str] = Counter()
        self.unnamed: list[str] = []

    def reading(self) -> Reading:
        own = self.subject.maybe_text("bom-ref")
        self.keep(self.subject, self.project())
        for component in with_nested((*self.components, *self.subject.tables("components"))):
            if not self.is_subject(component):
                self.keep(component, self.pin(component))
        direct = self.asked_for(own) if own is not None else {}
        self.put_together(direct)
        self.tell_of_the_rest()
        roots = tuple(map(self.edge, direct)) or None
        return replace(self.assembly.reading(roots=roots), closed=False, choices=_choices(self.assembly.pins))

    def is_subject(self, component: Table) -> bool:
        """Some tools list the subject once more."""
        return "bom-ref" in component and all(
            component.maybe_text(key) == self.subject.maybe_text(key) for key in ("bom-ref", "purl")
        )

    def keep(self, component: Table, pin: Pin | None) -> None:
        if pin is None:
            return
        self.pins_of_name[pin.name] += pin.key not in self.places
        self.places[pin.key].append(pin)
        reference = component.maybe_text("bom-ref")
        if reference is not None:
            self.by_ref.setdefault(reference, pin.key)

    # -- one component --

    def project(self) -> Pin | None:
        """What the document is about, where that is a Python package: the project itself."""
        text = self.subject.maybe_text("purl")
        line = self.line(self.subject, text)
        purl = self.purl(self.subject, text, line) if text is not None else None
        name = self.name(self.subject, purl, line) if purl and purl.type == "pypi" else None
        if purl is None or name is None:
            return None
        version = purl.version or self.subject.maybe_text("version")
        return Pin(
            name=name,
            version=self.assembly.version(self.subject, name, version, line) if version else "",
            source=Source(kind=SourceKind.WORKSPACE),
            origins=(self.assembly.origin(line),),
        )

    def pin(self, component: Table) -> Pin | None:
        """The pin of a component, or None for what is none, counted or with a problem."""
        text = component.maybe_text("purl")
        line = self.line(component, text)
        if text is None:
            return self.without_purl(component, line)
        purl = self.purl(component, text, line)
        if purl is None:
            return None
        if purl.type != "pypi" and not (self.made_by_uv and purl.type == "generic"):
            self.others[purl.type] += 1
            return None
        name = self.name(component, purl, line)
        if name is None:
            return None
        digests = digests_of(component)
        qualifiers = Table(component.path, component.at("purl"), dict(purl.qualifiers))
        try:
            source, files = source_of(qualifiers), tuple(own_file(qualifiers, digests))
        except InputError as error:
            self.refuse(f"{error.place}: {error.reason}", line)
            return None
        version, certain = self.version(component, name, purl, line)
        source = source if certain else Source(kind=SourceKind.UNKNOWN)
        return self.completed(component, Pin(name=name, version=version, source=source, files=files), line)

    def without_purl(self, component: Table, line: int | None) -> Pin | None:
        """A package in a folder, in what uv exports; from another tool it may be anything."""
        if not self.made_by_uv:
            if component.maybe_text("type") in (None, *_LIBRARIES):
                self.unnamed.append(component.maybe_text("name") or "")
            return None
        name = checked_name(component, component.text("name"))
        version = component.maybe_text("version")
        member = next(values(component, _MEMBER), None)
        source = Source(kind=SourceKind.PATH)
        if member is not None:
            source = Source(kind=SourceKind.WORKSPACE, location=short(member))
        text = self.assembly.version(component, name, version, line) if version else ""
        return self.completed(component, Pin(name=name, version=text, source=source), line)

    def completed(self, component: Table, pin: Pin, line: int | None) -> Pin:
        """*pin* with what its component says beside its package URL."""
        marker = next(values(component, _MARKER), None)
        scope = component.maybe_text("scope")
        origin = self.assembly.origin(
            line,
            marker=self.assembly.marker(component, marker, _MARKER, line),
            groups=(scope,) if scope in _SCOPES else (),
        )
        extras = {short(canonicalize_name(extra)) for extra in values(component, _EXTRA)}
        files, hashes = distributions(component)
        return replace(
            pin,
            origins=(origin,),
            extras=tuple(sorted(extras)),
            files=(*pin.files, *files),
            hashes=frozenset(hashes),
        )

    def refuse(self, message: str, line: int | None) -> None:
        self.assembly.problem("invalid-package-url", message, line)

    def purl(self, component: Table, text: str, line: int | None) -> PackageUrl | None:
        """The package URL *text*, or None with a problem."""
        try:
            return parse_purl(text)
        except PurlError as error:
            self.refuse(f"{component.at('purl')}: {error}", line)
            return None

    def name(self, component: Table, purl: PackageUrl, line: int | None) -> str | None:
        """The normalised name, or None with a problem."""
        try:
            if purl.namespace:
                raise component.error("a Python package has no namespace", "purl")
            return checked_name(component, purl.name, "purl")
        except InputError as error:
            self.refuse(f"{error.place}: {error.reason}", line)
            return None

    def version(self, component: Table, name: str, purl: PackageUrl, line: int | None) -> tuple[str, bool]:
        """The version, and whether it is certain; if not, there is a problem."""
        stated = component.maybe_text("version") or ""
        text = purl.version or stated
        place = component.at("purl")
        if not text:
            self.assembly.problem("component-without-version", f"{place}: {name} has no version", line)
            return "", False
        agreed = not stated or _same(stated, text)
        if not agreed:
            self.refuse(
                f"{place}: {name} {short(text)}, and the component's version is {short(stated)}", line
            )
        return self.assembly.version(component, name, text, line), agreed

    def line(self, component: Table, purl: str | None) -> int | None:
        known = self.lines.get(purl or "")
        if not known:
            return component.line
        return known.popleft() if len(known) > 1 else known[0]

    # -- all of them --

    def asked_for(self, own: str) -> dict[PinKey, None]:
        """The pins that the subject needs, itself or by way of what is no pin or a member of the project."""
        found: dict[PinKey, None] = {}
        seen: set[str] = set()
        waiting = [own]
        while waiting:
            reference = waiting.pop()
            if reference in seen:
                continue
            seen.add(reference)
            key = self.by_ref.get(reference)
            if key is not None and key.kind is not SourceKind.WORKSPACE:
                found[key] = None
            else:
                waiting += reversed(self.graph.get(reference, ()))
        return found

    def put_together(self, direct: Mapping[PinKey, None]) -> None:
        """Adds every pin once, with all its places and the edges that the document has for it."""
        needed: dict[PinKey, list[str]] = {}
        for reference, key in self.by_ref.items():
            if reference in self.graph:
                needed.setdefault(key, []).extend(self.graph[reference])
        for key, pins in self.places.items():
            ends = dict.fromkeys(self.by_ref[end] for end in needed.get(key, ()) if end in self.by_ref)
            ends.pop(key, None)
            origins = _distinct(origin for pin in pins for origin in pin.origins)
            mark = key in direct if direct else None
            self.assembly.add(
                replace(
                    pins[0],
                    origins=tuple(replace(origin, direct=mark) for origin in origins),
                    files=_distinct(file for pin in pins for file in pin.files),
                    hashes=frozenset(digest for pin in pins for digest in pin.hashes),
                    extras=_distinct(extra for pin in pins for extra in pin.extras),
                    dependencies=tuple(map(self.edge, ends)) if key in needed else None,
                )
            )

    def edge(self, key: PinKey) -> Edge:
        return Edge(name=key.name, version=key.version if self.pins_of_name[key.name] > 1 else None)

    def tell_of_the_rest(self) -> None:
        if self.others:
            common = ", ".join(f"{short(kind)} {count}" for kind, count in self.others.most_common(_SHOWN))
            message = f"{_count(self.others.total(), 'component')} of other ecosystems, not judged: {common}"
            message += _more(len(self.others))
            # What conda installs are Python packages mostly, and a picture without them is not whole.
            severity = Severity.INCOMPLETE if _CONDA in self.others else Severity.NOTE
            self.assembly.problem("other-ecosystems", message, severity=severity)
        if self.unnamed:
            names = ", ".join(map(short, self.unnamed[:_SHOWN])) + _more(len(self.unnamed))
            message = f"{_count(len(self.unnamed), 'component')} without a package URL, not judged: {names}"
            self.assembly.problem("component-without-package-url", message)


def _choices(pins: Iterable[Pin]) -> Choices | None:
    """The scopes as groups, where there are any: what is excluded is not needed at runtime."""
    used = {group for pin in pins for origin in pin.origins for group in origin.groups}
    groups = tuple(scope for scope in _SCOPES if scope in used)
    if not groups:
        return None
    return Choices(
        groups=groups, default_groups=groups, dev_groups=tuple({"excluded"} & used), main="required"
    )


def _same(one: str, other: str) -> bool:
    try:
        return one == other or Version(one) == Version(other)
    except ValueError:  # InvalidVersion, or a number of too many digits
        return False


def _count(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _more(count: int) -> str:
    return f" and {count - _SHOWN} more" if count > _SHOWN else ""


def _distinct(items: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(items))
