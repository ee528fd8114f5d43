"""The findings of a project that decide how much of the build cache its deploys must drop."""

from __future__ import annotations

import os
from bisect import bisect_left
from functools import cached_property
from itertools import takewhile
from typing import TYPE_CHECKING

from cachelint.diagnostic import Severity
from cachelint.discovery import Kind
from cachelint.prune.decision import CURES, Cause

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cachelint.config import Config
    from cachelint.deployment.model import Deployment
    from cachelint.diagnostic import Diagnostic
    from cachelint.project import Build
    from cachelint.workspace import Workspace

CAUSES = frozenset(CURES)
"""The rules that are asked."""


def is_cause(found: Diagnostic) -> bool:
    """Whether a finding counts: no note, and of arguments that Docker drops only the commit's, which is an error.

    What a note is about, upgraded packages of the system, is no code of the project: to run every step of every deploy
    for it costs more than it is worth.
    """
    least = Severity.ERROR if found.rule == "undeclared-build-arg" else Severity.WARNING
    return found.rule in CAUSES and found.severity >= least


def asking(config: Config) -> Config:
    """The configuration with which the causes are looked for, whatever it says about how severe they are."""
    return config._replace(select=CAUSES, severity={})


class OpenFindings:
    """The causes in a tree, asked for one deployment after the other.

    `of_compose` finds those of all Compose projects, as (rule, absolute path); `judge` those of one build, as rules;
    `lone` makes the builds of a Dockerfile that no Compose file names.
    """

    def __init__(
        self,
        workspace: Workspace,
        of_compose: Callable[[], Iterable[tuple[str, str]]],
        judge: Callable[[Build], Iterable[str]],
        lone: Callable[[str], Iterable[Build]],
    ) -> None:
        self._workspace = workspace
        self._root = workspace.tree.root
        self._files = workspace.tree.files
        self._of_compose = of_compose
        self._judge = judge
        self._lone = lone
        self._alone: dict[str, set[Cause]] = {}

    def look(self) -> None:
        """Look for those of Compose projects now: what is edited later counts no more."""
        assert self._known is not None

    def of(self, deployment: Deployment) -> set[Cause]:
        """Those about what a deployment builds; where that is not certain, about all that is built near it."""
        building = [call for call in deployment.calls if call.action or (call.docker and call.docker.builds)]
        found: set[Cause] = set()
        for build in (build for call in building for build in call.builds):
            found |= self._of_build(build)
        if not building or not all(call.builds for call in building):
            found |= self._below(self._near(deployment.source.path))
        return found

    def _of_build(self, build: Build) -> set[Cause]:
        if build.service is None:
            path = build.dockerfile.source.path if build.dockerfile else ""
            return {self._cause(rule, path) for rule in self._judge(build)} if path else set()
        return {cause for path in build.paths for cause in self._known.get(path, ())}

    def _below(self, directory: str) -> set[Cause]:
        paths = self._paths[bisect_left(self._paths, directory + os.sep) :]
        inside = list(takewhile(lambda path: path.startswith(directory + os.sep), paths))
        return {cause for path in inside for cause in (*self._known.get(path, ()), *self._of_lone(path))}

    def _of_lone(self, path: str) -> set[Cause]:
        if self._files[path] is not Kind.DOCKERFILE:
            return set()
        if path not in self._alone:
            rules = (rule for build in self._lone(path) for rule in self._judge(build))
            self._alone[path] = {self._cause(rule, path) for rule in rules}
        return self._alone[path]

    def _near(self, path: str) -> str:
        """The closest directory above a script that something is built in or below."""
        directory = os.path.dirname(path)
        while directory != self._root and not self._workspace.builds_below(directory):
            above = os.path.dirname(directory)
            if above == directory:
                break
            directory = above
        return directory

    @cached_property
    def _known(self) -> dict[str, set[Cause]]:
        known: dict[str, set[Cause]] = {}
        for rule, path in self._of_compose():
            known.setdefault(path, set()).add(self._cause(rule, path))
        return known

    @cached_property
    def _paths(self) -> list[str]:
        """The files that builds are described in, in order."""
        return sorted(path for path, kind in self._files.items() if kind in (Kind.COMPOSE, Kind.DOCKERFILE))

    def _cause(self, rule: str, path: str) -> Cause:
        return Cause(rule, os.path.relpath(path, self._root).replace(os.sep, "/"))
