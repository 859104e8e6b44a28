"""The command line: each command parses, calls, prints, exits. Only this package imports typer."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """The console script. Every way out is an exit status of `ftaudit.errors.Exit`, or a signal's own."""
    from ftaudit.cli.app import run

    try:
        status = run(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has gone (`| head`). Python would complain again when it flushes at exit:
        # https://docs.python.org/3/library/signal.html#note-on-sigpipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 128 + 13
    sys.exit(status)
