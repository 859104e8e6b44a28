"""One pin on one target with its evidence: all that a rule may look at."""

from __future__ import annotations

from dataclasses import dataclass

from ftaudit.model.binary import Contents
from ftaudit.model.evidence import CoreMetadata, Evidence, Missing, Release
from ftaudit.model.project import Pin
from ftaudit.model.target import Target
from ftaudit.model.verdict import Gil, Imported, Installation, StableAbi

NOT_READ = Missing(what="modules", why="modules not read", kind="modules-not-read")


@dataclass(frozen=True, slots=True, kw_only=True)
class OnIndex:
    """What the package index has of the release that a conda pin is built of: its ``release`` there, and what
    an installer would pick of it on the target. It decides nothing about the pin."""

    release: Release
    installation: Installation


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """``gil`` is what the modules say; ``metadata`` is the picked file's core metadata, or that of another
    file of the release where none is picked. What is Missing keeps the rules that need it from being run.

    ``contents`` is what the picked wheel holds, ``imported`` what importing that does on the target;
    ``drags`` are the other pins that importing this one may bring in, and that enable the GIL. ``stable_abi``
    is None where the wheel claims none. ``on_index`` is for conda pins only, None for all others.
    """

    pin: Pin
    target: Target
    evidence: Evidence
    installation: Installation
    gil: Gil | Missing
    metadata: CoreMetadata | Missing
    contents: Contents | Missing = NOT_READ
    imported: Imported | Missing = NOT_READ
    drags: tuple[str, ...] = ()
    stable_abi: StableAbi | None = None
    on_index: OnIndex | Missing | None = None
