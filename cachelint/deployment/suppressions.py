"""Suppressions in scripts and workflows."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from cachelint.deployment.jobs import Unit
from cachelint.discovery import Kind
from cachelint.documents.yaml import parse_yaml
from cachelint.source import Span
from cachelint.suppression import Suppression, find_suppressions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cachelint.deployment.jobs import ScriptJob
    from cachelint.source import SourceFile


def suppressions_in(source: SourceFile, jobs: Sequence[ScriptJob]) -> tuple[Suppression, ...]:
    """The suppressions of a file of scripts, whose jobs these are.

    One above a command speaks for all of its lines, one above a step of a workflow for the whole step.
    """
    kind = jobs[0].kind
    if kind is Kind.PACKAGE:
        return ()
    units = [item for job in jobs for item in job.items if isinstance(item, Unit)]
    inside = [unit.text.span(Span(0, len(unit.text.text))) for unit in units]
    words, bodies = _Regions(_words(units)), _Regions(inside)
    yaml = jobs[0].yaml or (parse_yaml(source) if kind is Kind.GITLAB else None)
    ends = _ends(source, jobs, units)

    def is_comment(offset: int) -> bool:
        if source.text[offset - 1 : offset].strip("\ufeff \t\r\n") or words.hold(offset):
            return False
        return yaml is None or yaml.is_comment(offset) or bodies.hold(offset)

    return find_suppressions(source, is_comment, lambda line: ends.get(line, line))


class _Regions:
    """Parts of a text, for asking whether a place lies in one of them."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end in sorted(spans):
            if self._ends and start <= self._ends[-1]:
                self._ends[-1] = max(self._ends[-1], end)
            else:
                self._starts.append(start)
                self._ends.append(end)

    def hold(self, offset: int) -> bool:
        number = bisect_right(self._starts, offset) - 1
        return number >= 0 and offset < self._ends[number]


def _words(units: list[Unit]) -> Iterator[Span]:
    for unit in units:
        for command in unit.script.commands:
            yield from (word.span for word in command.written)
            yield from (assignment.span for assignment in command.assignments)
        yield from (assignment.span for assignment in unit.script.assignments)


def _ends(source: SourceFile, jobs: Sequence[ScriptJob], units: list[Unit]) -> dict[int, int]:
    """The last line of what begins on a line: a command, or a step."""
    spans = [command.span for unit in units for command in unit.script.commands]
    items = [item for job in jobs for item in job.items]
    steps = [item.step for item in items if item.step]
    ends: dict[int, int] = {}
    for start, end in (*spans, *(step.node.span for step in steps)):
        first, last = source.position(start).line, source.position(max(start, end - 1)).line
        ends[first] = max(ends.get(first, first), last)
    return ends
