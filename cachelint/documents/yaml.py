"""YAML as a frozen tree of nodes with exact spans.

The tree is made of the events of ruamel.yaml's C scanner, not of its node composer: the composer gives an alias the
position of its anchor, so that an edit "at the alias" would edit the anchor.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

from cachelint.record import NamedTuple
from cachelint.regex import regex
from cachelint.source import BOM, SourceFile, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

MAX_DEPTH = 200
"""Deeper nesting is refused, so that everything that walks a tree may recurse. Compose needs less than ten levels."""

MAX_MERGED = 1_000_000
"""Entries that all merge keys of a file together may bring: the bound that a merge bomb runs into."""

MAX_SLOW = 100_000
"""Characters of a file that the slow scanner may still read: a second of work."""

MERGE = "<<"
_FLOW_COLON = "found unexpected ':'"
_PROPERTIES = regex(r"(?:(?:!<[^>\s]*>|[&!][^\s,\[\]{}]*)(?:\s|(?<=\s)#[^\n]*)*)+")
_COLON = regex(r"\s*:")
# What a plain scalar is when it is no string (yaml.v3, resolve.go; `yes` and `on` are strings for Compose).
_NUMBER = regex(
    r"[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*|(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?|"
    r"\.(?:inf|Inf|INF))|\.(?:nan|NaN|NAN)"
)
_BOOLEANS = frozenset(("true", "True", "TRUE", "false", "False", "FALSE"))
_ILLEGAL = "[^\\t\\n\\r\\x20-\\x7e\\x85\\xa0-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]"  # YAML 1.2, 5.1
_NULL = frozenset(("", "~", "null", "Null", "NULL"))


class YamlError(Exception):
    """The text is no YAML that Compose would accept. `span` is where, `str()` is why."""

    def __init__(self, message: str, span: Span) -> None:
        super().__init__(message)
        self.span = span


class Scalar(NamedTuple):
    """A scalar. `span` covers it as written with quotes, without anchor and tag; `style` is ``""``, ``'``, ``"``,
    ``|`` or ``>``."""

    span: Span
    value: str
    style: str
    tag: str | None = None
    anchor: str | None = None

    @property
    def is_null(self) -> bool:
        """Whether it is written as nothing, ``~`` or ``null``."""
        return not self.style and self.value in _NULL and self.tag in (None, "tag:yaml.org,2002:null")

    @property
    def is_string(self) -> bool:
        """Whether it is a string, as all quoted ones are."""
        if self.style or self.tag == "tag:yaml.org,2002:str":
            return True
        return not self.is_null and self.value not in _BOOLEANS and not _NUMBER.fullmatch(self.value)

    @property
    def data(self) -> str | float | bool | None:
        """The value with its kind; every number is 0, since only its being one matters."""
        if self.is_string:
            return self.value
        if self.is_null:
            return None
        return self.value in _BOOLEANS or 0


class Sequence(NamedTuple):
    """A sequence. `span` ends where its last item ends; a block style one starts at its first dash."""

    span: Span
    items: tuple[Node, ...]
    flow: bool
    tag: str | None = None
    anchor: str | None = None


class Entry(NamedTuple):
    """One key and its value in a mapping."""

    key: Node
    value: Node

    @property
    def span(self) -> Span:
        """From the start of the key to the end of the value."""
        return Span(self.key.span.start, max(self.key.span.end, self.value.span.end))


class Mapping(NamedTuple):
    """A mapping. `span` ends where its last value ends, before any comment behind it.

    `entries` is what is written here; `merged` looks keys up with merge keys (``<<``) resolved.
    """

    span: Span
    entries: tuple[Entry, ...]
    flow: bool
    merged: dict[str, Entry]
    tag: str | None = None
    anchor: str | None = None

    def own(self, key: str) -> Entry | None:
        """The entry of that key that is written in this very mapping."""
        entry = self.merged.get(key)
        return entry if entry and any(entry is one for one in self.entries) else None


class Alias(NamedTuple):
    """``*name``: `target` is the node that the anchor names."""

    span: Span
    name: str
    target: Node


Node: TypeAlias = "Scalar | Sequence | Mapping | Alias"


class YamlFile(NamedTuple):
    """A parsed file: the root node of each of its documents, None for an empty one."""

    source: SourceFile
    documents: tuple[Node | None, ...]

    def is_comment(self, offset: int) -> bool:
        """Whether the ``#`` at an offset begins a comment, not something inside a scalar."""
        before = self.source.text[offset - 1 : offset]
        if before and not before.isspace() and before != BOM:
            return False
        pending = [root for root in self.documents if root]
        while pending:
            node = pending.pop()
            if node.span.start <= offset < node.span.end:
                if isinstance(node, Scalar):
                    return False
                pending += children(node)
        return True


