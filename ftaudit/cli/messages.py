"""What is said on stderr: a line each, fit to be shown whatever the names in it are."""

from __future__ import annotations

import typer

from ftaudit.model.text import short

LONGEST = 400
"""Characters of a line; the names of all formats take 300."""


def error(message: str, advice: str = "") -> None:
    """Says what failed, and what to do."""
    typer.echo(f"error: {short(message, LONGEST)}", err=True)
    if advice:
        typer.echo(f"help: {short(advice, LONGEST)}", err=True)


def warning(message: str) -> None:
    """Says what a reader of the report alone could miss."""
    typer.echo(f"warning: {short(message, LONGEST)}", err=True)
