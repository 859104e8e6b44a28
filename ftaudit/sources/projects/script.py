"""A script with inline metadata (PEP 723), and the lock that uv keeps beside it.

https://packaging.python.org/en/latest/specifications/inline-script-metadata/ has the regular expression whose
reading this is, in one pass: it goes over a file of nothing but opening lines again for each of them.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ftaudit.errors import InputError
from ftaudit.model.project import Edge, Problem, Reading, Severity
from ftaudit.model.text import short
from ftaudit.sources import limits
from ftaudit.sources.base import Document, Format, Held, Holder, Kind
from ftaudit.sources.projects.unlocked import unlocked
from ftaudit.sources.reading.declared import requirement, specifier
from ftaudit.sources.reading.decode import parse_toml, text_of
from ftaudit.sources.reading.sniff import has_line
from ftaudit.sources.reading.table import Table
from ftaudit.sources.scratch import Scratch

_NAME = "PEP 723 script"
_SUFFIX = ".py"
_LOCK = ".lock"
_OPENING = re.compile(r"# /// ([a-zA-Z0-9-]+)")
_CLOSING = "# ///"
_OURS = "# /// script"


def _score(document: Document) -> int:
    if has_line(document.content[: limits.SCRIPT_HEAD], _OURS.encode()):
        return 2
    return int(document.name.endswith(_SUFFIX))


def read(document: Document) -> Reading:
    """What the script asks for; ``pins`` is empty. Raises `InputError` for no block, and for two."""
    table = _metadata(document)
    return unlocked(
        document,
        _NAME,
        _requirements(table),
        advice="lock the script (uv lock --script) and audit that",
        requires_python=specifier(table, "requires-python"),
    )


def _requirements(table: Table) -> Iterator[Edge]:
    for index, text in enumerate(table.texts("dependencies")):
        yield requirement(table, text, f"dependencies[{index}]")


def _metadata(document: Document) -> Table:
    """The table of the script's one block; what is wrong with it has the line that it has in the script."""
    lines = _head(document).split("\n")
    found = [(start, end) for kind, start, end in _blocks(lines) if kind == "script"]
    if len(found) > 1:
        place = f"line {found[1][0] + 1}"
        raise InputError(
            document.path, "a second block of script metadata, where there may be one", place=place
        )
    if not found:
        raise _without(document, lines)
    ((start, end),) = found
    inner = (line[2:] for line in lines[start + 1 : end])
    text = "\n" * (start + 1) + "\n".join(inner)
    return Table(document.path, "", parse_toml(document.path, text))


def _head(document: Document) -> str:
    """The lines of the script's beginning, ended by ``\\n`` alone."""
    head = document.content
    if len(head) > limits.SCRIPT_HEAD:
        head = head[: limits.SCRIPT_HEAD].rpartition(b"\n")[0]
    return text_of(document.path, head).replace("\r\n", "\n").replace("\r", "\n")


def _without(document: Document, lines: Sequence[str]) -> InputError:
    """What to say of a script without a block."""
    if _OURS in lines:
        why = f'a block of script metadata that no line "{_CLOSING}" closes: no metadata found'
        return InputError(document.path, why, place=f"line {lines.index(_OURS) + 1}")
    where = (
        f" in its first {limits.SCRIPT_HEAD // limits.MB} MB"
        if len(document.content) > limits.SCRIPT_HEAD
        else ""
    )
    return InputError(
        document.path,
        f"a script without inline metadata (PEP 723){where}: no metadata found",
        advice="name its lockfile, or the environment that it runs in",
    )


def _blocks(lines: Sequence[str]) -> Iterator[tuple[str, int, int]]:
    """The type of each block and the indices of its opening and its closing line.

    A block ends with the last closing line of the comment that it is in: others are its content.
    """
    at = 0
    while at < len(lines):
        opening = _OPENING.fullmatch(lines[at])
        end = _end_of_comment(lines, at + 1) if opening else at + 1
        closing = next((n for n in range(end - 1, at + 1, -1) if lines[n] == _CLOSING), None)
        if opening and closing is not None:
            yield opening[1], at, closing
        # Without a closing line there is none for any opening line in the same comment.
        at = end if closing is None else closing + 1


def _end_of_comment(lines: Sequence[str], start: int) -> int:
    """The index after the last of the comment lines from *start* on."""
    inside = (n for n in range(start, len(lines)) if lines[n] != "#" and not lines[n].startswith("# "))
    return next(inside, len(lines))


FORMAT = Format(
    name=_NAME,
    about="a script with inline metadata (PEP 723): not pins, and said so; its lock beside it is taken",
    file_names=(),
    score=_score,
    read=read,
    kind=Kind.DECLARED,
)


def _locked(document: Document) -> int:
    is_script = not document.folder and document.name.endswith(_SUFFIX)
    return 2 * (is_script and document.tree.is_file(document.place + _LOCK))


def open_script(document: Document, scratch: Scratch, formats: Sequence[Format]) -> Held:
    """The lock of the script *document*, and the note that it was read."""
    lock = replace(
        document,
        path=document.path + _LOCK,
        place=document.place + _LOCK,
        on_disk=None if document.on_disk is None else document.on_disk + _LOCK,
    )
    message = f"chose {short(lock.name)}, the lock of the script {short(posixpath.basename(document.path))}"
    seen = Problem(input=lock.path, rule="other-inputs-seen", message=message, severity=Severity.NOTE)
    return Held(documents=(lock,), problems=(seen,))


HOLDER = Holder(
    name="locked script",
    about="a script beside which its lock lies: the lock",
    file_names=(),
    score=_locked,
    open=open_script,
)
