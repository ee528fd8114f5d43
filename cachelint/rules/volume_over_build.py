"""volume-over-build."""

from __future__ import annotations

from fnmatch import fnmatchcase
from posixpath import basename
from typing import TYPE_CHECKING

from cachelint.buildcache.image_content import content_at, image_steps, is_below, working_directory
from cachelint.buildcache.outputs import DATA, DEPENDENCIES, installs_into
from cachelint.buildcache.values import GraphError
from cachelint.diagnostic import Related, Severity, locate
from cachelint.rules.base import Example, Rule
from cachelint.volumes import image_volumes, mounted_volumes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.buildcache.steps import Step
    from cachelint.diagnostic import Diagnostic
    from cachelint.documents.compose_volumes import Mount
    from cachelint.documents.dockerfile import Instruction
    from cachelint.project import Build, Project
    from cachelint.volumes import Volume

_COMPOSE = """\
services:
  web:
    build:
      context: .
      args: [GIT_COMMIT_HASH]
{}"""
_VOLUMES = "    volumes:\n      - dist:/app/dist\nvolumes:\n  dist:\n"
_DOCKERFILE = """\
FROM node
WORKDIR /app
COPY src src
ARG GIT_COMMIT_HASH
RUN npm run build
"""


class VolumeOverBuild(Rule):
    """A volume hides what the image was rebuilt with.

    ## What it does
    Finds volumes of services (those that a `VOLUME` of the Dockerfile makes, too) over the image's own code (an error
    when the volume has a name, else a warning), its build output (likewise) or its installed dependencies (a note).

    ## Why it matters
    Docker fills a new volume with what the image holds at that place, once. From then on the volume wins: the image is
    rebuilt, the container is replaced, and the old files run. A named volume survives `up --build`,
    `--force-recreate` and `down`; an anonymous one survives `up --build`.

    ## Example
    See the examples: without the volume the container sees what was built.

    ## Fix safety
    There is no fix: a volume may hold data. Bind mounts, external volumes, and directories whose name says data
    (`uploads`, `media`, `static`, …) are not reported; `volume-over-build: {allow: [...]}` in the configuration names
    more.
    """

    id = "volume-over-build"
    summary = "a volume hides the code that the image was rebuilt with"
    severity = Severity.ERROR
    examples = (
        Example(
            bad={"compose.yaml": _COMPOSE.format(_VOLUMES), "Dockerfile": _DOCKERFILE},
            good={"compose.yaml": _COMPOSE.format(""), "Dockerfile": _DOCKERFILE},
            fixable=False,
        ),
    )

    def check_build(self, build: Build, project: Project) -> Iterator[Diagnostic]:
        """Findings about one build."""
        if not build.service or not build.compose or not build.model or not build.dockerfile:
            return
        mounts = list(build.mounts)
        try:
            graph = build.model.graph
            found = [*mounted_volumes(build.files, mounts), *image_volumes(build.dockerfile, graph, mounts)]
            found = [one for one in found if not self._is_allowed(one.target, mounts)]
            steps = image_steps(graph) if found else []
        except GraphError:
            return
        for volume in found:
            yield from self._check(build, volume, steps)

    def _is_allowed(self, path: str, mounts: list[Mount]) -> bool:
        """Whether it is data by its name, or the host's own files stand around it (dependencies are no host's)."""
        if basename(path) in DATA:
            return True
        if basename(path) not in DEPENDENCIES and any(
            one.type == "bind" and is_below(path, one.target) for one in mounts
        ):
            return True
        return any(_matches(path, pattern) for pattern in self.settings.allowed_volumes)

    def _check(self, build: Build, volume: Volume, steps: list[Step]) -> Iterator[Diagnostic]:
        name = basename(volume.target)
        if name in DEPENDENCIES:
            directory = working_directory(steps)
            install = installs_into(name, (one.instruction for one in steps))
            if install and directory and is_below(volume.target, directory):
                yield self._report(build, volume, "the installed dependencies", install, Severity.NOTE)
            return
        content = content_at(steps, volume.target, build.context.directory if build.context else None)
        if content:
            severity = Severity.ERROR if volume.name else Severity.WARNING
            yield self._report(build, volume, content.what, content.step.instruction, severity)

    def _report(self, build: Build, volume: Volume, what: str, cause: Instruction, severity: Severity) -> Diagnostic:
        assert build.dockerfile
        dockerfile = build.dockerfile.source
        place = (
            build.location if build.is_inline and volume.source is dockerfile else locate(volume.source, volume.span)
        )
        related = () if build.is_inline else (Related(locate(dockerfile, cause.span), f"puts {what} there"),)
        return self.report(place, _message(volume, what), related=related)._replace(severity=severity)


def _message(volume: Volume, what: str) -> str:
    if volume.name is None:
        return (
            f"`up --build` hands this volume on to the new container, so it keeps {what} of an older image in "
            f"{volume.target}. Start with `up --build -V`, or remove the volume."
        )
    return (
        f"`{volume.name}` was filled once and hides {what} of every later image in {volume.target}: a rebuilt image "
        "runs with the old files. Mount it where only data is written, or remove it."
    )


def _matches(path: str, pattern: str) -> bool:
    """A pattern with a slash is a path with everything below it, another one the name of a directory."""
    if "/" in pattern:
        return fnmatchcase(path, pattern) or fnmatchcase(path, f"{pattern.rstrip('/')}/*")
    return any(fnmatchcase(part, pattern) for part in path.split("/"))
