"""One pin on one target with its evidence: all that a rule may look at."""

from __future__ import annotations

from dataclasses import dataclass

from ftaudit.model.evidence import CoreMetadata, Evidence, Missing
from ftaudit.model.project import MadeFor, Pin
from ftaudit.model.target import Target
from ftaudit.model.verdict import Gil, Installation


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """``foreign`` tells that the pin comes only from inputs that were made for another target.

    ``gil`` is what the modules say, ``metadata`` the picked file's core metadata; either may be Missing.
    """

    pin: Pin
    target: Target
    evidence: Evidence
    installation: Installation
    gil: Gil | Missing
    metadata: CoreMetadata | Missing | None = None
    foreign: bool = False
    root: bool = False
    made_for: MadeFor | None = None
