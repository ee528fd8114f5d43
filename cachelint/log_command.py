"""``cachelint log``: from arguments to a judgement on the screen."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING

from cachelint.arguments import STDIN, read_project
from cachelint.buildlog.reader import read_log
from cachelint.judging.judge import judge
from cachelint.judging.judgement import Verdict
from cachelint.messages import InputError
from cachelint.output.log import render
from cachelint.output.terminal import Style
from cachelint.progress import Progress
from cachelint.show import colors, emit

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from typing import BinaryIO

    from cachelint.arguments import Job
    from cachelint.buildlog.record import BuildLog
    from cachelint.revision import Revision

_CODES = {Verdict.FRESH: 0, Verdict.STALE: 1, Verdict.UNKNOWN: 2}


def log_command(options: argparse.Namespace) -> int:
    """Print what the builds of a log did. Returns the exit code; raises `InputError`."""
    job = read_project(
        options, "the project is a directory, a Compose file or a Dockerfile: only the log can come from -"
    )
    since = _revision(options, job)
    log = _read(options)
    judgement = judge(log, job, since)
    emit(render(judgement, options.output_format, Style(colors(options), quiet=options.quiet)), options)
    return _CODES[judgement.verdict] if since else 0


def _revision(options: argparse.Namespace, job: Job) -> Revision | None:
    if options.since is None:
        return None
    from cachelint.revision import Revision

    return Revision(job.workspace.tree.root, options.since)


def _read(options: argparse.Namespace) -> BuildLog:
    name = "standard input" if options.log == STDIN else options.log
    read = 0

    def advance(size: int) -> None:
        nonlocal read
        read += size
        progress.update(read // 1_000_000)

    try:
        with _opened(options.log) as stream, Progress(quiet=options.quiet, what="MB read") as progress:
            log = read_log(stream, advance)
    except InputError as error:
        raise InputError(f"{name}: {error}") from error
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise InputError(f"{name}: {reason.lower()}") from error
    if not log.builds:
        hint = " (a quiet build prints none of its steps)" if read else ": it is empty"
        raise InputError(f"{name}: no build in this log{hint}")
    return log


@contextlib.contextmanager
def _opened(name: str) -> Iterator[BinaryIO]:
    if name == STDIN:
        yield sys.stdin.buffer
        return
    if os.path.isdir(name):
        raise InputError("a directory, not a log")
    with open(name, "rb") as stream:
        yield stream
