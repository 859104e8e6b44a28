"""``ftaudit cache``: where answers are kept between runs, how large it is, and emptying it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ftaudit.net.cache import CacheStatus

app = typer.Typer(help="Show, prune or clear what is kept between runs.", invoke_without_command=True)

Folder = Annotated[Path | None, typer.Option("--cache-dir", metavar="DIR", help="The cache to look at.")]


@app.callback()
def show(context: typer.Context, cache_dir: Folder = None) -> None:
    """Print where the cache is and how large it is."""
    context.obj = cache_dir
    if context.invoked_subcommand is not None:
        return
    from ftaudit.net.cache import status

    found = status(_folder(context, None))
    typer.echo(f"{found.location}\n{_counted(found)}")


@app.command()
def prune(
    context: typer.Context,
    days: Annotated[float, typer.Option(min=0, help="Entries not fetched for this long go.")] = 30.0,
    cache_dir: Folder = None,
) -> None:
    """Remove what is old."""
    from ftaudit.net import cache

    folder = _folder(context, cache_dir)
    removed = cache.prune(folder, older_than_seconds=days * 24 * 3600, now=time.time())
    typer.echo(f"removed {_counted(removed)}")


@app.command()
def clear(context: typer.Context, cache_dir: Folder = None) -> None:
    """Remove everything."""
    from ftaudit.net import cache

    typer.echo(f"removed {_counted(cache.clear(_folder(context, cache_dir)))}")


def _folder(context: typer.Context, named: Path | None) -> Path:
    """The folder *named* after the command, else before it, else the user's own."""
    from ftaudit.net.cache import default_location

    return named or context.obj or default_location()


def _counted(found: CacheStatus) -> str:
    return f"{found.entries} {'entry' if found.entries == 1 else 'entries'}, {found.size / 1_000_000:.1f} MB"
