"""One pass of the rules over projects: what they find, and which of it is silenced."""

from __future__ import annotations

import os
from itertools import groupby
from typing import TYPE_CHECKING

from cachelint.combination import findings_of_builds
from cachelint.diagnostic import Report
from cachelint.record import NamedTuple
from cachelint.suppression import MARK, Suppression, find_suppressions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cachelint.config import Config
    from cachelint.deployment.model import Deployment
    from cachelint.diagnostic import Diagnostic
    from cachelint.documents.compose import ComposeFile
    from cachelint.documents.dockerfile import Dockerfile
    from cachelint.project import Build, Project
    from cachelint.rules.base import Rule
    from cachelint.source import SourceFile
    from cachelint.workspace import Workspace


class Findings(NamedTuple):
    """What was found in some projects, by a process that may be another one.

    `diagnostics` by what makes them one and the same; `files` that were checked; `suppressions` by path; `built` and
    `unreadable` are paths.
    """

    diagnostics: dict[tuple[object, ...], Diagnostic]
    files: set[str]
    suppressions: dict[str, tuple[SourceFile, tuple[Suppression, ...]]]
    built: set[str]
    unreadable: set[str]
    projects: int

    def keep(self, diagnostic: Diagnostic) -> None:
        """Add a finding, unless it is there; one that is so anywhere stands for one that is so with some files."""
        identity = diagnostic.identity
        known = self.diagnostics.get(identity)
        if known is None or (known.where and not diagnostic.where):
            self.diagnostics[identity] = diagnostic


