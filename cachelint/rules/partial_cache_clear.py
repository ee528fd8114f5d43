"""partial-cache-clear."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.diagnostic import Severity
from cachelint.fix import Applicability
from cachelint.prune.cache_clear import clearing_steps, find_clearing, item_of
from cachelint.prune.fixes import fix_of
from cachelint.prune.script_step import Wish
from cachelint.rules.base import Example, FixAvailability, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.deployment.model import Deployment
    from cachelint.diagnostic import Diagnostic
    from cachelint.project import Project

_BAD = """\
#!/bin/bash
set -e

case "$1" in
  frontend)
    rm -rf frontend/.next
    ;;
  all)
    rm -rf frontend/.next
    find backend -name __pycache__ -exec rm -rf {} +
    echo "All caches cleared"
    ;;
esac
"""
_GOOD = """\
#!/bin/bash
set -e

case "$1" in
  frontend)
    rm -rf frontend/.next
    ;;
  all)
    rm -rf frontend/.next
    find backend -name __pycache__ -exec rm -rf {} +
    # BuildKit skips files of unchanged size and time, so have it read them all. The layers may stay.
    echo "Dropping the source files that Docker kept..."
    docker builder prune --force --filter type=source.local
    echo "Docker will read every source file again"
    echo "All caches cleared"
    ;;
esac
"""
_OTHERS = {"Dockerfile": "FROM alpine\n"}


class PartialCacheClear(Rule):
    """What clears all caches leaves the one that the next build uses.

    ## What it does
    Finds scripts and workflows that clear caches by their name (`clear-caches.sh`), delete those of applications
    (`.next`, `__pycache__`, `.turbo`, …) in a branch for everything, and leave Docker's build cache, in a project that
    is built with Docker. Scripts that speak of a development server (`npm run dev`, `localhost`) and not of Docker
    clear its caches, and are left alone.

    ## Why it matters
    The next build does not look at the deleted directories. What it reuses is the engine's copy of the source files and
    its layers, so a deploy that showed old code shows it again, after a message that all caches are cleared.

    ## Example
    See the examples: the step stands in the branch for everything, and only there. It calls docker as the script does
    elsewhere, with `sudo` or without. Where the script never does, the step runs as all that is removed there does.

    ## Fix safety
    Safe: it drops a cache where caches are cleared, before that is announced as done.
    """

    id = "partial-cache-clear"
    summary = "clearing all caches leaves Docker's, which is the one that the next build uses"
    severity = Severity.WARNING
    fix_availability = FixAvailability.SOMETIMES
    fixes_late = 2
    examples = (Example(bad={**_OTHERS, "clear-caches.sh": _BAD}, good={**_OTHERS, "clear-caches.sh": _GOOD}),)

    def check_deployment(self, deployment: Deployment, project: Project) -> Iterator[Diagnostic]:
        """Findings about a script or a job."""
        found = find_clearing(deployment)
        if not found or not project.scripts.has_builds():
            return
        steps = clearing_steps(deployment, found, Wish(self.settings.decide(deployment)))
        item = item_of(deployment.job, found)
        yield self.report(
            (deployment.source, found.item.text.widened(found.span)),
            "This clears the caches of the applications and leaves Docker's build cache, which is what the next build "
            "reuses. Prune it in the same branch: `cachelint prune-step` says what.",
            fix=fix_of("write the prune step", Applicability.SAFE, deployment.job, [(item, steps)]),
        )
