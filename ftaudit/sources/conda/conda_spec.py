"""Conda's specs: the requirements of an environment.yml (``channel::name[version='…',build=…]``).

The forms that conda accepts are in ``conda/models/match_spec.py`` of its source and at
https://docs.conda.io/projects/conda/en/stable/user-guide/concepts/pkg-specs.html#package-match-specifications
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from ftaudit.model.project import FoundInterpreter
from ftaudit.sources import limits
from ftaudit.sources.reading.applies import single_python
from ftaudit.sources.reading.assemble import LONG_NUMBER

_BRACKETS = re.compile(r"([^\[\]]*+)\[([^\[\]]*+)\]$")
_PAIR = re.compile(r"""(?<![a-z_0-9])([a-z_0-9]++) ?+= ?+(?:'([^']*+)'|"([^"]*+)"|([^,'"]*+)) ?+(?:,|$)""")
_NAME = re.compile(r"[^\s=<>!~]++")
_LOOSE = re.compile(r"(?<=[,|<>=!~]) | (?=[,|])")
_WITH_BUILD = re.compile(r"={0,2}([^=<>!~,|]++)=([^=<>!~,|]++)")
_BUILD_TAG = re.compile(r"cp3(\d{1,3})(t?)\*?")
_CPYTHON = frozenset({"python", "python-freethreading", "python-gil", "cpython", "python_abi"})
"""Packages of conda-forge whose version is that of the interpreter."""
_FIRST_FREE_THREADED = 13


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """``name`` is as conda compares it, in lower case, and not checked. ``specifier`` says in PEP 440 what
    the version may be, or is empty where that cannot be said. ``build`` may hold wildcards."""

    name: str
    specifier: str = ""
    build: str = ""


def parse(text: str) -> Spec:
    """The spec in *text*; the name is empty where it has none."""
    text, given = " ".join(text.partition("#")[0].split()), {}
    if match := _BRACKETS.match(text):
        text = match[1].strip()
        given = {pair[1]: pair[2] or pair[3] or (pair[4] or "").strip() for pair in _PAIR.finditer(match[2])}
    text = text.rpartition("::")[2].strip()
    named = _NAME.match(text)
    name = named[0] if named else ""
    version, build = _version_and_build(text[len(name) :].strip())
    return Spec(
        name=(name or given.get("name", "")).lower(),
        specifier=pep440(given.get("version", version)),
        build=given.get("build", build),
    )


def _version_and_build(text: str) -> tuple[str, str]:
    """``=1.2`` is any 1.2, ``=1.2=build`` and ``1.2 build`` are that version alone."""
    words = _LOOSE.sub("", text).split(maxsplit=1)
    if len(words) == 2:
        version, build = words
        return version.removeprefix("=") if version[:2] != "==" else version, build
    if match := _WITH_BUILD.fullmatch(words[0] if words else ""):
        return match[1], match[2]
    return (words[0] if words else ""), ""


def pep440(version: str) -> str:
    """Conda's *version* (``=1.2``, ``>=1.2,<2``, ``1.2.*``) as PEP 440 has it, empty where that cannot be."""
    if len(version) > limits.SPECIFIER or LONG_NUMBER.search(version):
        return ""
    clauses = (_clause(clause) for clause in re.sub(r"\s", "", version).split(",") if clause != "*")
    try:
        return str(SpecifierSet(",".join(filter(None, clauses))))
    except InvalidSpecifier:
        return ""


def _clause(clause: str) -> str:
    fuzzy = clause.startswith("=") and not clause.startswith("==")
    if not fuzzy and clause[:1] in ("<", ">", "=", "!", "~"):
        return clause
    exact = clause.removeprefix("=")
    start = exact.rstrip("*")
    return f"=={start.rstrip('.')}.*" if start and (fuzzy or start != exact) else f"=={exact}"


def interpreter(specs: Iterable[Spec]) -> FoundInterpreter | None:
    """The interpreter that *specs* ask for, as far as they tell; None where they tell nothing of it.

    ``free_threaded`` is known only where they say so: by the build ``…_cp314t``, by ``python-freethreading``
    or ``python-gil``, or by a version that has no such build; it is None where they contradict each other.
    """
    asked = {spec for spec in specs if spec.name in _CPYTHON}
    if len(asked) > limits.INTERPRETER_SPECS:
        return None
    features: set[str] = set()
    free_threaded = {spec.name == "python-freethreading" for spec in asked if "python-" in spec.name}
    for spec in asked:
        made_for = single_python(spec.specifier)
        if made_for is not None and made_for.python:
            features.add(made_for.python)
        if tag := _BUILD_TAG.fullmatch(spec.build.rpartition("_")[2].lstrip("*")):
            features.add(f"3.{tag[1]}")
            free_threaded.add(tag[2] == "t")
    if len(features) > 1:
        return None
    feature = next(iter(features), None)
    if feature and int(feature.partition(".")[2]) < _FIRST_FREE_THREADED:
        free_threaded.add(False)
    decided = free_threaded.pop() if len(free_threaded) == 1 else None
    if feature is None and decided is None:
        return None
    python = f"{feature}t" if feature and decided else feature
    return FoundInterpreter(python=python, free_threaded=decided)
