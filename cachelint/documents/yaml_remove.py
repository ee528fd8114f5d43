"""Edits that remove one entry or item of a YAML text, with its own comment, and leave every other character alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.documents.yaml import Mapping, Node, Scalar, Sequence, YamlFile, children
from cachelint.documents.yaml_edit import (
    FLOW_REST,
    REST_OF_LINE,
    CannotEditError,
    Change,
    Place,
    entry_span,
    head_end,
    hides_merged,
    key_of,
    place_of,
    size,
)
from cachelint.fix import ABSENT, Edit, Fields, Statement
from cachelint.regex import regex
from cachelint.source import Span

if TYPE_CHECKING:
    import re
    from collections.abc import Callable

_SETTING = regex(r"#+\s*(?:-\s*)?['\"]?[\w.-]+['\"]?\s*[:=]\s*\S*")
_COMMA_BEFORE = regex(r"\s*,[ \t]*")
_COMMA = regex(r"[ \t]*(,)")


def looks_like_setting(comment: str) -> bool:
    """Whether a comment is a setting somebody switched off (``# KEY: value``), which belongs to nobody else."""
    return bool(_SETTING.fullmatch(comment.strip()))


class Remover:
    """Removes entries and items from one file.

    `is_own` tells from the text of a comment block directly above an entry whether it belongs to that entry even when
    other entries follow it (otherwise it may be a heading for all of them).
    """

    def __init__(self, file: YamlFile, is_own: Callable[[str], bool]) -> None:
        self._file = file
        self._source = file.source
        self._text = file.source.text
        self._is_own = is_own

    def remove(self, value: Node) -> Change:
        """Remove the entry with that value, or that item, with its own comment, and a parent that it leaves empty.

        A parent that is anchored, that has comments of its own, that a merge key would replace, or whose removal would
        empty the next one, stays as ``{}`` or ``[]``. Raises `CannotEditError`.
        """
        place = place_of(self._file, value)
        if not place.parents:
            raise CannotEditError("it is the whole document")
        if any(isinstance(one, Scalar) and one.anchor for one in (value, key_of(place))):
            raise CannotEditError("it has an anchor that others may use")
        if hides_merged(place):
            raise CannotEditError("a merge key would bring another value in its place")
        edits = self._edits(place)
        if size(place.parents[-1]) > 1:
            return Change(edits, (Statement(place.path, ABSENT),))
        around = place.parent
        if self._must_stay(around, edits[0].span):
            return self._leave_empty(place, edits[0].span)
        return Change(self._edits(around), (Statement(around.path, ABSENT),))

    def _must_stay(self, around: Place, region: Span) -> bool:
        """Whether a container that lost its only entry stays: anchored, commented, or all that its parent has."""
        container = around.node
        if not around.parents or isinstance(around.parents[-1], Sequence) or size(around.parents[-1]) == 1:
            return True
        if hides_merged(around):
            return True
        assert isinstance(container, (Mapping, Sequence))
        key = key_of(around)
        assert key
        if container.anchor is not None or container.tag is not None:
            return True
        if "#" in self._text[key.span.end : region.start]:
            return True
        if container.flow:
            return "#" in self._text[region.end : container.span.end]
        return self._has_comment_below(region.end, self._source.position(key.span.start).column)

    def _has_comment_below(self, offset: int, column: int) -> bool:
        """Whether the first thing below is a comment that is indented deeper than the key in that column."""
        for line in self._text[offset:].split("\n"):
            indented = line.lstrip()
            if indented.rstrip():
                return indented.startswith("#") and len(line) - len(indented) + 1 > column
        return False

    def _leave_empty(self, place: Place, region: Span) -> Change:
        container = place.parents[-1]
        empty: object = Fields() if isinstance(container, Mapping) else ()
        brackets = "{}" if isinstance(container, Mapping) else "[]"
        statement = (Statement(place.parent.path, empty),)
        if not container.flow:
            head = head_end(self._source, place.parent)
            return Change((Edit(Span(head, head), f" {brackets}"), Edit(region, "")), statement)
        rest = self._text[container.span.start : region.start] + self._text[region.end : container.span.end]
        return Change((Edit(region, "") if "#" in rest else Edit(container.span, brackets),), statement)

    def _edits(self, place: Place) -> tuple[Edit, ...]:
        """What goes when an entry or item goes; the entry itself is in the first edit."""
        span = entry_span(self._source, place)
        if place.parents[-1].flow:
            return self._flow_edits(place.parents[-1], span)
        return (Edit(self._block_region(span, alone=size(place.parents[-1]) == 1), ""),)

    def _block_region(self, span: Span, *, alone: bool) -> Span:
        if not self._begins_line(span.start):
            raise CannotEditError("it shares its line with something else")
        rest = REST_OF_LINE.match(self._text, span.end)
        if not rest:
            raise CannotEditError("something else follows it on its line")
        return self._whole_lines(self._first_line(span.start, rest.end(), alone=alone), rest.end())

    def _begins_line(self, offset: int) -> bool:
        return not self._text[self._line_start(offset) : offset].strip(" \t")

    def _line_start(self, offset: int) -> int:
        return self._source.line_span(self._source.position(offset).line).start

    def _first_line(self, start: int, end: int, *, alone: bool) -> int:
        """Start of the entry's first line, or of its own comment: the block directly above it, in its column."""
        line, column, _ = self._source.position(start)
        first = line
        while first > 1 and self._is_comment_line(first - 1, column):
            first -= 1
        block = [self._source.line_text(number).strip() for number in range(first, line)]
        is_own = alone or self._nothing_follows(end, column) or self._is_own("\n".join(block))
        is_own = is_own and not any(map(looks_like_setting, block))
        return self._source.line_span(first if is_own else line).start

    def _is_comment_line(self, line: int, column: int) -> bool:
        at = self._source.line_span(line).start + column - 1
        text = self._source.line_text(line)
        return text.lstrip()[:1] == "#" and text.index("#") == column - 1 and self._file.is_comment(at)

    def _nothing_follows(self, end: int, column: int) -> bool:
        """Whether no entry follows directly below, so that a comment above can be no heading for it."""
        below = self._text[end + 1 :].split("\n", 1)[0].rstrip()
        indent = len(below) - len(below.lstrip())
        return not below or below.lstrip().startswith("#") or indent + 1 < column

    def _whole_lines(self, start: int, end: int) -> Span:
        text = self._text
        if end < len(text):
            return Span(start, end + 1)
        if start == 0 or text.endswith("\n") or self._is_block_text(start):
            return Span(start, end)
        return Span(start - (2 if text[start - 2 : start] == "\r\n" else 1), end)  # no final newline: it stays so

    def _is_block_text(self, offset: int) -> bool:
        """Whether a block of text ends at an offset: the line break before it is part of the value."""
        end = len(self._text[:offset].rstrip())
        pending = [root for root in self._file.documents if root]
        while pending:
            node = pending.pop()
            if isinstance(node, Scalar) and node.style in ("|", ">") and node.span.end == end:
                return True
            if node.span.start < end <= node.span.end:
                pending += children(node)
        return False

    def _flow_edits(self, container: Mapping | Sequence, span: Span) -> tuple[Edit, ...]:
        parts = container.entries if isinstance(container, Mapping) else container.items
        spans = [one.span for one in parts]
        at = next(number for number, one in enumerate(spans) if one.start == span.start)
        before = spans[at - 1] if at else None
        after = spans[at + 1] if at + 1 < len(spans) else None
        rest = FLOW_REST.match(self._text, span.end)
        ends_line = rest is not None and rest.end() < container.span.end
        if rest and ends_line and self._begins_line(span.start):
            region = self._whole_lines(self._first_line(span.start, rest.end(), alone=len(spans) == 1), rest.end())
            comma = _COMMA.match(self._text, before.end) if before and not (after or rest.group(1)) else None
            return (Edit(region, ""), Edit(Span(*comma.span(1)), "")) if comma else (Edit(region, ""),)
        if before and (comma := _COMMA_BEFORE.fullmatch(self._text, before.end, span.start)):
            end = self._end_of_line(rest) if rest and "\n" in comma.group() else span.end
            return (Edit(Span(self._end_of_entry(before), end), ""),)
        if after and not self._text[span.end : after.start].strip(" \t,"):
            return (Edit(Span(span.start, after.start), ""),)
        if rest and ends_line:
            return (Edit(Span(span.start, self._end_of_line(rest)), ""),)
        if before and not after and not self._text[before.end : span.start].strip(" \t\r\n,"):
            return (Edit(Span(self._end_of_entry(before), span.end), ""),)
        return (Edit(Span(span.start, self._behind_comma(span.end)), ""),)

    def _end_of_line(self, rest: re.Match[str]) -> int:
        return rest.end() - rest.group().endswith("\r")

    def _end_of_entry(self, entry: Span) -> int:
        """Where an entry of a flow collection ends; a comma must not follow a bare colon without space."""
        space = self._text[entry.end : entry.end + 1].isspace() and self._text[entry.end - 1] == ":"
        return entry.end + space

    def _behind_comma(self, offset: int) -> int:
        comma = _COMMA.match(self._text, offset)
        return comma.end() if comma else offset
