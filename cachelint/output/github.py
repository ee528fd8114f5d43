"""Annotations of GitHub Actions (docs.github.com, "Workflow commands")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.diagnostic import Severity
from cachelint.output.terminal import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cachelint.diagnostic import Diagnostic, Report
    from cachelint.output.terminal import Style

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
_ESCAPES = {"%": "%25", "\r": "%0D", "\n": "%0A"}


def render(report: Report, style: Style) -> str:
    """One workflow command for each finding and each refused fix."""
    lines = [_command(report, one) for one in report.diagnostics]
    for one in report.refused:
        title = _property(f"not fixed: {one.rule}")
        lines.append(f"::warning file={_property(report.relative(one.path))},title={title}::{_data(one.reason)}")
    return "".join(f"{line}\n" for line in lines)


def _command(report: Report, diagnostic: Diagnostic) -> str:
    start, end = diagnostic.location.start, diagnostic.location.end
    properties: dict[str, str | int] = {
        "file": report.relative(diagnostic.path),
        "line": start.line,
        "endLine": end.line,
    }
    if start.line == end.line:  # GitHub refuses columns on an annotation of several lines
        properties |= {"col": start.column, "endColumn": end.column}
    hint = f" Fix: {diagnostic.fix.title}." if diagnostic.fix else ""
    return command(_COMMANDS[diagnostic.severity], properties, diagnostic.rule, diagnostic.message + hint)


def command(name: str, place: Mapping[str, str | int], title: str, message: str) -> str:
    """A workflow command: ``::error file=a,line=1,title=b::message``."""
    properties = {**place, "title": title}
    listed = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items())
    return f"::{name} {listed}::{_data(message)}"


def _data(text: str) -> str:
    """Escaped so that no part of a message can begin a command of its own, or steer a terminal that shows the log."""
    return "".join(_ESCAPES.get(char) or printable(char) for char in text)


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
