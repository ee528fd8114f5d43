"""What a build log cannot show, where the project is exposed to it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cachelint.buildlog.record import Scheme
from cachelint.config import with_options
from cachelint.diagnostic import Severity
from cachelint.linter import Linter
from cachelint.plan import relative

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cachelint.arguments import Job
    from cachelint.judging.changes import Expectations
    from cachelint.judging.steps import BoundBuild

_MAX_LISTED = 3


def blind_spots(bound: Sequence[BoundBuild], expectations: Expectations, job: Job) -> Iterator[str]:
    """What could make the containers run old code though the log is that of a fresh build."""
    yield from _unseen_changes(bound, expectations)
    yield from _hiding_volumes(job)


def _hiding_volumes(job: Job) -> Iterator[str]:
    """Volumes over what was built, as the rule volume-over-build finds them."""
    config = with_options(job.config, ["volume-over-build"], ())
    for one in Linter(job.workspace, config, job.given).lint().diagnostics:
        if one.rule == "volume-over-build" and one.severity is not Severity.NOTE:
            yield f"{relative(one.path)}:{one.location.start.line}: {one.message}"


def _unseen_changes(bound: Sequence[BoundBuild], expectations: Expectations) -> Iterator[str]:
    """Changed files of the size that they had, with a time that git would not have given them.

    BuildKit reads a file again only when its size, time or mode differs from its copy of the context
    (tonistiigi/fsutil, diff_containerd.go, sameFile). A checkout gives a changed file the time of the checkout.
    """
    roots = [
        os.path.realpath(one.subject.context.directory)
        for one in bound
        if one.subject and one.logged.scheme not in (Scheme.LEGACY, Scheme.BUILDAH)
    ]
    committed = expectations.history.committed_at() if roots else 0.0
    found = [
        path
        for path in expectations.certain
        if any(path.startswith(os.path.join(root, "")) for root in roots) and _is_unseen(path, committed, expectations)
    ]
    if found:
        listed = ", ".join(map(relative, found[:_MAX_LISTED]))
        more = f" and {len(found) - _MAX_LISTED} more" if len(found) > _MAX_LISTED else ""
        yield (
            f"{listed}{more}: changed, with the size of before and a time older than the change. Where BuildKit's copy "
            "of the context has that time too, it keeps the old content, and the step is said to have run"
        )


def _is_unseen(path: str, committed: float, expectations: Expectations) -> bool:
    try:
        status = os.lstat(path)
    except OSError:
        return False
    return status.st_mtime < committed and status.st_size == expectations.history.size(path)
