"""``Requires-Python`` held against an interpreter, as pip does it and as uv does it."""

from __future__ import annotations

from functools import lru_cache

from packaging.specifiers import Specifier, SpecifierSet
from packaging.version import Version

from ftaudit.model.target import Interpreter

_LOWER_BOUNDS = {">=", ">", "~=", "==", "==="}


@lru_cache(maxsize=4096)
def allows(requires_python: str | None, interpreter: Interpreter) -> bool:
    """Whether pip would take a file with this ``Requires-Python`` on *interpreter*.

    A specifier that does not parse is ignored, as pip does (``_check_link_requires_python`` in its
    ``_internal/index/package_finder.py``).
    """
    specifiers = _parse(requires_python)
    return specifiers is None or specifiers.contains(interpreter.full_version, prereleases=True)


@lru_cache(maxsize=4096)
def allows_without_upper_bound(requires_python: str | None, interpreter: Interpreter) -> bool:
    """The same for uv, which reads lower bounds only.

    https://docs.astral.sh/uv/reference/internals/resolver/#requires-python
    """
    specifiers = _parse(requires_python)
    if specifiers is None:
        return True
    lower = [_lower_bound(spec) for spec in specifiers if spec.operator in _LOWER_BOUNDS]
    return SpecifierSet(",".join(lower)).contains(interpreter.full_version, prereleases=True)


def _lower_bound(specifier: Specifier) -> str:
    if specifier.operator == ">":
        return str(specifier)
    try:
        return f">={Version(specifier.version.removesuffix('.*')).public}"
    except ValueError:  # what follows ``===`` need not be a version
        return str(specifier)


@lru_cache(maxsize=4096)
def _parse(text: str | None) -> SpecifierSet | None:
    if not text:
        return None
    try:
        specifiers = SpecifierSet(text)
        for specifier in specifiers:
            specifier.contains("0")  # a number that is too long is met only when versions are compared
    except ValueError:
        return None
    return specifiers
