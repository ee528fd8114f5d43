"""What the services of a Compose file mount that Docker keeps: named and anonymous volumes."""

from __future__ import annotations

from posixpath import normpath
from typing import TYPE_CHECKING

from cachelint.documents.yaml import Mapping, Scalar, Sequence, deref, text_of
from cachelint.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.documents.compose import ComposeFile, Service
    from cachelint.documents.yaml import Node
    from cachelint.source import Span


class Mount(NamedTuple):
    """One entry of a service's ``volumes``.

    `type` is ``volume``, ``bind`` or another word of the long form. `name` is that of a named volume or the path of a
    bind mount, None for an anonymous volume. `target` is the absolute path in the container, without a final slash.
    """

    type: str
    name: str | None
    target: str
    span: Span


def service_mounts(service: Service) -> Iterator[Mount]:
    """The mounts of a service, in both notations; an entry with a variable where it matters is left out."""
    entry = service.node.merged.get("volumes")
    value = deref(entry.value) if entry else None
    for item in value.items if isinstance(value, Sequence) else ():
        node = deref(item)
        mount = _short(node, item.span) if isinstance(node, Scalar) else _long(node, item.span)
        if mount and mount.target.startswith("/") and "$" not in mount.target:
            yield mount._replace(target=normpath(mount.target))


def _short(node: Scalar, span: Span) -> Mount | None:
    source, colon, rest = node.value.partition(":")
    if not colon:
        return Mount("volume", None, source, span)
    if "$" in source:
        return None
    is_path = source.startswith((".", "/", "~")) or "/" in source or "\\" in source
    return Mount("bind" if is_path else "volume", source, rest.partition(":")[0], span)


def _long(node: Node, span: Span) -> Mount | None:
    if not isinstance(node, Mapping):
        return None
    kind, source, target = (
        text_of(node.merged[key].value) if key in node.merged else None for key in ("type", "source", "target")
    )
    source = source or (text_of(node.merged["src"].value) if "src" in node.merged else None)
    return Mount(kind, source, target or "", span) if kind and "$" not in (source or "") else None


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
