"""Edits that add one entry or item to a YAML text, in the notation of what stands beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.documents.yaml import Entry, Mapping, Node, Scalar, Sequence, YamlFile, children
from cachelint.documents.yaml_edit import FLOW_REST, REST_OF_LINE, CannotEditError, head_end, place_of
from cachelint.fix import Edit
from cachelint.record import NamedTuple
from cachelint.source import Span

if TYPE_CHECKING:
    import re

    from cachelint.source import SourceFile


class Lines(NamedTuple):
    """Lines to insert; each is a depth below the first line's column (in characters) and its text."""

    lines: tuple[tuple[int, str], ...]

    def render(self, indent: str, line_break: str) -> str:
        """The lines joined, each behind `indent`."""
        return line_break.join(f"{indent}{' ' * depth}{text}" for depth, text in self.lines)


def insert_below(source: SourceFile, offset: int, indent: str, lines: Lines) -> Edit:
    """Insert lines below the one that `offset` is on, which must hold nothing but a comment behind it."""
    rest = REST_OF_LINE.match(source.text, offset)
    if not rest:
        raise CannotEditError("something else follows on the line above")
    line_break = source.line_break_at(offset)
    end = rest.end() - rest.group().endswith("\r")
    return Edit(Span(end, end), line_break + lines.render(indent, line_break))


def insert_in_block(file: YamlFile, container: Mapping | Sequence, after: Entry | Node | None, lines: Lines) -> Edit:
    """Insert lines as the next entry below another one of a block collection, or (None) as its first.

    Below a ``|`` or ``>`` text lines might become part of it: then they are the first too. Raises `CannotEditError`.
    """
    source = file.source
    indent = " " * indentation(source, container)
    value = after.value if isinstance(after, Entry) else after
    if after and value and not _ends_in_text_block(value):
        return insert_below(source, after.span.end, indent, lines)
    return insert_below(source, head_end(source, place_of(file, container)), indent, lines)


def indentation(source: SourceFile, container: Mapping | Sequence) -> int:
    """How many characters stand before the entries of a block collection; an anchor of the first key does not count."""
    start = container.span.start
    before = source.text[source.line_span(source.position(start).line).start : start]
    return len(before) - len(before.lstrip()) if before.lstrip()[:1] in {"&", "!"} else len(before)


def _ends_in_text_block(node: Node) -> bool:
    while not isinstance(node, Scalar):
        parts = list(children(node))
        if not parts:
            return False
        node = parts[-1]
    return node.style in {"|", ">"}


def insert_in_flow(source: SourceFile, container: Mapping | Sequence, text: str) -> tuple[Edit, ...]:
    """Add an entry at the end of a flow collection, on a line of its own where the others have theirs."""
    parts: tuple[Entry | Node, ...] = container.entries if isinstance(container, Mapping) else container.items
    if not parts:
        return (Edit(Span(container.span.start + 1, container.span.start + 1), text),)
    first, last = parts[0].span.start, parts[-1].span.end
    comma = " ," if source.text[last - 1] == ":" else ","
    tail = FLOW_REST.match(source.text, last)
    before = source.text[source.line_span(source.position(first).line).start : first]
    if tail and not before.strip(" \t") and tail.end() < container.span.end:
        return _own_line_in_flow(source, Edit(Span(last, last), comma), tail, before + text)
    return (Edit(Span(last, last), f"{comma} {text}"),)


def _own_line_in_flow(source: SourceFile, comma: Edit, tail: re.Match[str], text: str) -> tuple[Edit, ...]:
    start = comma.span.start
    line_break = source.line_break_at(start)
    end = tail.end() - tail.group().endswith("\r")
    if tail.group(1):
        return (Edit(Span(end, end), f"{line_break}{text},"),)
    if end == start:
        return (Edit(comma.span, f"{comma.replacement}{line_break}{text}"),)
    return comma, Edit(Span(end, end), line_break + text)
