"""The pages that ``ftaudit explain`` prints: rules, statuses and the other words of a report, exit statuses.

Nothing is written here: words come from `ftaudit.model.pages`, rules from their docstrings.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from difflib import get_close_matches
from inspect import cleandoc

from ftaudit.errors import UsageError
from ftaudit.model.page import Page
from ftaudit.model.pages import KINDS, PAGES
from ftaudit.model.text import short

_CLOSE = 3

ENDLESS = 10_000
"""A width at which no line is folded."""


def rule_pages() -> tuple[Page, ...]:
    """A page for every rule, in the registry's order: the docstring's first line, and the rest."""
    from ftaudit.rules.registry import RULES

    pages = []
    for rule in RULES:
        summary, _, text = cleandoc(rule.page).partition("\n\n")
        pages.append(Page(kind="rule", name=rule.name, summary=" ".join(summary.split()), text=text))
    return tuple(pages)


def topics() -> tuple[str, ...]:
    """Every name that `page` knows, without repetition: kinds, then words, then rules."""
    return tuple(dict.fromkeys(name for known in _pages() for name in (known.kind, known.name)))


def page(topic: str) -> str:
    """The text on *topic*: a name (``blocked``, ``4``, a rule's), a kind (``exit``: all of it in short), or
    ``kind:name`` where a name has several pages (``none`` alone gives them all).

    Raises `UsageError` with the nearest names for anything else.
    """
    wanted = topic.strip().lower()
    kind, _, name = wanted.rpartition(":")
    found = [known for known in _pages() if known.name == name and kind in ("", known.kind)]
    if found:
        return "\n".join(map(_told, found))
    if wanted in {known.kind for known in _pages()}:
        return _listed(wanted)
    near = get_close_matches(wanted, topics(), _CLOSE)
    advice = f"did you mean {' or '.join(near)}?" if near else "`ftaudit explain` lists every page"
    raise UsageError(f"there is no page on {short(topic)!r}", advice=advice)


def overview(width: int = ENDLESS) -> str:
    """Every page with its summary, by kind, folded at *width* columns: what is shown without a topic."""
    return "\n".join(_listed(kind, width) for kind in dict.fromkeys(known.kind for known in _pages()))


def _pages() -> Iterator[Page]:
    yield from PAGES
    yield from rule_pages()


def _told(known: Page) -> str:
    text = f"\n{known.text}\n" if known.text else ""
    return f"{known.name} ({known.kind}): {known.summary}\n{text}"


def _listed(kind: str, width: int = ENDLESS) -> str:
    members = [known for known in _pages() if known.kind == kind]
    indent = max(len(known.name) for known in members) + 4
    about = KINDS.get(kind, "What is said about a pin or an input.")
    lines = [
        textwrap.fill(
            known.summary,
            max(width, indent + 20),
            initial_indent=f"  {known.name}".ljust(indent),
            subsequent_indent=" " * indent,
            break_on_hyphens=False,
        )
        for known in members
    ]
    return "\n".join([f"{kind}: {about}", *lines, ""])
