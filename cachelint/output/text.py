"""For people: each finding with its line, what is related to it, and its fix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.diagnostic import Severity
from cachelint.fix import Applicability
from cachelint.output.terminal import columns, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.diagnostic import Diagnostic, Location, Report
    from cachelint.fix import Fix
    from cachelint.output.terminal import Style

_WIDTH = 120
_LABELS = {
    Applicability.SAFE: "fix",
    Applicability.UNSAFE: "fix (unsafe)",
    Applicability.DISPLAY_ONLY: "by hand",
}


def render(report: Report, style: Style) -> str:
    """The whole report, with a last line that counts."""
    blocks = ["".join(f"{line}\n" for line in _block(report, one, style)) for one in report.diagnostics]
    blocks += [f"{refusal}\n" for refusal in refusals(report)]
    if not style.quiet:
        blocks.append(f"{summary(report)}\n")
    return "\n".join(blocks)


def headline(report: Report, diagnostic: Diagnostic, style: Style) -> str:
    """``path:line:column: severity[rule] message``."""
    start = diagnostic.location.start
    place = f"{printable(report.relative(diagnostic.path))}:{start.line}:{start.column}:"
    label = style.paint(f"{diagnostic.severity.label}[{diagnostic.rule}]", diagnostic.severity)
    return f"{style.paint(place, 'path')} {label} {printable(diagnostic.message)}"


def summary(report: Report) -> str:
    """What was found, in how many files, and what a fix would do about it."""
    found = [(report.count(severity), severity.label) for severity in reversed(Severity)]
    counts = [count(number, label) for number, label in found if number]
    files = count(report.files, "file")
    fixed = f"Fixed {count(report.fixed, 'problem')}. " if report.fixed else ""
    suppressed = f" ({report.suppressed} suppressed)" if report.suppressed else ""
    if not counts:
        return f"{fixed}{'Nothing left to report' if report.fixed else 'Nothing to report'} in {files}{suppressed}."
    fixable = [
        f"{report.fixable(which)} fixable with {option}"
        for which, option in ((Applicability.SAFE, "--fix"), (Applicability.UNSAFE, "--fix --unsafe-fixes"))
        if report.fixable(which)
    ]
    hint = f" ({', '.join(fixable)})" if fixable else ""
    return f"{fixed}Found {', '.join(counts)} in {files}{suppressed}{hint}."


def refusals(report: Report) -> Iterator[str]:
    """A line for each fix that was not written."""
    for one in report.refused:
        yield f"{printable(report.relative(one.path))}: not fixed [{one.rule}]: {printable(one.reason)}"


def _block(report: Report, diagnostic: Diagnostic, style: Style) -> Iterator[str]:
    yield headline(report, diagnostic, style)
    yield from _snippet(diagnostic.location, style, diagnostic.severity)
    for related in diagnostic.related:
        place = f"{printable(report.relative(related.location.path))}:{related.location.start.line}"
        yield f"  {style.paint('see', 'dim')} {place}: {printable(related.message)}"
    if diagnostic.fix:
        yield f"  {style.paint(_label(diagnostic.fix), 'fix')}: {printable(diagnostic.fix.title)}"


def _label(fix: Fix) -> str:
    return _LABELS[fix.applicability]


def _snippet(location: Location, style: Style, severity: Severity) -> Iterator[str]:
    """The first line of the span with carets under it; of a long line the part around them."""
    if not location.line_text.strip():
        return
    first = location.start.column - 1
    last = location.end.column - 1 if location.end.line == location.start.line else len(location.line_text)
    cut = max(0, first - _WIDTH // 2)
    end = cut + _WIDTH
    before, marked, after = (
        printable(location.line_text[one:other].replace("\t", " "))
        for one, other in ((cut, first), (first, min(last, end)), (max(first, min(last, end)), end))
    )
    number, left, right = str(location.start.line), "…" if cut else "", "…" if len(location.line_text) > end else ""
    yield f"  {style.paint(f'{number} |', 'dim')} {left}{before}{marked}{after}{right}"
    carets = style.paint("^" * max(1, columns(marked)), severity)
    yield f"  {style.paint(' ' * len(number) + ' |', 'dim')} {' ' * columns(left + before)}{carets}"


def count(number: int, noun: str) -> str:
    """``1 file``, ``2 files``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
