"""One line for each finding, for editors and grep."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.output.text import headline, refusals

if TYPE_CHECKING:
    from cachelint.diagnostic import Report
    from cachelint.output.terminal import Style


def render(report: Report, style: Style) -> str:
    """The findings, nothing else."""
    lines = [*(headline(report, one, style) for one in report.diagnostics), *refusals(report)]
    return "".join(f"{line}\n" for line in lines)
