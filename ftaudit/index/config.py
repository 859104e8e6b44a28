"""Which indexes are asked for which pin, and in which way several are combined.

The first of these that is set replaces those after it: the command line, the sources that the project
declares beside the lock, the user's pip, the user's uv. Nothing falls through to the next for a name that is
missing.
The public index is asked only where none of them sets an index URL: extra indexes alone add to the index URL
that is set further down (as pip does with its two options), and to the public one where none is.

A pin whose lock names an index is asked there and only there: a private name never reaches another index.
Nor does a name that a source of pdm keeps for itself (``include_packages``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from ftaudit.errors import ConfigError, UsageError
from ftaudit.index.local import local_path
from ftaudit.index.pip_config import PipConfig, read_pip_config
from ftaudit.index.uv_config import UvConfig, read_uv_config
from ftaudit.model.project import DeclaredIndex, Reading
from ftaudit.model.text import short
from ftaudit.net.auth import Credentials, Origin, is_address, origin, split_credentials
from ftaudit.net.options import NetOptions, environment_bundle, environment_proxies

MERGE, FIRST = "merge", "first"
DEFAULT = "default"
WHEELHOUSE = "wheelhouse"
_MAPPING = re.compile(rf"(.+?)=(https?://.+|file:.+|{DEFAULT})")
_CREDENTIAL_VARIABLES = {"uv": "UV_INDEX_{}_{}", "poetry": "POETRY_HTTP_BASIC_{}_{}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexOptions:
    """The command line. URLs may hold credentials. ``root`` is the project's folder: a folder that a lock
    names as its index is read only inside it."""

    index_url: str | None = field(default=None, repr=False)
    extra_index_urls: tuple[str, ...] = field(default=(), repr=False)
    index_strategy: str | None = None
    index_map: tuple[str, ...] = field(default=(), repr=False)
    offline: bool = False
    cache_dir: Path | None = None
    uploaded_before: datetime | None = None
    root: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """One place to ask. ``url`` has neither credentials nor a trailing slash, ``shown`` is fit for a report.

    ``path`` is set for a folder of this machine, ``flat`` for a page or folder that lists files of any
    project. ``refused`` says why it is not asked, or nothing.
    """

    url: str
    shown: str
    flat: bool = False
    path: Path | None = None
    refused: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """``indexes`` in order, combined by ``strategy``; ``links`` are flat and always merged in."""

    indexes: tuple[Index, ...] = ()
    links: tuple[Index, ...] = ()
    strategy: str = MERGE

    @property
    def effect(self) -> tuple[object, ...]:
        """What tells two plans apart: with one index there is no order."""
        return self.indexes, self.links, self.strategy if len(self.indexes) > 1 else ""


class IndexesDifferError(Exception):
    """The inputs that hold a pin declare different indexes: whose files it would get is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Level:
    """What one kind of configuration sets. ``defaults`` take the place of the public index."""

    defaults: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    no_index: bool = False
    merge: bool = True
    defaults_last: bool = False

    @property
    def is_set(self) -> bool:
        return bool(self.defaults or self.extras or self.links or self.no_index)


