"""Edits of a YAML text that remove or add one entry and leave every other character alone.

Nothing here serialises a tree: places come from the nodes, characters from the user's text. What cannot be edited with
certainty raises `CannotEditError` with the reason; what was edited is still compared with its statement afterwards.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple

from cachelint.documents.yaml import Alias, Mapping, Node, Scalar, Sequence, YamlFile, children
from cachelint.fix import ABSENT, Edit, Fields, Statement
from cachelint.source import SourceFile, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_REST_OF_LINE = re.compile(r"[ \t]*(#[^\n]*?)?\r?(?=\n|\Z)")
_FLOW_REST = re.compile(r"[ \t]*(,?)[ \t]*(#[^\n]*?)?\r?(?=\n|\Z)")
_DASH = re.compile(r"^[ \t]*(-)(?=\s)", re.MULTILINE)
_PLAIN = re.compile(r"[$A-Za-z_./][$A-Za-z0-9_./{}+-]*(?:[:?][$A-Za-z0-9_./{}+-]+)*\Z")
_SETTING = re.compile(r"#+\s*(?:-\s*)?['\"]?[\w.-]+['\"]?\s*[:=]\s*\S*")


class CannotEditError(Exception):
    """The place is written in a way that no edit can be sure of; ``str()`` is the reason."""


class Change(NamedTuple):
    """Edits and the change of meaning that they are meant to have."""

    edits: tuple[Edit, ...]
    statements: tuple[Statement, ...]


class Place(NamedTuple):
    """A node where it is written: the containers around it, outermost first, and the path to it for a `Statement`."""

    node: Node
    parents: tuple[Mapping | Sequence, ...]
    path: tuple[str | int, ...]

    @property
    def parent(self) -> Place:
        """The place of the container around the node."""
        return Place(self.parents[-1], self.parents[:-1], self.path[:-1])


def place_of(file: YamlFile, node: Node) -> Place:
    """Where a node of the file is written. Raises `LookupError` for a node of another file."""
    for number, root in enumerate(file.documents):
        found = _descend(root, node, (), (number,)) if root else None
        if found:
            return found
    raise LookupError(node)


def _descend(
    at: Node, node: Node, parents: tuple[Mapping | Sequence, ...], path: tuple[str | int, ...]
) -> Place | None:
    if at is node:
        return Place(node, parents, path)
    if isinstance(at, (Scalar, Alias)) or not (at.span.start <= node.span.start <= at.span.end):
        return None
    for step, child in _steps(at):
        found = _descend(child, node, (*parents, at), (*path, step))
        if found:
            return found
    return None


def _steps(node: Mapping | Sequence) -> Iterator[tuple[str | int, Node]]:
    if isinstance(node, Sequence):
        yield from enumerate(node.items)
        return
    for entry in node.entries:
        yield (entry.key.value if isinstance(entry.key, Scalar) else ""), entry.value


def own_comment_start(source: SourceFile, line: int, column: int, is_own: Callable[[str], bool]) -> int:
    """First line of the comment block directly above a line (1-based) if it stands at `column` and `is_own`."""
    first = line
    while first > 1:
        text = source.line_text(first - 1)
        if not text.lstrip().startswith("#") or len(text) - len(text.lstrip()) + 1 != column:
            break
        first -= 1
    block = [source.line_text(number).strip() for number in range(first, line)]
    return first if block and not any(map(looks_like_setting, block)) and is_own("\n".join(block)) else line


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
        self._is_own = is_own

    def remove(self, value: Node, *, keep_empty: bool = False) -> Change:
        """Remove the entry with that value, or that item, with its own comment, and a parent that it leaves empty.

        A parent that is anchored, that has comments of its own, or whose removal would empty the next one, stays as
        ``{}`` or ``[]``. Raises `CannotEditError`.
        """
        place = place_of(self._file, value)
        if not place.parents:
            raise CannotEditError("it is the whole document")
        if any(isinstance(one, Scalar) and one.anchor for one in (value, _key_of(place))):
            raise CannotEditError("it has an anchor that others may use")
        container = place.parents[-1]
        if _size(container) > 1:
            return Change((Edit(self._region(place), ""),), (Statement(place.path, ABSENT),))
        return self._remove_last(place, keep_empty=keep_empty)

    def _remove_last(self, place: Place, *, keep_empty: bool) -> Change:
        container = place.parents[-1]
        around = place.parent
        region = self._region(place)
        if keep_empty or self._must_stay(around, region):
            return self._leave_empty(place, region)
        if container.flow and isinstance(around.parents[-1], Sequence):
            raise CannotEditError("it is the only item of a list inside a list")
        return Change((Edit(self._region(around), ""),), (Statement(around.path, ABSENT),))

    def _must_stay(self, around: Place, region: Span) -> bool:
        """Whether a container that lost its only entry stays: anchored, commented, or all that its parent has."""
        container = around.node
        if not around.parents or isinstance(around.parents[-1], Sequence) or _size(around.parents[-1]) == 1:
            return True
        assert isinstance(container, (Mapping, Sequence))
        key = _key_of(around)
        between = self._source.text[key.span.end if key else region.start : region.start]
        return container.anchor is not None or container.tag is not None or "#" in between

    def _leave_empty(self, place: Place, region: Span) -> Change:
        container = place.parents[-1]
        empty: object = Fields() if isinstance(container, Mapping) else ()
        brackets = "{}" if isinstance(container, Mapping) else "[]"
        statement = (Statement(place.parent.path, empty),)
        if container.flow:
            return Change((Edit(container.span, brackets),), statement)
        head = self._head_end(place.parent)
        return Change((Edit(Span(head, head), f" {brackets}"), Edit(region, "")), statement)

    def _head_end(self, around: Place) -> int:
        """Where ``key:`` and the anchor behind it end, on the line above a block collection."""
        key = _key_of(around)
        if key is None:
            raise CannotEditError("it is the only entry of a list item")
        line = self._source.position(key.span.end).line
        head = self._source.text[key.span.end : self._source.line_span(line).end]
        match = re.match(r"[ \t]*:(?:[ \t]+[&!][^\s#]+)*", head)
        if not match or not _REST_OF_LINE.match(self._source.text, key.span.end + match.end()):
            raise CannotEditError("its key is written in an unusual way")
        return key.span.end + match.end()

    def _region(self, place: Place) -> Span:
        """What goes when an entry or item goes."""
        container = place.parents[-1]
        span = entry_span(self._source, place)
        if container.flow:
            return self._flow_region(container, span)
        return self._lines(span, alone=_size(container) == 1)

    def _lines(self, span: Span, *, alone: bool) -> Span:
        source = self._source
        start = source.position(span.start)
        line_start = source.line_span(start.line).start
        if source.text[line_start : span.start].strip(" \t"):
            raise CannotEditError("it shares its line with something else")
        rest = _REST_OF_LINE.match(source.text, span.end)
        if not rest:
            raise CannotEditError("something else follows it on its line")
        alone = alone or self._nothing_follows(rest.end(), start.column)
        first = own_comment_start(source, start.line, start.column, lambda text: alone or self._is_own(text))
        return self._whole_lines(source.line_span(first).start, rest.end())

    def _nothing_follows(self, end: int, column: int) -> bool:
        """Whether no entry follows directly below, so that a comment above can be no heading for it."""
        below = self._source.text[end + 1 :].split("\n", 1)[0].rstrip()
        indent = len(below) - len(below.lstrip())
        return not below or below.lstrip().startswith("#") or indent + 1 < column

    def _whole_lines(self, start: int, end: int) -> Span:
        text = self._source.text
        if end < len(text):
            return Span(start, end + 1)
        if start == 0 or text.endswith("\n"):
            return Span(start, end)
        return Span(start - (2 if text[start - 2 : start] == "\r\n" else 1), end)  # no final newline: it stays so

    def _flow_region(self, container: Mapping | Sequence, span: Span) -> Span:
        text = self._source.text
        line = self._source.line_span(self._source.position(span.start).line)
        rest = _FLOW_REST.match(text, span.end)
        if rest and not text[line.start : span.start].strip(" \t") and rest.end() < container.span.end:
            return self._whole_lines(line.start, rest.end())
        spans = (
            [entry.span for entry in container.entries]
            if isinstance(container, Mapping)
            else [item.span for item in container.items]
        )
        at = next(number for number, one in enumerate(spans) if one.start == span.start)
        if len(spans) == 1:
            region = Span(container.span.start + 1, container.span.end - 1)
        else:
            region = Span(span.start, spans[at + 1].start) if at + 1 < len(spans) else Span(spans[at - 1].end, span.end)
        if "#" in text[region.start : span.start] + text[span.end : region.end]:
            raise CannotEditError("a comment stands between it and its neighbour")
        return region


def entry_span(source: SourceFile, place: Place) -> Span:
    """Span of an entry from its key, or of a list item from its dash, to the end of the value."""
    container, node = place.parents[-1], place.node
    key = _key_of(place)
    if key:
        return Span(key.span.start, max(key.span.end, node.span.end))
    if container.flow:
        return node.span
    assert isinstance(container, Sequence)
    at = next(number for number, item in enumerate(container.items) if item is node)
    start = container.span.start if at == 0 else container.items[at - 1].span.end
    dash = _DASH.search(source.text, start if at else source.line_span(source.position(start).line).start)
    if not dash or dash.start(1) > node.span.start:
        raise CannotEditError("its dash is written in an unusual way")
    return Span(dash.start(1), node.span.end)


def _key_of(place: Place) -> Node | None:
    container = place.parents[-1]
    if isinstance(container, Sequence):
        return None
    return next(entry.key for entry in container.entries if entry.value is place.node)


def _size(container: Mapping | Sequence) -> int:
    return len(container.entries if isinstance(container, Mapping) else container.items)


def quote_like(sample: Scalar | None, value: str, *, flow: bool) -> str:
    """`value` as YAML in the quotes of a neighbour; plain only where plain is safe."""
    style = sample.style if sample else ""
    if style == "'":
        return "'" + value.replace("'", "''") + "'"
    plain = _PLAIN.fullmatch(value) and not (flow and re.search(r"[{}\[\],]", value))
    return value if plain and style != '"' else json.dumps(value, ensure_ascii=False)


class Lines(NamedTuple):
    """Lines to insert; each is a depth below the first line's column (in characters) and its text."""

    lines: tuple[tuple[int, str], ...]

    def render(self, indent: str, line_break: str) -> str:
        """The lines joined, each behind `indent`."""
        return line_break.join(f"{indent}{' ' * depth}{text}" for depth, text in self.lines)


