"""What the services of a Compose file mount that Docker keeps: named and anonymous volumes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.documents.yaml import Mapping, deref
from cachelint.record import NamedTuple

if TYPE_CHECKING:
    from cachelint.documents.compose import ComposeFile
    from cachelint.source import Span


class Mount(NamedTuple):
    """One entry of a service's ``volumes``.

    `type` is ``volume``, ``bind`` or another word of the long form. `name` is that of a named volume or the path of a
    bind mount, None for an anonymous volume. `target` is the absolute path in the container, without a final slash.
    `file` and `span` are where it is written.
    """

    type: str
    name: str | None
    target: str
    span: Span
    file: ComposeFile


def is_plain_volume(compose: ComposeFile, name: str) -> bool:
    """Whether a named volume starts as a copy of the image's files and lives where no one else fills it.

    One that is `external`, or that a driver with options binds to some place, does not.
    """
    for root in compose.yaml.documents:
        volumes = root.merged.get("volumes") if isinstance(root, Mapping) else None
        declared = deref(volumes.value) if volumes else None
        entry = declared.merged.get(name) if isinstance(declared, Mapping) else None
        options = deref(entry.value) if entry else None
        if isinstance(options, Mapping) and not {"external", "driver_opts", "driver"}.isdisjoint(options.merged):
            return False
    return True
