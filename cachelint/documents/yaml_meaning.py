"""What a YAML file means, so that two texts of it can be compared after an edit.

Meaning is what a consumer sees: aliases followed, merge keys applied, the order of a mapping's keys and the notation
of scalars forgotten. Equal parts get equal numbers, which keeps an alias bomb as small as its text.
"""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, TypeAlias

from cachelint.documents.yaml import MERGE, Alias, Entry, Mapping, Node, Scalar, Sequence, YamlFile, deref
from cachelint.fix import ABSENT, Fields

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cachelint.fix import Statement

Number: TypeAlias = int


def means_as_stated(old: YamlFile, statements: Iterable[Statement], new: YamlFile) -> bool:
    """Whether `new` means what `old` means, plus exactly the stated changes.

    A statement's path starts with the number of the document; the next steps are keys and list indexes of the file as
    written. A key that does not exist yet is added; a list index behind the last item appends.
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
            container, node = node, _child(node, step)
        if node is not None:
            self.replaced[id(node)] = statement.value
        else:
            self.added.setdefault(id(container), []).append((str(steps[-1]), statement.value))


def _child(node: Node, step: str | int) -> Node | None:
    if isinstance(node, Sequence) and isinstance(step, int):
        return node.items[step] if step < len(node.items) else None
    if isinstance(node, Mapping):
        entry = node.own(str(step))
        return entry.value if entry else None
    raise LookupError(step)


class _Reader:
    def __init__(self, numbers: dict[object, Number], changes: _Changes) -> None:
        self._numbers = numbers
        self._changes = changes
        self._seen: dict[int, Number] = {}
        self._merges: dict[int, dict[object, Entry]] = {}

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
        added = self._changes.added.get(id(node), [])
        if isinstance(node, Sequence):
            kept = [item for item in node.items if self._changes.replaced.get(id(item)) is not ABSENT]
            items = [self.number(item) for item in kept] + [self._of_data(data) for _, data in added]
            return self._of_key(("list", node.tag, tuple(items)))
        fields = {key: self.number(entry.value) for key, entry in self._entries(node).items()}
        fields |= {key: self._of_data(data) for key, data in added}
        return self._of_key(("map", node.tag, frozenset(fields.items())))

    def _entries(self, node: Mapping) -> dict[object, Entry]:
        """Entries by key with merges applied, looked up anew because a stated change may be inside a merged one."""
        known = self._merges.get(id(node))
        if known is None:
            known = self._merges[id(node)] = self._merge(node)
        return known

    def _merge(self, node: Mapping) -> dict[object, Entry]:
        entries: dict[object, Entry] = {}
        for entry in node.entries:
            key = deref(entry.key)
            if not isinstance(key, Scalar):
                entries[self.number(key)] = entry
            elif key.value != MERGE or key.style:
                entries[key.value] = entry
        kept = {key: one for key, one in entries.items() if self._changes.replaced.get(id(one.value)) is not ABSENT}
        for name, inherited in self._merged(node).items():
            kept.setdefault(name, inherited)
        return kept

    def _merged(self, node: Mapping) -> dict[object, Entry]:
        merged: dict[object, Entry] = {}
        for entry in node.entries:
            key = deref(entry.key)
            if isinstance(key, Scalar) and key.value == MERGE and not key.style:
                value = deref(entry.value)
                sources = value.items if isinstance(value, Sequence) else (value,)
                for source in sources:
                    mapping = deref(source)
                    if isinstance(mapping, Mapping):
                        merged = {**self._entries(mapping), **merged}
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
    pending: list[tuple[tuple[str | int, ...], Node | None, Node | None]] = [
        ((number,), *pair) for number, pair in enumerate(zip_longest(old.documents, new.documents))
    ]
    while pending:
        path, one, other = pending.pop()
        if before.number(one) == after.number(other):
            continue
        left, right = one and deref(one), other and deref(other)
        if isinstance(left, Mapping) and isinstance(right, Mapping) and left.tag == right.tag:
            for key in {**left.merged, **right.merged}:
                values = (entry and entry.value for entry in (left.merged.get(key), right.merged.get(key)))
                pending.append(((*path, key), *values))  # type: ignore[arg-type]  # two values, which mypy cannot count
        else:
            yield path
