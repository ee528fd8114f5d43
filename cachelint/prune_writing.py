"""The step in the files of a project: what is written into each, and what is left to do by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.census import Census
from cachelint.documents.script_flow import TooLongError
from cachelint.fix import apply_edits
from cachelint.prune.cache_clear import clearing_steps, find_clearing
from cachelint.prune.commit_step import is_given
from cachelint.prune.job_step import job_steps, missing_prunes
from cachelint.prune.scope import NEEDED
from cachelint.prune.script_step import Refused, refused_at
from cachelint.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cachelint.arguments import Job
    from cachelint.deployment.model import Deployment
    from cachelint.fix import Edit
    from cachelint.prune.script_step import Wish
    from cachelint.source import SourceFile


class WrittenFile(NamedTuple):
    """A file with the steps in it. `edits` are on the old text; nothing is written yet.

    `untold` are the builds that get a step, and no line that tells them their commit.
    """

    source: SourceFile
    text: str
    edits: tuple[Edit, ...]
    refused: tuple[Refused, ...]
    builds: bool
    untold: tuple[Refused, ...] = ()


def write_steps(job: Job, paths: Iterable[str], wish: Wish) -> tuple[WrittenFile, ...]:
    """What the step makes of some files (absolute paths of scripts and workflows), in memory."""
    return tuple(_written(job, path, wish) for path in paths)


def _written(job: Job, path: str, wish: Wish) -> WrittenFile:
    source = job.workspace.source(path)
    project = Census(job.workspace).scripted(path)[0]
    deployments = project.deployments
    variable = wish.variable
    given = variable if variable and any(is_given(one, project, variable) for one in deployments) else None
    if given:
        wish = wish._replace(variable=None)
    steps = [job_steps(one, wish, job.config.commit_arg) for one in deployments]
    steps += [clearing_steps(one, found, wish) for one in deployments if (found := find_clearing(one))]
    edits = tuple(sorted({edit for step in steps for edit in step.edits}))
    refused = tuple(one for step in steps for one in step.refused)
    text = apply_edits(source.text, edits)
    builds = any(_builds(one) for one in deployments)
    if edits and not _holds(job, path, text, wish, len(refused)):
        reason = "the step would not stand in front of every build: nothing was written"
        return WrittenFile(source, source.text, (), (refused_at(edits[0].span, reason, wish),), builds)
    untold = tuple(one.untold for step in steps for one in step.written if one.untold)
    if given and edits and given not in source.text:
        untold = (Refused(edits[0].span, f"{given} may have its value from elsewhere", ""),)
    return WrittenFile(source, text, edits, refused, builds, untold)


def _deployments(job: Job, path: str) -> tuple[Deployment, ...]:
    return Census(job.workspace).scripted(path)[0].deployments


def _builds(deployment: Deployment) -> bool:
    return any(call.docker.builds if call.docker else call.action is not None for call in deployment.calls)


def _holds(job: Job, path: str, text: str, wish: Wish, left: int) -> bool:
    """Whether the edited text, read again, has the step in front of all builds but those that are left out."""
    old = [call.docker.command.texts for one in _deployments(job, path) for call in one.calls if call.docker]
    job.workspace.edit(path, text)
    try:
        new = _deployments(job, path)
        missing = [
            one for deployment in new for one in missing_prunes(deployment, NEEDED[wish.decision.scope], by_name=False)
        ]
        found = [call.docker.command.texts for one in new for call in one.calls if call.docker]
        return len(missing) <= left and [one for one in found if "prune" not in one] == [
            one for one in old if "prune" not in one
        ]
    except TooLongError:
        return False
    finally:
        job.workspace.revert(path)
