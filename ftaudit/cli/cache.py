"""``ftaudit cache``: where answers are kept between runs, how large it is, and emptying it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Show, prune or clear what is kept between runs.", invoke_without_command=True)

Folder = Annotated[Path | None, typer.Option("--cache-dir", metavar="DIR", help="The cache to look at.")]


@app.callback()
def show(context: typer.Context, cache_dir: Folder = None) -> None:
    """Print where the cache is and how large it is."""
    if context.invoked_subcommand is not None:
        return
    from ftaudit.net.cache import default_location, status

    found = status(cache_dir or default_location())
    typer.echo(f"{found.location}\n{found.entries} entries, {_size(found.size)}")


@app.command()
def prune(
    days: Annotated[float, typer.Option(min=0, help="Entries not fetched for this long go.")] = 30.0,
    cache_dir: Folder = None,
) -> None:
    """Remove what is old."""
    from ftaudit.net import cache

    folder = cache_dir or cache.default_location()
    removed = cache.prune(folder, older_than_seconds=days * 24 * 3600, now=time.time())
    typer.echo(f"removed {removed.entries} entries, {_size(removed.size)}")


@app.command()
def clear(cache_dir: Folder = None) -> None:
    """Remove everything."""
    from ftaudit.net import cache

    removed = cache.clear(cache_dir or cache.default_location())
    typer.echo(f"removed {removed.entries} entries, {_size(removed.size)}")


def _size(count: int) -> str:
    return f"{count / 1_000_000:.1f} MB"
