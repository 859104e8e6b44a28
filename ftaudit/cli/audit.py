"""``ftaudit audit``: the main job."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ftaudit import __version__
from ftaudit.cli import messages, output, progress
from ftaudit.errors import Exit, UsageError

if TYPE_CHECKING:
    from ftaudit.concurrency import Scope
    from ftaudit.index.client import IndexClient
    from ftaudit.index.config import IndexOptions
    from ftaudit.model.target import Target
    from ftaudit.pipeline import Audit
    from ftaudit.sources.collect import Collected

DEFAULT_JOBS = 16
MAX_JOBS = 64


def audit(
    inputs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[INPUT]...",
            help="Lockfile, requirements, SBOM or script; environment or interpreter; wheel or folder of "
            "wheels; PEX file or container image; folder of a project or of many; default: the folder you "
            "are in.",
        ),
    ] = None,
    python: Annotated[
        list[str] | None,
        typer.Option(help="Interpreter to judge for, such as 3.14t; repeatable. [default: 3.14t 3.15t]"),
    ] = None,
    platform: Annotated[
        list[str] | None,
        typer.Option(
            help="Platform to judge for, such as linux-x86_64 or linux-x86_64@2.28; repeatable. "
            "[default: this machine's]"
        ),
    ] = None,
    format_: Annotated[
        list[str] | None,
        typer.Option(
            "--format",
            metavar="NAME",
            autocompletion=output.names,
            help=f"Format of the report: {', '.join(output.names())}; repeatable, in pairs with --output.",
        ),
    ] = None,
    output_: Annotated[
        list[str] | None,
        typer.Option("--output", metavar="FILE", help="Where the report goes; - is stdout."),
    ] = None,
    group: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Audit what the lock's tool installs with this group beside its defaults; repeatable, or "
            "several with commas. Without any of these options everything that is locked is audited.",
        ),
    ] = None,
    extra: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="The same with this extra; repeatable.")
    ] = None,
    all_extras: Annotated[
        bool, typer.Option("--all-extras", help="The tool's defaults, and all extras.")
    ] = False,
    no_dev: Annotated[
        bool, typer.Option("--no-dev", help="The tool's defaults without the development groups.")
    ] = False,
    only: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="This group or extra and nothing else; main (default in pdm and pipenv) stands for the "
            "project's own requirements; repeatable.",
        ),
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="Leave this group or extra out, whatever else takes it; repeatable."
        ),
    ] = None,
    index_url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="The package index to ask, in place of what is configured."),
    ] = None,
    extra_index_url: Annotated[
        list[str] | None, typer.Option(metavar="URL", help="One more index to ask; repeatable.")
    ] = None,
    index_strategy: Annotated[
        str | None,
        typer.Option(
            metavar="merge|first", help="Several indexes: all answers count, or the first that has the name."
        ),
    ] = None,
    index_map: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FROM=TO", help="Ask TO where a lock names FROM; TO may be 'default'; repeatable."
        ),
    ] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Use the cache and the lock only.")] = False,
    no_binaries: Annotated[
        bool, typer.Option("--no-binaries", help="Judge by names and tags; read no extension module.")
    ] = False,
    uploaded_before: Annotated[
        str | None,
        typer.Option(
            metavar="DATE", help="Only files uploaded before DATE (UTC) count: reproducible audits."
        ),
    ] = None,
    root: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The project's folder: nothing outside is opened.")
    ] = None,
    cache_dir: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where answers are kept between runs.")
    ] = None,
    deadline: Annotated[
        float | None, typer.Option(metavar="SECONDS", min=0.001, help="The whole run ends by then.")
    ] = None,
    jobs: Annotated[
        int, typer.Option(min=1, max=MAX_JOBS, help="How many requests may be under way at once.")
    ] = DEFAULT_JOBS,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Nothing but the report.")] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Every package, and what the run did.")
    ] = False,
) -> int:
    """Judge every pin on every target, and report."""
    from ftaudit.concurrency import Deadline, Scope
    from ftaudit.index.config import IndexOptions
    from ftaudit.render.registry import RENDERERS
    from ftaudit.sources.collect import collect
    from ftaudit.sources.scratch import Scratch
    from ftaudit.sources.selection import Selection

    wanted = output.outputs(format_ or (), output_ or (), RENDERERS)
    now = datetime.now(UTC)
    targets = _targets(python or (), platform or ())
    selection = Selection(
        groups=_names(group),
        extras=_names(extra),
        all_extras=all_extras,
        no_dev=no_dev,
        only=_names(only),
        exclude=_names(exclude),
    )
    scope = Scope(Deadline(deadline))
    environ, cwd = os.environ, Path.cwd()
    options = IndexOptions(
        index_url=index_url,
        extra_index_urls=tuple(extra_index_url or ()),
        index_strategy=index_strategy,
        index_map=tuple(index_map or ()),
        offline=offline,
        cache_dir=cache_dir,
        uploaded_before=None if uploaded_before is None else _moment(uploaded_before),
        root=root or cwd,
    )
    with Scratch() as scratch:
        collected = collect(
            inputs or ["."],
            cwd=cwd,
            root=root,
            scratch=scratch,
            selection=selection,
            python_gil=environ.get("PYTHON_GIL"),
        )
        for error in collected.errors:
            messages.error(error.message, error.advice)
        if not collected.readings:
            return _worst(error.exit_status for error in collected.errors)
        done, client = _judged(
            collected, targets, options, scope, now=now, jobs=jobs, binaries=not no_binaries, quiet=quiet
        )
    output.write(done.report, wanted, environ, verbose=verbose)
    _say_what_happened(done, client, quiet=quiet, verbose=verbose)
    return done.exit_status


def _judged(
    collected: Collected,
    targets: Sequence[Target],
    options: IndexOptions,
    scope: Scope,
    *,
    now: datetime,
    jobs: int,
    binaries: bool,
    quiet: bool,
) -> tuple[Audit, IndexClient]:
    """The audit of what was collected, and the client (closed) that it was made with."""
    from ftaudit.index.client import open_client
    from ftaudit.pipeline import audit as run

    with (
        open_client(
            options, collected.readings, environ=os.environ, home=Path.home(), cwd=Path.cwd(), scope=scope
        ) as client,
        progress.shown(quiet=quiet) as update,
    ):
        done = run(
            client.settled(collected.readings),
            collected.errors,
            targets,
            client,
            jobs=jobs,
            scope=scope,
            problems=collected.problems,
            now=now,
            version=__version__,
            uploaded_before=options.uploaded_before,
            binaries=binaries,
            progress=update,
        )
    return done, client


def _names(given: Iterable[str] | None) -> tuple[str, ...]:
    """The names of a repeatable option, each of which may hold several with commas."""
    return tuple(name.strip() for text in given or () for name in text.split(","))


def _worst(statuses: Iterable[Exit]) -> Exit:
    """That of a wrong input before that of one that could not be had, and that of one without a pin last."""
    return min(statuses, key=(Exit.WRONG_INPUT, Exit.INCOMPLETE, Exit.NOTHING).index)


def _targets(pythons: Sequence[str], platforms: Sequence[str]) -> tuple[Target, ...]:
    from ftaudit.knowledge.targets import default_pythons, target, this_platform

    chosen = [
        target(python, platform)
        for python in (pythons or default_pythons())
        for platform in (platforms or (this_platform(),))
    ]
    return tuple(dict.fromkeys(chosen))


def _moment(text: str) -> datetime:
    """A date or an RFC 3339 time; without a zone it is UTC, a date alone is its first moment."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"--uploaded-before {text!r} is not a date", advice="write 2026-11-22 or 2026-11-22T12:00:00Z"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _say_what_happened(done: Audit, client: IndexClient, *, quiet: bool, verbose: bool) -> None:
    """On stderr: why the status is not 0 where the report is not before one's eyes, and what the run did."""
    from ftaudit.model.project import Severity

    holes = sum(p.severity in (Severity.ERROR, Severity.INCOMPLETE) for p in done.report.problems)
    if done.exit_status is Exit.NOTHING:
        unpinned = sum(row.unpinned for row in done.report.inputs)
        what = f"{unpinned} of {unpinned} requirements are not pinned" if unpinned else "no package is there"
        advice = (
            "lock them first (uv lock, poetry lock, pdm lock, pip-compile; uv lock --script; pixi lock, "
            "conda-lock), or name an environment in which they are installed"
        )
        if choice := [p.message for p in done.report.problems if p.rule == "chosen-in-part"]:
            what, advice = "nothing of what is chosen is pinned", choice[0]
        messages.error(f"nothing to audit: {what}", advice)
    elif holes and not quiet and not (sys.stdout and sys.stdout.isatty()):
        what = "1 problem leaves" if holes == 1 else f"{holes} problems leave"
        messages.warning(f"{what} this report incomplete; the report names each")
    for notice in () if quiet else client.notices:
        messages.warning(notice)
    if verbose:
        made, kept = client.requests_made, client.served_from_cache
        typer.echo(f"requests made: {made}; answers from the cache: {kept}", err=True)
