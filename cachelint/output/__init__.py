"""Output formats: one module each, with a function ``render(report, style) -> str``, loaded when it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cachelint.diagnostic import Report
    from cachelint.output.terminal import Style

FORMATTERS = ("text", "concise", "json", "github", "sarif")


def render(report: Report, output_format: str, style: Style) -> str:
    """The report in one of `FORMATTERS`. Ends with a newline or is empty."""
    text: str = import_module(f"cachelint.output.{output_format}").render(report, style)
    return text
