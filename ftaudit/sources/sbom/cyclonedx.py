"""CycloneDX, JSON and XML, 1.2 to 1.7: https://cyclonedx.org/specification/overview/

XML is read into the objects that the same document has in JSON, and the components of both by one reader.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict, deque

from ftaudit.errors import InputError
from ftaudit.model.project import Problem, Reading, Severity
from ftaudit.sources import limits
from ftaudit.sources.base import Document, Format
from ftaudit.sources.reading.sniff import named
from ftaudit.sources.reading.table import Table, load_json
from ftaudit.sources.sbom.cyclonedx_components import read_components

OLDEST, NEWEST = (1, 2), (1, 7)
_FILE_NAMES = ("*.cdx.json", "*.cdx.xml", "bom.json", "bom.xml")
"""Those that the specification recommends."""
_VERSION = re.compile(r"(\d{1,4})\.(\d{1,4})", re.ASCII)
_JSON = re.compile(rb'"bomFormat"[ \t\r\n]*+:[ \t\r\n]*+"CycloneDX"')
_XML = b"http://cyclonedx.org/schema/bom/"
_SPDX = re.compile(rb'"spdxVersion"[ \t\r\n]*+:|(?:\A|\n)SPDXVersion:|https?://spdx\.org/rdf/')
_PURL = re.compile(r'"purl"[ \t\r\n]*+:[ \t\r\n]*+("[^"\\\n]*+(?:\\.[^"\\\n]*+)*+")')
_START = 65_536


def _score(document: Document) -> int:
    start = _start(document.content)
    if _is_cyclonedx(document.content, start):
        return 2
    # SPDX is recognised to be refused by its name: it is what people have in the place of CycloneDX.
    return int(named(document, _FILE_NAMES) or bool(_SPDX.search(start)))


def _read(document: Document) -> Reading:
    start = _start(document.content)
    if _SPDX.search(start) and not _is_cyclonedx(document.content, start):
        raise InputError(
            document.path, "SPDX, which ftaudit does not read", advice="make an SBOM in CycloneDX format"
        )
    lines: dict[str, deque[int]] = {}
    if start.startswith(b"<") or (document.name.endswith(".xml") and not start.startswith(b"{")):
        from ftaudit.sources.sbom.cyclonedx_xml import load_xml  # imports expat, which JSON does not need

        top = load_xml(document.path, document.content)
    else:
        # Generators write megabytes of JSON on one line.
        top, text = load_json(document.path, document.content, line_limit=limits.FILE)
        if top.maybe_text("bomFormat") != "CycloneDX":
            raise top.error("must be CycloneDX", "bomFormat")
        lines = _purl_lines(text)
    newer = _newer(top)
    return read_components(document, FORMAT.name, top, lines, problems=(newer,) if newer else ())


def _start(content: bytes) -> bytes:
    """What the file begins with; of UTF-16 the characters that are ASCII."""
    return content[:_START].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")


def _is_cyclonedx(content: bytes, start: bytes) -> bool:
    if start.startswith(b"<"):
        return _XML in start
    return start.startswith(b"{") and bool(_JSON.search(content))


def _newer(top: Table) -> Problem | None:
    """What to say of a newer minor version; raises `InputError` for any other that is not read."""
    text = top.text("specVersion")
    match = _VERSION.fullmatch(text)
    version = (int(match[1]), int(match[2])) if match else (0, 0)
    if version < OLDEST or version[0] > NEWEST[0]:
        raise top.error("unsupported version of CycloneDX (ftaudit reads 1.2 to 1.7)", "specVersion")
    if version <= NEWEST:
        return None
    message = f"specVersion: {text} is newer than what ftaudit knows (1.7)"
    return Problem(input=top.path, rule="newer-format-version", message=message, severity=Severity.WARNING)


def _purl_lines(text: str) -> dict[str, deque[int]]:
    """The lines of every package URL in a JSON text, in file order."""
    found: dict[str, deque[int]] = defaultdict(deque)
    line, position = 1, 0
    for match in _PURL.finditer(text):
        line += text.count("\n", position, match.start(1))
        position = match.start(1)
        found[json.loads(match[1], strict=False)].append(line)
    return found


FORMAT = Format(
    name="CycloneDX",
    about="an SBOM in CycloneDX format, JSON or XML, 1.2 to 1.7",
    file_names=_FILE_NAMES,
    score=_score,
    read=_read,
)
