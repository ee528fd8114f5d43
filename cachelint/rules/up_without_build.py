"""up-without-build."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

from cachelint.deployment.arrivals import Arrival, arrivals
from cachelint.deployment.choices import is_chosen_instead
from cachelint.deployment.edits import add_word
from cachelint.deployment.images import services_with_source
from cachelint.deployment.opaque import is_opaque
from cachelint.deployment.shipping import deploys
from cachelint.deployment.trail import below, follow, related
from cachelint.diagnostic import Related, Severity, locate
from cachelint.documents.yaml_edit import CannotEditError
from cachelint.fix import Applicability, Fix, display_only
from cachelint.rules.base import Example, FixAvailability, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.deployment.callees import Callees
    from cachelint.deployment.model import Deployment, DockerCall
    from cachelint.deployment.trail import Known, Moment, Visited
    from cachelint.diagnostic import Diagnostic
    from cachelint.documents.docker_command import DockerCommand
    from cachelint.project import Build, Project

_FILES = {
    "compose.yaml": "services:\n  web:\n    build:\n      context: .\n      args:\n        GIT_SHA: ${GIT_SHA}\n",
    "Dockerfile": "FROM alpine\nCOPY . .\nARG GIT_SHA\nRUN ./build\n",
}
_SCRIPT = """\
#!/bin/bash
set -euo pipefail
git pull --ff-only
export GIT_SHA="$(git rev-parse HEAD)"
docker builder prune --force --filter type=source.local
docker compose up{} -d
"""
_FETCHES = frozenset(("compose pull", "pull", "load", "image load", "tag", "image tag", "import", "image import"))
_REMOVES = frozenset(("rmi", "image rm", "image remove"))
_CLEARS = frozenset(("system prune", "image prune"))
_ANY_MACHINE = "any machine"


class UpWithoutBuild(Rule):
    """New source arrives, and `compose up` starts the image that was built before.

    ## What it does
    Finds scripts and jobs that bring new source (`git pull`, `git checkout`, `rsync`, `tar`, …) and then say
    `compose up` on the same machine, for services with a `build` that copy that source, with no build in between.

    ## Why it matters
    `docker compose up` builds an image only when there is none. When there is one it starts that, whatever has
    happened to the files since, and says nothing about it: the deploy is green and the old code keeps running.

    ## Example
    See the examples.

    ## Fix safety
    Unsafe: `--build` is written behind `up`, and building on that machine takes time and memory. Nothing is reported
    where the image may come from elsewhere (`pull`, `load`, a `pull_policy`, another script or a `make` in between),
    where a service mounts its source, for a clone into an empty place or a directory that gets another name (which
    makes it another project), or on machines that are made anew for each job.
    Makefiles, `package.json` and GitLab's CI file are only reported.
    """

    id = "up-without-build"
    summary = "new source arrives, and compose up starts the image that was built before"
    severity = Severity.ERROR
    fix_availability = FixAvailability.SOMETIMES
    examples = (
        Example(
            bad={**_FILES, "deploy.sh": _SCRIPT.format("")}, good={**_FILES, "deploy.sh": _SCRIPT.format(" --build")}
        ),
    )

    def check_deployment(self, deployment: Deployment, project: Project) -> Iterator[Diagnostic]:
        """Findings about a script or a job."""
        ups = [call for call in deployment.calls if call.docker and _starts_as_it_is(call.docker)]
        is_named = self.settings.is_deploy_script(deployment.source.path)
        if not any(deployment.is_ephemeral(call) is False for call in ups):
            return
        if not deploys(deployment, is_named=is_named, in_sight=True):
            return
        visited = follow(deployment, partial(_effect, deployment.callees))
        rebuilt = {one for each in visited if _renews(_docker(each)) for one in each.known}
        for each in visited:
            call = each.moment.call
            if call in ups and call is not None and call not in rebuilt and deployment.is_ephemeral(call) is False:
                yield from self._judge(deployment, call, each)

    def _judge(self, deployment: Deployment, call: DockerCall, visited: Visited) -> Iterator[Diagnostic]:
        moment, known = visited
        machine = moment.machine
        facts = (("built", machine), ("built", _ANY_MACHINE), ("others", machine), ("moved", machine, moment.place))
        if not known.isdisjoint(facts):
            return
        if moment.command is None or is_chosen_instead(moment, _builds_number(deployment)):
            return
        brought = [one for one in known if isinstance(one, Arrival) and one.machine == moment.machine]
        for arrival in sorted(brought, key=lambda one: one.span):
            services = _stale(deployment, call, moment, arrival)
            if services:
                yield self._report(deployment, call, arrival, services)
                return

    def _report(self, deployment: Deployment, call: DockerCall, arrival: Arrival, services: list[Build]) -> Diagnostic:
        names = _listed([one.service.name for one in services if one.service])
        keeps = "keeps" if len(services) == 1 else "keep"
        related = [Related(locate(deployment.source, arrival.span), "this brings the new source")]
        related += [Related(one.location, f"{names} is built here") for one in services if len(services) == 1]
        return self.report(
            (deployment.source, call.span),
            f"`{arrival.what}` brings new source, but this starts the image that is already there: {names} {keeps} "
            "running the old code. Write `up --build`.",
            fix=_fix(deployment, call),
            related=tuple(related),
        )


def _docker(visited: Visited) -> DockerCommand | None:
    return visited.moment.call.docker if visited.moment.call else None


def _starts_as_it_is(docker: DockerCommand) -> bool:
    """Whether ``compose up`` takes the images that are there, and nobody said that this is wanted."""
    if docker.verb != "compose up" or docker.idle or docker.doubt or docker.daemon.tool != "docker":
        return False
    return not any(docker.flag(name) for name in ("--build", "--no-build")) and docker.value("--pull") is None


def _effect(callees: Callees, moment: Moment, known: Known) -> Known:
    for one in arrivals(moment):
        known = known - {("built", one.machine), ("built", _ANY_MACHINE)} | {one}
    docker = moment.call.docker if moment.call else None
    if docker and _starts_as_it_is(docker):
        return known | {moment.call}
    if docker and _changes_images(docker):
        return known | {("others", moment.machine)}
    if moment.call and (docker is None or docker.builds or docker.doubt):
        remote = docker is not None and (docker.daemon.host or docker.daemon.context)
        return known | {("built", _ANY_MACHINE if remote else moment.machine)}
    if moment.command and moment.command.name == "mv":
        return known | {("moved", moment.machine, below(moment.place, moment.command.texts[-1]))}
    if moment.call is None and is_opaque(moment, callees):
        return known | {("built", _ANY_MACHINE)}
    return known


def _renews(docker: DockerCommand | None) -> bool:
    """Whether a call behind an ``up`` brings it the images that it lacked."""
    return docker is not None and (docker.builds or bool(docker.doubt) or docker.verb in _FETCHES)


def _changes_images(docker: DockerCommand) -> bool:
    """Whether images come from elsewhere, or are removed so that ``up`` builds: whatever arrives, before or after."""
    if docker.verb in _CLEARS:
        return docker.flag("--all")
    return docker.verb in _FETCHES | _REMOVES or (docker.verb == "compose down" and docker.value("--rmi") is not None)


def _builds_number(deployment: Deployment) -> frozenset[tuple[int, int]]:
    return frozenset(
        (id(call.unit), call.command.number)
        for call in deployment.calls
        if call.docker and call.docker.builds and call.command
    )


def _stale(deployment: Deployment, call: DockerCall, moment: Moment, arrival: Arrival) -> list[Build]:
    """The services whose images hold what has arrived."""
    if not related(arrival.place, moment.place):
        return []
    if call.directory is not None and call.services:
        below = os.path.relpath("/" + _inside(arrival.place), "/" + _inside(moment.place))
        return services_with_source(call, None, os.path.normpath(os.path.join(call.directory, below)))
    if not moment.place.startswith(arrival.place):
        return []
    at = moment.place[len(arrival.place) :].strip("/")
    return services_with_source(call, os.path.normpath(os.path.join(deployment.root, at)), None)


def _inside(place: str) -> str:
    return place.rpartition(":")[2].lstrip("/")


def _fix(deployment: Deployment, call: DockerCall) -> Fix:
    try:
        edits, statements = add_word(deployment.job, call, "up", "--build")
    except CannotEditError as error:
        return display_only("write `up --build`", error)
    return Fix("build before it starts", Applicability.UNSAFE, edits, statements)


def _listed(names: list[str]) -> str:
    shown = [f"`{one}`" for one in names[:3]]
    if len(names) > len(shown):
        return f"{', '.join(shown)} and {len(names) - len(shown)} more"
    return " and ".join(shown) if len(shown) < 3 else f"{shown[0]}, {shown[1]} and {shown[2]}"
