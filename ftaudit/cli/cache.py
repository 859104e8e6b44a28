"""``ftaudit cache``: where answers are kept between runs, how large it is, and emptying it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ftaudit.net.cache import CacheStatus
    from ftaudit.store.results import Kept

app = typer.Typer(help="Show, prune or clear what is kept between runs.", invoke_without_command=True)

Folder = Annotated[Path | None, typer.Option("--cache-dir", metavar="DIR", help="The cache to look at.")]


@app.callback()
def show(context: typer.Context, cache_dir: Folder = None) -> None:
    """Print where the cache is and how large it is."""
    context.obj = cache_dir
    if context.invoked_subcommand is not None:
        return
    from ftaudit.net.cache import is_cache, status
    from ftaudit.store import results

    folder = _folder(context, None)
    kept = [results.status(folder)] if is_cache(folder) else []
    typer.echo(f"{folder}\n{_counted(status(folder), *kept)}")


@app.command()
def prune(
    context: typer.Context,
    days: Annotated[float, typer.Option(min=0, help="Entries not fetched for this long go.")] = 30.0,
    cache_dir: Folder = None,
) -> None:
    """Remove what is old."""
    from ftaudit.net import cache
    from ftaudit.store import results

    folder, seconds, now = _folder(context, cache_dir), days * 24 * 3600, time.time()
    removed = cache.prune(folder, older_than_seconds=seconds, now=now)
    typer.echo(f"removed {_counted(removed, results.prune(folder, older_than_seconds=seconds, now=now))}")


@app.command()
def clear(context: typer.Context, cache_dir: Folder = None) -> None:
    """Remove everything."""
    from ftaudit.net import cache
    from ftaudit.store import results

    folder = _folder(context, cache_dir)
    typer.echo(f"removed {_counted(cache.clear(folder), results.clear(folder))}")


def _folder(context: typer.Context, named: Path | None) -> Path:
    """The folder *named* after the command, else before it, else the user's own."""
    from ftaudit.net.cache import default_location

    return named or context.obj or default_location()


def _counted(*found: CacheStatus | Kept) -> str:
    entries, size = sum(one.entries for one in found), sum(one.size for one in found)
    return f"{entries} {'entry' if entries == 1 else 'entries'}, {size / 1_000_000:.1f} MB"
