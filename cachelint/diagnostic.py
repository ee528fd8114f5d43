"""What cachelint tells its user."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from cachelint.fix import Fix
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
    """One finding of one rule. The engine stamps `severity` with what the configuration says."""

    rule: str
    severity: Severity
    location: Location
    message: str
    related: tuple[Related, ...] = ()
    fix: Fix | None = None

    @property
    def path(self) -> str:
        """Absolute path of the file that the finding is in."""
        return self.location.path


def locate(source: SourceFile, span: Span) -> Location:
    """The location of a span of `source`."""
    start = source.position(span.start)
    return Location(source.path, start, source.position(span.end), source.line_text(start.line))
