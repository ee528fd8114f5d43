"""The deployments of some files, as rules see them."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from typing import TYPE_CHECKING

from cachelint.census import Census
from tests.support import workspace_of, write_files

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cachelint.deployment.model import Deployment


class Surveyed:
    """The deployments of files in a directory that lasts as long as this object; spans are shown as what they hold."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self.root = os.path.realpath(tempfile.mkdtemp())
        weakref.finalize(self, shutil.rmtree, self.root)
        write_files(self.root, files)
        workspace = workspace_of(self.root)
        census = Census(workspace)
        projects = [census.scripted(path)[0] for path in census.script_files]
        self.deployments = [one for project in projects for one in project.deployments]

    @property
    def only(self) -> Deployment:
        """The one deployment that there is."""
        [deployment] = self.deployments
        return deployment

    def path(self, absolute: str | None) -> str | None:
        """A path relative to the directory."""
        return None if absolute is None else os.path.relpath(absolute, self.root)

    def builds(self) -> list[tuple[object, ...]]:
        """(context, Dockerfile, target, arguments) of every build of the only deployment."""
        found = [build for call in self.only.calls for build in call.builds]
        return [
            (
                self.path(build.context.directory if build.context else None),
                self.path(build.dockerfile.source.path if build.dockerfile else None),
                build.target,
                {arg.name: arg.value for arg in build.args},
            )
            for build in found
        ]
