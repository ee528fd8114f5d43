"""restart-after-build."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.diagnostic import Related, Severity, locate
from cachelint.documents.script_flow import after_any
from cachelint.fix import Applicability, Edit, Fix, Statement, display_only
from cachelint.rules.base import Example, FixAvailability, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.deployment.model import Deployment, DockerCall
    from cachelint.diagnostic import Diagnostic
    from cachelint.project import Project

_RESTARTS = frozenset({"compose restart", "restart"})
_CREATES = frozenset(
    (
        "compose up",
        "compose create",
        "compose run",
        "compose rm",
        "compose down",
        "run",
        "create",
        "rm",
        "push",
        "stack deploy",
        "service update",
    )
)
_SCRIPT = """\
#!/bin/bash
set -e
docker builder prune --force --filter type=source.local
docker compose build
docker compose {} web
"""


class RestartAfterBuild(Rule):
    """What was built is not started: a restart keeps the old container, and with it the old image.

    ## What it does
    Finds `docker compose restart` and `docker restart` that follow a build in a script or job, where nothing in it
    makes new containers (`up`, `run`, `stack deploy`, …).

    ## Why it matters
    A container stays what it was created from. `restart` stops and starts the same container, so the old code goes on
    running although the build succeeded.

    ## Example
    See the examples: `up -d` makes new containers of the services whose image has changed, and leaves the others.

    ## Fix safety
    Unsafe: `up -d` also starts services that were stopped, and those that this one depends on. `docker restart` has no
    fix, because how the container was made is not known.
    """

    id = "restart-after-build"
    summary = "a restart follows the build, which keeps the old image running"
    severity = Severity.ERROR
    fix_availability = FixAvailability.SOMETIMES
    examples = (Example(bad={"deploy.sh": _SCRIPT.format("restart")}, good={"deploy.sh": _SCRIPT.format("up -d")}),)

    def check_deployment(self, deployment: Deployment, project: Project) -> Iterator[Diagnostic]:
        """Findings about a script or a job."""
        calls = [call for call in deployment.calls if call.docker and call.unit and not call.docker.idle]
        if any(call.docker and (call.docker.verb in _CREATES or call.docker.doubt) for call in calls):
            return
        for call in calls:
            if call.docker and call.docker.verb in _RESTARTS:
                build = _build_before(call, calls)
                if build:
                    yield self._report(deployment, call, build)

    def _report(self, deployment: Deployment, call: DockerCall, build: DockerCall) -> Diagnostic:
        return self.report(
            (deployment.source, call.span),
            "A restart starts the same container again, made of the old image: what was just built does not run. "
            "Write `docker compose up -d`, which replaces the containers whose image has changed.",
            fix=_fix(deployment, call),
            related=(Related(locate(deployment.source, build.span), "built here"),),
        )


def _build_before(call: DockerCall, calls: list[DockerCall]) -> DockerCall | None:
    """The build on the same machine, in the same script, that some path runs before a restart."""
    assert call.unit
    assert call.command
    for one in calls:
        if one.unit is call.unit and one.host == call.host and one.docker and one.docker.builds and one.command:
            number = one.command.number
            reached = after_any(call.unit.script, lambda command, number=number: command.number == number)  # type: ignore[misc]  # a default binds the loop's value
            if call.command.number in reached and _is_same_tool(one, call):
                return one
    return None


def _is_same_tool(build: DockerCall, restart: DockerCall) -> bool:
    """Whether the restart is about what was built: Compose services, or a container after `docker build`."""
    assert build.docker
    assert restart.docker
    services = {word.text for word in build.docker.services}
    restarted = {word.text for word in restart.docker.services}
    if restart.docker.verb == "compose restart" and build.docker.verb == "compose build":
        return not services or not restarted or bool(services & restarted)
    return restart.docker.verb == "restart" and build.docker.verb == "build"


def _fix(deployment: Deployment, call: DockerCall) -> Fix:
    assert call.docker
    assert call.command
    assert call.unit
    if call.docker.verb != "compose restart" or call.docker.options or not deployment.job.is_editable:
        return display_only("write `up -d` by hand: how the container was made is not known")
    word = next((one for one in call.command.written if one.text == "restart"), None)
    span = call.unit.text.widened(word.span) if word else None
    if span is None or deployment.source.text[slice(*span)] != "restart":
        return display_only("write `up -d` by hand: a variable holds the word")
    text = deployment.source.text
    rest = f"{text[call.span.start : span.start]}up -d{text[span.end : call.span.end]}"
    statement = Statement((*call.unit.path, call.command.number), rest)
    return Fix("write `up -d`", Applicability.UNSAFE, (Edit(span, "up -d"),), (statement,))
