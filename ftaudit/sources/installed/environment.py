"""An installed environment, read from its files: a virtual environment, a prefix, or a ``site-packages``.

Nothing in it is executed. What it was made for comes from ``pyvenv.cfg``, the name of its library folder
(``lib/python3.14t``) and the tags of the platform wheels in it.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Iterable, Iterator

from ftaudit.errors import InputError
from ftaudit.model.project import FoundInterpreter, MadeFor, Problem, Reading
from ftaudit.sources import limits
from ftaudit.sources.archives.found_sites import is_root
from ftaudit.sources.base import Document, Format
from ftaudit.sources.installed.dist_info import Site, read_site
from ftaudit.sources.reading.built_for import only, platform_of, pythons_of

_NAME = "environment"
_CONFIG = "pyvenv.cfg"
_PACKAGES = ("site-packages", "dist-packages")
_LIBRARY = re.compile(r"python(3\.\d+t?)")
_VERSION = re.compile(r"\s*(?:version|version_info)\s*=\s*(3\.\d{1,3}(?:\.\d{1,3})?)\b", re.IGNORECASE)
_SYSTEM = re.compile(r"\s*include-system-site-packages\s*=\s*true\b", re.IGNORECASE)


def read(document: Document) -> Reading:
    """Everything installed in the folder *document*; raises `InputError` where it is no environment."""
    config = _config(document)
    folders = tuple(_folders(document))
    if not folders:
        raise InputError(document.path, "an environment without a site-packages folder")
    sites = [
        read_site(document.tree, place, input_path=document.path, shown=_shown(document, place))
        for place in folders
    ]
    pins = tuple(pin for site in sites for pin in site.pins)
    problems = [problem for site in sites for problem in site.problems]
    if any(_SYSTEM.match(line) for line in config.splitlines()):
        problems.append(
            Problem(
                input=document.path,
                rule="system-site-packages",
                message="it also sees the packages of the interpreter that it was made from: not read",
            )
        )
    listing = "\n".join(sorted(f"{pin.name} {pin.version}" for pin in pins))
    interpreter = _interpreter(document, config, folders, sites)
    return Reading(
        input=document.path,
        format=_NAME,
        sha256=hashlib.sha256(listing.encode()).hexdigest(),
        pins=pins,
        made_for=MadeFor(
            python=interpreter.python,
            platform=platform_of([wheel for site in sites for wheel in site.tags]) or document.platform,
        ),
        problems=tuple(problems),
        interpreter=interpreter,
    )


def _config(document: Document) -> str:
    place = posixpath.join(document.place, _CONFIG)
    if not document.tree.is_file(place):
        return ""
    return document.tree.read(place, limit=limits.SMALL_FILE).decode("utf-8", "replace")


def _folders(document: Document) -> Iterator[str]:
    """The places that hold packages, each once (``lib64`` is mostly a link to ``lib``)."""
    tree, seen = document.tree, set()
    for place in _candidates(document):
        real = tree.real_path(place) or place
        if real not in seen and tree.is_folder(place):
            seen.add(real)
            yield place


def _candidates(document: Document) -> Iterator[str]:
    tree, root = document.tree, document.place
    if any(entry.endswith(".dist-info") for entry in tree.entries(root)) or document.name in _PACKAGES:
        yield root
        return
    yield from (posixpath.join(root, "Lib", packages) for packages in _PACKAGES)
    for library in ("lib", "lib64", "local/lib"):
        for entry in tree.entries(posixpath.join(root, library)):
            if entry.startswith("python3"):
                yield from (posixpath.join(root, library, entry, packages) for packages in _PACKAGES)


def _shown(document: Document, place: str) -> str:
    return posixpath.normpath(
        posixpath.join(document.path, posixpath.relpath(f"/{place}", f"/{document.place}"))
    )


def _interpreter(
    document: Document, config: str, folders: Iterable[str], sites: Iterable[Site]
) -> FoundInterpreter:
    """The interpreter, each part None where the files do not say or contradict each other.

    The name of the library folder has the ``t`` of a free-threaded build, as have the tags of what was
    compiled for it. Windows has neither ``t`` nor version in it, and ``pyvenv.cfg`` names no build.
    """
    where = [posixpath.join(document.tree.real_path(document.place) or "", place) for place in folders]
    library = {found[1] for path in where for part in path.split("/") if (found := _LIBRARY.fullmatch(part))}
    tags = [wheel for site in sites for wheel in site.tags]
    built = pythons_of(tags)
    configured = {found[1] for line in config.splitlines() if (found := _VERSION.match(line))}
    named = only(library) or only(built)
    whole = only(configured)
    feature = ".".join(whole.split(".")[:2]) if whole else None
    return FoundInterpreter(
        python=named or feature,
        version=whole if whole and (named is None or named.rstrip("t") == feature) else None,
        free_threaded=named.endswith("t") if named else None,
        python_gil=document.python_gil,
    )


def _score(document: Document) -> int:
    if not document.folder:
        return 0
    entries = document.tree.entries(document.place)
    if is_root(entries):
        return 0  # /usr/lib/python3 is only one of its environments
    return 2 * (_CONFIG in entries or any(True for _ in _folders(document)))


FORMAT = Format(
    name=_NAME,
    about="an installed environment: a virtual environment, a prefix or a site-packages folder",
    file_names=(_CONFIG,),
    score=_score,
    read=read,
)
