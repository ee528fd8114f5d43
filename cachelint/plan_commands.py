"""The builds of scripts and workflows, for Dockerfiles that no Compose file is known to build."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.project import Census

if TYPE_CHECKING:
    from cachelint.project import Build
    from cachelint.workspace import Workspace


class CommandBuilds:
    """The builds that commands and steps ask for, by their Dockerfile; read when the first one is asked about."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._found: dict[str, dict[tuple[str, str | None], Build]] | None = None

    def of(self, dockerfile: str) -> tuple[Build, ...]:
        """One build for each context and target with which this file (absolute) is built, as far as it is certain."""
        if self._found is None:
            self._found = {}
            census = Census(self._workspace)
            for path in census.script_files:
                project, _ = census.scripted(path)
                for build in project.builds:
                    self._add(build)
        return tuple(self._found.get(dockerfile, {}).values())

    def _add(self, build: Build) -> None:
        if build.context and build.dockerfile and build.model and build.resolved and self._found is not None:
            same = self._found.setdefault(build.dockerfile.source.path, {})
            same.setdefault((build.context.directory, build.target), build)
