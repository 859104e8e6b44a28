"""The command line: each command parses, calls, prints, exits. Only this package imports typer."""

from __future__ import annotations

import os
import sys

from ftaudit import __version__


def main() -> None:
    """The console script. Every way out is an exit status of `ftaudit.errors.Exit`, or a signal's own."""
    if sys.argv[1:] == ["--version"]:
        # Asked for by scripts at every turn, and needs no parser: typer alone takes four times as long.
        sys.stdout.write(f"ftaudit {__version__}\n")
        return
    from ftaudit.cli.app import run

    status = run(sys.argv[1:])
    try:
        if sys.stdout is not None:  # closed by the caller (`>&-`)
            sys.stdout.flush()
    except OSError:
        # Whoever read our output has gone (`| head`), or the disk is full: `run` knows. Python would complain
        # again when it flushes at exit: https://docs.python.org/3/library/signal.html#note-on-sigpipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(status)