def deref(node: Node) -> Scalar | Sequence | Mapping:
    """The node itself, or what the alias stands for."""
    while isinstance(node, Alias):
        node = node.target
    return node


def text_of(node: Node | None) -> str | None:
    """The text of a scalar (behind an alias too); None for collections and for null."""
    target = deref(node) if node else None
    return target.value if isinstance(target, Scalar) and not target.is_null else None


def is_merge(entry: Entry) -> bool:
    """Whether an entry merges other mappings into its own (``<<``)."""
    key = deref(entry.key)
    return isinstance(key, Scalar) and key.value == MERGE and not key.style


def merge_sources(mapping: Mapping) -> Iterator[Scalar | Sequence | Mapping]:
    """What the merge key of a mapping names, behind aliases, in its order of precedence."""
    for entry in filter(is_merge, mapping.entries):
        value = deref(entry.value)
        yield from map(deref, value.items if isinstance(value, Sequence) else (value,))


def has_compose_tag(node: Node) -> bool:
    """Whether a node carries ``!reset`` or ``!override``, which act on the files merged before."""
    tag = deref(node).tag
    return tag is not None and not tag.startswith("tag:yaml.org,2002:")


def children(node: Node) -> Iterator[Node]:
    """The nodes directly below, as written: keys and values, or items. Aliases are not followed."""
    if isinstance(node, Mapping):
        for entry in node.entries:
            yield from entry
    elif isinstance(node, Sequence):
        yield from node.items


def parse_yaml(source: SourceFile) -> YamlFile:
    """Parse a file of any number of documents. Raises `YamlError`.

    The C scanner is one of YAML 1.1 and refuses ``[80:80]``, which Compose reads as YAML 1.2 does: a file with such a
    list goes to ruamel.yaml's own scanner, which is 25 times slower, so only up to a size.
    """
    try:
        return _Builder(source).build(_fast_events)
    except YamlError as error:
        if str(error).startswith(_FLOW_COLON) and len(source.text) < MAX_SLOW:
            return _Builder(source).build(_slow_events)
        raise


def _fast_events(text: str) -> Iterator[Any]:
    from ruamel.yaml.cyaml import CParser  # type: ignore[attr-defined]  # YAML() takes ten times as long to set up

    event = CParser(text).get_event
    return iter(event, None)


def _slow_events(text: str) -> Iterator[Any]:
    from ruamel.yaml import YAML

    yield from YAML(typ="safe", pure=True).parse(text)


_SIGNS = ("&", "!")
_BLOCK_STYLES = ("|", ">")
_new: Any = tuple.__new__  # what the types' own constructors call, without the call


class _Open:
    """A collection whose end has not come yet."""

    __slots__ = ("children", "event", "span")

    def __init__(self, event: Any, span: Span) -> None:
        self.event = event
        self.span = span
        self.children: list[Node] = []


