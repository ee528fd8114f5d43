"""``docker-bake.json``: the targets of ``docker buildx bake``, with their places.

Its HCL form is not read. Source: "Bake file reference" in Docker's docs; JSON and HCL have the same structure.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cachelint.documents.yaml import Mapping, Scalar, Sequence, YamlError, parse_yaml
from cachelint.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.documents.yaml import Node
    from cachelint.source import SourceFile, Span

_MAX_PARENTS = 50
"""Targets that one target may inherit from: nobody writes more, and the walk recurses."""


class BakeTarget(NamedTuple):
    """One target with what it inherits; `place` is its name. Texts hold ``${…}`` where bake puts something in."""

    name: str
    place: Span
    fields: dict[str, Scalar]
    lists: dict[str, tuple[Scalar, ...]]
    args: dict[str, tuple[Scalar, Scalar]]


class BakeFile(NamedTuple):
    """The targets by name, and the groups with the names of their targets and groups."""

    targets: dict[str, BakeTarget]
    groups: dict[str, tuple[str, ...]]

    def selected(self, names: tuple[str, ...]) -> tuple[BakeTarget, ...]:
        """The targets that these names stand for; without names, those of ``default``."""
        found: dict[str, BakeTarget] = {}
        pending = list(names) or ["default"]
        seen: set[str] = set()
        while pending:
            name = pending.pop(0)
            if name in seen:
                continue
            seen.add(name)
            pending += self.groups.get(name, ())
            if name in self.targets and name not in self.groups:
                found[name] = self.targets[name]
        return tuple(found.values())


def read_bake(source: SourceFile) -> BakeFile | None:
    """Read a bake file of JSON; None for anything else, and for one whose targets are made by a matrix."""
    try:
        json.loads(source.text)
        root = parse_yaml(source).documents[0]
    except (ValueError, YamlError, IndexError, RecursionError):
        return None
    targets, groups = _section(root, "target"), _section(root, "group")
    if any("matrix" in node.merged for _, node in targets.values()):
        return None
    found = {name: _target(name, key.span, targets) for name, (key, _) in targets.items()}
    return BakeFile(found, {name: tuple(_names(node, "targets")) for name, (_, node) in groups.items()})


def _section(root: Node | None, key: str) -> dict[str, tuple[Scalar, Mapping]]:
    """The blocks of one kind by their labels."""
    entry = root.merged.get(key) if isinstance(root, Mapping) else None
    blocks = entry.value.entries if entry and isinstance(entry.value, Mapping) else ()
    return {
        one.key.value: (one.key, one.value)
        for one in blocks
        if isinstance(one.key, Scalar) and isinstance(one.value, Mapping)
    }


def _names(node: Mapping, key: str) -> Iterator[str]:
    entry = node.merged.get(key)
    for item in entry.value.items if entry and isinstance(entry.value, Sequence) else ():
        if isinstance(item, Scalar):
            yield item.value


def _target(name: str, place: Span, targets: dict[str, tuple[Scalar, Mapping]]) -> BakeTarget:
    found = BakeTarget(name, place, {}, {}, {})
    for node in _lineage(name, targets, set()):
        for entry in node.entries:
            if not isinstance(entry.key, Scalar):
                continue
            if isinstance(entry.value, Scalar):
                found.fields[entry.key.value] = entry.value
            elif isinstance(entry.value, Sequence):
                items = tuple(item for item in entry.value.items if isinstance(item, Scalar))
                found.lists[entry.key.value] = items
            elif entry.key.value == "args" and isinstance(entry.value, Mapping):
                pairs = ((one.key, one.value) for one in entry.value.entries)
                found.args.update(
                    {
                        key.value: (key, text)
                        for key, text in pairs
                        if isinstance(key, Scalar) and isinstance(text, Scalar)
                    }
                )
    return found


def _lineage(name: str, targets: dict[str, tuple[Scalar, Mapping]], seen: set[str]) -> Iterator[Mapping]:
    """What a target is made of, what it inherits first, each once."""
    if name not in targets or name in seen or len(seen) > _MAX_PARENTS:
        return
    seen.add(name)
    _, node = targets[name]
    for parent in _names(node, "inherits"):
        yield from _lineage(parent, targets, seen)
    yield node
