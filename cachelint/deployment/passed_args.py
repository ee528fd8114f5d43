"""The build arguments that Compose commands pass to the services that they build (``compose build --build-arg``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.deployment.commands import is_known
from cachelint.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.deployment.model import Deployment, DockerCall


class PassedArg(NamedTuple):
    """One name, passed to these services (None for all) of the project of these files (absolute, None for any)."""

    name: str
    files: tuple[str, ...] | None
    services: frozenset[str] | None

    def reaches(self, service: str, files: tuple[str, ...]) -> bool:
        """Whether it may be passed to a service of a project of these files."""
        is_asked = self.services is None or service in self.services
        return is_asked and (self.files is None or not set(files).isdisjoint(self.files))


def passed_args(deployment: Deployment) -> Iterator[PassedArg]:
    """Those of the commands of a deployment."""
    for call in deployment.calls:
        if passes_args(call):
            assert call.docker
            named = call.docker.services
            services = frozenset(word.text for word in named) if named and all(map(is_known, named)) else None
            files = call.asked.request.files if call.asked else None
            yield from (PassedArg(one.name, files, services) for one in call.docker.build_args)


def passes_args(call: DockerCall) -> bool:
    """Whether a call is a Compose command that passes build arguments."""
    docker = call.docker
    return docker is not None and docker.verb == "compose build" and not docker.idle and bool(docker.build_args)