class Pass:
    """What one pass has found so far. `rules` gives them all, or those that can find something without deployments."""

    def __init__(
        self, workspace: Workspace, config: Config, given: frozenset[str] | None, rules: Callable[[bool], list[Rule]]
    ) -> None:
        self._workspace = workspace
        self._config = config
        self._given = given
        self._rules = rules
        self.findings = Findings({}, set(), {}, set(), set(), 0)
        self._used: set[tuple[str, Suppression, str]] = set()
        self._suppressed = 0

    def add(self, project: Project) -> None:
        """Run every rule on a project."""
        builds = [build for build in project.builds if self._takes_part(build)]
        paths = frozenset(path for build in builds for path in build.paths)
        named = [one.source.path for one in project.compose_files] + [one.location.path for one in project.problems]
        named += [one.source.path for one in project.deployments]
        self.findings.files.update(paths, filter(self._is_given, named))
        self._read_suppressions(project)
        for diagnostic in self._check(project, builds, paths):
            self.findings.keep(diagnostic)
        self.findings = self.findings._replace(projects=self.findings.projects + 1)

    def take(self, more: Findings) -> None:
        """Add what was found elsewhere, in projects that come after those of this run."""
        mine = self.findings
        for diagnostic in more.diagnostics.values():
            mine.keep(diagnostic)
        mine.files.update(more.files)
        mine.suppressions.update(more.suppressions)
        mine.built.update(more.built)
        self.findings = mine._replace(projects=mine.projects + more.projects)
        self._workspace.unreadable |= more.unreadable

    def open_diagnostics(self) -> list[Diagnostic]:
        """What nobody has silenced so far."""
        return [one for one in self.findings.diagnostics.values() if not self._suppression(one)]

    def report(self) -> Report:
        """Everything found, sorted by path, position and rule."""
        kept = [one for one in self.findings.diagnostics.values() if not self._is_suppressed(one)]
        kept += [one for one in self._unused() if not self._is_suppressed(one)]
        directory = os.path.realpath(os.getcwd())
        kept.sort(key=lambda one: one.order)
        return Report(tuple(kept), directory, len(self.findings.files), self._suppressed)

    def _check(self, project: Project, builds: list[Build], paths: frozenset[str]) -> Iterator[Diagnostic]:
        composes = [one for one in project.compose_files if self._is_given(one.source.path)]
        touched = [one for one in project.dockerfiles if self._is_given(one.source.path) or one.source.path in paths]
        problems = [one for one in project.problems if self._is_given(one.location.path) or one.location.path in paths]
        deployments = [one for one in project.deployments if self._concerns(one)]
        if not (builds or composes or touched or problems or deployments):
            return
        for rule in self._rules(bool(deployments)):
            if rule.checks_builds:
                yield from map(self._stamp, findings_of_builds(rule, builds, project))
            for compose in composes:
                yield from map(self._stamp, rule.check_compose(compose, project))
            for dockerfile in touched:
                yield from map(self._stamp, rule.check_dockerfile(dockerfile, project))
            for problem in problems:
                yield from map(self._stamp, rule.check_problem(problem))
            for deployment in deployments:
                yield from map(self._stamp, rule.check_deployment(deployment, project))

    def _stamp(self, diagnostic: Diagnostic) -> Diagnostic:
        severity = self._config.severity.get(diagnostic.rule, diagnostic.severity)
        return diagnostic if severity is diagnostic.severity else diagnostic._replace(severity=severity)

    def _is_given(self, path: str) -> bool:
        return self._given is None or path in self._given

    def _concerns(self, deployment: Deployment) -> bool:
        builds = (build for call in deployment.calls for build in call.builds)
        return self._is_given(deployment.source.path) or any(map(self._takes_part, builds))

    def _takes_part(self, build: Build) -> bool:
        if self._given is None or not self._given.isdisjoint(build.paths):
            return True
        return build.context is not None and build.context.ignore_file in self._given

    def _read_suppressions(self, project: Project) -> None:
        for compose in project.compose_files:
            if compose.source.path not in self.findings.suppressions and MARK in compose.source.text:
                self.findings.suppressions[compose.source.path] = compose.source, _in_compose(compose)
        for dockerfile in project.dockerfiles:
            if dockerfile.source.path not in self.findings.suppressions and MARK in dockerfile.source.text:
                self.findings.suppressions[dockerfile.source.path] = dockerfile.source, _in_dockerfile(dockerfile)

        for path, deployments in groupby(project.deployments, lambda one: one.source.path):
            source, jobs = self._workspace.source(path), [one.job for one in deployments]
            if path not in self.findings.suppressions and MARK in source.text:
                from cachelint.deployment.suppressions import suppressions_in

                self.findings.suppressions[path] = source, suppressions_in(source, jobs)

    def _is_suppressed(self, diagnostic: Diagnostic) -> bool:
        suppression = self._suppression(diagnostic)
        if suppression is None:
            return False
        self._used.add((diagnostic.path, suppression, diagnostic.rule))
        self._suppressed += 1
        return True

    def _suppression(self, diagnostic: Diagnostic) -> Suppression | None:
        _, suppressions = self.findings.suppressions.get(diagnostic.path, (None, ()))
        line = diagnostic.location.start.line
        for one in suppressions:
            if one.first <= line <= one.last and diagnostic.rule in [name for name, _ in one.names]:
                return one
        return None

    def _unused(self) -> Iterator[Diagnostic]:
        """Findings about suppressions of rules that ran, or that do not exist, and silenced nothing."""
        if not self.findings.suppressions:
            return
        from cachelint.rules import all_rules

        idle = {rule.id for rule in all_rules() if not self._config.enables(rule.id)} | {"unused-suppression"}
        for path, (source, suppressions) in self.findings.suppressions.items():
            if not self._is_given(path):
                continue
            for one in suppressions:
                live = (name for name, _ in one.names if name not in idle)
                unused = tuple(name for name in live if (path, one, name) not in self._used)
                if unused or not one.names:
                    for rule in self._rules(False):
                        yield from map(self._stamp, rule.check_unused(source, one, unused))


def _in_compose(compose: ComposeFile) -> tuple[Suppression, ...]:
    return find_suppressions(compose.source, compose.yaml.is_comment, lambda line: line)


def _in_dockerfile(dockerfile: Dockerfile) -> tuple[Suppression, ...]:
    comments = {comment.span.start for comment in dockerfile.comments}
    ends = {one.line: one.end_line for one in dockerfile.instructions}
    return find_suppressions(dockerfile.source, comments.__contains__, lambda line: ends.get(line, line))
