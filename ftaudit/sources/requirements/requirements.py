"""``requirements*.txt``, ``*.in``, ``constraints*.txt`` and what ``pip freeze`` writes.

Includes are followed within the tree; a constraint is no package, but its ``==`` pins a requirement that has
none. Nothing is expanded from the environment. https://pip.pypa.io/en/stable/reference/requirements-file-format/
"""

from __future__ import annotations

import hashlib
from fnmatch import fnmatch

from ftaudit.errors import InputError
from ftaudit.model.project import Reading
from ftaudit.sources.base import Document, Format
from ftaudit.sources.requirements.requirements_entry import parse
from ftaudit.sources.requirements.requirements_files import Includes
from ftaudit.sources.requirements.requirements_lines import decode, lines, split
from ftaudit.sources.requirements.requirements_pins import indexes, pins

_NAME = "requirements.txt"
_SNIFFED_LINES = 50


def read(document: Document) -> Reading:
    """The pins of a requirements file and all that it includes.

    Raises `InputError` for a line that is no requirement. A refused include is the problem
    ``refused-include``; a requirement without a version is counted as ``unpinned-requirement``.
    """
    reader = Includes(document)
    reader.read(reader.own, document.content)
    state = reader.state
    found = pins(state, document)
    return Reading(
        input=document.path,
        format=_NAME,
        sha256=hashlib.sha256(document.content).hexdigest(),
        pins=found,
        indexes=indexes(state),
        problems=tuple(state.problems),
        unpinned=state.unpinned,
    )


def _score(document: Document) -> int:
    if _says_requirements(document):
        return 2
    name, in_folder = document.name.lower(), "/".join(document.place.lower().split("/")[-2:])
    return int(any(fnmatch(each, p) for each in (name, in_folder) for p in FORMAT.file_names))


def _says_requirements(document: Document) -> bool:
    """Whether the first lines are all requirements, and one of them says more than a word would."""
    telling = False
    try:
        text = decode(document.content, document.path)
        for line, _ in zip(lines(text, document.path), range(_SNIFFED_LINES), strict=False):
            parts = split(line.text)
            if parts.unknown:
                return False
            entry = parse(parts.requirement) if parts.requirement else None
            of_url = parts.requirement.split()[1:2] == ["@"] and "://" in parts.requirement
            says_more = bool(entry and entry.name and (entry.specifier or of_url))
            telling = telling or bool(parts.options) or says_more
    except (InputError, ValueError):
        return False
    return telling


FORMAT = Format(
    name=_NAME,
    about="requirements and constraints files, with their includes; pip freeze, pip-compile, uv export",
    file_names=(
        _NAME,
        *("requirements*.txt", "*requirements.txt", "requirements/*.txt", "requirements*.pip"),
        *("requirements*.in", "*requirements.in", "requirements/*.in"),
        *("constraints*.txt", "*constraints.txt"),
    ),
    score=_score,
    read=read,
)
