"""``cachelint prune-step``: from arguments to a step on the screen, or in scripts."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cachelint.arguments import read_arguments
from cachelint.census import builds_of_tree
from cachelint.commit_names import commit_variable
from cachelint.discovery import SCRIPTS
from cachelint.linter import Linter
from cachelint.messages import InputError, complain
from cachelint.open_findings import asking, is_cause
from cachelint.output.prune_step import Answer, Insertion, Unwritten, render
from cachelint.prune.decision import Cause, chosen, decide
from cachelint.prune.paste import PASTE
from cachelint.prune.scope import Scope, prune_commands
from cachelint.prune.script_step import Wish
from cachelint.show import emit
from cachelint.source import SourceError, write_source

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from cachelint.arguments import Job
    from cachelint.prune.decision import Decision
    from cachelint.prune.script_step import Refused
    from cachelint.prune_writing import WrittenFile


def prune_command(options: argparse.Namespace) -> int:
    """Print the step, or write it. Returns the exit code; raises `InputError`.

    0 printed, written, or there already; 1 something is left to do by hand, or (with ``--diff``) would be written;
    2 a file could not be written.
    """
    _check_options(options)
    job = _job(options)
    decision = _decision(options, job)
    variable = commit_variable(builds_of_tree(job.workspace, job.given), job.config.commit_arg)
    wish = Wish(decision, variable, options.tolerant)
    if options.write is None:
        text = PASTE[options.language](decision, variable, options.tolerant)
        emit(render(Answer(decision, prune_commands(decision.scope), text), options.output_format), options)
        return 0
    return _write(options, job, wish)


def _check_options(options: argparse.Namespace) -> None:
    if options.isolated and options.config:
        raise InputError("--isolated and --config exclude each other")
    if options.diff and options.write is None:
        raise InputError("--diff goes with --write: it shows what would be written")
    if options.diff and options.output_format != "text":
        raise InputError("--diff is a format of its own: it goes without --output-format")
    if options.write is not None and options.language:
        raise InputError("--for is for pasting: --write sees for itself what a file is")
    options.language = options.language or "bash"


def _job(options: argparse.Namespace) -> Job:
    if options.paths == "-" or "-" in (options.write or ()):
        raise InputError("the project's files decide: name a directory, and the scripts to write")
    options.paths = [options.paths or ".", *(options.write or ())]
    jobs, complaints = read_arguments(options)
    if complaints:
        raise InputError("; ".join(complaints))
    if len(jobs) > 1:
        raise InputError("the scripts belong to another project: name its directory as PATH")
    return jobs[0]


def _decision(options: argparse.Namespace, job: Job) -> Decision:
    if options.scope != "auto":
        return chosen(Scope[options.scope.upper()])
    return decide(_open_causes(job))


def _open_causes(job: Job) -> tuple[Cause, ...]:
    """What is found that decides and nobody has silenced, whatever else was selected for this run."""
    directory = job.directories[0] if job.directories else job.workspace.tree.root
    report = Linter(job.workspace, asking(job.config), job.given).lint()._replace(directory=directory)
    return tuple(sorted({Cause(one.rule, report.relative(one.path)) for one in report.diagnostics if is_cause(one)}))


def _write(options: argparse.Namespace, job: Job, wish: Wish) -> int:
    from cachelint.prune_writing import write_steps

    scripts = _scripts(options, job)
    found = write_steps(job, scripts, wish)
    after = _decision_after(options, job, found)
    if after.scope != wish.decision.scope:  # the commit line beside the step was all that it needed
        cheaper = wish._replace(decision=after)
        instead = write_steps(job, scripts, cheaper)
        if _decision_after(options, job, instead) == after:
            wish, found = cheaper, instead
    failed = False if options.diff else _write_files(found)
    mistaken = _complain_of_mistakes(job, found)
    if options.diff:
        _show_diff(found, options)
    else:
        decision = wish.decision
        answer = Answer(decision, prune_commands(decision.scope), "", *_told(found), understood=not mistaken)
        emit(render(answer, options.output_format), options)
    if mistaken or failed:
        return 2
    pending = options.diff and any(one.edits for one in found)
    return 1 if pending or any(one.refused for one in found) else 0


def _complain_of_mistakes(job: Job, found: Sequence[WrittenFile]) -> bool:
    """Say which files could not be understood; whether there are any."""
    from cachelint.unread import mistake_in

    left = [(one, mistake_in(job.workspace, one.source.path)) for one in found if not one.edits]
    for one, mistake in left:
        if mistake:
            complain(f"{_shown(one)}:{mistake[0]}: {mistake[1]}: nothing is written into the file")
    return any(mistake for _, mistake in left)


def _decision_after(options: argparse.Namespace, job: Job, found: Sequence[WrittenFile]) -> Decision:
    """The decision as it would be with these files; nothing stays edited."""
    for one in found:
        job.workspace.edit(one.source.path, one.text)
    try:
        return _decision(options, job)
    finally:
        for one in found:
            job.workspace.revert(one.source.path)


def _scripts(options: argparse.Namespace, job: Job) -> list[str]:
    paths: list[str] = []
    for name in options.write:
        path = os.path.join(os.path.realpath(os.path.dirname(os.path.abspath(name))), os.path.basename(name))
        known = job.workspace.tree.name_of(path)
        if job.workspace.tree.files.get(known) not in SCRIPTS:
            raise InputError(f"{name}: neither a shell script nor a workflow")
        try:
            job.workspace.source(known)
        except SourceError as error:
            raise InputError(f"{name}: {error}") from error
        paths.append(known)
    return list(dict.fromkeys(paths))


def _write_files(found: Sequence[WrittenFile]) -> bool:
    """Write what has changed; whether a file could not be written."""
    failed = False
    for one in found:
        try:
            if one.text != one.source.text:
                write_source(one.source, one.text)
        except SourceError as error:
            complain(f"{os.path.relpath(one.source.path)}: not written: {error}")
            failed = True
    return failed


def _show_diff(found: Sequence[WrittenFile], options: argparse.Namespace) -> None:
    from cachelint.output.diff import render_diff

    text = "".join(render_diff(_shown(one), one.source.text, one.text) for one in found if one.edits)
    emit(text, options, exact=True)
    for one in found:
        for left in one.refused:
            complain(f"{_shown(one)}:{one.source.position(left.span.start).line}: no step: {left.reason}")
        for left in one.untold:
            complain(f"{_shown(one)}:{one.source.position(left.span.start).line}: no commit: {left.reason}")


def _told(
    found: Sequence[WrittenFile],
) -> tuple[tuple[Insertion, ...], tuple[Unwritten, ...], tuple[str, ...], tuple[Unwritten, ...]]:
    insertions = [
        Insertion(_shown(one), one.source.position(edit.span.start).line, edit.replacement)
        for one in found
        for edit in one.edits
    ]
    refused = [_unwritten(one, left) for one in found for left in one.refused]
    untold = [_unwritten(one, left) for one in found for left in one.untold]
    same = [_shown(one) for one in found if not one.edits and not one.refused and one.builds]
    return tuple(insertions), tuple(refused), tuple(same), tuple(untold)


def _unwritten(one: WrittenFile, left: Refused) -> Unwritten:
    return Unwritten(_shown(one), one.source.position(left.span.start).line, left.reason, left.text)


def _shown(one: WrittenFile) -> str:
    return os.path.relpath(one.source.path).replace(os.sep, "/")