def insert_in_block(source: SourceFile, container: Mapping | Sequence, after: Node, lines: Lines) -> Edit:
    """Insert lines as the next entry below the one that ends with the node `after`. Raises `CannotEditError`."""
    if isinstance(after, Scalar) and after.style in ("|", ">"):
        raise CannotEditError("the entry above is a block of text")
    column = source.position(container.span.start).column
    return insert_below(source, after.span.end, " " * (column - 1), lines)


def insert_below(source: SourceFile, offset: int, indent: str, lines: Lines) -> Edit:
    """Insert lines below the one that `offset` is on, which must hold nothing but a comment behind it."""
    rest = _REST_OF_LINE.match(source.text, offset)
    if not rest:
        raise CannotEditError("something else follows on the line above")
    line_break = source.line_break_at(offset)
    end = rest.end() - (1 if rest.group().endswith("\r") else 0)
    return Edit(Span(end, end), line_break + lines.render(indent, line_break))


def insert_in_flow(source: SourceFile, container: Mapping | Sequence, text: str) -> tuple[Edit, ...]:
    """Add an entry at the end of a flow collection. Raises `CannotEditError`."""
    if not _size(container):
        return (Edit(Span(container.span.start + 1, container.span.start + 1), text),)
    last = list(children(container))[-1]
    first = next(iter(children(container)))
    tail = _FLOW_REST.match(source.text, last.span.end)
    line = source.line_span(source.position(first.span.start).line)
    before = source.text[line.start : first.span.start]
    if tail and not before.strip(" \t") and tail.end() < container.span.end:
        return _own_line_in_flow(source, last.span.end, tail, before + text)
    if "#" in source.text[last.span.end : container.span.end]:
        raise CannotEditError("a comment stands behind the last entry")
    return (Edit(Span(last.span.end, last.span.end), f", {text}"),)


def _own_line_in_flow(source: SourceFile, last: int, tail: re.Match[str], text: str) -> tuple[Edit, ...]:
    line_break = source.line_break_at(last)
    end = tail.end() - (1 if tail.group().endswith("\r") else 0)
    comma = Edit(Span(last, last), ",")
    if tail.group(1):
        return (Edit(Span(end, end), f"{line_break}{text},"),)
    if end == last:
        return (Edit(Span(last, last), f",{line_break}{text}"),)
    return comma, Edit(Span(end, end), line_break + text)


def replace_value(file: YamlFile, value: Scalar, text: str) -> Change:
    """Write another text in the place of a scalar, in its own quotes where it has some. Raises `CannotEditError`."""
    if value.anchor or value.tag or value.style in {"|", ">"} or value.span.start == value.span.end:
        raise CannotEditError("the value has an anchor or is written in an unusual way")
    place = place_of(file, value)
    if not place.parents:
        raise CannotEditError("it is the whole document")
    written = quote_like(value, text, flow=place.parents[-1].flow)
    return Change((Edit(value.span, written),), (Statement(place.path, text),))
