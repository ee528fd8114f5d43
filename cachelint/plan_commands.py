"""The builds of scripts and workflows, for Dockerfiles that no Compose file is known to build."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.census import Census
from cachelint.deployment.bake import hcl_files
from cachelint.diagnostic import locate

if TYPE_CHECKING:
    from cachelint.diagnostic import Location
    from cachelint.project import Build
    from cachelint.workspace import Workspace


class CommandBuilds:
    """The builds that commands and steps ask for, by their Dockerfile; read when the first one is asked about.

    `unread` are the places that build with files of HCL, each with the names of these files (absolute).
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._found: dict[str, dict[tuple[str, str | None], Build]] | None = None
        self.unread: list[tuple[Location, tuple[str, ...]]] = []

    def of(self, dockerfile: str) -> tuple[Build, ...]:
        """One build for each context and target with which this file (absolute) is built, as far as it is certain."""
        if self._found is None:
            self._found = {}
            census = Census(self._workspace)
            for path in census.script_files:
                project, _ = census.scripted(path)
                for build in project.builds:
                    self._add(build)
                for deployment in project.deployments:
                    for call in deployment.calls:
                        files = hcl_files(self._workspace, call)
                        if files:
                            self.unread.append((locate(deployment.source, call.span), files))
        return tuple(self._found.get(dockerfile, {}).values())

    def _add(self, build: Build) -> None:
        if build.context and build.dockerfile and build.model and build.resolved and self._found is not None:
            same = self._found.setdefault(build.dockerfile.source.path, {})
            same.setdefault((build.context.directory, build.target), build)
