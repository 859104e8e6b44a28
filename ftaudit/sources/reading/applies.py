"""Whether a marker could hold anywhere that a lock was made for and that a free-threaded CPython runs on."""

from __future__ import annotations

from packaging.specifiers import SpecifierSet

from ftaudit.model.markers import could_hold
from ftaudit.model.project import MadeFor
from ftaudit.sources import limits

_MINORS = range(13, 20)
"""Feature versions of CPython 3 with a free-threaded build (PEP 703), and room ahead."""
_PLATFORMS = (
    ("posix", "linux", "Linux", ("x86_64", "aarch64")),
    ("posix", "darwin", "Darwin", ("x86_64", "arm64")),
    ("nt", "win32", "Windows", ("AMD64", "ARM64")),
)


def _environment(minor: int, os_name: str, platform: str, system: str, machine: str) -> dict[str, str]:
    return {
        "implementation_name": "cpython",
        "implementation_version": f"3.{minor}.0",
        "os_name": os_name,
        "platform_machine": machine,
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": system,
        "platform_version": "",
        "python_full_version": f"3.{minor}.0",
        "python_version": f"3.{minor}",
        "sys_platform": platform,
    }


class Applies:
    """Tells whether a marker could hold in a lock for *requires_python* (a specifier) and *environments*.

    Where *requires_python* leaves nothing that has a free-threaded build, every such version counts, and
    where *environments* do, every platform: the lock is then judged for a target that it was not made for,
    and an edge that holds there is missing there.
    """

    def __init__(self, requires_python: str | None, environments: tuple[str, ...]) -> None:
        self._requires_python = requires_python
        self._markers = environments
        self._environments: tuple[dict[str, str], ...] | None = None
        self._known: dict[str, bool] = {}

    def __call__(self, marker: str | None) -> bool:
        if marker is None:
            return True
        if marker not in self._known:
            if len(self._known) >= limits.MARKERS:
                return True
            self._known[marker] = any(could_hold(marker, environment) for environment in self._conceivable())
        return self._known[marker]

    def _conceivable(self) -> tuple[dict[str, str], ...]:
        if self._environments is None:
            every = tuple(
                _environment(minor, os_name, platform, system, machine)
                for minor in _MINORS
                for os_name, platform, system, machines in _PLATFORMS
                for machine in machines
            )
            versions = tuple(filter(self._allowed, every)) or every
            self._environments = tuple(filter(self._meant, versions)) or every
        return self._environments

    def _allowed(self, environment: dict[str, str]) -> bool:
        versions = SpecifierSet(self._requires_python or "")
        return versions.contains(environment["python_full_version"], prereleases=True)

    def _meant(self, environment: dict[str, str]) -> bool:
        return not self._markers or any(could_hold(marker, environment) for marker in self._markers)


def single_python(requires_python: str | None) -> MadeFor | None:
    """What a lock is made for whose *requires_python* leaves one feature version, or None for several."""
    if not requires_python:
        return None
    versions = SpecifierSet(requires_python)
    # A patch release may decide, as in ``>=3.11.7,<3.12``.
    left = [m for m in range(7, 30) if any(versions.contains(f"3.{m}.{patch}") for patch in range(40))]
    return MadeFor(python=f"3.{left[0]}") if len(left) == 1 else None
