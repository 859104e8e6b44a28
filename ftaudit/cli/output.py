"""Where a report goes: formats and files in pairs, files written whole or not at all."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from ftaudit.errors import UsageError
from ftaudit.render.registry import INSPECTION_RENDERERS, RENDERERS

if TYPE_CHECKING:
    from ftaudit.render.base import Renderer, RenderOptions

STDOUT = "-"
T = TypeVar("T")


class Output(NamedTuple, Generic[T]):
    """One report to write: its format, and a file or `STDOUT`."""

    renderer: Renderer[T]
    path: str


def names(incomplete: str = "") -> list[str]:
    """The formats there are, for help and completion."""
    return [renderer.name for renderer in RENDERERS if renderer.name.startswith(incomplete)]


def inspection_names(incomplete: str = "") -> list[str]:
    """The formats of ``ftaudit inspect``, for help and completion."""
    return [renderer.name for renderer in INSPECTION_RENDERERS if renderer.name.startswith(incomplete)]


def outputs(
    formats: Sequence[str], paths: Sequence[str], renderers: Sequence[Renderer[T]]
) -> tuple[Output[T], ...]:
    """The pairs that ``--format`` and ``--output`` make of *renderers*, in order.

    A format without a file goes to stdout; a file without a format is written in the one that its suffix
    names. Raises `UsageError` for an unknown format, for two reports on stdout (or one where the caller
    closed it), and for a file named twice.
    """
    by_name = {renderer.name: renderer for renderer in renderers}
    for name in formats:
        if name not in by_name:
            raise UsageError(f"unknown format {name!r}", advice="formats: " + ", ".join(by_name))
    count = max(len(formats), len(paths), 1)
    targets = list(paths) + [STDOUT] * (count - len(paths))
    chosen = [by_name[name] for name in formats]
    chosen += [_by_suffix(path, renderers) for path in targets[len(formats) :]]
    for target in targets:
        if targets.count(target) > 1:
            where = "stdout" if target == STDOUT else target
            raise UsageError(
                f"more than one report would go to {where}", advice="give each --format its own --output"
            )
    if STDOUT in targets and sys.stdout is None:
        raise UsageError("stdout is closed", advice="name a file with --output")
    return tuple(Output(renderer, target) for renderer, target in zip(chosen, targets, strict=True))


def _by_suffix(path: str, renderers: Sequence[Renderer[T]]) -> Renderer[T]:
    if path == STDOUT:
        return renderers[0]
    for renderer in renderers:
        if path.endswith(renderer.suffix):
            return renderer
    known = "|".join(renderer.name for renderer in renderers)
    raise UsageError(f"no format goes by the name of {path}", advice=f"add --format {known}")


def write(report: T, wanted: Sequence[Output[T]], environ: Mapping[str, str], *, verbose: bool) -> None:
    """Renders and writes every output; raises `UsageError` where one cannot be written."""
    from ftaudit.render.base import RenderOptions

    for output in wanted:
        if output.path == STDOUT:
            _write_stdout(output.renderer.render(report, _stdout_options(environ, verbose=verbose)))
        else:
            text = output.renderer.render(report, RenderOptions(verbose=verbose))
            _write_file(Path(output.path), text.encode("utf-8"))


def _stdout_options(environ: Mapping[str, str], *, verbose: bool) -> RenderOptions:
    from ftaudit.render.base import RenderOptions

    terminal = sys.stdout.isatty()
    width = _columns(environ.get("COLUMNS", ""))
    if width is None and terminal:
        with suppress(OSError):
            width = os.get_terminal_size(sys.stdout.fileno()).columns
    # https://no-color.org, https://force-color.org
    colour = (terminal or bool(environ.get("FORCE_COLOR"))) and not environ.get("NO_COLOR")
    return RenderOptions(
        width=width,
        colour=colour and environ.get("TERM") != "dumb",
        verbose=verbose,
        encoding=sys.stdout.encoding or "utf-8",
    )


def _columns(text: str) -> int | None:
    """The width that ``COLUMNS`` sets, or None where it is no number above 0."""
    try:
        return max(0, int(text)) or None
    except ValueError:
        return None


def _write_stdout(text: str) -> None:
    """Flushed at once: a full disk is then told as any other failure. A broken pipe is the caller's."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise UsageError(f"stdout cannot be written: {reason}") from error


def _write_file(path: Path, content: bytes) -> None:
    """Beside its place first, then renamed: a reader never sees half a report.

    What is there and is no file (``/dev/null``, a pipe) is written to as it is, and never replaced.
    """
    import tempfile

    try:
        if path.exists() and not path.is_file():
            path.write_bytes(content)
            return
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            Path(name).chmod(0o644)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise UsageError(f"{path} cannot be written: {reason}") from error
