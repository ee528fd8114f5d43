"""preserved-mtime."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cachelint.deployment.arrivals import arrivals
from cachelint.deployment.file_times import Setting, packs_with_times, settings
from cachelint.deployment.shipping import only_tries
from cachelint.deployment.trail import below, follow, holds, related
from cachelint.diagnostic import Related, Severity, locate
from cachelint.documents.script_flow import TooLongError
from cachelint.prune.deploying import builds_with_docker
from cachelint.prune.job_step import missing_prunes
from cachelint.prune.scope import NEEDED, Scope
from cachelint.record import NamedTuple
from cachelint.regex import regex
from cachelint.rules.base import Example, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.deployment.model import Deployment, DockerCall
    from cachelint.deployment.trail import Known, Moment
    from cachelint.diagnostic import Diagnostic
    from cachelint.project import Project
    from cachelint.source import Span

_MAY_SET = regex(r"\b(?:touch|restore-mtime|rsync|scp|cp|--mtime)\b|--mtime")
_SCRIPT = """\
#!/bin/bash
set -e
find . -type f -exec touch -d @0 {{}} +
{}docker build --tag web .
docker push web
"""


class PreservedMtime(Rule):
    """Files get their times set before the build, so BuildKit cannot see that they changed.

    ## What it does
    Finds commands in front of a build, on the same machine, that set the times of files of its context: `touch -d`
    (`-r`, `-t`), `git restore-mtime`, an archive made with `tar --mtime` and unpacked there; and `rsync -a`, `scp -p`,
    `cp -a`, `cp -p` of files from outside the work tree, which keep the times that they have there. Copies of the work
    tree itself are not reported, because git gives a file a new time when it changes.

    ## Why it matters
    BuildKit keeps a copy of the context and reads only files again whose size, time or mode has changed. With equal
    sizes (`18:00` and `19:00`, two hashes) it keeps the old content: the `COPY` is `CACHED`, and with `--no-cache` it
    runs on the old copy.

    ## Example
    See the examples: with the copy dropped in front of the build the times no longer matter.

    ## Fix safety
    There is no fix of its own: `build-without-prune` writes the step that takes care of it. The legacy builder and
    builds that have such a step in front of them are not reported.
    """

    id = "preserved-mtime"
    summary = "files get their times set before the build, which hides from BuildKit that they changed"
    severity = Severity.WARNING
    examples = (
        Example(
            bad={"deploy.sh": _SCRIPT.format("")},
            good={"deploy.sh": _SCRIPT.format("docker builder prune --force --filter type=source.local\n")},
            fixable=False,
        ),
    )

    def check_deployment(self, deployment: Deployment, project: Project) -> Iterator[Diagnostic]:
        """Findings about a script or a job."""
        if not any(_MAY_SET.search(unit.text.text) for unit in deployment.units):
            return
        if only_tries(deployment) and not self.settings.is_deploy_script(deployment.source.path):
            return
        found = [(moment, times) for moment, known in follow(deployment, _effect) if (times := _times(moment, known))]
        unpruned = _unpruned(deployment) if found else frozenset()
        told: set[Span] = set()
        for moment, times in found:
            call = moment.call
            if call and call.span in unpruned and _builds(call) and deployment.is_ephemeral(call) is False:
                seen = [one for one in times if one.span not in told and _takes(call, moment, one)]
                told |= {one.span for one in seen}
                yield from (self._report(deployment, one, call) for one in sorted(seen, key=lambda one: one.span))

    def _report(self, deployment: Deployment, setting: Setting, call: DockerCall) -> Diagnostic:
        return self.report(
            (deployment.source, setting.span),
            f"`{setting.what}` sets the times of files that are built below: BuildKit does not read a file again whose "
            "size and time are unchanged, so new content of equal length is built from the old copy, even with "
            "--no-cache. Leave the times alone, or prune before the build: `cachelint prune-step` says what.",
            related=(Related(locate(deployment.source, call.span), "built here"),),
        )


class _Packed(NamedTuple):
    """An archive in which all files have a time that was chosen."""

    span: Span


def _effect(moment: Moment, known: Known) -> Known:
    if packs_with_times(moment.command):
        assert moment.command
        known = known | {_Packed(moment.command.span)}
    for packed in (one for one in known if isinstance(one, _Packed)):
        unpacked = (one for one in arrivals(moment) if one.what == "tar")
        known = known | {Setting(one.machine, one.place, "tar --mtime", packed.span) for one in unpacked}
    return known | frozenset(settings(moment))


def _times(moment: Moment, known: Known) -> list[Setting]:
    """What has set times on the machine of a call."""
    if moment.call is None:
        return []
    return [one for one in known if isinstance(one, Setting) and one.machine == moment.machine]


def _unpruned(deployment: Deployment) -> frozenset[Span]:
    """The places of the builds that are reached without a prune in front of them."""
    try:
        missing = missing_prunes(deployment, NEEDED[Scope.CONTEXT])
    except TooLongError:
        return frozenset()
    return frozenset(span for one in missing if not one.is_legacy for span in one.spans)


def _builds(call: DockerCall) -> bool:
    if call.docker is None:
        return bool(call.builds_itself)
    return builds_with_docker(call.docker)


def _takes(call: DockerCall, moment: Moment, setting: Setting) -> bool:
    """Whether a build takes files whose times were set."""
    contexts = list(_contexts(call, moment))
    if contexts:
        return any(related(one, setting.place) for one in contexts)
    return holds(setting.place, moment.place)


def _contexts(call: DockerCall, moment: Moment) -> Iterator[str]:
    """The places of the contexts, where they are certain."""
    if call.docker and call.docker.verb == "build":
        if call.docker.context:
            yield below(moment.place, call.docker.context.text)
        return
    for build in call.services or call.builds_itself:
        if build.context and call.directory:
            yield below(moment.place, os.path.relpath(build.context.directory, call.directory))
