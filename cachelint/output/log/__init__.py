"""Formats of ``cachelint log``: one module each, with a function ``render(judgement, style) -> str``."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cachelint.judging.judgement import Judgement
    from cachelint.output.terminal import Style

FORMATS = ("text", "json", "github", "markdown")


def render(judgement: Judgement, output_format: str, style: Style) -> str:
    """The judgement in one of `FORMATS`."""
    text: str = import_module(f"cachelint.output.log.{output_format}").render(judgement, style)
    return text
