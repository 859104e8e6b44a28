"""The report formats, in the order in which they are listed: one line each, named like their module."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from ftaudit.render.base import Renderer

if TYPE_CHECKING:  # --help lists the formats, and needs nothing of a report
    from ftaudit.model.report import Report
    from ftaudit.render.base import RenderOptions


def _format(name: str, about: str, suffix: str, media_type: str) -> Renderer:
    """The renderer in the module of that name, imported when it is first used: no format pays for another."""

    def render(report: Report, options: RenderOptions) -> str:
        text: str = import_module(f"ftaudit.render.{name}").render(report, options)
        return text

    return Renderer(name=name, about=about, suffix=suffix, media_type=media_type, render=render)


RENDERERS: tuple[Renderer, ...] = (
    _format("text", "for people, in a terminal or a log", ".txt", "text/plain"),
    _format("json", "for programs: version 1 of the published schema", ".json", "application/json"),
    _format("markdown", "for a comment on a pull request", ".md", "text/markdown"),
)
