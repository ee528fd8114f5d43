"""build-without-prune."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.deployment.choices import is_first
from cachelint.deployment.recipes import runs_elsewhere
from cachelint.diagnostic import Related, Severity, locate
from cachelint.discovery import Kind
from cachelint.documents.script_flow import TooLongError
from cachelint.fix import Applicability
from cachelint.prune.deploying import builds_with_docker, is_deploying_by_name, keeps_cache, reads_files
from cachelint.prune.fixes import fix_of
from cachelint.prune.ineffective import ineffective_prunes
from cachelint.prune.job_step import missing_prunes, steps_by_item
from cachelint.prune.scope import NEEDED, Scope
from cachelint.prune.script_step import Wish
from cachelint.rules.base import Example, FixAvailability, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.deployment.model import Deployment
    from cachelint.diagnostic import Diagnostic
    from cachelint.project import Project
    from cachelint.prune.job_step import Missing
    from cachelint.source import Span

_BAD = """\
#!/bin/bash
set -euo pipefail

docker compose build
docker compose up -d
"""
_GOOD = """\
#!/bin/bash
set -euo pipefail

# BuildKit skips files of unchanged size and time, so have it read them all. The layers may stay.
echo "Dropping the source files that Docker kept..."
docker builder prune --force --filter type=source.local
echo "Docker will read every source file again"
docker compose build
docker compose up -d
"""


class BuildWithoutPrune(Rule):
    """A deploy builds on whatever the builder has kept from the last time.

    ## What it does
    Finds scripts and jobs that deploy (they start, push or ship what they build, or their path says so) and that reach
    a build, on some path, without a prune of that builder in front of it. A prune in a script that they call counts;
    what cannot be read is taken at its name. A recipe of a Makefile (with the targets that it needs or calls make for),
    a script of `package.json` and a job of GitLab (on a runner whose tag names the shell executor) count when their
    names say that they deploy.

    ## Why it matters
    BuildKit keeps a copy of each build context and does not read a file again whose size, time and mode are unchanged.
    What changed nevertheless (files unpacked from an archive, restored times, a copy that keeps times) is built from
    the old copy, even with `--no-cache`, and the log says nothing of it.

    ## Example
    See the examples. `cachelint prune-step` prints the step, and says why it drops what it drops.

    ## Fix safety
    Safe: the step is written once for each builder, before the first build on every path, as the user that builds, and
    drops a cache. It prints to standard error where the script's output is a result, and is refused with the reason
    where it could not run as the build does. A prune that fails stops the deploy. Makefiles, `package.json` and
    GitLab's file are not edited. Tests, developers' own
    scripts and machines that are made anew for each job (of a workflow, or of the service that runs the script) are not
    reported, nor are builds that copy nothing from their context, podman and the legacy builder, which no such prune
    helps.
    """

    id = "build-without-prune"
    summary = "a deploy builds without dropping what the builder must not reuse"
    severity = Severity.WARNING
    fix_availability = FixAvailability.SOMETIMES
    fixes_late = 2
    examples = (Example(bad={"deploy.sh": _BAD}, good={"deploy.sh": _GOOD}),)

    def check_deployment(self, deployment: Deployment, project: Project) -> Iterator[Diagnostic]:
        """Findings about a script or a job."""
        if not is_deploying_by_name(deployment, is_named=self.settings.is_deploy_script(deployment.source.path)):
            return
        try:
            found = missing_prunes(deployment, NEEDED[Scope.CONTEXT])
        except TooLongError:
            return
        if not found or not reads_files(deployment):
            return
        told = {one.builder for one in ineffective_prunes(deployment)}
        groups: dict[object, list[Missing]] = {}
        for one in found:
            if one.builder not in told and _counts(deployment, one):
                groups.setdefault(one.builder, []).append(one)
        for missing in groups.values():
            yield self._report(deployment, tuple(missing))

    def _report(self, deployment: Deployment, missing: tuple[Missing, ...]) -> Diagnostic:
        wish = Wish(self.settings.decide(deployment))
        steps = steps_by_item(deployment, missing, wish, self.settings.commit_arg)
        fix = fix_of("write the prune step", Applicability.SAFE, deployment.job, steps)
        first, *others = [span for one in missing for span in one.spans]
        return self.report(
            (deployment.source, first),
            "This deploys what BuildKit makes of the files that it kept: it does not read a file again whose size and "
            "time are unchanged, so old code can ship. Prune before the first build: "
            f"`{_command(deployment)}` says what.",
            fix=fix,
            related=(
                *_told_by(deployment, first),
                *(Related(locate(deployment.source, span), "and before this build") for span in others),
            ),
        )


def _told_by(deployment: Deployment, build: Span) -> Iterator[Related]:
    """The rule of a Makefile that deploys, where it is another rule's recipe that builds."""
    job = deployment.job
    if job.kind is Kind.MAKEFILE and runs_elsewhere(job, build):
        yield Related(locate(deployment.source, job.place), f"`{job.name}` runs it")


def _command(deployment: Deployment) -> str:
    """What prints the step in the language of the file."""
    if not deployment.job.objection:
        return "cachelint prune-step"
    return f"cachelint prune-step --write {deployment.path}"


def _counts(deployment: Deployment, one: Missing) -> bool:
    if not keeps_cache(deployment, one.first):
        return False
    if one.unpruned and one.first.unit and all(is_first(one.first.unit.script, n) for n in one.unpruned.builds):
        return False  # where no image is, none is old
    if one.first.docker is None:
        return one.first.action is not None
    return builds_with_docker(one.first.docker) and not one.is_legacy
