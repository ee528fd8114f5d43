"""``cachelint prune-step``: from arguments to a step on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.arguments import read_arguments
from cachelint.messages import InputError
from cachelint.open_findings import open_causes
from cachelint.output.prune_step import Answer, render
from cachelint.prune.decision import chosen, decide
from cachelint.prune.paste import PASTE
from cachelint.prune.scope import Scope, prune_commands
from cachelint.show import emit

if TYPE_CHECKING:
    import argparse

    from cachelint.arguments import Job
    from cachelint.prune.decision import Decision


def prune_command(options: argparse.Namespace) -> int:
    """Print the step. Returns the exit code; raises `InputError`."""
    if options.isolated and options.config:
        raise InputError("--isolated and --config exclude each other")
    job = _job(options)
    decision = _decision(options, job)
    variable = job.config.commit_arg.name
    text = PASTE[options.language](decision, variable, options.tolerant)
    answer = Answer(decision, prune_commands(decision.scope), text)
    emit(render(answer, options.output_format), options)
    return 0


def _job(options: argparse.Namespace) -> Job:
    options.paths = [options.paths or "."]
    if options.paths == ["-"]:
        raise InputError("the project's files decide: name a directory")
    jobs, complaints = read_arguments(options)
    if complaints:
        raise InputError("; ".join(complaints))
    [job] = jobs
    return job


def _decision(options: argparse.Namespace, job: Job) -> Decision:
    if options.scope != "auto":
        return chosen(Scope[options.scope.upper()])
    directory = job.directories[0] if job.directories else None
    return decide(open_causes(job.workspace, job.config, job.given, directory))
