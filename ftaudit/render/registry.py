"""The formats, in the order in which they are listed: one line each, with the name of their module."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ftaudit.render.base import Renderer

if TYPE_CHECKING:  # --help lists the formats, and needs nothing of a report
    from ftaudit.model.inspection import Inspection
    from ftaudit.model.report import Report
    from ftaudit.render.base import RenderOptions


def _format(module: str, about: str, suffix: str, media_type: str, *, name: str = "") -> Renderer[Any]:
    """The renderer in *module*, imported when it is first used: no format pays for another."""

    def render(value: object, options: RenderOptions) -> str:
        text: str = import_module(f"ftaudit.render.{module}").render(value, options)
        return text

    return Renderer(name=name or module, about=about, suffix=suffix, media_type=media_type, render=render)


RENDERERS: tuple[Renderer[Report], ...] = (
    _format("text", "for people, in a terminal or a log", ".txt", "text/plain"),
    _format("json", "for programs: version 1 of the published schema", ".json", "application/json"),
    _format("markdown", "for a comment on a pull request", ".md", "text/markdown"),
)

INSPECTION_RENDERERS: tuple[Renderer[Inspection], ...] = (
    _format("inspect_text", "for people, in a terminal or a log", ".txt", "text/plain", name="text"),
    _format(
        "inspect_json", "for programs: version 1 of its schema", ".json", "application/json", name="json"
    ),
)
"""Those of ``ftaudit inspect``."""
