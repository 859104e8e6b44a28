"""The platform that a wheel tag, or another tool's name for a platform, is for: in our own names."""

from __future__ import annotations

import re

from ftaudit.model.text import short

_MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
_PLATFORM = re.compile(
    r"(manylinux|musllinux|linux|macosx|macos|windows|win)(?:_?\d+(?:_\d+)?)?_(x86_64|amd64|aarch64|arm64)"
)


def platform_name(text: str) -> str:
    """Our name of the platform *text* (``manylinux_2_28_x86_64``, ``macos_14_0_arm64``), or *text* itself."""
    return known_platform(text) or short(text)


def known_platform(text: str) -> str | None:
    """Our name of the platform *text*, or None for one that has none."""
    match = _PLATFORM.fullmatch(text)
    if match is None:
        return None
    system, machine = match[1], _MACHINES.get(match[2], match[2])
    if system in ("manylinux", "linux"):
        return f"linux-{machine}"
    if system == "musllinux":
        return f"musllinux-{machine}"
    if system in ("macos", "macosx"):
        return f"macos-{'arm64' if machine == 'aarch64' else machine}"
    return f"windows-{'arm64' if machine == 'aarch64' else 'amd64'}"


_SUBDIRS = {
    "linux-64": "linux-x86_64",
    "linux-aarch64": "linux-aarch64",
    "osx-64": "macos-x86_64",
    "osx-arm64": "macos-arm64",
    "win-64": "windows-amd64",
    "win-arm64": "windows-arm64",
}
_MARKERS = {
    "linux-x86_64": "sys_platform == 'linux' and platform_machine == 'x86_64'",
    "linux-aarch64": "sys_platform == 'linux' and platform_machine == 'aarch64'",
    "macos-x86_64": "sys_platform == 'darwin' and platform_machine == 'x86_64'",
    "macos-arm64": "sys_platform == 'darwin' and platform_machine == 'arm64'",
    "windows-amd64": "sys_platform == 'win32' and platform_machine == 'AMD64'",
    "windows-arm64": "sys_platform == 'win32' and platform_machine == 'ARM64'",
}


def conda_platform(subdir: str) -> str:
    """Our name of conda's platform *subdir* (``osx-arm64``), or *subdir* itself where we have none."""
    return _SUBDIRS.get(subdir) or short(subdir)


def platform_marker(platform: str) -> str:
    """A marker (PEP 508) that holds on *platform*, by our name, and on no other; on none for one that is not
    ours. Linux with glibc and with musl are not told apart: no marker can."""
    return _MARKERS.get(platform, "sys_platform == 'none-of-ours'")
