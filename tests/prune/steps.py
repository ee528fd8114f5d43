"""The step in a script that stands alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.documents.docker_calls import docker_calls
from cachelint.documents.script_flow import TooLongError
from cachelint.prune.proof import proven
from cachelint.prune.scope import NEEDED
from cachelint.prune.script_step import Steps, Wish, refused_at, steps_of
from cachelint.prune.unpruned import DockerCalls, unpruned

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cachelint.commit_arg import CommitArg
    from cachelint.documents.script import Script


def calls_of(script: Script, environment: Mapping[str, str] | None = None) -> DockerCalls:
    """The calls in a script that stands alone."""
    found = docker_calls(script, environment)
    return DockerCalls(script, {readings[0].command.number: readings[0] for readings in found})


def steps_for(calls: DockerCalls, wish: Wish, commit: CommitArg) -> Steps:
    """What to write into a script so that no path builds without the step."""
    try:
        missing = list(unpruned(calls, NEEDED[wish.decision.scope]))
    except TooLongError as error:
        return Steps((), (refused_at(calls.script.body.span, str(error), wish),))
    found = [proven(calls, one, steps_of(calls, (one,), wish, commit), wish) for one in missing]
    written = {step.edit.span: step for one in found for step in one.written}
    return Steps(tuple(written[span] for span in sorted(written)), tuple(no for one in found for no in one.refused))
