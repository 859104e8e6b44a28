"""Requirements lines and the files that they include: read within the tree and the limits, for every format
that has such lines.

Nothing is expanded from the environment. https://pip.pypa.io/en/stable/reference/requirements-file-format/
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import replace

from packaging.utils import canonicalize_name

from ftaudit.errors import InputError, RefusedError
from ftaudit.model.project import DeclaredIndex, Source, SourceKind
from ftaudit.model.text import short
from ftaudit.sources import limits
from ftaudit.sources.base import Document
from ftaudit.sources.reading.assemble import sha256_of
from ftaudit.sources.reading.decode import parse_toml, text_of
from ftaudit.sources.requirements.requirements_entry import UNNAMED, Entry, EntryError, parse
from ftaudit.sources.requirements.requirements_lines import Line, Split, decode, lines, split
from ftaudit.sources.requirements.requirements_pins import REQUIRER, File, Found, State

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]+:", re.IGNORECASE)


class Includes:
    """Reads *document*, or lines that stand in it, and everything that they include, into ``state``.

    ``own`` is the document itself. Raises `InputError` for a line that is no requirement; a refused include
    is the problem ``refused-include``.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self.tree = document.tree
        self.state = State()
        self.own = File(document.place, document.path, (document.place,))

    def read(self, file: File, content: bytes) -> None:
        """Takes the whole of *file*."""
        state = self.state
        state.seen.add(self._identity(file.place, file.constraint))
        state.total += len(content)
        for line in lines(decode(content, file.shown), file.shown):
            self.take(file, line)

    def take(self, file: File, line: Line) -> None:
        """Takes one logical line of *file*."""
        try:
            parts = split(line.text)
        except ValueError as error:
            raise self._error(file, line, "a quotation that does not end") from error
        if line.via:
            self.state.annotated.add(file.place)
        for name in parts.unknown:
            message = f"{short(name)} is not known and was passed over"
            self.state.problem(self.document, "unknown-option", message, file, line)
        if parts.requirement:
            digests = (sha256_of(value) for name, value in parts.options if name == "--hash")
            hashes = frozenset(digest for digest in digests if digest is not None)
            self._requirement(file, line, parts.requirement, hashes=hashes)
        else:
            self._options(file, line, parts)

    def _requirement(
        self,
        file: File,
        line: Line,
        text: str,
        *,
        editable: bool = False,
        hashes: frozenset[str] = frozenset(),
    ) -> None:
        self.state.entries += 1
        if self.state.entries > limits.REQUIREMENTS:
            raise self._error(file, line, f"more than {limits.REQUIREMENTS} requirements")
        try:
            entry = parse(text)
        except EntryError as error:
            raise self._error(file, line, str(error)) from error
        if entry.source.kind is SourceKind.PATH:
            entry = self._local(file, entry, editable)
        if not entry.pep440:
            message = f"{entry.name}: {short(entry.version or '')} is not a version (PEP 440)"
            self.state.problem(self.document, "invalid-version", message, file, line)
        found = Found(entry, file, line, hashes)
        if file.constraint:
            self.state.constraints[entry.name].append(found)
        else:
            self.state.found.append(found)

    def _local(self, file: File, entry: Entry, editable: bool) -> Entry:
        """A path's name from the ``pyproject.toml`` in it; what is installed editable is the user's own."""
        location = re.sub(r"^file:(?://)?", "", entry.source.location).partition("#")[0]
        place = posixpath.normpath(posixpath.join(posixpath.dirname(file.place), location))
        name, kind = entry.name, SourceKind.PATH
        if self.tree.is_folder(place):
            kind = SourceKind.WORKSPACE if editable else kind
            guess = _last(self.tree.real_path(place)) if name == UNNAMED else name
            name = self._project_name(place) or guess
        return replace(entry, name=name, source=Source(kind=kind, location=entry.source.location))

    def _project_name(self, place: str) -> str | None:
        path = posixpath.join(place, "pyproject.toml")
        if not self.tree.is_file(path):
            return None
        try:
            table = parse_toml(path, text_of(path, self.tree.read(path)))
        except InputError:
            return None  # only a nicer name is lost; whoever audits that folder is told
        project = table.get("project")
        name = project.get("name") if isinstance(project, dict) else None
        return canonicalize_name(name) if isinstance(name, str) and REQUIRER.fullmatch(name) else None

    def _options(self, file: File, line: Line, parts: Split) -> None:
        for name, value in parts.options:
            if name in ("--requirement", "--constraint"):
                self._include(file, line, value, constraint=name == "--constraint")
            elif name == "--editable":
                text = value if parts.marker is None else f"{value} ; {parts.marker}"
                self._requirement(file, line, text, editable=True)
            elif name == "--index-url":
                url = DeclaredIndex(url=value, replaces_default=True, tool="pip")
                self.state.index_urls = [url]  # as for pip, a later one takes the place of all before it
            elif name == "--extra-index-url":
                self.state.index_urls.append(DeclaredIndex(url=value, tool="pip"))
            elif name == "--find-links":
                self.state.find_links.append(self._links(file, value))
            elif name == "--no-index":
                self.state.no_index = True

    def _links(self, file: File, value: str) -> str:
        place = posixpath.join(posixpath.dirname(file.place), value)
        if _SCHEME.match(value) or not self.tree.is_folder(place):
            return value
        return self.tree.real_path(place) or value

    # -- includes --

    def _include(self, file: File, line: Line, target: str, *, constraint: bool) -> None:
        place = posixpath.normpath(posixpath.join(posixpath.dirname(file.place), target))
        refusal = self._refusal(file, target, place)
        if not refusal:
            if self._identity(place, constraint) in self.state.seen:
                return
            shown = self._shown(place)
            try:
                content = self.tree.read(
                    place, asked_by=file.shown, line=line.number, limit=limits.REQUIREMENTS_FILE
                )
            except RefusedError as error:
                refusal = error.reason
            else:
                self.read(File(place, shown, (*file.chain, place), constraint), content)
                return
        self.state.problem(self.document, "refused-include", refusal, file, line)

    def _refusal(self, file: File, target: str, place: str) -> str:
        if not target:
            return "an include that names no file"
        if _SCHEME.match(target):
            return f"{short(target)} is a URL: it is not fetched"
        if place == file.place:
            return f"{short(self._shown(place))} includes itself"
        if place in file.chain:
            around = [*file.chain[file.chain.index(place) :], place]
            return "cyclic include: " + " -> ".join(short(self._shown(each)) for each in around)
        if len(file.chain) > limits.INCLUDE_DEPTH:
            return f"{short(target)}: includes nested more than {limits.INCLUDE_DEPTH} levels deep"
        if len(self.state.seen) >= limits.INCLUDED_FILES:
            return f"{short(target)}: more than {limits.INCLUDED_FILES} files"
        if self.state.total > limits.INCLUDED_BYTES:
            return f"{short(target)}: more than {limits.INCLUDED_BYTES // 1024**2} MB in all files together"
        return ""

    def _identity(self, place: str, constraint: bool) -> tuple[str, bool]:
        return self.tree.real_path(place) or place, constraint

    def _shown(self, place: str) -> str:
        """*place* as the user finds it: beside the input as it was named."""
        if place.startswith("/"):
            return place
        beside = posixpath.relpath(f"/{place}", f"/{posixpath.dirname(self.document.place)}")
        return posixpath.normpath(posixpath.join(posixpath.dirname(self.document.path), beside))

    def _error(self, file: File, line: Line, message: str) -> InputError:
        return InputError(file.shown, message, place=f"line {line.number}")


def _last(path: str | None) -> str:
    name = canonicalize_name(posixpath.basename((path or "").replace("\\", "/")))
    return name if REQUIRER.fullmatch(name) else UNNAMED
