"""SARIF 2.1.0 (docs.oasis-open.org/sarif), which code scanning services read."""

from __future__ import annotations

from inspect import cleandoc
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from cachelint import __version__
from cachelint.diagnostic import Severity
from cachelint.output.machine import to_json

if TYPE_CHECKING:
    from cachelint.diagnostic import Diagnostic, Location, Report, RuleInfo
    from cachelint.fix import Fix
    from cachelint.output.terminal import Style

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}


def render(report: Report, style: Style) -> str:
    """The report as a SARIF log of one run."""
    ids = sorted({*(rule.id for rule in report.rules), *(one.rule for one in report.diagnostics)})
    described = {rule.id: _rule(rule) for rule in report.rules}
    run = {
        "tool": {
            "driver": {
                "name": "cachelint",
                "semanticVersion": __version__,
                "rules": [described.get(one, {"id": one}) for one in ids],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [_result(report, one, ids.index(one.rule)) for one in report.diagnostics],
        "invocations": [_invocation(report)],
    }
    return to_json({"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]})


def _rule(rule: RuleInfo) -> dict[str, Any]:
    page = cleandoc(rule.page)
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.summary},
        "help": {"text": page, "markdown": page},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }


def _invocation(report: Report) -> dict[str, Any]:
    refusals = ((f"{report.relative(one.path)}: not fixed: {one.reason}") for one in report.refused)
    return {
        "executionSuccessful": not report.refused,
        "toolExecutionNotifications": [{"level": "error", "message": {"text": text}} for text in refusals],
    }


def _result(report: Report, diagnostic: Diagnostic, index: int) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": diagnostic.rule,
        "ruleIndex": index,
        "level": _LEVELS[diagnostic.severity],
        "message": {"text": diagnostic.message},
        "locations": [_location(report, diagnostic.location)],
        "relatedLocations": [
            {**_location(report, one.location), "message": {"text": one.message}} for one in diagnostic.related
        ],
    }
    if diagnostic.fix and diagnostic.fix.edits:
        result["fixes"] = [_fix(report, diagnostic.fix_path, diagnostic.fix)]
    return result


def _location(report: Report, location: Location) -> dict[str, Any]:
    start, end = location.start, location.end
    region = {
        "startLine": start.line,
        "startColumn": start.column,
        "endLine": end.line,
        "endColumn": end.column,
        "charOffset": start.offset,
        "charLength": end.offset - start.offset,
    }
    return {"physicalLocation": {"artifactLocation": _artifact(report, location.path), "region": region}}


def _artifact(report: Report, path: str) -> dict[str, str]:
    return {"uri": quote(report.relative(path), errors="surrogateescape")}


def _fix(report: Report, path: str, fix: Fix) -> dict[str, Any]:
    replacements = [
        {
            "deletedRegion": {"charOffset": edit.span.start, "charLength": edit.span.end - edit.span.start},
            "insertedContent": {"text": edit.replacement},
        }
        for edit in fix.edits
    ]
    change = {"artifactLocation": _artifact(report, path), "replacements": replacements}
    return {"description": {"text": fix.title}, "artifactChanges": [change]}
