"""What the user's uv is configured with: variables, then the user's ``uv.toml``, then the system's.

The keys are those of uv's settings reference (``index``, ``index-url``, ``extra-index-url``, ``find-links``,
``no-index``, ``index-strategy``); ``uv.toml`` may also hold them under ``[pip]``, which only ``uv pip`` reads
and which is not read here. A project's own ``pyproject.toml`` and ``uv.toml`` are read with its lock.
"""

from __future__ import annotations

import os
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ftaudit.errors import ConfigError
from ftaudit.index.files import read_config
from ftaudit.model.project import DeclaredIndex
from ftaudit.model.text import short


@dataclass(frozen=True, slots=True, kw_only=True)
class UvConfig:
    """``indexes`` in the order in which uv asks them; the default one, if it is set, is not among them."""

    default_index: str = field(default="", repr=False)
    indexes: tuple[DeclaredIndex, ...] = ()
    find_links: tuple[str, ...] = field(default=(), repr=False)
    no_index: bool = False
    merge: bool = False


def read_uv_config(environ: Mapping[str, str], home: Path) -> UvConfig:
    """The configuration of uv. Raises `ConfigError` for a file that is there and is not uv's."""
    config = UvConfig()
    for path in _files(environ, home):  # a file of higher precedence goes before, and replaces single values
        config = _over(_from_file(path), config)
    return _over(_from_environment(environ), config)


def _over(first: UvConfig, second: UvConfig) -> UvConfig:
    """uv concatenates lists, the higher precedence first, and takes single values from there."""
    return UvConfig(
        default_index=first.default_index or second.default_index,
        indexes=first.indexes + second.indexes,
        find_links=first.find_links + second.find_links,
        no_index=first.no_index or second.no_index,
        merge=first.merge or second.merge,
    )


def _from_environment(environ: Mapping[str, str]) -> UvConfig:
    named = environ.get("UV_INDEX", "").split() + environ.get("UV_EXTRA_INDEX_URL", "").split()
    return UvConfig(
        default_index=_plain(environ.get("UV_DEFAULT_INDEX") or environ.get("UV_INDEX_URL", "")).url,
        indexes=tuple(_plain(text) for text in named),
        find_links=tuple(part for part in environ.get("UV_FIND_LINKS", "").split(",") if part.strip()),
        no_index=environ.get("UV_NO_INDEX", "").lower() in {"1", "true", "yes", "on", "t", "y"},
        merge=environ.get("UV_INDEX_STRATEGY", "").startswith("unsafe-"),
    )


def _plain(text: str) -> DeclaredIndex:
    """``name=URL`` or ``URL``, as ``UV_INDEX`` and ``UV_DEFAULT_INDEX`` take them."""
    name, equals, url = text.strip().partition("=")
    if equals and name.replace("-", "").replace("_", "").replace(".", "").isalnum():
        return DeclaredIndex(url=url, name=name, tool="uv")
    return DeclaredIndex(url=text.strip(), tool="uv")


def _files(environ: Mapping[str, str], home: Path) -> list[Path]:
    """Lowest precedence first. ``UV_CONFIG_FILE`` stands for all, ``UV_NO_CONFIG`` for none."""
    if environ.get("UV_NO_CONFIG", "").lower() in {"1", "true", "yes", "on", "t", "y"}:
        return []
    if environ.get("UV_CONFIG_FILE"):
        return [Path(environ["UV_CONFIG_FILE"])]
    if sys.platform == "win32":
        system = [Path(environ.get("SYSTEMDRIVE", "C:") + "/ProgramData/uv/uv.toml")]
        user = Path(environ.get("APPDATA") or home / "AppData/Roaming", "uv", "uv.toml")
    else:
        shared = (environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(os.pathsep)
        system = [*(Path(folder, "uv", "uv.toml") for folder in shared), Path("/etc/uv/uv.toml")]
        user = Path(environ.get("XDG_CONFIG_HOME") or home / ".config", "uv", "uv.toml")
    first = next((path for path in system if path.is_file()), None)
    return [path for path in (first, user) if path is not None and path.is_file()]


def _from_file(path: Path) -> UvConfig:
    content = read_config(path)
    try:
        table = tomllib.loads(content.decode())
    except (ValueError, RecursionError) as error:  # tomllib and UTF-8; the text of neither is repeated
        raise ConfigError(f"{path}: not a TOML file") from error
    declared = [_declared(path, entry) for entry in _list(path, table, "index")]
    usual = [index for index in declared if not index.replaces_default]
    default = next((index.url for index in declared if index.replaces_default), "")
    extra = (DeclaredIndex(url=url, tool="uv") for url in _texts(path, table, "extra-index-url"))
    return UvConfig(
        default_index=default or _text(path, table, "index-url"),
        indexes=(*usual, *extra),
        find_links=tuple(_texts(path, table, "find-links")),
        no_index=table.get("no-index") is True,
        merge=_text(path, table, "index-strategy").startswith("unsafe-"),
    )


def _declared(path: Path, entry: object) -> DeclaredIndex:
    if not isinstance(entry, dict) or not isinstance(entry.get("url"), str):
        raise ConfigError(f"{path}: an [[index]] without a url")
    index = DeclaredIndex(url=entry["url"], name=str(entry.get("name", "")), tool="uv")
    return replace(
        index,
        explicit=entry.get("explicit") is True,
        replaces_default=entry.get("default") is True,
        find_links=entry.get("format") == "flat",
    )


def _list(path: Path, table: Mapping[str, Any], key: str) -> list[Any]:
    value = table.get(key, [])
    if not isinstance(value, list):
        raise ConfigError(f"{path}: {short(key)} is not a list")
    return value


def _texts(path: Path, table: Mapping[str, Any], key: str) -> list[str]:
    values = _list(path, table, key)
    if not all(isinstance(value, str) for value in values):
        raise ConfigError(f"{path}: {short(key)} holds something that is not a text")
    return values


def _text(path: Path, table: Mapping[str, Any], key: str) -> str:
    value = table.get(key, "")
    if not isinstance(value, str):
        raise ConfigError(f"{path}: {short(key)} is not a text")
    return value
