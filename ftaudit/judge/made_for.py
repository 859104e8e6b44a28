"""What an input was resolved or installed for, held against a target."""

from __future__ import annotations

from ftaudit.model.markers import could_hold
from ftaudit.model.project import MadeFor, Reading
from ftaudit.model.requires_python import allows
from ftaudit.model.target import Target


def made_elsewhere(reading: Reading, target: Target) -> str:
    """What *reading* was made for, as the end of "made for …"; empty where that covers *target*.

    A lock whose ``requires-python`` or environments leave the target out was not resolved for it: edges that
    only hold there may be missing.
    """
    if reading.made_for is not None and not _covers(reading.made_for, target, locked=reading.closed):
        return _words(reading.made_for)
    if not allows(reading.requires_python, target.interpreter):
        return f"Python {reading.requires_python}"
    if reading.environments and not any(could_hold(m, target.environment) for m in reading.environments):
        return "other environments than the target"
    return ""


def _covers(made_for: MadeFor, target: Target, *, locked: bool) -> bool:
    """A part that the input does not tell is no evidence that it covers the target, but for the platform of
    one without anything compiled. A lock for 3.14 covers 3.14t: no marker tells the two apart."""
    interpreter = target.interpreter
    feature = f"{interpreter.major}.{interpreter.minor}"
    pythons = (f"{feature}t", feature) if locked else (f"{feature}t",)
    return made_for.python in pythons and made_for.platform in (None, target.platform.partition("@")[0])


def _words(made_for: MadeFor) -> str:
    return " on ".join(filter(None, (made_for.python or "another interpreter", made_for.platform)))
