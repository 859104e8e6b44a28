"""What the user's pip is configured with: variables and configuration files, in pip's precedence.

The order of files and sections is that of pip's ``_internal/configuration.py`` and
``_internal/cli/parser.py``: ``[global]`` of all files, then ``[install]``, then ``PIP_…`` variables; among
files global, user, site, ``PIP_CONFIG_FILE``; a later value replaces an earlier one, an empty one counts as
not set.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ftaudit.errors import ConfigError
from ftaudit.index.files import read_config

SECTIONS = ("global", "install")
"""What ``pip install`` reads."""
_TRUE = frozenset({"y", "yes", "t", "true", "on", "1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PipConfig:
    """Empty values mean "not set". URLs may hold credentials."""

    index_url: str = field(default="", repr=False)
    extra_index_urls: tuple[str, ...] = field(default=(), repr=False)
    find_links: tuple[str, ...] = field(default=(), repr=False)
    no_index: bool = False
    cert: str = ""
    client_cert: str = ""
    proxy: str = field(default="", repr=False)
    trusted_hosts: tuple[str, ...] = ()


def read_pip_config(environ: Mapping[str, str], home: Path, *, prefix: Path | None = None) -> PipConfig:
    """The configuration of pip. *prefix* is the environment whose site file counts, if any.

    Raises `ConfigError` for a file that is there and not readable as pip's.
    """
    by_section: dict[str, dict[str, str]] = {section: {} for section in SECTIONS}
    for path in _files(environ, home, prefix):
        parsed = _parse(path)
        for section in SECTIONS:
            by_section[section].update(parsed.get(section, {}))
    merged: dict[str, str] = {}
    variables = {_key(name[4:]): value for name, value in environ.items() if name.startswith("PIP_")}
    for values in (*by_section.values(), variables):
        merged.update({name: value for name, value in values.items() if value})
    return PipConfig(
        index_url=merged.get("index-url") or merged.get("pypi-url", ""),  # the two names of one option
        extra_index_urls=tuple(merged.get("extra-index-url", "").split()),
        find_links=tuple(merged.get("find-links", "").split()),
        no_index=merged.get("no-index", "").lower() in _TRUE,
        cert=merged.get("cert", ""),
        client_cert=merged.get("client-cert", ""),
        proxy=merged.get("proxy", ""),
        trusted_hosts=tuple(merged.get("trusted-host", "").split()),
    )


def _key(name: str) -> str:
    return name.lower().replace("_", "-").removeprefix("--")


def _files(environ: Mapping[str, str], home: Path, prefix: Path | None) -> list[Path]:
    """Lowest precedence first."""
    named = environ.get("PIP_CONFIG_FILE", "")
    if named == os.devnull:
        return []
    base = "pip.ini" if sys.platform == "win32" else "pip.conf"
    files = [folder / base for folder in _global_folders(environ)]
    if not (named and Path(named).exists()):
        files += [home / ("pip" if sys.platform == "win32" else ".pip") / base]
        files += [_user_folder(environ, home) / base]
    if prefix is not None:
        files += [prefix / base]
    return [path for path in [*files, *([Path(named)] if named else [])] if path.is_file()]


def _global_folders(environ: Mapping[str, str]) -> list[Path]:
    if sys.platform == "win32":
        return [Path(environ.get("PROGRAMDATA", "C:/ProgramData"), "pip")]
    if sys.platform == "darwin":
        return [Path("/Library/Application Support/pip")]
    shared = environ.get("XDG_CONFIG_DIRS") or "/etc/xdg"
    return [*(Path(folder, "pip") for folder in shared.split(os.pathsep)), Path("/etc")]


def _user_folder(environ: Mapping[str, str], home: Path) -> Path:
    if sys.platform == "win32":
        return Path(environ.get("APPDATA") or home / "AppData/Roaming", "pip")
    if sys.platform == "darwin":
        own = home / "Library/Application Support/pip"
        return own if own.is_dir() else home / ".config/pip"
    return Path(environ.get("XDG_CONFIG_HOME") or home / ".config", "pip")


def _parse(path: Path) -> dict[str, dict[str, str]]:
    import configparser  # only where there is a file

    parser = configparser.RawConfigParser()
    parser.optionxform = _key  # type: ignore[method-assign, assignment, unused-ignore]
    content = read_config(path)
    try:
        parser.read_string(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 at byte {error.start}") from error
    except configparser.Error as error:  # its text repeats lines of the file, which may hold a password
        line = getattr(error, "lineno", None) or next((n for n, _ in getattr(error, "errors", ())), None)
        place = f"line {line}: " if line else ""
        raise ConfigError(
            f"{path}: {place}not a configuration file of pip", advice="see `pip config debug`"
        ) from error
    return {section: dict(parser.items(section)) for section in parser.sections() if section in SECTIONS}
