"""cache-mount-over-output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.buildcache.cache_mounts import output_mounts
from cachelint.buildcache.values import GraphError
from cachelint.diagnostic import Severity
from cachelint.rules.base import Example, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.buildcache.cache_mounts import CacheMount
    from cachelint.diagnostic import Diagnostic
    from cachelint.project import Build, Project

_DOCKERFILE = """\
FROM node
WORKDIR /app
COPY . .
RUN --mount=type=cache,target=/app/.next{} npm run build
"""


class CacheMountOverOutput(Rule):
    """A cache mount lies on the directory that the build fills.

    ## What it does
    Finds `RUN --mount=type=cache` on a directory of build output: `.next` itself, or `dist`, `build`, `out` and
    `target` where another stage copies from them or the same `RUN` copies them whole.

    ## Why it matters
    What is written into a cache mount is not in the image. What is copied out of it comes with the files of every
    earlier build that nobody removed.

    ## Example
    See the examples: `.next/cache` is made to be kept, `.next` is what ships. Package caches (`/root/.npm`, `~/.cache`)
    and single files that are copied out of a compiler's `target` are not reported.

    ## Fix safety
    There is no fix: which directory of the tool is its cache is for its documentation to say.
    """

    id = "cache-mount-over-output"
    summary = "a cache mount lies on build output, which is then missing from the image, or old"
    severity = Severity.WARNING
    examples = (
        Example(
            bad={"Dockerfile": _DOCKERFILE.format("")},
            good={"Dockerfile": _DOCKERFILE.format("/cache")},
            fixable=False,
        ),
    )

    def check_build(self, build: Build, project: Project) -> Iterator[Diagnostic]:
        """Findings about one build."""
        if build.model is None or build.dockerfile is None or "type=cache" not in build.dockerfile.source.text:
            return
        try:
            found = list(output_mounts(build.model.graph))
        except GraphError:
            return
        for mount in found:
            place = build.location if build.is_inline else (build.dockerfile.source, mount.flag.span)
            yield self.report(place, _message(mount))


def _message(mount: CacheMount) -> str:
    if mount.copied:
        return (
            f"{mount.target} keeps the files of earlier builds, and they are copied along with the new ones. Mount the "
            "tool's own cache instead, or empty the directory before the build."
        )
    remedy = "Copy the result out of it" if mount.target.endswith("/target") else "Mount the tool's own cache instead"
    return f"What is written to {mount.target} stays in the cache mount and is not in the image. {remedy}."
