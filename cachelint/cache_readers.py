"""The builds that read the cache of an image back, which is what inline cache metadata is for."""

from __future__ import annotations

import os
from itertools import chain
from typing import TYPE_CHECKING

from cachelint.diagnostic import Location, locate
from cachelint.documents.yaml import Mapping, Scalar, Sequence, deref
from cachelint.record import NamedTuple
from cachelint.source import SourceError, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cachelint.census import Census
    from cachelint.deployment.model import Deployment, DockerCall
    from cachelint.documents.compose import Service
    from cachelint.documents.yaml import Node
    from cachelint.project import Build
    from cachelint.workspace import Workspace

_SCRIPTS_SAY = ("cache-from", "bake")


class CacheReader(NamedTuple):
    """One ``cache_from`` that names an image, with ``$`` in it where it is not all known; None for nothing known."""

    image: str | None
    location: Location

    def may_read(self, images: Iterable[str | None]) -> bool:
        """Whether it may read one of these images; none and None stand for what is not known."""
        return any(_may_be(self.image, one) for one in list(images) or [None])


def cache_readers(workspace: Workspace, census: Census) -> Iterator[CacheReader]:
    """Those of all Compose projects, scripts and workflows of a tree."""
    for group in census.groups:
        if census.may_read_caches(group):
            for build in census.bind(group)[0].builds:
                yield from _of_build(build)
    for path in census.script_files:
        if _says(workspace, path, _SCRIPTS_SAY):
            for deployment in census.scripted(path)[0].deployments:
                yield from chain.from_iterable(_of_call(workspace, deployment, one) for one in deployment.calls)


def images_of_service(build: Build) -> set[str | None]:
    """The names that the image of a service gets, as they are written in its files."""
    assert build.service
    name = build.service.name
    services = [part.service for part in build.parts]
    services += [one for file in build.files for one in file.services if one.name == name]
    return {image for service in services for image in _images(service)}


def images_of_call(deployment: Deployment, call: DockerCall) -> set[str | None]:
    """The names that a build of a command or step gives its image; none where another command names it."""
    if any(one.docker and one.docker.verb in {"tag", "image tag"} for one in deployment.calls):
        return set()
    return {tag.value for build in call.builds_itself if build.command for tag in build.command.tags}


def _says(workspace: Workspace, path: str, words: tuple[str, ...]) -> bool:
    try:
        text = workspace.source(path).text
    except SourceError:
        return False
    return any(word in text for word in words)


def _of_build(build: Build) -> Iterator[CacheReader]:
    for one in build.cache_from:
        if (image := _image(one.value)) != "":
            yield CacheReader(image, locate(one.file.source, one.span))


def _of_call(workspace: Workspace, deployment: Deployment, call: DockerCall) -> Iterator[CacheReader]:
    for build in call.builds_itself:
        for one in build.command.cache_from if build.command else ():
            if (image := _image(one.value)) != "":
                yield CacheReader(image, locate(build.command.source if build.command else deployment.source, one.span))
    from cachelint.deployment.bake import hcl_files

    for path in hcl_files(workspace, call):
        if _says(workspace, path, ("cache-from",)):
            yield CacheReader(None, locate(workspace.source(path), Span(0, 0)))


def _image(entry: str | None) -> str | None:
    """The image that an entry of ``cache_from`` names, None where it is not known, empty where it names none.

    Source: docker/buildx, util/buildflags/cache.go: an entry without ``type=`` is the reference of an image.
    """
    if entry is None or "=" not in entry:
        return entry
    fields = {key.strip(): value.strip() for key, _, value in (one.partition("=") for one in entry.split(","))}
    if fields.get("type") == "registry":
        return fields.get("ref")
    return entry if "type" not in fields and "$" in entry else ""


def _images(service: Service) -> Iterator[str]:
    image, build = service.node.merged.get("image"), service.node.merged.get("build")
    request = deref(build.value) if build else None
    listed = request.merged.get("tags") if isinstance(request, Mapping) else None
    found: list[Node] = [image.value] if image else []
    items = deref(listed.value) if listed else None
    found += items.items if isinstance(items, Sequence) else ()
    yield from (one.value for one in map(deref, found) if isinstance(one, Scalar))


def _may_be(one: str | None, other: str | None) -> bool:
    """Whether two references may be of one image; what stands behind a variable may be anything."""
    if one is None or other is None:
        return True
    first, second = _whole(one), _whole(other)
    known, other_known = first.partition("$")[0], second.partition("$")[0]
    if "$" in first and "$" in second:
        return known.startswith(other_known) or other_known.startswith(known)
    if "$" in first:
        return second.startswith(known)
    return first.startswith(other_known) if "$" in second else first == second


def _whole(reference: str) -> str:
    """A reference of an image with what Docker adds to it, as far as it is known."""
    name = reference.removeprefix("docker.io/").removeprefix("index.docker.io/").removeprefix("library/")
    if "$" in name or "@" in name or ":" in os.path.basename(name):
        return name
    return f"{name}:latest"
