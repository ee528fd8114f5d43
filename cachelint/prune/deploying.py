"""Which scripts and jobs deploy what Docker builds, and keep a build cache from one time to the next."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cachelint.deployment.images import may_read_files
from cachelint.deployment.shipping import deploys, recipe_deploys
from cachelint.discovery import Kind

if TYPE_CHECKING:
    from cachelint.deployment.model import Deployment, DockerCall
    from cachelint.documents.docker_command import DockerCommand


def is_deploying(deployment: Deployment, *, is_named: bool) -> bool:
    """Whether a script, or a job of a workflow, brings what it builds into use; recipes are developers' own."""
    return deployment.job.kind in (Kind.SHELL, Kind.WORKFLOW) and deploys(deployment, is_named=is_named)


def is_deploying_by_name(deployment: Deployment, *, is_named: bool) -> bool:
    """The same; recipes, scripts of ``package.json`` and jobs of GitLab count that say by their names that they deploy.

    For findings whose fix is text alone.
    """
    if not deployment.job.objection:
        return is_deploying(deployment, is_named=is_named)
    return is_named or recipe_deploys(deployment)


def builds_with_docker(docker: DockerCommand | None) -> bool:
    """Whether a command sends files to Docker's own builder."""
    if docker is None or not docker.builds or docker.daemon.tool != "docker" or not docker.verb_is_known:
        return False
    context = docker.context
    return context is None or not re.match(r"-$|https?:|git@|git:|ssh:|github\.com/", context.text)


def reads_files(deployment: Deployment) -> bool:
    """Whether a build of it may have files of a context, of which BuildKit keeps a copy."""
    builds = [call for call in deployment.calls if call.action or (call.docker and call.docker.builds)]
    return any(map(may_read_files, builds))


def keeps_cache(deployment: Deployment, call: DockerCall) -> bool:
    """Whether the machine of a call still has the cache of the last time; not where that is unknown."""
    return deployment.is_ephemeral(call) is False
