"""``cachelint [PATH ...]``: from arguments to a report, and from fixes to files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cachelint.arguments import STDIN, Job, read_arguments
from cachelint.diagnostic import Refusal, Report, RuleInfo
from cachelint.discovery import SCRIPTS, Kind
from cachelint.documents.compose import NotComposeError
from cachelint.fix import Applicability
from cachelint.linter import Linter
from cachelint.messages import InputError, complain
from cachelint.progress import Progress
from cachelint.record import NamedTuple
from cachelint.show import show_diff, show_files, show_report
from cachelint.source import SourceError, write_source

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Sequence

    from cachelint.fixer import Fixed
    from cachelint.source import SourceFile


class _Result(NamedTuple):
    """What a job came to. `complaints` are about files that were named, or could not be read."""

    report: Report
    changes: tuple[tuple[SourceFile, str], ...]
    complaints: tuple[str, ...]
    failed: bool


def lint_command(options: argparse.Namespace) -> int:
    """Lint, and fix when asked to. Returns the exit code; raises `InputError`."""
    _check_options(options)
    with Progress(quiet=options.quiet) as progress:
        jobs, complaints = read_arguments(options)
        results = [] if options.show_files else [_run(job, options, progress.update) for job in jobs]
    for complaint in (*complaints, *(complaint for result in results for complaint in result.complaints)):
        complain(complaint)
    if options.show_files:
        show_files(jobs, options)
        return 2 if complaints else 0
    if not results:
        return 2
    result = _merged(results, _rules() if options.output_format == "sarif" else ())
    if options.diff:
        show_diff(result.report, result.changes, options)
    else:
        show_report(result.report, options, _stdin_text(jobs) if options.fix else None)
    return 2 if complaints else _exit_code(result, options)


def _check_options(options: argparse.Namespace) -> None:
    if options.unsafe_fixes and not (options.fix or options.diff):
        raise InputError("--unsafe-fixes goes with --fix or --diff")
    if options.fix and options.diff:
        raise InputError("--fix writes and --diff does not: choose one")
    if options.diff and (options.statistics or options.output_format != "text"):
        raise InputError("--diff is a format of its own: it goes without --statistics and --output-format")
    if options.statistics and options.output_format != "text":
        raise InputError("--statistics is text: it goes without --output-format")
    if options.isolated and options.config:
        raise InputError("--isolated and --config exclude each other")
    if STDIN in options.paths and options.paths != [STDIN]:
        raise InputError("standard input (-) is read alone, without other paths")
    if (options.paths == [STDIN]) != (options.stdin_filename is not None):
        raise InputError("standard input (-) and --stdin-filename NAME go together")


def _run(job: Job, options: argparse.Namespace, progress: Callable[[int], None]) -> _Result:
    linter = Linter(job.workspace, job.config, job.given, progress)
    report, changes = _fixed(linter, job, options) if options.fix or options.diff else (linter.lint(), ())
    complaints = (*_not_compose(job), *_not_read(job, report))
    unread = any(one.path in job.workspace.unreadable for one in report.diagnostics)
    return _Result(report, changes, complaints, bool(complaints or unread or report.refused))


def _fixed(linter: Linter, job: Job, options: argparse.Namespace) -> Fixed:
    from cachelint.fixer import Fixer  # with all that compares meanings: a tenth of what a run imports

    least = Applicability.UNSAFE if options.unsafe_fixes else Applicability.SAFE
    fixed = Fixer(linter, least, job.stdin).fix()
    return _write(fixed, linter, job) if options.fix and not job.stdin else fixed


def _not_compose(job: Job) -> Iterator[str]:
    """A complaint about each file that was named and turns out to hold no services."""
    for path in job.named:
        if job.workspace.tree.files.get(path) is Kind.COMPOSE:
            try:
                job.workspace.compose(path)
            except NotComposeError as error:
                yield f"{os.path.relpath(path)}: not a Compose file: {error} (exclude it if that is meant)"
            except Exception:  # noqa: BLE001, S112  # it is in the report
                continue


def _not_read(job: Job, report: Report) -> Iterator[str]:
    """A complaint about each file of commands that was named and cannot be read, where the report has none."""
    reported = {one.path for one in report.diagnostics}
    for path in job.named:
        if job.workspace.tree.files.get(path) in SCRIPTS and path not in reported:
            try:
                job.workspace.source(path)
            except SourceError as error:
                yield f"{os.path.relpath(path)}: {error}"


def _write(fixed: Fixed, linter: Linter, job: Job) -> Fixed:
    """Write every changed file; one that cannot be written is refused, and the others are still done."""
    refused: list[Refusal] = []
    for source, text in fixed.changes:
        try:
            write_source(source, text)
        except SourceError as error:
            refused.append(Refusal("*", source.path, f"not written: {error}"))
            job.workspace.revert(source.path)
    return _with_unwritten(fixed, linter.lint(), refused) if refused else fixed


def _with_unwritten(fixed: Fixed, now: Report, refused: list[Refusal]) -> Fixed:
    """The outcome when some files stayed as they were: what was found in them is found again."""
    unwritten = {one.path for one in refused}
    left = sum(one.fix_path in unwritten and one.fix is not None for one in now.diagnostics)
    report = now._replace(
        refused=(*fixed.report.refused, *refused),
        fixed=max(0, fixed.report.fixed - left),
    )
    changes = tuple((source, text) for source, text in fixed.changes if source.path not in unwritten)
    return fixed._replace(report=report, changes=changes)


def _merged(results: Sequence[_Result], rules: tuple[RuleInfo, ...]) -> _Result:
    reports = [result.report for result in results]
    found = {one.identity: one for report in reports for one in report.diagnostics}
    report = Report(
        tuple(sorted(found.values(), key=lambda one: one.order)),
        reports[0].directory,
        sum(report.files for report in reports),
        sum(report.suppressed for report in reports),
        sum(report.fixed for report in reports),
        tuple(refusal for report in reports for refusal in report.refused),
        rules,
    )
    changes = {source.path: (source, text) for result in results for source, text in result.changes}
    return _Result(
        report, tuple(changes[path] for path in sorted(changes)), (), any(result.failed for result in results)
    )


def _rules() -> tuple[RuleInfo, ...]:
    from cachelint.rules import all_rules

    return tuple(RuleInfo(rule.id, rule.severity, rule.summary, rule.__doc__ or "") for rule in all_rules())


def _stdin_text(jobs: list[Job]) -> str | None:
    [job, *_] = jobs
    return job.workspace.source(job.stdin).text if job.stdin else None


def _exit_code(result: _Result, options: argparse.Namespace) -> int:
    if result.failed:
        return 2
    pending = options.diff and result.changes
    return 1 if (result.report.diagnostics or pending) and not options.exit_zero else 0
