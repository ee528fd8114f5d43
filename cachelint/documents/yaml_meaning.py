"""What a YAML file means, so that two texts of it can be compared after an edit.

Meaning is what a consumer sees: aliases followed, merge keys applied, the order of a mapping's keys and the notation
of scalars forgotten. Equal parts get equal numbers, which keeps an alias bomb as small as its text.
"""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, TypeAlias

from cachelint.documents.yaml import (
    Alias,
    Mapping,
    Node,
    Scalar,
    Sequence,
    YamlFile,
    deref,
    is_merge,
    merge_sources,
)
from cachelint.fix import ABSENT, Fields

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cachelint.fix import Statement

Number: TypeAlias = int

BEFORE = "before:"
"""With an index: the step of a path that inserts into a list in front of that item."""


def means_as_stated(old: YamlFile, statements: Iterable[Statement], new: YamlFile) -> bool:
    """Whether `new` means what `old` means, plus exactly the stated changes.

    A statement's path starts with the number of the document; the next steps are keys and list indexes of the file as
    written. A key that does not exist yet is added; a list index behind the last item appends, ``before:3`` inserts.
    Raises `LookupError` when a path leads nowhere.
    """
    numbers: dict[object, Number] = {}
    changes = _Changes(old, statements)
    before = [_Reader(numbers, changes).number(root) for root in old.documents]
    after = [_Reader(numbers, _Changes(new, ())).number(root) for root in new.documents]
    return before == after


class _Changes:
    """Stated changes, keyed by the identity of the node they replace or the container they add to."""

    def __init__(self, file: YamlFile, statements: Iterable[Statement]) -> None:
        self.replaced: dict[int, object] = {}
        self.added: dict[int, list[tuple[str, object]]] = {}
        self._by_key: dict[int, dict[str, Node]] = {}
        for statement in statements:
            self._locate(file, statement)

    def _locate(self, file: YamlFile, statement: Statement) -> None:
        document, *steps = statement.path
        if not isinstance(document, int):
            raise LookupError(statement.path)
        node: Node | None = file.documents[document]
        container = node
        for step in steps:
            if node is None:
                raise LookupError(statement.path)
            container, node = node, self._child(node, step)
        if node is not None:
            self.replaced[id(node)] = statement.value
        else:
            self.added.setdefault(id(container), []).append((str(steps[-1]), statement.value))

    def _child(self, node: Node, step: str | int) -> Node | None:
        if isinstance(node, Sequence) and isinstance(step, str) and step.startswith(BEFORE):
            return None
        if isinstance(node, Sequence) and isinstance(step, int):
            return node.items[step] if step < len(node.items) else None
        if isinstance(node, Mapping) and isinstance(step, str):
            return self._keyed(node).get(step)
        raise LookupError(step)

    def _keyed(self, mapping: Mapping) -> dict[str, Node]:
        """The values of a mapping, by the texts of their keys as written; the first of two counts."""
        known = self._by_key.get(id(mapping))
        if known is None:
            known = self._by_key[id(mapping)] = {}
            for entry in mapping.entries:
                key = deref(entry.key)
                if isinstance(key, Scalar):
                    known.setdefault(key.value, entry.value)
        return known


