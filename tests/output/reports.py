"""Reports made by hand, to see what a format makes of them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cachelint.diagnostic import Diagnostic, Related, Report, RuleInfo, Severity, locate
from cachelint.fix import Applicability, Edit, Fix
from cachelint.source import SourceFile, Span

if TYPE_CHECKING:
    from typing import Any

ROOT = "/repo"
RULES = (RuleInfo("a-rule", Severity.ERROR, "something is wrong", "Something.\n\n    ## What it does\n    It."),)


def diagnostic(
    text: str = "first\nsecond\n", marked: str = "second", name: str = "compose.yaml", **more: Any
) -> Diagnostic:
    """A finding whose span is the first `marked` in a text."""
    start = text.index(marked)
    location = locate(SourceFile(os.path.join(ROOT, name), text), Span(start, start + len(marked)))
    return Diagnostic("a-rule", more.pop("severity", Severity.ERROR), location, more.pop("message", "Mend it."), **more)


def report(*diagnostics: Diagnostic, **more: Any) -> Report:
    """A report of a run in `ROOT`."""
    return Report(diagnostics, ROOT, more.pop("files", 1), **more)


def full() -> Report:
    """A report with one of everything."""
    place = diagnostic("a\nbc\n", "b", "sub/Dockerfile").location
    fix = Fix("write it out", Applicability.SAFE, (Edit(Span(6, 12), "2nd"), Edit(Span(0, 0), "# \n")))
    elsewhere = Fix("there", Applicability.UNSAFE, (Edit(Span(2, 2), "x"),), path=f"{ROOT}/sub/Dockerfile")
    by_hand = Fix("do it by hand", Applicability.DISPLAY_ONLY, ())
    return report(
        diagnostic(fix=fix, related=(Related(place, "built from here"),)),
        diagnostic(marked="first\nsec", severity=Severity.WARNING, fix=elsewhere),
        diagnostic(severity=Severity.NOTE, fix=by_hand),
        diagnostic(severity=Severity.NOTE),
        files=2,
        suppressed=1,
        rules=RULES,
    )