class Settings:
    """The plans of a run. Raises `UsageError` and `ConfigError`."""

    def __init__(
        self,
        options: IndexOptions,
        readings: Sequence[Reading],
        *,
        environ: Mapping[str, str],
        home: Path,
        cwd: Path,
        public: Callable[[], str],
    ) -> None:
        self._options, self._cwd, self._public = options, cwd, public
        pip, uv = read_pip_config(environ, home), read_uv_config(environ, home)
        self._user = (_cli(options), _pip(pip), _uv(uv))
        self._map = dict(_mapping(text) for text in options.index_map)
        self._flat = {
            _plain(d.url) for d in (*uv.indexes, *(d for r in readings for d in r.indexes)) if d.find_links
        }
        self._plans = {reading.input: self._plan_of(reading.indexes) for reading in readings}
        self._by_name = {
            reading.input: reading.indexes
            for reading in readings
            if any(declared.only or declared.never for declared in reading.indexes)
        }
        declared = (*uv.indexes, *_declared(readings))
        mine = (*_urls(self._user), *(index.url for index in uv.indexes))
        for url in (*mine, *(index.url for index in declared)):
            _plain(url)  # an explicit one is in no plan, and its address is read for credentials
        self.credentials = _credentials(self._user, declared, self._map.values(), environ)
        self.trusted_origins = frozenset(origin(url) for url in (*mine, *self._map.values()))
        self.net = _net(options, pip, environ)

    def plan(self, location: str, inputs: Sequence[str] = (), *, name: str = "") -> Plan:
        """Where the pin *name* (normalised) is asked whose lock names *location* (may be empty), held by
        *inputs*; with none, by all of the run.

        Raises `IndexesDifferError` where these do not agree: neither order nor union is what anybody
        installs from, and a private name would reach the index of another project.
        """
        if location:
            return self._named(location)
        asked = [self._plan_for(name, held) for held in inputs or self._plans if held in self._plans]
        plans = {plan.effect: plan for plan in asked}
        if len(plans) > 1:
            raise IndexesDifferError
        return next(iter(plans.values()), None) or self._configured

    def _plan_for(self, name: str, held_by: str) -> Plan:
        declared = self._by_name.get(held_by)
        return self._plans[held_by] if declared is None else self._plan_of(declared, name)

    @property
    def _configured(self) -> Plan:
        """What is asked where the project itself declares nothing."""
        return self._combined(self._user)

    def _named(self, location: str) -> Plan:
        if not is_address(location):
            refused = "not an address of an index"
            return Plan(indexes=(Index(url="", shown=short(location), refused=refused),))
        url = _plain(location)
        target = self._map.get(url, url)
        if target == DEFAULT:
            return self._configured
        trusted = url in self._map or any(url == _plain(known) for known in _urls(self._user))
        index = self._index(target, flat=url in self._flat, trusted=trusted)
        return Plan(links=(index,)) if index.flat else Plan(indexes=(index,))

    def _plan_of(self, declared: Sequence[DeclaredIndex], name: str = "") -> Plan:
        own = [index for index in declared if not index.explicit]
        houses = [index.url for index in own if index.tool == WHEELHOUSE]
        if houses:
            asked = self._combined(self._user) if self._user[0].is_set else Plan()
            links = tuple(self._index(url, flat=True, trusted=True) for url in houses)
            return replace(asked, links=(*links, *asked.links))
        return self._combined((self._user[0], _project(own, name), *self._user[1:]), project=1)

    def _combined(self, levels: Sequence[_Level], *, project: int | None = None) -> Plan:
        """The first level that is set, with what takes the place of the public index for it.

        *project* is the number of the one level that the user did not write.
        """
        at = next((number for number, level in enumerate(levels) if level.is_set), len(levels) - 1)
        level = levels[at]
        defaults = level.defaults
        if not defaults and not level.no_index:
            later = next((lower for lower in levels[at + 1 :] if lower.defaults or lower.no_index), None)
            defaults = later.defaults if later else ("",)
        own = at != project
        urls = (*level.extras, *defaults) if level.defaults_last else (*defaults, *level.extras)
        strategy = self._options.index_strategy or (MERGE if level.merge else FIRST)
        return Plan(
            indexes=tuple(dict.fromkeys(index for url in urls for index in self._mapped(url, trusted=own))),
            links=tuple(self._index(url, flat=True, trusted=own) for url in level.links),
            strategy=strategy,
        )

    def _mapped(self, url: str, *, trusted: bool) -> tuple[Index, ...]:
        """*url* (empty: the public index) after ``--index-map``."""
        plain = _plain(url or self._public())
        target = self._map.get(plain, url or plain)
        if target == DEFAULT:  # of what the user configured, without the maps: no way round in circles
            urls = next((level.defaults for level in self._user if level.defaults), (self._public(),))
            return tuple(self._index(_plain(default), trusted=True) for default in urls)
        return (self._index(target, trusted=trusted or plain in self._map),)

    def _index(self, url: str, *, flat: bool = False, trusted: bool) -> Index:
        """*trusted* tells that the user named it, and not only a file of the project."""
        plain = _plain(url)
        index = Index(url=plain, shown=short(plain, 200), flat=flat)
        if plain.startswith(("https://", "http://")):
            return index
        path = local_path(plain, self._cwd)
        if path is None:
            return replace(index, refused="not an address of an index")
        root = self._options.root
        if not trusted and (root is None or not path.resolve().is_relative_to(root.resolve())):
            return replace(index, refused="a folder outside the project, named only by the lock")
        return replace(index, path=path)


def _cli(options: IndexOptions) -> _Level:
    if options.index_url == "" or "" in options.extra_index_urls:  # a variable that is not set, perhaps
        raise UsageError("the address of the index is empty", advice="leave the option out, or name an index")
    if options.index_strategy not in {None, MERGE, FIRST}:
        raise UsageError(f"--index-strategy is {MERGE} or {FIRST}, not {short(options.index_strategy or '')}")
    return _Level(defaults=(options.index_url,) if options.index_url else (), extras=options.extra_index_urls)


