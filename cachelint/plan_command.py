"""``cachelint plan``: from arguments to a plan on the screen."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING

from cachelint.arguments import read_project
from cachelint.buildcache.steps import Builder
from cachelint.config import suggestion
from cachelint.messages import InputError, complain
from cachelint.output.plan import render
from cachelint.output.terminal import Style
from cachelint.plan import make_plan, relative
from cachelint.plan_changes import KINDS, ask
from cachelint.show import colors, emit

if TYPE_CHECKING:
    import argparse

    from cachelint.arguments import Job
    from cachelint.plan import Plan
    from cachelint.plan_changes import Question

_WIDTH = 100


def plan_command(options: argparse.Namespace) -> int:
    """Print what each build re-runs. Returns the exit code; raises `InputError`."""
    job = read_project(options, "a plan needs the files of a build: name a directory, a Compose file or a Dockerfile")
    question = _question(options, job)
    builder = Builder(options.builder)
    plan, unused = make_plan(job, question, options.service, builder)
    if not plan.builds:
        raise InputError(_nothing(plan, options.paths))
    if not question.since:
        _warn(unused)
    text = render(plan, options.output_format, Style(colors(options)), _width(options))
    emit(text, options)
    return 0


def _question(options: argparse.Namespace, job: Job) -> Question:
    given = options.change or []
    kinds = [one for one in given if one in KINDS]
    paths = [_path(one, options.paths) for one in given if one not in KINDS]
    since = None
    if options.since is not None:
        from cachelint.revision import Revision

        since = Revision(job.workspace.tree.root, options.since)
    return ask(kinds if given or since else KINDS, paths, since)


def _path(name: str, planned: list[str]) -> str:
    """The absolute path that a user means: from here, else from the directory that is planned."""
    if not name or "\0" in name:
        raise InputError(f"--change: {name!r} is no path")
    path = os.path.abspath(name)
    if not os.path.lexists(path):
        inside = next((one for one in (os.path.join(place, name) for place in planned) if os.path.lexists(one)), None)
        if inside is None and (hint := suggestion(name, KINDS)):
            raise InputError(f"--change {name}: no such file{hint}")
        path = os.path.abspath(inside or name)
    directory, base = os.path.split(path)
    return os.path.join(os.path.realpath(directory), base)


def _nothing(plan: Plan, paths: list[str]) -> str:
    if plan.skipped:
        reasons = (f"{one.service or relative(one.location.path)}: {one.reason}" for one in plan.skipped)
        return f"nothing can be planned: {'; '.join(reasons)}"
    return f"nothing to plan in {paths[0]}: no service is built there, and there is no Dockerfile"


def _warn(unused: set[str]) -> None:
    for path in sorted(unused):
        complain(f"{relative(path)}: in no planned build's context, so that its change re-runs nothing")


def _width(options: argparse.Namespace) -> int:
    """How wide lines may be: as the terminal, and always the same anywhere else."""
    if options.output_file or not sys.stdout.isatty():
        return _WIDTH
    return max(60, shutil.get_terminal_size((_WIDTH, 0)).columns)
