"""Who runs a script: a service that makes a machine anew for each job keeps no cache for it."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from cachelint.deployment.commands import absolute
from cachelint.deployment.jobs import Unit, jobs_in
from cachelint.discovery import Kind
from cachelint.source import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.deployment.jobs import ScriptJob
    from cachelint.workspace import Workspace

# The files of services whose machines are made anew for each job (docs.travis-ci.com, circleci.com/docs, …).
_SERVICES = (
    ".travis.yml",
    ".circleci/config.yml",
    "appveyor.yml",
    "azure-pipelines.yml",
    "bitbucket-pipelines.yml",
    "buildspec.yml",
    "cloudbuild.yaml",
)
# What only a job of such a service gives its shell; with a default the script is one for people, too.
_GIVEN = re.compile(
    r"\$\{?(?:TRAVIS|CIRCLE|BITBUCKET|CODEBUILD|APPVEYOR|GITHUB_(?:SHA|REF|RUN|WORKSPACE|REPOSITORY|ACTOR|HEAD|EVENT)"
    r"|CI_(?:COMMIT|REGISTRY|PROJECT|PIPELINE|JOB))(?:_\w+)?(?!\w|:?[-+=])"
)
_LOCAL = re.compile(r"^[^#\n]*$", re.MULTILINE)

_texts: WeakKeyDictionary[Workspace, dict[str, str]] = WeakKeyDictionary()


def is_run_by_service(workspace: Workspace, job: ScriptJob) -> bool:
    """Whether a shell script seems to run on machines that are made anew for it, so that nobody knows of a cache.

    It takes values that only such a service gives, or a workflow runs it on GitHub's own machine, or the file of
    another service names it. One that is run through ``ssh`` is not meant: it runs on the machine at the other end.
    """
    if _GIVEN.search(job.source.text):
        return True
    path = job.source.path
    name = os.path.basename(path)
    for file, text in _texts_of(workspace).items():
        if name in text and (
            _is_hosted(workspace, file, path) if _is_workflow(workspace, file) else _names(text, name)
        ):
            return True
    return False


def _is_workflow(workspace: Workspace, file: str) -> bool:
    return workspace.tree.files.get(file) is Kind.WORKFLOW


def _texts_of(workspace: Workspace) -> dict[str, str]:
    if workspace not in _texts:
        workflows = [path for path, kind in workspace.tree.files.items() if kind is Kind.WORKFLOW]
        services = (os.path.join(workspace.tree.root, name) for name in _SERVICES)
        _texts[workspace] = dict(_read(workspace, [*workflows, *filter(os.path.isfile, services)]))
    return _texts[workspace]


def _read(workspace: Workspace, paths: list[str]) -> Iterator[tuple[str, str]]:
    for path in paths:
        try:
            yield path, workspace.source(path).text
        except SourceError:
            continue  # what cannot be read runs nothing


def _names(text: str, name: str) -> bool:
    """Whether a line names a script, and does not hand it to another machine."""
    return any(name in line and not re.search(r"\b(?:ssh|scp|rsync)\b", line) for line in _LOCAL.findall(text))


def _is_hosted(workspace: Workspace, file: str, path: str) -> bool:
    """Whether a job of a workflow runs the script (absolute) itself, on a machine of GitHub's."""
    jobs = jobs_in(workspace.source(file), Kind.WORKFLOW, workspace.tree.root)
    return any(_calls(unit, path) for job in jobs if job.ephemeral for unit in job.items if isinstance(unit, Unit))


def _calls(unit: Unit, path: str) -> bool:
    script = unit.script
    if unit.is_remote:
        return False
    here = [one for one in script.called if one.place and not script.commands[one.command].shell.path]
    places = (one.place for one in here if "-n" not in script.commands[one.command].texts)
    return any(path in absolute(unit, place) for place in places if place)
