"""The findings of a project that decide how much of the build cache its deploys must drop."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cachelint.discovery import is_below
from cachelint.linter import Linter
from cachelint.prune.decision import Cause

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cachelint.config import Config
    from cachelint.deployment.model import Deployment
    from cachelint.workspace import Workspace

CAUSES = frozenset(
    """
    undeclared-build-arg inert-commit-arg early-commit-arg constant-commit-arg
    cached-fetch volume-over-build cache-mount-over-output host-output-in-context cache-from-fetch
    """.split()
)
"""The rules about what ships old code and about commit arguments.

Not `preserved-mtime`: what it finds is undone by dropping the context alone.
"""


def open_causes(
    workspace: Workspace, config: Config, given: frozenset[str] | None = None, directory: str | None = None
) -> tuple[Cause, ...]:
    """What these rules find and nobody has silenced, whatever else was selected for this run.

    `given` are the files (absolute) whose builds count, None for all. Their names are relative to `directory`, else to
    the root of the tree.
    """
    found = Linter(workspace, config._replace(select=CAUSES), given).lint()
    report = found._replace(directory=directory or workspace.tree.root)
    return tuple(sorted({Cause(one.rule, report.relative(one.path)) for one in report.diagnostics}))


def causes_for(workspace: Workspace, causes: Iterable[Cause], deployment: Deployment) -> Iterator[Cause]:
    """Those that are about what a deployment builds; where that is not certain, about all that is built near it."""
    root = workspace.tree.root
    building = [call for call in deployment.calls if call.action or (call.docker and call.docker.builds)]
    paths = {path for call in building for build in call.builds for path in build.paths}
    is_certain = bool(building) and all(call.builds for call in building)
    near = _near(workspace, deployment.source.path)
    for cause in causes:
        path = os.path.join(root, cause.path)
        if path in paths or (not is_certain and is_below(path, near)):
            yield cause


def _near(workspace: Workspace, path: str) -> str:
    """The closest directory above a script that something is built in or below."""
    directory = os.path.dirname(path)
    while directory != workspace.tree.root and not workspace.builds_below(directory):
        above = os.path.dirname(directory)
        if above == directory:
            break
        directory = above
    return directory
