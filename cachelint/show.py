"""Where results go: standard output, a file, or standard error when standard output is taken."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from cachelint.messages import InputError
from cachelint.output import render
from cachelint.output.terminal import Style, printable

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Sequence

    from cachelint.arguments import Job
    from cachelint.diagnostic import Report
    from cachelint.source import SourceFile


def show_diff(report: Report, changes: Sequence[tuple[SourceFile, str]], options: argparse.Namespace) -> None:
    """What --fix would write; what is left to say goes to standard error."""
    from cachelint.output.diff import render_diff
    from cachelint.output.text import count, refusals, summary

    emit("".join(render_diff(report.relative(old.path), old.text, new) for old, new in changes), options, exact=True)
    for line in refusals(report):
        print(line, file=sys.stderr)
    if not options.quiet:
        changed = f"Would fix {count(report.fixed, 'problem')} in {count(len(changes), 'file')}. " if changes else ""
        print(f"{changed}{summary(report._replace(fixed=0))}", file=sys.stderr)


def show_report(report: Report, options: argparse.Namespace, fixed_text: str | None) -> None:
    """The report, on standard error when standard output is taken by the fixed text of standard input."""
    to_stderr = fixed_text is not None and not options.output_file
    if fixed_text is not None:
        _write_exactly(fixed_text)
    if options.statistics:
        from cachelint.output.statistics import render_statistics

        text = render_statistics(report)
    else:
        text = render(report, options.output_format, Style(colors(options, to_stderr), quiet=options.quiet))
    if to_stderr:
        sys.stderr.write(text)
    else:
        emit(text, options)


def emit(text: str, options: argparse.Namespace, *, exact: bool = False) -> None:
    """Write results to the output file, else to standard output; `exact`: in these very bytes, but on a terminal.

    There a stranger's escape sequences could rewrite what is on the screen.
    """
    if options.output_file:
        try:
            with open(options.output_file, "wb") as file:
                file.write(_bytes(text))
        except (OSError, ValueError) as error:
            reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
            raise InputError(f"{options.output_file}: {reason.lower()}") from error
    elif exact and not sys.stdout.isatty():
        _write_exactly(text)
    elif exact:
        sys.stdout.write(_legible(text))
    else:
        sys.stdout.write(text)


def _legible(text: str) -> str:
    """The text with all control characters as escapes, tabs and line breaks aside."""
    return "\n".join("\t".join(map(printable, line.split("\t"))) for line in text.split("\n"))


def _write_exactly(text: str) -> None:
    """Write what has to arrive byte for byte, whatever the encoding of standard output."""
    sys.stdout.flush()
    sys.stdout.buffer.write(_bytes(text))


def _bytes(text: str) -> bytes:
    """The text as UTF-8; a file name that is none keeps its bytes."""
    return text.encode("utf-8", "surrogateescape")


def colors(options: argparse.Namespace, to_stderr: bool = False) -> bool:
    """Whether results are to be painted."""
    if options.color != "auto":
        return bool(options.color == "always")
    if os.environ.get("NO_COLOR") or options.output_file:
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return (sys.stderr if to_stderr else sys.stdout).isatty() and os.environ.get("TERM") != "dumb"


def show_files(jobs: Iterable[Job], options: argparse.Namespace) -> None:
    """What would be checked, and as what; what would be skipped, and why."""
    from cachelint.census import projects

    notes: dict[str, str] = {}
    for job in jobs:
        odd = {path: "no services in it" for project in projects(job.workspace) for path in project.skipped}
        skipped = {path: f"skipped: {reason}" for path, reason in {**job.workspace.tree.skipped, **odd}.items()}
        kinds = {path: kind.value for path, kind in job.workspace.tree.files.items()}
        notes.update((path, note) for path, note in {**kinds, **skipped}.items() if job.concerns(path))
    emit("".join(f"{printable(os.path.relpath(path))}: {notes[path]}\n" for path in sorted(notes)), options)
