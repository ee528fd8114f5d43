"""ineffective-prune."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.diagnostic import Related, Severity, locate
from cachelint.fix import Applicability
from cachelint.prune.deploying import builds_with_docker, is_deploying, keeps_cache
from cachelint.prune.fixes import fix_of
from cachelint.prune.ineffective import ineffective_prunes
from cachelint.prune.job_step import steps_by_item
from cachelint.prune.script_step import Wish
from cachelint.rules.base import Example, FixAvailability, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.deployment.model import Deployment
    from cachelint.diagnostic import Diagnostic
    from cachelint.fix import Fix
    from cachelint.project import Project
    from cachelint.prune.ineffective import Ineffective

_BAD = """\
#!/bin/bash
set -e
docker builder prune --force --filter until=24h
docker compose build
docker compose up -d
"""
_GOOD = """\
#!/bin/bash
set -e
docker builder prune --force --filter until=24h
# BuildKit skips files of unchanged size and time, so have it read them all. The layers may stay.
echo "Dropping the source files that Docker kept..."
docker builder prune --force --filter type=source.local
echo "Docker will read every source file again"
docker compose build
docker compose up -d
"""
_HIDDEN = """\
#!/bin/bash
docker builder prune --force || true
echo "Build cache cleared"
docker compose build
docker compose up -d
"""
_TOLD = """\
#!/bin/bash
docker builder prune --force || exit 1
echo "Build cache cleared"
docker compose build
docker compose up -d
"""


class IneffectivePrune(Rule):
    """A prune stands in a deploy, and the build reuses what it should have dropped.

    ## What it does
    Finds prunes in scripts and jobs that deploy, when a build is reached without an effective one: after the build,
    with `until=…` or a size that spares the last deploy's records, for another builder, a prune of images that is meant
    for the cache. Also a prune whose failure is hidden (`|| true`) and then announced as a success.

    ## Why it matters
    The script says that the cache is cleared, and so does its log. Whoever looks for the old code looks elsewhere.

    ## Example
    See the examples.

    ## Fix safety
    Unsafe: the matching step is written in front of the build. The old prune stays, because it may be there to save
    space. Where a failure is hidden there is no fix: what is to happen then is a decision.
    """

    id = "ineffective-prune"
    summary = "a prune stands in a deploy that does not drop what the build reuses"
    severity = Severity.WARNING
    fix_availability = FixAvailability.SOMETIMES
    fixes_late = 2
    examples = (
        Example(bad={"deploy.sh": _BAD}, good={"deploy.sh": _GOOD}),
        Example(bad={"deploy.sh": _HIDDEN}, good={"deploy.sh": _TOLD}, fixable=False),
    )

    def check_deployment(self, deployment: Deployment, project: Project) -> Iterator[Diagnostic]:
        """Findings about a script or a job."""
        if not is_deploying(deployment, is_named=self.settings.is_deploy_script(deployment.source.path)):
            return
        for one in ineffective_prunes(deployment):
            counts = not one.missing or builds_with_docker(one.missing[0].first.docker)
            if counts and keeps_cache(deployment, one.call):
                yield self._report(deployment, one)

    def _report(self, deployment: Deployment, one: Ineffective) -> Diagnostic:
        remedy = (
            "Prune before the first build: `cachelint prune-step` says what."
            if one.missing
            else ("Let it fail the deploy, or say that it failed.")
        )
        related = [Related(locate(deployment.source, each.first.span), "this build") for each in one.missing[:1]]
        return self.report(
            (deployment.source, one.call.span),
            f"This prune does not keep old code out of the build: {one.reason}. {remedy}",
            fix=self._fix(deployment, one) if one.missing else None,
            related=tuple(related),
        )

    def _fix(self, deployment: Deployment, one: Ineffective) -> Fix:
        steps = steps_by_item(deployment, one.missing, Wish(self.settings.decide(deployment)), self.settings.commit_arg)
        return fix_of("write the prune step", Applicability.UNSAFE, deployment.job, steps)
