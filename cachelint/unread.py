"""Files that run commands and cannot be read, parsed or understood: what is wrong with them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cachelint.binding import problem_of
from cachelint.deployment.jobs import Unit, kept_jobs, parsed_jobs
from cachelint.diagnostic import locate
from cachelint.discovery import Kind
from cachelint.documents.yaml import YamlError
from cachelint.project import Problem
from cachelint.regex import regex
from cachelint.source import SourceError, Span, contains

if TYPE_CHECKING:
    from cachelint.workspace import Workspace

_POWERSHELL = regex(
    r"^[ \t]*(?:param[ \t]*\(|\[CmdletBinding\b|\$ErrorActionPreference[ \t]*=|Write-(?:Host|Output|Error)\b)",
    re.IGNORECASE | re.MULTILINE,
)
_DOCKER = regex(rb"docker|podman|buildah", re.IGNORECASE)


def problem_in(workspace: Workspace, path: str) -> Problem | None:
    """Why nothing is known of a file (absolute path) in which no command was found; None where that is no loss.

    A repository may have any other files that nobody asks cachelint to read, so this is about those that name Docker,
    and about none that leads out of the tree. What npm makes of a package.json it says itself.
    """
    try:
        text = workspace.source(path).text
    except SourceError as error:
        is_missed = workspace.contains(path) and contains(path, _DOCKER)
        return problem_of(workspace, path, error) if is_missed else None
    return _parse_problem(workspace, path) or _powershell(workspace, path) if _DOCKER.search(text.encode()) else None


def mistake_in(workspace: Workspace, path: str) -> tuple[int, str] | None:
    """The line and the reason why nothing can be written into a readable file (absolute path); None for no reason."""
    problem = _parse_problem(workspace, path)
    if problem:
        return problem.location.start.line, problem.message
    if workspace.tree.files[path] is Kind.SHELL:
        for item in (item for job in kept_jobs(workspace, path) for item in job.items):
            if isinstance(item, Unit) and item.script.errors:
                line = workspace.source(path).position(item.script.errors[0].start).line
                return line, "bash does not understand this"
    return None


def _powershell(workspace: Workspace, path: str) -> Problem | None:
    source = workspace.source(path)
    found = _POWERSHELL.search(source.text) if workspace.tree.files[path] is Kind.SHELL else None
    if found is None or mistake_in(workspace, path) is None:
        return None
    return Problem(locate(source, Span(*found.span())), "this is PowerShell, which no shell runs")


def _parse_problem(workspace: Workspace, path: str) -> Problem | None:
    kind = workspace.tree.files[path]
    if kind not in (Kind.WORKFLOW, Kind.GITLAB):
        return None
    try:
        parsed_jobs(workspace.source(path), kind, workspace.tree.root)
    except YamlError as error:
        return problem_of(workspace, path, error)
    return None