def _pip(config: PipConfig) -> _Level:
    if config.no_index:
        return _Level(links=config.find_links, no_index=True)
    return _Level(
        defaults=(config.index_url,) if config.index_url else (),
        extras=config.extra_index_urls,
        links=config.find_links,
    )


def _uv(config: UvConfig) -> _Level:
    usual = [index for index in config.indexes if not index.explicit]
    return _Level(
        defaults=(config.default_index,) if config.default_index and not config.no_index else (),
        extras=() if config.no_index else tuple(index.url for index in usual if not index.find_links),
        links=(*config.find_links, *(index.url for index in usual if index.find_links)),
        no_index=config.no_index,
        merge=config.merge,
        defaults_last=True,
    )


def _project(declared: Sequence[DeclaredIndex], name: str) -> _Level:
    """uv asks its indexes in order, the default one last; the other tools merge theirs, as pip does.

    pdm asks those alone whose ``only`` matches *name*, else those whose ``never`` does not: its
    ``models/repositories/base.py``, ``source_preference``.
    """
    own = [index for index in declared if _matches(name, index.only)]
    served = own or [index for index in declared if not _matches(name, index.never)]
    indexes = [index for index in served if not index.find_links]
    links = [index for index in served if index.find_links]
    is_uv = any(index.tool == "uv" for index in declared)
    return _Level(
        defaults=tuple(index.url for index in indexes if own or index.replaces_default),
        extras=tuple(index.url for index in indexes if not (own or index.replaces_default)),
        links=tuple(index.url for index in links),
        no_index=bool(own) or any(index.replaces_default for index in declared),
        merge=not is_uv,
        defaults_last=is_uv,
    )


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return bool(name) and any(fnmatchcase(name, pattern) for pattern in patterns)


def _urls(levels: Sequence[_Level]) -> tuple[str, ...]:
    return tuple(url for level in levels for url in (*level.defaults, *level.extras, *level.links))


def _declared(readings: Sequence[Reading]) -> tuple[DeclaredIndex, ...]:
    return tuple(declared for reading in readings for declared in reading.indexes)


def _mapping(text: str) -> tuple[str, str]:
    """``FROM=TO``; a URL may hold ``=`` too, so the one before an address or ``default`` counts."""
    match = _MAPPING.fullmatch(text) or re.fullmatch(r"([^=]+)=(.+)", text)
    if match is None:
        raise UsageError("--index-map wants FROM=TO", advice=f"TO is a URL, or {DEFAULT}")
    _plain(match[2])
    return _plain(match[1]), match[2]


def _plain(url: str) -> str:
    """*url* as indexes are compared: no credentials, no trailing slash, scheme and host in lower case."""
    if "://" not in url:
        return url.rstrip("/") or url
    if not is_address(url):
        raise UsageError(f"{short(url)} is not a URL")
    parts = urlsplit(split_credentials(url)[0])
    netloc = parts.netloc.lower()
    path = parts.path.rstrip("/")
    return urlunsplit((parts.scheme.lower(), netloc, path, parts.query, ""))


def _credentials(
    levels: Sequence[_Level],
    declared: Sequence[DeclaredIndex],
    mapped: Iterable[str],
    environ: Mapping[str, str],
) -> dict[Origin, Credentials]:
    """By origin; those of the command line before the project's before the user's configuration's."""
    targets = [target for target in mapped if target != DEFAULT]
    urls = [*targets, *_urls(levels[:1]), *(index.url for index in declared), *_urls(levels[1:])]
    found: dict[Origin, Credentials] = {}
    for index in declared:
        variable = _CREDENTIAL_VARIABLES.get(index.tool)
        if variable and index.name:
            key = "".join(c if c.isalnum() else "_" for c in index.name).upper()
            user, password = (environ.get(variable.format(key, part)) for part in ("USERNAME", "PASSWORD"))
            if user or password:
                found.setdefault(origin(index.url), Credentials(user or "", password or ""))
    for url in urls:
        credentials = split_credentials(url)[1]
        if credentials is not None:
            found.setdefault(origin(url), credentials)
    return found


def _net(options: IndexOptions, pip: PipConfig, environ: Mapping[str, str]) -> NetOptions:
    for name in (pip.cert, pip.client_cert):
        if name and not Path(name).exists():
            raise ConfigError(f"{short(name)}: no such certificate file, though pip is configured with it")
    return NetOptions(
        offline=options.offline,
        cert=pip.cert or environment_bundle(environ),
        client_cert=pip.client_cert or None,
        proxy=pip.proxy or None,
        proxies=environment_proxies(environ),
        trusted_hosts=pip.trusted_hosts,
    )
