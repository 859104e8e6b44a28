"""``ftaudit explain``: the page of a rule, a status, an exit status."""

from __future__ import annotations

from typing import Annotated

import typer


def _topics(incomplete: str) -> list[str]:
    from ftaudit.explain import topics

    return [topic for topic in topics() if topic.startswith(incomplete)]


def explain(
    topic: Annotated[
        str | None,
        typer.Argument(
            metavar="[RULE|STATUS|EXIT]",
            autocompletion=_topics,
            help="A rule, a status, an exit status; nothing: the list of pages.",
        ),
    ] = None,
) -> None:
    """Print the page of a rule, a status or an exit status."""
    import shutil

    from ftaudit.explain import overview, page

    typer.echo(page(topic) if topic else overview(shutil.get_terminal_size().columns))
