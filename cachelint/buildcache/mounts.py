"""What ``RUN --mount`` says: which part of it is in the cache key, and whose files it brings.

The fields are those of BuildKit (moby/buildkit, frontend/dockerfile/instructions/commands_runmount.go).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cachelint.buildcache.values import Value
    from cachelint.documents.dockerfile import Instruction

_NAMES = {"src": "source", "dst": "target", "destination": "target", "ro": "readonly", "rw": "readwrite"}


class Mount(NamedTuple):
    """One mount: its type, where its files come from ("" is the build context), which path of it, and the other fields.

    `source` is the path inside the origin; `fields` are the remaining ``name=value`` pairs in a fixed order.
    """

    type: str
    origin: str
    source: Value
    fields: tuple[tuple[str, Value], ...]

    @property
    def reads_files(self) -> bool:
        """Whether the content of `origin` is part of the cache key.

        Secrets, agents, temporary and cache directories never are; a cache that starts as a copy of something is.
        """
        return self.type == "bind" or (self.type == "cache" and bool(self.origin))


def run_mounts(instruction: Instruction, value_of: Callable[[str], Value]) -> Iterator[Mount]:
    """The mounts of a RUN; `value_of` expands a field's text."""
    for flag in instruction.flags:
        if flag.name == "mount" and flag.value:
            yield _mount(flag.value, value_of)


def mount_origin(text: str) -> tuple[str, str]:
    """Type and ``from`` of a mount as written (BuildKit expands no variable in ``from``)."""
    fields = dict(_fields(text))
    return fields.get("type", "bind").lower(), fields.get("from", "")


def _mount(text: str, value_of: Callable[[str], Value]) -> Mount:
    kind, origin = mount_origin(text)
    fields = {name: value_of(value) for name, value in _fields(text) if name not in {"type", "from"}}
    source = fields.pop("source", None) or value_of("")
    return Mount(kind, origin, source, tuple(sorted(fields.items(), key=lambda field: field[0])))


def _fields(text: str) -> Iterator[tuple[str, str]]:
    import csv  # not at start-up: few Dockerfiles have mounts

    try:
        parts = next(csv.reader([text]), [])
    except csv.Error:
        parts = text.split(",")
    for part in parts:
        name, _, value = part.partition("=")
        name = name.strip().lower()
        yield _NAMES.get(name, name), value
