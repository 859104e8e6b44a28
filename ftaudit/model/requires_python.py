"""``Requires-Python`` held against an interpreter, as pip does it and as uv does it."""

from __future__ import annotations

from functools import lru_cache

from packaging.specifiers import InvalidSpecifier, SpecifierSet

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
    lower = [
        f">={spec.version.removesuffix('.*')}" if spec.operator != ">" else str(spec)
        for spec in specifiers
        if spec.operator in _LOWER_BOUNDS
    ]
    return SpecifierSet(",".join(lower)).contains(interpreter.full_version, prereleases=True)


@lru_cache(maxsize=4096)
def _parse(text: str | None) -> SpecifierSet | None:
    if not text:
        return None
    try:
        return SpecifierSet(text)
    except InvalidSpecifier:
        return None
