"""The commands put together, and what happens when one fails."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from ftaudit import __version__
from ftaudit.cli import audit, cache, explain, inspect, messages
from ftaudit.errors import Exit, FtauditError

INTERRUPTED, READER_GONE = 128 + 2, 128 + 13
"""What a shell reports of a program that SIGINT or SIGPIPE ended."""


class _EndedError(Exception):
    """The run was ended from outside."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class _Commands(TyperGroup):
    """Typer would say nothing of an interruption, and exit with 1 ("not met") where the reader has gone."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise _EndedError(INTERRUPTED) from None
        except BrokenPipeError:
            raise _EndedError(READER_GONE) from None


app = typer.Typer(
    name="ftaudit",
    cls=_Commands,
    help="Can this Python stack run on a free-threaded interpreter with the GIL really off?",
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("audit")(audit.audit)
app.command("inspect")(inspect.inspect)
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
    """Runs the command line *arguments* and gives the exit status; nothing gets past it."""
    try:
        status = app(arguments, prog_name="ftaudit", standalone_mode=False)
    except typer.TyperException as error:
        # Unknown options, missing values: the parser's own words in our form.
        return _fail(error.format_message(), "ftaudit COMMAND --help lists the options")
    except FtauditError as error:
        return _fail(error.message, error.advice, error.exit_status)
    except _EndedError as ended:
        if ended.status == INTERRUPTED:
            typer.echo("interrupted", err=True)
        return ended.status
    except Exception:  # noqa: BLE001 - the one place where a bug becomes an exit status
        import traceback  # slow to import, and seldom needed

        traceback.print_exc(file=sys.stderr)
        return _fail("this is a bug in ftaudit", "please report it with the lines above", Exit.BUG)
    return status if isinstance(status, int) else Exit.OK


def _fail(message: str, advice: str, status: Exit = Exit.WRONG_INPUT) -> int:
    messages.error(message, advice)
    return status
