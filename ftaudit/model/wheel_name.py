"""What a distribution's file name says: its kind and, for a wheel, the PEP 425 tags it claims."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from packaging.tags import Tag
from packaging.utils import BuildTag, parse_wheel_filename

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

    def rank(self, target: Target) -> int | None:
        """The rank of the best tag that *target*'s installer accepts, 0 the best; None where none fits."""
        return min((target.tags[tag] for tag in self.tags if tag in target.tags), default=None)

    def compiled_for(self, target: Target) -> bool:
        """Whether it is made for *target*'s kind of platform, whatever its version and the interpreter's.

        A platform that is not known may be this one.
        """
        kinds = {_kind(platform) for platform in target.platform_tags}
        return any(
            (kind := _kind(tag.platform)) is None or kind in kinds
            for tag in self.tags
            if tag.platform != "any"
        )


_PLATFORM = re.compile(
    r"(manylinux|musllinux|macosx|linux|win)(?:_\d+_\d+|\d*)_"
    r"(x86_64|i[3-6]86|amd64|aarch64|arm64|armv[67]l|ppc64|ppc64le|ppc|s390x|riscv64|loongarch64"
    r"|universal2|universal|intel|fat|fat3|fat32|fat64|ia64)",
    re.ASCII,
)
_ELSEWHERE = ("win32", "ios_", "android_", "emscripten_", "pyodide_", "wasi_", "pyemscripten_")
"""Platforms for which no target can be asked."""


@lru_cache(maxsize=1024)
def _kind(platform: str) -> tuple[str, str] | None:
    """The family and the architecture of a PEP 425 platform tag, without versions; None for one not known."""
    match = _PLATFORM.fullmatch(platform)
    if match:
        return match[1], match[2]
    return ("elsewhere", platform) if platform.startswith(_ELSEWHERE) else None


@lru_cache(maxsize=65_536)
def wheel_name(file_name: str) -> WheelName | None:
    """The tags of *file_name*, or None where it is no wheel or not named as one (PEP 427)."""
    if not file_name.endswith(".whl"):
        return None
    try:
        _, _, build, tags = parse_wheel_filename(file_name)
    except ValueError:  # what packaging raises of its own, or for a number of too many digits
        return None
    return WheelName(build, tags)


def is_sdist(file_name: str) -> bool:
    """Whether *file_name* ends as a source archive does."""
    return file_name.endswith(SDIST_SUFFIXES)
