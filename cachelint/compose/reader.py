"""From the nodes of a file to values: aliases and merge keys followed, variables replaced, tags noted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.compose.scalars import is_date, plain_text
from cachelint.compose.tree import ComposeError, Fields, Items, Leaf, Link, Origin, Value
from cachelint.compose.variables import VariableError
from cachelint.documents.yaml import MERGE, Alias, Mapping, Scalar, Sequence, children, deref, is_merge, merge_sources
from cachelint.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.compose.variables import Variables
    from cachelint.documents.compose import ComposeFile
    from cachelint.documents.yaml import Entry, Node
    from cachelint.source import Span

    Path = tuple[str, ...]

_SOUND = regex(r"\$\{\w+(?::?[-+?][^${}\n]*)?\}")
_NO_TEXT = frozenset(("", *"0123456789+-.~"))  # how numbers, dates and nothing begin
_WORDS = frozenset(("null", "Null", "NULL", "true", "True", "TRUE", "false", "False", "FALSE"))
MAX_EXPANDED = 100_000
"""Values that aliases may add to those that a file writes out: the bound that an alias bomb meets."""

RESET, OVERRIDE = "!reset", "!override"


class Reader:
    """Reads values of one file.

    `removed` collects the paths (keys from the top of the document) that ``!reset`` and ``!override`` stand at: what
    was there before this document is dropped.
    """

    def __init__(self, file: ComposeFile, variables: Variables) -> None:
        self.file = file
        self.removed: list[Path] = []
        self._variables = variables
        self._left = MAX_EXPANDED + len(file.source.text)
        self._written: dict[int, frozenset[int]] = {}
        self._merges = MERGE in file.source.text
        self._borrowed = 0

    def refused(self, root: Node) -> Iterator[ComposeError]:
        """What Compose refuses of the texts of a document, wherever they stand."""
        if not self._variables.complete and "${" not in _SOUND.sub("", self.file.source.text):
            return
        pending: list[Node] = [root]
        while pending:
            node = pending.pop()
            if isinstance(node, Scalar):
                yield from self._refused(node)
            else:
                pending += children(node)

    def _refused(self, scalar: Scalar) -> Iterator[ComposeError]:
        try:
            self._variables.substitute(scalar.value)
        except VariableError as error:
            yield ComposeError(str(error), (self.file.source, scalar.span))

    def fields(
        self, mapping: Mapping, path: Path, chain: tuple[Link, ...], keys: frozenset[str], *, is_borrowed: bool = False
    ) -> dict[str, Value]:
        """The values of some keys of a mapping, which is written elsewhere when it `is_borrowed`."""
        self._borrowed = int(is_borrowed)
        found: dict[str, Value] = {}
        for key, entry in mapping.merged.items():
            if key in keys:
                value = self.entry(mapping, key, entry, path, chain)
                if value is not None:
                    found[key] = value
        return found

    def entry(self, mapping: Mapping, key: str, entry: Entry, path: Path, chain: tuple[Link, ...]) -> Value | None:
        """The value of one key; None where it is reset."""
        node, chain = self.follow(mapping, entry, chain)
        path = (*path, key)
        is_merged, is_alias = self.is_merged(mapping, entry), node is not entry.value
        if not (is_merged or is_alias):
            return self._value(node, self.origin(entry, chain), path)
        if not is_merged and node.tag and not self._borrowed and self.is_removed(node, path):
            return None
        return self._borrow(node, self.origin(entry, chain), path)

    def _borrow(self, node: Scalar | Sequence | Mapping, origin: Origin, path: Path) -> Value | None:
        """A value that is written elsewhere, where Compose has taken out already what is tagged ``!reset``."""
        self._borrowed += 1
        try:
            return self._value(node, origin, path)
        finally:
            self._borrowed -= 1

    def follow(
        self, mapping: Mapping, entry: Entry, chain: tuple[Link, ...]
    ) -> tuple[Scalar | Sequence | Mapping, tuple[Link, ...]]:
        """The value of an entry of a mapping behind aliases and merge keys, and the way to it."""
        if self.is_merged(mapping, entry):
            chain = (*self._merge_chain(mapping, entry), *chain)
        node = entry.value
        return self._behind(node, chain) if isinstance(node, Alias) else (node, chain)

    def _behind(self, node: Alias, chain: tuple[Link, ...]) -> tuple[Scalar | Sequence | Mapping, tuple[Link, ...]]:
        return deref(node), (self._link(f"*{node.name} stands here", node.span), *chain)

    def origin(self, entry: Entry, chain: tuple[Link, ...]) -> Origin:
        """The origin of an entry's value."""
        return Origin(self.file, entry.value, entry, chain)

    def is_removed(self, node: Node, path: Path) -> bool:
        """Whether nothing is left here; what a tag takes away below is remembered."""
        tag = deref(node).tag
        if tag in (RESET, OVERRIDE):
            self.removed.append(path)
        return tag == RESET

    def is_merged(self, mapping: Mapping, entry: Entry) -> bool:
        """Whether an entry came into a mapping by a merge key."""
        return self._merges and id(entry) not in self._own(mapping)

    def _own(self, mapping: Mapping) -> frozenset[int]:
        """The entries (by identity) that are written in a mapping itself."""
        known = self._written.get(id(mapping))
        if known is None:
            known = self._written[id(mapping)] = frozenset(map(id, mapping.entries))
        return known

    def _merge_chain(self, mapping: Mapping, entry: Entry) -> tuple[Link, ...]:
        """How an entry came into a mapping: the merge keys, the innermost first."""
        for merge in filter(is_merge, mapping.entries):
            for source in merge_sources(mapping):
                if isinstance(source, Mapping) and any(one is entry for one in source.merged.values()):
                    return (*self._own_chain(source, entry), self._link("merged in here", merge.span))
        return ()

    def _own_chain(self, mapping: Mapping, entry: Entry) -> tuple[Link, ...]:
        return () if any(entry is one for one in mapping.entries) else self._merge_chain(mapping, entry)

    def _link(self, word: str, span: Span) -> Link:
        return Link(word, self.file.source, span)

    def _value(self, node: Scalar | Sequence | Mapping, origin: Origin, path: Path) -> Value | None:
        self._left -= 1
        if self._left < 0:
            raise ComposeError("aliases make this too large", (self.file.source, origin.span), origin.chain)
        if node.tag and ((self._borrowed and node.tag == RESET) or self.is_removed(node, path)):
            return None
        if isinstance(node, Scalar):
            return self._leaf(node, origin)
        if isinstance(node, Sequence):
            return Items(tuple(self._items(node, path, origin.chain)), origin)
        entries: dict[str, Value] = {}
        for key, entry in node.merged.items():
            value = self.entry(node, key, entry, path, origin.chain)
            if value is not None:
                entries[key] = value
        return Fields(entries, origin)

    def _items(self, sequence: Sequence, path: Path, chain: tuple[Link, ...]) -> Iterator[Value]:
        for number, item in enumerate(sequence.items):
            node, way = self._behind(item, chain) if isinstance(item, Alias) else (item, chain)
            value = self._value(node, Origin(self.file, item, None, way), (*path, str(number)))
            if value is not None:
                yield value

    def _leaf(self, scalar: Scalar, origin: Origin) -> Leaf:
        value = scalar.value
        if not scalar.style and (scalar.tag or value[:1] in _NO_TEXT or value in _WORDS):
            if scalar.is_null:
                return Leaf(None, "", True, False, origin)
            if not scalar.is_string:
                return Leaf(plain_text(value), value, True, False, origin)
            if is_date(scalar):
                return Leaf(value, value, True, False, origin)
        if "$" not in value:
            return Leaf(value, value, True, True, origin)
        try:
            text = self._variables.substitute(value)
        except VariableError as error:
            raise ComposeError(str(error), (self.file.source, scalar.span), origin.chain) from error
        return Leaf(value if text is None else text, value, text is not None, True, origin)
