"""How Compose lays one file, or one service, over another (compose-go, override/merge.go)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cachelint.compose.env_files import merge_env_files
from cachelint.compose.mounts import target_of
from cachelint.compose.tree import Fields, Items, Leaf, Link, Value, refuse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def merge_service(base: Fields, over: Fields) -> Fields:
    """A service with another one laid over it. Raises `ComposeError`."""
    return _merge_fields(base, over, _SERVICE)


def _merge_fields(base: Fields, over: Fields, special: dict[str, Callable[[Value, Value], Value]]) -> Fields:
    entries = dict(base.entries)
    for key, value in over.entries.items():
        known = entries.get(key)
        merge = special.get(key, _merge)
        entries[key] = value if known is None else merge(known, value)
    return Fields(entries, base.origin)


def _merge(base: Value, over: Value) -> Value:
    if is_null(over):
        return base
    if isinstance(base, Fields):
        if not isinstance(over, Fields):
            raise refuse(over.origin, "a mapping cannot be replaced by something else")
        return _merge_fields(base, over, {})
    if isinstance(base, Items):
        if not isinstance(over, Items):
            raise refuse(over.origin, "a list cannot be replaced by something else")
        return Items((*base.values, *over.values), base.origin)
    return _replacing(over, base)


def _replacing(value: Value, old: Value) -> Value:
    old_file, old_node, old_entry, _ = old.origin
    span = old_entry.span if old_entry else old_node.span
    return value._replace(origin=value.origin.behind(Link("replaces this", old_file.source, span)))


def _merge_build(base: Value, over: Value) -> Value:
    if is_null(over):
        return base
    first, second = build_fields(base), build_fields(over)
    return second if is_null(base) else _merge_fields(first, second, _BUILD)


def build_fields(value: Value) -> Fields:
    """The long form of a ``build``. Raises `ComposeError`."""
    if isinstance(value, Fields):
        return value
    if isinstance(value, Leaf) and (value.is_string or value.text is None):
        return Fields({} if value.text is None else {"context": value}, value.origin)
    raise refuse(value.origin, "`build` must be text or a mapping")


def _merge_environment(base: Value, over: Value) -> Value:
    for one in (base, over):
        if isinstance(one, Leaf):
            raise refuse(one.origin, "`environment` must be a mapping or a list")
    return _merge_pairs(base, over)


def _merge_pairs(base: Value, over: Value) -> Value:
    entries = dict(pairs(base))
    for name, value in pairs(over):
        known = entries.get(name)
        entries[name] = _replacing(value, known) if known else value
    return Fields(entries, base.origin, is_list=True)


def pairs(value: Value) -> Iterable[tuple[str, Value]]:
    """Names and values of what may be a mapping or a list of ``NAME=value``. Raises `ComposeError`."""
    if isinstance(value, Fields):
        return value.entries.items()
    if isinstance(value, Items):
        return dict(map(_pair, value.values)).items()
    if is_null(value):
        return ()
    return (_pair(value),)


def named_values(key: str, value: Value) -> Iterable[tuple[str, Leaf]]:
    """Names and values of ``args`` or ``environment``. Raises `ComposeError` for what Compose would not take."""
    if isinstance(value, Leaf):
        raise refuse(value.origin, f"`{key}` must be a mapping or a list")
    is_list = isinstance(value, Items) or value.is_list
    for name, one in pairs(value):
        if not isinstance(one, Leaf) or (one.text is not None and not one.is_string and _is_date(one.text)):
            raise refuse(one.origin, f"the value of `{name}` must be text, a number or a boolean")
        if is_list and name != name.rstrip():
            raise refuse(one.origin, f"`{name}` has a space before the equals sign")
        yield name, one


def _is_date(text: str) -> bool:
    return re.match(r"\d{4}-", text) is not None


def _pair(value: Value) -> tuple[str, Value]:
    if not isinstance(value, Leaf) or not value.is_string:
        raise refuse(value.origin, "an item must be text")
    name, equals, text = (value.text or "").partition("=")
    written = value.written.partition("=")[2]
    if not equals:
        return name, Leaf(None, "", value.known, value.is_string, value.origin)
    return name, Leaf(text, written, value.known, value.is_string, value.origin)


def unique_mounts(values: Iterable[Value]) -> Iterable[Value]:
    """Of mounts with the same target the last one counts, at the place of the first. Raises `ComposeError`."""
    found: dict[str, Value] = {}
    for one in values:
        target = target_of(one)
        found[target] = _replacing(one, found[target]) if target in found else one
    return found.values()


def is_null(value: Value) -> bool:
    """Whether a value is written as null."""
    return isinstance(value, Leaf) and value.text is None


def without(value: Fields, path: tuple[str, ...]) -> Fields:
    """A mapping without what stands at a path."""
    key, *rest = path
    inner = value.entries.get(key)
    if inner is None or value.is_list or (rest and not isinstance(inner, Fields)):
        return value
    entries = dict(value.entries)
    if isinstance(inner, Fields) and rest:
        entries[key] = without(inner, tuple(rest))
    else:
        del entries[key]
    return Fields(entries, value.origin)


_BUILD: dict[str, Callable[[Value, Value], Value]] = {
    "args": _merge_pairs,
    "additional_contexts": _merge_pairs,
    "labels": _merge_pairs,
}
_SERVICE: dict[str, Callable[[Value, Value], Value]] = {
    "build": _merge_build,
    "environment": _merge_environment,
    "env_file": merge_env_files,
    "networks": _merge_pairs,
    "depends_on": _merge_pairs,
}
