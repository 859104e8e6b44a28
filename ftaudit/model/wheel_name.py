"""What a distribution's file name says: its kind and, for a wheel, the PEP 425 tags it claims."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from packaging.tags import Tag
from packaging.utils import BuildTag, InvalidWheelFilename, parse_wheel_filename
from packaging.version import InvalidVersion

from ftaudit.model.target import Target

SDIST_SUFFIXES = (
    ".tar.gz", ".zip", ".tgz", ".tar.bz2", ".tbz", ".tar.xz", ".txz", ".tar", ".tar.lz", ".tlz", ".tar.lzma",
)  # fmt: skip
"""Source archives as pip accepts them: its ``_internal/utils/filetypes.py``."""


@dataclass(frozen=True, slots=True)
class WheelName:
    """``build`` is the build tag as installers compare it; ``tags`` is the compressed set, expanded."""

    build: BuildTag
    tags: frozenset[Tag]

    @property
    def any_platform(self) -> bool:
        return all(tag.platform == "any" for tag in self.tags)

    @property
    def pure(self) -> bool:
        """Claims neither a platform nor an ABI."""
        return all(tag.platform == "any" and tag.abi == "none" for tag in self.tags)

    def rank(self, target: Target) -> int | None:
        """The rank of the best tag that *target*'s installer accepts, 0 the best; None where none fits."""
        return min((target.tags[tag] for tag in self.tags if tag in target.tags), default=None)

    def compiled_for(self, target: Target) -> bool:
        """Whether it is a CPython wheel for *target*'s platform, for whichever version and GIL."""
        return any(
            tag.platform in target.platform_tags and tag.interpreter.startswith("cp") for tag in self.tags
        )


@lru_cache(maxsize=65_536)
def wheel_name(file_name: str) -> WheelName | None:
    """The tags of *file_name*, or None where it is no wheel or not named as one (PEP 427)."""
    if not file_name.endswith(".whl"):
        return None
    try:
        _, _, build, tags = parse_wheel_filename(file_name)
    except (InvalidWheelFilename, InvalidVersion):
        return None
    return WheelName(build, tags)


def is_sdist(file_name: str) -> bool:
    """Whether *file_name* ends as a source archive does."""
    return file_name.endswith(SDIST_SUFFIXES)
