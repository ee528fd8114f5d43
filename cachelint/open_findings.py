"""The findings of a project that decide how much of the build cache its deploys must drop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.linter import Linter
from cachelint.prune.decision import Cause

if TYPE_CHECKING:
    from cachelint.config import Config
    from cachelint.workspace import Workspace

CAUSES = frozenset(
    """
    undeclared-build-arg inert-commit-arg early-commit-arg constant-commit-arg
    cached-fetch volume-over-build cache-mount-over-output host-output-in-context cache-from-fetch
    """.split()
)
"""The rules about what ships old code and about commit arguments.

Not `preserved-mtime`: what it finds is undone by dropping the context alone.
"""


def open_causes(
    workspace: Workspace, config: Config, given: frozenset[str] | None = None, directory: str | None = None
) -> tuple[Cause, ...]:
    """What these rules find and nobody has silenced, whatever else was selected for this run.

    `given` are the files (absolute) whose builds count, None for all. Their names are relative to `directory`, else to
    the root of the tree.
    """
    found = Linter(workspace, config._replace(select=CAUSES), given).lint()
    report = found._replace(directory=directory or workspace.tree.root)
    return tuple(sorted({Cause(one.rule, report.relative(one.path)) for one in report.diagnostics}))
