"""How often each rule found something."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from cachelint.output.text import refusals

if TYPE_CHECKING:
    from cachelint.diagnostic import Report


def render_statistics(report: Report) -> str:
    """A line for each rule, the busiest first, and one for each fix that was not written."""
    counts = Counter(one.rule for one in report.diagnostics)
    fixable = Counter(one.rule for one in report.diagnostics if one.fix and one.fix.edits)
    rows = sorted(counts.items(), key=lambda row: (-row[1], row[0]))
    hints = {rule: f" ({count} fixable)" for rule, count in fixable.items()}
    lines = [f"{count:>6}  {rule}{hints.get(rule, '')}" for rule, count in rows]
    return "".join(f"{line}\n" for line in (*lines, *refusals(report)))
