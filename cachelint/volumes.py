"""The volumes of a service that Docker fills from its image: those it mounts, and those that the image asks for."""

from __future__ import annotations

from posixpath import normpath
from typing import TYPE_CHECKING

from cachelint.buildcache.image_content import image_instructions
from cachelint.documents.compose_volumes import is_plain_volume
from cachelint.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cachelint.buildcache.steps import Graph
    from cachelint.documents.compose import ComposeFile
    from cachelint.documents.compose_volumes import Mount
    from cachelint.documents.dockerfile import Dockerfile
    from cachelint.source import SourceFile, Span


class Volume(NamedTuple):
    """A volume at `target` in the container; `name` is None for an anonymous one."""

    name: str | None
    target: str
    source: SourceFile
    span: Span


def mounted_volumes(files: Iterable[ComposeFile], mounts: Iterable[Mount]) -> Iterator[Volume]:
    """The volumes among a service's mounts; `files` are those of the project, which declare them."""
    declaring = list(files)
    for mount in mounts:
        name = mount.name
        if mount.type == "volume" and (name is None or all(is_plain_volume(one, name) for one in declaring)):
            yield Volume(name, mount.target, mount.file.source, mount.span)


def image_volumes(dockerfile: Dockerfile, graph: Graph, mounts: Iterable[Mount]) -> Iterator[Volume]:
    """The anonymous volumes that VOLUME makes, except where the service mounts something."""
    mounted = [one.target for one in mounts]
    for instruction in image_instructions(graph):
        for path in instruction.arguments if instruction.keyword == "VOLUME" else ():
            if path.startswith("/") and "$" not in path and normpath(path) not in mounted:
                yield Volume(None, normpath(path), dockerfile.source, instruction.span)
