"""Formats of ``cachelint config``: one module each, with a function ``render(projects, style) -> str``."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cachelint.composition import ShownProject
    from cachelint.output.terminal import Style

FORMATS = ("text", "json")


def render(projects: Sequence[ShownProject], output_format: str, style: Style) -> str:
    """The projects in one of `FORMATS`. Ends with a newline."""
    text: str = import_module(f"cachelint.output.composition.{output_format}").render(projects, style)
    return text
