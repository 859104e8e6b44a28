"""One wheel: a pin of its name and version, with the edges of its metadata."""

from __future__ import annotations

from ftaudit.model.project import Problem, Reading
from ftaudit.sources.base import Document, Format
from ftaudit.sources.installed.wheel_at_hand import read_wheel

_NAME = "wheel"


def read(document: Document) -> Reading:
    """The wheel *document*; raises `InputError` for what is none."""
    pin = read_wheel(document, document.place, document.path)
    broken = Problem(
        input=document.path,
        rule="unreadable-input",
        message=f"{pin.name}: a Requires-Dist line does not parse",
    )
    return Reading(
        input=document.path,
        format=_NAME,
        sha256=pin.files[0].sha256 or "",
        pins=(pin,),
        problems=(broken,) if pin.dependencies is None else (),
    )


FORMAT = Format(
    name=_NAME,
    about="one wheel file",
    file_names=("*.whl",),
    score=lambda document: 2 * document.name.endswith(".whl"),
    read=read,
)
