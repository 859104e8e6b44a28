"""A requirements file's bytes as logical lines, read as pip reads them (its ``_internal/req/req_file.py``).

Encoding, continuation, comments, options; and the ``# via`` notes that pip-compile and uv leave behind.
"""

from __future__ import annotations

import codecs
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from ftaudit.errors import InputError
from ftaudit.sources import limits

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark is a prefix of it
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CODING = re.compile(rb"coding[:=]\s*([-\w.]+)")
_NOT_CHARSETS = frozenset({"idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape"})
"""Python's text codecs that no editor writes; punycode takes quadratic time."""
_CONFLICT = re.compile(r"(?:<<<<<<<|\|\|\|\|\|\|\||>>>>>>>)(?: |$)|=======$")

_WITH_VALUE = {
    "-r": "--requirement",
    "-c": "--constraint",
    "-e": "--editable",
    "-i": "--index-url",
    "--pypi-url": "--index-url",
    "-f": "--find-links",
    "-C": "--config-settings",
} | {
    name: name
    for name in (
        *("--requirement", "--constraint", "--editable", "--index-url", "--extra-index-url", "--find-links"),
        *("--hash", "--config-settings", "--global-option", "--install-option"),
        *("--no-binary", "--only-binary", "--all-releases", "--only-final", "--trusted-host"),
        *("--use-feature", "--uploaded-prior-to"),
    )
}
_FLAGS = frozenset({"--no-index", "--prefer-binary", "--require-hashes", "--no-require-hashes", "--pre"})
_LONG = sorted({name for name in _WITH_VALUE if name.startswith("--")} | _FLAGS)


@dataclass(frozen=True, slots=True)
class Line:
    """``number`` counts from 1 where the line begins; ``text`` is without comments and never empty.

    ``via`` are the entries of the note below it: ``-r FILE``, ``name``, ``name (pyproject.toml)``.
    """

    number: int
    text: str
    via: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Split:
    """A line taken apart: the requirement (or nothing), the options by their long names, what was not known.

    ``marker`` is that of an ``-e`` line, which uv writes behind ``;``.
    """

    requirement: str
    options: tuple[tuple[str, str], ...]
    unknown: tuple[str, ...]
    marker: str | None = None


def decode(content: bytes, path: str) -> str:
    """The text of *content*: by its byte order mark, its PEP 263 line, else UTF-8. Raises `InputError`."""
    if len(content) > limits.REQUIREMENTS_FILE:
        raise InputError(
            path, f"larger than {limits.REQUIREMENTS_FILE // 1024**2} MB, the limit for a requirements file"
        )
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            return _decoded(content.removeprefix(mark), encoding, path)
    if b"\0" in content:
        head = content[:64]
        if not any(head[1::2]) or not any(head[::2]):
            raise InputError(
                path, "looks like UTF-16 without a byte order mark", place="line 1", advice="save it as UTF-8"
            )
        raise _nul(path, 1 + content[: content.index(b"\0")].count(b"\n"))
    for line in content[:2000].splitlines()[:2]:
        if line.startswith(b"#") and (found := _CODING.search(line)):
            return _decoded(content, found[1].decode("ascii", "replace"), path)
    return _decoded(content, "utf-8", path)


def _decoded(content: bytes, encoding: str, path: str) -> str:
    try:
        name = codecs.lookup(encoding).name.replace("_", "-")
        if name in _NOT_CHARSETS:
            raise LookupError
        text = content.decode(name)
    except LookupError as error:
        raise InputError(path, "its coding line names no known encoding", place="line 1") from error
    except UnicodeError as error:
        at = error.start if isinstance(error, UnicodeDecodeError) else 0
        shown = "UTF-8" if encoding == "utf-8" else "in the encoding that it declares"
        line = 1 + content[:at].count(b"\n")
        raise InputError(path, f"not {shown}", place=f"line {line}", advice="save it as UTF-8") from error
    if "\0" in text:
        raise _nul(path, 1 + text[: text.index("\0")].count("\n"))
    return text


