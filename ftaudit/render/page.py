"""What the texts for people are made with: lines that fit a window, signs that an encoding has, no markup.

Nothing depends on colour, on box drawing or on a wide window: signs that the encoding lacks have ASCII
stand-ins. No text from outside is ever parsed as markup: rich is only given `Text`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from io import StringIO

from rich.box import SIMPLE_HEAD, Box
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ftaudit.render.base import RenderOptions

NO_TERMINAL = 120
"""Columns where the text goes to a pipe or a file."""

NARROWEST = 30
WIDEST = 240
"""Beyond these a line is hard to read, and a mistaken ``COLUMNS`` costly."""

_COMMAND = re.compile(r"^((?:\s|\x1b\[[0-9;]*m)*):(?=:)")
"""GitHub's runner takes a line that begins so for a command, and a wrapped line may begin with any name."""

_STAND_INS = {"✓": "+", "✗": "x", "→": "->", "…": "...", "·": "-", "–": "-", "─": "-"}


@dataclass(frozen=True, slots=True)
class Page:
    """Makes and prints renderables of at most `width` columns (single words that are longer are broken)."""

    options: RenderOptions

    @property
    def width(self) -> int:
        """In columns."""
        return min(max(self.options.width or NO_TERMINAL, NARROWEST), WIDEST)

    def text(self, words: str, style: str = "") -> Text:
        """*words* in what the encoding has."""
        lacking = {ord(c): stand_in for c, stand_in in _STAND_INS.items() if not self.options.can_write(c)}
        return Text(self.options.writable(words.translate(lacking)), style, overflow="fold")

    def indented(self, text: RenderableType, columns: int) -> Padding:
        """*text*, all of its lines that far to the right."""
        return Padding(text, (0, 0, 0, columns))

    def hanging(self, rows: Iterable[tuple[Text, Text]]) -> Table:
        """Each head with its body beside it, whose further lines stand under the first."""
        grid = Table.grid(padding=(0, 1, 0, 0))
        grid.add_column(no_wrap=True)
        grid.add_column(overflow="fold")
        for head, body in rows:
            grid.add_row(head, body)
        return grid

    def table(self, *, expand: bool) -> Table:
        """An empty table with a line under its headings."""
        drawing = self.text(str(SIMPLE_HEAD)).plain
        return Table(
            box=Box(drawing, ascii=drawing.isascii()),
            padding=(0, 1, 0, 0),
            pad_edge=False,
            show_edge=False,
            expand=expand,
        )

    def printed(self, sections: Iterable[RenderableType | None]) -> str:
        """All that has something to say, a blank line between two."""
        stream = StringIO()
        console = Console(
            file=stream,
            width=self.width,
            force_terminal=self.options.colour,
            color_system="standard" if self.options.colour else None,
            no_color=not self.options.colour,
            legacy_windows=False,
            highlight=False,
            markup=False,
            emoji=False,
            _environ={},  # TERM, COLUMNS and the like are the caller's to look at
        )
        said = [section for section in sections if section is not None]
        console.print(*[part for section in said for part in (section, Text())][:-1], sep="\n")
        lines = (_COMMAND.sub(r"\1\\x3a", line.rstrip()) for line in stream.getvalue().splitlines())
        return "\n".join(lines) + "\n"
