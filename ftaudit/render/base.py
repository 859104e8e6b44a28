"""What a renderer is.

A format is one file in this folder with a function ``render(report, options) -> str`` (of an inspection:
``render(inspection, options)``), and one line in `ftaudit.render.registry`. The text that it returns ends
with a newline and can be written in the encoding of the options without an error.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderOptions:
    """How a report is to be shown, decided by whoever knows where it goes.

    ``width`` is in columns, None where there is no terminal. ``colour`` allows control sequences (NO_COLOR
    and pipes are the caller's to look at). ``encoding`` is that of the stream or file that the text goes to.
    """

    width: int | None = None
    colour: bool = False
    verbose: bool = False
    encoding: str = "utf-8"

    def can_write(self, text: str) -> bool:
        """Whether the encoding has every character of *text*."""
        try:
            text.encode(self.encoding)
        except UnicodeEncodeError:
            return False
        return True

    def writable(self, text: str) -> str:
        """*text* with what the encoding lacks (lone surrogates among them) written as escapes."""
        return text.encode(self.encoding, "backslashreplace").decode(self.encoding)


@dataclass(frozen=True, slots=True, kw_only=True)
class Renderer(Generic[T]):
    """A format for values of a type. ``name`` is what ``--format`` takes, ``about`` one line for its help."""

    name: str
    about: str
    suffix: str
    media_type: str
    render: Callable[[T, RenderOptions], str] = field(repr=False)