def _nul(path: str, line: int) -> InputError:
    return InputError(path, "NUL byte: a binary file, not requirements", place=f"line {line}")


def lines(text: str, path: str) -> Iterator[Line]:
    """The logical lines of *text*. Raises `InputError` for a merge conflict or an endless line."""
    current: tuple[int, str] | None = None
    notes: list[str] = []
    for number, joined in _joined(text, path):
        start = _comment_start(joined)
        words, note = (joined, "") if start < 0 else (joined[:start], joined[start + 1 :].strip())
        words = words.strip()
        if words or not note:
            if current:
                yield Line(*current, _via(notes))
            current, notes = ((number, words), []) if words else (None, [])
        if note:
            notes.append(note)
    if current:
        yield Line(*current, _via(notes))


def _joined(text: str, path: str) -> Iterator[tuple[int, str]]:
    """Lines with their continuations; a comment ends a continuation, as for pip."""
    parts: list[str] = []
    first = size = 0
    for number, line in enumerate(text.splitlines(), 1):
        if _CONFLICT.match(line):
            raise InputError(path, "unresolved merge conflict", place=f"line {number}")
        if not parts:
            first, size = number, 0
        size += len(line)
        if size > limits.LINE:
            raise InputError(path, f"a line longer than {limits.LINE} characters", place=f"line {first}")
        comment = _comment_start(line) >= 0
        if line.endswith("\\") and not comment:
            parts.append(line.strip("\\"))
            continue
        parts.append(f" {line}" if comment else line)
        yield first, "".join(parts)
        parts = []
    if parts:
        yield first, "".join(parts)


def _comment_start(line: str) -> int:
    """Where the comment begins: a ``#`` at the start or after white space; -1 for none."""
    at = line.find("#")
    while at > 0 and not line[at - 1].isspace():
        at = line.find("#", at + 1)
    return at


def _via(notes: list[str]) -> tuple[str, ...]:
    for index, note in enumerate(notes):
        if note == "via":
            return tuple(notes[index + 1 :])
        if note.startswith("via "):
            return tuple(entry.strip() for entry in note[4:].split(",") if entry.strip())
    return ()


def split(text: str) -> Split:
    """*text* of a `Line` taken apart. Raises `ValueError` for a quotation that does not end."""
    words = text.split()
    count = next((index for index, word in enumerate(words) if word.startswith("-")), len(words))
    if count == len(words):
        return Split(text, (), ())
    at = len(text) - len(text.split(maxsplit=count)[count])
    requirement, rest, marker = text[:at].strip(), text[at:], None
    if not requirement and rest.startswith(("-e", "--editable")) and " ;" in rest:
        rest, _, marker = rest.partition(" ;")
    plain = not any(character in rest for character in "\"'\\")
    options, unknown = _options(rest.split() if plain else shlex.split(rest))
    return Split(requirement, tuple(options), tuple(unknown), marker)


def _options(words: list[str]) -> tuple[list[tuple[str, str]], list[str]]:
    options: list[tuple[str, str]] = []
    unknown: list[str] = []
    rest = iter(words)
    for word in rest:
        name, given, value = _option(word)
        if name in _WITH_VALUE:
            options.append((_WITH_VALUE[name], value if given else next(rest, "")))
        elif name in _FLAGS and not given:
            options.append((name, ""))
        else:
            unknown.append(name)
    return options, unknown


def _option(word: str) -> tuple[str, bool, str]:
    """Name, whether a value is attached, and the value; a long name may be cut short, as optparse allows."""
    if word.startswith("--"):
        name, equals, value = word.partition("=")
        longer = [long for long in _LONG if long.startswith(name)]
        return (longer[0] if name not in _LONG and len(longer) == 1 else name), bool(equals), value
    if word.startswith("-"):
        return word[:2], len(word) > 2, word[2:]
    return "text after an option", False, ""
