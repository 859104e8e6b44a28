"""A client over an empty home, in one line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ftaudit.concurrency import Scope
from ftaudit.index.client import Analyser, IndexClient, open_client, our_analyser
from ftaudit.index.config import IndexOptions
from ftaudit.model.evidence import Missing, ProjectPage
from ftaudit.model.project import INDEX, Reading
from ftaudit.net.auth import Keys, Netrc
from ftaudit.net.cache import Cache
from ftaudit.net.options import NetOptions
from ftaudit.net.session import Http

QUICK = NetOptions(connect_seconds=5.0, read_seconds=5.0, backoff_seconds=0.0)


def public_of_tests() -> str:
    return "http://public.example/simple"


@contextmanager
def http(
    folder: Path,
    *,
    scope: Scope | None = None,
    clock: Callable[[], float] = lambda: 1_800_000_000.0,
    keys: Keys | None = None,
    **options: Any,
) -> Iterator[Http]:
    """HTTP with its cache in *folder*."""
    cache = Cache(folder / "cache", clock=clock)
    opened = Http(replace(QUICK, **options), scope or Scope(), keys=keys or Keys(), cache=cache)
    try:
        yield opened
    finally:
        opened.close()


@dataclass
class World:
    """What a client is opened with; a test changes what it is about."""

    folder: Path
    environ: Mapping[str, str] = field(default_factory=dict)
    readings: Sequence[Reading] = ()
    scope: Scope = field(default_factory=Scope)
    now: datetime = datetime(2026, 11, 22, tzinfo=UTC)
    public: Callable[[], str] = public_of_tests
    analyser: Callable[[], Analyser] = our_analyser

    @contextmanager
    def client(self, **options: Any) -> Iterator[IndexClient]:
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        environ = {"XDG_CONFIG_DIRS": str(home), "PIP_CONFIG_FILE": "/dev/null", **self.environ}
        with open_client(
            IndexOptions(cache_dir=self.folder / "cache", root=self.folder, **options),
            self.readings,
            environ=environ,
            home=home,
            cwd=self.folder,
            scope=self.scope,
            now=lambda: self.now,
            public=self.public,
            analyser=self.analyser,
        ) as client:
            yield client

    def page(self, name: str, **options: Any) -> ProjectPage | Missing:
        with self.client(**options) as client:
            return client.page(name, INDEX)


def netrc_keys(path: Path, text: str) -> Keys:
    path.write_text(text)
    return Keys(netrc=Netrc(path))
