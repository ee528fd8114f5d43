"""up-without-build."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.diagnostic import Related, Severity, locate
from cachelint.documents.script_flow import after_any
from cachelint.documents.yaml import text_of
from cachelint.fix import Applicability, Edit, Fix, Statement, display_only
from cachelint.rules.base import Example, FixAvailability, Rule
from cachelint.source import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.deployment.jobs import Unit
    from cachelint.deployment.model import Deployment, DockerCall
    from cachelint.diagnostic import Diagnostic
    from cachelint.documents.script import Command
    from cachelint.project import Build, Project

_GIT = frozenset({"pull", "checkout", "switch", "reset", "merge"})
_MAY_BUILD = frozenset({"make", "just", "task", "npm", "yarn", "pnpm", "ansible-playbook", "sh", "bash", "source", "."})
_BRINGS = frozenset(
    {"pull", "compose pull", "load", "image load", "import", "tag", "image tag", "push", "compose push"}
)
_FILES = {
    "compose.yaml": "services:\n  web:\n    build: .\n",
    "Dockerfile": "FROM alpine\n",
}
_SCRIPT = "#!/bin/bash\nset -e\ngit pull\ndocker builder prune -f\ndocker compose up -d{}\n"


class UpWithoutBuild(Rule):
    """New source arrives, and the services start from the image that is there.

    ## What it does
    Finds scripts and jobs that bring new source (`git pull`, `git checkout`, `rsync`, `tar -x`) and then say
    `docker compose up` for services that are built here, where nothing builds or pulls them.

    ## Why it matters
    `up` builds an image only when there is none. From the second deploy on the old image is started, or nothing happens
    at all, and the deploy succeeds.

    ## Example
    See the examples. `pull_policy: build` in the Compose file does the same for every `up`.

    ## Fix safety
    Unsafe: every deploy takes the time of a build then. Scripts that call another script, make or npm are not reported:
    the build may be there.
    """

    id = "up-without-build"
    summary = "new source arrives and `up` starts the old image, because nothing builds"
    severity = Severity.ERROR
    fix_availability = FixAvailability.SOMETIMES
    examples = (
        Example(
            bad={**_FILES, "deploy.sh": _SCRIPT.format("")},
            good={**_FILES, "deploy.sh": _SCRIPT.format(" --build")},
        ),
    )

    def check_deployment(self, deployment: Deployment, project: Project) -> Iterator[Diagnostic]:
        """Findings about a script or a job."""
        if _may_build(deployment):
            return
        for call in deployment.calls:
            if (
                call.docker
                and call.docker.verb == "compose up"
                and not call.docker.doubt
                and call.unit
                and call.command
            ):
                source = _source_before(call.unit, call.command)
                built = [one for one in call.services if _is_built_here_only(one)]
                if source and built and not call.docker.flag("--no-build"):
                    yield self._report(deployment, call, source, built)

    def _report(self, deployment: Deployment, call: DockerCall, source: Command, built: list[Build]) -> Diagnostic:
        names = ", ".join(f"`{one.service.name}`" for one in built[:3] if one.service)
        more = f" and {len(built) - 3} more" if len(built) > 3 else ""
        return self.report(
            (deployment.source, call.span),
            f"New source arrives, but `up` starts {names}{more} from the image that is there: it builds only when "
            "there is none. Write `up --build`.",
            fix=_fix(deployment, call),
            related=(Related(locate(deployment.source, source.span), "new source arrives here"),),
        )


def _may_build(deployment: Deployment) -> bool:
    """Whether anything in a job builds or fetches images, or may do so where it cannot be seen."""
    for call in deployment.calls:
        docker = call.docker
        if docker is None or docker.builds or docker.verb in _BRINGS or (docker.doubt and docker.verb != "compose up"):
            return True
    for unit in deployment.units:
        script = unit.script
        if script.called or script.sourced:
            return True
        if any(
            one.name in _MAY_BUILD or "$" in one.name or "build" in one.name for one in script.commands if one.words
        ):
            return True
    return False


def _source_before(unit: Unit, up: Command) -> Command | None:
    """The command that brings new source on some path to an `up` on the same machine."""
    for one in unit.script.commands:
        if _brings_source(one) and one.shell.path == up.shell.path and one.number < up.number:
            reached = after_any(unit.script, lambda command, number=one.number: command.number == number)  # type: ignore[misc]  # a default binds the loop's value
            if up.number in reached:
                return one
    return None


def _brings_source(command: Command) -> bool:
    words = command.texts
    if command.name == "git":
        verb = next((word for word in words[1:] if not word.startswith("-")), "")
        return verb in _GIT and not (verb == "checkout" and "--" in words)
    if command.name == "rsync":
        return True
    return command.name == "tar" and any(word in ("--extract", "-x") or _extracts(word) for word in words[1:2])


def _extracts(word: str) -> bool:
    return word.lstrip("-").isalpha() and "x" in word and not word.startswith("--")


def _is_built_here_only(build: Build) -> bool:
    """Whether a service has a build, no image of its own name, and no policy that builds it every time."""
    if build.service is None or not build.resolved:
        return False
    merged = build.service.node.merged
    policy = text_of(merged["pull_policy"].value) if "pull_policy" in merged else None
    return "image" not in merged and policy != "build"


def _fix(deployment: Deployment, call: DockerCall) -> Fix:
    assert call.command
    assert call.unit
    word = next((one for one in call.command.written if one.text == "up"), None)
    span = call.unit.text.widened(word.span) if word else None
    if span is None or not deployment.job.is_editable or deployment.source.text[slice(*span)] != "up":
        return display_only("write `--build` by hand: a variable holds the command")
    text = deployment.source.text
    options = [one.span.end for one in (call.docker.options if call.docker else ()) if one.span.start >= span.end]
    at = max([span.end, *options])
    rest = f"{text[call.span.start : at]} --build{text[at : call.span.end]}"
    statement = Statement((*call.unit.path, call.command.number), rest)
    return Fix("write `--build`", Applicability.UNSAFE, (Edit(Span(at, at), " --build"),), (statement,))
