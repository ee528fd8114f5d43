"""What every edit of a YAML text needs to know: where a node is written and what stands around it.

Nothing serialises a tree: places come from the nodes, characters from the user's text. What cannot be edited with
certainty raises `CannotEditError` with the reason; what was edited is still compared with its statement afterwards.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left, bisect_right
from itertools import islice, takewhile
from typing import TYPE_CHECKING

from cachelint.documents.yaml import Alias, Mapping, Node, Scalar, Sequence, YamlFile, merge_sources
from cachelint.fix import Edit, Statement
from cachelint.record import NamedTuple
from cachelint.regex import regex
from cachelint.source import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.documents.yaml import Entry
    from cachelint.source import SourceFile

REST_OF_LINE = regex(r"[ \t]*(#[^\n]*?)?\r?(?=\n|\Z)")
FLOW_REST = regex(r"[ \t]*(,?)(?:(?<=,)[ \t]*)?(#[^\n]*?)?\r?(?=\n|\Z)")
_DASH = regex(r"^[ \t]*(-)(?=\s)", re.MULTILINE)
_HEAD = regex(r"[ \t]*:(?:[ \t]+[&!][^\s#]+)*")
_PLAIN = regex(r"[$A-Za-z_./][$A-Za-z0-9_./{}+-]*(?:[:?=][$A-Za-z0-9_./{}+-]+)*\Z")


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
    for step, child in _steps(at, node.span):
        found = _descend(child, node, (*parents, at), (*path, step))
        if found:
            return found
    return None


def _steps(at: Mapping | Sequence, span: Span) -> Iterator[tuple[str | int, Node]]:
    """The children that may hold what is written at `span`; they stand in the order of the text."""
    if isinstance(at, Sequence):
        first = bisect_left(at.items, span.start, key=lambda item: item.span.end)
        candidates: Iterator[tuple[str | int, Node]] = enumerate(islice(at.items, first, None), first)
    else:
        first = bisect_left(at.entries, span.start, key=lambda entry: entry.value.span.end)
        candidates = ((_name(entry), entry.value) for entry in islice(at.entries, first, None))
    return takewhile(lambda step: step[1].span.start <= span.start, candidates)


def _name(entry: Entry) -> str:
    return entry.key.value if isinstance(entry.key, Scalar) else ""


def entry_span(source: SourceFile, place: Place) -> Span:
    """Span of an entry from its key, or of a list item from its dash, to the end of the value."""
    container, node = place.parents[-1], place.node
    key = key_of(place)
    if key:
        return Span(key.span.start, max(key.span.end, node.span.end))
    if container.flow:
        return node.span
    assert isinstance(container, Sequence)
    at = next(number for number, item in enumerate(container.items) if item is node)
    if at == 0:
        return Span(container.span.start, node.span.end)
    dash = _DASH.search(source.text, container.items[at - 1].span.end)
    if not dash or dash.start(1) > node.span.start:
        raise CannotEditError("its dash is written in an unusual way")
    return Span(dash.start(1), node.span.end)


def key_of(place: Place) -> Node | None:
    """The key of an entry; None for an item of a list."""
    container = place.parents[-1]
    if isinstance(container, Sequence):
        return None
    at = bisect_right(container.entries, place.node.span.start, key=lambda one: one.key.span.start) - 1
    if container.entries[at].value is place.node:
        return container.entries[at].key
    return next(entry.key for entry in container.entries if entry.value is place.node)


def hides_merged(place: Place) -> bool:
    """Whether an entry stands before one of the same key that a merge key brings: without it that one would count."""
    container, key = place.parents[-1], key_of(place)
    if not isinstance(container, Mapping) or not isinstance(key, Scalar):
        return False
    return any(isinstance(one, Mapping) and key.value in one.merged for one in merge_sources(container))


def size(container: Mapping | Sequence) -> int:
    """How many entries or items are written."""
    return len(container.entries if isinstance(container, Mapping) else container.items)


def head_end(source: SourceFile, place: Place) -> int:
    """Where ``key:`` and the anchor behind it end, on the line above a block collection. Raises `CannotEditError`."""
    key = key_of(place) if place.parents else None
    if key is None:
        raise CannotEditError("it belongs to no key")
    line = source.position(key.span.end).line
    match = _HEAD.match(source.text, key.span.end, source.line_span(line).end)
    if not match or not REST_OF_LINE.match(source.text, match.end()):
        raise CannotEditError("its key is written in an unusual way")
    return match.end()


def quote_like(sample: Node | None, value: str, *, flow: bool) -> str:
    """`value` as YAML in the quotes of a neighbour; plain only where plain is safe."""
    style = sample.style if isinstance(sample, Scalar) else ""
    if style == "'":
        return "'" + value.replace("'", "''") + "'"
    plain = _PLAIN.fullmatch(value) and not (flow and re.search(r"[{}\[\],]", value))
    return value if plain and style != '"' else json.dumps(value, ensure_ascii=False)


def replace_value(file: YamlFile, value: Scalar, text: str) -> Change:
    """Write another text in the place of a scalar, in its own quotes where it has some. Raises `CannotEditError`."""
    if value.anchor or value.tag or value.style in {"|", ">"} or value.span.start == value.span.end:
        raise CannotEditError("the value has an anchor or is written in an unusual way")
    place = place_of(file, value)
    if not place.parents:
        raise CannotEditError("it is the whole document")
    written = quote_like(value, text, flow=place.parents[-1].flow)
    return Change((Edit(value.span, written),), (Statement(place.path, text),))
