"""For programs. The shape has a version; it changes by addition only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cachelint.diagnostic import Severity
from cachelint.fix import Applicability
from cachelint.output.machine import to_json

if TYPE_CHECKING:
    from cachelint.diagnostic import Diagnostic, Location, Report
    from cachelint.fix import Fix
    from cachelint.output.terminal import Style

VERSION = 1


def render(report: Report, style: Style) -> str:
    """The report as one JSON object. Offsets count characters, lines and columns from 1."""
    data = {
        "version": VERSION,
        "diagnostics": [_diagnostic(report, one) for one in report.diagnostics],
        "summary": {
            "files": report.files,
            "errors": report.count(Severity.ERROR),
            "warnings": report.count(Severity.WARNING),
            "notes": report.count(Severity.NOTE),
            "fixable": report.fixable(Applicability.SAFE),
            "fixed": report.fixed,
            "suppressed": report.suppressed,
        },
        "refused": [
            {"rule": one.rule, "path": report.relative(one.path), "reason": one.reason} for one in report.refused
        ],
    }
    return to_json(data)


def _diagnostic(report: Report, diagnostic: Diagnostic) -> dict[str, Any]:
    return {
        "rule": diagnostic.rule,
        "severity": diagnostic.severity.label,
        **_place(report, diagnostic.location),
        "message": diagnostic.message,
        "related": [{**_place(report, one.location), "message": one.message} for one in diagnostic.related],
        "fix": diagnostic.fix and _fix(report.relative(diagnostic.fix_path), diagnostic.fix),
    }


def _place(report: Report, location: Location) -> dict[str, Any]:
    return {
        "path": report.relative(location.path),
        "start": location.start._asdict(),
        "end": location.end._asdict(),
    }


def _fix(path: str, fix: Fix) -> dict[str, Any]:
    return {
        "title": fix.title,
        "applicability": fix.applicability.name.lower().replace("_", "-"),
        "path": path,
        "edits": [{**edit.span._asdict(), "replacement": edit.replacement} for edit in fix.edits],
    }
