"""host-output-in-context."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cachelint.buildcache.host_output import host_outputs
from cachelint.buildcache.values import GraphError
from cachelint.diagnostic import Related, Severity, locate
from cachelint.rules.base import Example, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.buildcache.host_output import HostOutput
    from cachelint.diagnostic import Diagnostic
    from cachelint.project import Build, Project

_FILES = {
    "compose.yaml": "services:\n  web:\n    build:\n      context: .\n      args: [GIT_COMMIT_HASH]\n",
    "package.json": "{}\n",
    "Dockerfile": (
        "FROM node\nWORKDIR /app\nCOPY package.json ./\nRUN npm install\nCOPY . .\n"
        "ARG GIT_COMMIT_HASH\nRUN npm run build\n"
    ),
}


class HostOutputInContext(Rule):
    """A copy of the whole source takes build output of the host with it.

    ## What it does
    Finds a `COPY` of a whole project (`.`, or a directory with manifests) that `.dockerignore` does not keep from
    taking `node_modules`, `.next`, `dist` and the like: directories that are there now, and installed dependencies
    that the copy would replace as soon as somebody installs them on the host.

    ## Why it matters
    The host's files take the place of what the image installs and builds: old output, or modules made for another
    system. Each local build is a change of source, too, and re-runs everything below the copy.

    ## Example
    See the examples: a line in `.dockerignore` settles it.

    ## Fix safety
    There is no fix: the ignore file may be shared with builds that want the directory.
    """

    id = "host-output-in-context"
    summary = "a copy of the source takes build output or dependencies of the host with it"
    severity = Severity.WARNING
    examples = (Example(bad=_FILES, good={**_FILES, ".dockerignore": "node_modules\n"}, fixable=False),)

    def check_build(self, build: Build, project: Project) -> Iterator[Diagnostic]:
        """Findings about one build."""
        if build.context is None or build.model is None or build.dockerfile is None:
            return
        try:
            found = list(host_outputs(build.model.graph, build.context))
        except GraphError:
            return
        source = build.dockerfile.source
        for one in found:
            related = (Related(locate(source, one.made_by.span), "installs them"),) if one.made_by else ()
            place = build.location if build.is_inline else (source, one.copy.instruction.span)
            ignore_file = os.path.basename(build.context.ignore_file or ".dockerignore")
            yield self.report(place, _message(one, ignore_file), related=() if build.is_inline else related)


def _message(found: HostOutput, ignore_file: str) -> str:
    names = ", ".join(f"`{name}`" for name in found.names)
    if found.present:
        return (
            f"This takes {names} of the host along: old output, or modules made for another system, in place of what "
            f"the image builds. Add {names} to {ignore_file}."
        )
    return (
        f"Where the host has {names}, this puts it over what line {found.made_by.line if found.made_by else 0} "
        f"installed. Add {names} to {ignore_file}."
    )
