"""The loop: projects in, diagnostics out."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from cachelint.census import Census
from cachelint.lint_pass import Findings, Pass
from cachelint.rules import rules_for
from cachelint.rules.base import Settings
from cachelint.workers import spread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from cachelint.cache_readers import CacheReader
    from cachelint.config import Config
    from cachelint.deployment.model import Deployment
    from cachelint.diagnostic import Report
    from cachelint.open_findings import OpenFindings
    from cachelint.project import Build, Project
    from cachelint.prune.decision import Decision
    from cachelint.rules.base import Rule
    from cachelint.workspace import Workspace

_Place = TypeVar("_Place")
_Bound: TypeAlias = "tuple[Project, Iterable[str]]"
"""A project, and the paths of the Dockerfiles that it builds."""


class Linter:
    """Lints a workspace.

    `given` are the files (absolute) that the user named: every finding of every build that one of them takes part in
    is reported. None means all. `progress` is told the number of projects done so far.
    """

    def __init__(
        self,
        workspace: Workspace,
        config: Config,
        given: frozenset[str] | None = None,
        progress: Callable[[int], None] = lambda done: None,
    ) -> None:
        self.workspace = workspace
        self._config = config
        self._given = given
        self._progress = progress
        self.open: OpenFindings | None = None
        self._foreseen: OpenFindings | None = None
        self._census: Census | None = None
        self._readers: tuple[CacheReader, ...] | None = None
        self._settings = Settings(
            config.commit_arg, config.allowed_volumes, config.is_deploy_script, self._decide, self._cache_readers
        )

    @cached_property
    def rules(self) -> list[Rule]:
        """All that are enabled."""
        return self._enabled(deployments=True)

    @cached_property
    def _rules_of_files(self) -> list[Rule]:
        return self._enabled(deployments=False)

    def _enabled(self, *, deployments: bool) -> list[Rule]:
        rules = rules_for(deployments=deployments)
        return [rule(self._settings) for rule in rules if self._config.enables(rule.id)]

    def lint(self, foreseen: OpenFindings | None = None) -> Report:
        """One pass over every project; prune steps are decided by `foreseen`, else by what this pass finds."""
        self._foreseen = foreseen
        census = self._census = Census(self.workspace)
        self._readers = None
        run = self._of_directories(census)
        self.open = self._open_findings(census, run) if census.script_files else None
        self._extend(run, census.script_files, census.scripted)
        self._extend(run, census.left_over(run.findings.built), lambda path: (census.lone(path), ()))
        return run.report()

    def _of_directories(self, census: Census) -> Pass:
        """What there is in Compose projects."""
        run = self._run()
        self._extend(run, census.groups, census.bind)
        return run

    def _extend(self, run: Pass, places: Sequence[_Place], bind: Callable[[_Place], _Bound]) -> None:
        """Add what the rules find in the project that is bound for each place."""
        for findings in spread(places, lambda some: self._findings(map(bind, some))):
            run.take(findings)
            self._progress(run.findings.projects)

    def _decide(self, deployment: Deployment) -> Decision:
        """How much a deployment must drop of the build cache, by what is found in its builds as they are now."""
        from cachelint.prune.decision import decide

        known = self._foreseen or self.open
        assert known
        return decide(known.of(deployment))

    def _cache_readers(self) -> tuple[CacheReader, ...]:
        """The builds that read the cache of an image back, in the tree as it is now; looked for when first asked."""
        if self._readers is None:
            from cachelint.cache_readers import cache_readers

            assert self._census
            self._readers = tuple(cache_readers(self.workspace, self._census))
        return self._readers

    def _open_findings(self, census: Census, run: Pass) -> OpenFindings:
        """The findings that decide about prune steps, those of rules and files that were not asked for, too."""
        from cachelint.open_findings import CAUSES, OpenFindings, asking, is_cause

        rules = [rule(self._settings) for rule in rules_for(deployments=False) if rule.id in CAUSES]
        config = asking(self._config)
        same = self._config.severity.keys().isdisjoint(CAUSES)
        complete = self._given is None and same and all(self._config.enables(rule.id) for rule in rules)

        def of_compose() -> list[tuple[str, str]]:
            whole = run if complete else Linter(self.workspace, config)._of_directories(census)
            return [(one.rule, one.path) for one in whole.open_diagnostics() if is_cause(one)]

        def judge(build: Build) -> Iterator[str]:
            project = census.project_of(build)
            return (one.rule for rule in rules for one in rule.check_build(build, project) if is_cause(one))

        def lone(path: str) -> tuple[Build, ...]:
            return () if path in run.findings.built else census.lone(path).builds

        return OpenFindings(self.workspace, of_compose, judge, lone)

    def _findings(self, projects: Iterable[_Bound]) -> Findings:
        """What the rules find in some projects."""
        run = self._run()
        for project, dockerfiles in projects:
            run.add(project)
            run.findings.built.update(dockerfiles)
        return run.findings._replace(unreadable=self.workspace.unreadable)

    def _run(self) -> Pass:
        def rules(deployments: bool) -> list[Rule]:
            return self.rules if deployments else self._rules_of_files

        return Pass(self.workspace, self._config, self._given, rules)
