"""What cachelint tells its user."""

from __future__ import annotations

import enum
import os
from functools import lru_cache
from typing import TYPE_CHECKING

from cachelint.record import NamedTuple

if TYPE_CHECKING:
    from cachelint.fix import Applicability, Fix
    from cachelint.source import Position, SourceFile, Span


class Severity(enum.IntEnum):
    """What a finding costs, in rising order."""

    NOTE = 0
    """Worth knowing."""
    WARNING = 1
    """A protection does not work, or work is wasted."""
    ERROR = 2
    """Stale code can ship."""

    @property
    def label(self) -> str:
        """The word used on the command line, in configuration and in every output format."""
        return self.name.lower()


class Location(NamedTuple):
    """A span of a file, resolved to lines so that no report needs the file again.

    `path` is absolute; `line_text` is the first line of the span, without its line break.
    """

    path: str
    start: Position
    end: Position
    line_text: str


class Related(NamedTuple):
    """The other end of a finding that crosses files or lines."""

    location: Location
    message: str


class Diagnostic(NamedTuple):
    """One finding of one rule. The engine stamps `severity` with what the configuration says.

    `subject` is the service that the message names, where it is about one, and `where` the end of the message that says
    for which files alone it is so.
    """

    rule: str
    severity: Severity
    location: Location
    message: str
    related: tuple[Related, ...] = ()
    fix: Fix | None = None
    subject: str = ""
    where: str = ""

    @property
    def path(self) -> str:
        """Absolute path of the file that the finding is in."""
        return self.location.path

    @property
    def order(self) -> tuple[str, int, str, str]:
        """What reports are sorted by."""
        return self.path, self.location.start.offset, self.rule, self.message

    @property
    def identity(self) -> tuple[str, Location, str]:
        """What makes two findings the same one: of services or files that share a place, one stands for all."""
        message = self.message.removesuffix(self.where)
        message = message.replace(f"`{self.subject}`", "") if self.subject else message
        return self.rule, self.location, message

    @property
    def fix_path(self) -> str:
        """Absolute path of the file that the fix edits."""
        return (self.fix and self.fix.path) or self.path


def locate(source: SourceFile, span: Span) -> Location:
    """The location of a span of `source`."""
    start = source.position(span.start)
    return Location(source.path, start, source.position(span.end), source.line_text(start.line))


class Refusal(NamedTuple):
    """A fix that was not written, or a file that was left alone, and why. `path` is absolute."""

    rule: str
    path: str
    reason: str


class RuleInfo(NamedTuple):
    """What a format may tell about a rule; `page` is Markdown."""

    id: str
    severity: Severity
    summary: str
    page: str


class Report(NamedTuple):
    """All that a run has to say. `directory` is what paths are shown relative to; `fixed` counts what was fixed.

    `rules` describes the rules that could have found something, for a format that lists them.
    """

    diagnostics: tuple[Diagnostic, ...]
    directory: str
    files: int = 0
    suppressed: int = 0
    fixed: int = 0
    refused: tuple[Refusal, ...] = ()
    rules: tuple[RuleInfo, ...] = ()

    def count(self, severity: Severity) -> int:
        """Number of diagnostics of that severity."""
        return sum(one.severity is severity for one in self.diagnostics)

    def fixable(self, applicability: Applicability) -> int:
        """Number of diagnostics with a fix of exactly that applicability."""
        return sum(one.fix is not None and one.fix.applicability is applicability for one in self.diagnostics)

    def relative(self, path: str) -> str:
        """A path as it is shown: relative, with ``/``."""
        return _relative(path, self.directory)


@lru_cache(maxsize=64)  # the findings of one file come in a row
def _relative(path: str, directory: str) -> str:
    return os.path.relpath(path, directory).replace(os.sep, "/")