class _Reader:
    def __init__(self, numbers: dict[object, Number], changes: _Changes) -> None:
        self._numbers = numbers
        self._changes = changes
        self._seen: dict[int, Number] = {}
        self._merges: dict[int, dict[object, Number]] = {}

    def number(self, node: Node | None) -> Number:
        """One number for equal meanings."""
        if node is None:
            return self._of_key(None)
        replacement = self._changes.replaced.get(id(node))
        if replacement is not None:
            return self._of_data(replacement)
        target = deref(node) if isinstance(node, Alias) else node
        if target is not node:
            return self.number(target)
        known = self._seen.get(id(node))
        if known is None:
            known = self._seen[id(node)] = self._of_node(target)
        return known

    def _of_node(self, node: Scalar | Sequence | Mapping) -> Number:
        if isinstance(node, Scalar):
            return self._of_scalar(node)
        if isinstance(node, Sequence):
            return self._of_key(("list", node.tag, tuple(self._items(node))))
        return self._of_key(("map", node.tag, frozenset(self._fields(node).items())))

    def _items(self, node: Sequence) -> Iterator[Number]:
        added = self._changes.added.get(id(node), [])
        for index, item in enumerate(node.items):
            yield from (self._of_data(data) for step, data in added if step == f"{BEFORE}{index}")
            if not self._is_removed(item):
                yield self.number(item)
        yield from (self._of_data(data) for step, data in added if not step.startswith(BEFORE))

    def _is_removed(self, node: Node) -> bool:
        return self._changes.replaced.get(id(node)) is ABSENT

    def _fields(self, node: Mapping) -> dict[object, Number]:
        """Meanings by key with merges applied, anew because a stated change may be inside a merged mapping."""
        known = self._merges.get(id(node))
        if known is None:
            fields = self._merged(node)
            for entry in node.entries:
                key = deref(entry.key)
                name = key.value if isinstance(key, Scalar) else self.number(key)
                if self._is_removed(entry.value):
                    fields.pop(name, None)
                elif not is_merge(entry):
                    fields[name] = self.number(entry.value)
            fields |= {key: self._of_data(data) for key, data in self._changes.added.get(id(node), [])}
            known = self._merges[id(node)] = fields
        return known

    def _merged(self, node: Mapping) -> dict[object, Number]:
        merged: dict[object, Number] = {}
        if not any(is_merge(entry) and self._is_removed(entry.value) for entry in node.entries):
            for source in merge_sources(node):
                if isinstance(source, Mapping):
                    merged = {**self._fields(source), **merged}
        return merged

    def _of_scalar(self, node: Scalar) -> Number:
        if node.is_null:
            return self._of_key(None)
        return self._of_key(("string" if node.is_string else "plain", node.tag, node.value))

    def _of_data(self, data: object) -> Number:
        if isinstance(data, Fields):
            fields = {key: self._of_data(value) for key, value in data.pairs}
            return self._of_key(("map", None, frozenset(fields.items())))
        if isinstance(data, tuple):
            return self._of_key(("list", None, tuple(self._of_data(item) for item in data)))
        if isinstance(data, str):
            return self._of_key(("string", None, data))
        raise TypeError(f"no plain data: {data!r}")

    def _of_key(self, key: object) -> Number:
        return self._numbers.setdefault(key, len(self._numbers))


def differences(old: YamlFile, new: YamlFile) -> Iterator[tuple[str | int, ...]]:
    """Paths, aliases and merges followed, of what the two files say differently; no path lies inside another one.

    Only what differs is walked. A path starts with the number of the document.
    """
    numbers: dict[object, Number] = {}
    before, after = _Reader(numbers, _Changes(old, ())), _Reader(numbers, _Changes(new, ()))
    pairs = enumerate(zip_longest(old.documents, new.documents))
    pending: list[tuple[tuple[str | int, ...], Node | None, Node | None]] = [
        ((number,), one, other) for number, (one, other) in pairs if before.number(one) != after.number(other)
    ]
    while pending:
        path, one, other = pending.pop()
        left, right = one and deref(one), other and deref(other)
        changed: list[tuple[tuple[str | int, ...], Node | None, Node | None]] = []
        if isinstance(left, Mapping) and isinstance(right, Mapping) and left.tag == right.tag:
            for key in {**left.merged, **right.merged}:
                was, now = left.merged.get(key), right.merged.get(key)
                if not (was and now and before.number(was.value) == after.number(now.value)):
                    changed.append(((*path, key), was and was.value, now and now.value))
        pending += changed
        if not changed:
            yield path
