"""no-cache-build."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cachelint.deployment.choices import is_optional
from cachelint.deployment.edits import remove_words
from cachelint.diagnostic import Severity
from cachelint.documents.script_flow import TooLongError
from cachelint.documents.yaml_edit import CannotEditError
from cachelint.fix import Applicability, Fix, display_only
from cachelint.prune.client import legacy_reason
from cachelint.prune.deploying import builds_with_docker, is_deploying, keeps_cache, reads_files
from cachelint.prune.job_step import missing_prunes
from cachelint.prune.scope import NEEDED, Scope
from cachelint.regex import regex
from cachelint.rules.base import Example, FixAvailability, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.deployment.model import Deployment, DockerCall
    from cachelint.diagnostic import Diagnostic
    from cachelint.project import Project
    from cachelint.source import Span

_REBUILDS = regex(r"nightly|weekly|daily|monthly|cron|schedul|security|rebuild|no.?cache", re.IGNORECASE)
_SCRIPT = """\
#!/bin/bash
set -e
docker builder prune --force --filter type=source.local
docker compose build{}
docker compose up -d
"""


class NoCacheBuild(Rule):
    """A deploy builds with `--no-cache` to be fresh.

    ## What it does
    Finds `--no-cache` on the builds of scripts and jobs that deploy (`no-cache: true` of docker/build-push-action too),
    where no option, condition or function of the script asks for it, and its name does not promise a rebuild.

    ## Why it matters
    `--no-cache` runs every step again and empties the cache mounts of npm, pip and the like, so all dependencies are
    fetched for every deploy. And it does not do what it is there for: a file of unchanged size and time is not read
    again, so the steps run on old files. The prune step is cheaper, and is enough.

    ## Example
    See the examples.

    ## Fix safety
    Unsafe, and only where the prune step stands in front of the build: a step that fetches may be meant to run each
    time, which `cached-fetch` finds and a commit argument settles.
    """

    id = "no-cache-build"
    summary = "a deploy builds with --no-cache, which is slow and does not read unchanged-looking files again"
    severity = Severity.NOTE
    fix_availability = FixAvailability.SOMETIMES
    fixes_late = 2
    examples = (Example(bad={"deploy.sh": _SCRIPT.format(" --no-cache")}, good={"deploy.sh": _SCRIPT.format("")}),)

    def check_deployment(self, deployment: Deployment, project: Project) -> Iterator[Diagnostic]:
        """Findings about a script or a job."""
        if not is_deploying(deployment, is_named=self.settings.is_deploy_script(deployment.source.path)):
            return
        if _REBUILDS.search(f"{deployment.path}/{deployment.job.name}"):
            return
        for call in deployment.calls:
            words = _words(deployment, call)
            if words and reads_files(deployment):
                yield self.report(
                    (deployment.source, words),
                    "`--no-cache` runs every step and empties the caches of npm, pip and the like, but a file of "
                    "unchanged size and time is not read again. The prune step in front of the build is cheaper, and "
                    "is enough.",
                    fix=_fix(deployment, call, words),
                )


def _words(deployment: Deployment, call: DockerCall) -> Span | None:
    """The option, where it stands in the command itself and nothing but the deploy asks for it."""
    if not keeps_cache(deployment, call):
        return None
    if call.action:
        setting = call.action.step.inputs.get("no-cache")
        is_on = setting and setting.node and setting.value == "true"
        return setting.node.span if is_on and setting and setting.node and call.builds_itself else None
    docker, command, unit = call.docker, call.command, call.unit
    if docker is None or command is None or unit is None or not builds_with_docker(docker):
        return None
    if (
        not docker.flag("--no-cache")
        or legacy_reason(docker, unit.script, unit.env)
        or is_optional(unit.script, command)
    ):
        return None
    option = next(one for one in docker.options if one.name == "--no-cache")
    is_written = command.span.start <= option.span.start < command.span.end and option.word.origin == option.word.span
    return unit.text.widened(option.span) if is_written else None


def _fix(deployment: Deployment, call: DockerCall, words: Span) -> Fix:
    try:
        missing = missing_prunes(deployment, NEEDED[Scope.CONTEXT])
        if any(call.span in one.spans for one in missing):
            return display_only("write the prune step (`cachelint prune-step`), then drop --no-cache")
        change = remove_words(deployment.job, call, words)
    except (CannotEditError, TooLongError) as error:
        return display_only("drop it", error)
    return Fix("drop --no-cache", Applicability.UNSAFE, change.edits, change.statements)
