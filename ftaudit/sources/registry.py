"""The formats that can be read: one line each, and no second list anywhere.

A module is imported when its format is tried. It is named for the files that it reads, so for a file of a
usual name the first one that is tried is the right one, and the others are not paid for.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

from ftaudit.sources.base import Document, Format, Holder, Opens

_MODULES: tuple[tuple[str, Opens], ...] = (
    ("locks.uv_lock", Opens.CONTENT),
    ("locks.pylock", Opens.CONTENT),
    ("locks.poetry_lock", Opens.CONTENT),
    ("locks.pdm_lock", Opens.CONTENT),
    ("locks.pipfile_lock", Opens.CONTENT),
    ("conda.pixi_lock", Opens.CONTENT),
    ("conda.conda_lock", Opens.CONTENT),
    ("conda.conda_explicit", Opens.CONTENT),
    ("locks.pex_lock", Opens.CONTENT),
    ("requirements.requirements", Opens.CONTENT),
    ("sbom.cyclonedx", Opens.CONTENT),
    ("installed.pip_report", Opens.CONTENT),
    ("installed.pip_inspect", Opens.CONTENT),
    ("projects.pyproject", Opens.CONTENT),
    ("projects.script", Opens.CONTENT),
    ("conda.environment_yml", Opens.CONTENT),
    ("installed.environment", Opens.FOLDER),
    ("installed.wheelhouse", Opens.FOLDER),
    ("installed.wheel", Opens.PLACE),
    ("installed.interpreter", Opens.PLACE),
)
"""In the order of preference."""

_HOLDERS = (
    "projects.script",
    "archives.image",
    "archives.zipapp",
    "archives.root_folder",
    "projects.project",
)
"""What holds several inputs, in the order of preference."""


def formats(opens: Opens | None = None) -> Iterator[Format]:
    """All formats, or those handed *opens*, in the order of preference."""
    return (_load(module) for module, handed in _MODULES if opens in (None, handed))


def choose(document: Document, opens: Opens = Opens.CONTENT) -> Format | None:
    """The format of *document* among those handed *opens*: the highest score, the first registered of equals,
    or None for no format."""
    likely = _likely(document)
    if likely is not None and opens is Opens.PLACE:
        return None
    if likely is not None and (candidate := _load(likely)).score(document) == 2:
        return candidate
    scored = [(candidate.score(document), candidate) for candidate in formats(opens)]
    best = max((score for score, _ in scored), default=0)
    return next((candidate for score, candidate in scored if score == best), None) if best else None


def holders() -> Iterator[Holder]:
    """Everything that holds several inputs, in the order of preference."""
    return (import_module(f"ftaudit.sources.{module}").HOLDER for module in _HOLDERS)


def holder_of(document: Document) -> Holder | None:
    """What *document* is, if it holds several inputs: the highest score, the first of equals."""
    scored = [(holder.score(document), holder) for holder in holders()]
    best = max((score for score, _ in scored), default=0)
    return next((holder for score, holder in scored if score == best), None) if best else None


def names() -> Iterator[str]:
    """What everything that can be read is called."""
    yield from (form.name for form in formats())
    yield from (holder.name for holder in holders())


def _likely(document: Document) -> str | None:
    """The module named like *document*: ``uv_lock`` for ``uv.lock``, ``pylock`` for ``pylock.dev.toml``."""
    name = document.name.lower().replace(".", "_")
    if document.folder or not name.endswith(("_lock", "_toml", "_txt", "_in")):
        return None
    modules = (module for module, opens in _MODULES if opens is Opens.CONTENT)
    return next((module for module in modules if name.startswith(module.partition(".")[2])), None)


def _load(module: str) -> Format:
    loaded: Format = import_module(f"ftaudit.sources.{module}").FORMAT
    return loaded
