"""``env_file`` of services: its forms, how it is merged, and where its files are."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cachelint.compose.paths import join
from cachelint.compose.tree import Fields, Items, Leaf, Value, refuse

if TYPE_CHECKING:
    from collections.abc import Iterable


def long_env_files(value: Value) -> Items:
    """The long form of ``env_file``. Raises `ComposeError`."""
    if isinstance(value, Leaf) and value.is_string and value.text is not None:
        return Items((_long(value),), value.origin)
    if not isinstance(value, Items):
        raise refuse(value.origin, "`env_file` must be text or a list")
    return Items(_unique(map(_long, value.values)), value.origin)


def merge_env_files(base: Value, over: Value) -> Value:
    """The files of both. Raises `ComposeError`."""
    first = long_env_files(base)
    return Items(_unique((*first.values, *long_env_files(over).values)), first.origin)


def _unique(values: Iterable[Value]) -> tuple[Value, ...]:
    """A file that is named again, in the same words, is read where it was named first, in the way it was named last."""
    found: dict[object, Value] = {}
    for one in values:
        path = one.entries.get("path") if isinstance(one, Fields) else None
        found[path.text if isinstance(path, Leaf) else id(one)] = one
    return tuple(found.values())


def _long(value: Value) -> Fields:
    if isinstance(value, Fields):
        return value
    if not isinstance(value, Leaf) or not value.is_string:
        raise refuse(value.origin, "an entry of `env_file` must be text or a mapping")
    return Fields({"path": value}, value.origin)


def moved_env_files(service: Fields, directory: str, start: str | None = None) -> Fields:
    """A service whose environment files lie in a directory: with absolute paths, or with paths from `start`."""
    value = service.entries.get("env_file")
    if not isinstance(value, Items):
        return service
    moved = tuple(_moved(one, directory, start) for one in value.values)
    return service._replace(entries={**service.entries, "env_file": value._replace(values=moved)})


def _moved(value: Value, directory: str, start: str | None) -> Value:
    path = value.entries.get("path") if isinstance(value, Fields) else None
    if not isinstance(value, Fields) or not isinstance(path, Leaf) or not path.known or not path.text:
        return value
    absolute = join(directory, path.text)
    text = os.path.relpath(absolute, start) if start and not os.path.isabs(path.text) else absolute
    return value._replace(entries={**value.entries, "path": path._replace(text=text)})
