"""unset-commit-arg."""

from __future__ import annotations

import re
from functools import cache, partial
from typing import TYPE_CHECKING

from cachelint.commit_names import default_of, variable_of
from cachelint.diagnostic import Related, Severity, locate
from cachelint.fix import Applicability
from cachelint.prune.commit_step import commit_steps, is_given, told_commit
from cachelint.prune.deploying import is_deploying_by_name
from cachelint.prune.fixes import fix_of
from cachelint.rules.base import Example, FixAvailability, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.deployment.model import Deployment, DockerCall
    from cachelint.diagnostic import Diagnostic
    from cachelint.project import BuildArg, Project

_MORE = r"^[ ]*[-s]?include\b|^\s*export[ \t]*$|^\.EXPORT_ALL|^\s+extends:|!reference"
_COMPOSE = """\
services:
  web:
    build:
      context: .
      args:
        GIT_COMMIT_HASH: ${GIT_COMMIT_HASH}
"""
_DOCKERFILE = "FROM alpine\nCOPY . .\nARG GIT_COMMIT_HASH\nRUN ./build\n"
_BAD = """\
#!/bin/bash
set -euo pipefail
git pull
docker builder prune --force --filter type=source.local
docker compose build
docker compose up -d
"""
_GOOD = """\
#!/bin/bash
set -euo pipefail
git pull
docker builder prune --force --filter type=source.local
# shellcheck disable=SC2155  # without git the build goes on, as before
export GIT_COMMIT_HASH="$(git rev-parse HEAD || true)"
echo "Building from commit: ${GIT_COMMIT_HASH:0:7}..."
docker compose build
docker compose up -d
"""


class UnsetCommitArg(Rule):
    """A deploy builds services whose commit argument comes from a variable that nobody sets.

    ## What it does
    Finds scripts and jobs that deploy and build a Compose project whose commit argument is a variable, when neither
    the script, nor what it reads in, nor `.env`, nor what calls it sets that variable.

    ## Why it matters
    Compose passes an empty value then, the same one for every commit. So the steps below the `ARG` stay `CACHED`, and
    no image can say which commit it is made of.

    ## Example
    See the examples: one line in front of the build.

    ## Fix safety
    Safe in a script that uses git already, else unsafe: the place may be no checkout. Outside of one git says so, and
    the build goes on without a commit, as before. Workflows, Makefiles, `package.json` and GitLab's file are not
    edited.
    """

    id = "unset-commit-arg"
    summary = "a deploy builds with a commit argument whose variable nobody sets"
    severity = Severity.WARNING
    fix_availability = FixAvailability.SOMETIMES
    fixes_late = 1
    examples = (
        Example(
            bad={"compose.yaml": _COMPOSE, "Dockerfile": _DOCKERFILE, "deploy.sh": _BAD},
            good={"compose.yaml": _COMPOSE, "Dockerfile": _DOCKERFILE, "deploy.sh": _GOOD},
        ),
    )

    def check_deployment(self, deployment: Deployment, project: Project) -> Iterator[Diagnostic]:
        """Findings about a script or a job."""
        if not is_deploying_by_name(deployment, is_named=self.settings.is_deploy_script(deployment.source.path)):
            return
        unset: dict[str, list[tuple[DockerCall, BuildArg]]] = {}
        given = cache(partial(is_given, deployment, project))
        for call in deployment.calls:
            if call.docker and call.docker.builds and not call.host:
                for arg in _open_args(call):
                    variable = self._variable(arg)
                    told = deployment.job.objection and variable and _may_be_told(deployment, variable)
                    if variable and not told and not given(variable):
                        unset.setdefault(variable, []).append((call, arg))
        for variable, found in unset.items():
            yield self._report(deployment, variable, found)

    def _variable(self, arg: BuildArg) -> str | None:
        """The variable that a commit argument takes its value from."""
        if not self.settings.commit_arg.is_one(arg.name):
            return None
        return variable_of(arg.value, arg.name)

    def _report(self, deployment: Deployment, variable: str, found: list[tuple[DockerCall, BuildArg]]) -> Diagnostic:
        calls = list({id(call): call for call, _ in found}.values())
        uses_git = any(unit.script.uses_git for unit in deployment.units)
        level = Applicability.SAFE if uses_git else Applicability.UNSAFE
        steps = commit_steps(deployment, calls, variable)
        fix = fix_of(f"set {variable}", level, deployment.job, [(calls[0].unit, steps)] if calls[0].unit else [])
        first, arg = found[0]
        default = default_of(arg.value)
        same = f"`{default}`" if default else "empty"
        return self.report(
            (deployment.source, first.span),
            f"Nothing sets {variable} for this build, so the commit argument is the same, {same}, for every commit: "
            f"the steps below its ARG stay CACHED. Write {told_commit(deployment.job.kind, variable)}.",
            fix=fix,
            related=(Related(locate(arg.source, arg.entry.span), "passed here"),),
        )


def _open_args(call: DockerCall) -> Iterator[BuildArg]:
    """The arguments whose value no file gives; none where a file that is not here may give it."""
    project = call.project_in(None)
    if project is None or project.lacks_variables:
        return
    for build in call.services:
        resolved = project.services[build.service.name].build if build.service else None
        known = {name for name, leaf in resolved.args.items() if leaf.known} if resolved else set()
        yield from (one for one in build.args if one.name not in known)


def _may_be_told(deployment: Deployment, variable: str) -> bool:
    """Whether a file whose language is read in part may say more about the variable, or take in a file that does."""
    return re.search(rf"\b{re.escape(variable)}\b|{_MORE}", deployment.source.text, re.MULTILINE) is not None