class _Builder:
    def __init__(self, source: SourceFile) -> None:
        self._source = source
        self._text = source.text
        self._shift = len(BOM) if source.text.startswith(BOM) else 0  # the scanner drops the BOM and counts behind it
        self._anchors: dict[str, Node | None] = {}
        self._open: list[_Open] = []
        self._documents: list[Node | None] = []
        self._merges_left = MAX_MERGED

    def build(self, events: Callable[[str], Iterator[Any]]) -> YamlFile:
        from ruamel.yaml.error import MarkedYAMLError, YAMLError

        try:
            self._read(events(self._text[self._shift :]))
        except MarkedYAMLError as error:
            raise YamlError(_problem(error, self._text), self._mark(error.problem_mark)) from error
        except YAMLError as error:  # a character that YAML does not allow: it has no mark
            at = self._illegal_character()
            raise YamlError(str(getattr(error, "reason", None) or "character not allowed"), Span(at, at)) from error
        return YamlFile(self._source, tuple(self._documents))

    def _read(self, events: Iterator[Any]) -> None:
        """Take every event; scalars without anything special, which most are, are made on the spot."""
        from ruamel.yaml.events import ScalarEvent

        text, shift, opened, handlers = self._text, self._shift, self._open, _HANDLERS
        for event in events:
            kind = event.__class__
            if kind is ScalarEvent and event.style not in _BLOCK_STYLES and event.value and opened:
                start, end = event.start_mark.index + shift, event.end_mark.index + shift
                if not event.anchor and end > start and text[start] not in _SIGNS:
                    span = _new(Span, (start, end))
                    tag = None if event.ctag is None else event.tag  # which is computed
                    opened[-1].children.append(_new(Scalar, (span, event.value, event.style or "", tag, None)))
                    continue
            handler = handlers.get(kind.__name__)
            if handler:
                handler(self, event)

    def _illegal_character(self) -> int:
        match = re.compile(_ILLEGAL).search(self._source.text, self._shift)
        return match.start() if match else 0

    def _mark(self, mark: Any) -> Span:
        at = min(mark.index + self._shift, len(self._source.text)) if mark else 0
        return Span(at, at)

    def _span(self, event: Any) -> Span:
        """Span of an event without the anchor and tag that its start mark includes."""
        start, end = event.start_mark.index + self._shift, event.end_mark.index + self._shift
        if event.anchor or self._text[start : start + 1] in _SIGNS:
            start = self._behind_properties(start, end)
        span: Span = _new(Span, (start, max(start, end)))
        return span

    def _behind_properties(self, start: int, end: int) -> int:
        match = _PROPERTIES.match(self._text, start)
        return min(match.end(), max(end, start)) if match else start

    def _document_start(self, event: Any) -> None:
        self._anchors = {}
        self._documents.append(None)

    def _scalar(self, event: Any) -> None:
        span, style, value, anchor = self._span(event), event.style or "", event.value, event.anchor
        if style in _BLOCK_STYLES:
            span = Span(span.start, span.start + len(self._text[slice(*span)].rstrip()))
        elif not style and not value:
            end = span.end if anchor or event.tag else self._end_of_nothing(span.end)
            span = Span(end, end)
        self._add(Scalar(span, value, style, event.tag, anchor), anchor)

    def _end_of_nothing(self, end: int) -> int:
        """Where an empty value ends: behind its key's colon, or behind the key; its mark lies at what follows it."""
        opened = self._open[-1] if self._open else None
        if opened is None or type(opened.event).__name__ != "MappingStartEvent" or len(opened.children) % 2 == 0:
            return end
        key = opened.children[-1].span.end
        colon = _COLON.match(self._source.text, key)
        return colon.end() if colon else key

    def _alias(self, event: Any) -> None:
        span = Span(event.start_mark.index + self._shift, event.end_mark.index + self._shift)
        target = self._anchors.get(event.anchor)
        if target is None:
            inside = event.anchor in self._anchors
            raise YamlError(f"alias *{event.anchor} {'refers to itself' if inside else 'has no anchor'}", span)
        self._add(Alias(span, event.anchor, target), None)

    def _start(self, event: Any) -> None:
        if len(self._open) >= MAX_DEPTH:
            raise YamlError(f"nested deeper than {MAX_DEPTH} levels", self._mark(event.start_mark))
        if event.anchor:
            self._anchors[event.anchor] = None
        self._open.append(_Open(event, self._span(event)))

    def _sequence_end(self, event: Any) -> None:
        opened = self._open.pop()
        start = opened.event
        span = self._collection_span(opened, event)
        self._add(Sequence(span, tuple(opened.children), start.flow_style, start.tag, start.anchor), start.anchor)

    def _mapping_end(self, event: Any) -> None:
        opened = self._open.pop()
        start = opened.event
        pairs = iter(opened.children)
        entries = tuple([_new(Entry, pair) for pair in zip(pairs, pairs, strict=True)])
        merged = self._merge(entries)
        span = self._collection_span(opened, event)
        self._add(Mapping(span, entries, start.flow_style, merged, start.tag, start.anchor), start.anchor)

    def _collection_span(self, opened: _Open, end: Any) -> Span:
        """A block collection's own end mark lies behind the comments and blank lines that follow it."""
        if opened.event.flow_style:
            return Span(opened.span.start, end.end_mark.index + self._shift)
        last = opened.children[-1].span.end
        if type(opened.event).__name__ != "MappingStartEvent":
            return Span(opened.span.start, last)
        return Span(opened.children[0].span.start, max(last, opened.children[-2].span.end))

    def _merge(self, entries: tuple[Entry, ...]) -> dict[str, Entry]:
        own: dict[str, Entry] = {}
        merges: list[Entry] = []
        for entry in entries:
            key = entry.key
            if not isinstance(key, Scalar):
                key = deref(key)
                if not isinstance(key, Scalar):
                    continue
            name = key.value
            if name in own:
                raise YamlError(f"key {name!r} is already defined in this mapping", entry.key.span)
            own[name] = entry
            if name == MERGE and is_merge(entry):
                merges.append(entry)
        return self._with_merges(own, merges) if merges else own

    def _with_merges(self, own: dict[str, Entry], merges: list[Entry]) -> dict[str, Entry]:
        merged: dict[str, Entry] = {}
        for entry in merges:
            del own[MERGE]
            value = deref(entry.value)
            for node in value.items if isinstance(value, Sequence) else (value,):
                source = deref(node)
                if not isinstance(source, Mapping):
                    raise YamlError("a merge key needs a mapping or a list of mappings", entry.value.span)
                self._merges_left -= len(source.merged)
                if self._merges_left < 0:
                    raise YamlError(f"merge keys expand to more than {MAX_MERGED} entries", entry.value.span)
                merged = {**source.merged, **merged}
        return {**merged, **own}

    def _add(self, node: Node, anchor: str | None) -> None:
        if anchor:
            self._anchors[anchor] = node
        if self._open:
            self._open[-1].children.append(node)
        else:
            self._documents[-1] = None if isinstance(node, Scalar) and node.is_null else node


_HANDLERS = {
    "DocumentStartEvent": _Builder._document_start,
    "ScalarEvent": _Builder._scalar,
    "AliasEvent": _Builder._alias,
    "SequenceStartEvent": _Builder._start,
    "MappingStartEvent": _Builder._start,
    "SequenceEndEvent": _Builder._sequence_end,
    "MappingEndEvent": _Builder._mapping_end,
}


def _problem(error: Any, text: str) -> str:
    """What the parser says; of a template for Jinja, Go or ERB it says something about braces."""
    is_template = any(mark in text for mark in ("{{", "{%", "<%"))
    hint = "a template is no YAML before it is rendered" if is_template else None
    return ", ".join(part for part in (error.problem, error.context, hint) if part)
