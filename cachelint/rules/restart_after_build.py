"""restart-after-build."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from cachelint.deployment.edits import replace_verb
from cachelint.deployment.opaque import is_opaque
from cachelint.deployment.shipping import only_tries
from cachelint.deployment.trail import follow
from cachelint.diagnostic import Related, Severity, locate
from cachelint.documents.yaml import text_of
from cachelint.documents.yaml_edit import CannotEditError
from cachelint.fix import Applicability, Fix, display_only
from cachelint.record import NamedTuple
from cachelint.regex import regex
from cachelint.rules.base import Example, FixAvailability, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.deployment.callees import Callees
    from cachelint.deployment.model import Deployment, DockerCall
    from cachelint.deployment.trail import Known, MachineKey, Moment, Visited
    from cachelint.diagnostic import Diagnostic
    from cachelint.documents.docker_command import DockerCommand
    from cachelint.project import Project

_RESTARTS = frozenset(("compose restart", "restart"))
_BUILDS = frozenset(("compose build", "build"))
_CREATES = frozenset(
    (
        "compose up",
        "compose create",
        "compose run",
        "compose rm",
        "compose down",
        "compose push",
        "run",
        "create",
        "rm",
        "push",
        "stack deploy",
        "service update",
        "service create",
    )
)
_KEPT_OPTIONS = frozenset(("--timeout", "--no-deps"))
_REPOSITORY = regex(r"(?:.*/)?(?P<name>[^/:@]+)(?::[^/]*)?(?:@.*)?")
_SCRIPT = """\
#!/bin/bash
set -e
docker builder prune --force --filter type=source.local
docker compose build
docker compose {}
"""


class RestartAfterBuild(Rule):
    """What was built is not started: a restart keeps the old container, and with it the old image.

    ## What it does
    Finds `docker compose restart` and `docker restart` that follow a build of the same service on the same machine, in
    a script or in the steps of a job, with nothing before or behind it that makes a new container (`up`, `run`,
    `stack deploy`, …).

    ## Why it matters
    A container stays what it was created from. `restart` stops and starts the same container, so the old code goes on
    running although the build succeeded.

    ## Example
    See the examples: `up -d` makes new containers of the services whose image has changed, and leaves the others.

    ## Fix safety
    Unsafe: `up -d` also starts services that were stopped, and those that this one depends on, and leaves a service
    alone whose image is the same. `docker restart` has no fix, because how the container was made is not known.
    """

    id = "restart-after-build"
    summary = "a restart follows the build, which keeps the old image running"
    severity = Severity.ERROR
    fix_availability = FixAvailability.SOMETIMES
    examples = (Example(bad={"deploy.sh": _SCRIPT.format("restart")}, good={"deploy.sh": _SCRIPT.format("up -d")}),)

    def check_deployment(self, deployment: Deployment, project: Project) -> Iterator[Diagnostic]:
        """Findings about a script or a job."""
        verbs = {call.docker.verb for call in deployment.calls if call.docker}
        if verbs.isdisjoint(_RESTARTS) or verbs.isdisjoint(_BUILDS):
            return
        if only_tries(deployment) and not self.settings.is_deploy_script(deployment.source.path):
            return
        visited = follow(deployment, partial(_effect, deployment.callees))
        replaced = {one for each in visited if _makes_containers(each.moment, deployment.callees) for one in each.known}
        for each in visited:
            call = each.moment.call
            if call and call not in replaced and _restarts(call.docker) and deployment.is_ephemeral(call) is not True:
                yield from self._judge(deployment, call, each)

    def _judge(self, deployment: Deployment, call: DockerCall, visited: Visited) -> Iterator[Diagnostic]:
        moment, known = visited
        here = [one for one in known if isinstance(one, _Built) and one.machine == moment.machine]
        for built in sorted(here, key=lambda one: one.call.span):
            if _is_restarted(deployment, built, call, moment):
                yield self.report(
                    (deployment.source, call.span),
                    "A restart starts the same container again, made of the old image: what was just built does not "
                    "run. Write `docker compose up -d`, which replaces the containers whose image has changed.",
                    fix=_fix(deployment, call),
                    related=(Related(locate(deployment.source, built.call.span), "built here"),),
                )
                return


class _Built(NamedTuple):
    """A call that has built, and where it ran."""

    machine: MachineKey
    place: str
    call: DockerCall


def _restarts(docker: DockerCommand | None) -> bool:
    if docker is None or docker.verb not in _RESTARTS:
        return False
    return not docker.idle and not docker.doubt and docker.daemon.tool == "docker"


def _effect(callees: Callees, moment: Moment, known: Known) -> Known:
    docker = moment.call.docker if moment.call else None
    if moment.call and docker and _restarts(docker):
        return known | {moment.call}
    if _makes_containers(moment, callees):
        return frozenset(one for one in known if not isinstance(one, _Built))
    if moment.call and docker and docker.builds and docker.verb in _BUILDS and docker.daemon.tool == "docker":
        return known | {_Built(moment.machine, moment.place, moment.call)}
    return known


def _makes_containers(moment: Moment, callees: Callees) -> bool:
    """Whether a new container may come of it, here or, by another script, anywhere."""
    if moment.call is None:
        return is_opaque(moment, callees)
    docker = moment.call.docker
    return docker is not None and (docker.verb in _CREATES or bool(docker.doubt)) and not docker.idle


def _is_restarted(deployment: Deployment, built: _Built, call: DockerCall, moment: Moment) -> bool:
    """Whether a restart is about a container of what was built."""
    build, restart = built.call.docker, call.docker
    assert build
    assert restart
    if build.daemon.host != restart.daemon.host or build.daemon.context != restart.daemon.context:
        return False
    if restart.verb == "restart":
        return any(word.literal and word.text in _containers(built.call) for word in restart.arguments)
    if build.verb == "build":
        return not _tags(build).isdisjoint(_images(call))
    same = all(build.values(name) == restart.values(name) for name in ("--file", "--project-name"))
    if not same or built.place != moment.place or moment.place == "?":
        return False
    return _share_a_service(deployment, built.call, call)


def _share_a_service(deployment: Deployment, built: DockerCall, call: DockerCall) -> bool:
    assert built.docker
    assert call.docker
    words = (*built.docker.services, *call.docker.services)
    if not all(word.literal for word in words):
        return False
    ours, theirs = ({word.text for word in one.services} for one in (built.docker, call.docker))
    if ours or not theirs:
        return not theirs or bool(ours & theirs)
    builds = call.services or (() if call.directory else call.services_in(deployment.root))
    return any(one.service and one.service.name in theirs for one in builds)


def _containers(built: DockerCall) -> set[str]:
    """The names of the containers that are certainly made of what a call builds."""
    assert built.docker
    if built.docker.verb == "build":
        found = (_REPOSITORY.fullmatch(tag) for tag in _tags(built.docker))
        return {match["name"] for match in found if match}
    services = [one.service for one in built.services if one.service]
    entries = [one.node.merged["container_name"] for one in services if "container_name" in one.node.merged]
    return {name for entry in entries if (name := text_of(entry.value)) and "$" not in name}


def _tags(docker: DockerCommand) -> set[str]:
    return {tag for tag in docker.values("--tag") if "$" not in tag}


def _images(call: DockerCall) -> set[str]:
    """The images of the services that a Compose command names."""
    project = call.project_in(None)
    named = {word.text for word in call.docker.services} if call.docker else set()
    services = project.services.values() if project else ()
    images = (one.image for one in services if one.image and (not named or one.name in named))
    return {one.text for one in images if one.known and one.text}


def _fix(deployment: Deployment, call: DockerCall) -> Fix:
    assert call.docker
    if call.docker.verb != "compose restart":
        return display_only("make a new container", "how this one was made is not known")
    if any(one.name not in _KEPT_OPTIONS for one in call.docker.options):
        return display_only("write `up -d`", "it has other options")
    try:
        edits, statements = replace_verb(deployment.job, call, "restart", "up -d")
    except CannotEditError as error:
        return display_only("write `up -d`", error)
    return Fix("write `up -d`", Applicability.UNSAFE, edits, statements)
