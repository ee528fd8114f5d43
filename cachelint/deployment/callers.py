"""Who runs a script: a service that makes a machine anew for each job keeps no cache for it."""

from __future__ import annotations

import os
import re
from functools import cached_property
from typing import TYPE_CHECKING

from cachelint.deployment.commands import absolute
from cachelint.deployment.jobs import Unit, kept_jobs
from cachelint.discovery import SCRIPTS, Kind
from cachelint.regex import regex
from cachelint.source import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from cachelint.deployment.jobs import ScriptJob
    from cachelint.workspace import Workspace

# The files of services whose machines are made anew for each job (docs.travis-ci.com, circleci.com/docs, …).
_SERVICES = (
    ".travis.yml",
    ".circleci/config.yml",
    "appveyor.yml",
    ".gitlab-ci.yml",
    "azure-pipelines.yml",
    "bitbucket-pipelines.yml",
    "buildspec.yml",
    "cloudbuild.yaml",
)
# What only a job of such a service gives its shell; with a default the script is one for people, too.
_GIVEN = regex(
    r"\$\{?(?:TRAVIS|CIRCLE|BITBUCKET|CODEBUILD|APPVEYOR|GITHUB_(?:SHA|REF|RUN|WORKSPACE|REPOSITORY|ACTOR|HEAD|EVENT)"
    r"|CI_(?:COMMIT|REGISTRY|PROJECT|PIPELINE|JOB))(?:_\w+)?(?!\w|:?[-+=])"
)
_KEPT = 64
_LOCAL = regex(r"^[^#\n]*$", re.MULTILINE)


class _Texts:
    """Texts by their files, which are searched for one name after the other, and for the same ones again."""

    def __init__(self, texts: Iterable[tuple[str, str]]) -> None:
        self._texts = dict(texts)
        self._naming: dict[str, dict[str, str]] = {}

    def naming(self, name: str) -> dict[str, str]:
        """Those in which a name stands."""
        if name not in self._naming:
            if len(self._naming) >= _KEPT:
                self._naming.clear()
            self._naming[name] = {file: text for file, text in self._texts.items() if name in text}
        return self._naming[name]


class Callers:
    """The files of a tree that may run its scripts: workflows, and the files of services.

    `texts` gives those of all files that run commands, and may give others, by their absolute paths.
    """

    def __init__(self, workspace: Workspace, texts: Callable[[], Mapping[str, str]]) -> None:
        self._workspace = workspace
        self._all = texts

    def are_services(self, job: ScriptJob) -> bool:
        """Whether a shell script seems to run on machines that are made anew for it, so that nobody knows of a cache.

        A workflow runs it on GitHub's own machine, or the file of another service names it, or it takes values that
        only such a service gives; but no job of a machine that stays runs it. One that is run through ``ssh`` is not
        meant: it runs on the machine at the other end.
        """
        path = job.source.path
        name = os.path.basename(path)
        files = self._texts.naming(name)
        workflows = [file for file in files if self._workspace.tree.files.get(file) is Kind.WORKFLOW]
        machines = {kept for file in workflows for kept in self._machines(file, path)}
        if False in machines:
            return False
        services = (text for file, text in files.items() if file not in workflows and _is_service(file, text))
        return True in machines or any(_names(text, name) for text in services) or bool(_GIVEN.search(job.source.text))

    def naming(self, path: str) -> Iterator[Unit]:
        """The shells of the tree whose file names a script (absolute path), and that of the script itself."""
        for file in {path: None, **self._scripts.naming(os.path.basename(path))}:
            for job in kept_jobs(self._workspace, file):
                yield from (one for one in job.items if isinstance(one, Unit))

    def texts_naming(self, path: str) -> Iterable[str]:
        """The texts of those files."""
        return self._scripts.naming(os.path.basename(path)).values()

    @cached_property
    def _scripts(self) -> _Texts:
        return _Texts(self._of(SCRIPTS))

    @cached_property
    def _texts(self) -> _Texts:
        services = (os.path.join(self._workspace.tree.root, name) for name in _SERVICES)
        return _Texts((*self._of({Kind.WORKFLOW}), *self._read(filter(os.path.isfile, services))))

    def _of(self, kinds: Collection[Kind]) -> Iterator[tuple[str, str]]:
        files = self._workspace.tree.files
        return ((path, text) for path, text in self._all().items() if files.get(path) in kinds)

    def _read(self, paths: Iterable[str]) -> Iterator[tuple[str, str]]:
        for path in paths:
            try:
                yield path, self._workspace.source(path).text
            except SourceError:
                continue  # what cannot be read runs nothing

    def _machines(self, file: str, path: str) -> Iterator[bool | None]:
        """Of each job of a workflow that runs the script itself: whether its machine is made anew for it."""
        for job in kept_jobs(self._workspace, file):
            if any(_calls(unit, path) for unit in job.items if isinstance(unit, Unit)):
                yield job.ephemeral


def _is_service(file: str, text: str) -> bool:
    """Whether jobs of a service's file find a new Docker: of GitLab's where it is started beside them."""
    return not file.endswith(".gitlab-ci.yml") or "dind" in text


def _names(text: str, name: str) -> bool:
    """Whether a line names a script, and does not hand it to another machine."""
    return any(name in line and not re.search(r"\b(?:ssh|scp|rsync)\b", line) for line in _LOCAL.findall(text))


def _calls(unit: Unit, path: str) -> bool:
    script = unit.script
    if unit.is_remote:
        return False
    here = [one for one in script.called if one.place and not script.commands[one.command].shell.path]
    places = (one.place for one in here if "-n" not in script.commands[one.command].texts)
    return any(path in absolute(unit, place) for place in places if place)
