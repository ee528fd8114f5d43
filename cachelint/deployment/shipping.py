"""Whether a deployment deploys: what it builds goes to people, so that old code in it matters."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cachelint.discovery import Kind

if TYPE_CHECKING:
    from cachelint.deployment.model import Deployment, DockerCall

_SAYS_SO = re.compile(r"(?:^|[^a-z])(?:re)?(?:deploy(?:ment|s)?|releas(?:e|es|ing)|prod(?:uction)?|publish)(?![a-z])")
_BUILDS_IMAGES = re.compile(r"(?:^|[^a-z])build[^/]*images?(?![a-z])")
_TRIES = re.compile(
    r"(?:^|[^a-z])(?:tests?|testing|e2e|lint|check|validat(?:e|ion)|(?:deployment|release|build)[-_]validator|verify|dev|"
    r"development|local|debug|bench(?:marks?)?|smoke|sandbox|fixtures?|vendor|third_party|devcontainer)"
    r"(?![a-z])"
)
_CHECKS = re.compile(r"(?:^|[^a-z])(?<!gitlab-)ci(?![a-z])")
_SHIPS = frozenset(("ssh", "rsync", "scp", "kubectl", "helm", "ansible-playbook", "flyctl", "eb", "kamal"))


def deploys(deployment: Deployment, *, is_named: bool = False) -> bool:
    """Whether a script or job deploys: it says so, by its path or its name, or by what it does.

    `is_named` says that the configuration calls it a deploy script. One that only tries things does not.
    """
    if is_named:
        return True
    if only_tries(deployment):
        return False
    said = _said(deployment)
    if _SAYS_SO.search(said) or (deployment.job.kind is Kind.SHELL and _BUILDS_IMAGES.search(said)):
        return True
    commands = (command.name for unit in deployment.units for command in unit.script.commands)
    calls = (_ships(call, stays=deployment.is_ephemeral(call) is False) for call in deployment.calls)
    return any(calls) or any(name in _SHIPS for name in commands)


def only_tries(deployment: Deployment) -> bool:
    """Whether a script or job says by its path or its name that it tests, or that it is for developers.

    One in ``ci`` may do either, so there it says which it is.
    """
    said = _said(deployment)
    return bool(_TRIES.search(said)) or bool(_CHECKS.search(said) and not _SAYS_SO.search(said))


def _said(deployment: Deployment) -> str:
    return f"{deployment.path}/{deployment.job.name}".lower()


def _ships(call: DockerCall, *, stays: bool) -> bool:
    """Whether a call hands something on, or starts it on a machine that stays."""
    if call.action:
        return call.action.step.input("push") not in ("", "false")
    docker = call.docker
    if docker is None or docker.idle:
        return False
    if docker.verb in ("push", "compose push", "stack deploy", "service update") or docker.flag("--push"):
        return True
    return stays and (docker.verb == "compose up" or (docker.verb == "run" and docker.flag("--detach")))
