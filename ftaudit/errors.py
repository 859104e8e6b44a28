"""Every way in which a run can fail: one class each, with its slug, its advice and its exit status."""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar


class Exit(IntEnum):
    """The exit statuses, the same in every command and format."""

    OK = 0
    NOT_MET = 1
    WRONG_INPUT = 2
    NOTHING = 3
    INCOMPLETE = 4
    BUG = 70


class FtauditError(Exception):
    """A failure that ftaudit foresaw: ``error: message`` and ``help: advice`` are all that a user sees."""

    slug: ClassVar[str] = "error"
    exit_status: ClassVar[Exit] = Exit.WRONG_INPUT

    def __init__(self, message: str, *, advice: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice


class UsageError(FtauditError):
    """The command line cannot be carried out as given."""

    slug = "usage"


class ConfigError(FtauditError):
    """A configuration file or variable (ours, pip's, uv's) is wrong; the message names its place."""

    slug = "configuration"


class InputError(FtauditError):
    """A file that was to be audited cannot be read.

    ``path`` is the file as a user would name it, ``place`` where in it (``line 3``,
    ``packages[0].name``), or empty for the whole file. The message never repeats more of the content
    than a name, cut short.
    """

    slug = "input"

    def __init__(self, path: str, message: str, *, place: str = "", advice: str = "") -> None:
        where = f"{path}: {place}: " if place else f"{path}: "
        super().__init__(where + message, advice=advice)
        self.path = path
        self.place = place
        self.reason = message


class RefusedError(InputError):
    """A file that another one names is not read (outside the tree, missing, not a regular file, a cycle).

    The file that names it is still reported: the run is incomplete, not void.
    """

    slug = "refused"
    exit_status = Exit.INCOMPLETE


class NothingToAuditError(FtauditError):
    """No input, or inputs that pin nothing."""

    slug = "nothing-to-audit"
    exit_status = Exit.NOTHING


class DeadlineExceededError(FtauditError):
    """The run's deadline passed before the work was done."""

    slug = "deadline"
    exit_status = Exit.INCOMPLETE


class CancelledError(FtauditError):
    """The scope that the work belongs to was cancelled (Ctrl-C, a failure beside it)."""

    slug = "cancelled"
    exit_status = Exit.INCOMPLETE
