"""What a page is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """``kind`` tells pages of one ``name`` apart (``status``, ``install``, …). ``summary`` is a clause that
    starts in lower case and ends without a full stop; ``text`` is paragraphs of plain words."""

    kind: str
    name: str
    summary: str
    text: str = ""


def pages(kind: str, *rows: tuple[str, str, str]) -> dict[str, Page]:
    """The pages of one *kind* by their name, of rows of name, summary and text."""
    return {name: Page(kind=kind, name=name, summary=summary, text=text) for name, summary, text in rows}
