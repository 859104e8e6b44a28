"""What conda knows of a package: how its archive was built, and which environments hold it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class CondaBuild(StrEnum):
    """How an archive was built. ``NOARCH`` has nothing compiled for a platform or an interpreter; ``ABI3`` is
    compiled against the limited API and depends on ``_python_abi3_support``."""

    NOARCH = "noarch"
    COMPILED = "compiled"
    ABI3 = "abi3"


@dataclass(frozen=True, slots=True, kw_only=True)
class CondaEnvironment:
    """One environment on one platform, as a lock solves it.

    ``name`` is empty where the format has one environment only. ``platform`` is our name of it
    (``linux-x86_64``), or the lock's own where we have none. ``python`` is the feature version of its
    interpreter with the ``t`` of a free-threaded build (``3.14t``), or None where it holds none.
    """

    name: str
    platform: str
    python: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CondaRecord:
    """One archive of a package. ``build`` is its build string, ``url`` its address without credentials."""

    build: str
    kind: CondaBuild
    url: str
    environments: tuple[CondaEnvironment, ...]


def held(records: Iterable[CondaRecord], platform: str, python: str) -> tuple[CondaRecord, ...]:
    """Those of *records* that an environment for *platform* whose interpreter is *python* holds."""
    return tuple(
        record
        for record in records
        if any(env.platform == platform and env.python == python for env in record.environments)
    )
