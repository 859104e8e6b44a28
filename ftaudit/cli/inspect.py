"""``ftaudit inspect``: what the extension modules of a file, a wheel or a folder declare."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ftaudit import __version__
from ftaudit.cli import messages, output, progress
from ftaudit.errors import Exit, UsageError

if TYPE_CHECKING:
    from ftaudit.inspection.run import Inspected
    from ftaudit.model.binary import Contents
    from ftaudit.model.target import Target
    from ftaudit.store.results import Results


def inspect(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...",
            help="Wheel, shared object (whatever its name), or folder: an environment, a build, wheels.",
        ),
    ],
    python: Annotated[
        str | None,
        typer.Option(
            help="Only what this interpreter would load counts, such as 3.14t. "
            "[default: each file's own declaration]"
        ),
    ] = None,
    platform: Annotated[
        str | None,
        typer.Option(help="The platform of --python, such as macos-arm64. [default: this machine's]"),
    ] = None,
    format_: Annotated[
        list[str] | None,
        typer.Option(
            "--format",
            metavar="NAME",
            autocompletion=output.inspection_names,
            help=f"Format of the result: {', '.join(output.inspection_names())}; repeatable, in pairs with "
            "--output. json also has the SHA-256 of shared objects, for which all of each is read.",
        ),
    ] = None,
    output_: Annotated[
        list[str] | None,
        typer.Option("--output", metavar="FILE", help="Where the result goes; - is stdout."),
    ] = None,
    exit_code: Annotated[
        bool,
        typer.Option(
            "--exit-code", help="Exit with 1 where a module enables the GIL, with 4 where that is not known."
        ),
    ] = False,
    cache_dir: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where what wheels hold is kept between runs.")
    ] = None,
    deadline: Annotated[
        float | None, typer.Option(metavar="SECONDS", min=0.001, help="The whole run ends by then.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Nothing but the result.")] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Every module, library and symbol.")
    ] = False,
) -> int:
    """Show what extension modules declare of the GIL, how that was read, and what their authors can do."""
    from ftaudit.concurrency import Deadline, Scope
    from ftaudit.inspection.run import inspect as run
    from ftaudit.render.registry import INSPECTION_RENDERERS

    wanted = output.outputs(format_ or (), output_ or (), INSPECTION_RENDERERS)
    target = _target(python, platform)
    notices: list[str] = []
    with _kept(cache_dir, notices.append) as results, progress.shown(quiet=quiet) as update:
        done = run(
            files,
            target,
            results=results,
            check=Scope(Deadline(deadline)).check,
            now=datetime.now(UTC),
            version=__version__,
            digests=any(one.renderer.name == "json" for one in wanted),
            progress=update,
        )
    for notice in () if quiet else notices:
        messages.warning(notice)
    for error in done.errors:
        messages.error(error.message, error.advice)
    if not done.seen:  # all that the text could say has been said
        wanted = tuple(one for one in wanted if (one.renderer.name, one.path) != ("text", output.STDOUT))
    output.write(done.inspection, wanted, os.environ, verbose=verbose)
    status = done.exit_status(decide=exit_code)
    _say_what_happened(done, status, quiet=quiet)
    return status


@contextmanager
def _kept(folder: Path | None, notice: Callable[[str], None]) -> Iterator[Callable[[], Results[Contents]]]:
    """A function that gives the store of what wheels hold. It is opened when it is first asked for."""
    opened: list[Results[Contents]] = []

    def results() -> Results[Contents]:
        from ftaudit.binaries import ANALYSER_VERSION
        from ftaudit.model.binary import Contents
        from ftaudit.net.cache import Cache, default_location
        from ftaudit.store.results import Results

        if not opened:
            cache = Cache(folder or default_location())
            store = Results(
                cache.folder, Contents, analyser=ANALYSER_VERSION, writable=cache.writable, notice=notice
            )
            opened.append(store)
        return opened[0]

    try:
        yield results
    finally:
        for store in opened:
            store.close()


def _target(python: str | None, platform: str | None) -> Target | None:
    if python is None:
        if platform is not None:
            raise UsageError("--platform says nothing without --python", advice="add --python 3.14t")
        return None
    from ftaudit.knowledge.targets import target, this_platform

    return target(python, platform or this_platform())


def _say_what_happened(done: Inspected, status: Exit, *, quiet: bool) -> None:
    """On stderr: why the status is not 0 where the result is not before one's eyes."""
    if status is Exit.NOTHING:
        from ftaudit.inspection.reading import WHAT_IT_TAKES

        messages.error("nothing found: there is no shared object in it", WHAT_IT_TAKES)
    elif done.holes and not quiet and not (sys.stdout and sys.stdout.isatty()):
        what = "1 file was" if done.holes == 1 else f"{done.holes} files were"
        messages.warning(f"{what} not read; the result names each")
