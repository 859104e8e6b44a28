"""Where a path leads inside a root: symbolic links are followed as if the root were the whole file system."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ftaudit.sources import limits

TargetOf = Callable[[tuple[str, ...]], str | None]
"""The target of the symbolic link at a path without links, or None where there is no link."""


def resolved(parts: Sequence[str], target_of: TargetOf) -> tuple[str, ...] | None:
    """*parts* of a path below the root, without links, ``.`` and ``..``; None for links without an end.

    An absolute target begins at the root, and ``..`` does not leave it: so it is in a container.
    """
    waiting = list(reversed(parts))
    real: list[str] = []
    followed = 0
    while waiting:
        part = waiting.pop()
        if part in ("", "."):
            continue
        if part == "..":
            del real[-1:]
            continue
        target = target_of((*real, part))
        if target is None:
            real.append(part)
            continue
        followed += 1
        if followed > limits.LINKS:
            return None
        if target.startswith("/"):
            real.clear()
        waiting += reversed(target.split("/"))
    return tuple(real)
