"""The commands put together, and what happens when one fails."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from ftaudit import __version__
from ftaudit.cli import audit, cache, explain
from ftaudit.errors import Exit, FtauditError

app = typer.Typer(
    name="ftaudit",
    help="Can this Python stack run on a free-threaded interpreter with the GIL really off?",
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("audit")(audit.audit)
app.command("explain")(explain.explain)
app.add_typer(cache.app, name="cache")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"ftaudit {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Can this Python stack run on a free-threaded interpreter with the GIL really off?"""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def run(arguments: list[str]) -> int:
    """Runs the command line *arguments* and gives the exit status; only a broken pipe gets past it."""
    try:
        status = app(arguments, prog_name="ftaudit", standalone_mode=False)
    except typer.TyperException as error:
        # Unknown options, missing values: the parser's own words in our form.
        return _fail(error.format_message(), "ftaudit COMMAND --help lists the options")
    except FtauditError as error:
        return _fail(error.message, error.advice, error.exit_status)
    except (KeyboardInterrupt, typer.Abort):
        typer.echo("interrupted", err=True)
        return 128 + 2
    except BrokenPipeError:
        raise
    except Exception:  # noqa: BLE001 - the one place where a bug becomes an exit status
        import traceback  # slow to import, and seldom needed

        traceback.print_exc(file=sys.stderr)
        return _fail("this is a bug in ftaudit", "please report it with the lines above", Exit.BUG)
    return status if isinstance(status, int) else Exit.OK


def _fail(message: str, advice: str, status: Exit = Exit.WRONG_INPUT) -> int:
    typer.echo(f"error: {message}", err=True)
    if advice:
        typer.echo(f"help: {advice}", err=True)
    return status
