"""The services whose image holds source of a tree, so that new source needs a new image; and what has none."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cachelint.buildcache.copies import brings_source, context_sources
from cachelint.buildcache.graph import GraphError
from cachelint.compose.tree import Leaf
from cachelint.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.compose.resolved import ResolvedService
    from cachelint.deployment.model import DockerCall
    from cachelint.documents.dockerfile import Instruction
    from cachelint.project import Build

_NO_FILES = regex(r"type=(?:cache|secret|ssh|tmpfs)\b")
_KEEPS_IMAGE = ("", "missing", "never")


def services_with_source(call: DockerCall, directory: str | None, tree: str | None) -> list[Build]:
    """The builds of the services that ``compose up`` starts as they are, and whose images copy files of `tree`.

    `directory` is where the command looks for its files, None for the place where it runs. `tree` (absolute) is where
    the new source is; None where it is all around. A service that mounts its source needs no new image.
    """
    docker = call.docker
    project = call.project_in(directory) if docker else None
    if project is None:
        return []
    found: dict[str, Build] = {}
    for build in call.services_in(directory):
        service = project.services.get(build.service.name) if build.service else None
        if service is None or not service.is_complete:
            continue
        if _keeps_image(service) and _copies(build, tree) and not _mounts_source(service, build):
            found.setdefault(service.name, build)
    return list(found.values())


def may_read_files(call: DockerCall) -> bool:
    """Whether a call that builds may have the builder read files of a context: not where it certainly copies none."""
    if call.builds:
        return any(map(_may_read_files, call.builds))
    project = call.project_in(None) if call.docker and call.docker.verb.startswith("compose ") else None
    if project is None or project.errors or not project.services:
        return True
    return any(one.build or not one.is_complete for one in project.services.values())


def _may_read_files(build: Build) -> bool:
    if build.model is None or not build.resolved:
        return True
    try:
        instructions = [one for stage in build.model.stages for one in stage.instructions]
    except GraphError:
        return True
    if build.fields and "additional_contexts" in build.fields.entries:
        return True
    return any(context_sources(one) or one.keyword == "ONBUILD" or _mounts_files(one) for one in instructions)


def _mounts_files(instruction: Instruction) -> bool:
    mounts = (flag.value or "" for flag in instruction.flags if flag.name == "mount")
    return any(not _NO_FILES.search(one) for one in mounts)


def _keeps_image(service: ResolvedService) -> bool:
    """Whether ``up`` starts an image that is there: no policy says otherwise, and no variable names a new one."""
    policy, image = service.pull_policy, service.image
    if image is not None and not image.known:
        return False
    return policy is None or (policy.known and (policy.text or "") in _KEEPS_IMAGE)


def _copies(build: Build, tree: str | None) -> bool:
    if not build.context or not any(map(brings_source, _instructions(build))):
        return False
    return tree is None or _is_around(tree, build.context.directory) or _is_around(build.context.directory, tree)


def _mounts_source(service: ResolvedService, build: Build) -> bool:
    """Whether a directory that the image copies, or all of the context, is mounted into the container."""
    assert build.context
    context = build.context.directory
    copied = [os.path.normpath(os.path.join(context, one)) for one in _copied_directories(build)]
    sources = list(_bind_sources(service))
    return any(one is None or any(_is_around(one, place) for place in (context, *copied)) for one in sources)


def _bind_sources(service: ResolvedService) -> Iterator[str | None]:
    """What is mounted from the host (absolute); None for what only the host knows."""
    for mount in service.mounts:
        kind, source = mount.entries.get("type"), mount.entries.get("source")
        if isinstance(kind, Leaf) and isinstance(source, Leaf) and not (source.known and kind.text != "bind"):
            yield source.text if source.known else None


def _copied_directories(build: Build) -> Iterator[str]:
    for instruction in _instructions(build):
        for source in context_sources(instruction):
            path = source.strip("/").rstrip("*").rstrip("/")
            assert build.context
            if path and os.path.isdir(os.path.join(build.context.directory, path)):
                yield path


def _instructions(build: Build) -> Iterator[Instruction]:
    try:
        stages = build.model.stages if build.model else ()
    except GraphError:
        return
    yield from (one for stage in stages for one in stage.instructions)


def _is_around(directory: str, path: str) -> bool:
    return path == directory or path.startswith(directory.rstrip("/") + "/")
