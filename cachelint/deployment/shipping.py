"""Whether a deployment deploys: what it builds goes to people, so that old code in it matters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.discovery import Kind
from cachelint.regex import regex

if TYPE_CHECKING:
    from cachelint.deployment.model import Deployment, DockerCall

_SAYS_SO = regex(r"(?:^|[^a-z])(?:re)?(?:deploy(?:ment|s)?|releas(?:e|es|ing)|prod(?:uction)?|publish)(?![a-z])")
_BUILDS_IMAGES = regex(r"(?:^|[^a-z])build[^/]*images?(?![a-z])")
_TRIES = regex(
    r"(?:^|[^a-z])(?:tests?|testing|e2e|lint|check|validat(?:e|ion)|(?:deployment|release|build)[-_]validator|verify|dev|"
    r"development|local|debug|bench(?:marks?)?|smoke|sandbox|fixtures?|vendor|third_party|devcontainer)"
    r"(?![a-z])"
)
_CHECKS = regex(r"(?:^|[^a-z])(?<!gitlab-)ci(?![a-z])")
_IN_BACKGROUND = ("--detach", "--wait")
_SHIPS = frozenset(("ssh", "rsync", "scp", "kubectl", "helm", "ansible-playbook", "flyctl", "eb", "kamal"))


def deploys(deployment: Deployment, *, is_named: bool = False, in_sight: bool = False) -> bool:
    """Whether a script or job deploys: it says so, by its path or its name, or by what it does.

    `is_named` says that the configuration calls it a deploy script. One that only tries things does not. `in_sight`
    counts a ``compose up`` too that ends with the script, as a developer's does.
    """
    if is_named:
        return True
    if only_tries(deployment):
        return False
    said = _said(deployment)
    if _SAYS_SO.search(said) or (deployment.job.kind is Kind.SHELL and _BUILDS_IMAGES.search(said)):
        return True
    commands = (command.name for unit in deployment.units for command in unit.script.commands)
    kept = [call for call in deployment.calls if deployment.is_ephemeral(call) is False]
    if any(_starts(call, in_sight=in_sight) for call in kept) or any(map(_ships, deployment.calls)):
        return True
    return any(name in _SHIPS for name in commands)


def says_so(name: str) -> bool:
    """Whether a name says that something deploys."""
    return bool(_SAYS_SO.search(name.lower()))


def recipe_deploys(deployment: Deployment) -> bool:
    """Whether a recipe, a script of ``package.json`` or a job of GitLab deploys: most of them are developers' own.

    Its name says so; or its file's path does, and it starts or hands on what it builds.
    """
    if only_tries(deployment):
        return False
    if says_so(deployment.job.name):
        return True
    does = any(_starts(call, in_sight=False) or _ships(call) for call in deployment.calls)
    return does and bool(_SAYS_SO.search(deployment.path.lower()))


def only_tries(deployment: Deployment) -> bool:
    """Whether a script or job says by its path or its name that it tests, or that it is for developers.

    One in ``ci`` may do either, so there it says which it is.
    """
    said = _said(deployment)
    return bool(_TRIES.search(said)) or bool(_CHECKS.search(said) and not _SAYS_SO.search(said))


def _said(deployment: Deployment) -> str:
    return f"{deployment.path}/{deployment.job.name}".lower()


def _ships(call: DockerCall) -> bool:
    """Whether a call hands something on."""
    if call.action:
        return call.action.step.input("push") not in ("", "false")
    docker = call.docker
    if docker is None or docker.idle:
        return False
    return docker.verb in ("push", "compose push", "stack deploy", "service update") or docker.flag("--push")


def _starts(call: DockerCall, *, in_sight: bool) -> bool:
    """Whether a call starts something that runs on when the script is over."""
    docker = call.docker
    if docker is None or docker.idle or docker.verb not in ("compose up", "run"):
        return False
    return any(map(docker.flag, _IN_BACKGROUND)) or (in_sight and docker.verb == "compose up")
