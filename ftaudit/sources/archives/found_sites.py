"""Where Python packages lie in a file system that is not this machine's, and which of them belong together.

An environment is what one interpreter sees: ``lib`` and ``lib64`` of one version, or what Debian's
interpreter has in ``/usr/lib/python3/dist-packages`` and below ``/usr/local``. Packages in a folder of
another name (``/var/task``, ``pip install --target``) are an environment of their own.
"""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from ftaudit.model.text import printable
from ftaudit.sources import limits
from ftaudit.sources.base import Document
from ftaudit.sources.tree import Tree

Handle = TypeVar("Handle")

PACKAGES = ("site-packages", "dist-packages")
LOOKED_FOR = "looked for folders with *.dist-info in them, at any depth"
"""What to say where nothing was found."""

_SITE = re.compile(r"(?:(.*?)/)??(?:lib|lib64|Lib)/(?:(python3[.\d]*t?)/)?(site-packages|dist-packages)")
_LEGACY = (".egg-info", ".egg-link", ".egg")


def is_root(entries: Collection[str]) -> bool:
    """Whether a folder with *entries* is the root of a file system."""
    return "usr" in entries and any(name in entries for name in ("etc", "bin", "lib"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Folders of packages that one interpreter sees: ``sites`` below ``prefix``, both places in a tree.

    ``library`` tells environments of one prefix apart (``python3.12``); empty where there is but one.
    """

    prefix: str
    sites: tuple[str, ...]
    library: str = ""


def find_sites(
    root: Handle, listing: Callable[[Handle, str], Mapping[str, Handle | None]]
) -> tuple[str, ...]:
    """The places of all folders of packages below *root*.

    *listing* gives the names in a folder and, of those that are to be gone into, their handles. What a
    package brings along for itself (``setuptools/_vendor``) and what a tool only keeps (the caches of uv and
    conda) is installed for nobody.
    """
    waiting = [(root, "", False)]
    found = []
    while waiting:
        folder, place, inside = waiting.pop()
        names = listing(folder, place)
        if _kept(place, names):
            continue
        named = posixpath.basename(place) in PACKAGES
        if named or not inside:
            wanted = (".dist-info", *_LEGACY) if named else (".dist-info",)
            if any(name.endswith(wanted) for name in names):
                found.append(place)
                inside = True
                if named:
                    continue
        waiting += [
            (handle, f"{place}/{name}" if place else name, inside)
            for name, handle in names.items()
            if handle is not None
        ]
    return tuple(sorted(found))


def _kept(place: str, names: Collection[str]) -> bool:
    """A cache: that of uv by its mark (https://bford.info/cachedir/), which environments and others have as
    well, and its buckets; conda's is ``pkgs``, with a list of where its packages came from."""
    cache = "CACHEDIR.TAG" in names and any(name.startswith("archive-v") for name in names)
    return cache or (posixpath.basename(place) == "pkgs" and ("urls.txt" in names or "urls" in names))


def environments(sites: Iterable[str]) -> tuple[Environment, ...]:
    """*sites*, those together that one interpreter sees."""
    together: dict[tuple[str, str], list[str]] = defaultdict(list)
    for site in sites:
        together[_owner(site)].append(site)
    prefixes = [prefix for prefix, _ in together]
    return tuple(
        Environment(
            prefix=prefix,
            sites=tuple(sorted(places)),
            library=library if prefixes.count(prefix) > 1 else "",
        )
        for (prefix, library), places in sorted(together.items())
    )


def _owner(site: str) -> tuple[str, str]:
    match = _SITE.fullmatch(site)
    if match is None:
        return site, ""
    prefix, library, packages = match[1] or "", match[2] or "python3", match[3]
    if packages == "dist-packages":  # Debian's: https://wiki.debian.org/Python#Deviations_from_upstream
        return ("usr" if prefix == "usr/local" else prefix), packages
    return prefix, library


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentTree:
    """The *tree*, in which no other folders of packages are to be seen than those of one environment.

    *also_folder* tells of folders that are there without having been put into *tree*.
    """

    tree: Tree
    sites: frozenset[str]
    also_folder: Callable[[str], bool]

    def read(
        self, place: str, *, asked_by: str = "", line: int | None = None, limit: int = limits.FILE
    ) -> bytes:
        return self.tree.read(place, asked_by=asked_by, line=line, limit=limit)

    def entries(self, place: str) -> tuple[str, ...]:
        return self.tree.entries(place)

    def is_file(self, place: str) -> bool:
        return self.tree.is_file(place)

    def is_folder(self, place: str) -> bool:
        if posixpath.basename(place) in PACKAGES:
            return place in self.sites
        return self.tree.is_folder(place) or self.also_folder(place)

    def real_path(self, place: str) -> str | None:
        return self.tree.real_path(place)


def document_of(
    environment: Environment,
    tree: Tree,
    *,
    shown: str,
    also_folder: Callable[[str], bool],
    platform: str | None = None,
    python_gil: str | None = None,
) -> Document:
    """*environment* as a document: *shown* is how the user names the root of *tree*."""
    path = f"{shown}/{printable(environment.prefix)}"
    return Document(
        path=f"{path} ({environment.library})" if environment.library else path,
        place=environment.prefix,
        tree=EnvironmentTree(tree=tree, sites=frozenset(environment.sites), also_folder=also_folder),
        folder=True,
        platform=platform,
        python_gil=python_gil,
    )
