"""``include``: the files that a Compose file asks for, in the short and the long form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.compose.merge import is_null
from cachelint.compose.tree import Fields, Items, Leaf, Value, refuse
from cachelint.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.compose.reader import Reader
    from cachelint.compose.tree import Link, Origin
    from cachelint.documents.yaml import Mapping


class Inclusion(NamedTuple):
    """One entry: the file and what is laid over it, the directory its paths are relative to, its environment files."""

    files: tuple[Leaf, ...]
    directory: str | None
    env_files: tuple[str, ...]
    origin: Origin


def inclusions(reader: Reader, root: Mapping, chain: tuple[Link, ...]) -> Iterator[Inclusion]:
    """The entries of ``include`` of a document. Raises `ComposeError`."""
    value = reader.entry(root, "include", root.merged["include"], (), chain)
    if value is None or is_null(value):
        return
    if not isinstance(value, Items):
        raise refuse(value.origin, "`include` must be a list")
    for one in value.values:
        yield _inclusion(one)


def _inclusion(value: Value) -> Inclusion:
    if isinstance(value, Leaf):
        return Inclusion(_texts(value), None, (), value.origin)
    if not isinstance(value, Fields):
        raise refuse(value.origin, "an entry of `include` must be text or a mapping")
    path, directory, env = (value.entries.get(key) for key in ("path", "project_directory", "env_file"))
    place = _texts(directory)[0].text if directory is not None else None
    path = None if path is not None and is_null(path) else path
    return Inclusion(_texts(path), place or None, tuple(one.text or "" for one in _texts(env)), value.origin)


def _texts(value: Value | None) -> tuple[Leaf, ...]:
    if value is None:
        return ()
    found = value.values if isinstance(value, Items) else (value,)
    for one in found:
        if not isinstance(one, Leaf) or not one.is_string:
            raise refuse(one.origin, "a path must be text")
    return tuple(one for one in found if isinstance(one, Leaf))
