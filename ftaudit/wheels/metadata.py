"""The core metadata out of a wheel."""

from __future__ import annotations

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from ftaudit.wheels.archive import Archive
from ftaudit.wheels.source import BadWheelError

MAX_METADATA = 4 * 1024 * 1024


def read_metadata(name: str, archive: Archive) -> bytes:
    """The content of ``{name}-{version}.dist-info/METADATA``, of which the wheel *name* has exactly one.

    Raises `BadWheelError`.
    """
    found = [member for member in archive.members if member.name.endswith(".dist-info/METADATA")]
    own = [member for member in found if _belongs(name, member.name)]
    if len(own) != 1:
        raise BadWheelError(f"holds {len(own)} METADATA files of its own")
    if own[0].size > MAX_METADATA or own[0].compressed > MAX_METADATA:
        raise BadWheelError("its METADATA is too large")
    try:
        return bytes(archive.read(own[0]))
    except BadWheelError as error:
        raise BadWheelError(f"its METADATA cannot be read: {error.why}") from error


def _belongs(wheel: str, member: str) -> bool:
    try:
        name, version, _, _ = parse_wheel_filename(wheel)
        folder, rest = member.split("/")
        other, _, other_version = folder.removesuffix(".dist-info").rpartition("-")
        return rest == "METADATA" and canonicalize_name(other) == name and Version(other_version) == version
    except (InvalidWheelFilename, InvalidVersion, ValueError):
        return False
