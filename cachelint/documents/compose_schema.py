"""Explains what is wrong with the shape of a Compose file. Loading jsonschema is slow: call it for odd files only."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from cachelint.documents.yaml import Mapping, Node, Scalar, Sequence, YamlFile, deref, has_compose_tag
from cachelint.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cachelint.source import Span

_SCHEMA = os.path.join(os.path.dirname(__file__), "compose.schema.json")
_DEPTH = 6  # services, service, build, args, value: the schema looks no deeper
_WORDS = {"object": "a mapping", "array": "a list", "string": "text", "null": "empty"}


class ShapeError(NamedTuple):
    """A place that Compose would refuse, and why."""

    span: Span
    message: str


def shape_errors(file: YamlFile) -> Iterator[ShapeError]:
    """The places of a file that the schema refuses, in file order."""
    from jsonschema import Draft202012Validator

    with open(_SCHEMA, encoding="utf-8") as schema:
        validator = Draft202012Validator(json.load(schema))
    errors = [
        ShapeError(_node_at(root, error.absolute_path).span, _explain(error))
        for root in file.documents
        if root
        for error in validator.iter_errors(_plain(root, _DEPTH, {}))
    ]
    yield from sorted(errors)


def _plain(node: Node, depth: int, known: dict[tuple[int, int], object]) -> object:
    """The node as plain data, as deep as the schema looks. What a tag of Compose's own stands on has no fixed shape.

    `known` holds what was seen: an alias costs nothing, however often it is used.
    """
    target = deref(node)
    if isinstance(target, Scalar):
        return target.data
    if depth == 0:
        return {} if isinstance(target, Mapping) else []
    seen = id(target), depth
    if seen not in known:
        known[seen] = _plain_collection(target, depth - 1, known)
    return known[seen]


def _plain_collection(node: Mapping | Sequence, depth: int, known: dict[tuple[int, int], object]) -> object:
    if isinstance(node, Sequence):
        return [_plain(item, depth, known) for item in node.items]
    fields = {
        key: _plain(one.value, depth, known) for key, one in node.merged.items() if not has_compose_tag(one.value)
    }
    return fields if all(isinstance(deref(one.key), Scalar) for one in node.entries) else None


def _node_at(root: Node, path: Iterable[str | int]) -> Node:
    node = root
    for step in path:
        target = deref(node)
        if isinstance(target, Mapping):
            node = target.merged[str(step)].value
        elif isinstance(target, Sequence):
            node = target.items[int(step)]
    return node


def _explain(error: Any) -> str:
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.absolute_path).lstrip(".")
    if error.validator != "type":
        return f"`{path}`: {error.message}"
    wanted = [error.validator_value] if isinstance(error.validator_value, str) else error.validator_value
    names = " or ".join(_WORDS[name] for name in wanted if name in _WORDS)
    return f"`{path or 'the file'}` must be {names}, not {_kind(error.instance)}"


def _kind(value: object) -> str:
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, dict):
        return "a mapping"
    return "a list" if isinstance(value, list) else "text"
