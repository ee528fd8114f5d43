"""Formats of ``cachelint plan``: one module each, with a function ``render(plan, style, width) -> str``."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cachelint.output.terminal import Style
    from cachelint.plan import Plan

FORMATS = ("text", "json", "markdown", "mermaid", "html")


def render(plan: Plan, output_format: str, style: Style, width: int) -> str:
    """The plan in one of `FORMATS`. Ends with a newline. Only text is painted and cut."""
    text: str = import_module(f"cachelint.output.plan.{output_format}").render(plan, style, width)
    return text
